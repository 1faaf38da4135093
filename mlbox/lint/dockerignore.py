r"""What a ``.dockerignore`` leaves out of a build context, decided as BuildKit decides it.

>>> Ignored("*.log\n!keep.log").ignores("a.log"), Ignored("*.log\n!keep.log").ignores("keep.log")
(True, False)
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 1_000


@dataclass(frozen=True)
class _Pattern:
    """One line: a pattern, and whether it takes back what earlier ones left out."""

    matches: re.Pattern[str]
    is_exception: bool


class Ignored:
    """The patterns of a ``.dockerignore``: the last one that matches decides."""

    def __init__(self, text: str) -> None:
        """Read the file's text."""
        found = (_read(line) for line in text.removeprefix("\ufeff").splitlines())
        self._patterns = tuple(item for item in found if item is not None)

    def ignores(self, path: str) -> bool:
        """Whether a file or folder is left out, itself or with a folder that it is in.

        Args:
            path: Relative to the context's root, with ``/``.
        """
        parts = posixpath.normpath(path).split("/")
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        ignored = False
        for pattern in self._patterns:
            # as BuildKit: a pattern counts only where it would change the answer
            if pattern.is_exception == ignored and any(map(pattern.matches.fullmatch, above)):
                ignored = not pattern.is_exception
        return ignored


def _read(line: str) -> _Pattern | None:
    if line.startswith("#"):
        return None
    text = line.strip()
    is_exception = text.startswith("!")
    text = text[1:].strip() if is_exception else text
    if not text or len(text) > _LONGEST:
        return None
    text = posixpath.normpath(text.replace("\\ ", " "))
    text = text[1:] if text.startswith("/") and len(text) > 1 else text
    expression = _compiled(text)
    return _Pattern(expression, is_exception) if expression else None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A pattern as an expression; ``None`` if it is malformed, which BuildKit refuses."""
    try:
        return re.compile(_expression(pattern), re.DOTALL)
    except re.error:
        return None


def _expression(pattern: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
            out.append("(?:.*/)?" if at < len(pattern) else ".*")
            continue
        if character == "[":
            end = _class_end(pattern, at)
            out.append(_class(pattern[at + 1 : end]))
            at = end + 1
            continue
        if character == "\\" and at + 1 < len(pattern):
            at += 1
            out.append(re.escape(pattern[at]))
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(character) or re.escape(character))
        at += 1
    return "".join(out)


def _class_end(pattern: str, start: int) -> int:
    end = pattern.find("]", start + 2)
    if end < 0:
        message = "a class that never ends"
        raise re.error(message)
    return end


def _class(inside: str) -> str:
    negated = inside.startswith("^")
    inside = inside.removeprefix("^").replace("\\", "\\\\").replace("[", "\\[")
    return f"[{'^' if negated else ''}{inside}]"
