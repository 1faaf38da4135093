"""conda, mamba and micromamba, with environment files followed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlbox.lint.commands.indexes import PIP_VARIABLES, Collected
from mlbox.lint.commands.model import CondaInstall, PythonInstall, SystemPackage
from mlbox.lint.commands.options import read_line, syntax
from mlbox.lint.commands.requirements import RequirementsReader
from mlbox.lint.commands.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlbox.lint.commands.context import Document
    from mlbox.lint.commands.here import Here
    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.commands.options import Line
    from mlbox.lint.shell.model import Argument, Command

_SYNTAX = syntax(
    "-n/--name -p/--prefix -c/--channel -f/--file --solver --platform --subdir --revision"
    " --repodata-fn --experimental -r/--root-prefix --rc-file --clone --env-spec --environment-"
    " specifier",
    "-y/--yes -q/--quiet -v/--verbose -d/--dry-run -C/--use-index-cache -k/--insecure"
    " -S/--satisfied-skip-solve",
)
_VERBS = frozenset({"install", "create", "update", "upgrade"})
_ENV_VERBS = frozenset({"create", "update"})
_SPECIFICATION = re.compile(r"(?:([^\s:]*)::?)?([A-Za-z0-9_.-]+)\s*(.*)", re.DOTALL)
_PYTHON = re.compile(r"=+\s*(3\.\d+)")
_OPTION = re.compile(r"(-[a-z]|--[a-z-]+)[ =]*(\S*)")
_OPTIONS = {"-r": "--requirement", "-c": "--constraint", "-i": "--index-url", "-f": "--find-links"}
_CONFIG = frozenset({"--add", "--append", "--prepend"})
_BRACKETS = re.compile(r"\[.*\]$", re.DOTALL)


@dataclass(kw_only=True)
class _Found:
    packages: list[SystemPackage] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    pip: list[Wanted] = field(default_factory=list)
    options: list[tuple[str, str | None]] = field(default_factory=list)


def conda(command: Command, here: Here) -> CondaInstall | None:
    """``conda install``, ``create``, ``env create`` and ``env update``."""
    line = read_line(command.arguments, _SYNTAX)
    verbs = [word.text for word in line.operands[:2]]
    from_environment = verbs[:1] == ["env"] and verbs[1:] and verbs[1] in _ENV_VERBS
    if not from_environment and (not verbs or verbs[0] not in _VERBS):
        return None
    reader = _Reader(command, here, line)
    if from_environment:
        reader.environments()
    else:
        reader.specifications()
    found = reader.found
    found.channels += here.channels
    return CondaInstall(
        command=command,
        tool=command.program,
        packages=tuple(found.packages),
        channels=tuple(dict.fromkeys(found.channels)),
        files=tuple(found.files),
        install=_by_pip(command, found, here) if found.pip else None,
        unread=tuple(found.unread),
    )


def _by_pip(command: Command, found: _Found, here: Here) -> PythonInstall:
    """The installation that a ``pip:`` list is."""
    indexes = Collected()
    indexes.settings(found.options)
    indexes.variables(here.variables(command), PIP_VARIABLES)
    pythons = (package.version or "" for package in found.packages if package.name == "python")
    python = next((match[1] for version in pythons if (match := _PYTHON.match(version))), None)
    return PythonInstall(
        command=command,
        tool="pip",
        verb="install",
        wanted=tuple(found.pip),
        indexes=indexes.result(),
        files=tuple(found.files),
        unread=tuple(found.unread),
        python=python,
    )


def channels_added(command: Command) -> tuple[str, ...]:
    """``conda config --add channels NAME``, for the commands after it."""
    words = [word.text for word in command.arguments]
    if words[:1] != ["config"] or "channels" not in words or not _CONFIG.intersection(words):
        return ()
    return tuple(words[words.index("channels") + 1 :][:1])


def _package(text: str, argument: Argument, *, is_known: bool = True) -> SystemPackage:
    """``channel::pytorch=2.5.1=*cuda*``: name and version; the name is without the channel."""
    match = _SPECIFICATION.fullmatch(text.strip())
    if match is None:
        return SystemPackage(name=text, version=None, argument=argument)
    rest = _BRACKETS.sub("", match[3].strip()).strip()
    return SystemPackage(
        name=match[2].lower(),
        version=(rest or None) if is_known else None,
        argument=argument,
        channel=match[1] or "",
    )


class _Reader:
    """Collects what one command names."""

    def __init__(self, command: Command, here: Here, line: Line) -> None:
        self.found = _Found(channels=list(line.values("--channel")))
        self._command = command
        self._here = here
        self._line = line

    def specifications(self) -> None:
        """What the command line names, and the files of ``--file``."""
        for word in self._line.operands[1:]:
            self.found.packages.append(_package(word.text, word, is_known=word.value is not None))
        for option in self._line.named("--file"):
            document = self._open(option.value, option.argument)
            if document is None:
                continue
            if document.path.endswith((".yml", ".yaml")):
                self._environment(document, option.argument)
                continue
            at = 0
            for line in document.text.splitlines(keepends=True):
                bare = line.partition("#")[0].strip()
                start, at = at + line.find(bare), at + len(line)
                if bare and not bare.startswith("@"):
                    location = document.location(start, start + len(bare))
                    package = _package(bare, option.argument)
                    self.found.packages.append(replace(package, location=location))

    def environments(self) -> None:
        """The files of ``env create``."""
        options = [(option.value, option.argument) for option in self._line.named("--file")]
        if not options:
            options = [("environment.yml", self._line.operands[0])]
        for value, argument in options:
            document = self._open(value, argument)
            if document is not None:
                self._environment(document, argument)

    def _open(self, value: str | None, argument: Argument) -> Document | None:
        name = argument.raw if value is None else value
        is_file = value is not None and "://" not in value
        path = self._here.at(value, self._command) if value and is_file else None
        document = self._here.open(path) if path else None
        self.found.files.append(name)
        if document is None:
            self.found.unread.append(name)
        return document

    def _environment(self, document: Document, argument: Argument) -> None:
        for item in environment_items(document.text):
            if item.kind == "channels":
                self.found.channels.append(item.text)
            elif item.kind == "conda":
                location = document.location(item.start, item.end)
                self.found.packages.append(
                    replace(_package(item.text, argument), location=location)
                )
            elif item.text.startswith("-"):
                self._pip_option(item.text, document, argument)
            else:
                location = document.location(item.start, item.end)
                self.found.pip.append(wanted(item.text, item.text, location, argument=argument))

    def _pip_option(self, text: str, document: Document, argument: Argument) -> None:
        match = _OPTION.fullmatch(text)
        if match is None:
            return
        option, value = _OPTIONS.get(match[1], match[1]), match[2]
        if option != "--requirement":
            self.found.options.append((option, value))
            return
        values = self._here.variables(self._command)
        reader = RequirementsReader(self._here.open, argument, values)
        folder = document.image_path.rpartition("/")[0]
        reader.read(value, f"{folder}/{value.removeprefix('./')}")
        self.found.pip += reader.found.wanted
        self.found.unread += reader.found.unread
        self.found.options += reader.found.options


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of an environment file: its kind (``"channels"``, ``"conda"``, ``"pip"``), place."""

    kind: str
    text: str
    start: int
    end: int


