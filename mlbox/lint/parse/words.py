"""Words of an instruction: split at white space, quotes kept together, JSON lists."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


# White space as Go's unicode.IsSpace has it: Python counts four control characters more.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
SPACE += "".join(map(chr, range(0x2000, 0x200B)))
_SPACES = re.escape(SPACE)  # in a class of characters, where re.VERBOSE leaves it alone
_MARKS = {"\\": "\\\\", "`": "`"}  # an escape character, as a regular expression has it
_WORDS = {
    escape: re.compile(
        rf"""(?: [^{_SPACES}"'{mark}]+ | {mark}. | "(?:[^"{mark}]+|{mark}(?:.|\Z))*(?:"|\Z) """
        r"""| '[^']*(?:'|\Z) )+""",
        re.DOTALL | re.VERBOSE,
    )
    for escape, mark in _MARKS.items()
}
_QUOTED = {
    escape: re.compile(
        rf"""'(?P<single>[^']*)(?:'|\Z) | {mark}(?P<escaped>.|\Z)"""
        rf"""| "(?P<double>(?:[^"{mark}]+|{mark}(?:.|\Z))*)(?:"|\Z)""",
        re.DOTALL | re.VERBOSE,
    )
    for escape, mark in _MARKS.items()
}
_ESCAPED = {escape: re.compile(rf'{mark}(["${mark}])') for escape, mark in _MARKS.items()}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_LONE = re.compile("[\ud800-\udfff]")  # half a pair: Go puts U+FFFD there
_JSON = json.JSONDecoder(parse_constant=_no_constant)  # NaN is Python's own


def raw_words(text: str, escape: str) -> Iterator[tuple[int, int]]:
    """Start and end of each word, with its quotes and escape characters."""
    for match in _WORDS[escape].finditer(text):
        yield match.span()


def unquoted(text: str, escape: str) -> str:
    """A word without its quotes and escape characters; variables are left alone."""
    if not any(mark in text for mark in ("'", '"', escape)):
        return text
    escaped = _ESCAPED[escape]

    def bare(match: re.Match[str]) -> str:
        if match["double"] is not None:
            return escaped.sub(r"\1", match["double"])
        return match["single"] or match["escaped"] or ""

    return _QUOTED[escape].sub(bare, text)


def json_list(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON list; ``None`` if the text does not begin with one."""
    value = _list(text)
    if value is not None and all(isinstance(item, str) for item in value):
        return tuple(_LONE.sub("\ufffd", item) for item in value)
    return None


def is_mixed_list(text: str) -> bool:
    """Whether a text begins with a JSON list, but not one of strings alone."""
    value = _list(text)
    return value is not None and not all(isinstance(item, str) for item in value)


def _list(text: str) -> list[Any] | None:
    """The list that a text begins with; what follows it, BuildKit leaves out."""
    bare = text.lstrip(SPACE)
    if not bare.startswith("["):
        return None
    try:
        value, _ = _JSON.raw_decode(bare)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None
