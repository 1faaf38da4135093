"""A WORKDIR that depends on the base image (MLD410)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, named, of, places

RELATIVE = {
    "a name": ("WORKDIR app", "app"),
    "with a dot": ("WORKDIR ./app", "./app"),
    "deeper": ("WORKDIR src/app", "src/app"),
    "of a variable": ("ENV APP=app\nWORKDIR $APP", "$APP"),
    "with a slash": ("WORKDIR app/", "app/"),
    "in a child image": ("ONBUILD WORKDIR app", "app"),
    "two": ("WORKDIR a\nWORKDIR b", "a"),
    "upwards": ("WORKDIR ../app", "../app"),
    "an unknown base": ("FROM registry.example.com/x:1\nWORKDIR app", "app"),
    "of the stage below": (f"{SLIM.strip()} AS a\nWORKDIR app\nFROM a\nWORKDIR b", "app"),
}
ABSOLUTE = {
    "absolute": "WORKDIR /app",
    "relative to one": "WORKDIR /app\nWORKDIR src",
    "relative to one below": f"{SLIM.strip()} AS a\nWORKDIR /app\nFROM a\nWORKDIR src",
    "a variable": "ENV APP=/app\nWORKDIR $APP",
    "an unknown variable": "ARG APP\nWORKDIR $APP",
    "a variable of the base": "WORKDIR $HOME/app",
    "in quotes": 'WORKDIR "/app"',
    "Windows": "FROM mcr.microsoft.com/windows/nanoserver:1809\nWORKDIR C:\\\\app",
    "Windows, other slash": "FROM mcr.microsoft.com/windows/nanoserver:1809\nWORKDIR C:/app",
    "none": "RUN true",
    "an unused stage": f"{SLIM.strip()} AS docs\nWORKDIR docs\n{SLIM}",
    "in a child image": "ONBUILD WORKDIR /app\nONBUILD WORKDIR src",
    "in a child image, from here": "ONBUILD WORKDIR app\nWORKDIR /srv",
}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(text if text.startswith("FROM") else SLIM + text, place, id=name)
        for name, (text, place) in RELATIVE.items()
    ],
)
def test_a_first_relative_workdir_is_found(text: str, place: str) -> None:
    assert places("MLD410", text) == [place]


@pytest.mark.parametrize("text", named(ABSOLUTE))
def test_a_workdir_that_says_from_where_is_no_finding(text: str) -> None:
    assert places("MLD410", text) == []


def test_a_base_at_the_root_makes_it_absolute() -> None:
    text = f"{SLIM}WORKDIR ./src/app\nWORKDIR x\n"
    assert_fixed(text, "MLD410", expected=f"{SLIM}WORKDIR /src/app\nWORKDIR x\n")


@pytest.mark.parametrize(
    "text",
    [
        "FROM pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime\nWORKDIR app\n",
        "FROM registry.example.com/x:1\nWORKDIR app\n",
        f"{SLIM}ENV APP=app\nWORKDIR $APP\n",
        f"{SLIM}WORKDIR ../app\n",
    ],
)
def test_a_folder_that_is_not_known_is_left(text: str) -> None:
    (found,) = of("MLD410", text)
    assert found.autofix is None
