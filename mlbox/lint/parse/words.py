"""Words of an instruction: split at white space, quotes kept together, JSON lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def raw_words(text: str, escape: str) -> Iterator[tuple[int, int]]:
    """Start and end of each word, with its quotes and escape characters."""
    start = -1
    quote = ""
    position, end = 0, len(text)
    while position < end:
        character = text[position]
        if quote:
            if character == quote:
                quote = ""
            elif character == escape and quote == '"':
                position += 1
        elif character.isspace():
            if start >= 0:
                yield start, position
                start = -1
        else:
            if start < 0:
                start = position
            if character in "\"'":
                quote = character
            elif character == escape:
                position += 1
        position += 1
    if start >= 0:
        yield start, end


def unquoted(text: str, escape: str) -> str:
    """A word without its quotes and escape characters; variables are left alone."""
    if not any(mark in text for mark in ("'", '"', escape)):
        return text
    out: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        character = text[position]
        if quote:
            if character == quote:
                quote = ""
            elif (
                character == escape
                and quote == '"'
                and text[position + 1 : position + 2]
                in (
                    '"',
                    "$",
                    escape,
                )
            ):
                position += 1
                out.append(text[position])
            else:
                out.append(character)
        elif character in "\"'":
            quote = character
        elif character == escape:
            position += 1
            out.append(text[position : position + 1])
        else:
            out.append(character)
        position += 1
    return "".join(out)


def json_list(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON list; ``None`` if the text is not one."""
    bare = text.strip()
    if not (bare.startswith("[") and bare.endswith("]")):
        return None
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None
