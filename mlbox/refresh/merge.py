"""A framework's table and what an index states, as one table; and what is different in it.

Only what an index states is changed. What it cannot know (compute capabilities, builds that are
elsewhere) stays, and a release that the table does not have takes it from its own series.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from mlbox.refresh.published import ANY_CUDA, COMPANIONS, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlbox.refresh.published import Statement

    Row = dict[str, str]

PYTHONS = tuple(f"{platform}_pythons" for platform in PLATFORMS)
# what a release does not take from its series: that it exists, and whatever pairs with it alone
OWN = ("release", *PYTHONS, *COMPANIONS, "loose", "source", "confidence", "notes")
UNDATED = ("source", "notes")  # say where a fact is from, not what it is

_READ = re.compile(r"; package index \d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One value of a table that became another.

    Attributes:
        table: ``"torch"``.
        release: ``"2.14.1"``.
        tag: ``"cu130"``.
        column: ``"cudnn"``; empty for a row that was not there.
        before: Its value; empty if there was none.
        after: Its value now; for a new row, what is in it.
    """

    table: str
    release: str
    tag: str
    column: str
    before: str
    after: str


def merge(
    rows: Sequence[Mapping[str, str]], statements: Iterable[Statement], *, as_of: str
) -> list[Row]:
    """Return a framework's table with all that an index states.

    Args:
        rows: The table.
        statements: What the index states.
        as_of: The day it was read, for the source of what it changes.

    Returns:
        The rows, those of releases that the table did not have in their places.
    """
    merged = [dict(row) for row in rows]
    of_release: dict[str, list[Statement]] = {}
    for statement in statements:
        of_release.setdefault(statement.release, []).append(statement)
    for release, stated in of_release.items():
        known = [row for row in merged if row["release"] == release]
        _amend(known, stated, as_of)
        new = [entry for entry in stated if not any(_speaks_of(entry, row) for row in known)]
        whole = [entry for entry in stated if entry.tag is None]
        _insert(merged, _new_rows(rows, [*whole, *new] if known else stated, as_of))
    return [_with_real_default(row) for row in merged if any(row[name] for name in PYTHONS)]


def changes(
    table: str, before: Iterable[Mapping[str, str]], after: Iterable[Mapping[str, str]]
) -> Iterator[Change]:
    """Yield what is different in a table, value by value; sources and notes are not compared."""
    old = {(row["release"], row["tag"]): row for row in before}
    new = {(row["release"], row["tag"]): row for row in after}
    for (release, tag), row in new.items():
        known = old.get((release, tag))
        if known is None:
            yield Change(
                table=table, release=release, tag=tag, column="", before="", after=_summary(row)
            )
            continue
        for column, value in row.items():
            if column not in UNDATED and known.get(column, "") != value:
                yield Change(
                    table=table,
                    release=release,
                    tag=tag,
                    column=column,
                    before=known.get(column, ""),
                    after=value,
                )
    for release, tag in old.keys() - new.keys():
        text = "(not in the newer table)"
        yield Change(table=table, release=release, tag=tag, column="", before="", after=text)


def _with_real_default(row: Row) -> Row:
    """Return a row that is the default only where it has wheels."""
    left = [name for name in row["default"].split() if row[f"{name}_pythons"]]
    return {**row, "default": " ".join(left)}


def _amend(rows: Sequence[Row], statements: Iterable[Statement], as_of: str) -> None:
    """Write into the rows of a release what is stated of them."""
    for statement in statements:
        for row in rows:
            if _speaks_of(statement, row):
                _write(row, statement, as_of)
            elif "default" in statement.values:
                taken = statement.values["default"].split()
                left = [name for name in row["default"].split() if name not in taken]
                _set(row, {"default": " ".join(left)}, as_of)


def _speaks_of(statement: Statement, row: Mapping[str, str]) -> bool:
    if statement.tag == ANY_CUDA:
        return row["tag"].startswith("cu")
    return statement.tag in {None, row["tag"]}