def environment_items(text: str) -> Iterator[Item]:
    """The channels and dependencies of an ``environment.yml``, read line by line."""
    section, pip_indent, at = "", -1, 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        bare = re.split(r"(?:^|\s)#", line)[0].rstrip()
        match = re.fullmatch(r"(\s*)-\s+(.*)", bare, re.DOTALL)
        if match is None:
            if bare and not bare[0].isspace():
                section, pip_indent = bare.partition(":")[0], -1
                yield from _flow(section, bare, start)
            continue
        indent, value = len(match[1]), match[2].strip()
        if section == "dependencies" and value in ("pip:", '"pip":', "'pip':"):
            pip_indent = indent
            continue
        if indent <= pip_indent:
            pip_indent = -1
        begin = start + match.start(2)
        said = value.strip("\"'")
        begin += value.find(said) if said else 0
        kind = "pip" if pip_indent >= 0 else {"dependencies": "conda"}.get(section, section)
        if kind in ("pip", "conda", "channels") and said:
            yield Item(kind=kind, text=said, start=begin, end=begin + len(said))


def _flow(section: str, line: str, start: int) -> Iterator[Item]:
    """``channels: [pytorch, nvidia]``."""
    match = re.fullmatch(r"\w+:\s*\[(.*)\]", line)
    if match is None or section not in ("channels", "dependencies"):
        return
    kind = "conda" if section == "dependencies" else "channels"
    for part in re.finditer(r"[^,\s\"'][^,\"']*", match[1]):
        begin = start + match.start(1) + part.start()
        said = part[0].strip()
        yield Item(kind=kind, text=said, start=begin, end=begin + len(said))


READERS: dict[str, Callable[[Command, Here], CondaInstall | None]] = {
    "conda": conda,
    "mamba": conda,
    "micromamba": conda,
}
