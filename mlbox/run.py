"""One training run: plan -> engine -> record."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from mlbox._version import __version__
from mlbox.data import Input, file_record, present_inputs
from mlbox.errors import MlboxError, RunError, SpecError
from mlbox.image import BuildResult, build_image, project_snapshot
from mlbox.plan import WORKSPACE, Mount, RunPlan, argv_of, plan_run
from mlbox.record import FileRecord, RunRecord, RunState, RunStore
from mlbox.snapshot import Snapshot, changed_files, copy_tree

if TYPE_CHECKING:
    from mlbox.diagnosis import Diagnosis
    from mlbox.engine import Engine, Event, ExitState, OnEvent
    from mlbox.resolve import Resolution
    from mlbox.spec import BoxSpec, JobSpec, Project

IMAGE_USER = 1000  # the user every mlbox image has; root's runs work as this one


def train(
    project: Project,
    engine: Engine,
    on_event: OnEvent,
    *,
    update_lock: bool = False,
) -> RunRecord:
    """Build the project's image, run its command in it, bring the outputs back, and record it.

    A command that fails is a result, not an exception: see the record's ``state`` and
    ``run_error``. A build that fails leaves no run; what goes wrong after it, until the command
    ends, is raised after it was recorded.

    Args:
        project: What to run.
        engine: Where.
        on_event: Receives the steps of the build and the lines of the run; an exception it
            raises stops the run.
        update_lock: Make the lock anew even if it is current.

    Raises:
        SpecError: The project has nothing to train, or an input is missing.
        BusyError: Another run is in progress in this project.
        MlboxError: The image could not be built, or the container not started.
    """
    job = _job(project)
    store = RunStore(project.root)
    with store.exclusively():
        built = build_image(project, engine, on_event, target="runtime", update_lock=update_lock)
        attempt = _prepare(project, job, store, built)
        return _run(attempt, engine, on_event)


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """A run that is ready to start."""

    record: RunRecord
    job: JobSpec
    store: RunStore
    inputs: tuple[Input, ...]
    snapshot: Snapshot

    @property
    def work(self) -> Path:
        """The folder the command works in: a copy of the code."""
        return self.store.work_path(self.record.id)

    @property
    def artifacts(self) -> Path:
        return self.store.artifacts_path(self.record.id)


def run_error(
    record: RunRecord, log_tail: Sequence[str] = (), diagnosis: Diagnosis | None = None
) -> RunError | None:
    """Return what went wrong with a run's command, or ``None`` if nothing did.

    Args:
        record: The run.
        log_tail: The last that it printed; told where the cause is not known.
        diagnosis: What is known of the cause.
    """
    if record.state == "succeeded" or record.error is None:
        return None
    what = f"Run {record.id} {record.state}: {record.error}"
    kept = f"The whole log: mlbox runs logs {record.id}. Its record and outputs are kept."
    printed = "\n".join(f"  {line}" for line in log_tail)
    last = f"The last it printed:\n{printed}" if printed else "It printed nothing."
    cause = diagnosis.cause if diagnosis else None
    if cause is None:
        return RunError(what, why=last, fix=kept)
    why = f"{cause.told}\n{last}" if cause.is_consequence else cause.told
    return RunError(what, why=why, fix=f"{cause.remedy}\n{kept}")


def _job(project: Project) -> JobSpec:
    if project.job is None:
        raise SpecError(
            "There is nothing to train.",
            why="The spec has no [tool.mlbox.train] table with a command.",
            fix='Add command = ["python", "train.py"] to it.',
        )
    return project.job


def _prepare(project: Project, job: JobSpec, store: RunStore, built: BuildResult) -> _Attempt:
    """Take stock of code and data, lay out the working copy, and write the first record."""
    began = time.monotonic()
    inputs = present_inputs(project.root, job.inputs)
    snapshot = project_snapshot(project)
    record = _new_record(project, job, built, inputs, snapshot)
    attempt = _Attempt(record=record, job=job, store=store, inputs=inputs, snapshot=snapshot)
    _prepare_work(attempt)
    record = _timed(record, build=built.seconds, prepare=time.monotonic() - began)
    store.write(record)
    return replace(attempt, record=record)


def _run(attempt: _Attempt, engine: Engine, on_event: OnEvent) -> RunRecord:
    """Run the container, and write down how it ended, however it ended."""
    record, store = replace(attempt.record, started_at=_now()), attempt.store
    store.write(record)
    began = time.monotonic()
    ended: ExitState | None = None
    error: str | None = None
    canceled = False
    try:
        with store.log_path(record.id).open("w", encoding="utf-8") as log:
            ended = engine.run(_plan(attempt), _logging_to(log, on_event))
        error = _exit_error(ended, attempt.job)
    except MlboxError as failure:
        error = failure.what
        raise
    except BaseException as stop:
        canceled, error = True, f"It was stopped ({type(stop).__name__})."
        raise
    finally:
        _own(attempt.work, os.getuid(), os.getgid())
        record = _timed(record, run=time.monotonic() - began)
        record = _collected(replace(attempt, record=record), error)
        state: RunState = "canceled" if canceled else "failed" if record.error else "succeeded"
        record = replace(record, state=state, finished_at=_now(), **_exit_fields(ended))
        store.write(record)
    return record


def _plan(attempt: _Attempt) -> RunPlan:
    return plan_run(
        attempt.job,
        image=str(attempt.record.image),
        run_id=attempt.record.id,
        mounts=_mounts(attempt),
        user=_container_user(),
        host_memory_bytes=_memory_bytes(),
    )


def _new_record(
    project: Project,
    job: JobSpec,
    built: BuildResult,
    inputs: tuple[Input, ...],
    snapshot: Snapshot,
) -> RunRecord:
    now = datetime.now(timezone.utc)
    return RunRecord(
        id=_new_id(now),
        name=project.box.name,
        created_at=now.isoformat(timespec="milliseconds"),
        command=argv_of(job),
        params=dict(job.params),
        image=built.id,
        dockerfile=built.dockerfile,
        lock_digest=built.lock.digest,
        code_digest=snapshot.digest,
        spec=_as_json(project.box),
        job=_as_json(job),
        resolution=_as_json(built.resolution),
        git=_git_state(project.root),
        inputs=tuple(entry.record for entry in inputs),
        host=_host(),
        mlbox_version=__version__,
    )


def _new_id(now: datetime) -> str:
    """Time to the millisecond, so that ids sort, and a little chance for two projects at once."""
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}{secrets.token_hex(1)}"


def _as_json(value: BoxSpec | JobSpec | Resolution) -> dict[str, Any]:
    """A dataclass as its record has it, before and after it was written: lists, not tuples."""
    return dict(json.loads(json.dumps(asdict(value))))


def _prepare_work(attempt: _Attempt) -> None:
    """Make the folder the command works in: a copy of the code, and places for data to go."""
    work = attempt.work
    work.parent.mkdir(parents=True)
    copy_tree(attempt.snapshot, work)
    for entry in attempt.inputs:  # else the engine makes these mount points, as root
        _mount_point(work / entry.record.path, entry.source)
    for name in attempt.job.outputs:
        path = work / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        _own(work, IMAGE_USER, IMAGE_USER)


def _mount_point(path: Path, source: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        path.mkdir(exist_ok=True)
    else:
        path.touch()


def _mounts(attempt: _Attempt) -> tuple[Mount, ...]:
    """The working copy, and inside it the inputs, which the command can only read."""
    return (
        Mount(source=str(attempt.work), target=WORKSPACE, read_only=False),
        *(
            Mount(source=str(entry.source), target=f"{WORKSPACE}/{entry.record.path}")
            for entry in attempt.inputs
        ),
    )


def _container_user() -> str:
    """The caller, so that what is written is the caller's; never root."""
    return f"{os.getuid()}:{os.getgid()}" if os.getuid() else f"{IMAGE_USER}:{IMAGE_USER}"


