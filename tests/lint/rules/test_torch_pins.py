"""torch without a version (MLD104)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, in_all_forms, named, of, places

INDEX = "https://download.pytorch.org/whl/"
OPEN = {
    "alone": ("pip install torch", "torch"),
    "among others": ("pip install numpy torch torchvision", "torch"),
    "index": (f"pip install torch --index-url {INDEX}cu118", "torch"),
    "python -m": ("python -m pip install torch", "torch"),
    "uv": ("uv pip install --system torch", "torch"),
    "quoted": ("pip install 'torch'", "'torch'"),
    "venv": ("/opt/venv/bin/pip install torch", "torch"),
    "upgraded": ("pip install --upgrade torch", "torch"),
}
PINNED = {
    "pinned": "RUN pip install torch==2.9.1",
    "local": "RUN pip install torch==2.9.1+cu128",
    "compatible": "RUN pip install 'torch~=2.9.0'",
    "upper bound": "RUN pip install 'torch>=2.8,<2.10'",
    "prefix": "RUN pip install 'torch==2.9.*'",
    "argument": "ARG V\nRUN pip install torch==${V}",
    "constraint that is not here": "RUN pip install -c constraints.txt torch",
    "constraint by variable": "ENV PIP_CONSTRAINT=/c.txt\nRUN pip install torch",
    "wheel": f"RUN pip install {INDEX}cu118/torch-2.0.0%2Bcu118-cp310-cp310-linux_x86_64.whl",
    "unused stage": f"{SLIM.strip()} AS docs\nRUN pip install torch\n{SLIM}",
    "base has it": "FROM pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel\nRUN pip install torch",
    "NGC has it": "FROM nvcr.io/nvidia/pytorch:24.10-py3\nRUN pip install torch",
    "there already": "RUN pip install torch==2.9.1\nRUN pip install torch timm==1.0.9",
    "of an earlier stage": f"{SLIM.strip()} AS base\nRUN pip install torch==2.9.1\nFROM base\n"
    "RUN pip install torch",
    "nightly": f"RUN pip install --pre torch --index-url {INDEX}nightly/cu128",
    "as of a day": "RUN uv pip install --system torch --exclude-newer 2026-01-01",
    "others": "RUN pip install torchmetrics pytorch-lightning torch-geometric",
    "conda": "RUN conda install -y pytorch",
    "said only": "RUN echo pip install torch",
    "project": "COPY . .\nRUN uv sync",
    "uv add": "RUN uv add torch",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(OPEN))
def test_torch_without_a_version_is_found(text: str, word: str) -> None:
    (found,) = of("MLD104", text)
    assert found.severity == "warning"
    assert word.strip("'") in places("MLD104", text)[0]


@pytest.mark.parametrize("text", named(PINNED))
def test_torch_with_a_version_or_one_that_may_have_it_is_no_finding(text: str) -> None:
    assert of("MLD104", text) == []


@pytest.mark.parametrize(("text", "word"), in_all_forms(OPEN))
def test_a_version_is_written_in_every_form(text: str, word: str) -> None:
    del word
    assert "torch==" in assert_fixed(text, "MLD104")


def test_a_lower_bound_alone_is_good_to_know() -> None:
    assert [i.severity for i in of("MLD104", f"{SLIM}RUN pip install 'torch>=2.0'\n")] == ["info"]


def test_a_constraint_that_is_here_counts() -> None:
    text = f"{SLIM}COPY c.txt .\nRUN pip install -c c.txt torch\n"
    assert of("MLD104", text, **{"c.txt": "torch==2.9.1\n"}) == []
    assert len(of("MLD104", text, **{"c.txt": "numpy==2.1\n"})) == 1


def test_requirements_files_count_where_they_are() -> None:
    text = f"{SLIM}COPY r.txt .\nRUN pip install -r r.txt\n"
    (found,) = of("MLD104", text, **{"r.txt": "numpy==2.1.0\ntorch\n"})
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("r.txt", 2)
    assert of("MLD104", text, **{"r.txt": "torch==2.9.1 --hash=sha256:00\n"}) == []


def test_the_newest_that_the_index_and_the_python_have_is_written() -> None:
    assert_fixed(
        f"{SLIM}RUN pip install numpy 'torch' --index-url {INDEX}cu118\n",
        "MLD104",
        expected=f"{SLIM}RUN pip install numpy 'torch==2.7.1' --index-url {INDEX}cu118\n",
    )
    assert_fixed(
        "FROM python:3.10-slim\nRUN pip install torch\n",
        "MLD104",
        expected="FROM python:3.10-slim\nRUN pip install torch==2.14.1\n",
    )
