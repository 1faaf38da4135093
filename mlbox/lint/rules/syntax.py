"""Rules about the form of a Dockerfile: what BuildKit refuses, or warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.rules.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image


def syntax_error(image: Image) -> Iterator[Hit]:
    """What BuildKit refuses."""
    for problem in image.dockerfile.problems:
        if problem.kind == "syntax":
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
