"""Failures that a pipe hides (MLD407)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, in_all_forms, named, of, places

HIDDEN = {
    "curl to a shell": ("curl -fsSL https://example.com/x.sh | sh", "curl"),
    "curl to bash": ("curl -fsSL https://example.com/x.sh | bash -s -- --yes", "curl"),
    "wget to tar": ("wget -qO- https://example.com/x.tar.gz | tar -x -C /opt", "wget"),
    "sudo": ("sudo curl -fsSL https://example.com/x.sh | sudo sh", "sudo"),
    "an installation and its log": ("pip install numpy==2.1.3 | tee log", "pip"),
    "make and its log": ("make -j4 2>&1 | tail -20", "make"),
    "three": ("curl -s https://example.com/x | gunzip | python3 -", "curl"),
    "then more": ("curl -s https://example.com/x.sh | sh && echo done", "curl"),
    "errors too": ("make |& tee log", "make"),
    "apt": ("apt-get install -y git | cat", "apt-get"),
}
SEEN = {
    "SHELL": 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\n'
    "RUN curl -fsSL https://example.com/x.sh | sh",
    "SHELL with more": 'SHELL ["/bin/bash", "-euxo", "pipefail", "-c"]\n'
    "RUN curl -fsSL https://example.com/x.sh | sh",
    "SHELL of the stage below": f"{SLIM.strip()} AS base\n"
    'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nFROM base\nRUN curl https://example.com/x | sh',
    "set": "RUN set -o pipefail && curl https://example.com/x | sh",
    "set with more": "RUN set -euo pipefail; curl https://example.com/x | sh",
    "set in a heredoc": "RUN <<EOF\nset -eo pipefail\ncurl https://example.com/x | sh\nEOF",
    "bash -o": 'RUN bash -o pipefail -c "curl https://example.com/x | sh"',
    "no pipe": "RUN curl -fsSL https://example.com/x.sh -o x.sh && sh x.sh",
    "or": "RUN curl -fsSL https://example.com/x.sh -o x.sh || exit 1",
    "in quotes": 'RUN echo "curl x | sh"',
    "yes": "RUN yes | apt-get install git",
    "echo": "RUN echo 'x y' | tee /etc/x.conf",
    "printf": "RUN printf '%s\\n' a | sort > x",
    "cat": "RUN cat list | xargs touch",
    "failure is none": "RUN curl -fsSL https://example.com/x.sh | sh || true",
    "asked": "RUN if curl -s https://example.com/x | grep -q x; then echo yes; fi",
    "in a variable": "RUN VERSION=$(curl -s https://example.com/x | cut -d: -f2) && echo $VERSION",
    "program of the image": "CMD curl -s https://example.com/x | sh",
    "unused stage": f"{SLIM.strip()} AS docs\nRUN curl https://example.com/x | sh\n{SLIM}",
    "Jupyter's SHELL": "FROM quay.io/jupyter/base-notebook:2024-11-19\n"
    "RUN curl https://example.com/x | sh",
    "PowerShell": 'SHELL ["pwsh", "-Command"]\nRUN curl https://example.com/x | Out-File y',
    "nothing stops there": "RUN curl -s https://example.com/x | sh; true",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(HIDDEN))
def test_a_hidden_failure_is_found(text: str, word: str) -> None:
    del word
    assert len(places("MLD407", text)) in (1, 2)  # "curl | gunzip | python3" hides two
    assert {item.severity for item in of("MLD407", text)} == {"warning"}


@pytest.mark.parametrize("text", named(SEEN))
def test_a_failure_that_is_seen_or_cannot_be_is_no_finding(text: str) -> None:
    assert places("MLD407", text) == []


def test_the_place_is_the_program_whose_failure_is_hidden() -> None:
    text = f"{SLIM}RUN cd /opt && sudo wget -qO- https://example.com/x.tgz | tar -xz\n"
    assert places("MLD407", text) == ["wget"]


@pytest.mark.parametrize(("text", "word"), in_all_forms(HIDDEN, but=("onbuild",)))
def test_bash_is_told_to_look_at_the_whole_pipe(text: str, word: str) -> None:
    del word
    assert "pipefail" in assert_fixed(text, "MLD407")


def test_one_shell_is_enough_for_a_stage() -> None:
    text = f"{SLIM}RUN curl https://example.com/x | sh\nRUN curl https://example.com/y | sh\n"
    shell = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\n'
    assert_fixed(text, "MLD407", expected=text.replace(SLIM, SLIM + shell))


def test_a_script_of_bash_sets_it_itself() -> None:
    text = f"{SLIM}RUN <<EOF\n#!/bin/bash -e\ncurl https://example.com/x | sh\nEOF\n"
    after = assert_fixed(text, "MLD407")
    assert "#!/bin/bash -e\nset -o pipefail\ncurl" in after


@pytest.mark.parametrize(
    "text",
    [
        "FROM alpine:3.20\nRUN wget -qO- https://example.com/x | sh\n",
        "FROM python:3.12-alpine\nRUN wget -qO- https://example.com/x | sh\n",
        "FROM registry.example.com/base:1\nRUN curl https://example.com/x | sh\n",
        f"{SLIM}ONBUILD RUN curl https://example.com/x | sh\n",
        f'{SLIM}SHELL ["/bin/bash", "-lc"]\nRUN curl https://example.com/x | sh\n',
        f"{SLIM}RUN echo 'a\\nb' > x\nRUN curl https://example.com/x | sh\n",
        f'{SLIM}RUN ["sh", "-c", "curl https://example.com/x | sh"]\n',
    ],
)
def test_a_shell_that_may_not_be_there_or_may_differ_is_not_written(text: str) -> None:
    (found,) = of("MLD407", text)
    assert found.autofix is None


@pytest.mark.parametrize(
    ("end", "severity"),
    [
        ("gpg --dearmor -o /usr/share/key.gpg", "info"),
        ("gunzip > x", "info"),
        ("tar xz", "info"),
        ("tar -xzf - -C /opt", "info"),
        ("tar -C /opt -xj bin/x", "info"),
        ("tar -x --gzip", "info"),
        ("tar x", "warning"),
        ("tar -x -C /opt/jz", "warning"),
        ("sh", "warning"),
    ],
)
def test_a_program_that_notices_an_empty_download_makes_it_an_info(end: str, severity: str) -> None:
    (found,) = of("MLD407", f"{SLIM}RUN curl https://example.com/x | {end}\n")
    assert found.severity == severity


def test_a_base_whose_shell_is_not_known_makes_it_an_info() -> None:
    text = "FROM registry.example.com/team/base:1\nRUN curl https://example.com/x | sh\n"
    assert [item.severity for item in of("MLD407", text)] == ["info"]


def test_a_script_that_bash_reads_is_read_with_pipefail() -> None:
    text = f"{SLIM}RUN bash <<EOF\ncurl https://example.com/x | sh\nEOF\n"
    assert "RUN bash -o pipefail <<EOF\n" in assert_fixed(text, "MLD407")
