"""Texts with some of their characters replaced, that still know where each one is from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse.source import Mapped, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def json_strings(text: Mapped) -> Iterator[Mapped]:
    """The strings of a JSON list."""
    for match in _STRING.finditer(text.text):
        yield replaced(text.cut(match.start(1), match.end(1)), _JSON_ESCAPE, _json)


def _json(match: re.Match[str]) -> tuple[str, int]:
    if match[1]:
        return chr(int(match[1], 16)), match.start()
    return _LETTERS.get(match[2], match[2]), match.start()


def replaced(
    text: Mapped, pattern: re.Pattern[str], instead_of: Callable[[re.Match[str]], tuple[str, int]]
) -> Mapped:
    """A text with what a pattern finds replaced; ``instead_of`` says by what, and from where."""
    if "\\" not in text.text:
        return text
    pieces: list[tuple[str, int]] = []
    at = 0
    for match in pattern.finditer(text.text):
        pieces += _pieces(text, at, match.start())
        instead, start = instead_of(match)
        pieces.append((instead, text.offset(start)))
        at = match.end()
    pieces += _pieces(text, at, len(text.text))
    return joined(pieces) if pieces else text.cut(0, 0)


def _pieces(text: Mapped, start: int, end: int) -> Iterator[tuple[str, int]]:
    """A stretch as its pieces of the source."""
    part = text.cut(start, end)
    for begin, stop, offset in zip(
        part.starts, (*part.starts[1:], len(part.text)), part.offsets, strict=True
    ):
        yield part.text[begin:stop], offset
