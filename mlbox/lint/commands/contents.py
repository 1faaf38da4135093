"""What a command line of pip or uv names, with requirements and project files followed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlbox.lint.commands.bindings import bindings_of, bound
from mlbox.lint.commands.options import Option
from mlbox.lint.commands.project import Selection, declared, read_project
from mlbox.lint.commands.requirements import RequirementsReader
from mlbox.lint.commands.wanted import wanted

if TYPE_CHECKING:
    from mlbox.lint.commands.bindings import Binding
    from mlbox.lint.commands.here import Here
    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.commands.options import Line
    from mlbox.lint.shell.model import Argument, Command

_EXTRAS = re.compile(r"(.*?)\[([\w\s,.-]*)\]")
_ARCHIVES = (".whl", ".gz", ".zip", ".tar", ".tgz", ".bz2", ".xz")
_UNREADABLE = (".py", ".cfg", ".lock")


@dataclass(kw_only=True)
class Contents:
    """What an installation was found to install."""

    wanted: list[Wanted] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    circular: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    constrained: list[tuple[str, str]] = field(default_factory=list)
    options: list[tuple[str, str | None]] = field(default_factory=list)
    bindings: dict[str, Binding] = field(default_factory=dict)


def contents_of(
    command: Command,
    line: Line,
    here: Here,
    *,
    constraints: str = "",
    requirements: str = "",
) -> Contents:
    """Everything that a command line names, files followed.

    Args:
        command: The command.
        line: Its options and operands, without the verbs.
        here: Where it runs.
        constraints: The variable that names constraints files.
        requirements: The variable that names requirements files.
    """
    selection = Selection(
        extras=frozenset(line.values("--extra"))
        | frozenset({"*"} if "--all-extras" in line.flags else ()),
        groups=frozenset(line.values("--group")),
    )
    reader = _Reader(command, here, selection)
    named = line.named("--requirement", "--editable")
    words: list[tuple[int, Option | Argument]] = [(item.key.span.start, item) for item in named]
    words += [(word.span.start, word) for word in line.operands]
    for _, item in sorted(words, key=lambda pair: pair[0]):
        if isinstance(item, Option):
            reader.option(item)
        else:
            reader.operand(item, item.value)
    reader.variable(requirements)
    reader.constraints(line, constraints)
    return reader.finished()


def _project_folder(local: str | None) -> str | None:
    """The folder of ``file:///src[extra]``; ``None`` for an archive, or if there is none."""
    if local is None:
        return None
    match = _EXTRAS.fullmatch(local)
    path = (match[1] if match else local).removeprefix("file://")
    return None if path.endswith(_ARCHIVES) else path.rstrip("/") or "/"


class _Reader:
    """Collects what one command names."""

    def __init__(self, command: Command, here: Here, selection: Selection) -> None:
        self._command = command
        self._here = here
        self._selection = selection
        self._values = here.variables(command)
        self._is_pip = not command.program.startswith("uv")
        self._found = Contents()

    def finished(self) -> Contents:
        """What was found; distributions bound as ``[tool.uv.sources]`` says."""
        found = self._found
        found.wanted = list(bound(found.wanted, found.bindings))
        return found

    def option(self, option: Option) -> None:
        """``-r FILE`` or ``-e PATH``."""
        if option.name == "--editable":
            self.operand(option.argument, option.value, editable=True)
        elif option.value is None:
            self._unread(option.argument.raw)
        else:
            self._requirements(option.value, option.argument, self._selection)

    def operand(self, argument: Argument, value: str | None, *, editable: bool = False) -> None:
        """A requirement, a folder, an archive or a URL."""
        item = wanted(
            value,
            argument.raw,
            self._here.location(argument.span),
            argument=argument,
            editable=editable,
            in_dockerfile=True,
        )
        folder = _project_folder(item.local) if item.requirement is None else None
        if folder is None:
            self._found.wanted.append(item)
            return
        self._found.wanted.append(replace(item, setup=self._text(f"{folder}/setup.py")))
        self._folder(folder, item.local or "", argument)

    def variable(self, name: str) -> None:
        """Requirements files that a variable names."""
        for path in (self._values.get(name) or "").split():
            self._requirements(path, None, self._selection)

    def constraints(self, line: Line, variable: str) -> None:
        """Constraints files of options and of a variable."""
        for option in line.named("--constraint"):
            if option.value is None:
                self._found.constraints.append(option.argument.raw)
                self._found.unread.append(option.argument.raw)
            else:
                self._constraint(option.value, self._at(option.value))
        if variable in self._values:
            value = self._values[variable]
            for path in [f"${variable}"] if value is None else value.split():
                self._constraint(path, self._at(path))

    def _at(self, name: str) -> str | None:
        return self._here.at(name, self._command)

    def _unread(self, name: str) -> None:
        self._found.files.append(name)
        self._found.unread.append(name)

    def _text(self, name: str) -> str | None:
        path = self._at(name)
        document = self._here.open(path) if path else None
        return document.text if document else None

    def _folder(self, path: str, local: str, argument: Argument) -> None:
        """The dependencies of a project that is installed from its folder."""
        match = _EXTRAS.fullmatch(local)
        chosen = frozenset(part.strip() for part in (match[2] if match else "").split(","))
        name = f"{path}/pyproject.toml".removeprefix("./")
        self._project(name, argument, Selection(extras=chosen - {""}))

    def _project(self, name: str, argument: Argument | None, selection: Selection) -> None:
        path = self._at(name)
        document = self._here.open(path) if path else None
        read = read_project(document) if document else None
        if read is None or not read.is_valid:
            self._unread(name)
            return
        found = self._found
        found.files.append(name)
        found.wanted += declared(read, selection, argument, is_pip=self._is_pip)
        if not self._is_pip:
            found.bindings.update(bindings_of(read, selection))
        if read.is_dynamic:
            folder = name.rpartition("/")[0]
            for file in read.requirement_files:
                inner = f"{folder}/{file}" if folder else file
                self._requirements(inner, argument, Selection())
            if not read.requirement_files:
                found.unread.append(name)

    def _requirements(self, name: str, argument: Argument | None, selection: Selection) -> None:
        if name.endswith("pyproject.toml"):
            self._project(name, argument, selection)
            return
        if name.endswith(_UNREADABLE) or name in ("-", "/dev/stdin"):
            self._unread(name)
            return
        reader = RequirementsReader(self._here.open, argument, self._values)
        reader.read(name, self._at(name))
        found = self._found
        found.wanted += reader.found.wanted
        found.files += reader.found.files
        found.unread += reader.found.unread
        found.circular += reader.found.circular
        found.options += reader.found.options
        for constraint, path in reader.found.constraints:
            self._constraint(constraint, path)

    def _constraint(self, name: str, path: str | None) -> None:
        reader = RequirementsReader(self._here.open, None, self._values)
        reader.read(name, path)
        found = self._found
        found.constraints.append(name)
        found.unread += reader.found.unread
        found.circular += reader.found.circular
        found.constrained += [
            (item.name, item.version) for item in reader.found.wanted if item.version is not None
        ]
