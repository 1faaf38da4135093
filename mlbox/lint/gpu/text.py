"""Places and edits inside words: a part of one, a word taken out of a list, a command taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.parse import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlbox.lint.parse import Dockerfile, Instruction
    from mlbox.lint.shell.model import Argument, Command

_JOINED = frozenset({"", "&&", ";", "\n"})


def inside(text: str, span: Span, part: str) -> Span | None:
    """Where a part of a stretch stands, if it stands there once."""
    found = text[span.start : span.end]
    at = found.find(part)
    if at < 0 or found.find(part, at + 1) >= 0:
        return None
    return Span(span.start + at, span.start + at + len(part))


def without_words(
    command: Command, gone: Sequence[Argument], text: str
) -> tuple[tuple[Span, str], ...]:
    """The edits that take words out of a command; each goes with what stands before it."""
    edits: list[tuple[Span, str]] = []
    words = command.words
    numbers = [number for number, word in enumerate(words) if word in gone]
    in_list = is_json(command, text)
    for number in numbers:
        if number == 0:
            return ()
        start, end = words[number - 1].span.end, words[number].span.end
        if in_list:  # "a", "b": the span is the string without its quotes
            start, end = start + 1, end + 1
        edits.append((Span(start, end), ""))
    return tuple(edits)


def is_json(command: Command, text: str) -> bool:
    """Whether a command is the exec form itself."""
    return command.instruction.exec_form is not None and text[command.span.start] == "["


def without_command(
    command: Command, commands: Sequence[Command], dockerfile: Dockerfile
) -> tuple[tuple[Span, str], ...]:
    """The edits that take a command out of its instruction; none if that cannot be done surely.

    Args:
        command: The command.
        commands: All of its instruction, in order.
        dockerfile: The file.
    """
    text = dockerfile.source.text
    if command.is_conditional or not {command.before, command.after} <= _JOINED:
        return ()
    instruction = command.instruction
    if any(item.span.start <= command.span.start < item.span.end for item in instruction.heredocs):
        return _without_line(command, commands, text)
    number = next(at for at, item in enumerate(commands) if item is command)
    if _is_whole(command, text):
        return without_instruction(instruction, dockerfile)
    return _out_of_list(command, commands, number)


def _out_of_list(
    command: Command, commands: Sequence[Command], number: int
) -> tuple[tuple[Span, str], ...]:
    """A command of an and-or list, with the operator before it; the first with that after it."""
    if command.before == "&&" and number:
        return ((Span(commands[number - 1].span.end, command.span.end), ""),)
    if command.after in ("&&", ";") and number + 1 < len(commands):
        return ((Span(command.span.start, commands[number + 1].span.start), ""),)
    if command.before and number:
        return ((Span(commands[number - 1].span.end, command.span.end), ""),)
    return ()


def _is_whole(command: Command, text: str) -> bool:
    """Whether a command is all of its instruction."""
    arguments = command.instruction.arguments
    whole = arguments.span(0, len(arguments.text)) if arguments.text else command.span
    rest = text[whole.start : command.span.start] + text[command.span.end : whole.end]
    return not rest.strip()


def _without_line(
    command: Command, commands: Sequence[Command], text: str
) -> tuple[tuple[Span, str], ...]:
    """A command of a here-document, with its line if it is alone there."""
    start = text.rfind("\n", 0, command.span.start) + 1
    end = text.find("\n", command.span.end)
    alone = (
        end >= 0
        and not text[start : command.span.start].strip()
        and not text[command.span.end : end].strip()
    )
    if alone:
        return ((Span(start, end + 1), ""),)
    number = next(at for at, item in enumerate(commands) if item is command)
    if "&&" in (command.before, command.after):
        return _out_of_list(command, commands, number)
    return ()


def without_instruction(
    instruction: Instruction, dockerfile: Dockerfile
) -> tuple[tuple[Span, str], ...]:
    """The whole instruction, an ONBUILD with it, and the end of its line."""
    text = dockerfile.source.text
    whole = next(
        (
            item
            for item in dockerfile.instructions
            if item.span.start <= instruction.span.start < item.span.end
        ),
        instruction,
    )
    end = text.find("\n", whole.span.end - 1)
    end = len(text) if end < 0 else end + 1
    start = text.rfind("\n", 0, whole.span.start) + 1
    if text[start : whole.span.start].strip() or text[whole.span.end : end].strip():
        return ()
    return ((Span(start, end), ""),)


def without_pair(
    instruction: Instruction, name: str, dockerfile: Dockerfile
) -> tuple[tuple[Span, str], ...]:
    """The edits that take a variable out of an ENV, or all of the ENV if it is alone there."""
    pairs = instruction.pairs
    if len(pairs) == 1:
        return without_instruction(instruction, dockerfile)
    number = next(at for at, pair in enumerate(pairs) if pair.name == name)
    if number:
        return ((Span(pairs[number - 1].span.end, pairs[number].span.end), ""),)
    return ((Span(pairs[0].span.start, pairs[1].span.start), ""),)
