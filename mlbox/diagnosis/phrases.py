"""Many phrases at once: which signatures a line may have, from its letters alone.

Digits, spaces and signs are what differs between the thousands of lines that one statement of a
program prints. Without them those lines are one, and it needs to be looked at once.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LETTERS = string.ascii_letters.encode()
# a carriage return begins a line anew, as far as a log is concerned
LOWER = bytes(range(256)).lower().replace(b"\r", b"\n")
DROPPED = bytes(byte for byte in range(256) if byte not in _LETTERS + b"\r\n")

_REMEMBERED = 20_000
_LONGEST_REMEMBERED = 300


class Phrases:
    """Numbered sets of phrases; tells which numbers have one in a line.

    Args:
        sets: The phrases of each number, from 0.
    """

    def __init__(self, sets: Iterable[Iterable[str]]) -> None:
        numbers: dict[bytes, set[int]] = {}
        for number, phrases in enumerate(sets):
            for phrase in phrases:
                numbers.setdefault(letters(phrase.encode()), set()).add(number)
        self._numbers = numbers
        self._longer = {
            word: [other for other in numbers if other.startswith(word)] for word in numbers
        }
        any_of_them = _alternation(numbers)
        self._any = re.compile(any_of_them)
        self._each = re.compile(b"(?=(" + any_of_them + b"))")
        self._known: dict[bytes, tuple[int, ...]] = {}
        self._without: set[bytes] = set()  # those known to have none; asked for many at once

    def all_without(self, shapes: Iterable[bytes]) -> bool:
        """Whether these lines were all looked at before, and none had a phrase."""
        return self._without.issuperset(shapes)

    def found(self, shape: bytes) -> tuple[int, ...]:
        """Return the numbers that have a phrase in a line, given by its letters."""
        known = self._known.get(shape)
        if known is None:
            known = self._look(shape)
            if len(shape) <= _LONGEST_REMEMBERED:
                self._remember(shape, known)
        return known

    def _remember(self, shape: bytes, numbers: tuple[int, ...]) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
            self._without.clear()
        self._known[shape] = numbers
        if not numbers:
            self._without.add(shape)

    def _look(self, shape: bytes) -> tuple[int, ...]:
        first = self._any.search(shape)
        if first is None:
            return ()
        found: set[int] = set()
        for match in self._each.finditer(shape, first.start()):
            for word in self._longer[match[1]]:  # of those that begin here it is the shortest
                if shape.startswith(word, match.start()):
                    found |= self._numbers[word]
        return tuple(sorted(found))


def letters(text: bytes) -> bytes:
    """Return the letters of a text, in lower case."""
    return text.translate(LOWER, DROPPED)


def _alternation(words: Iterable[bytes]) -> bytes:
    """Return a regular expression for any of the words that looks at each letter once."""
    tree: dict[int, dict] = {}  # type: ignore[type-arg]  # a tree of itself
    for word in words:
        branch = tree
        for letter in word:
            branch = branch.setdefault(letter, {})
        branch[-1] = {}
    return _branches(tree)


def _branches(tree: dict[int, dict]) -> bytes:  # type: ignore[type-arg]  # a tree of itself
    if -1 in tree:  # a word ends here, and whatever is longer has it in it
        return b""
    parts = [bytes([letter]) + _branches(branch) for letter, branch in sorted(tree.items())]
    return parts[0] if len(parts) == 1 else b"(?:" + b"|".join(parts) + b")"
