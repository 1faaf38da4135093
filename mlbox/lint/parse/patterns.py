r"""Shell patterns as BuildKit has them in ``${x#pattern}``: ``*`` and ``?``, and nothing else.

Measured with BuildKit 0.13: brackets are plain text, ``\*``, ``\?`` and ``\\`` are literal, and
any other escape is refused. Matching keeps a set of positions and never goes back.
"""

from __future__ import annotations

from typing import Final

ANY: Final = None  # the token of ``*``
ONE: Final = ""  # the token of ``?``
Token = str | None


class BadEscapeError(ValueError):
    """An escape that BuildKit refuses."""


def tokens(pattern: str) -> tuple[Token, ...]:
    """Take a pattern apart: ``ANY``, ``ONE``, and characters that stand for themselves.

    Raises:
        BadEscapeError: It escapes what needs no escape.
    """
    found: list[Token] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            escaped = next(characters, "")
            if escaped not in ("*", "?", "\\", "}", "/"):
                raise BadEscapeError(f"\\{escaped}")
            found.append(escaped)
        else:
            found.append({"*": ANY, "?": ONE}.get(character, character))
    return tuple(found)


def without(value: str, pattern: tuple[Token, ...], *, suffix: bool, longest: bool) -> str:
    """A value without the shortest or longest beginning, or end, that a pattern matches."""
    if suffix:
        turned = without(value[::-1], pattern[::-1], suffix=False, longest=longest)
        return turned[::-1]
    ends = _ends(value, 0, pattern)
    if not ends:
        return value
    return value[max(ends) if longest else min(ends) :]


def replaced(value: str, pattern: tuple[Token, ...], instead: str, *, every: bool) -> str:
    """A value with the first match, the longest there, or every match replaced."""
    if not value:
        return instead if _ends(value, 0, pattern) else value
    out: list[str] = []
    at = 0
    while at < len(value):
        ends = _ends(value, at, pattern)
        out.append(instead if ends else value[at])
        at = max(*ends, at + 1) if ends else at + 1
        if ends and not every:
            break
    return "".join(out) + value[at:]


def _ends(value: str, start: int, pattern: tuple[Token, ...]) -> set[int]:
    """Where a match that begins at a position may end."""
    positions = {start}
    for token in pattern:
        if not positions:
            break
        if token is ANY:
            stop = value.find("\n", min(positions))
            positions = set(range(min(positions), (len(value) if stop < 0 else stop) + 1))
        elif token == ONE:
            positions = {at + 1 for at in positions if value[at : at + 1] not in ("", "\n")}
        else:
            positions = {at + 1 for at in positions if value[at : at + 1] == token}
    return positions
