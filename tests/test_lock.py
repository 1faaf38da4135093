from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbox.errors import LockError, SpecError, StaleLockError
from mlbox.lock import (
    LOCK_FILE,
    Lock,
    LockInputs,
    Package,
    check_current,
    lock_inputs,
    parse_lock,
    read_lock,
    render_lock,
    write_lock,
)
from mlbox.resolve import Resolution
from mlbox.spec import Project, parse_box, parse_toml

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = LockInputs(
    python="3.11",
    platform="linux/amd64",
    framework=("torch==2.13.0+cpu",),
    requirements=("numpy",),
)
LOCK = Lock(
    inputs=INPUTS,
    packages=(
        Package(name="numpy", version="2.1", layer="dependencies", hashes=("sha256:aa",)),
        Package(name="torch", version="2.13.0+cpu", layer="framework", hashes=("sha256:bb",)),
    ),
    bases={"python:3.11-slim": "sha256:cc"},
)
RESOLUTION = Resolution(
    verdict="ok", what="", base_image="python:3.11-slim", python="3.11", as_of="2026-11-21"
)


def project(root: Path, **box: object) -> Project:
    return Project(root=root, source=None, box=parse_box({"name": "a", **box}))


def test_a_lock_survives_being_written_and_read(tmp_path: Path) -> None:
    write_lock(tmp_path, LOCK)
    assert read_lock(tmp_path) == LOCK


text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(text, text)
def test_any_name_and_version_survive_the_file(name: str, version: str) -> None:
    lock = Lock(
        inputs=INPUTS,
        packages=(Package(name=name, version=version, layer="framework", hashes=("sha256:0",)),),
    )
    assert parse_lock(parse_toml(render_lock(lock))) == lock


def test_each_layer_has_its_own_hashed_requirements() -> None:
    assert LOCK.requirements("framework", ("--no-index",)) == (
        "--no-index\ntorch==2.13.0+cpu \\\n    --hash=sha256:bb\n"
    )
    assert "numpy==2.1" in LOCK.requirements("dependencies")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (replace(INPUTS, requirements=("numpy", "pandas")), "pandas is new"),
        (replace(INPUTS, requirements=()), "numpy is gone"),
        (replace(INPUTS, framework=("torch==2.14.0+cpu",)), "torch==2.14.0+cpu is new"),
        (replace(INPUTS, python="3.12"), "python was 3.11, is 3.12"),
        (replace(INPUTS, constraints="x"), "uv.lock is another one"),
    ],
)
def test_a_stale_lock_says_what_changed(inputs: LockInputs, said: str) -> None:
    check_current(LOCK, INPUTS)
    with pytest.raises(StaleLockError) as error:
        check_current(LOCK, inputs)
    assert said in error.value.why
    assert "--update-lock" in error.value.fix


def test_a_locked_package_without_a_hash_is_refused(tmp_path: Path) -> None:
    lines = render_lock(LOCK).replace('  "sha256:bb",\n', "")
    (tmp_path / LOCK_FILE).write_text(lines)
    with pytest.raises(LockError, match=r"torch==2\.13\.0\+cpu has no hash"):
        read_lock(tmp_path)


def test_a_damaged_lock_is_told_in_three_parts(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("<<<<<<< HEAD\n")
    with pytest.raises(LockError, match="cannot be read") as error:
        read_lock(tmp_path)
    assert "mlbox lock" in error.value.fix


def test_a_missing_requirements_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nope\.txt") as error:
        lock_inputs(project(tmp_path, requirements="nope.txt"), RESOLUTION)
    assert str(tmp_path) in error.value.why


def test_requirements_files_are_read_through_their_includes(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("numpy==2.1 \\\n  --hash=sha256:00\n")
    (tmp_path / "requirements.txt").write_text("# ours\n-r base.txt\npandas>=2  # tables\n\n")
    inputs = lock_inputs(
        project(tmp_path, requirements="requirements.txt", packages=["rich"]), RESOLUTION
    )
    assert inputs.requirements == ("numpy==2.1", "pandas>=2", "rich")


def test_an_option_in_a_requirements_file_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\n--index-url https://x.example\n")
    with pytest.raises(SpecError, match="line 2"):
        lock_inputs(project(tmp_path, requirements="requirements.txt"), RESOLUTION)


def test_a_project_s_uv_lock_gives_its_dependencies_and_is_part_of_the_inputs(
    tmp_path: Path,
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\ndependencies = ["rich"]\n')
    (tmp_path / "uv.lock").write_text("version = 1\n")
    inputs = lock_inputs(project(tmp_path, requirements="uv.lock"), RESOLUTION)
    assert inputs.requirements == ("rich",)
    assert inputs.constraints
