from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mlbox.errors import SpecError
from mlbox.snapshot import LIMIT_BYTES, changed_files, copy_tree, take_snapshot


@pytest.fixture
def code(project_folder: Path) -> Path:
    for name, text in {
        "train.py": "print(1)",
        "src/model.py": "x = 1",
        ".env": "SECRET=1",
        "key.pem": "secret",
        "data/big.bin": "data",
        "out/old.txt": "old",
        "src/__pycache__/model.pyc": "cache",
        ".git/config": "git",
        ".mlbox/runs/1/record.json": "{}",
    }.items():
        path = project_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project_folder


def test_code_is_taken_and_data_outputs_secrets_and_caches_are_not(code: Path) -> None:
    snapshot = take_snapshot(code, code / ".mlbox/snapshots", exclude=("data", "out/"))
    assert snapshot.files == ("src/model.py", "train.py")


def test_the_same_code_gives_the_same_snapshot_whatever_its_times(code: Path) -> None:
    first = take_snapshot(code, code / ".mlbox/snapshots")
    os.utime(code / "train.py", (0, 0))
    assert take_snapshot(code, code / ".mlbox/snapshots") == first
    (code / "train.py").write_text("print(2)")
    assert take_snapshot(code, code / ".mlbox/snapshots").digest != first.digest
    assert (first.path / "train.py").read_text() == "print(1)"


def test_an_executable_bit_is_part_of_the_code(code: Path) -> None:
    first = take_snapshot(code, code / ".mlbox/snapshots")
    (code / "train.py").chmod(0o755)
    assert take_snapshot(code, code / ".mlbox/snapshots").digest != first.digest


def test_git_decides_what_is_code_where_there_is_git(tmp_path: Path) -> None:
    for name in ("a.py", "ignored.py", "deleted.py"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    subprocess.run(("git", "init", "-q"), cwd=tmp_path, check=True)
    subprocess.run(("git", "add", "."), cwd=tmp_path, check=True)
    (tmp_path / "deleted.py").unlink()
    snapshot = take_snapshot(tmp_path, tmp_path / ".mlbox/snapshots")
    assert snapshot.files == (".gitignore", "a.py")


def test_dockerignore_and_include_narrow_it_further(code: Path) -> None:
    (code / ".dockerignore").write_text("# comment\nsrc/*\n!src/model.py\ndata\nout\n")
    (code / "src/notes.md").write_text("notes")
    store = code / ".mlbox/s"
    assert take_snapshot(code, store).files == (".dockerignore", "src/model.py", "train.py")
    assert take_snapshot(code, store, include=("*.py",)).files == ("src/model.py", "train.py")
    assert take_snapshot(code, store, include=("src",)).files == ("src/model.py",)


def test_a_link_is_kept_as_a_link(code: Path) -> None:
    (code / "link.py").symlink_to("train.py")
    snapshot = take_snapshot(code, code / ".mlbox/s")
    assert (snapshot.path / "link.py").readlink() == Path("train.py")


def test_what_a_run_changed_is_found(code: Path, tmp_path: Path) -> None:
    snapshot = take_snapshot(code, code / ".mlbox/s", exclude=("data", "out"))
    work = tmp_path / "work"
    copy_tree(snapshot, work)
    assert changed_files(snapshot, work) == ()
    (work / "train.py").write_text("print(9)")
    (work / "new.txt").write_text("new")
    assert changed_files(snapshot, work) == ("new.txt", "train.py")


def test_what_a_run_wrote_is_found_whatever_it_is_called_but_for_caches(
    code: Path, tmp_path: Path
) -> None:
    snapshot = take_snapshot(code, code / ".mlbox/s", exclude=("data", "out"))
    work = tmp_path / "work"
    copy_tree(snapshot, work)
    for name in ("model.pem", "venv/notes.txt", ".env", "__pycache__/train.pyc", "x.pyc"):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("written by the run")
    assert changed_files(snapshot, work) == (".env", "model.pem", "venv/notes.txt")


def test_data_among_the_code_is_named(code: Path) -> None:
    with (code / "weights.bin").open("wb") as file:
        file.truncate(LIMIT_BYTES + 1)
    with pytest.raises(SpecError, match="GiB") as error:
        take_snapshot(code, code / ".mlbox/s")
    assert "weights.bin" in error.value.why
    assert "train.inputs" in error.value.fix
