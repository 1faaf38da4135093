"""Here-documents: which ones a line names, and what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlbox.lint.parse.source import Mapped, Span
from mlbox.lint.parse.words import raw_words, unquoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKER = re.compile(r"(\d*)<<(-?)([^<]+)")
_EMPTY = Mapped("")
_NOWHERE = Span(0, 0)


@dataclass(frozen=True, kw_only=True)
class Heredoc:
    """One here-document.

    Attributes:
        name: What ends it: ``"EOF"``.
        marker: Where the line names it: ``<<-"EOF"``.
        descriptor: The file descriptor it is read from; 0 if not given.
        strips_tabs: Whether it is ``<<-``.
        expands: Whether variables in it are replaced: its name is not quoted.
        body: What it says, tabs stripped, still knowing where it is from.
        span: The lines of the body in the source, without the one that ends it.
    """

    name: str
    marker: Span
    descriptor: int = 0
    strips_tabs: bool = False
    expands: bool = True
    body: Mapped = _EMPTY
    span: Span = _NOWHERE

    def with_body(self, body: Mapped, span: Span) -> Heredoc:
        """The same with what it says."""
        return replace(self, body=body, span=span)


def markers(line: Mapped) -> Iterator[Heredoc]:
    """The here-documents that an instruction's line names, in order, without their bodies."""
    for start, end in raw_words(line.text, "\\"):
        match = _MARKER.fullmatch(line.text, start, end)
        if not match:
            continue
        raw = match[3]
        name = unquoted(raw, "\\")
        if name and len(list(raw_words(raw, "\\"))) == 1:
            yield Heredoc(
                name=name,
                marker=line.span(start, end),
                descriptor=int(match[1][:9] or 0),
                strips_tabs=bool(match[2]),
                expands=name == raw,
            )
