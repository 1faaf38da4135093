"""Installing into the system's Python, and glibc's wheels on Alpine (MLD205, MLD206)."""

from __future__ import annotations

import pytest
from cases import assert_fixed, in_all_forms, named, of, places

NOBLE = "FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04\n"
PIP = "RUN apt-get update && apt-get install -y python3-pip\n"

REFUSED = {
    "pip3": ("pip3 install numpy==2.1.0", "pip3"),
    "pip": ("pip install --no-cache-dir numpy==2.1.0", "pip"),
    "as a module": ("python3 -m pip install numpy==2.1.0", "python3"),
    "for the user": ("pip3 install --user numpy==2.1.0", "pip3"),
    "a file": ("pip3 install -r requirements.txt", "pip3"),
    "pip itself": ("pip3 install --upgrade pip==24.3", "pip3"),
    "by its path": ("/usr/bin/pip3 install numpy==2.1.0", "/usr/bin/pip3"),
    "uv": ("uv pip install --system numpy==2.1.0", "uv"),
}
REFUSING = {
    "Ubuntu 24.04": f"FROM ubuntu:24.04\n{PIP}RUN pip3 install numpy\n",
    "by name": f"FROM ubuntu:noble-20240904\n{PIP}RUN pip3 install numpy\n",
    "Ubuntu 23.10": f"FROM ubuntu:23.10\n{PIP}RUN pip3 install numpy\n",
    "the latest": f"FROM ubuntu:latest\n{PIP}RUN pip3 install numpy\n",
    "Debian 12": f"FROM debian:12-slim\n{PIP}RUN pip3 install numpy\n",
    "Debian 13": f"FROM debian:trixie\n{PIP}RUN pip3 install numpy\n",
    "NVIDIA's registry": (
        f"FROM nvcr.io/nvidia/cuda:12.8.1-base-ubuntu24.04\n{PIP}RUN pip3 install a\n"
    ),
    "an image on Debian": f"FROM node:20-bookworm\n{PIP}RUN pip3 install a\n",
    "pip by its other name": f"{NOBLE}RUN apt-get install -y python3 pip\nRUN pip install a\n",
    "in one RUN": (
        f"{NOBLE}RUN apt-get update && apt-get install -y python3-pip && pip3 install a\n"
    ),
    "from an earlier stage": f"{NOBLE.strip()} AS base\n{PIP}FROM base\nRUN pip3 install numpy\n",
    "after ENV PATH of CUDA": (
        f"{NOBLE}{PIP}ENV PATH=/usr/local/cuda/bin:$PATH\nRUN pip3 install a\n"
    ),
    "with the user's programs": (
        f"{NOBLE}{PIP}ENV PATH=/root/.local/bin:$PATH\nRUN pip3 install a\n"
    ),
    "the same Python by its number": f"{NOBLE}{PIP}RUN python3.12 -m pip install numpy\n",
}
ALLOWED = {
    "Ubuntu 22.04": f"FROM ubuntu:22.04\n{PIP}RUN pip3 install numpy\n",
    "Debian 11": f"FROM debian:bullseye\n{PIP}RUN pip3 install numpy\n",
    "CUDA on 22.04": f"FROM nvidia/cuda:12.8.1-base-ubuntu22.04\n{PIP}RUN pip3 install numpy\n",
    "the official Python": f"FROM python:3.12-slim-bookworm\n{PIP}RUN pip install numpy\n",
    "nobody knows whose pip": f"{NOBLE}RUN pip install numpy\n",
    "uv without Python": f"{NOBLE}RUN uv pip install --system numpy\n",
    "an option": f"{NOBLE}{PIP}RUN pip3 install --break-system-packages numpy\n",
    "a variable": f"{NOBLE}{PIP}ENV PIP_BREAK_SYSTEM_PACKAGES=1\nRUN pip3 install numpy\n",
    "a variable of the command": (
        f"{NOBLE}{PIP}RUN PIP_BREAK_SYSTEM_PACKAGES=1 pip3 install numpy\n"
    ),
    "pip's configuration": (
        f"{NOBLE}{PIP}RUN pip3 config set global.break-system-packages true\nRUN pip3 install a\n"
    ),
    "its file, written": (
        f"{NOBLE}{PIP}RUN printf '[global]\\nbreak-system-packages = true\\n' > /etc/pip.conf\n"
        "RUN pip3 install numpy\n"
    ),
    "its file, copied": f"{NOBLE}{PIP}COPY pip.conf /etc/pip.conf\nRUN pip3 install numpy\n",
    "the mark removed": (
        f"{NOBLE}{PIP}RUN rm /usr/lib/python3.12/EXTERNALLY-MANAGED\nRUN pip3 install numpy\n"
    ),
    "the mark removed by pattern": (
        f"{NOBLE}RUN apt-get install -y python3-pip && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED "
        "&& pip3 install numpy\n"
    ),
    "in a folder": f"{NOBLE}{PIP}RUN pip3 install --target /opt/lib numpy\n",
    "in a folder, by a variable": f"{NOBLE}{PIP}ENV PIP_TARGET=/opt/lib\nRUN pip3 install a\n",
    "an environment made and used at once": (
        f"{NOBLE}{PIP}ENV PATH=/opt/ml/bin:$PATH\nRUN python3 -m venv /opt/ml && pip install a\n"
    ),
    "an environment": (
        f"{NOBLE}{PIP}RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install numpy\n"
    ),
    "an environment on the path": (
        f"{NOBLE}{PIP}RUN python3 -m venv /opt/v\nENV "
        "PATH=/opt/v/bin:$PATH\nRUN pip install numpy\n"
    ),
    "an environment that is activated": (
        f"{NOBLE}{PIP}RUN python3 -m venv /e && . /e/bin/activate && pip install numpy\n"
    ),
    "VIRTUAL_ENV": (
        f"{NOBLE}{PIP}RUN python3 -m venv /app/v\nENV VIRTUAL_ENV=/app/v PATH=/app/v/bin:$PATH\n"
        "RUN pip install numpy\n"
    ),
    "a folder": f"{NOBLE}{PIP}RUN pip3 install --target /opt/lib numpy\n",
    "a prefix": f"{NOBLE}{PIP}RUN pip3 install --prefix=/install numpy\n",
    "conda": (
        f"{NOBLE}{PIP}RUN bash miniconda.sh -b -p /opt/conda\nENV PATH=/opt/conda/bin:$PATH\n"
        "RUN pip install numpy\n"
    ),
    "another Python": (
        f"{NOBLE}RUN apt-get install -y python3-pip python3.11\nRUN python3.11 -m pip install a\n"
    ),
    "pyenv": f"{NOBLE}{PIP}ENV PATH=/root/.pyenv/shims:$PATH\nRUN pip install numpy\n",
    "only downloaded": f"{NOBLE}{PIP}RUN pip3 download numpy\n",
    "only if it is older": f"{NOBLE}{PIP}RUN if false; then pip3 install numpy; fi\n",
    "with a second try": (
        f"{NOBLE}{PIP}RUN pip3 install a || pip3 install --break-system-packages a\n"
    ),
    "a stage that is not needed": (
        f"{NOBLE.strip()} AS x\n{PIP}RUN pip3 install a\nFROM python:3.12\n"
    ),
    "uv's own environment": (
        f"{NOBLE}{PIP}RUN uv venv /v\nRUN VIRTUAL_ENV=/v uv pip install numpy\n"
    ),
    "pipx": f"{NOBLE}{PIP}RUN pipx install poetry\n",
    "a private image": f"FROM acme/base:1-ubuntu24.04\n{PIP}RUN pip3 install numpy\n",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(REFUSED, NOBLE + PIP))
