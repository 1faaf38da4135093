"""What is made for another kind of processor than the image is for (MLD204)."""

from __future__ import annotations

import pytest
from cases import assert_fixed, in_all_forms, named, of, places

ARM = "FROM --platform=linux/arm64 python:3.12-slim\n"
AMD = "FROM --platform=linux/amd64 python:3.12-slim\n"
CONDA = "https://example.com/miniconda/Miniconda3-latest-Linux-x86_64.sh"
WHEEL = "https://example.com/x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"

GAPS = {
    "an installer": (f"curl -fsSLO {CONDA}", CONDA),
    "by wget": (f"wget -q {CONDA}", CONDA),
    "a wheel": (f"pip install {WHEEL}", WHEEL),
    "a plain Linux wheel": (
        "pip install https://example.com/x-1.0-cp312-cp312-linux_x86_64.whl",
        "https://example.com/x-1.0-cp312-cp312-linux_x86_64.whl",
    ),
    "a package": (
        "curl -LO https://example.com/tool_1.0_amd64.deb",
        "https://example.com/tool_1.0_amd64.deb",
    ),
    "a folder of packages": (
        "curl -LO https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/x86_64/k.deb",
        "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/x86_64/k.deb",
    ),
    "a build of torch": (
        "pip install torch==2.4.1 --index-url https://download.pytorch.org/whl/cu121",
        "torch==2.4.1",
    ),
    "its local version": (
        "pip install torch==2.4.1+cu121 --extra-index-url https://download.pytorch.org/whl/cu121",
        "torch==2.4.1+cu121",
    ),
}
GAPPED = {
    "v8": f"FROM --platform=linux/arm64/v8 python:3.12-slim\nRUN curl -O {CONDA}",
    "aarch64": f"FROM --platform=linux/aarch64 python:3.12-slim\nRUN curl -O {CONDA}",
    "the image's name": f"FROM arm64v8/python:3.12-slim\nRUN curl -O {CONDA}",
    "Jetson's": f"FROM nvcr.io/nvidia/l4t-base:r36.2.0\nRUN curl -O {CONDA}",
    "the stage below": f"{ARM.strip()} AS b\nFROM b\nRUN curl -O {CONDA}",
    "the other way round": (
        f"{AMD}RUN curl -O https://example.com/miniconda/Miniconda3-latest-Linux-aarch64.sh"
    ),
    "a wheel the other way round": (
        f"{AMD}RUN pip install https://example.com/x-1.0-cp312-cp312-manylinux_2_28_aarch64.whl"
    ),
    "by a default": f"ARG P=linux/arm64\nFROM --platform=$P python:3.12-slim\nRUN curl -O {CONDA}",
    "for many": f"FROM python:3.12-slim\nARG TARGETARCH\nRUN curl -O {CONDA}",
}
NONE = {
    "no platform": f"FROM python:3.12-slim\nRUN curl -O {CONDA}",
    "the same": f"{AMD}RUN curl -O {CONDA}",
    "the other's own": (
        f"{ARM}RUN curl -O https://example.com/miniconda/Miniconda3-latest-Linux-aarch64.sh"
    ),
    "the platform of the build": (
        f"FROM --platform=$BUILDPLATFORM python:3.12-slim\nRUN curl -O {CONDA}"
    ),
    "an unknown platform": f"ARG P\nFROM --platform=$P python:3.12-slim\nRUN curl -O {CONDA}",
    "chosen by a shell": f'{ARM}RUN if [ "$(uname -m)" = x86_64 ]; then curl -O {CONDA}; fi',
    "chosen by TARGETARCH": (
        "FROM python:3.12-slim\nARG TARGETARCH\n"
        f'RUN case "$TARGETARCH" in amd64) curl -O {CONDA} ;; esac'
    ),
    "by a variable": (
        "FROM python:3.12-slim\nARG TARGETARCH\nRUN A=$(uname -m) && "
        "curl -O https://example.com/miniconda/Miniconda3-latest-Linux-$A.sh"
    ),
    "a compiler for the other": (
        f"{ARM}RUN curl -LO https://example.com/gcc-x86_64-to-aarch64-linux-gnu.tar.xz"
    ),
    "a pure wheel": f"{ARM}RUN pip install https://example.com/x-1.0-py3-none-any.whl",
    "a wheel with a marker": (
        f"{ARM}RUN pip install 'x @ {WHEEL} ; platform_machine == \"x86_64\"'"
    ),
    "torch with wheels for both": (
        f"{ARM}RUN pip install torch==2.9.1 --index-url https://download.pytorch.org/whl/cpu"
    ),
    "torch from the default index": f"{ARM}RUN pip install torch==2.4.1",
    "torch that is newer than the tables": (
        f"{ARM}RUN pip install torch==9.0.0 --index-url https://download.pytorch.org/whl/cu999"
    ),
    "Windows": (
        "FROM --platform=windows/amd64 python:3.12\nRUN curl -O https://example.com/x_arm64.deb"
    ),
    "a stage that is not needed": f"{ARM.strip()} AS x\nRUN curl -O {CONDA}\nFROM python:3.12-slim",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(GAPS, ARM))
