from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbox.cli._project import add_job_arguments, add_project_arguments
from mlbox.errors import SpecError
from mlbox.spec import (
    BoxSpec,
    JobSpec,
    check_inside,
    key_of,
    load_project,
    override,
    parse_box,
    parse_job,
    slug,
)


def write(folder: Path, text: str, name: str = "mlbox.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_every_kind_of_key_is_understood(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
[tool.mlbox]
name = "digits"
python = "3.11"
torch = "2.13.0"
cuda = "cpu"
base = "auto"
requirements = "requirements.txt"
system-packages = ["libgl1"]
[tool.mlbox.train]
command = ["python", "train.py"]
inputs = ["data/train.dvc"]
outputs = ["out/"]
""",
        "pyproject.toml",
    )
    project = load_project(tmp_path)
    assert project.box == BoxSpec(
        name="digits",
        python="3.11",
        torch="2.13.0",
        cuda="cpu",
        requirements="requirements.txt",
        system_packages=("libgl1",),
    )
    assert project.job == JobSpec(
        command=("python", "train.py"), inputs=("data/train.dvc",), outputs=("out/",)
    )


def test_mlbox_toml_has_the_same_keys_at_top_level(tmp_path: Path) -> None:
    write(tmp_path, 'name = "a"\njax = "0.7"\n[train]\ncommand = ["x"]\nshm-bytes = "2GiB"\n')
    project = load_project(tmp_path)
    assert project.box.framework == "jax"
    assert project.job is not None
    assert project.job.shm_bytes == 2 * 2**30


def test_keyword_toml_key_and_flag_are_the_same_word() -> None:
    parser = argparse.ArgumentParser()
    add_project_arguments(parser)
    add_job_arguments(parser)
    flags = {option for action in parser._actions for option in action.option_strings}
    for entry in (*fields(BoxSpec), *fields(JobSpec)):
        assert f"--{key_of(entry.name)}" in flags
    for kind, parse in ((BoxSpec, parse_box), (JobSpec, parse_job)):
        for entry in fields(kind):
            with pytest.raises(SpecError) as error:  # known key, impossible value
                parse({key_of(entry.name): object()})
            assert "unknown key" not in error.value.what


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ('name = "a"\npakages = []', "unknown key 'pakages'", "Did you mean 'packages'?"),
        ('name = "a"\n[train]\ncomand = ["x"]', "unknown key 'comand'", "Did you mean 'command'?"),
        ("name = ", "not valid TOML", "Correct"),
        ('python = "3.12"', "has no 'name'", 'name = "my-box"'),
        ('name = "a"\n[train]\noutputs = ["x"]', "has no 'command'", "train.py"),
        ('name = "a"\ntorch = 2.9', "must be a string", "Correct"),
        ('name = "A b"', "cannot be the name", "'a-b'"),
        ('name = "a"\ntorch = "2"\njax = "0.7"', "torch and jax", "Keep one"),
        ('name = "a"\ncuda = "twelve"', "not a CUDA version", '"12.8"'),
        ('name = "a"\npython = "3"', "not a Python minor", '"3.12"'),
        ('name = "a"\nplatform = "linux/amd46"', "not one of", "'linux/amd64'"),
        ('name = "a"\n[train]\ncommand = ["x"]\noutputs = ["../out"]', "outside", "without '..'"),
        ('name = "a"\n[train]\ncommand = ["x"]\noutputs = ["/etc"]', "outside", "relative"),
        ('name = "a"\n[train]\ncommand = []', "is empty", "command"),
        ('name = "a"\n[train]\ncommand = ["x"]\ngpus = "some"', "number of GPUs", '"all"'),
        ('name = "a"\n[train]\ncommand = ["x"]\nmemory-bytes = "lots"', "size", "Correct"),
    ],
)
def test_a_mistake_in_the_file_is_told_in_three_parts(
    tmp_path: Path, text: str, what: str, fix: str
) -> None:
    with pytest.raises(SpecError) as error:
        load_project(write(tmp_path, text))
    assert what in error.value.what
    assert error.value.why
    assert fix in error.value.fix
    assert error.value.exit_code == 2


def test_a_folder_without_a_spec_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no mlbox spec") as error:
        load_project(tmp_path)
    assert "mlbox init" in error.value.fix


def test_a_pyproject_without_our_table_is_not_a_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no mlbox spec"):
        load_project(write(tmp_path, "[project]\nname = 'x'\n", "pyproject.toml"))


def test_an_override_is_checked_like_the_file() -> None:
    box = BoxSpec(name="a")
    assert override(box, {"packages": ["numpy"]}).packages == ("numpy",)
    with pytest.raises(SpecError, match="platform"):
        override(box, {"platform": "windows"})


@given(st.text())
def test_a_slug_is_always_a_valid_name(text: str) -> None:
    assert parse_box({"name": slug(text)}).name == slug(text)


@given(st.lists(st.sampled_from(["..", "a", ".", "b c", "é"]), min_size=1).map("/".join))
def test_no_accepted_path_leaves_the_project(path: str) -> None:
    try:
        check_inside(path, "outputs")
    except SpecError:
        return
    root = Path("/project")
    assert Path(*[p for p in (root / path).parts if p != "."]).is_relative_to(root)
    assert ".." not in path.split("/")
