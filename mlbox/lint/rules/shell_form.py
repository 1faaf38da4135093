"""The rule about programs of an image that a shell stands in front of."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.parse import Instruction, Span

_PLAIN = re.compile(r"[\w\s./:,@%+=\"'-]+", re.ASCII)
_ASSIGNS = re.compile(r"\w+=")
_BUILTINS = frozenset(
    {"cd", "source", ".", "exec", "set", "export", "ulimit", "umask", "eval", "exit", "trap"}
)


def shell_form(image: Image) -> Iterator[Hit]:
    """A shell starts the image's program, and keeps its signals."""
    last: dict[str, Instruction] = {}
    has_shell = False
    for stage in shipped(image):
        for step, _ in stage.steps:
            instruction = step.instruction
            if instruction.name in ("CMD", "ENTRYPOINT"):
                key = f"ONBUILD {instruction.name}" if instruction.is_trigger else instruction.name
                last[key] = instruction
            has_shell = has_shell or instruction.name == "SHELL"
    if has_shell:
        return  # it is there to be used
    both = "CMD" in last and "ENTRYPOINT" in last
    for instruction in last.values():
        if instruction.exec_form is not None or not _stays_in_front(instruction):
            continue
        if instruction.arguments.text.lstrip().startswith("["):
            yield _no_list(instruction)
        else:
            yield _hit(instruction, beside=both or instruction.is_trigger)


def _stays_in_front(instruction: Instruction) -> bool:
    text = instruction.arguments.text.strip()
    if instruction.flags:
        return False  # BuildKit refuses them
    return bool(text) and not re.match(r"exec\s", text) and not re.search(r"[;&|]\s*exec\s", text)


def _hit(instruction: Instruction, *, beside: bool) -> Hit:
    """One of them.

    Args:
        instruction: CMD or ENTRYPOINT.
        beside: Whether the other is there too, or may be.
    """
    name, text = instruction.name, instruction.arguments.text.strip()
    words = _words(text)
    written = json.dumps(words, ensure_ascii=False) if words else ""
    span = _span(instruction)
    why = (
        "/bin/sh is process 1 and passes no signals on: docker stop waits ten seconds and "
        "kills the program, which writes no last checkpoint."
    )
    if name == "ENTRYPOINT":
        why += " What is given to docker run, or in CMD, is ignored."
    keeps = bool(words) and not (beside and name == "ENTRYPOINT")
    return Hit(
        span,
        what=f"{name} starts {text.split()[0][:40]} through a shell.",
        why=why,
        fix=f"Write {name} {written}."
        if words
        else f'Begin it with exec, or write {name} ["program", "argument"].',
        edits=((span, written),) if keeps else (),
        safe=False if beside else None,  # ENTRYPOINT ["python"] is given other words
    )


def _no_list(instruction: Instruction) -> Hit:
    """A list that JSON does not know: a shell is given it as it stands."""
    name, text = instruction.name, instruction.arguments.text.strip()
    words = _json(text.replace("'", '"')) if '"' not in text else None
    span = _span(instruction)
    written = json.dumps(words, ensure_ascii=False) if words else '["program", "argument"]'
    return Hit(
        span,
        what=f"{name} looks like a list, and is none: a shell runs it as it stands.",
        why="The exec form is a JSON list, its strings in double quotes. "
        f"{text.split()[0][:40]} is no program that a shell could find.",
        fix=f"Write {name} {written}.",
        edits=((span, written),) if words else (),
        severity="warning",
    )


def _json(text: str) -> list[str] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    is_list = isinstance(found, list) and all(isinstance(item, str) for item in found)
    return found if is_list and found else None


def _span(instruction: Instruction) -> Span:
    text = instruction.arguments
    return text.span(0, len(text.text.rstrip()))


def _words(text: str) -> list[str]:
    """The words of a command that needs no shell; empty if it may need one."""
    if not _PLAIN.fullmatch(text):
        return []
    try:
        words = shlex.split(text)
    except ValueError:
        return []
    if not words or words[0] in _BUILTINS or _ASSIGNS.match(words[0]):
        return []
    return words