def test_something_for_another_processor_is_a_warning(text: str, word: str) -> None:
    assert places("MLD204", text) == [word]
    assert [item.severity for item in of("MLD204", text)] == ["warning"]


@pytest.mark.parametrize("text", named(GAPPED))
def test_every_way_to_name_the_processor_counts(text: str) -> None:
    assert len(of("MLD204", text)) == 1


@pytest.mark.parametrize("text", named(NONE))
def test_what_fits_or_is_not_known_is_no_finding(text: str) -> None:
    assert of("MLD204", text) == []


def test_the_other_installer_is_put_there_wherever_it_is_named() -> None:
    before = f"{ARM}RUN curl -fsSLO {CONDA} && bash Miniconda3-latest-Linux-x86_64.sh -b\n"
    (found,) = of("MLD204", before)
    assert found.autofix is not None
    assert not found.autofix.safe
    assert_fixed(before, "MLD204", expected=before.replace("x86_64", "aarch64"))


@pytest.mark.parametrize(
    ("base", "command", "word"),
    [
        ("python:3.11-slim", "pip install torch==2.4.1 -i {}cu121", "torch==2.4.1"),
        ("python:3.11-slim", "pip install torch -i {}cu118", "torch"),
        ("python:3.11-slim", "pip install numpy==2.1.0 torch==2.6.0+cu118", "torch==2.6.0+cu118"),
        ("nvidia/cuda:12.8.1-base-ubuntu22.04", f"pip install {WHEEL}", WHEEL),
        (
            "python:3.11-slim",
            "uv pip install --system --torch-backend=cu118 torch==2.6.0",
            "torch==2.6.0",
        ),
    ],
)
def test_wheels_for_one_processor_alone_are_good_to_know(
    base: str, command: str, word: str
) -> None:
    text = f"FROM {base}\nRUN {command}\n".format("https://download.pytorch.org/whl/")
    assert places("MLD204", text) == [word]
    assert [item.severity for item in of("MLD204", text)] == ["info"]
    assert_fixed(text, "MLD204", expected=text.replace("FROM ", "FROM --platform=linux/amd64 "))


@pytest.mark.parametrize(
    "text",
    named(
        {
            "wheels for both": "RUN pip install torch==2.9.1 -i https://download.pytorch.org/whl/cu128",
            "the default index": "RUN pip install torch==2.4.1",
            "a build that is no release": "RUN pip install torch==2.16.0.dev20261101+cu134"
            " -i https://download.pytorch.org/whl/nightly/cu134",
            "an index that gets more": "RUN pip install torch"
            " -i https://download.pytorch.org/whl/cu134",
            "an image for one": "FROM pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime\n"
            f"RUN pip install {WHEEL}",
            "an unknown image": f"FROM registry.example.com/x:1\nRUN pip install {WHEEL}",
            "a marker": f"RUN pip install 'x @ {WHEEL} ; platform_machine == \"x86_64\"'",
            "the shell chooses": f"RUN test $(uname -m) != x86_64 || pip install {WHEEL}",
        }
    ),
)
def test_wheels_for_every_processor_are_not_told(text: str) -> None:
    assert of("MLD204", text) == []
