"""What the shell makes of a word: quotes taken out, variables replaced where they are known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse import expand

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPECIAL = re.compile(r"[\\'\"$`]")
_QUOTED = re.compile(r"[\\'\"`]")
_SINGLE = re.compile(r"'([^']*)'|\"([^\"\\$`]*)\"")
_ANSI = re.compile(r"\$'([^'\\]*)'|\$(\"[^\"]*\")")
_LONGEST = 10_000
_MOST_VARIABLES = 100


def value_of(raw: str, values: Mapping[str, str | None], *, computed: bool = False) -> str | None:
    """A word's value; ``None`` if it is not known.

    Args:
        raw: The word as it stands.
        values: The variables in force.
        computed: Whether a command substitution is in it.
    """
    if computed:
        return None
    if not _SPECIAL.search(raw):
        return raw
    if match := _SINGLE.fullmatch(raw):
        return match[1] if match[1] is not None else match[2]
    if "$'" in raw or '$"' in raw:
        raw = _ANSI.sub(lambda match: match[2] or f"'{match[1]}'", raw)
    if "\\\n" in raw:
        raw = raw.replace("\\\n", "")
    if len(raw) > _LONGEST or raw.count("$") > _MOST_VARIABLES:
        return None
    value = expand(raw, values)
    return None if value is not None and len(value) > _LONGEST else value


def splits(raw: str) -> bool:
    """Whether the value of a word is split again at its blanks: a variable outside quotes."""
    return "$" in raw and not _QUOTED.search(raw)