def _own(folder: Path, uid: int, gid: int) -> None:
    """Give a tree to somebody; who is not root works as himself, and need not."""
    if os.getuid() != 0:
        return
    for parent, subfolders, names in os.walk(folder):
        for path in (Path(parent), *(Path(parent, name) for name in (*subfolders, *names))):
            os.lchown(path, uid, gid)


def _logging_to(log: TextIO, on_event: OnEvent) -> OnEvent:
    """Keep each line on disk before anyone is shown it."""

    def receive(event: Event) -> None:
        if event.kind == "log":
            log.write(f"{event.text}\n")
            log.flush()
        on_event(event)

    return receive


def _exit_error(ended: ExitState, job: JobSpec) -> str | None:
    """What went wrong in the container, in one sentence."""
    if ended.exit_code == 0:
        return None
    if ended.timed_out:
        return f"It was stopped after timeout-seconds = {job.timeout_seconds:g}."
    if ended.oom_killed:
        return "It was killed because it ran out of memory (raise memory-bytes, or use less)."
    if ended.signal:
        return f"It was killed by signal {ended.signal} (exit code {ended.exit_code})."
    return f"The command exited with code {ended.exit_code}."


def _exit_fields(ended: ExitState | None) -> dict[str, Any]:
    if ended is None:
        return {}
    return {
        "exit_code": ended.exit_code,
        "oom_killed": ended.oom_killed,
        "timed_out": ended.timed_out,
        "signal": ended.signal,
    }


