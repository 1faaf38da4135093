"""Inputs that dvc keeps, with a real dvc and a remote in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlbox.data import present_inputs
from mlbox.errors import HostError, MissingExtraError, SpecError
from mlbox.record import RunStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytest.importorskip("dvc")
pytestmark = pytest.mark.engine


def dvc(root: Path, *arguments: str) -> None:
    subprocess.run(
        (sys.executable, "-m", "dvc", *arguments, "--quiet"),
        cwd=root,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        check=True,
    )


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return tmp_path / "remote"


@pytest.fixture
def tracked(project: Path, remote: Path) -> Path:
    """A project whose data are in a remote and not here."""
    dvc(project, "init", "--no-scm")
    dvc(project, "remote", "add", "--default", "there", str(remote))
    (project / "data" / "images").mkdir(parents=True)
    (project / "data" / "train.csv").write_text("1,2,3\n")
    (project / "data" / "images" / "öne.txt").write_text("picture")
    dvc(project, "add", "data/train.csv", "data/images")
    dvc(project, "push")
    (project / "data" / "train.csv").unlink()
    shutil.rmtree(project / "data" / "images")
    shutil.rmtree(project / ".dvc" / "cache")
    return project


def test_data_that_is_not_there_is_pulled_mounted_and_recorded(
    tracked: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tracked / "train.py").write_text(
        "import pathlib\n"
        "print(pathlib.Path('data/train.csv').read_text().strip())\n"
        "print(pathlib.Path('data/images/öne.txt').read_text())\n"
        "pathlib.Path('out/x').write_text('')\n"
    )
    inputs = ("--inputs", "data/train.csv.dvc", "data/images.dvc")
    done = cli("train", *inputs, cwd=tracked)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1,2,3\npicture\n"
    record = RunStore(tracked).read("last")
    assert [(entry.path, entry.size_bytes) for entry in record.inputs] == [
        ("data/train.csv", 6),
        ("data/images", 7),
    ]
    assert record.undeclared == ()


def test_data_that_is_there_is_taken_as_it_is(project: Path, remote: Path) -> None:
    dvc(project, "init", "--no-scm")
    (project / "train.csv").write_text("1,2,3\n")
    dvc(project, "add", "train.csv")
    (found,) = present_inputs(project, ("train.csv.dvc",))
    assert found.source == project / "train.csv"


def test_a_remote_that_has_lost_the_data_is_told(tracked: Path, remote: Path) -> None:
    shutil.rmtree(remote)
    with pytest.raises(HostError) as caught:
        present_inputs(tracked, ("data/train.csv.dvc",))
    assert caught.value.what == "The data of 'data/train.csv.dvc' could not be pulled."
    assert "dvc pull says:" in caught.value.why
    assert "dvc pull data/train.csv.dvc" in caught.value.fix


@pytest.mark.parametrize("text", ["", "just words", "outs: {", "outs:\n- md5: 12\n", "outs: 3\n"])
def test_a_dvc_file_that_is_none_is_told(project: Path, text: str) -> None:
    (project / "x.dvc").write_text(text)
    with pytest.raises(SpecError) as caught:
        present_inputs(project, ("x.dvc",))
    assert caught.value.what == "x.dvc is no file of dvc's."
    assert caught.value.why
    assert "dvc add" in caught.value.fix


def test_a_dvc_file_that_names_data_outside_of_the_project_is_refused(project: Path) -> None:
    (project / "data").mkdir()
    (project / "data/x.dvc").write_text("wdir: ..\nouts:\n- path: ../outside\n")
    with pytest.raises(SpecError, match="outside of the project"):
        present_inputs(project, ("data/x.dvc",))


def test_an_input_that_does_not_exist_is_told_before_the_run(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for entry in ("data/none.csv", "data/none.csv.dvc"):
        done = cli("train", "--inputs", entry, cwd=project)
        assert done.returncode == 2
        assert f"The input {entry!r} does not exist." in done.stderr
    assert RunStore(project).all() == ()


def test_without_dvc_the_extra_is_named(
    project: Path,
) -> None:
    (project / "x.dvc").write_text("outs:\n- path: x\n")
    code = (
        "import sys, pathlib\n"
        "sys.modules['dvc'] = None\n"
        "from mlbox.data import present_inputs\n"
        "try: present_inputs(pathlib.Path(), ('x.dvc',))\n"
        "except Exception as error: print(type(error).__name__, error.extra)\n"
    )
    run = subprocess.run(
        (sys.executable, "-c", code), cwd=project, capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{MissingExtraError.__name__} dvc\n"
