"""``mlbox train``: build, run, bring the outputs back, record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlbox.cli._display import shown
from mlbox.cli._project import add_job_arguments, add_project_arguments, project_from
from mlbox.engine.docker import docker_engine
from mlbox.record import RunRecord, RunStore
from mlbox.run import run_error, train

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

LOG_TAIL = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the spec and of the job."""
    add_project_arguments(parser)
    add_job_arguments(parser)
    parser.add_argument("--update-lock", action="store_true", help="make the lock anew first")
    parser.add_argument("--quiet", action="store_true", help="print the run's id only")
    parser.add_argument("--json", action="store_true", help="print the record as JSON, at the end")


def run(args: argparse.Namespace) -> int:
    """Train, and end with what a person needs: id, metrics, artifacts, seconds."""
    project = project_from(args)
    with shown(quiet=args.quiet or args.json) as on_event:
        record = train(project, docker_engine(), on_event, update_lock=args.update_lock)
    store = RunStore(project.root)
    if args.json:
        print(record.to_json(), end="")
    elif args.quiet:
        print(record.id)
    else:
        print("\n".join(summary(record, store)), file=sys.stderr)
    if record.state == "succeeded":
        return 0
    tail = store.log_tail(record.id, LOG_TAIL)
    error = run_error(record, tail, store.diagnosis(record))
    if error is not None:
        raise error
    return 0


def summary(record: RunRecord, store: RunStore) -> Iterator[str]:
    """Yield the lines that sum a run up."""
    yield ""
    yield f"run        {record.id}  {record.state}"
    for name, value in record.metrics.items():
        yield f"metric     {name} = {value:g}"
    for entry in record.outputs:
        yield f"artifact   {store.artifacts_path(record.id) / entry.path}  {entry.size_bytes} bytes"
    for name in record.undeclared[:10]:
        yield f"undeclared {store.work_path(record.id) / name}"
    yield "time       " + "  ".join(
        f"{name} {value:.1f} s" for name, value in record.timings.items()
    )
