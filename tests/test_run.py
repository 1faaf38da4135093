from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlbox.engine import Event, ExitState
from mlbox.errors import EngineError, RunError, SpecError
from mlbox.plan import WORKSPACE
from mlbox.record import RunStore
from mlbox.run import run_error, train
from mlbox.spec import Project, load_project
from mlbox.testing import FakeEngine

if TYPE_CHECKING:
    from pathlib import Path

    from mlbox.engine import OnEvent
    from mlbox.plan import RunPlan

SPEC = """
name = "tiny"
python = "3.11"
base = "debian"
[train]
command = ["python", "train.py"]
outputs = ["out/"]
params = { lr = 0.1 }
"""


def ignore(_: Event) -> None:
    pass


@pytest.fixture
def project(project_folder: Path) -> Project:
    (project_folder / "mlbox.toml").write_text(SPEC)
    (project_folder / "train.py").write_text("print('hello')\n")
    return load_project(project_folder)


def declaring(project: Project, **changes: object) -> Project:
    assert project.job is not None
    return replace(project, job=replace(project.job, **changes))  # type: ignore[arg-type]  # mypy: one **


def test_a_run_is_built_run_brought_back_and_recorded(project: Project) -> None:
    engine = FakeEngine(log=("one", "two"), writes={"out/metrics.json": '{"acc": 0.9}'})
    record = train(project, engine, ignore)
    store = RunStore(project.root)
    assert (record.state, record.exit_code, record.error) == ("succeeded", 0, None)
    assert record.command == ("python", "train.py", "--lr=0.1")
    assert record.metrics == {"acc": 0.9}
    assert [entry.path for entry in record.outputs] == ["out/metrics.json"]
    assert store.log_tail(record.id, 9) == ("one", "two")
    assert store.read(record.id) == record
    assert not store.work_path(record.id).exists()
    assert record.image == engine.images["mlbox/tiny:runtime"].id == engine.runs[0].image


def test_nothing_is_built_twice_and_another_command_is_no_other_image(project: Project) -> None:
    engine = FakeEngine(writes={"out/x": "x"})
    train(project, engine, ignore)
    (project.root / "train.py").write_text("print('edited')\n")
    train(declaring(project, command=("python", "-V")), engine, ignore)
    assert len(engine.builds) == 1


def test_the_run_works_on_a_copy_that_edits_do_not_reach(project: Project) -> None:
    class Editing(FakeEngine):
        def run(self, plan: RunPlan, on_event: OnEvent) -> ExitState:
            workspace = next(m.source for m in plan.mounts if m.target == WORKSPACE)
            assert workspace != str(project.root)
            (project.root / "train.py").write_text("edited while it ran")
            self.seen = (project.root.__class__(workspace) / "train.py").read_text()
            return super().run(plan, on_event)

    engine = Editing(writes={"out/x": "x"})
    train(project, engine, ignore)
    assert engine.seen == "print('hello')\n"


def test_inputs_are_mounted_to_be_read_only_and_recorded(project: Project) -> None:
    (project.root / "data").mkdir()
    (project.root / "data/a.csv").write_text("1,2")
    engine = FakeEngine(writes={"out/x": "x"})
    record = train(declaring(project, inputs=("data/",)), engine, ignore)
    mount = next(m for m in engine.runs[0].mounts if m.target == f"{WORKSPACE}/data")
    assert mount.read_only
    assert mount.source == str(project.root / "data")
    assert record.inputs[0].path == "data"
    assert record.inputs[0].size_bytes == 3


def test_a_missing_input_is_told_before_anything_runs(project: Project) -> None:
    engine = FakeEngine()
    with pytest.raises(SpecError, match="'data' does not exist"):
        train(declaring(project, inputs=("data",)), engine, ignore)
    assert engine.runs == []


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (ExitState(exit_code=3), "exited with code 3"),
        (ExitState(exit_code=137), "killed by signal 9"),
        (ExitState(exit_code=137, oom_killed=True), "ran out of memory"),
        (ExitState(exit_code=143, timed_out=True), "timeout-seconds"),
    ],
)
def test_a_command_that_fails_is_a_recorded_result(
    project: Project, ended: ExitState, said: str
) -> None:
    engine = FakeEngine(exit_state=ended, log=("last words",), writes={"out/model": "half"})
    record = train(project, engine, ignore)
    assert record.state == "failed"
    assert record.exit_code == ended.exit_code
    assert said in str(record.error)
    assert [entry.path for entry in record.outputs] == ["out/model"]  # nothing is lost
    error = run_error(record, ("last words",))
    assert isinstance(error, RunError)
    assert "last words" in error.why
    assert record.id in error.fix


def test_an_output_that_was_not_written_fails_the_run(project: Project) -> None:
    record = train(project, FakeEngine(), ignore)
    assert record.state == "failed"
    assert record.error == "The output 'out' was not written."


def test_an_output_that_is_a_link_out_of_the_project_is_not_followed(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")

    class Linking(FakeEngine):
        def run(self, plan: RunPlan, on_event: OnEvent) -> ExitState:
            workspace = next(m.source for m in plan.mounts if m.target == WORKSPACE)
            (project.root.__class__(workspace) / "model").symlink_to(tmp_path / "secret")
            return super().run(plan, on_event)

    record = train(declaring(project, outputs=("model",)), Linking(), ignore)
    assert record.state == "failed"
    assert "leaves the project" in str(record.error)
    assert record.outputs == ()


def test_what_was_written_and_not_declared_is_kept_and_named(project: Project) -> None:
    engine = FakeEngine(writes={"out/x": "x", "checkpoints/last.pt": "weights"})
    record = train(project, engine, ignore)
    assert record.undeclared == ("checkpoints/last.pt",)
    work = RunStore(project.root).work_path(record.id)
    assert (work / "checkpoints/last.pt").read_text() == "weights"
    assert not (work / "train.py").exists()


def test_a_run_that_is_interrupted_is_recorded_as_canceled(project: Project) -> None:
    def interrupt(event: Event) -> None:
        if event.kind == "log":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(project, FakeEngine(log=("line",)), interrupt)
    record = RunStore(project.root).read("last")
    assert record.state == "canceled"
    assert record.finished_at
    assert RunStore(project.root).log_tail(record.id, 1) == ("line",)


def test_an_engine_that_fails_is_recorded_and_raised(project: Project) -> None:
    class Broken(FakeEngine):
        def run(self, plan: RunPlan, on_event: OnEvent) -> ExitState:
            raise EngineError("no", why="because", fix="repair it")

    with pytest.raises(EngineError):
        train(project, Broken(), ignore)
    assert RunStore(project.root).read("last").error == "no"


def test_a_project_without_a_job_has_nothing_to_train(project: Project) -> None:
    with pytest.raises(SpecError, match="nothing to train"):
        train(replace(project, job=None), FakeEngine(), ignore)


def test_the_record_can_be_read_by_anything_that_reads_json(project: Project) -> None:
    record = train(project, FakeEngine(writes={"out/x": "x"}), ignore)
    path = RunStore(project.root).path(record.id) / "record.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert raw["dockerfile"].startswith("#")
    assert raw["spec"]["name"] == "tiny"
    assert raw["code_digest"].startswith("sha256:")
