"""``mlbox diagnose``: why a run failed, from its log and the way it ended."""

from __future__ import annotations

import codecs
import gzip
import json
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlbox.diagnosis import BLOCK, Cause, Diagnosis, diagnose_stream
from mlbox.engine.protocol import ExitState
from mlbox.errors import SpecError
from mlbox.record import STATE_FOLDER, RunRecord, RunStore

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from mlbox.diagnosis import ExitState as AnyExitState

WIDTH = 96
_GZIP = b"\x1f\x8b"
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


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
    record, path = _target(args.target, args.project)
    state = record or _state(args)
    if path is None:
        diagnosis = diagnose_stream(_pieces(sys.stdin.buffer), exit_state=state)
    elif record is not None and not path.exists():
        diagnosis = diagnose_stream((), exit_state=state)
    else:
        diagnosis = diagnose_file(path, exit_state=state)
    if args.json:
        print(json.dumps(as_json(diagnosis, record), indent=2, ensure_ascii=False))
    else:
        print("\n".join(told(diagnosis, record)))
    return 0


def diagnose_file(path: Path, *, exit_state: AnyExitState | None = None) -> Diagnosis:
    """Say why a run failed, from its log file.

    Raises:
        SpecError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return diagnose_stream(_pieces(file), exit_state=exit_state)
    except (OSError, EOFError) as error:
        raise SpecError(
            f"The log {path} cannot be read.",
            why=f"{getattr(error, 'strerror', None) or error}.",
            fix="Give a log file, - for standard input, or the id of a run (mlbox runs list).",
        ) from error


def told(diagnosis: Diagnosis, record: RunRecord | None = None) -> Iterator[str]:
    """Yield the lines that tell a person what happened."""
    if record is not None:
        error = f": {record.error}" if record.error else ""
        yield from _wrapped(f"Run {record.id} {record.state}{error}", "")
        yield ""
    first = diagnosis.cause
    if first is None:
        yield diagnosis.headline + (f" ({diagnosis.ended})" if diagnosis.ended else "")
        if diagnosis.last_error is not None:
            yield from _wrapped(_place(diagnosis.last_error.line), "last error ")
            yield from _wrapped(diagnosis.last_error.text, "           ")
        return
    yield from told_cause(first)
    if diagnosis.ended:
        yield from _wrapped(diagnosis.ended, "ended     ")
    for cause in diagnosis.causes[1:]:
        finding = cause.finding
        place = _place(cause.evidence.line)
        yield from _wrapped(
            f"{finding.code} {finding.slug} ({place}): {finding.what}", "also      "
        )


def told_cause(cause: Cause) -> Iterator[str]:
    """Yield the lines that tell a person one cause."""
    finding = cause.finding
    yield from _wrapped(finding.what, "cause     ")
    yield from _wrapped(cause.evidence.text, "evidence  ")
    more = f", and {cause.seen - 1} more like it" if cause.seen > 1 else ""
    yield f"          {_place(cause.evidence.line)}{more}"
    yield from _wrapped(finding.why, "why       ")
    yield from _wrapped(finding.fix, "fix       ")
    rules = (
        f"; would have been found by mlbox lint: {', '.join(cause.rules)}" if cause.rules else ""
    )
    sure = "" if finding.confidence == "high" else f" ({finding.confidence} confidence)"
    yield from _wrapped(f"{finding.code} {finding.slug}{sure}{rules}", "rule      ")


def as_json(diagnosis: Diagnosis, record: RunRecord | None) -> dict[str, object]:
    """Return a diagnosis as a program reads it."""
    return {
        "run": record.id if record else None,
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


def _target(target: str, project: Path) -> tuple[RunRecord | None, Path | None]:
    """Return the run, if it is one, and its log; neither for standard input.

    Raises:
        SpecError: There is neither such a file nor such a run.
    """
    if target == "-":
        return None, None
    path = Path(target)
    if path.is_file() or (path.exists() and not path.is_dir()):
        return None, path
    store = RunStore(_root(project))
    if path.is_dir() and (path / "record.json").is_file():  # the folder of a run
        target = path.resolve().name
        store = RunStore(path.resolve().parents[2])
    elif "/" in target or path.suffix:
        raise SpecError(
            f"There is no log {target}.",
            why="It is a folder." if path.is_dir() else "No such file.",
            fix="Give a log file, - for standard input, or the id of a run (mlbox runs list).",
        )
    record = store.read(target)
    return record, store.log_path(record.id)


def _root(project: Path) -> Path:
    """Return the project's folder; its runs can be read without a spec that is valid now."""
    if (project / STATE_FOLDER).is_dir():
        return project
    from mlbox.spec import load_project  # noqa: PLC0415  (loads on use)

    return load_project(project).root


def _state(args: argparse.Namespace) -> ExitState | None:
    if args.exit_code is None and not (args.oom_killed or args.timed_out):
        return None
    code = args.exit_code if args.exit_code is not None else 137
    return ExitState(exit_code=code, oom_killed=args.oom_killed, timed_out=args.timed_out)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked, as UTF-8."""
    first = file.read(BLOCK)
    if first.startswith(_GZIP) and file.seekable():
        file.seek(0)
        with gzip.open(file) as unpacked:
            yield from _pieces(unpacked)  # type: ignore[arg-type]  # it reads bytes
        return
    decoder = next(
        (
            codecs.getincrementaldecoder(name)("replace")
            for bom, name in _UTF16.items()
            if first.startswith(bom)
        ),
        None,
    )
    piece = first
    while piece:
        yield decoder.decode(piece).encode("utf-8", "replace") if decoder else piece
        piece = file.read(BLOCK)


def _place(line: int | None) -> str:
    return f"line {line}" if line else "how it ended"


def _wrapped(text: str, label: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=label,
        subsequent_indent=" " * max(len(label), 2 if not label else 0),
        break_on_hyphens=False,
    )
