"""Sizes as a compose file writes them."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def size_in_bytes(text: str) -> int | None:
    """``"8gb"`` as a number of bytes: units are powers of 1024; ``None`` if it is none."""
    match = _SIZE.fullmatch(text.strip())
    return int(float(match[1]) * 1024 ** _POWERS[match[2].lower()]) if match else None
