"""The tables of frameworks, refreshed from what a package index states today.

``refreshed`` reads the index and returns tables with what became different; nothing is written.
``save`` puts them where ``mlbox.facts.cached`` finds them, ``bundle`` into a folder of tables that
is under version control.
"""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from mlbox.cache import write_json
from mlbox.errors import HostError
from mlbox.facts import dated
from mlbox.facts.cached import header, rows
from mlbox.refresh.merge import Change, changes, merge
from mlbox.refresh.published import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mlbox.refresh.published import Index

__all__ = ["FRAMEWORKS", "Change", "Refreshed", "bundle", "refreshed", "restamp", "save"]

FRAMEWORKS = ("torch", "tensorflow", "jax")
CONNECTIONS = 8


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """Tables as they are now, by name, and what is different in them."""

    tables: Mapping[str, str]
    changes: tuple[Change, ...]


def refreshed(
    index: Index,
    bundled: Mapping[str, str],
    in_force: Mapping[str, str],
    *,
    as_of: str,
    told: Callable[[str], object] = lambda _: None,
) -> Refreshed:
    """Read a package index, and return the frameworks' tables with what it states.

    Args:
        index: The package index.
        bundled: The tables to begin with, by name.
        in_force: The tables to compare with: these, or what an earlier update saved.
        as_of: Today (ISO 8601).
        told: Receives each framework's name before it is read.

    Raises:
        IndexUnreachableError: The index, or a file of it, cannot be read.
        HostError: It has no such framework.
    """
    tables: dict[str, str] = {}
    found: list[Change] = []
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for name in FRAMEWORKS:
            told(name)
            known = list(rows(bundled[name]))
            oldest = min((row["release"] for row in known), key=Version)
            stated = statements(name, index, oldest=oldest, each=threads.map)
            if not stated:
                raise _no_framework(name)
            merged = merge(known, stated, as_of=as_of)
            tables[name] = table_text(header(bundled[name]), merged)
            found += changes(name, rows(in_force[name]), merged)
    return Refreshed(tables=tables, changes=tuple(found))


def table_text(columns: Iterable[str], table: Iterable[Mapping[str, str]]) -> str:
    """Return a table as it is written."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def save(file: Path, tables: Mapping[str, str], *, as_of: str) -> None:
    """Replace the saved tables whole: whoever reads, and whoever is killed, leaves old or new.

    Raises:
        OSError: They cannot be written; the old ones are as they were.
    """
    write_json(file, dated.saved_entries(tables, as_of=as_of))


def bundle(folder: Path, tables: Mapping[str, str], *, as_of: str) -> None:
    """Write tables into a folder that has some, and date those that changed."""
    for name, text in tables.items():
        (folder / f"{name}.csv").write_bytes(text.encode())
    restamp(folder, as_of=as_of)


def restamp(folder: Path, *, as_of: str) -> tuple[str, ...]:
    """Date the tables of a folder that changed since they were dated; return their names."""
    try:
        known = dated.manifest(folder)
    except FileNotFoundError:
        known = {}
    stamps = dated.restamped(dated.texts(folder), known, as_of=as_of)
    (folder / dated.MANIFEST).write_text(dated.manifest_text(stamps), encoding="utf-8")
    return tuple(name for name, entry in stamps.items() if known.get(name) != entry)


def _no_framework(name: str) -> HostError:
    return HostError(
        f"The package index has no {name}.",
        why="It is a mirror without it, or no index may be asked (no-index).",
        fix="Set index-url in pip's configuration to an index that has it; the facts stay as "
        "they are.",
    )
