r"""The commands of a RUN, CMD, ENTRYPOINT or HEALTHCHECK, with the place of each word.

    >>> from mlbox.lint.parse import parse
    >>> from mlbox.lint.shell import commands_of
    >>> step = parse("FROM python:3.12\nRUN apt-get update && pip install torch").stages[0].steps[0]
    >>> [command.program for command in commands_of(step)]
    ['apt-get', 'pip']

Never raises. A script of a shell that is not like ``sh`` (PowerShell) has no commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.lint.parse.strings import json_strings
from mlbox.lint.shell.model import Argument, Command, Redirection
from mlbox.lint.shell.prefixes import split_prefix
from mlbox.lint.shell.scripts import SHELLS, STARTERS, Context, commands_in, started

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlbox.lint.parse import Instruction, Mapped, Step

__all__ = ["Argument", "Command", "Redirection", "Shell", "commands_of", "shells_of"]

_RUNS = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"})


@dataclass(frozen=True, kw_only=True)
class Shell:
    """What runs the shell form.

    Attributes:
        is_posix: Whether it is ``sh``, ``bash`` or their like.
        stops_on_error: Whether it is started with ``-e``.
        pipefail: Whether it is started with ``-o pipefail``.
    """

    is_posix: bool = True
    stops_on_error: bool = False
    pipefail: bool = False


DEFAULT_SHELL = Shell()


def shells_of(steps: Iterable[Step], shell: Shell = DEFAULT_SHELL) -> Iterator[Shell]:
    """The shell in force at each step; the last one more is that after all of them."""
    for step in steps:
        yield shell
        if step.instruction.name == "SHELL" and step.instruction.exec_form:
            shell = _shell(step.instruction.exec_form)
    yield shell


def _shell(words: tuple[str, ...]) -> Shell:
    program = words[0].replace("\\", "/").rsplit("/", 1)[-1].lower()
    flags = [word for word in words[1:] if word.startswith("-") and not word.startswith("--")]
    inner = [word for word in words[1:] if word.rsplit("/", 1)[-1] in SHELLS]
    return Shell(
        is_posix=program in SHELLS or bool(inner),
        stops_on_error=any("e" in flag for flag in flags) or "errexit" in words,
        pipefail="pipefail" in words,
    )


def commands_of(step: Step, shell: Shell = DEFAULT_SHELL) -> tuple[Command, ...]:
    """The simple commands of an instruction, in order; none for one that runs nothing.

    A command inside ``$(...)`` comes before the one it stands in; those of ``bash -c '...'`` after.
    ``Stage.all_steps`` has what stands inside an ONBUILD as a step of its own.

    Args:
        step: The instruction.
        shell: What runs its shell form.
    """
    instruction = step.instruction
    if instruction.name not in _RUNS:
        return ()
    text = _arguments(instruction)
    context = Context(
        instruction=instruction,
        values=step.scope.values,
        exported={},
        stops_on_error=shell.stops_on_error,
        pipefail=shell.pipefail,
    )
    if instruction.exec_form is not None:
        return tuple(_exec_form(text, context))
    return tuple(commands_in(text, context)) if shell.is_posix else ()


def _arguments(instruction: Instruction) -> Mapped:
    text = instruction.arguments
    if instruction.name != "HEALTHCHECK":
        return text
    return text.cut(3).stripped() if text.text[:3].upper() == "CMD" else text.cut(0, 0)


def _exec_form(text: Mapped, context: Context) -> Iterator[Command]:
    sources = list(json_strings(text))
    words = [
        Argument(raw=item.text, value=item.text, span=item.span(0, len(item.text)))
        for item in sources
    ]
    if not words:
        return
    prefix, _, rest = split_prefix(words)
    command = Command(
        words=rest,
        variables={},
        exported={},
        redirections=(),
        before="",
        after="",
        is_conditional=False,
        stops_on_failure=True,
        span=text.span(0, len(text.text)),
        instruction=context.instruction,
        prefix=prefix,
    )
    yield command
    if command.program in STARTERS:
        places = {word.span: item for word, item in zip(words, sources, strict=True)}
        yield from started(command, context, places, quoted=False)
