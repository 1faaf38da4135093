from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.cli import main

if TYPE_CHECKING:
    import pytest

FOLDER = Path(__file__).parents[1] / "dockerfiles"


def test_resolve_prints_versions_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "--project", str(FOLDER / "torch-cpu")]) == 0
    output = capsys.readouterr().out
    assert "torch==2.13.0+cpu" in output
    assert "- CPU only: as asked." in output


def test_resolve_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "--json", "--project", str(FOLDER / "torch-cuda")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["name"] == "torch-cuda"
    assert answer["requirements"] == ["torch==2.13.0+cu130"]


def test_render_prints_the_dockerfile_of_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "--project", str(FOLDER / "jax")]) == 0
    text = (FOLDER / "jax" / "Dockerfile").read_text(encoding="utf-8")
    assert capsys.readouterr().out == text


def test_a_flag_changes_the_spec_for_this_call(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--jax", "0.11.2", "--cuda", "cpu"]
    assert main(["render", "--project", str(FOLDER / "jax"), *flags]) == 0
    assert "jax 0.11.2 for the CPU" in capsys.readouterr().out


def test_an_impossible_spec_exits_with_3_and_three_parts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = ["--torch", "2.15", "--gpu", "V100"]
    assert main(["resolve", "--project", str(FOLDER / "torch-cuda"), *flags]) == 3
    assert len(capsys.readouterr().err.strip().split("\n")) == 3
