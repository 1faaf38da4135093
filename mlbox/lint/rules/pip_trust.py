"""The rule about package indexes whose certificates are not looked at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import Other, PythonInstall
from mlbox.lint.parse import Span
from mlbox.lint.rules.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.parse import Instruction
    from mlbox.lint.shell.model import Argument, Command

_FLAGS = ("--trusted-host", "--allow-insecure-host")
_VARIABLES = frozenset({"PIP_TRUSTED_HOST", "UV_INSECURE_HOST"})
_MARKS = ("trusted", "insecure", "TRUSTED", "INSECURE")
_PYTORCH = re.compile(r"https://download\.pytorch\.org/")


def trusted_host(image: Image) -> Iterator[Hit]:
    """A host is trusted without its certificate."""
    if not any(mark in image.dockerfile.source.text for mark in _MARKS):
        return
    for item in image.used:
        for step, actions in item.steps:
            if step.instruction.name == "ENV":
                yield from _variables(step.instruction)
            for action in actions:
                if isinstance(action, PythonInstall):
                    yield from _flags(action)
                elif isinstance(action, Other) and action.command.program.startswith("pip"):
                    yield from _configured(action.command)


def _flags(install: PythonInstall) -> Iterator[Hit]:
    words = install.command.words
    for number, word in enumerate(words):
        flag, equals, host = word.text.partition("=")
        if flag not in _FLAGS:
            continue
        value = word if equals else (words[number + 1] if number + 1 < len(words) else word)
        yield _hit(word.span, host or value.text, _removed(words, number, value, install))


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
        if pair.name in _VARIABLES and (pair.value or "").strip("\"'"):
            span = Span(pair.span.start, pair.span.start + len(pair.name))
            yield _hit(span, (pair.value or "").strip("\"'"), ())


def _configured(command: Command) -> Iterator[Hit]:
    words = [word for word in command.arguments if not word.text.startswith("-")]
    if [word.text for word in words[:2]] != ["config", "set"] or len(words) < 4:  # noqa: PLR2004
        return
    if words[2].text.rpartition(".")[2].replace("_", "-") == "trusted-host":
        yield _hit(words[2].span, words[3].text, ())


def _hit(span: Span, host: str, edits: tuple[tuple[Span, str], ...]) -> Hit:
    return Hit(
        span,
        what=f"The certificate of {host} is not looked at.",
        why="Whoever is between the build and the index can put other packages in the place of "
        "those that were asked for, and they run as root.",
        fix="Leave the option out; for an index of your own, install its certificate authority, "
        "or name it with PIP_CERT.",
        edits=edits,
    )
