"""Docker Compose takes what ``mlbox export compose`` writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compose.cases import compose_command, real_compose
from mlbox.render.compose import ComposeBuild, render_compose
from mlbox.spec import BoxSpec, JobSpec

GOLDENS = sorted(Path(__file__).parents[3].glob("dockerfiles/*/compose.yaml"))
ODD = (
    "a b",
    "$HOME ${X:-y} $$",
    "it's",
    '"',
    "#",
    "a: b",
    "- x",
    "{x}",
    "é\U0001f600",
    "\n",
    "yes",
)

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _needs_compose() -> None:
    if compose_command() is None:
        pytest.skip("there is no Docker Compose here")


def test_there_are_files() -> None:
    assert len(GOLDENS) > 5


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.parent.name)
def test_a_golden_file_is_taken(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path)
    assert real_compose(tmp_path)


def test_a_file_with_everything_in_it_is_taken(tmp_path: Path) -> None:
    job = JobSpec(
        command=ODD,
        inputs=("a b/", "raw.dvc"),
        outputs=("out $x/", "metrics.json"),
        gpus=2,
        cpus=1.5,
        memory_bytes=12 << 30,
        timeout_seconds=60,
        network="none",
    )
    build = ComposeBuild(dockerfile="FROM x\nENV A=$B\n", context=".", contexts={"uv": "./uv"})
    text = render_compose(BoxSpec(name="a.b"), job, secrets=("HF_TOKEN",), build=build)
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    assert real_compose(tmp_path)
