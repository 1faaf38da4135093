"""The object a notebook user holds: a spec joined to an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbox.cache import known_facts
from mlbox.errors import MlboxError
from mlbox.image import BuildResult, build_image, dockerfile
from mlbox.record import RunRecord, RunStore
from mlbox.render.html import box_html, run_html
from mlbox.resolve import Resolution, resolve_box
from mlbox.run import run_error, train
from mlbox.spec import BoxSpec, JobSpec, Project, load_project, override, parse_project

if TYPE_CHECKING:
    from mlbox.diagnosis import Diagnosis
    from mlbox.engine import Engine, Event, OnEvent

LOG_TAIL = 15


class Run:
    """A finished run: its record, its log and its outputs.

    Attributes:
        record: All that was written down about it.
    """

    def __init__(self, record: RunRecord, store: RunStore) -> None:
        self.record = record
        self._store = store

    @property
    def id(self) -> str:
        """The run's id."""
        return self.record.id

    @property
    def state(self) -> str:
        """``"succeeded"``, ``"failed"``, ``"canceled"`` or ``"lost"``."""
        return self.record.state

    @property
    def exit_code(self) -> int | None:
        """The command's exit code."""
        return self.record.exit_code

    @property
    def metrics(self) -> Mapping[str, float]:
        """Numbers from ``metrics.json`` among the outputs."""
        return self.record.metrics

    @property
    def logs(self) -> str:
        """All that the command printed."""
        path = self._store.log_path(self.id)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files that came back, on this machine."""
        folder = self._store.artifacts_path(self.id)
        return tuple(folder / entry.path for entry in self.record.outputs)

    @property
    def diagnosis(self) -> Diagnosis:
        """Why it failed, as far as its log and its end say."""
        return self._store.diagnosis(self.record)

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.state}>"

    def _repr_html_(self) -> str:
        shown = run_html(self.record)
        return shown + self.diagnosis._repr_html_() if self.state == "failed" else shown


class Box:
    """A spec joined to an engine.

    Args:
        name: Name of the box.
        project: The project's folder: its code, data and runs.
        train: The job: keys of ``[tool.mlbox.train]``, or a JobSpec.
        engine: Where images are built and containers run; ``None`` for the Docker Engine that
            answers on this machine, found at the first use.
        **spec: The other keys of ``[tool.mlbox]``.

    Raises:
        SpecError: A key is unknown or its value impossible.
    """

    def __init__(
        self,
        name: str,
        *,
        project: str | Path = ".",
        train: Mapping[str, Any] | JobSpec | None = None,
        engine: Engine | None = None,
        **spec: Any,  # noqa: ANN401  (checked by the spec's own parser)
    ) -> None:
        root = Path(project).resolve()
        table = {"name": name, **spec}
        if isinstance(train, Mapping):
            table["train"] = train
        parsed = parse_project(table, root=root, source=None)
        self.project = replace(parsed, job=train) if isinstance(train, JobSpec) else parsed
        self._engine = engine

    @classmethod
    def load(cls, project: str | Path = ".", *, engine: Engine | None = None) -> Box:
        """Read the box that a project's spec describes."""
        return cls._of(load_project(Path(project)), engine)

    @classmethod
    def _of(cls, project: Project, engine: Engine | None) -> Box:
        box = cls.__new__(cls)
        box.project = project
        box._engine = engine  # noqa: SLF001  (our own)
        return box

    @property
    def spec(self) -> BoxSpec:
        """What is in the box."""
        return self.project.box

    @property
    def job(self) -> JobSpec | None:
        """What it trains."""
        return self.project.job

    @property
    def engine(self) -> Engine:
        """Where it is built and run."""
        if self._engine is None:
            from mlbox.engine.docker import docker_engine  # noqa: PLC0415  (loads on use)

            self._engine = docker_engine()
        return self._engine

    def with_(self, **changes: Any) -> Box:  # noqa: ANN401  (checked by the spec's own parser)
        """Return a box with some keys of ``[tool.mlbox]`` changed."""
        return Box._of(replace(self.project, box=override(self.spec, changes)), self._engine)

    def resolve(self) -> Resolution:
        """Return the exact versions the spec leads to, with reasons."""
        return resolve_box(self.spec, known_facts())

    def render(self) -> str:
        """Return the Dockerfile."""
        return dockerfile(self.project)

    def build(self, *, update_lock: bool = False, on_event: OnEvent | None = None) -> BuildResult:
        """Build the image, code included, unless nothing changed."""
        return build_image(self.project, self.engine, on_event or _ignore, update_lock=update_lock)

    def train(
        self,
        *,
        update_lock: bool = False,
        on_event: OnEvent | None = None,
        **params: Any,  # noqa: ANN401  (turned into text)
    ) -> Run:
        """Build, run the training command with these parameters, and return the run.

        Raises:
            RunError: The command failed, or did not write what it declares; ``error.run`` is
                the run, its log and outputs are kept.
            MlboxError: The run could not be started.
        """
        project = self.project
        if project.job and params:
            changed = {**project.job.params, **params}
            project = replace(project, job=override(project.job, {"params": changed}))
        record = train(project, self.engine, on_event or _ignore, update_lock=update_lock)
        run = Run(record, RunStore(project.root))
        if run.state == "succeeded":
            return run
        tail = run.logs.splitlines()[-LOG_TAIL:]
        error = run_error(record, tail, run.diagnosis)
        if error is not None:
            error.run = run
            raise error
        return run

    def runs(self) -> tuple[Run, ...]:
        """Return the project's recorded runs, oldest first."""
        store = RunStore(self.project.root)
        return tuple(Run(record, store) for record in store.all())

    def __repr__(self) -> str:
        return f"<Box {self.spec.name} in {self.project.root}>"

    def _repr_html_(self) -> str:
        try:
            shown: str | MlboxError = self.render()
        except MlboxError as error:
            shown = error  # a notebook shows why there is no Dockerfile
        return box_html(self.spec, shown)


def _ignore(_: Event) -> None:
    """Show nothing."""
