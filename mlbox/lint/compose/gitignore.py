r"""What a ``.gitignore`` leaves out, as far as one file of them says.

>>> ignores("*.env\n!keep.env", "a/b.env"), ignores("*.env\n!keep.env", "keep.env")
(True, False)
"""

from __future__ import annotations

import re


def ignores(patterns: str, path: str) -> bool:
    """Whether a file is left out: the last pattern that matches decides.

    Args:
        patterns: The text of a ``.gitignore``.
        path: The file's path from its folder, with ``/``.
    """
    parts = path.split("/")
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    ignored = False
    for line in patterns.splitlines():
        text = line.rstrip()
        if not text or text.startswith("#"):
            continue
        is_exception = text.startswith("!")
        text = text.removeprefix("!").removeprefix("\\")
        only_folders = text.endswith("/")
        expression = _expression(text.rstrip("/"))
        candidates = above[:-1] if only_folders else above
        if any(expression.fullmatch(candidate) for candidate in candidates):
            ignored = not is_exception
    return ignored


def _expression(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern
    out = "" if anchored else "(?:.*/)?"
    for piece in re.split(r"(\*\*/|/\*\*$|\*|\?|\[[^\]]*\])", pattern.removeprefix("/")):
        if piece == "**/":
            out += "(?:.*/)?"
        elif piece == "/**":
            out += "/.*"
        elif piece in ("*", "?"):
            out += "[^/]" + ("*" if piece == "*" else "")
        elif piece.startswith("[") and len(piece) > 2:  # noqa: PLR2004  (brackets and a character)
            out += "[" + piece[1:-1].replace("!", "^", 1).replace("\\", "\\\\") + "]"
        else:
            out += re.escape(piece)
    try:
        return re.compile(out)
    except re.error:
        return re.compile(re.escape(pattern))
