"""``mlbox export compose``: the run that ``mlbox train`` starts, as a compose file."""

from __future__ import annotations

import io
import runpy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from mlbox.cli import main
from mlbox.lint import lint_compose
from mlbox.render.compose import ComposeBuild, render_compose
from mlbox.spec import BoxSpec, JobSpec, parse_box, parse_job

FOLDER = Path(__file__).parents[1] / "dockerfiles"
GOLDENS = sorted(path.parent.name for path in FOLDER.glob("*/mlbox.toml"))
golden = runpy.run_path(str(FOLDER / "regenerate.py"))["golden_compose"]
Output = pytest.CaptureFixture[str]
SPEC = """\
name = "digits"
python = "3.11"
torch = "2.13.0"
cuda = "cpu"

[train]
command = ["python", "train.py"]
inputs = ["data/"]
outputs = ["out/"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a spec."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "mlbox.toml").write_text(SPEC, encoding="utf-8")
    return folder


def service(text: str) -> dict[str, Any]:
    """The one service of a compose file."""
    (found,) = YAML(typ="safe", pure=True).load(io.StringIO(text))["services"].values()
    return dict(found)


def box(**keys: object) -> BoxSpec:
    return parse_box({"name": "digits", **keys})


def job(**keys: object) -> JobSpec:
    return parse_job({"command": ["python", "train.py"], **keys})


@pytest.mark.parametrize("name", GOLDENS)
def test_the_spec_leads_to_the_compose_file_beside_it(name: str) -> None:
    assert golden(FOLDER / name) == (FOLDER / name / "compose.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GOLDENS)
def test_the_linter_finds_nothing_in_it(name: str) -> None:
    report = lint_compose((FOLDER / name / "compose.yaml").read_text(encoding="utf-8"))
    assert (report.findings, report.unreadable) == ((), ())


def test_gpus_are_reserved_as_the_spec_says() -> None:
    for gpus in (2, "all"):
        found = service(render_compose(box(), job(gpus=gpus)))
        (device,) = found["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "count": gpus, "capabilities": ["gpu"]}
        assert found["ulimits"] == {"memlock": -1, "stack": 67108864}
    assert "deploy" not in service(render_compose(box(), job()))


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ({}, "8gb"),
        ({"memory-bytes": 12 << 30}, "6gb"),
        ({"memory-bytes": 64 << 30}, "8gb"),
        ({"shm-bytes": 512 << 20}, "512mb"),
        ({"shm-bytes": 1001}, "1001b"),
    ],
)
def test_shared_memory_is_what_the_job_says_or_enough(keys: dict[str, int], size: str) -> None:
    assert service(render_compose(box(), job(**keys)))["shm_size"] == size


def test_limits_are_kept_and_what_compose_cannot_do_is_said() -> None:
    text = render_compose(
        box(platform="linux/arm64"),
        job(**{"cpus": 1.5, "memory-bytes": 1 << 30, "network": "none", "timeout-seconds": 90}),
    )
    found = service(text)
    assert (found["cpus"], found["mem_limit"], found["network_mode"]) == (1.5, "1gb", "none")
    assert found["platform"] == "linux/arm64"
    assert "# Not kept: timeout-seconds = 90; Compose has no such thing." in text


def test_inputs_are_read_only_outputs_are_not_and_no_folder_is_made() -> None:
    text = render_compose(
        box(),
        job(inputs=["data/", "raw.dvc", "a/b.csv"], outputs=["out/", "metrics.json"]),
        root="../x",
    )
    mounts = service(text)["volumes"]
    assert [(each["source"], each["target"], each.get("read_only")) for each in mounts] == [
        ("../x/data", "/workspace/data", True),
        ("../x/raw", "/workspace/raw", True),
        ("../x/a/b.csv", "/workspace/a/b.csv", True),
        ("../x/out", "/workspace/out", None),
    ]
    assert all(each["bind"] == {"create_host_path": False} for each in mounts)
    assert "#   mkdir -p ../x/out\n" in text
    assert "#   docker compose cp train:/workspace/metrics.json ../x/metrics.json\n" in text


def test_secrets_are_passed_through() -> None:
    found = service(render_compose(box(), job(), secrets=("HF_TOKEN", "WANDB_API_KEY")))
    assert found["environment"] == ["HF_TOKEN", "WANDB_API_KEY"]


def test_a_name_with_dots_is_a_projects_name_without() -> None:
    text = render_compose(box(name="a.b"), job())
    assert "\nname: a-b\n" in text
    assert service(text)["image"] == "mlbox/a.b:latest"


def test_an_image_is_built_from_the_dockerfile_as_it_is() -> None:
    dockerfile = 'FROM x AS y\n\nENV PATH="/opt/venv/bin:$PATH" A="\\$B"\n'
    build = ComposeBuild(dockerfile=dockerfile, context="./c", contexts={"uv": "./uv"})
    found = service(render_compose(box(), job(), build=build))
    assert found["build"]["context"] == "./c"
    assert found["build"]["additional_contexts"] == {"uv": "./uv"}
    assert found["build"]["dockerfile_inline"].replace("$$", "$") == dockerfile
    assert found["pull_policy"] == "build"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
@settings(deadline=None)
def test_every_argument_arrives_as_it_is(argv: list[str]) -> None:
    text = render_compose(box(), JobSpec(command=tuple(argv)))
    assert [word.replace("$$", "$") for word in service(text)["command"]] == argv
    assert lint_compose(text).unreadable == ()


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@settings(deadline=None)
def test_no_path_gets_out_of_its_place(name: str) -> None:
    path = name.replace("..", "_").lstrip("/~")
    if not path.strip("./"):
        return
    text = render_compose(box(), JobSpec(command=("a",), inputs=(path,), outputs=(f"{path}/",)))
    found = service(text)
    assert [each["type"] for each in found["volumes"]] == ["bind", "bind"]
    assert set(found) == {
        *("image", "pull_policy", "platform", "command", "user", "shm_size", "volumes"),
    }


def test_it_is_written_into_the_projects_folder(project: Path, capsys: Output) -> None:
    assert main(["export", "compose", "--project", str(project), "--gpus", "1"]) == 0
    text = (project / "compose.yaml").read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"Wrote {project / 'compose.yaml'}.\n"
    assert lint_compose(text).findings == ()
    assert [each["source"] for each in service(text)["volumes"]] == ["./data", "./out"]
    assert service(text)["command"] == ["python", "train.py"]
    assert "deploy" in service(text)


def test_paths_begin_where_the_file_is(project: Path, capsys: Output) -> None:
    deploy = project.parent / "deploy"
    deploy.mkdir()
    output = deploy / "train.yaml"
    assert main(["export", "compose", "--project", str(project), "--output", str(output)]) == 0
    sources = [each["source"] for each in service(output.read_text("utf-8"))["volumes"]]
    assert sources == ["../project/data", "../project/out"]
    assert "train.yaml" in capsys.readouterr().out


def test_it_can_be_printed(project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert main(["export", "compose", "--output", "-", "--param", "epochs=5"]) == 0
    assert service(capsys.readouterr().out)["command"][-1] == "--epochs=5"
    assert not (project / "compose.yaml").exists()


def test_what_is_there_is_not_overwritten(project: Path, capsys: Output) -> None:
    there = project / "compose.yaml"
    there.write_text("mine\n", encoding="utf-8")
    assert main(["export", "compose", "--project", str(project)]) == 2
    what, why, fix = capsys.readouterr().err.splitlines()
    assert what == f"There is a file already: {there}."
    assert "does not overwrite" in why
    assert "--force" in fix
    assert there.read_text(encoding="utf-8") == "mine\n"
    assert main(["export", "compose", "--project", str(project), "--force"]) == 0
    assert there.read_text(encoding="utf-8").startswith("# digits: written by mlbox")


@pytest.mark.parametrize(
    ("output", "said"), [(".", "is a folder."), ("no/where.yaml", "There is no folder")]
)
def test_a_place_that_cannot_be_written_to_is_said(
    project: Path, capsys: Output, output: str, said: str
) -> None:
    path = str(project / output)
    assert main(["export", "compose", "--project", str(project), "--output", path]) == 2
    error = capsys.readouterr().err.splitlines()
    assert said in error[0]
    assert len(error) == 3


def test_a_spec_without_a_job_is_said(project: Path, capsys: Output) -> None:
    (project / "mlbox.toml").write_text('name = "digits"\n', encoding="utf-8")
    assert main(["export", "compose", "--project", str(project)]) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[0] == "mlbox.toml does not say what to train."
    assert len(error) == 3
    command = ["--command", "python other.py"]
    assert main(["export", "compose", "--project", str(project), *command]) == 0
    assert service((project / "compose.yaml").read_text("utf-8"))["command"][-1] == "other.py"


def test_a_spec_that_is_not_valid_is_said(project: Path, capsys: Output) -> None:
    (project / "mlbox.toml").write_text(f"{SPEC}gpu = 1\n", encoding="utf-8")
    assert main(["export", "compose", "--project", str(project)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_secrets_value_is_refused_and_not_repeated(project: Path, capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", "compose", "--project", str(project), "--secret", "HF_TOKEN=hf_abc"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "write its name alone" in error
    assert "hf_abc" not in error


def test_building_needs_what_a_build_lays_out(project: Path, capsys: Output) -> None:
    arguments = ["export", "compose", "--project", str(project), "--build"]
    assert main(arguments) == 2
    assert "Run `mlbox build` first" in capsys.readouterr().err
    (project / ".mlbox/build/context/code").mkdir(parents=True)
    (project / ".mlbox/build/uv").mkdir()
    assert main(arguments) == 0
    build = service((project / "compose.yaml").read_text("utf-8"))["build"]
    assert build["context"] == "./.mlbox/build/context"
    assert build["additional_contexts"] == {"uv": "./.mlbox/build/uv"}
    assert "FROM python:3.11-slim-bookworm AS base" in build["dockerfile_inline"]
    assert '"/opt/venv/bin:$$PATH"' in build["dockerfile_inline"]
