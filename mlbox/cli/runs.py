"""``mlbox runs``: list, show and read recorded runs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.record import RunRecord, RunStore
from mlbox.spec import load_project

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add list, show and logs."""
    actions = parser.add_subparsers(dest="action", metavar="list | show | logs", required=True)
    for name, text in (
        ("list", "all runs of the project, oldest first"),
        ("show", "one run's record"),
        ("logs", "what one run printed"),
    ):
        action = actions.add_parser(name, help=text, description=text.capitalize())
        action.add_argument("--project", type=Path, default=Path(), metavar="DIR")
        action.add_argument("--json", action="store_true", help="print JSON")
        if name != "list":
            action.add_argument(
                "id", nargs="?", default="last", help="the run's id or its beginning; default: last"
            )


def run(args: argparse.Namespace) -> int:
    """Print what was asked for."""
    store = RunStore(load_project(args.project).root)
    if args.action == "list":
        _list(store.all(), as_json=args.json)
        return 0
    record = store.read(args.id)
    if args.action == "show":
        _show(record, store, as_json=args.json)
    else:
        _logs(record, store, as_json=args.json)
    return 0


def _list(records: tuple[RunRecord, ...], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(record) for record in records], indent=2, ensure_ascii=False))
        return
    if not records:
        print("No runs yet.", file=sys.stderr)
    for record in records:
        metrics = " ".join(f"{name}={value:g}" for name, value in record.metrics.items())
        seconds = record.timings.get("run", 0)
        print(f"{record.id}  {record.state:9}  {seconds:7.1f} s  {metrics}".rstrip())


def _show(record: RunRecord, store: RunStore, *, as_json: bool) -> None:
    if as_json:
        print(record.to_json(), end="")
        return
    for name, value in _rows(record, store):
        print(f"{name:12} {value}")


def _rows(record: RunRecord, store: RunStore) -> Iterator[tuple[str, str]]:
    """Yield what a person wants to know of a run; ``--json`` has all of it."""
    yield "id", record.id
    yield "state", record.state + (f": {record.error}" if record.error else "")
    yield "exit code", str(record.exit_code)
    if record.state == "failed" and (cause := store.diagnosis(record).cause):
        yield "cause", f"{cause.finding.what} (mlbox diagnose {record.id})"
    yield "started", record.started_at or ""
    yield "finished", record.finished_at or ""
    yield "command", " ".join(record.command)
    yield "image", record.image or ""
    yield "code", record.code_digest
    yield "lock", record.lock_digest
    yield from (("git", f"{key} {value}") for key, value in record.git.items())
    yield from (("reason", reason) for reason in record.resolution.get("reasons", ()))
    yield from (("input", f"{entry.path} {entry.digest}") for entry in record.inputs)
    yield from (("metric", f"{name} = {value:g}") for name, value in record.metrics.items())
    artifacts = store.artifacts_path(record.id)
    yield from (("artifact", str(artifacts / entry.path)) for entry in record.outputs)
    yield from (
        ("undeclared", str(store.work_path(record.id) / path)) for path in record.undeclared
    )
    yield "log", str(store.log_path(record.id))
    yield from (("seconds", f"{name} {value:g}") for name, value in record.timings.items())


def _logs(record: RunRecord, store: RunStore, *, as_json: bool) -> None:
    path = store.log_path(record.id)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if as_json:
        print(json.dumps({"id": record.id, "lines": lines}, indent=2, ensure_ascii=False))
        return
    for line in lines:
        print(line)
