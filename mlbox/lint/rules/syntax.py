"""Rules about the form of a Dockerfile: what BuildKit refuses, or warns of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.stages import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.parse import Dockerfile, Heredoc, Instruction

_FRONTEND = re.compile(r"(?:docker\.io/)?docker/dockerfile:(\d+)\.(\d+)(?:\.\d+)?(-labs)?")
_WITH_HEREDOCS = (1, 4)
_LABS_WITH_HEREDOCS = (1, 3)


def syntax_error(image: Image) -> Iterator[Hit]:
    """What BuildKit refuses."""
    problems = [item for item in image.dockerfile.problems if item.kind == "syntax"]
    others = refused(image) if problems else frozenset()  # another rule says more
    given = {
        item.image_word.span
        for item in image.dockerfile.stages
        if item.image and item.image_word is not None and "$" in item.image_word.raw
    }
    for problem in problems:
        if problem.span in given:
            yield Hit(
                problem.span,
                what=problem.what,
                why="BuildKit refuses the file unless --build-arg gives the image.",
                fix="Give the ARG a default that is the name of an image.",
                severity="warning",
            )
        elif problem.span not in others:
            yield Hit(
                problem.span,
                what=problem.what,
                why="BuildKit refuses the file, so nothing is built.",
                fix="Correct the instruction.",
            )


def unterminated_heredoc(image: Image) -> Iterator[Hit]:
    """A heredoc that never ends."""
    for problem in image.dockerfile.problems:
        if problem.kind == "unterminated-heredoc":
            yield Hit(
                problem.span,
                what=problem.what,
                why="All that follows is taken for its text, and BuildKit refuses the file. The "
                "line that ends it holds its name alone, without white space (after tabs for <<-).",
                fix="Write its name on a line of its own where the text ends.",
            )


def empty_continuation(image: Image) -> Iterator[Hit]:
    """An empty line inside a continued instruction."""
    for problem in image.dockerfile.problems:
        if problem.kind == "empty-continuation":
            yield Hit(
                problem.span,
                what=problem.what,
                why="BuildKit joins the lines around it, and warns: a later version refuses it.",
                fix="Remove the empty line, or write # in it.",
                edits=_without_empty_lines(problem.span, image.dockerfile),
            )


def _without_empty_lines(span: Span, dockerfile: Dockerfile) -> tuple[tuple[Span, str], ...]:
    """Every empty line of the instruction goes; those of its heredocs stay."""
    source = dockerfile.source
    line = source.line(span.start)
    owner = next(
        (item for item in dockerfile.instructions if item.line <= line <= item.end_line), None
    )
    if owner is None:
        return ()
    last = _last_line(owner, dockerfile)
    edits = []
    starts = (*source.line_starts, len(source.text))
    for number in range(owner.line, last + 1):
        start, end = starts[number - 1], starts[number]
        if not source.text[start:end].strip():
            edits.append((Span(start, end), ""))
    return tuple(edits)


def _last_line(owner: Instruction, dockerfile: Dockerfile) -> int:
    """The last line of an instruction before its heredocs."""
    if not owner.heredocs:
        return owner.end_line
    return dockerfile.source.line(owner.heredocs[0].span.start) - 1


def heredoc_without_buildkit(image: Image) -> Iterator[Hit]:
    """A heredoc, which old builders do not know."""
    document = next(
        (item for step in image.dockerfile.instructions for item in _heredocs(step)), None
    )
    if document is None:
        return
    named = next((item for item in image.dockerfile.directives if item.name == "syntax"), None)
    if named is None:
        yield Hit(
            document.marker,
            what=f"The heredoc {document.name} needs BuildKit with Dockerfile syntax 1.4.",
            why="Docker Engine has it built in since 23.0. Builders before that, and those "
            "without BuildKit, take each of its lines for an instruction.",
            fix="Nothing with Docker 23.0 or later; else begin the file with "
            "# syntax=docker/dockerfile:1.",
        )
        return
    match = _FRONTEND.fullmatch(named.value)
    if match and _is_too_old(match):
        yield Hit(
            named.span,
            what=f"The heredoc {document.name} needs Dockerfile syntax 1.4; the file asks for "
            f"{named.value}.",
            why="That version takes each line of it for an instruction, and refuses the file.",
            fix="Write # syntax=docker/dockerfile:1.",
            severity="error",
        )


def _heredocs(instruction: Instruction) -> tuple[Heredoc, ...]:
    return instruction.trigger.heredocs if instruction.trigger else instruction.heredocs


def _is_too_old(match: re.Match[str]) -> bool:
    version = (int(match[1]), int(match[2]))
    return version < (_LABS_WITH_HEREDOCS if match[3] else _WITH_HEREDOCS)
