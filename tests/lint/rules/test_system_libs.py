"""Libraries and programs of the system that Python packages need (MLD207)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, findings, in_all_forms, named, of, places

APT = "RUN apt-get update && apt-get install -y --no-install-recommends"
WINDOWS = {
    "pinned": ("pip install opencv-python==4.10.0.84", "opencv-python==4.10.0.84"),
    "any": ("pip install --no-cache-dir opencv-python", "opencv-python"),
    "with contributions": (
        "pip install opencv-contrib-python==4.10.0.84",
        "opencv-contrib-python==4.10.0.84",
    ),
    "beside others": ("pip install numpy==2.1.0 opencv-python~=4.8", "opencv-python~=4.8"),
    "by uv": ("uv pip install --system opencv-python==4.10.0.84", "opencv-python==4.10.0.84"),
    "what needs it": ("pip install ultralytics==8.3.0", "ultralytics==8.3.0"),
    "OpenMP": ("pip install lightgbm==4.5.0", "lightgbm==4.5.0"),
    "fetched with git": (
        "pip install git+https://github.com/acme/x@v1",
        "git+https://github.com/acme/x@v1",
    ),
    "by name, fetched with git": (
        "pip install 'x @ git+https://github.com/acme/x@v1'",
        "'x @ git+https://github.com/acme/x@v1'",
    ),
}
LACKING = {
    "OpenMP on Ubuntu": f"FROM ubuntu:22.04\n{APT} python3-pip\nRUN pip install lightgbm",
    "OpenMP on CUDA": (
        f"FROM nvidia/cuda:12.8.1-runtime-ubuntu22.04\n{APT} python3-pip\nRUN pip install lightgbm"
    ),
    "slim": f"{SLIM}RUN pip install opencv-python",
    "the full image": "FROM python:3.12\nRUN pip install opencv-python",
    "Ubuntu": f"FROM ubuntu:22.04\n{APT} python3-pip\nRUN pip install opencv-python",
    "Debian": f"FROM debian:bookworm-slim\n{APT} python3-pip\nRUN pip install opencv-python",
    "CUDA": (
        "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
        f"{APT} python3-pip\nRUN pip install opencv-python"
    ),
    "the libraries of older releases": (
        f"{SLIM}{APT} libsm6 libxext6\nRUN pip install opencv-python"
    ),
    "libGL without libgthread": f"{SLIM}{APT} libgl1\nRUN pip install opencv-python",
    "copied from a builder": (
        "FROM python:3.12-slim AS b\nRUN python -m venv /v && /v/bin/pip install opencv-python\n"
        f"{SLIM}COPY --from=b /v /v"
    ),
    "the library in the builder alone": (
        f"FROM python:3.12-slim AS b\n{APT} libgl1 libglib2.0-0\n"
        "RUN pip install --prefix /p opencv-python\n"
        f"{SLIM}COPY --from=b /p /usr/local"
    ),
    "uv's installer is no script of one's own": (
        f"{SLIM}RUN curl -LsSf https://astral.sh/uv/install.sh | sh\nRUN pip install opencv-python"
    ),
}
HAVING = {
    "OpenMP": f"{SLIM}{APT} libgomp1\nRUN pip install lightgbm",
    "OpenMP by the compiler": f"{SLIM}{APT} build-essential\nRUN pip install lightgbm",
    "OpenMP by what pip recommends": (
        "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y python3-pip\n"
        "RUN pip install lightgbm"
    ),
    "OpenMP in the full image": "FROM python:3.12\nRUN pip install lightgbm",
    "OpenMP in devel": "FROM nvidia/cuda:12.8.1-devel-ubuntu22.04\nRUN pip install lightgbm",
    "OpenMP in an unknown image": "FROM registry.example.com/x:1\nRUN pip install lightgbm",
    "headless": f"{SLIM}RUN pip install opencv-python-headless",
    "headless after it": (
        f"{SLIM}RUN pip install opencv-python && pip install opencv-python-headless"
    ),
    "the libraries": f"{SLIM}{APT} libgl1 libglib2.0-0\nRUN pip install opencv-python",
    "by their old name": f"{SLIM}{APT} libgl1-mesa-glx libglib2.0-0\nRUN pip install opencv-python",
    "installed later": f"{SLIM}RUN pip install opencv-python\n{APT} libgl1 libglib2.0-0",
    "what brings them": f"{SLIM}{APT} ffmpeg libsm6 libxext6\nRUN pip install opencv-python",
    "the system's OpenCV": f"{SLIM}{APT} python3-opencv\nRUN pip install opencv-python",
    "libGL on the full image": f"FROM python:3.12\n{APT} libgl1\nRUN pip install opencv-python",
    "something else that may": f"{SLIM}{APT} libgl1 libmagic1\nRUN pip install opencv-python",
    "an unknown package": f"{SLIM}ARG EXTRA\n{APT} $EXTRA\nRUN pip install opencv-python",
    "a list of packages": f"{SLIM}{APT} $(cat apt.txt)\nRUN pip install opencv-python",
    "a list by xargs": (
        f"{SLIM}RUN xargs -a apt.txt apt-get install -y\nRUN pip install opencv-python"
    ),
    "a script": f"{SLIM}RUN ./install.sh\nRUN pip install opencv-python",
    "conda": "FROM continuumio/miniconda3:24.7.1-0\nRUN pip install opencv-python",
    "another image": "FROM acme/base:1\nRUN pip install opencv-python",
    "a framework's": "FROM tensorflow/tensorflow:2.16.1\nRUN pip install opencv-python",
    "CUDA with OpenGL": (
        "FROM nvidia/cudagl:11.4.2-runtime-ubuntu20.04\nRUN pip install opencv-python"
    ),
    "a release that needs none": f"{SLIM}RUN pip install opencv-python==4.2.0.34",
    "a stage that is not shipped": (
        f"{SLIM.strip()} AS t\nRUN pip install opencv-python\n{SLIM}RUN true"
    ),
    "a name alike": f"{SLIM}RUN pip install opencv-python-rolling-nothing",
    "git": f"{SLIM}{APT} git\nRUN pip install git+https://github.com/acme/x",
    "git of the full image": "FROM python:3.12\nRUN pip install git+https://github.com/acme/x",
    "git with others": f"{SLIM}{APT} curl git-lfs\nRUN pip install git+https://github.com/acme/x",
    "git in the same RUN": f"{SLIM}{APT} git && pip install git+https://github.com/acme/x",
    "an archive": f"{SLIM}RUN pip install https://github.com/acme/x/archive/v1.zip",
    "git of Alpine": "FROM python:3.12-alpine\nRUN apk add git && pip install git+https://a.com/x",
    "git from conda": f"{SLIM}RUN conda install -y git && pip install git+https://a.com/x",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(WINDOWS, but=("bash -c",)))
def test_a_missing_library_or_program_is_a_warning(text: str, word: str) -> None:
    assert places("MLD207", text) == [word]
    assert [item.severity for item in of("MLD207", text)] == ["warning"]


@pytest.mark.parametrize("text", named(LACKING))
def test_the_images_that_lack_it_are_known(text: str) -> None:
    assert len(of("MLD207", text)) == 1


@pytest.mark.parametrize("text", named(HAVING))
def test_what_has_it_or_may_have_it_is_no_finding(text: str) -> None:
    assert of("MLD207", text) == []


def test_which_library_is_missing_is_said() -> None:
    (first,) = of("MLD207", LACKING["slim"])
    (second,) = of("MLD207", LACKING["libGL without libgthread"])
    assert "libGL.so.1" in first.what
    assert "libgthread-2.0.so.0" in second.what


def test_a_requirements_file_is_read_and_mended() -> None:
    text = f"{SLIM}COPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    requirements = "numpy==2.1.0\nopencv-python==4.10.0.84\n"
    (found,) = of("MLD207", text, **{"requirements.txt": requirements})
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("requirements.txt", 2)
    assert found.autofix is not None
    (edit,) = found.autofix.edits
    after = requirements[: edit.start] + edit.text + requirements[edit.end :]
    assert edit.file == "requirements.txt"
    assert after == "numpy==2.1.0\nopencv-python-headless==4.10.0.84\n"
    again = findings(text, **{"requirements.txt": after})
    assert "MLD207" not in {item.code for item in again}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("opencv-python==4.10.0.84", "opencv-python-headless==4.10.0.84"),
        ('"opencv-python>=4.8,<5"', '"opencv-python-headless>=4.8,<5"'),
        ("opencv-contrib-python", "opencv-contrib-python-headless"),
        ("OpenCV-Python", "opencv-python-headless"),
    ],
)
def test_the_package_without_windows_is_put_there(before: str, after: str) -> None:
    assert_fixed(
        f"{SLIM}RUN pip install {before} numpy\n",
        "MLD207",
        expected=f"{SLIM}RUN pip install {after} numpy\n",
    )
