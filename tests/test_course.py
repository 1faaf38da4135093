from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlbox.box import Box
from mlbox.course import Outcome, check, execute
from mlbox.course.outcome import MIME
from mlbox.errors import MissingExtraError, RunError, SpecError
from mlbox.testing import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.engine import ExitState, OnEvent
    from mlbox.engine.connect import Connection
    from mlbox.plan import RunPlan

COURSE = Path(__file__).parent.parent / "course"
LESSONS = sorted(folder.name for folder in COURSE.iterdir() if (folder / "lesson.ipynb").is_file())


class Script(FakeEngine):
    """An engine that writes what the tour's script would write for the seed it is given."""

    def run(self, plan: RunPlan, on_event: OnEvent) -> ExitState:
        """Write the files with the seed of the command line."""
        seed = next(int(word.partition("=")[2]) for word in plan.argv if "seed=" in word)
        metrics = json.dumps({"seed": seed})
        self.writes = {"out/metrics.json": metrics, "out/model.json": "{}"}
        return super().run(plan, on_event)


def lesson_copy(name: str, folder: Path, *, solved: bool) -> Path:
    """Copy a lesson as a student gets it, or with the solution's files over the exercise's."""
    copy = Path(shutil.copytree(COURSE / name, folder / name))
    if solved:
        shutil.copytree(copy / "solution", copy / "exercise", dirs_exist_ok=True)
    return copy


def tour(tmp_path: Path, *, solved: bool, engine: FakeEngine) -> Outcome:
    lesson = lesson_copy("00_tour", tmp_path, solved=solved)
    return check("00_tour.01", Box.load(lesson / "exercise", engine=engine))


def test_the_stub_fails_and_is_told_what_it_left_behind(tmp_path: Path) -> None:
    outcome = tour(tmp_path, solved=False, engine=Script())
    assert not outcome.ok
    assert "it wrote out/metrics.json, out/model.json; what came back is nothing" in outcome.found
    assert outcome.hint


def test_the_solution_passes_with_the_seed_of_the_check(tmp_path: Path) -> None:
    outcome = tour(tmp_path, solved=True, engine=Script())
    assert outcome.ok
    seed = re.search(r"seed=(\d+)", outcome.expected)
    assert seed is not None
    assert seed[0] in outcome.found


def test_files_from_an_earlier_run_do_not_pass(tmp_path: Path) -> None:
    written = {"out/metrics.json": '{"seed": -1}', "out/model.json": "{}"}
    outcome = tour(tmp_path, solved=True, engine=FakeEngine(writes=written))
    assert not outcome.ok
    assert "seed=-1" in outcome.found


def test_a_run_that_fails_is_the_reason(tmp_path: Path) -> None:
    outcome = tour(tmp_path, solved=True, engine=FakeEngine())
    assert not outcome.ok
    assert "was not written" in outcome.found


def test_an_unknown_check_is_named_with_the_nearest(tmp_path: Path) -> None:
    lesson = lesson_copy("00_tour", tmp_path, solved=False)
    with pytest.raises(SpecError) as caught:
        check("00_tour.1", Box.load(lesson / "exercise"))
    assert "00_tour.01" in caught.value.fix


def test_an_outcome_shows_itself_as_text_html_and_data() -> None:
    outcome = Outcome(check="00_tour.01", ok=False, expected="<a>", found="b", hint="c")
    shown = outcome._repr_mimebundle_()
    assert "expected: <a>" in shown["text/plain"]
    assert "&lt;a&gt;" in shown["text/html"]
    assert Outcome(**shown[MIME]) == outcome


def test_a_lesson_without_papermill_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "papermill", None)  # what `import` finds when it is not there
    with pytest.raises(MissingExtraError, match=r"\[course\]"):
        execute(tmp_path / "lesson.ipynb", tmp_path / "done.ipynb")


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_an_exercise_and_a_solution_for_it(name: str) -> None:
    lesson = COURSE / name
    solved = {path.name for path in (lesson / "solution").iterdir()}
    assert solved
    assert solved <= {path.name for path in (lesson / "exercise").iterdir()}


def notebook(path: Path, *sources: str) -> Path:
    cells: list[Mapping[str, object]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document))
    return path


JUPYTER_WARNINGS = pytest.mark.filterwarnings("ignore")  # Jupyter's own, not ours to fix


@pytest.mark.engine
@JUPYTER_WARNINGS
def test_a_notebook_that_leaves_early_does_not_count_as_done(tmp_path: Path) -> None:
    source = notebook(tmp_path / "a.ipynb", "import sys; sys.exit(0)", "1 + 1")
    with pytest.raises(RunError, match="before its last cell"):
        execute(source, tmp_path / "done.ipynb")


@pytest.mark.engine
@JUPYTER_WARNINGS
def test_a_cell_that_fails_says_why(tmp_path: Path) -> None:
    source = notebook(tmp_path / "a.ipynb", "1 / 0")
    with pytest.raises(RunError) as caught:
        execute(source, tmp_path / "done.ipynb")
    assert "ZeroDivisionError" in caught.value.why
    assert (tmp_path / "done.ipynb").is_file()


@pytest.mark.engine
@JUPYTER_WARNINGS
@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_fails_as_a_stub_and_passes_when_solved(
    name: str, tmp_path: Path, connection: Connection
) -> None:
    for solved in (False, True):
        lesson = lesson_copy(name, tmp_path / str(solved), solved=solved)
        done = tmp_path / f"{solved}.ipynb"
        outcomes = execute(lesson / "lesson.ipynb", done, parameters={"base": "debian"})
        assert [outcome.check for outcome in outcomes] == [f"{name}.01"]
        assert [outcome.ok for outcome in outcomes] == [solved]
        assert "run 2" in outcomes[0].found  # the reason names the run it was read from


@pytest.mark.engine
@pytest.mark.parametrize("name", LESSONS)
def test_a_solved_lesson_runs_under_nbval(
    name: str, tmp_path: Path, connection: Connection
) -> None:
    lesson = lesson_copy(name, tmp_path, solved=True) / "lesson.ipynb"
    text = lesson.read_text(encoding="utf-8")
    lesson.write_text(text.replace('base = \\"auto\\"', 'base = \\"debian\\"'), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-c", "/dev/null", str(lesson)],
        cwd=lesson.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
