"""Whom the image runs as, and how that user is made (MLD501, MLD502)."""

from __future__ import annotations

import pytest
from cases import CUDA, SLIM, assert_fixed, in_all_forms, named, of, places

ROOT = {
    "no USER": (SLIM, "python:3.12-slim"),
    "CUDA": (CUDA, "nvidia/cuda:12.8.1-runtime-ubuntu22.04"),
    "root at the end": (f"{SLIM}USER app\nRUN true\nUSER root", "root"),
    "root by number": (f"{SLIM}USER 0", "0"),
    "root and a group": (f"{SLIM}USER root:root", "root:root"),
    "root on an unknown base": ("FROM registry.example.com/x:1\nUSER root", "root"),
    "a user in the builder alone": (f"{SLIM.strip()} AS a\nUSER app\n{SLIM}", "python:3.12-slim"),
    "a user is made and not used": (f"{SLIM}RUN useradd app", "python:3.12-slim"),
    "the stage below": (f"{SLIM.strip()} AS base\nFROM base", "base"),
    "a user of child images": (f"{SLIM}ONBUILD USER app", "python:3.12-slim"),
}
USER = {
    "a name": "USER app",
    "a number": "USER 1000",
    "both": "USER 1000:1000",
    "the last": "USER root\nRUN true\nUSER app",
    "of the stage below": f"{SLIM.strip()} AS base\nUSER app\nFROM base\nRUN true",
    "a variable": "ARG NB_UID\nUSER $NB_UID",
    "a variable with a value": "ARG USERNAME=app\nUSER ${USERNAME}",
    "an unknown base": "FROM registry.example.com/x:1",
    "Jupyter's": "FROM quay.io/jupyter/base-notebook:2024-11-19",
    "a base of a variable": "ARG BASE\nFROM $BASE",
    "the entry point changes it": 'RUN apt-get install -y gosu\nENTRYPOINT ["/entry.sh"]',
    "nothing to run": "FROM scratch\nCOPY a /a",
}


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(*case, id=name) for name, case in ROOT.items()]
)
def test_an_image_that_runs_as_root_is_said(text: str, place: str) -> None:
    assert places("MLD501", text) == [place]
    assert [item.severity for item in of("MLD501", text)] == ["info"]


@pytest.mark.parametrize("text", named(USER))
def test_an_image_with_a_user_or_an_unknown_one_is_no_finding(text: str) -> None:
    assert places("MLD501", text) == []


def test_a_user_is_made_before_the_program_is_named() -> None:
    user = "RUN useradd --create-home app\nUSER app\n"
    assert_fixed(
        f'{SLIM}RUN true\nCMD ["x"]\n', "MLD501", expected=f'{SLIM}RUN true\n{user}CMD ["x"]\n'
    )
    assert_fixed(f"{SLIM}RUN true", "MLD501", expected=f"{SLIM}RUN true\n{user}")


@pytest.mark.parametrize(
    "text", ["FROM alpine:3.20\n", f"{SLIM}USER root\n", f"{SLIM}RUN useradd app\n"]
)
def test_a_user_that_may_be_meant_or_cannot_be_made_so_is_left(text: str) -> None:
    (found,) = of("MLD501", text)
    assert found.autofix is None


HIGH = {
    "short": ("useradd -u 1234567 app", "1234567"),
    "long": ("useradd --create-home --uid 1234567890 app", "1234567890"),
    "with an equals sign": ("useradd --uid=200000 app", "--uid=200000"),
    "behind a group": ("groupadd -g 1234567 g && useradd -g 1234567 -u 1234568 app", "1234568"),
    "with sudo": ("sudo useradd -m -u 100000 app", "100000"),
    "with the folder": ("/usr/sbin/useradd -u 1234567 app", "1234567"),
}
LOW = {
    "low": "RUN useradd -u 1000 app",
    "none": "RUN useradd --create-home app",
    "-l": "RUN useradd -l -u 1234567 app",
    "--no-log-init": "RUN useradd --no-log-init --uid 1234567 app",
    "bundled": "RUN useradd -lm -u 1234567 app",
    "an unknown number": "ARG UID\nRUN useradd -u $UID app",
    "a low variable": "ARG UID=1000\nRUN useradd -u $UID app",
    "a group": "RUN groupadd -g 1234567 app",
    "Alpine's": "FROM alpine:3.20\nRUN adduser -D -u 1234567 app",
    "only said": "RUN echo useradd -u 1234567 app",
    "unused stage": f"{SLIM.strip()} AS docs\nRUN useradd -u 1234567 app\n{SLIM}",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(HIGH, CUDA))
def test_a_high_number_is_found_and_mended(text: str, word: str) -> None:
    assert places("MLD502", text) == [word]
    assert "useradd --no-log-init " in assert_fixed(text, "MLD502").replace("\\", "")


@pytest.mark.parametrize("text", named(LOW))
def test_a_number_that_makes_no_huge_file_is_no_finding(text: str) -> None:
    assert places("MLD502", text) == []


def test_a_number_of_a_variable_is_as_high_as_its_value() -> None:
    assert places("MLD502", f"{SLIM}ARG UID=1234567\nRUN useradd -u $UID app\n") == ["$UID"]


def test_the_size_of_the_file_is_said() -> None:
    (small,) = of("MLD502", f"{CUDA}RUN useradd -u 1000000 app\n")
    (huge,) = of("MLD502", f"{CUDA}RUN useradd -u 1234567890 app\n")
    assert "278 MiB" in small.what
    assert "336 GiB" in huge.what


@pytest.mark.parametrize(
    ("image", "severity"),
    [
        ("ubuntu:22.04", "warning"),
        ("ubuntu:24.04", "info"),
        ("ubuntu:latest", "info"),
        ("nvidia/cuda:12.8.1-base-ubuntu22.04", "warning"),
        ("nvidia/cuda:12.8.1-base-ubuntu24.04", "info"),
        ("python:3.12-slim", "info"),
        ("python:3.12-slim-bullseye", "warning"),
        ("debian:bookworm-slim", "info"),
        ("debian:11", "warning"),
        ("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", "warning"),
        ("registry.example.com/x:1", "warning"),
    ],
)
def test_a_useradd_that_writes_no_holes_makes_it_an_info(image: str, severity: str) -> None:
    text = f"FROM {image}\nRUN useradd -u 1234567 app\n"
    assert [item.severity for item in of("MLD502", text)] == [severity]
