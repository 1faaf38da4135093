"""Texts inside quotes, without the quotes, that still know where each character is from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse.strings import replaced

if TYPE_CHECKING:
    from mlbox.lint.parse import Mapped

_DOUBLE_ESCAPE = re.compile(r'\\(["\\$`\n])')


def without_quotes(word: Mapped) -> Mapped | None:
    """A word that is one quoted text, as the script that it is; ``None`` if it is not one.

    Variables inside double quotes stay: they have the same value in the script.
    """
    text = word.text
    if len(text) > 1 and text[0] == text[-1] == "'" and "'" not in text[1:-1]:
        return word.cut(1, len(text) - 1)
    if len(text) > 1 and text[0] == text[-1] == '"':
        return replaced(word.cut(1, len(text) - 1), _DOUBLE_ESCAPE, _double)
    if "'" not in text and '"' not in text and "\\" not in text:
        return word
    return None


def _double(match: re.Match[str]) -> tuple[str, int]:
    return match[1].replace("\n", ""), match.start(1)