def _collected(attempt: _Attempt, error: str | None) -> RunRecord:
    """Move the outputs to the artifacts; what is written and not declared stays where it is."""
    began = time.monotonic()
    record, work, artifacts = attempt.record, attempt.work, attempt.artifacts
    missing = [_collect(work, artifacts, name) for name in attempt.job.outputs]
    problems = [error] if error else missing  # a command that failed owes no outputs
    inputs = {entry.path for entry in record.inputs}
    return replace(
        _timed(record, collect=time.monotonic() - began),
        error=" ".join(problem for problem in problems if problem) or None,
        undeclared=_keep_only_changes(attempt.snapshot, work, inputs),
        outputs=tuple(_output_records(artifacts)),
        metrics=_metrics(artifacts),
    )


def _collect(work: Path, artifacts: Path, output: str) -> str | None:
    """Move one output; return what is wrong with it."""
    name = output.rstrip("/")
    source = work / name
    if work.resolve() not in source.resolve().parents or source.is_symlink():
        return f"The output {name!r} is a link that leaves the project; it was not followed."
    if not source.exists() or (source.is_dir() and not any(source.iterdir())):
        return f"The output {name!r} was not written."
    target = artifacts / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
    return None


def _keep_only_changes(snapshot: Snapshot, work: Path, inputs: set[str]) -> tuple[str, ...]:
    """Remove from the working copy what is as it was; return the files that are left."""
    changed = tuple(name for name in changed_files(snapshot, work) if name not in inputs)
    if not changed:
        shutil.rmtree(work)
        return ()
    for folder, _, names in os.walk(work, topdown=False):
        for name in names:
            path = Path(folder, name)
            if path.relative_to(work).as_posix() not in changed:
                path.unlink()
        if not any(Path(folder).iterdir()):
            Path(folder).rmdir()
    return changed


def _output_records(artifacts: Path) -> Iterator[FileRecord]:
    for path in sorted(artifacts.rglob("*")):
        if path.is_file() or path.is_symlink():
            yield file_record(path, path.relative_to(artifacts).as_posix())


def _metrics(artifacts: Path) -> dict[str, float]:
    """Numbers from every ``metrics.json`` among the outputs, nested keys joined by dots."""
    found: dict[str, float] = {}
    for path in sorted(artifacts.rglob("metrics.json")):
        # a file that is not JSON is not ours to judge: it is among the artifacts as it is
        with contextlib.suppress(ValueError, OSError):
            found.update(_numbers(json.loads(path.read_text(encoding="utf-8"))))
    return found


def _numbers(value: object, prefix: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _numbers(entry, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and prefix:
        yield prefix, value


def _timed(record: RunRecord, **seconds: float) -> RunRecord:
    rounded = {name: round(value, 3) for name, value in seconds.items()}
    return replace(record, timings={**record.timings, **rounded})


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _host() -> dict[str, Any]:
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
    }


def _git_state(root: Path) -> dict[str, str]:
    """The commit, and the digest of what differs from it; empty outside of git."""
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return {}
    difference = _git(root, "diff", "HEAD", "--binary", "--", ".") or b""
    state = {"commit": commit.decode().strip()}
    if difference:
        state["diff_digest"] = f"sha256:{hashlib.sha256(difference).hexdigest()}"
    return state


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        command = ("git", *arguments)
        return subprocess.run(command, cwd=root, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