def test_the_systems_python_refuses(text: str, word: str) -> None:
    assert places("MLD205", text) == [word]
    assert [item.severity for item in of("MLD205", text)] == ["error"]


@pytest.mark.parametrize("text", named(REFUSING))
def test_each_system_that_marks_its_python_refuses(text: str) -> None:
    assert len(of("MLD205", text)) == 1


@pytest.mark.parametrize("text", named(ALLOWED))
def test_a_python_that_may_be_changed_is_no_finding(text: str) -> None:
    assert of("MLD205", text) == []


def test_several_installations_of_a_stage_are_one_finding() -> None:
    text = f"{NOBLE}{PIP}RUN pip3 install a\nRUN pip3 install b\n"
    (found,) = of("MLD205", text)
    assert "1 more" in found.what


def test_an_environment_is_made_before_the_first_installation() -> None:
    assert_fixed(
        f"{NOBLE}{PIP}COPY . .\nRUN pip3 install -r requirements.txt\nRUN pip3 install b\n",
        "MLD205",
        expected=f"{NOBLE}{PIP.strip()} python3-venv\nCOPY . .\n"
        'RUN python3 -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\n'
        "RUN pip3 install -r requirements.txt\nRUN pip3 install b\n",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "RUN apt-get install -y python3-pip && pip3 install numpy\n",
            "RUN apt-get install -y python3-pip && pip3 install --break-system-packages numpy\n",
        ),
        (
            f"{PIP}RUN /usr/bin/pip3 install a\n",
            f"{PIP}RUN /usr/bin/pip3 install --break-system-packages a\n",
        ),
        (
            f"{PIP}USER 1000\nRUN pip3 install a\n",
            f"{PIP}USER 1000\nRUN pip3 install --break-system-packages a\n",
        ),
        (
            f"{PIP}RUN uv pip install --system a\n",
            f"{PIP}RUN uv pip install --break-system-packages --system a\n",
        ),
    ],
)
def test_where_no_environment_can_be_made_the_option_is_given(before: str, after: str) -> None:
    assert_fixed(NOBLE + before, "MLD205", expected=NOBLE + after)


