"""Package managers that ask, where nobody answers (MLD403, MLD409)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, in_all_forms, named, of, places

ASKS = {
    "apt-get": ("apt-get install git", "install"),
    "apt": ("apt update && apt install git", "install"),
    "other flags": ("apt-get install --no-install-recommends git", "install"),
    "quiet once": ("apt-get -q install git", "install"),
    "noninteractive is about debconf": (
        "DEBIAN_FRONTEND=noninteractive apt-get install git",
        "install",
    ),
    "sudo": ("sudo apt-get install git", "install"),
    "build-dep": ("apt-get build-dep python3", "build-dep"),
    "dnf": ("dnf install git", "install"),
    "yum": ("yum install git", "install"),
    "zypper": ("zypper install git", "install"),
}
ANSWERED = {
    "-y": "RUN apt-get install -y git",
    "-y before the verb": "RUN apt-get -y install git",
    "--yes": "RUN apt-get install --yes git",
    "--assume-yes": "RUN apt-get install --assume-yes git",
    "bundled": "RUN apt-get install -qqy git",
    "at the end": "RUN apt-get install git -y",
    "-qq": "RUN apt-get -qq install git",
    "two -q": "RUN apt-get -q -q install git",
    "yes": "RUN yes | apt-get install git",
    "echo": "RUN echo y | apt-get install git",
    "a file": "RUN apt-get install git < answers",
    "a word": "RUN apt-get install git <<< y",
    "by option": "RUN apt-get -o APT::Get::Assume-Yes=true install git",
    "by configuration": "RUN echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/90yes\n"
    "RUN apt-get install git",
    "a file of configuration": "COPY 90yes /etc/apt/apt.conf.d/\nRUN apt-get install git",
    "options of a variable": "ARG OPTIONS\nRUN apt-get install $OPTIONS git",
    "options of the base": "RUN apt-get $APT_OPTIONS install git",
    "known options": "ARG OPTIONS=-y\nRUN apt-get install $OPTIONS git",
    "nothing is named": "RUN apt-get install -f",
    "a simulation": "RUN apt-get install -s git",
    "addresses": "RUN apt-get install --print-uris git",
    "update": "RUN apt-get update",
    "clean": "RUN apt-get clean",
    "dnf": "RUN dnf -y install git",
    "microdnf never asks": "RUN microdnf install git",
    "zypper": "RUN zypper -n install git",
    "apk never asks": "RUN apk add git",
    "unused stage": f"{SLIM.strip()} AS docs\nRUN apt-get install git\n{SLIM}",
    "only said": "RUN echo apt-get install git",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(ASKS))
def test_a_question_without_an_answer_is_an_error(text: str, word: str) -> None:
    assert places("MLD403", text) == [word]
    (found,) = of("MLD403", text)
    assert found.severity == "error"


@pytest.mark.parametrize(("text", "word"), in_all_forms(ASKS))
def test_the_answer_is_given(text: str, word: str) -> None:
    assert f"{word} -y" in assert_fixed(text, "MLD403")


@pytest.mark.parametrize("text", named(ANSWERED))
def test_what_does_not_ask_is_no_finding(text: str) -> None:
    assert places("MLD403", text) == []


def test_the_answer_is_given_in_an_exec_form() -> None:
    assert_fixed(
        f'{SLIM}RUN ["apt-get", "install", "git"]\n',
        "MLD403",
        expected=f'{SLIM}RUN ["apt-get", "install", "-y", "git"]\n',
    )


@pytest.mark.parametrize(
    "command",
    [
        "apt-get install git || true",
        "if ! which git; then apt-get install git; fi",
        "apt-get autoremove",
        "apt-get upgrade",
    ],
)
def test_a_question_that_may_not_come_or_not_matter_is_a_warning(command: str) -> None:
    (found,) = of("MLD403", f"{SLIM}RUN {command}\n")
    assert found.severity == "warning"


UBUNTU = "FROM ubuntu:22.04\n"
PROMPTS = {
    "tzdata": ("apt-get install -y tzdata", "tzdata"),
    "among others": ("apt-get update && apt-get install -y git tzdata curl", "tzdata"),
    "keyboard": ("apt-get install -y keyboard-configuration", "keyboard-configuration"),
    "a mail server": ("apt-get install -y postfix", "postfix"),
    "apt": ("apt install -y tzdata", "tzdata"),
    "another frontend": ("DEBIAN_FRONTEND=teletype apt-get install -y tzdata", "tzdata"),
    "sudo": ("sudo apt-get install -y tzdata", "tzdata"),
}
QUIET = {
    "for the command": "RUN DEBIAN_FRONTEND=noninteractive apt-get install -y tzdata",
    "through sudo": "RUN sudo DEBIAN_FRONTEND=noninteractive apt-get install -y tzdata",
    "by env": "RUN env DEBIAN_FRONTEND=noninteractive apt-get install -y tzdata",
    "ARG": "ARG DEBIAN_FRONTEND=noninteractive\nRUN apt-get install -y tzdata",
    "ENV": "ENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get install -y tzdata",
    "exported": "RUN export DEBIAN_FRONTEND=noninteractive && apt-get install -y tzdata",
    "ARG without a value": "ARG DEBIAN_FRONTEND\nRUN apt-get install -y tzdata",
    "answered before": "RUN ln -fs /usr/share/zoneinfo/UTC /etc/localtime"
    " && apt-get install -y tzdata",
    "answers of debconf": "RUN echo 'tzdata tzdata/Areas select Etc' | debconf-set-selections"
    " && apt-get install -y tzdata",
    "Debian has it": "FROM python:3.12-slim\nRUN apt-get install -y tzdata",
    "an unknown base": "FROM registry.example.com/base:1\nRUN apt-get install -y tzdata",
    "other packages": "RUN apt-get install -y git",
    "a name that is like it": "RUN apt-get install -y tzdata-java",
    "another distribution": "FROM nvidia/cuda:12.8.1-base-rockylinux9\nRUN dnf install -y tzdata",
    "pip": "RUN pip install tzdata",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(PROMPTS, UBUNTU))
def test_a_package_that_asks_is_found_and_told_not_to(text: str, word: str) -> None:
    assert places("MLD409", text) == [word]
    if "FRONTEND" not in text:
        assert_fixed(text, "MLD409")


@pytest.mark.parametrize("text", named(QUIET, UBUNTU))
def test_a_package_that_asks_nothing_is_no_finding(text: str) -> None:
    assert places("MLD409", text) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("timeout 9 apt-get", "DEBIAN_FRONTEND=noninteractive timeout 9 apt-get"),
        ("sudo -E apt-get", "sudo -E DEBIAN_FRONTEND=noninteractive apt-get"),
    ],
)
def test_the_variable_stands_where_it_reaches_the_command(before: str, after: str) -> None:
    text = f"{UBUNTU}RUN {before} install -y tzdata\n"
    assert_fixed(text, "MLD409", expected=f"{UBUNTU}RUN {after} install -y tzdata\n")


def test_a_frontend_that_asks_is_replaced_in_what_the_command_sees() -> None:
    text = f"{UBUNTU}RUN DEBIAN_FRONTEND=teletype apt-get install -y tzdata\n"
    assert_fixed(text, "MLD409")


def test_a_private_base_may_have_said_yes() -> None:
    text = "FROM registry.example.com/team/base:1\nRUN apt-get install git\n"
    assert [item.severity for item in of("MLD403", text)] == ["warning"]
