from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlbox.cli import main
from mlbox.facts import load_facts
from mlbox.resolve import Request, resolve

FOLDER = Path(__file__).parents[1] / "dockerfiles"


def test_resolve_prints_versions_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "--project", str(FOLDER / "torch-cpu")]) == 0
    output = capsys.readouterr().out
    assert "torch==2.13.0+cpu" in output
    assert "- CPU only: as asked." in output


def test_resolve_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "--json", "--project", str(FOLDER / "torch-cuda")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["framework"] == "torch"
    assert answer["requirements"] == ["torch==2.13.0+cu130"]


def test_render_prints_the_dockerfile_of_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "--project", str(FOLDER / "jax")]) == 0
    text = (FOLDER / "jax" / "Dockerfile").read_text(encoding="utf-8")
    assert capsys.readouterr().out == text


def test_a_flag_changes_the_spec_for_this_call(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--jax", "0.11.2", "--cuda", "cpu"]
    assert main(["render", "--project", str(FOLDER / "jax"), *flags]) == 0
    assert "jax 0.11.2 for the CPU" in capsys.readouterr().out


def test_an_impossible_spec_exits_with_3_and_says_what_would_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = ["--torch", "2.15", "--gpu", "V100"]
    assert main(["resolve", "--project", str(FOLDER / "torch-cuda"), *flags]) == 3
    assert 'torch = "2.14.1"' in capsys.readouterr().out


# --- questions without a project --------------------------------------------------------------


def ask(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    assert main(["resolve", *words, "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["resolve", *words]) == 2
    error = capsys.readouterr().err.strip()
    assert len(error.split("\n")) == 3
    return error


@pytest.fixture
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_elsewhere")
class TestAlone:
    """In a folder without a spec."""

    def test_a_framework_is_answered_for_with_all_fields(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer = ask(capsys, "torch==2.13.0", "--gpu", "A100", "--driver", "580.95.05")
        assert answer["verdict"] == "ok"
        assert (answer["version"], answer["cuda_tag"]) == ("2.13.0", "cu130")
        assert (answer["min_driver"], answer["exact_driver"]) == ("580.65.06", "580.95.05")
        assert answer["index_url"] == "https://download.pytorch.org/whl/cu130"
        assert answer["companions"]["torchvision"] == {
            "version": "0.28.0",
            "pinned": True,
            "note": "",
        }
        assert all(isinstance(reason, str) for reason in answer["reasons"])
        assert any("source:" in reason for reason in answer["reasons"])
        unknown = {"download_bytes", "image_bytes", "image", "devel_image"}
        assert {key for key, value in answer.items() if value is None} == unknown

    def test_nothing_at_all_is_the_newest_torch(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ask(capsys)["framework"] == "torch"

    def test_a_tpu_is_mostly_used_with_jax(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ask(capsys, "--accelerator", "tpu")["framework"] == "jax"

    def test_an_impossible_question_has_the_lines_to_put_into_the_spec(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        question = ("torch==2.15.0", "--gpu", "V100")
        answer = ask(capsys, *question, code=3)
        assert answer["nearest"][0]["changes"] == {"torch": "2.14.1", "cuda": "cu126"}
        assert main(["resolve", *question]) == 3
        assert '  torch = "2.14.1"\n  cuda = "cu126"\n' in capsys.readouterr().out

    def test_the_whole_grid(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["resolve", "torch", "--matrix", "--gpu", "V100", "--driver", "550.54.14"]) == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines() if line]
        rows = {words[0]: words[1:] for words in lines}
        tags = rows["torch"]
        assert rows["2.15.0"][tags.index("cu132")] == "no"
        assert rows["2.14.1"][tags.index("cu126")] == "warn"
        assert rows["2.7.1"][tags.index("cu118")] == "ok"
        assert rows["2.7.1"][tags.index("cu132")] == "-"

    def test_the_grid_of_a_machine_is_that_of_its_gpu_and_platform(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["resolve", "torch", "--matrix", "--instance", "g5g.xlarge", "--json"]) == 0
        cells = json.loads(capsys.readouterr().out)["cells"]
        assert cells["2.15.0"] == {"cu132": "no"}

    def test_an_image_alone_is_judged(self, capsys: pytest.CaptureFixture[str]) -> None:
        answer = ask(capsys, "--image", "nvidia/cuda:12.8-devel-ubuntu22.04", code=3)
        assert answer["image"]["exists"] is False
        assert answer["nearest"][0]["changes"] == {"base": "nvidia/cuda:12.8.1-devel-ubuntu22.04"}

    def test_a_machine_of_a_cloud_says_which_gpu(self, capsys: pytest.CaptureFixture[str]) -> None:
        answer = ask(capsys, "torch", "--instance", "p5.48xlarge")
        assert any("H100" in reason for reason in answer["reasons"])

    def test_what_there_are_no_facts_for_is_not_guessed(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer = ask(capsys, "tensorflow", "--accelerator", "rocm", code=3)
        assert "no verified facts for this" in answer["what"]

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("torch==abc",), "torch==2.13.0"),
            (("torch==2.9+cu128",), "--cuda"),
            (("tensorflw",), "tensorflow"),
            (("torch", "--driver", "abc"), "550.54.14"),
            (("torch", "--python", "2.7"), "3.12"),
            (("torch", "--cuda", "twelve"), "cu128"),
            (("torch", "--platform", "darwin/arm64"), "linux/amd64"),
            (("torch", "--gpu", "RTX 4091"), "RTX 4090"),
            (("torch", "--gpu", "RTX 6000"), "Ada"),
            (("torch", "--gpu", "A100", "--compute-capability", "7.0"), "Leave one of them out"),
            (("torch", "--compute-capability", "eight"), "8.6"),
            (("torch", "--cuda", "cpu", "--accelerator", "cuda"), "contradict"),
            (("torch", "--accelerator", "rocm", "--cuda", "cu128"), "contradict"),
            (("torch", "--instance", "p5.49xlarge"), "p5.48xlarge"),
            (("torch", "--instance", "g5g.xlarge", "--platform", "linux/amd64"), "linux/arm64"),
            (("torch", "--gpu", "Jetson Thor", "--platform", "linux/amd64"), "contradict"),
            (("torch", "--gpu", ""), "knows no GPU"),
            (("torch", "--accelerator", ""), "rocm"),
            (("--image", "python:3.12", "--base", "python:3.11"), "Leave one of them out"),
            (("--matrix", "--image", "python:3.12"), "torch --matrix"),
            (("torch", "--matrix", "--gpu", "MI300X"), "no grid for rocm"),
        ],
    )
    def test_malformed_and_contradictory_words_are_told_in_three_parts(
        self, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
    ) -> None:
        assert says in refused(capsys, *words)


def test_a_question_in_a_project_starts_from_its_spec(capsys: pytest.CaptureFixture[str]) -> None:
    project = ("--project", str(FOLDER / "torch-cuda"))
    answer = ask(capsys, *project, "--compute-capability", "7.0")
    assert (answer["version"], answer["cuda_tag"]) == ("2.13.0", "cu126")


def test_a_resolution_shows_itself_in_a_notebook_and_escapes_what_it_was_given() -> None:
    good = resolve(Request(framework="torch", gpu="A100"), load_facts())
    assert "<table>" in good._repr_html_()
    bad = resolve(Request(framework="torch", version="2.15.0", gpu="V100"), load_facts())
    assert "torch = &quot;2.14.1&quot;" in bad._repr_html_()
    evil = replace(good, what="<script>alert(1)</script>")
    assert "<script>" not in evil._repr_html_()
