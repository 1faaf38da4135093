"""A log of any length, read once, in bounded memory."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from mlbox.diagnosis.manner import is_quoted, manner
from mlbox.diagnosis.model import Evidence, Signature
from mlbox.diagnosis.phrases import DROPPED, LOWER, Phrases, letters
from mlbox.diagnosis.sightings import Match, Sightings
from mlbox.diagnosis.signatures import SIGNATURES
from mlbox.diagnosis.text import ANSI_CODES, bare, comparable, excerpt, plain
from mlbox.diagnosis.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BLOCK = 1024 * 1024
_WINDOW = 4 * 1024  # what is longer is looked at in pieces: no expression is given more at once
_OVERLAP = 1024
_AFTER = 64 * 1024  # bytes that are kept of what came after the last error

# other lines that are looked at
_ERRORS = (
    "error|exception|traceback|fatal|failed to|failure|interrupt|core dumped|critical|panic"
    "|terminate called|exited with code|systemexit|command not found|timeout"
)
_GOES_ON = (
    "retrying|trying again|reducing batch|reducing the batch|falling back|skipping batch"
    "|skipping this|skipping the|skipping s|recovered|proceeding without|continuing"
)
_SUSPICIOUS = re.compile(  # of the lines with one of these alone, those that are worth a look
    rb"Error|Exception|Interrupt|Exit\b|Failure|Fault\b|Timeout|Iteration|Traceback|FATAL|CRITICAL"
    rb"|ERROR|[Ff]atal|panic|\berror(?: \w{1,20})?: |[Ff]ailed to |command not found"
    rb"|terminate called|core dumped|[Ee]xited with|(?i:retry|trying again|reducing|falling"
    rb"|skipping|recovered|proceeding|continuing|during handling|direct cause|ignored in|original )"
)
_IN_CODE = {number for number, signature in enumerate(SIGNATURES) if signature.in_code}
_CHAINS = "during handling of|the direct cause of|exception ignored in|original "


class Scan:
    """Reads a log as it comes.

    Attributes:
        sightings: What it saw.
        last_line: The last line that says anything.
        lines: How many lines there were.
    """

    def __init__(self) -> None:
        self.sightings = Sightings()
        self.last_line: Evidence | None = None
        self.lines = 0
        self._phrases = _phrases()
        self._rest = b""
        self._after = b""

    def feed(self, piece: bytes) -> None:
        """Read a piece of the log, cut anywhere."""
        for start in range(0, len(piece), BLOCK):
            data = self._rest + piece[start : start + BLOCK]
            end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
            self._block(data[:end])
            self._rest = data[end:]
            if len(self._rest) > 16 * _WINDOW:
                self._block(self._rest)
                self._rest = self._rest[-_OVERLAP:]

    def close(self) -> None:
        """Read what is left: a last line without an end."""
        if self._rest:
            self._block(self._rest + b"\n")
        self._rest = b""
        self.sightings.end(_texts(_split(self._after)))

    def _block(self, block: bytes) -> None:
        if b"\x1b" in block:
            block = ANSI_CODES.sub(b"", block)
        shapes = block.translate(LOWER, DROPPED).split(b"\n")
        noted = 0
        if not self._phrases.all_without(shapes):
            noted = self._look(block, shapes)
        if noted:
            self._after = block[noted : noted + _AFTER]
        elif len(self._after) < _AFTER:
            self._after += block[: _AFTER - len(self._after)]
        self.lines += block.count(b"\n")
        self._remember_last(block)

    def _look(self, block: bytes, shapes: Sequence[bytes]) -> int:
        """Look at the lines with a phrase in them; return where the last that was noted ends."""
        lines = _split(block)
        number, counted, start, noted, since = self.lines + 1, 0, 0, 0, 0
        for index, (line, shape) in enumerate(zip(lines, shapes, strict=True)):
            found = self._phrases.found(shape) if shape else ()
            if found and (found[0] < len(SIGNATURES) or _SUSPICIOUS.search(line)):
                number += block.count(b"\n", counted, start)
                counted = start
                between = self._between(lines, since, index, first=not noted)
                if _is_quoted(line, lines[max(0, index - 2) : index]):
                    found = tuple(each for each in found if each in _IN_CODE)
                if found and self._line(number, line, found, between):
                    since, noted = index + 1, start + len(line) + 1
            start += len(line) + 1
        return noted

    def _between(
        self, lines: Sequence[bytes], since: int, index: int, *, first: bool
    ) -> Iterator[str]:
        """Yield what came since the last line that was noted, if anybody wants it."""
        if first:
            yield from _texts(_split(self._after))
        yield from _texts(lines[since:index])

    def _line(self, number: int, line: bytes, found: Sequence[int], between: Iterable[str]) -> bool:
        if len(line) <= _WINDOW:
            return self._piece(number, line, found, between)
        noted = False
        for start in range(0, len(line) - _OVERLAP, _WINDOW - _OVERLAP):
            piece = line[start : start + _WINDOW]
            within = self._phrases.found(letters(piece))
            noted |= bool(within) and self._piece(number, piece, within, ())
        return noted

    def _piece(
        self, number: int, line: bytes, found: Sequence[int], between: Iterable[str]
    ) -> bool:
        text = plain(line.decode("utf-8", "replace"))
        matches = tuple(_matches(comparable(text), found))
        return self.sightings.take(number, text, matches, between)

    def _remember_last(self, block: bytes) -> None:
        """Keep the last line that says anything."""
        tail = block[-_OVERLAP:].replace(b"\r", b"\n").replace(b"\x00", b"").rstrip()
        if tail:
            text = plain(tail.rpartition(b"\n")[2].decode("utf-8", "replace"))
            blank = block[len(block.rstrip()) :].count(b"\n")
            number = self.lines - max(0, blank - 1) if block.endswith(b"\n") else self.lines + 1
            self.last_line = Evidence(text=excerpt(text), line=max(1, number))


def _matches(text: str, found: Sequence[int]) -> Iterator[Match]:
    """Yield what a line, made comparable, matches of the signatures that it may match."""
    prefix = len(text) - len(bare(text))
    for index in found:
        if index >= len(SIGNATURES):
            continue
        signature = SIGNATURES[index]
        match, start = _match(signature, text), 0
        if match is None and prefix:
            match, start = _match(signature, text[prefix:]), prefix
        if match is not None:
            yield Match(
                signature=signature,
                start=start + match.start(),
                named={name: value for name, value in match.groupdict().items() if value},
                how=manner(text, start + match.start(), start + match.end()),
            )


def _split(block: bytes) -> list[bytes]:
    """Return lines; a carriage return begins one anew, as far as a log is concerned."""
    return block.replace(b"\r", b"\n").split(b"\n")


def _is_quoted(line: bytes, before: Sequence[bytes]) -> bool:
    places = _texts([other for other in before if b", line " in other])
    return any(is_quoted(text, place) for place in places for text in _texts((line,)))


def _texts(lines: Sequence[bytes]) -> Iterator[str]:
    return (plain(line[:_OVERLAP].decode("utf-8", "replace")) for line in lines if line)


@cache
def _phrases() -> Phrases:
    known = (words(signature.pattern) for signature in SIGNATURES)
    return Phrases((*known, *(text.split("|") for text in (_ERRORS, _GOES_ON, _CHAINS))))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _match(signature: Signature, text: str) -> re.Match[str] | None:
    match = _compiled(signature.pattern).search(text)
    if match and signature.unless and _compiled(signature.unless).search(text):
        return None
    return match