@pytest.mark.parametrize(
    ("text", "word"), in_all_forms({"pip": ("pip3 install a==1", "pip3")}, NOBLE + PIP)
)
def test_every_form_is_mended(text: str, word: str) -> None:
    assert word
    assert_fixed(text, "MLD205")


# --- MLD206 ------------------------------------------------------------------------------------

ALPINE = "FROM python:3.12-alpine\n"
ON_MUSL = {
    "torch": ("pip install --no-cache-dir torch==2.9.1", "torch==2.9.1"),
    "with an extra": (
        "pip install 'tensorflow[and-cuda]==2.20.0'",
        "'tensorflow[and-cuda]==2.20.0'",
    ),
    "onnxruntime": ("pip install onnxruntime==1.20.0", "onnxruntime==1.20.0"),
    "jax": ("pip install jax==0.4.35", "jax==0.4.35"),
    "its library": ("pip install jaxlib==0.4.35", "jaxlib==0.4.35"),
    "from PyTorch's index": (
        "pip install torch==2.9.1 --index-url https://download.pytorch.org/whl/cpu",
        "torch==2.9.1",
    ),
    "by uv": ("uv pip install --system torch==2.9.1", "torch==2.9.1"),
    "what needs it": ("pip install sentence-transformers==3.0.0", "sentence-transformers==3.0.0"),
    "beside others": ("pip install numpy==2.1.0 torch==2.9.1", "torch==2.9.1"),
}
BAD_BASES = {
    "alpine": "FROM alpine:3.20\nRUN pip install torch\n",
    "alpine's latest": "FROM alpine\nRUN pip install torch\n",
    "with its number": "FROM python:3.12-alpine3.20\nRUN pip install torch\n",
    "docker.io": "FROM docker.io/library/python:3.11-alpine\nRUN pip install torch\n",
    "uv's": "FROM ghcr.io/astral-sh/uv:python3.12-alpine\nRUN uv pip install --system torch\n",
    "an earlier stage": "FROM python:3.12-alpine AS b\nFROM b\nRUN pip install torch\n",
    "a builder": (
        "FROM python:3.12-alpine AS b\nRUN pip install torch\n"
        "FROM python:3.12-alpine\nCOPY --from=b /usr/local /usr/local\n"
    ),
    "by a default": "ARG V=3.12-alpine\nFROM python:${V}\nRUN pip install torch\n",
}
FINE = {
    "slim": "FROM python:3.12-slim\nRUN pip install torch\n",
    "no framework": f"{ALPINE}RUN pip install numpy onnx\n",
    "Alpine's own": f"{ALPINE}RUN apk add py3-pytorch && pip install torch\n",
    "glibc": "FROM frolvlad/alpine-glibc:alpine-3.20\nRUN pip install torch\n",
    "conda's": "FROM continuumio/miniconda3:4.12.0-alpine\nRUN pip install torch\n",
    "a wheel": (
        f"{ALPINE}RUN pip install "
        "https://example.com/torch-2.9.1-cp312-cp312-musllinux_1_2_x86_64.whl\n"
    ),
    "an index of one's own": (
        f"{ALPINE}RUN pip install --extra-index-url https://pypi.example.com/musl torch\n"
    ),
    "links": f"{ALPINE}RUN pip install -f https://example.com/musl torch\n",
    "only downloaded": f"{ALPINE}RUN pip download torch\n",
    "no dependencies": f"{ALPINE}RUN pip install --no-deps timm\n",
    "a stage that is not needed": (
        f"{ALPINE.strip()} AS x\nRUN pip install torch\nFROM python:3.12-slim\n"
    ),
    "the name of another thing": "FROM acme/alpine-tools:1\nRUN pip install torch\n",
    "a name alike": f"{ALPINE}RUN pip install torchx-nothing tensorflow-io-gcs\n",
    "for another system": f"{ALPINE}RUN pip install 'torch; sys_platform == \"win32\"'\n",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(ON_MUSL, ALPINE, but=("bash -c",)))
def test_wheels_for_glibc_do_not_install_on_alpine(text: str, word: str) -> None:
    assert places("MLD206", text) == [word]
    assert [item.severity for item in of("MLD206", text)] == ["error"]


@pytest.mark.parametrize("text", named(BAD_BASES))
def test_every_image_on_alpine_counts(text: str) -> None:
    assert len(of("MLD206", text)) == 1


@pytest.mark.parametrize("text", named(FINE))
def test_what_installs_there_is_no_finding(text: str) -> None:
    assert of("MLD206", text) == []


def test_a_requirements_file_is_read() -> None:
    text = f"{ALPINE}COPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    (found,) = of("MLD206", text, **{"requirements.txt": "numpy==2.1.0\ntorch==2.9.1\n"})
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("requirements.txt", 2)


def test_the_same_python_on_debian_is_proposed() -> None:
    (found,) = of("MLD206", "FROM python:3.11-alpine3.20\nRUN pip install torch\n")
    assert "python:3.11-slim" in found.fix
