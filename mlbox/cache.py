"""What this machine remembers and can do without: files in the user's cache folder.

Whatever is here can be deleted at any time, and is made again when it is needed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mlbox.facts import Facts, load_facts


def cache_folder() -> Path:
    """Return mlbox's folder in the user's cache (XDG base directories); it need not exist."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if os.path.isabs(named) else Path.home() / ".cache"  # noqa: PTH117  ("" too)
    return base / "mlbox"


def known_facts() -> Facts:
    """Return the facts in force: those that came with mlbox, and newer ones that were saved."""
    return load_facts(saved_facts())


def saved_facts() -> Path:
    """Return the file that an update of the facts saves; it need not exist."""
    return cache_folder() / "facts" / "tables.json"


def cache_file(kind: str, key: str) -> Path:
    """Return the file of the cache for one of a kind of things, whatever letters its key has."""
    import hashlib  # noqa: PLC0415  (loads on use)

    return cache_folder() / kind / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Return what a file of the cache says; ``None`` where it is missing or corrupt."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def write_json(path: Path, value: object) -> None:
    """Write a file of the cache whole: whoever reads it sees the old text or the new.

    Raises:
        OSError: The cache cannot be written.
    """
    import tempfile  # noqa: PLC0415  (the cache is read often and written seldom)

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
