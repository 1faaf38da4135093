"""The tables in force: those that came with mlbox, and newer ones that an update saved.

An update saves its tables in one file, which is replaced whole. A saved table replaces the bundled
one of the same name if it is as it was saved, has the same columns, and is not older. Whatever else
is found there, the bundled tables are used.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BUNDLED = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Return the names of the tables."""
    return tuple(path.stem for path in sorted(_BUNDLED.glob("*.csv")))


def tables(saved: Path | None) -> tuple[Mapping[str, str], str | None]:
    """Return the text of every table in force, and what is wrong with the saved ones.

    Args:
        saved: The file of ``mlbox facts update``; ``None`` for the bundled tables alone.

    Returns:
        The texts by table name, and a message for the user: ``None`` if nothing is wrong.
    """
    bundled = {name: _read(_BUNDLED / f"{name}.csv") for name in names()}
    if saved is None or not saved.exists():
        return bundled, None
    try:
        return {**bundled, **cached_tables(saved)}, None
    except (OSError, ValueError) as error:
        return bundled, _problem(saved, error)


def cached_tables(saved: Path) -> dict[str, str]:
    """Return the saved tables that replace bundled ones.

    Raises:
        OSError: They cannot be read.
        ValueError: They are not as they were saved.
    """
    from mlbox.facts import dated  # noqa: PLC0415  (loads on use: most machines have no update)

    bundled = dated.manifest()
    entries = dated.saved(saved)
    for name, (_, text) in entries.items():
        _check_rows(name, text)
    return {
        name: text for name, (stamp, text) in entries.items() if stamp.as_of >= bundled[name].as_of
    }


def days(saved: Path | None) -> dict[str, str]:
    """Return the day that each table in force speaks of (ISO 8601)."""
    from mlbox.facts import dated  # noqa: PLC0415  (loads on use)

    known = {name: entry.as_of for name, entry in dated.manifest().items()}
    if saved is None or not saved.exists():
        return known
    try:
        used, entries = cached_tables(saved), dated.saved(saved)
    except (OSError, ValueError):
        return known
    return {**known, **{name: entries[name][0].as_of for name in used}}


def rows(text: str) -> Iterator[dict[str, str]]:
    """Yield a table's rows by column name."""
    yield from csv.DictReader(text.splitlines())


def header(text: str) -> list[str]:
    """Return a table's column names."""
    return next(csv.reader(text.splitlines()[:1]), [])


def _check_rows(name: str, text: str) -> None:
    columns = header(text)
    bundled = _BUNDLED / f"{name}.csv"
    if not bundled.is_file() or columns != header(_read(bundled)):
        raise ValueError(f"{name}.csv does not have the columns of this mlbox.")
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if len(row) != len(columns):
            raise ValueError(f"{name}.csv has {len(row)} values in row {number}.")


def _read(path: Path) -> str:
    # not importlib.resources: it takes longer to load than the tables
    return path.read_bytes().decode()


def _problem(saved: Path, error: Exception) -> str:
    return (
        f"The facts saved in {saved} cannot be used: {str(error).rstrip('.')}. "
        "Those that came with mlbox are used instead; `mlbox facts update` saves them anew."
    )
