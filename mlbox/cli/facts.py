"""``mlbox facts``: what mlbox knows, with its sources; and the update of it."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.cache import saved_facts
from mlbox.errors import HostError, SpecError
from mlbox.facts.cached import days, header, names, rows, tables

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from mlbox.index import PackageIndex
    from mlbox.refresh import Change

ALIASES = {
    "gpu": "gpus",
    "image": "images",
    "instance": "instances",
    "device": "devices",
}
ORIGIN = ("source", "notes")  # long, and shown with --long


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one action per table, and the update."""
    actions = parser.add_subparsers(dest="action", metavar="TABLE | update")
    spoken = {name: short for short, name in ALIASES.items()}
    for name in names():
        short = [spoken[name]] if name in spoken else []
        action = actions.add_parser(name, aliases=short, help=f"the table {name}")
        action.set_defaults(table=name)
        action.add_argument(
            "filter", nargs="*", metavar="WORD", help="show only rows in which all of these occur"
        )
        action.add_argument("--long", action="store_true", help="show sources and notes too")
        form = action.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print JSON")
        form.add_argument("--csv", action="store_true", help="print CSV")
    _add_update(actions)


def _add_update(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    update = actions.add_parser(
        "update",
        help="read the frameworks' releases from the package index",
        description="Read the releases of torch, tensorflow and jax from the package index, show "
        "what is new, and save it in the user's cache.",
    )
    update.add_argument("--dry-run", action="store_true", help="show what is new; save nothing")
    update.add_argument("--json", action="store_true", help="print JSON")
    update.add_argument(
        "--bundled", type=Path, metavar="DIR", help="write into the tables of a checkout instead"
    )
    update.add_argument(
        "--restamp",
        type=Path,
        metavar="DIR",
        help="ask no index; date the changed tables of a checkout",
    )
    update.add_argument("--as-of", metavar="DATE", help="the day the tables speak of; default: now")


def run(args: argparse.Namespace) -> int:
    """Print a table, list them all, or update them."""
    if args.action == "update":
        return _update(args)
    texts, problem = tables(saved_facts())
    if problem:
        print(problem, file=sys.stderr)
    if args.action is None:
        _list(texts)
        return 0
    _show(args, texts[args.table])
    return 0


def _list(texts: Mapping[str, str]) -> None:
    known = days(saved_facts())
    for name, text in sorted(texts.items()):
        count = sum(1 for _ in rows(text))
        print(f"{name:20} {count:5} rows, as of {known[name]}")


def _show(args: argparse.Namespace, text: str) -> None:
    found = [row for row in rows(text) if matches(row, args.filter)]
    as_of = days(saved_facts())[args.table]
    if args.json:
        entries = {"table": args.table, "as_of": as_of, "rows": found}
        print(json.dumps(entries, indent=2, ensure_ascii=False))
    elif args.csv:
        writer = csv.DictWriter(sys.stdout, header(text), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    else:
        _print_table([_without_origin(row) for row in found] if not args.long else found)
        count = f"{len(found)} row{'' if len(found) == 1 else 's'}" if found else "No row"
        words = f" with {' '.join(args.filter)}" if args.filter else ""
        print(f"{count}{words}, as of {as_of}")


def matches(row: Mapping[str, str], words: Iterable[str]) -> bool:
    """Return whether each word is in the row, sources and notes aside; a number as a whole.

    ``2.1`` is in ``2.1.2`` and not in ``2.10.0`` or ``12.1``.
    """
    text = "\n".join(value for column, value in row.items() if column not in ORIGIN)
    return all(re.search(_pattern(word), text, re.IGNORECASE) for word in words)


def _pattern(word: str) -> str:
    before = r"(?<![\d.])" if word[:1].isdigit() else ""
    after = r"(?!\d)" if word[-1:].isdigit() else ""
    return f"{before}{re.escape(word)}{after}"


def _without_origin(row: Mapping[str, str]) -> dict[str, str]:
    return {column: value for column, value in row.items() if column not in ORIGIN}


def _print_table(found: Sequence[Mapping[str, str]]) -> None:
    """Print rows: drawn in a terminal, as plain columns elsewhere; no column without a value."""
    columns = [name for name in (found[0] if found else ()) if any(row[name] for row in found)]
    cells = [[_short(name, row[name]) for name in columns] for row in found]
    if cells and sys.stdout.isatty():
        _draw(columns, cells)
    elif cells:
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        for line in (columns, *cells):
            print("  ".join(map(str.ljust, line, widths)).rstrip())


def _short(column: str, value: str) -> str:
    """Return a value as it is shown: Pythons without a gap are their first and last."""
    minors = re.findall(r"3\.(\d+)(?: |$)", value) if column.endswith("pythons") else []
    whole = [str(minor) for minor in range(int(minors[0]), int(minors[-1]) + 1)] if minors else []
    return f"3.{whole[0]}-3.{whole[-1]}" if len(whole) > 2 and minors == whole else value  # noqa: PLR2004


def _draw(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Draw a table if the terminal is wide enough for whole words, else one block per row."""
    from rich.console import Console  # noqa: PLC0415  (loads on use)

    console = Console(highlight=False)
    heads = [name.replace("_", "\n") for name in columns]
    widths = [
        max(len(word) for text in column for word in (*text.split(), ""))
        for column in zip(heads, *cells, strict=True)
    ]
    if sum(widths) + 2 * len(widths) <= console.width:
        _draw_table(console, dict(zip(heads, widths, strict=True)), cells)
        return
    for line in cells:
        for name, value in zip(columns, line, strict=True):
            if value:
                print(f"{name:22}{value}")
        print()


def _draw_table(
    console: Console, columns: Mapping[str, int], cells: Iterable[Sequence[str]]
) -> None:
    from rich import box  # noqa: PLC0415  (loads on use)
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 2, 0, 0), pad_edge=False)
    for name, width in columns.items():
        table.add_column(name, min_width=width, overflow="fold")
    for line in cells:
        table.add_row(*map(escape, line))
    console.print(table)


def _update(args: argparse.Namespace) -> int:
    from mlbox import refresh  # noqa: PLC0415  (loads on use)

    as_of = _day(args.as_of)
    if args.restamp:
        changed = refresh.restamp(args.restamp, as_of=as_of)
        print(f"Dated {as_of}: {', '.join(changed)}" if changed else "No table changed.")
        return 0
    bundled, in_force = _tables_of(args.bundled)
    index = configured_index(os.environ)
    try:
        result = refresh.refreshed(index, bundled, in_force, as_of=as_of, told=_say_reading)
    except HostError as error:
        raise HostError(
            "The facts were not updated; those in force stay as they are.",
            why=f"{error.what} {error.why}".strip(),
            fix=error.fix,
        ) from error
    _print_changes(result.changes, as_json=args.json)
    if args.dry_run or not result.changes:
        return 0
    if args.bundled:
        refresh.bundle(args.bundled, result.tables, as_of=as_of)
    else:
        refresh.save(saved_facts(), result.tables, as_of=as_of)
    print(f"Saved in {args.bundled or saved_facts()}.", file=sys.stderr)
    return 0


def _tables_of(checkout: Path | None) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the tables to begin with, and those in force."""
    if checkout is None:
        return tables(None)[0], tables(saved_facts())[0]
    from mlbox.facts import dated  # noqa: PLC0415  (loads on use)

    texts = dated.texts(checkout)
    if "torch" not in texts:
        raise SpecError(
            f"{checkout} has no tables of facts.",
            why=f"There is no {checkout / 'torch.csv'}.",
            fix="Give mlbox/facts of a checkout of mlbox.",
        )
    return texts, texts


def configured_index(environment: Mapping[str, str]) -> PackageIndex:
    """Return the one index that pip's configuration names; facts are of it alone."""
    from mlbox.index import PackageIndex  # noqa: PLC0415  (loads on use)
    from mlbox.sources import PackageSources, pip_configuration  # noqa: PLC0415

    pip = pip_configuration(environment)
    certificate = pip.get("cert") or environment.get("SSL_CERT_FILE")
    return PackageIndex(
        PackageSources(
            index_url=pip.get("index-url") or environment.get("UV_DEFAULT_INDEX"),
            no_index=pip.get("no-index", "").lower() in {"1", "true", "yes", "on"},
            ca_bundle=Path(certificate) if certificate else None,
        )
    )


def _say_reading(framework: str) -> None:
    print(f"Reading {framework} ...", file=sys.stderr, flush=True)


def _day(asked: str | None) -> str:
    if asked is None:
        return datetime.now(tz=timezone.utc).date().isoformat()
    try:
        return datetime.strptime(asked, "%Y-%m-%d").replace(tzinfo=timezone.utc).date().isoformat()
    except ValueError as error:
        raise SpecError(
            f"--as-of {asked} is no day.",
            why="A day is written YYYY-MM-DD.",
            fix="Leave it out for today.",
        ) from error


def _print_changes(found: Sequence[Change], *, as_json: bool) -> None:
    from dataclasses import asdict  # noqa: PLC0415  (loads on use)

    if as_json:
        print(json.dumps([asdict(change) for change in found], indent=2, ensure_ascii=False))
    elif not found:
        print("Nothing new.")
    else:
        _print_table(
            [
                {
                    "table": change.table,
                    "release": f"{change.release} {change.tag}",
                    "what": change.column or "row",
                    "before": change.before or "-",
                    "after": change.after or "-",
                }
                for change in found
            ]
        )
