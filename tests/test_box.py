from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mlbox
from mlbox.engine import ExitState
from mlbox.errors import MlboxError, RunError, SpecError
from mlbox.spec import BoxSpec, JobSpec
from mlbox.testing import FakeEngine

if TYPE_CHECKING:
    from pathlib import Path

JOB = {"command": ["python", "train.py"], "outputs": ["out/"]}


@pytest.fixture
def box(project_folder: Path) -> mlbox.Box:
    (project_folder / "train.py").write_text("print(1)")
    engine = FakeEngine(log=("epoch 1",), writes={"out/metrics.json": json.dumps({"acc": 0.5})})
    return mlbox.Box(
        "a", python="3.11", base="debian", train=JOB, project=project_folder, engine=engine
    )


def test_a_box_is_written_with_the_keys_of_the_spec(box: mlbox.Box) -> None:
    assert box.spec == BoxSpec(name="a", python="3.11", base="debian")
    assert box.job == JobSpec(command=("python", "train.py"), outputs=("out/",))
    with pytest.raises(SpecError, match="unknown key"):
        mlbox.Box("a", pithon="3.11")


def test_a_box_renders_builds_and_trains(box: mlbox.Box) -> None:
    assert "FROM mlbox/debian:bookworm-python3.11 AS base" in box.render()
    built = box.build()
    assert built.id.startswith("sha256:")
    assert not built.reused
    assert box.build().reused
    run = box.train(lr=0.1)
    assert run.state == "succeeded"
    assert run.record.params == {"lr": "0.1"}
    assert run.logs == "epoch 1\n"
    assert run.metrics == {"acc": 0.5}
    assert [path.name for path in run.outputs] == ["metrics.json"]
    assert run.outputs[0].read_text() == '{"acc": 0.5}'
    assert [known.id for known in box.runs()] == [run.id]


def test_everything_shows_itself_in_a_notebook(box: mlbox.Box) -> None:
    assert "FROM mlbox/debian" in box._repr_html_()
    assert "sha256:" in box.build()._repr_html_()
    assert "metrics.json" in box.train()._repr_html_()


def test_a_box_that_cannot_be_resolved_shows_why(box: mlbox.Box) -> None:
    html = box.with_(torch="0.1")._repr_html_()
    assert "torch" in html
    assert "Traceback" not in html


def test_an_error_shows_its_three_parts_in_a_notebook_and_no_traceback() -> None:
    error = MlboxError("What.", why="Why.", fix="Fix.")
    assert error._render_traceback_() == ["What.", "Why.", "Fix."]


def test_a_failed_training_raises_and_keeps_the_run(box: mlbox.Box) -> None:
    broken = mlbox.Box(
        "a",
        python="3.11",
        base="debian",
        train=JobSpec(command=("false",)),
        project=box.project.root,
        engine=FakeEngine(exit_state=ExitState(exit_code=3), log=("boom",)),
    )
    with pytest.raises(RunError, match="code 3") as error:
        broken.train()
    assert isinstance(error.value.run, mlbox.Run)
    assert error.value.run.exit_code == 3
    assert error.value.run.logs == "boom\n"


def test_a_change_makes_another_box(box: mlbox.Box) -> None:
    other = box.with_(packages=["rich"])
    assert other.spec.packages == ("rich",)
    assert box.spec.packages == ()
    assert other.job == box.job


def test_a_box_is_loaded_from_its_project(project_folder: Path) -> None:
    (project_folder / "mlbox.toml").write_text('name = "b"\n[train]\ncommand = ["x"]\n')
    box = mlbox.Box.load(project_folder, engine=FakeEngine())
    assert box.spec.name == "b"
    assert box.project.root == project_folder
