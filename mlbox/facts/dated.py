"""The day of each table, and a hash that holds the table to it.

``manifest.json`` beside the bundled tables has, per table, the day it speaks of and the SHA-256 of
its text. A table that was changed without a new day is found by its hash. What an update saves is
one file, which has the tables, their day and their hash.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFEST = "manifest.json"
BUNDLED = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """When a table's facts were true (ISO 8601), and the SHA-256 of its text."""

    as_of: str
    sha256: str


def stamp(text: str, *, as_of: str) -> Stamp:
    """Date one table's text."""
    return Stamp(as_of=as_of, sha256=hashlib.sha256(text.encode()).hexdigest())


def texts(folder: Path) -> dict[str, str]:
    """Return the tables in a folder by name."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.csv"))}


def manifest(folder: Path = BUNDLED) -> dict[str, Stamp]:
    """Read the manifest of a folder of tables.

    Raises:
        OSError: There is none, or it cannot be read.
        ValueError: It is not a manifest.
    """
    try:
        entries = json.loads(_read(folder / MANIFEST))
        return {name: _stamp(entry) for name, entry in entries.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{MANIFEST} is not a manifest") from error


def manifest_text(stamps: Mapping[str, Stamp]) -> str:
    """Return a manifest as it is written."""
    entries = {
        name: {"as_of": entry.as_of, "sha256": entry.sha256}
        for name, entry in sorted(stamps.items())
    }
    return json.dumps(entries, indent=2) + "\n"


def saved_entries(tables: Mapping[str, str], *, as_of: str) -> dict[str, dict[str, str]]:
    """Return tables with their day, as an update saves them in one file of JSON."""
    return {
        name: {"as_of": as_of, "sha256": stamp(text, as_of=as_of).sha256, "table": text}
        for name, text in tables.items()
    }


def saved(file: Path) -> dict[str, tuple[Stamp, str]]:
    """Read the tables that an update saved, with their day.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not as it was saved.
    """
    try:
        entries = json.loads(_read(file))
        found = {name: (_stamp(entry), str(entry["table"])) for name, entry in entries.items()}
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError("it is not what an update saves") from error
    for name, (known, text) in found.items():
        if stamp(text, as_of=known.as_of) != known:
            raise ValueError(f"its table {name} changed after it was saved")
    return found


def restamped(
    tables: Mapping[str, str], known: Mapping[str, Stamp], *, as_of: str
) -> dict[str, Stamp]:
    """Date the tables that changed since they were stamped; the others keep their day."""
    stamps = {name: stamp(text, as_of=as_of) for name, text in tables.items()}
    return {
        name: known[name] if name in known and known[name].sha256 == new.sha256 else new
        for name, new in stamps.items()
    }


def check(folder: Path = BUNDLED) -> tuple[str, ...]:
    """Return a sentence per table that its manifest does not date; none if all is well."""
    return tuple(_undated(texts(folder), manifest(folder)))


def _undated(tables: Mapping[str, str], stamps: Mapping[str, Stamp]) -> Iterator[str]:
    for name in sorted(tables.keys() | stamps.keys()):
        if name not in stamps:
            yield f"{name}.csv has no as_of in {MANIFEST}."
        elif name not in tables:
            yield f"{MANIFEST} dates {name}.csv, which does not exist."
        elif stamp(tables[name], as_of="").sha256 != stamps[name].sha256:
            yield f"{name}.csv changed after {stamps[name].as_of}, its as_of in {MANIFEST}."


def _stamp(entry: dict[str, str]) -> Stamp:
    date.fromisoformat(entry["as_of"])
    return Stamp(as_of=entry["as_of"], sha256=str(entry["sha256"]))


def _read(path: Path) -> str:
    # newlines as they are: the hash is of the bytes
    return path.read_bytes().decode()
