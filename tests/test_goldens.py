"""Each spec in dockerfiles/ renders to the Dockerfile beside it (regenerate.py writes them)."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from mlbox.lint import lint_dockerfile

FOLDER = Path(__file__).parents[1] / "dockerfiles"
GOLDENS = sorted(path.parent.name for path in FOLDER.glob("*/mlbox.toml"))
golden = runpy.run_path(str(FOLDER / "regenerate.py"))["golden"]


@pytest.mark.parametrize("name", GOLDENS)
def test_the_spec_renders_to_the_dockerfile_beside_it(name: str) -> None:
    assert golden(FOLDER / name) == (FOLDER / name / "Dockerfile").read_text(encoding="utf-8")


def test_the_goldens_cover_every_kind_of_box() -> None:
    kinds = {"torch-cpu", "torch-cuda", "torch-cuda-extension", "ngc", "scikit-learn"}
    assert {*kinds, "jax", "tensorflow"} <= set(GOLDENS)


@pytest.mark.parametrize("name", GOLDENS)
def test_every_stage_it_builds_on_is_there(name: str) -> None:
    text = (FOLDER / name / "Dockerfile").read_text(encoding="utf-8")
    images, stages = [], set()
    for base, stage in re.findall(r"^FROM (\S+) AS (\S+)$", text, re.MULTILINE):
        images += [] if base in stages else [base]
        stages.add(stage)
    assert set(re.findall(r"from=(\w+)", text)) <= stages
    assert all(":" in image for image in images if image != "scratch")


@pytest.mark.parametrize("name", GOLDENS)
def test_the_linter_finds_nothing_in_it(name: str) -> None:
    report = lint_dockerfile((FOLDER / name / "Dockerfile").read_text(encoding="utf-8"))
    assert [(item.code, item.what) for item in report] == []
