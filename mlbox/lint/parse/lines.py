"""Lines as BuildKit joins them: directives, comments, continuations and heredocs.

After the published behaviour of BuildKit's ``frontend/dockerfile/parser``: a comment or an empty
line inside a continued instruction does not end it; a doubled escape character at the end of a line
is no continuation; a heredoc's body follows the line that names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlbox.lint.parse.heredocs import Heredoc, markers
from mlbox.lint.parse.source import Mapped, Source, Span, joined
from mlbox.lint.parse.words import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTIVE = re.compile(r"#[^\S\n]*([a-zA-Z][a-zA-Z0-9]*)[^\S\n]*=[^\S\n]*(\S(?:[^\n]*\S)?)\s*\Z")
_DIRECTIVES = ("escape", "syntax", "check")
_LONGEST = 65_535  # bytes of a line that BuildKit reads
_TAKES_HEREDOC = re.compile(r"(?:onbuild\s+)?(?:run|copy|add)(?=\s)", re.IGNORECASE)
_EXEC_FORM = re.compile(r"(?:onbuild\s+)?(?:run|copy|add)\s+(?:--\S+\s+)*\[", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Directive:
    """``# escape=`` or its like, at the top of the file."""

    name: str
    value: str
    span: Span


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A line that begins with ``#``; the text is what follows, stripped."""

    text: str
    span: Span
    line: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What BuildKit refuses, or warns of, in the form of the file.

    Attributes:
        kind: ``"syntax"`` or ``"unterminated-heredoc"``: BuildKit refuses the file;
            ``"empty-continuation"``: it warns.
        what: One sentence.
        span: Where.
    """

    kind: str
    what: str
    span: Span

    @property
    def fatal(self) -> bool:
        """Whether BuildKit refuses the file."""
        return self.kind != "empty-continuation"


@dataclass(frozen=True, kw_only=True)
class LogicalLine:
    """One instruction's line, its continuation marks and inner comments taken out.

    Attributes:
        text: The line, without white space at its start.
        span: All of it in the source, heredoc bodies included.
        line: First line, 1-based.
        end_line: Last line, heredocs included.
        heredocs: The documents that it names, in order.
    """

    text: Mapped
    span: Span
    line: int
    end_line: int
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(kw_only=True)
class Lines:
    """A file's logical lines, and all around them."""

    escape: str = "\\"
    directives: list[Directive] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    lines: list[LogicalLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Reader:
    """Walks through the physical lines once."""

    def __init__(self, source: Source) -> None:
        self.text = source.text
        self.starts = source.line_starts
        self.count = len(self.starts) - (self.starts[-1] == len(self.text))
        self.at = 0
        self.found = Lines()
        self._seen: set[str] = set()
        self._directives_over = False

    def physical(self, number: int) -> tuple[str, int]:
        """A line without its end, and its offset."""
        start = self.starts[number]
        stop = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
        if number == 0 and self.text.startswith("\ufeff"):
            start += 1
        return self.text[start:stop].rstrip("\r\n"), start

    def read(self) -> Lines:
        self._long_lines()
        while self.at < self.count:
            self._one()
        if not self.found.lines and not any(p.fatal for p in self.found.problems):
            end = len(self.text)
            self._problem("syntax", "The file has no instructions.", Span(end, end))
        return self.found

    def _long_lines(self) -> None:
        """BuildKit reads no further than a line that is too long, in a heredoc too."""
        for start, stop in zip(self.starts, (*self.starts[1:], len(self.text)), strict=True):
            if (stop - start) * 4 <= _LONGEST:  # the most bytes that a character takes
                continue
            line = self.text[start:stop].removesuffix("\n")
            if len(line.encode(errors="replace")) > _LONGEST:
                what = f"The line is longer than the {_LONGEST} bytes that BuildKit reads."
                self._problem("syntax", what, Span(start, stop))

    def _one(self) -> None:
        line, start = self.physical(self.at)
        bare = line.lstrip(SPACE)
        offset = start + len(line) - len(bare)
        if bare.startswith("#"):
            self._comment(bare, offset)
        if not self._directives_over:
            self._directive(line if offset == start else bare, offset)
        if not bare or bare.startswith("#"):
            self.at += 1
            return
        self._instruction(bare, offset)

    def _comment(self, bare: str, offset: int) -> None:
        span = Span(offset, offset + len(bare))
        self.found.comments.append(Comment(text=bare[1:].strip(), span=span, line=self.at + 1))

    def _directive(self, line: str, offset: int) -> None:
        match = _DIRECTIVE.fullmatch(line)
        if not match:
            self._directives_over = True
            return
        name, value, span = match[1].lower(), match[2], Span(offset, offset + len(line))
        if name not in _DIRECTIVES:
            self._directives_over = True  # it is a comment, and what follows it is one
            return
        if name in self._seen:
            self._problem("syntax", f"The directive {name} is given twice.", span)
        self._seen.add(name)
        self.found.directives.append(Directive(name=name, value=value, span=span))
        if name == "escape":
            if value in ("\\", "`"):
                self.found.escape = value
            else:
                what = f"The escape character is {value!r}; it can be ` or \\ only."
                self._problem("syntax", what, span)

    def _instruction(self, bare: str, offset: int) -> None:
        first = self.at
        pieces: list[tuple[str, int]] = []
        empty: Span | None = None
        piece, goes_on = self._continued(bare)
        pieces.append((piece, offset))
        end = offset + len(bare)
        self.at += 1
        while goes_on and self.at < self.count:
            line, start = self.physical(self.at)
            inner = line.lstrip(SPACE)
            self.at += 1
            end = start + len(line)
            if inner.startswith("#"):
                self.at -= 1
                self._comment(inner, end - len(inner))
                self.at += 1
            elif not inner:
                empty = empty or Span(start, end)
            else:
                piece, goes_on = self._continued(line)
                pieces.append((piece, start))
        if empty:
            what = "An empty line inside a continued instruction."
            self._problem("empty-continuation", what, empty)
        text = joined(pieces)
        if not text.text.strip(SPACE):
            return  # escape characters alone
        heredocs, end = self._heredocs(text, Span(offset, end))
        self.found.lines.append(
            LogicalLine(
                text=text,
                span=Span(offset, end),
                line=first + 1,
                end_line=self.at,
                heredocs=heredocs,
            )
        )

    def _continued(self, line: str) -> tuple[str, bool]:
        """A line without its continuation mark, and whether it had one."""
        bare = line.rstrip(" \t")
        escape = self.found.escape
        if bare.endswith(escape) and not bare.endswith(escape * 2):
            return bare[:-1], True
        return line, False

    def _heredocs(self, text: Mapped, span: Span) -> tuple[tuple[Heredoc, ...], int]:
        end = span.end
        if "<<" not in text.text or not _TAKES_HEREDOC.match(text.text):
            return (), end
        if _EXEC_FORM.match(text.text) and _is_json(text.text):
            return (), end
        found = []
        for marker in markers(text):
            body, end = self._body(marker)
            if body is None:
                what = f"The heredoc {marker.name} has no end."
                self._problem("unterminated-heredoc", what, marker.marker)
                found.append(marker.with_body(Mapped("", (0,), (end,)), Span(end, end)))
                break
            found.append(marker.with_body(*body))
        return tuple(found), end

    def _body(self, marker: Heredoc) -> tuple[tuple[Mapped, Span] | None, int]:
        pieces: list[tuple[str, int]] = []
        begin = self.starts[self.at] if self.at < len(self.starts) else len(self.text)
        while self.at < self.count:
            line, start = self.physical(self.at)
            stop = self.starts[self.at + 1] if self.at + 1 < len(self.starts) else len(self.text)
            self.at += 1
            bare = line.lstrip("\t") if marker.strips_tabs else line
            if bare == marker.name:
                return (joined(pieces), Span(begin, start)), start + len(line)
            skipped = len(line) - len(bare)
            pieces.append((self.text[start + skipped : stop], start + skipped))
        return None, len(self.text)

    def _problem(self, kind: str, what: str, span: Span) -> None:
        self.found.problems.append(Problem(kind=kind, what=what, span=span))


def _is_json(text: str) -> bool:
    from mlbox.lint.parse.words import json_list  # noqa: PLC0415  (rarely needed)

    return json_list(text[text.index("[") :]) is not None


def logical_lines(source: Source) -> Lines:
    """Read a file's logical lines. Never raises."""
    return _Reader(source).read()


def shell_lines(text: Mapped) -> Iterator[Mapped]:
    """The lines of a heredoc's body."""
    position = 0
    for line in text.text.split("\n"):
        yield text.cut(position, position + len(line.rstrip("\r")))
        position += len(line) + 1
