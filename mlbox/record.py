"""What a run leaves behind, and where: enough to read it, compare it and run it again."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from typing import IO, TYPE_CHECKING, Any, Literal

from mlbox.errors import BusyError, HostError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mlbox.diagnosis import Diagnosis

RunState = Literal["running", "succeeded", "failed", "canceled", "lost"]
STATE_FOLDER = ".mlbox"


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """A file or folder that went in or came out.

    Attributes:
        path: Relative to the project (inputs), or to the run's artifacts (outputs).
        digest: ``"sha256:..."`` of its content; of a folder, of its sorted listing.
        size_bytes: Bytes of content.
    """

    path: str
    digest: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run; the contents of ``record.json``.

    Attributes:
        id: Sorts by time: ``"20261122-004630-120f9"`` (UTC, milliseconds).
        name: Name of the box.
        state: ``running``, ``succeeded``, ``failed``, ``canceled``, or ``lost`` (mlbox died
            before the end was known).
        created_at: ISO 8601, UTC; likewise ``started_at`` and ``finished_at``.
        command: The program and its arguments, parameters included.
        params: Hyperparameters.
        exit_code: Of the command; ``None`` until it ended.
        oom_killed: Whether it was killed for its memory.
        timed_out: Whether it was stopped because its time was up.
        signal: The signal that ended it.
        error: What went wrong, if anything did.
        image: Digest of the image.
        dockerfile: Its text.
        lock_digest: sha256 of the lock.
        code_digest: sha256 of the code's snapshot.
        spec: The BoxSpec.
        job: The JobSpec.
        resolution: The Resolution.
        git: ``commit`` and ``diff_digest`` (of what was not committed); empty outside of git.
        inputs: What it read.
        outputs: What came back.
        undeclared: Files it wrote that no output declares; they stay in the run's ``work``.
        metrics: Numbers from ``metrics.json`` among the outputs.
        host: Machine, operating system, CPUs, memory, engine.
        timings: Seconds each part took.
        mlbox_version: The mlbox that ran it.
    """

    id: str
    name: str
    state: RunState = "running"
    created_at: str = ""
    started_at: str | None = None
    finished_at: str | None = None
    command: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    oom_killed: bool = False
    timed_out: bool = False
    signal: int | None = None
    error: str | None = None
    image: str | None = None
    dockerfile: str = ""
    lock_digest: str = ""
    code_digest: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    job: Mapping[str, Any] = field(default_factory=dict)
    resolution: Mapping[str, Any] = field(default_factory=dict)
    git: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[FileRecord, ...] = ()
    outputs: tuple[FileRecord, ...] = ()
    undeclared: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    host: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    mlbox_version: str = ""

    def to_json(self) -> str:
        """Return the record as indented JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def parse_record(text: str) -> RunRecord:
    """Read a record; keys of a newer mlbox are ignored."""
    raw = json.loads(text)
    known = {entry.name for entry in fields(RunRecord)}
    values = {key: value for key, value in raw.items() if key in known}
    for key in ("inputs", "outputs"):
        values[key] = tuple(FileRecord(**entry) for entry in values.get(key, ()))
    for key in ("command", "undeclared"):
        values[key] = tuple(values.get(key, ()))
    return RunRecord(**values)


class RunStore:
    """The runs of one project, in ``.mlbox/runs/<id>/``.

    Each has ``record.json``, ``log.txt``, ``artifacts/`` (declared outputs) and, where the
    command wrote more than it declared, ``work/``.
    """

    def __init__(self, root: Path) -> None:
        self.state_folder = root / STATE_FOLDER
        self.folder = self.state_folder / "runs"

    def path(self, run_id: str) -> Path:
        """Return the folder of a run."""
        return self.folder / run_id

    def log_path(self, run_id: str) -> Path:
        """Return the file with all that the run printed."""
        return self.path(run_id) / "log.txt"

    def log_tail(self, run_id: str, lines: int) -> tuple[str, ...]:
        """Return the last lines that the run printed."""
        path = self.log_path(run_id)
        return (
            tuple(path.read_text(encoding="utf-8").splitlines()[-lines:]) if path.exists() else ()
        )

    def diagnosis(self, record: RunRecord) -> Diagnosis:
        """Say why a run's command failed, from what it printed and how it ended."""
        from mlbox.diagnosis import BLOCK, diagnose_stream  # noqa: PLC0415  (loads on use)

        try:
            with self.log_path(record.id).open("rb") as log:
                return diagnose_stream(iter(lambda: log.read(BLOCK), b""), exit_state=record)
        except FileNotFoundError:  # nothing was started
            return diagnose_stream((), exit_state=record)

    def artifacts_path(self, run_id: str) -> Path:
        """Return the folder with the outputs that came back."""
        return self.path(run_id) / "artifacts"

    def work_path(self, run_id: str) -> Path:
        """Return the folder that the command works in."""
        return self.path(run_id) / "work"

    def write(self, record: RunRecord) -> None:
        """Write a record so that a crash leaves the old one or the new one, never half of it."""
        folder = self.path(record.id)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "record.json", record.to_json())

    def read(self, run_id: str) -> RunRecord:
        """Return a run by its id, or by a beginning of it; ``"last"`` is the newest.

        Raises:
            SpecError: There is no such run, or several begin like that.
        """
        ids = self._ids()
        found = ids[-1:] if run_id == "last" else [name for name in ids if name.startswith(run_id)]
        if run_id in found:
            found = [run_id]
        if len(found) != 1:
            raise _no_run(run_id, found, ids)
        return self._load(found[0])

    def all(self) -> tuple[RunRecord, ...]:
        """Return all runs, oldest first."""
        return tuple(self._load(name) for name in self._ids())

    @contextlib.contextmanager
    def exclusively(self) -> Iterator[None]:
        """Hold the project for one run; the system lets go when the process ends, however it ends.

        Raises:
            BusyError: Another run holds it.
        """
        ensure_state_folder(self.state_folder)
        with self._open("lock") as file, self._open("alive") as alive:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise self._busy(file) from error
            # a lock of its own for those who only look: they must not stand in a new run's way
            fcntl.flock(alive, fcntl.LOCK_EX)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def _open(self, name: str) -> IO[str]:
        return (self.state_folder / name).open("a+", encoding="utf-8")

    def _busy(self, file: IO[str]) -> BusyError:
        file.seek(0)
        pid = file.read().strip()
        running = [record.id for record in self.all() if record.state == "running"]
        return BusyError(
            "Another `mlbox train` is in progress in this project.",
            why=f"Process {pid or 'unknown'} holds it{f', run {running[-1]}' if running else ''}.",
            fix="Wait for it (`mlbox runs logs last` shows how far it is), stop it with Ctrl-C, or "
            "train from another copy of the project.",
        )

    def _held(self) -> bool:
        """Whether a run is in progress now."""
        with self._open("alive") as alive:
            try:
                fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _ids(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(entry.parent.name for entry in self.folder.glob("*/record.json"))

    def _load(self, run_id: str) -> RunRecord:
        path = self.path(run_id) / "record.json"
        try:
            record = parse_record(path.read_text(encoding="utf-8"))
        except (ValueError, TypeError) as error:
            raise HostError(
                f"The record of run {run_id} cannot be read.",
                why=f"{path} is damaged: {error}.",
                fix="Its log and artifacts are beside it; move the folder away to list the others.",
            ) from error
        if record.state == "running" and not (run_id == self._ids()[-1] and self._held()):
            ended = f"mlbox ended before it did; `docker rm -f mlbox-{run_id}` ends what is left."
            return replace(record, state="lost", error=ended)
        return record


def ensure_state_folder(folder: Path) -> None:
    """Make ``.mlbox`` with a .gitignore in it, so that no project needs an entry for it."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def write_atomically(path: Path, text: str) -> None:
    """Write a file whole or not at all, also when the power goes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _no_run(run_id: str, found: list[str], ids: list[str]) -> SpecError:
    if found:
        return SpecError(
            f"{run_id!r} is the beginning of {len(found)} runs.",
            why=f"They are: {', '.join(found[-5:])}.",
            fix="Give more of the id.",
        )
    if not ids and run_id == "last":
        return SpecError(
            "This project has no runs yet.",
            why="Nothing was trained in this folder.",
            fix="Run `mlbox train` first.",
        )
    return SpecError(
        f"There is no run {run_id!r} in this project.",
        why=f"The newest are: {', '.join(ids[-3:])}." if ids else "Nothing was run here yet.",
        fix="`mlbox runs list` shows all of them." if ids else "Run `mlbox train` first.",
    )
