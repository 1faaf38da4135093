"""Which letters are in all that a regular expression matches, by the tree of its own parser.

A log is searched for these words first: a line that has none of them need not be looked at.
"""

from __future__ import annotations

import importlib
import sys
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Words = frozenset[str]

_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
_NOTHING: Words = frozenset({""})
_MOST = 24  # words for one stretch of an expression
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_PLACES = {"AT", "ASSERT", "ASSERT_NOT"}
_WITHOUT_LETTERS = {"CATEGORY_DIGIT", "CATEGORY_SPACE"}


def words(pattern: str) -> Words:
    """Return words, one of which is in each match; of all but letters free, and in lower case."""
    found = _best(_stretches(_parser.parse(pattern)))
    return frozenset(
        word for word in found if not any(other != word and other in word for other in found)
    )


def _best(stretches: Iterator[Words]) -> Words:
    """Of sets that each have a word in it for certain, the one whose shortest word is longest."""
    return max(stretches, key=lambda found: min(map(len, found)), default=_NOTHING)


def _stretches(sequence: Any) -> Iterator[Words]:  # noqa: ANN401  (the parser's own)
    """Yield what is certain: of each stretch that is known letter by letter, and within others."""
    run = _NOTHING
    for operation, argument in sequence:
        known = _known(str(operation), argument)
        if known is not None and len(run) * len(known) <= _MOST:
            run = frozenset(first + then for first, then in product(run, known))
            continue
        yield run
        yield from _within(str(operation), argument)
        run = known or _NOTHING
    yield run


def _known(operation: str, argument: Any) -> Words | None:  # noqa: ANN401
    """Return all that one piece can be, or ``None`` if that is not known to the letter."""
    if operation in _REPEATS:
        return _repeated(*argument)
    if operation == "SUBPATTERN":
        return _whole(argument[3])
    if operation == "BRANCH":
        wholes = [_whole(branch) for branch in argument[1]]
        return None if None in wholes else frozenset().union(*filter(None, wholes))
    if operation == "LITERAL":
        char = chr(argument).lower()
        return frozenset({char if char.isascii() and char.isalpha() else ""})
    without = operation == "IN" and all(_is_no_letter(*item) for item in argument)
    return _NOTHING if without or operation in _PLACES else None


def _repeated(least: int, most: int, piece: Any) -> Words | None:  # noqa: ANN401
    once = _whole(piece)
    if once is None or once == _NOTHING:
        return once
    return once | _NOTHING if (least, most) == (0, 1) else None


def _whole(sequence: Any) -> Words | None:  # noqa: ANN401
    """Return all that a sequence can be, if it is known to the letter and not too much."""
    run = _NOTHING
    for operation, argument in sequence:
        known = _known(str(operation), argument)
        if known is None or len(run) * len(known) > _MOST:
            return None
        run = frozenset(first + then for first, then in product(run, known))
    return run


def _is_no_letter(operation: Any, argument: Any) -> bool:  # noqa: ANN401
    if str(operation) == "LITERAL":
        return not chr(argument).isalpha()
    return str(operation) == "CATEGORY" and str(argument) in _WITHOUT_LETTERS


def _within(operation: str, argument: Any) -> Iterator[Words]:  # noqa: ANN401
    if operation == "SUBPATTERN":
        yield from _stretches(argument[3])
    elif operation == "BRANCH":
        yield frozenset().union(*(_best(_stretches(branch)) for branch in argument[1]))
    elif operation in _REPEATS and argument[0] > 0:
        yield from _stretches(argument[2])
