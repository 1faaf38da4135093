"""``${NAME:-default}`` in a compose file's values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BEGINS = re.compile(r"[A-Za-z_{]")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_DEPTH = 10


@dataclass(frozen=True)
class Interpolated:
    """A text with its variables replaced.

    Attributes:
        text: What it says; ``None`` if that is not known.
        is_fixed: Whether no variable was in it.
        bad: Where a ``$`` stands that Compose refuses; ``None`` without.
    """

    text: str | None
    is_fixed: bool
    bad: int | None = None


def interpolate(text: str, variables: Mapping[str, str], depth: int = 0) -> Interpolated:
    """Replace the variables of a text.

    Args:
        text: A value.
        variables: Those that are known, as of a file ``.env``. Another is not known, except where
            the text says what it is when it is not set.
        depth: How far inside of defaults this is.
    """
    if "$" not in text:
        return Interpolated(text, is_fixed=True)
    out: list[str] = []
    known, fixed = True, True
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        out.append(text[at:dollar])
        if text[dollar + 1 : dollar + 2] == "$":
            out.append("$")
            at = dollar + 2
            continue
        if not _BEGINS.match(text, dollar + 1):
            out.append("$")  # 50$, $(date), $1: as they stand
            at = dollar + 1
            continue
        end, value = _variable(text, dollar, variables, depth)
        if end is None:
            return Interpolated(None, is_fixed=False, bad=dollar)
        fixed = False
        known = known and value is not None
        out.append(value or "")
        at = end
    out.append(text[at:])
    return Interpolated("".join(out) if known else None, is_fixed=fixed)


def _variable(
    text: str, dollar: int, variables: Mapping[str, str], depth: int
) -> tuple[int | None, str | None]:
    """Where a variable ends (``None``: it is none), and its value (``None``: not known)."""
    braced = text[dollar + 1 : dollar + 2] == "{"
    match = _NAME.match(text, dollar + (2 if braced else 1))
    if match is None or depth > _DEPTH:
        return None, None
    if not braced:
        return match.end(), variables.get(match[0])
    close = _closing(text, match.end())
    if close is None:
        return None, None
    rest = text[match.end() : close]
    if not rest:
        return close + 1, variables.get(match[0])
    operator = next((mark for mark in _OPERATORS if rest.startswith(mark)), None)
    if operator is None:
        return None, None
    return close + 1, _replaced(match[0], operator, rest[len(operator) :], variables, depth)


def _replaced(
    name: str, operator: str, word: str, variables: Mapping[str, str], depth: int
) -> str | None:
    value = variables.get(name)
    if operator[-1] == "+":
        return None
    if value or (value is not None and ":" not in operator):
        return value
    return interpolate(word, variables, depth + 1).text if operator[-1] == "-" else None


def _closing(text: str, at: int) -> int | None:
    """The brace that closes the one before."""
    depth = 1
    for place in range(at, len(text)):
        if text[place] == "{" and text[place - 1] == "$":
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if depth == 0:
                return place
    return None


def assignments(text: str) -> dict[str, str]:
    """What a file ``.env`` sets: plain ``NAME=value`` lines; the others are not known."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not _NAME.fullmatch(name):
            continue
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        elif " #" in value:
            value = value.split(" #", 1)[0].rstrip()
        if "$" not in value:
            found[name] = value
    return found
