from __future__ import annotations

import importlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import mlbox
from mlbox.cli import COMMANDS, main, show_error
from mlbox.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

SLOW = ("docker", "nbformat", "papermill", "ipywidgets", "dvc", "IPython", "rich")
SPEC = 'name = "box"\npython = "3.11"\nbase = "debian"\n'


def python(code: str) -> str:
    run = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    return run.stdout


def called(*arguments: str) -> int:
    """The exit code, whether argparse or mlbox decided it."""
    try:
        return main(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)


@pytest.fixture
def project(project_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (project_folder / "mlbox.toml").write_text(SPEC)
    monkeypatch.chdir(project_folder)
    return project_folder


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(command, "--help") == 0
    assert f"mlbox {command}" in capsys.readouterr().out


def test_every_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--help") == 0
    listed = capsys.readouterr().out
    assert all(command in listed for command in COMMANDS)


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--version") == 0
    assert capsys.readouterr().out == f"mlbox {mlbox.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [(), ("nosuch",), ("build", "--nosuch"), ("engine",), ("train", "--param", "lr")]
)
def test_a_call_that_makes_no_sense_ends_with_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(*arguments) == 2


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (f'{SPEC}pythn = "3"\n', ("unknown key 'pythn'", "The keys are:", "Did you mean 'python'")),
        ("name = box\n", ("mlbox.toml is not valid TOML.", "line 1", "Correct")),
        (f'{SPEC}cuda = "fast"\n', ("cuda = 'fast'", "X.Y", '"cpu"')),
    ],
)
def test_a_spec_that_is_wrong_is_told_in_three_parts_and_ends_with_2(
    project: Path, spec: str, said: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "mlbox.toml").write_text(spec)
    assert called("render") == 2
    what, why, fix = capsys.readouterr().err.strip().split("\n")
    for part, words in zip((what, why, fix), said, strict=True):
        assert words in part


def test_versions_that_do_not_exist_end_with_3(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("render", "--torch", "99.9") == 3
    assert len(capsys.readouterr().err.strip().split("\n")) >= 3


def test_a_folder_without_a_spec_is_told_where_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("build", "--project", str(tmp_path)) == 2
    assert "mlbox init" in capsys.readouterr().err


def test_a_run_that_does_not_exist_ends_with_2(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("runs", "show", "nosuch") == 2
    assert called("runs", "list") == 0


def test_the_traceback_is_there_for_who_asks(project: Path) -> None:
    with pytest.raises(mlbox.MlboxError):
        main(("--debug", "runs", "show", "nosuch"))


def test_a_failed_build_is_shown_with_the_lines_of_its_dockerfile(
    capsys: pytest.CaptureFixture[str],
) -> None:
    excerpt = ("   1 |     FROM x", "   2 | >>> RUN y")
    show_error(BuildError("What.", why="Why.", fix="Fix.", excerpt=excerpt))
    assert capsys.readouterr().err.split("\n") == ["What.", *excerpt, "Why.", "Fix.", ""]


@pytest.mark.parametrize(
    "code",
    ["import mlbox", "from mlbox.cli import main\ntry: main(['--version'])\nexcept SystemExit: 0"],
)
def test_starting_up_loads_nothing_that_is_slow(code: str) -> None:
    loaded = python(f"{code}\nimport sys; print(*sys.modules)").split()
    assert not {name.partition(".")[0] for name in loaded} & set(SLOW)


def test_the_public_names_are_there_and_no_others() -> None:
    assert dir(mlbox) == sorted(mlbox.__all__)
    code = f"import mlbox; print(*[bool(getattr(mlbox, name)) for name in {mlbox.__all__}])"
    assert set(python(code).split()) == {"True"}
    with pytest.raises(AttributeError):
        mlbox.nosuch  # noqa: B018  (it is the looking up that fails)


def test_every_command_is_a_module_that_says_what_it_is() -> None:
    for command in COMMANDS:
        module = importlib.import_module(f"mlbox.cli.{command}")
        assert module.__doc__
        assert module.__doc__.startswith(f"``mlbox {command}")


def test_a_mistyped_command_is_answered_with_all_commands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["trian", "--project", "base"])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("trian", "train", "runs", "engine"))
