"""A user whose home folder nobody made (MLD503)."""

from __future__ import annotations

import pytest
from cases import CUDA, SLIM, assert_fixed, named, of, places

HF = "RUN pip install --no-cache-dir transformers==4.46.3\n"
HOMELESS = {
    "a number": (f"{SLIM}{HF}USER 1000", "1000"),
    "with a group": (f"{SLIM}{HF}USER 1000:1000", "1000:1000"),
    "another number": (f"{SLIM}{HF}USER 12345", "12345"),
    "of a variable": (f"{SLIM}{HF}ARG U=1000\nUSER $U", "$U"),
    "CUDA": (f"{CUDA}{HF}USER 1000", "1000"),
    "another user is made": (f"{SLIM}{HF}RUN useradd -u 1001 app\nUSER 1000", "1000"),
    "uv": (f"{SLIM}RUN uv pip install --system torch==2.9.1\nUSER 1000", "1000"),
    "before the user": (f"{SLIM}USER 1000\n{HF}", "1000"),
    "installed below": (f"{SLIM.strip()} AS base\n{HF}FROM base\nUSER 1000", "1000"),
    "installed in the builder": (
        f"{SLIM.strip()} AS a\n{HF}{SLIM}COPY --from=a /v /v\nUSER 1000",
        "1000",
    ),
    "useradd alone": (f"{SLIM}{HF}RUN useradd app\nUSER app", "app"),
    "a system's user": (f"{SLIM}{HF}RUN useradd -r -u 999 -M app\nUSER app:app", "app:app"),
    "useradd alone, by number": (f"{SLIM}{HF}RUN useradd -u 1000 app\nUSER 1000", "1000"),
    "useradd in a heredoc": (f"{SLIM}{HF}RUN <<EOF\nuseradd app\nEOF\nUSER app", "app"),
    "a user elsewhere": (f"FROM nvidia/cuda:12.8.1-base-ubuntu24.04\n{HF}USER 1001", "1001"),
}
HOUSED = {
    "HOME": f"{HF}ENV HOME=/tmp\nUSER 1000",
    "HF_HOME": f"{HF}ENV HF_HOME=/models\nUSER 1000",
    "a cache folder": f"{HF}ENV XDG_CACHE_HOME=/cache\nUSER 1000",
    "HOME afterwards": f"{HF}USER 1000\nENV HOME=/tmp",
    "a user is made": f"{HF}RUN useradd -m -u 1000 app\nUSER 1000",
    "a user of some number": f"{HF}RUN useradd -m app\nUSER 1000",
    "a user of a variable": f"{HF}ARG U\nRUN useradd -m -u $U app\nUSER 1000",
    "a folder is made": f"{HF}RUN useradd app && mkdir /home/app && chown app /home/app\nUSER app",
    "useradd with a folder": f"{HF}RUN useradd -d /app app\nUSER app",
    "useradd, perhaps": f"{HF}RUN id app || useradd app\nUSER app",
    "useradd of Red Hat": f"FROM rockylinux:9\n{HF}RUN useradd app\nUSER app",
    "useradd, and HOME": f"{HF}RUN useradd app\nENV HOME=/tmp\nUSER app",
    "adduser": f"{HF}RUN adduser --uid 1000 --disabled-password app\nUSER 1000",
    "written by hand": f"{HF}RUN echo 'app:x:1000:1000::/app:/bin/sh' >> /etc/passwd\nUSER 1000",
    "a name": f"{HF}USER app",
    "root": f"{HF}USER 0",
    "no USER": HF,
    "an unknown number": f"{HF}ARG U\nUSER $U",
    "no such packages": "RUN pip install --no-cache-dir flask==3.1.0\nUSER 1000",
    "Ubuntu 24.04 has a user 1000": f"FROM nvidia/cuda:12.8.1-base-ubuntu24.04\n{HF}USER 1000",
    "Ubuntu's latest": f"FROM ubuntu:latest\n{HF}USER 1000",
    "an unknown base": f"FROM registry.example.com/x:1\n{HF}USER 1000",
    "Jupyter's": f"FROM quay.io/jupyter/base-notebook:2024-11-19\n{HF}USER 1000",
    "NVIDIA's frameworks": f"FROM nvcr.io/nvidia/pytorch:24.10-py3\n{HF}USER 1000",
    "in the builder": f"{SLIM.strip()} AS a\n{HF}USER 1000\n{SLIM}COPY --from=a /v /v",
}


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(*case, id=name) for name, case in HOMELESS.items()]
)
def test_a_user_without_a_home_is_found_and_given_one(text: str, place: str) -> None:
    assert places("MLD503", text) == [place]
    assert "ENV HOME=/tmp\nUSER" in assert_fixed(text, "MLD503")


@pytest.mark.parametrize("text", named(HOUSED))
def test_a_user_with_a_home_or_an_unknown_one_is_no_finding(text: str) -> None:
    assert places("MLD503", text) == []


def test_what_writes_there_is_named() -> None:
    (found,) = of("MLD503", f"{SLIM}{HF}USER 1000\n")
    assert "transformers" in found.what
    assert found.severity == "warning"
