"""The rule about package indexes whose certificates are not looked at."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import Other, PythonInstall
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.parse import Instruction, Step
    from mlbox.lint.shell.model import Argument, Command

_FLAGS = ("--trusted-host", "--allow-insecure-host")
_VARIABLES = frozenset({"PIP_TRUSTED_HOST", "UV_INSECURE_HOST"})
_MARKS = ("trusted", "insecure", "TRUSTED", "INSECURE")
_PYTORCH = re.compile(r"https://download\.pytorch\.org/")
# A line of a requirements file, or of pip's configuration.
_LINE = re.compile(r"^[ \t]*(?:--)?trusted-host[ \t=]+(\S{1,300})", re.MULTILINE)
# What goes there does not leave the machine.
_OWN = re.compile(r"(?:localhost|127(?:\.\d+){3}|\[?::1\]?|host\.docker\.internal)(?::\d+)?")


def trusted_host(image: Image) -> Iterator[Hit]:
    """A host is trusted without its certificate."""
    said = any(mark in image.dockerfile.source.text for mark in _MARKS)
    for item in image.used:
        for step, actions in item.steps:
            if said and step.instruction.name in ("ENV", "ARG"):
                yield from _variables(step.instruction)
            elif step.instruction.name in ("COPY", "ADD"):
                yield from _in_copied(step, image)
            for action in actions:
                if isinstance(action, PythonInstall):
                    yield from _flags(action) if said else ()
                    yield from _in_files(action, image)
                elif said and isinstance(action, Other) and action.command.program[:3] == "pip":
                    yield from _configured(action.command)


def _in_files(install: PythonInstall, image: Image) -> Iterator[Hit]:
    """The requirements files that an installation reads, if they are files."""
    files = {item.location.file: item.argument for item in install.wanted if item.span is None}
    files.pop(image.dockerfile.source.file, None)
    for file, argument in files.items():
        match = _LINE.search(image.files.text(file) or "")
        if match and argument is not None:
            yield from _hits(argument.span, match[1], (), where=f" ({file} says so)")


def _in_copied(step: Step, image: Image) -> Iterator[Hit]:
    """Pip's configuration, or a requirements file that stands in the Dockerfile."""
    instruction = step.instruction
    for document in instruction.heredocs:
        for match in _LINE.finditer(document.body.text):
            yield from _hits(document.body.span(*match.span(1)), match[1], ())
    if instruction.flag("from"):
        return
    for word in instruction.paths[:-1]:
        path = step.expand(word.raw) or ""
        if path.endswith("pip.conf"):
            said = _LINE.search(image.files.text(posixpath.normpath(f"/{path}")[1:]) or "")
            if said:
                yield from _hits(word.span, said[1], (), where=f" ({path} says so)")


def _flags(install: PythonInstall) -> Iterator[Hit]:
    command = install.command
    words = command.words
    for name, host in {**command.exported, **command.variables}.items():
        if name in _VARIABLES and words:
            yield from _hits(words[0].span, host or "", ())
    for number, word in enumerate(words):
        flag, equals, host = word.text.partition("=")
        if flag not in _FLAGS:
            continue
        value = word if equals else (words[number + 1] if number + 1 < len(words) else word)
        removed = _removed(words, number, value, install)
        yield from _hits(word.span, host or value.text, removed)


def _removed(
    words: tuple[Argument, ...], number: int, value: Argument, install: PythonInstall
) -> tuple[tuple[Span, str], ...]:
    """Without the flag, where the index is a public one, so that its certificate is good."""
    is_direct = "install" in (install.command.instruction.exec_form or ())
    if is_direct or not install.indexes.known:
        return ()
    if any(not _PYTORCH.match(url) for url in install.indexes.all) or install.files:
        return ()
    end = value.span.end
    return ((Span(words[number - 1].span.end, end), ""),)


def _variables(instruction: Instruction) -> Iterator[Hit]:
    for pair in instruction.pairs:
        if pair.name in _VARIABLES:
            span = Span(pair.span.start, pair.span.start + len(pair.name))
            yield from _hits(span, (pair.value or "").strip("\"'"), ())


def _configured(command: Command) -> Iterator[Hit]:
    words = [word for word in command.arguments if not word.text.startswith("-")]
    if [word.text for word in words[:2]] != ["config", "set"] or len(words) < 4:  # noqa: PLR2004
        return
    if words[2].text.rpartition(".")[2].replace("_", "-") == "trusted-host":
        yield from _hits(words[2].span, words[3].text, ())


def _hits(
    span: Span, hosts: str, edits: tuple[tuple[Span, str], ...], where: str = ""
) -> Iterator[Hit]:
    """One, unless all of the hosts are the machine itself."""
    foreign = [host for host in hosts.split() if not _OWN.fullmatch(host)]
    if not foreign:
        return
    yield Hit(
        span,
        what=f"The certificate of {' '.join(foreign)} is not looked at{where}.",
        why="Whoever is between the build and the index can put other packages in the place of "
        "those that were asked for, and they run as root.",
        fix="Leave the option out; for an index of your own, install its certificate authority, "
        "or name it with PIP_CERT.",
        edits=edits,
    )