def _write(row: Row, statement: Statement, as_of: str) -> None:
    stated = {name for name in COMPANIONS if name in statement.values}
    before = row["loose"].split()
    loose = ({*before} - stated) | ({*statement.loose} & stated)
    ordered = [*(name for name in before if name in loose), *sorted(loose.difference(before))]
    _set(row, {**statement.values, "loose": " ".join(ordered)}, as_of)


def _set(row: Row, values: Mapping[str, str], as_of: str) -> None:
    different = {
        column: value for column, value in values.items() if not _same(column, row[column], value)
    }
    if different:
        row.update(different)
        row["source"] = f"{_READ.sub('', row['source'])}; package index {as_of}"


def _same(column: str, known: str, stated: str) -> bool:
    if column == "cuda":  # an index may state the minor version alone
        return f"{known}.".startswith(f"{stated}.")
    if column == "default":
        return set(known.split()) == set(stated.split())
    if column in COMPANIONS and known and stated:
        return known == stated or _is_same_range(known, stated)
    return known == stated


def _is_same_range(known: str, stated: str) -> bool:
    try:
        return SpecifierSet(known) == SpecifierSet(stated)
    except InvalidSpecifier:
        return False


def _new_rows(
    rows: Sequence[Mapping[str, str]], statements: Sequence[Statement], as_of: str
) -> list[Row]:
    """Return rows for a release that the table does not have: one per tag with some wheel."""
    whole = [statement for statement in statements if statement.tag is None]
    made = []
    for statement in statements:
        if statement.tag is None or not any(statement.values.get(name) for name in PYTHONS):
            continue
        row = dict.fromkeys(rows[0], "")
        sibling = _sibling(rows, statement)
        if sibling is None and statement.tag == ANY_CUDA:
            continue
        row.update(release=statement.release, tag=statement.tag)
        if sibling:
            row.update({key: value for key, value in sibling.items() if key not in OWN})
        for entry in (*whole, statement):
            row.update(entry.if_new)
            row.update(entry.values)
            row["loose"] = " ".join(filter(None, (row["loose"], *entry.loose)))
        row.update(_origin(statement, sibling, as_of))
        made.append(row)
    return made


def _sibling(rows: Sequence[Mapping[str, str]], statement: Statement) -> Mapping[str, str] | None:
    """Return the row of the same tag whose release is nearest in the same series, older first."""
    release = Version(statement.release)
    series = [
        row
        for row in rows
        if _speaks_of(statement, row)
        and row["confidence"] != "unverified"
        and Version(row["release"]).release[:2] == release.release[:2]
    ]
    older = [row for row in series if Version(row["release"]) < release]
    if older:
        return max(older, key=lambda row: Version(row["release"]))
    return min(series, key=lambda row: Version(row["release"]), default=None)


def _origin(
    statement: Statement, sibling: Mapping[str, str] | None, as_of: str
) -> Mapping[str, str]:
    source = f"package index {as_of}"
    if sibling:
        return {
            "source": f"as {sibling['release']} {sibling['tag']}; {source}",
            "confidence": "inferred",
        }
    # without a sibling its compute capabilities are not known, and only a CPU needs none
    return {"source": source, "confidence": "single" if statement.tag == "cpu" else "unverified"}


def _insert(rows: list[Row], new: Sequence[Row]) -> None:
    """Put a release after the last row of an older one."""
    for row in reversed(new):
        release = Version(row["release"])
        after = [i for i, known in enumerate(rows) if Version(known["release"]) < release]
        rows.insert(max(after, default=-1) + 1, row)


def _summary(row: Mapping[str, str]) -> str:
    """Say what a new row states, in the order of the table."""
    shown = {key: value for key, value in row.items() if value and key not in UNDATED}
    return ", ".join(
        f"{key} {value}" for key, value in shown.items() if key not in {"release", "tag"}
    )
