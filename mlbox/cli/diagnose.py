"""``mlbox diagnose``: why a run failed, from its log and the way it ended."""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.cli._logs import diagnose_file
from mlbox.diagnosis import Cause, Diagnosis, Ended
from mlbox.errors import SpecError
from mlbox.record import STATE_FOLDER, RunRecord, RunStore
from mlbox.spec import has_spec, load_project

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

WIDTH = 96


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to diagnose, and what is known of how it ended."""
    parser.add_argument(
        "target",
        nargs="?",
        default="last",
        metavar="LOG | RUN-ID",
        help="a log file (may be .gz), - for standard input, or a run's id or its beginning; "
        "default: the last run",
    )
    parser.add_argument("--project", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print JSON")
    group = parser.add_argument_group("how it ended, for a log of something else than a run")
    group.add_argument("--exit-code", type=int, metavar="N", help="its exit code")
    group.add_argument("--oom-killed", action="store_true", help="docker inspect says OOMKilled")
    group.add_argument("--timed-out", action="store_true", help="it was stopped by a time limit")


def run(args: argparse.Namespace) -> int:
    """Print what a log or a run says of its failure; 0 also if that is not known."""
    record, diagnosis = _diagnosed(args)
    if args.json:
        print(json.dumps(as_json(diagnosis, record), indent=2, ensure_ascii=False))
    else:
        print("\n".join(told(diagnosis, record)))
    return 0


def _diagnosed(args: argparse.Namespace) -> tuple[RunRecord | None, Diagnosis]:
    """Return the run, if it is one, and what is to be said of it."""
    path = Path(args.target)
    if args.target == "-":
        return None, diagnose_file(sys.stdin.buffer, "on standard input", exit_state=_state(args))
    if path.exists() and not path.is_dir():
        return None, diagnose_file(path, args.target, exit_state=_state(args))
    store, name = _run_of(args.target, args.project)
    record = store.read(name)
    return record, store.diagnosis(record)


def told(diagnosis: Diagnosis, record: RunRecord | None = None) -> Iterator[str]:
    """Yield the lines that tell a person what happened."""
    if record is not None:
        error = f": {record.error}" if record.error else ""
        yield from textwrap.wrap(f"Run {record.id} {record.state}{error}", WIDTH)
        yield ""
    if not diagnosis.causes and not (record and record.exit_code == 0):
        ended = f" ({diagnosis.ended})" if diagnosis.ended else ""
        yield f"{diagnosis.headline}{ended}"
    for cause in diagnosis.causes[:1]:
        yield from _told_cause(cause, diagnosis.ended)
    if diagnosis.last_error is not None:
        yield from _wrapped("last error", diagnosis.last_error.text)
        yield from _wrapped("", f"line {diagnosis.last_error.line}")
    for cause in diagnosis.causes[1:]:
        finding = cause.finding
        known = f"{finding.code} {finding.slug} ({cause.place}): {finding.what}"
        yield from _wrapped("also", known)


def _told_cause(cause: Cause, ended: str) -> Iterator[str]:
    finding = cause.finding
    sure = "" if finding.confidence == "high" else f", {finding.confidence} confidence"
    more = f", and {cause.seen - 1} more like it" if cause.seen > 1 else ""
    yield from _wrapped("cause", f"{finding.what} ({finding.code} {finding.slug}{sure})")
    yield from _wrapped("evidence", cause.evidence.text)
    yield from _wrapped("", f"{cause.place}{more}")
    if ended and cause.evidence.text != ended:
        yield from _wrapped("ended", ended)
    yield from _wrapped("why", finding.why)
    yield from _wrapped("fix", finding.fix)
    if cause.rules:
        yield from _wrapped("lint", f"{', '.join(cause.rules)} would have said so before the run")


def as_json(diagnosis: Diagnosis, record: RunRecord | None) -> dict[str, object]:
    """Return a diagnosis as a program reads it."""
    return {
        "run": record.id if record else None,
        "headline": diagnosis.headline,
        "recognised": diagnosis.recognised,
        "failed": diagnosis.failed,
        "ended": diagnosis.ended,
        "lines": diagnosis.lines,
        "causes": [_cause_json(cause) for cause in diagnosis.causes],
        "last_error": asdict(diagnosis.last_error) if diagnosis.last_error else None,
    }


def _cause_json(cause: Cause) -> dict[str, object]:
    finding = cause.finding
    return {
        "code": finding.code,
        "slug": finding.slug,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "cause": finding.what,
        "why": finding.why,
        "fix": finding.fix,
        "evidence": asdict(cause.evidence),
        "rules": list(cause.rules),
        "seen": cause.seen,
    }


def _run_of(target: str, project: Path) -> tuple[RunStore, str]:
    """Return where a run is, and its name: an id, its beginning, or its folder.

    Raises:
        SpecError: It is the name of a file that is not there, or a folder of something else.
    """
    path = Path(target)
    if path.is_dir() and (path / "record.json").is_file():
        folder = path.resolve()
        return RunStore(folder.parents[2]), folder.name
    nowhere = target != "last" and not (project / STATE_FOLDER).is_dir() and not has_spec(project)
    if path.is_dir() or "/" in target or path.suffix or nowhere:
        raise SpecError(
            f"There is no log {target}.",
            why="It is a folder, and not that of a run."
            if path.is_dir()
            else "There is no such file, and no run is called that.",
            fix="Give a log file, - for standard input, or the id of a run (mlbox runs list).",
        )
    return RunStore(_root(project)), target


def _root(project: Path) -> Path:
    """Return the project's folder; its runs can be read without a spec that is valid now."""
    if (project / STATE_FOLDER).is_dir():
        return project
    return load_project(project).root


def _state(args: argparse.Namespace) -> Ended | None:
    if args.exit_code is None and not (args.oom_killed or args.timed_out):
        return None
    return Ended(exit_code=args.exit_code, oom_killed=args.oom_killed, timed_out=args.timed_out)


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{label:11}",
        subsequent_indent=" " * 11,
        break_on_hyphens=False,
    )
