"""Pythons that a release has no wheels for (MLD119)."""

from __future__ import annotations

import pytest
from cases import assert_fixed, in_all_forms, named, of, places

INDEX = "https://download.pytorch.org/whl/"
OLD = "FROM python:3.10-slim\n"
NEW = "FROM python:3.14-slim\n"
GAPS = {
    "default index": ("pip install torch==2.15.0", "torch==2.15.0"),
    "index": (f"pip install torch==2.15.0 --index-url {INDEX}cu132", "torch==2.15.0"),
    "local": ("pip install torch==2.15.0+cu132", "torch==2.15.0+cu132"),
    "among others": ("pip install numpy torch==2.15.0 timm", "torch==2.15.0"),
    "jax": ("pip install jax==0.8.1", "jax==0.8.1"),
    "jaxlib": ("pip install 'jax[cuda12]==0.11.0'", "'jax[cuda12]==0.11.0'"),
    "uv": ("uv pip install --system torch==2.15.0", "torch==2.15.0"),
    "of uv's venv": ("uv venv -p 3.10 /v && uv pip install -p /v torch==2.15.0", "torch==2.15.0"),
    "of conda's environment": (
        "conda create -y -n t python=3.10 && conda run -n t pip install torch==2.15.0",
        "torch==2.15.0",
    ),
    "in a venv": ("python -m venv /v && /v/bin/pip install torch==2.15.0", "torch==2.15.0"),
}
NO_GAPS = {
    "has them": f"{OLD}RUN pip install torch==2.9.1",
    "unpinned": f"{OLD}RUN pip install torch",
    "range": f"{OLD}RUN pip install 'torch>=2.15'",
    "newer than the tables": f"{OLD}RUN pip install torch==9.9.0",
    "newest release, newest Python": "FROM python:3.16-slim\nRUN pip install torch==2.15.0",
    "index that may have it early": "FROM python:3.15-slim\n"
    f"RUN pip install torch==2.14.1 -i {INDEX}cu130",
    "Python not known": "FROM python:3-slim\nRUN pip install torch==2.15.0",
    "base not known": "FROM registry.example.com/py310:1\nRUN pip install torch==2.15.0",
    "conda": "FROM continuumio/miniconda3:24.7.1-0\nRUN pip install torch==2.15.0",
    "another Python by apt": f"{OLD}RUN apt-get install -y python3.12\n"
    "RUN pip install torch==2.15.0",
    "another Python by uv": f"{OLD}RUN uv python install 3.12\nRUN uv pip install torch==2.15.0",
    "a venv of uv": f"{OLD}RUN uv venv --python 3.12 /v\nRUN /v/bin/pip install torch==2.15.0",
    "uv fetches one": f"{OLD}COPY . .\nRUN uv sync",
    "Python asked for": f"{OLD}RUN uv pip install --python 3.12 torch==2.15.0",
    "pyenv": f"{OLD}RUN pyenv install 3.12 && pip install torch==2.15.0",
    "version not known": f"{OLD}ARG V\nRUN pip install torch==$V",
    "from source": f"{OLD}RUN pip install --no-binary torch torch==2.15.0",
    "nvidia/cuda without a Python known": "FROM nvidia/cuda:12.8.1-runtime-ubuntu22.04\n"
    "RUN pip install torch==2.15.0",
    "deadsnakes": "FROM nvidia/cuda:12.8.1-runtime-ubuntu22.04\nRUN add-apt-repository"
    " ppa:deadsnakes/ppa && apt-get install -y python3.12 python3-pip\n"
    "RUN python3.12 -m pip install torch==2.15.0",
    "unused stage": f"FROM python:3.10 AS x\nRUN pip install torch==2.15.0\n{NEW}",
    "marker": f"{OLD}RUN pip install 'torch==2.15.0; python_version >= \"3.11\"'",
    "conda's shell": f'{OLD}SHELL ["conda", "run", "-n", "x", "/bin/bash", "-c"]\n'
    "RUN pip install torch==2.15.0",
    "another package": f"{OLD}RUN pip install torchmetrics==2.15.0",
}


@pytest.mark.parametrize(
    "base",
    ["ubuntu:20.04", "ubuntu:jammy", "debian:bullseye", "nvidia/cuda:12.4.1-base-ubuntu20.04"],
)
def test_the_python_of_a_distribution_is_known(base: str) -> None:
    text = f"FROM {base}\nRUN apt-get install -y python3-pip\nRUN pip3 install torch==2.15.0\n"
    assert len(of("MLD119", text)) == 1
    assert of("MLD119", text.replace("python3-pip", "curl")) == []


def test_another_index_may_have_wheels_of_its_own() -> None:
    text = f"{OLD}RUN pip install -i https://pypi.example.com/simple torch==2.15.0\n"
    assert [(i.severity, i.confidence) for i in of("MLD119", text)] == [("info", "medium")]


@pytest.mark.parametrize(("text", "word"), in_all_forms(GAPS, OLD))
def test_a_release_without_wheels_for_the_python_is_an_error(text: str, word: str) -> None:
    (found,) = of("MLD119", text)
    assert found.severity == "error"
    assert found.as_of
    assert word.strip("'") in places("MLD119", text)[0]


@pytest.mark.parametrize("text", named(NO_GAPS))
def test_a_python_with_wheels_or_one_that_is_not_known_is_no_finding(text: str) -> None:
    assert of("MLD119", text) == []


@pytest.mark.parametrize(
    "text",
    named(
        {
            "too new": f"{NEW}RUN pip install torch==2.5.1 --index-url {INDEX}cu124",
            "too new for tensorflow": "FROM python:3.13-slim\nRUN pip install tensorflow==2.18.0",
            "full image": "FROM python:3.10.14-bookworm\nRUN pip install torch==2.15.0",
            "mirror": "FROM mirror.example.com/library/python:3.10-slim\n"
            "RUN pip install torch==2.15.0",
            "Ubuntu's": "FROM nvidia/cuda:12.8.1-runtime-ubuntu22.04\n"
            "RUN apt-get install -y python3-pip\nRUN pip3 install torch==2.15.0",
            "asked for": "FROM python:3.12-slim\nRUN uv pip install --python 3.10 torch==2.15.0",
            "image of uv": "FROM ghcr.io/astral-sh/uv:python3.10-bookworm-slim\n"
            "RUN uv pip install --system torch==2.15.0",
            "of an earlier stage": "FROM python:3.10-slim AS base\nFROM base\n"
            "RUN pip install torch==2.15.0",
            "constraint": f"{OLD}COPY c.txt .\nRUN pip install -c c.txt torch==2.15.0",
        }
    ),
)
def test_the_python_is_found_where_it_is_plain(text: str) -> None:
    assert [item.severity for item in of("MLD119", text)] == ["error"]


def test_requirements_files_count() -> None:
    text = f"{OLD}COPY r.txt .\nRUN pip install -r r.txt\n"
    (found,) = of("MLD119", text, **{"r.txt": "torch==2.15.0\n"})
    assert found.location is not None
    assert found.location.file == "r.txt"


def test_the_nearest_python_is_written_where_the_tag_is_plain() -> None:
    assert_fixed(
        f"{OLD}RUN pip install torch==2.15.0\n",
        "MLD119",
        expected="FROM python:3.11-slim\nRUN pip install torch==2.15.0\n",
    )
    (found,) = of("MLD119", "FROM python:3.10.14-slim-bullseye\nRUN pip install torch==2.15.0\n")
    assert found.autofix is None
