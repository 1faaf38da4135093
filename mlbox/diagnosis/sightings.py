"""What was seen in a log, and in which of its troubles.

A trouble is a stretch of a log with errors in it. It is over when the program is seen to go on:
what it said of errors until then did not end it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from mlbox.diagnosis.manner import (
    RETRIED,
    is_chained,
    is_error,
    is_exception,
    is_finish,
    is_marked,
    is_progress,
    is_traceback,
    is_unfinished,
    says_exit,
)
from mlbox.diagnosis.model import Evidence, Signature
from mlbox.diagnosis.text import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlbox.diagnosis.manner import Manner

_SOON = 3  # lines in which a program says that it goes on regardless
_CHAIN = 6  # lines between two tracebacks that belong together
_MESSAGE = 20  # lines that an exception's message may have
_STEPS = 3  # so many different lines of progress are no bar that is drawn a last time
_LOOKED_AT = 400  # lines among which they are looked for


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Where a signature was seen.

    Attributes:
        trouble: In which of the log's troubles.
        evidence: The line.
        named: What the groups of its pattern are.
        exception: Whether the line is how Python ends a traceback.
        marked: Whether it is marked as an error in another way.
    """

    trouble: int
    evidence: Evidence
    named: Mapping[str, str]
    exception: bool = False
    marked: bool = False

    @property
    def line(self) -> int:
        """The line's number."""
        return self.evidence.line or 0


@dataclass(kw_only=True)
class Hit:
    """All that was seen of one signature: the first in its last trouble, for each manner."""

    signature: Signature
    seen: int = 0
    sights: dict[Manner, Sight] = field(default_factory=dict)

    def add(self, how: Manner, sight: Sight) -> None:
        """Take note of one more line."""
        self.seen += 1
        before = self.sights.get(how)
        if before is None or before.trouble < sight.trouble:
            self.sights[how] = sight


@dataclass(frozen=True, kw_only=True)
class Match:
    """A signature that a line matches."""

    signature: Signature
    start: int
    named: Mapping[str, str]
    how: Manner


class Sightings:
    """What was seen so far.

    Attributes:
        hits: By the signature's code.
        trouble: Number of the last trouble.
        survived: Whether the program went on after it.
        ended_badly: Whether the log says that a process ended with another exit code than 0.
        last_error: The last line that looks like an error; of those, how a traceback ends first.
        unexplained: The line from which on an exception is told that no signature knows and that
            nothing known came after; ``None`` if there is none.
    """

    def __init__(self) -> None:
        self.hits: dict[str, Hit] = {}
        self.trouble = 0
        self.survived = False
        self.ended_badly = False
        self.last_error: Evidence | None = None
        self.unexplained: int | None = None
        self._ends_with_exception = False
        self._traceback = 0
        self._goes_on_until = 0
        self._chained = -_CHAIN
        self._fresh: list[tuple[int, Hit, Manner]] = []

    def take(
        self, number: int, text: str, matches: Sequence[Match], between: Iterable[str] = ()
    ) -> bool:
        """Take note of a line.

        Args:
            number: The line's number.
            text: It.
            matches: What it matches.
            between: The lines since the last one that was noted.

        Returns:
            Whether it was noted.
        """
        if RETRIED.search(text):
            self._forgive(number)
        if is_chained(text):
            self._chained = number
        known = any(match.how == "failing" for match in matches)
        bad = known or is_error(text)
        ended_badly = says_exit(text)
        if not bad and not any(match.how == "warning" for match in matches):
            self._add(number, text, matches)
            self.ended_badly |= ended_badly
            return False
        if goes_on(between):
            self.trouble += 1
            self.unexplained = None
            self.last_error = None
            self.ended_badly = False
        self.ended_badly |= ended_badly
        if bad:
            self._bad(number, text, known=known)
        self._add(number, text, matches)
        return True

    def end(self, rest: Iterable[str]) -> None:
        """Take note of what came after the last line that was noted."""
        self.survived = goes_on(rest)

    def _bad(self, number: int, text: str, *, known: bool) -> None:
        exception = is_exception(text)
        if is_traceback(text):
            related = number - self._chained <= _CHAIN
            self._traceback = self._traceback if related and self._traceback else number
        if exception or self.last_error is None or not self._ends_with_exception:
            self.last_error = Evidence(text=excerpt(text), line=number)
            self._ends_with_exception = exception
        if known and (exception or is_marked(text) or number <= self._goes_on_until):
            self.unexplained = None
        elif exception and not known:
            self.unexplained = self._traceback or number
            self._goes_on_until = number + _MESSAGE if is_unfinished(text) else 0

    def _add(self, number: int, text: str, matches: Sequence[Match]) -> None:
        exception = bool(matches) and is_exception(text)
        marked = bool(matches) and not exception and is_marked(text)
        for match in matches:
            evidence = Evidence(text=excerpt(text, match.start), line=number)
            sight = Sight(
                trouble=self.trouble,
                evidence=evidence,
                named=match.named,
                exception=exception,
                marked=marked,
            )
            code = match.signature.code
            hit = self.hits.setdefault(code, Hit(signature=match.signature))
            hit.add(match.how, sight)
            if match.how != "handled":
                self._fresh = [entry for entry in self._fresh if number - entry[0] <= _SOON]
                self._fresh.append((number, hit, match.how))

    def _forgive(self, number: int) -> None:
        """What a program says it goes on after was not what it failed of."""
        for line, hit, how in self._fresh:
            sight = hit.sights.get(how)
            if sight is not None and number - line <= _SOON and sight.line == line:
                del hit.sights[how]
                hit.sights.setdefault("handled", sight)
        self._fresh = []


def goes_on(lines: Iterable[str]) -> bool:
    """Whether a program does its work in these lines."""
    steps: set[str] = set()
    for text in islice(lines, _LOOKED_AT):
        if is_finish(text):
            return True
        if is_progress(text):
            steps.add(text)
        if len(steps) >= _STEPS:
            return True
    return False
