"""Texts that remember where they are from: offsets, lines and columns, joined and cut pieces."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.findings import Location
from mlbox.lint.parse.words import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of a text: offsets in Unicode code points, the end excluded."""

    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A file's text, and where its lines begin.

    Attributes:
        text: All of it, line ends as they are.
        file: Its path, for locations.
    """

    text: str
    file: str = "Dockerfile"

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        r"""Offset of each line; only ``\n`` ends a line, as BuildKit has it."""
        starts = [0]
        position = self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return tuple(starts)

    def line(self, offset: int) -> int:
        """1-based line of an offset."""
        return bisect_right(self.line_starts, offset)

    def location(self, span: Span) -> Location:
        """Lines and columns of a stretch."""
        first, last = self.line(span.start), self.line(max(span.start, span.end - 1))
        return Location(
            file=self.file,
            line=first,
            column=span.start - self.line_starts[first - 1] + 1,
            end_line=last,
            end_column=max(span.end, span.start) - self.line_starts[last - 1] + 1,
        )


@dataclass(frozen=True)
class Mapped:
    """A text made of pieces of a source, such as a command without its continuation marks.

    Attributes:
        text: What it says.
        starts: Where in ``text`` each piece begins, ascending, the first 0.
        offsets: Where in the source each piece begins.
    """

    text: str
    starts: tuple[int, ...] = (0,)
    offsets: tuple[int, ...] = (0,)

    def offset(self, position: int) -> int:
        """Offset in the source of a position in this text."""
        piece = bisect_right(self.starts, position) - 1
        return self.offsets[piece] + position - self.starts[piece]

    def span(self, start: int, end: int) -> Span:
        """The stretch of the source that a stretch of this text comes from."""
        first = self.offset(start)
        return Span(first, self.offset(end - 1) + 1 if end > start else first)

    def cut(self, start: int, end: int | None = None) -> Mapped:
        """A stretch of this text that still knows where it is from."""
        stop = len(self.text) if end is None else end
        if len(self.starts) == 1:
            return Mapped(self.text[start:stop], (0,), (self.offsets[0] + start,))
        first = bisect_right(self.starts, start) - 1
        last = max(first, bisect_right(self.starts, max(start, stop - 1)) - 1)
        return Mapped(
            self.text[start:stop],
            (0, *(at - start for at in self.starts[first + 1 : last + 1])),
            (
                self.offsets[first] + start - self.starts[first],
                *self.offsets[first + 1 : last + 1],
            ),
        )

    def stripped(self) -> Mapped:
        """Without white space at both ends."""
        start = len(self.text) - len(self.text.lstrip(SPACE))
        return self.cut(start, max(start, len(self.text.rstrip(SPACE))))


def joined(pieces: Iterable[tuple[str, int]]) -> Mapped:
    """One text of pieces, each with its offset in the source; empty ones are left out."""
    texts: list[str] = []
    starts: list[int] = []
    offsets: list[int] = []
    length = 0
    for text, offset in pieces:
        if text:
            texts.append(text)
            starts.append(length)
            offsets.append(offset)
            length += len(text)
    return Mapped("".join(texts), tuple(starts) or (0,), tuple(offsets) or (0,))
