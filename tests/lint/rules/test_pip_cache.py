"""Caches of Python packages that stay in the image (MLD405)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, in_all_forms, named, of, places

KEPT = {
    "pip": ("pip install numpy==2.1.3", "install"),
    "pip3": ("pip3 install -r requirements.txt", "install"),
    "by python": ("python3 -m pip install --upgrade numpy==2.1.3", "install"),
    "of an environment": ("/opt/venv/bin/pip install numpy==2.1.3", "install"),
    "the project": ("pip install .", "install"),
    "uv": ("uv pip install --system numpy==2.1.3", "install"),
    "uv sync": ("uv sync --locked", "sync"),
    "sudo": ("sudo pip install numpy==2.1.3", "install"),
    "the wrong cache is removed": (
        "pip install numpy==2.1.3 && rm -rf /var/lib/apt/lists/*",
        "install",
    ),
}
NOT_KEPT = {
    "flag": "RUN pip install --no-cache-dir numpy==2.1.3",
    "flag first": "RUN pip --no-cache-dir install numpy==2.1.3",
    "flag of uv": "RUN uv pip install --system --no-cache numpy==2.1.3",
    "ENV": "ENV PIP_NO_CACHE_DIR=1\nRUN pip install numpy==2.1.3",
    "ENV, old": "ENV PIP_NO_CACHE_DIR off\nRUN pip install numpy==2.1.3",
    "ARG": "ARG PIP_NO_CACHE_DIR=1\nRUN pip install numpy==2.1.3",
    "for the command": "RUN PIP_NO_CACHE_DIR=1 pip install numpy==2.1.3",
    "ENV of the stage below": f"{SLIM.strip()} AS base\nENV PIP_NO_CACHE_DIR=1\nFROM base\n"
    "RUN pip install numpy==2.1.3",
    "ENV of uv": "ENV UV_NO_CACHE=1\nRUN uv pip install --system numpy==2.1.3",
    "mount": "RUN --mount=type=cache,target=/root/.cache/pip pip install numpy==2.1.3",
    "mount of all": "RUN --mount=type=cache,target=/root/.cache pip install numpy==2.1.3",
    "mount of uv": "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked",
    "removed": "RUN pip install numpy==2.1.3 && rm -rf ~/.cache/pip",
    "all removed": "RUN pip install numpy==2.1.3 && rm -rf /root/.cache",
    "mount of its folder": "ENV PIP_CACHE_DIR=/c/pip\n"
    "RUN --mount=type=cache,target=/c pip install numpy==2.1.3",
    "in a pip.conf": "COPY <<EOF /etc/pip.conf\n[global]\nno-cache-dir = true\nEOF\n"
    "RUN pip install numpy==2.1.3",
    "in a pip.conf that is not here": "COPY pip.conf /etc/pip.conf\nRUN pip install numpy==2.1.3",
    "purged": "RUN pip install numpy==2.1.3 && pip cache purge",
    "configured": "RUN pip config set global.no-cache-dir true && pip install numpy==2.1.3",
    "builder": f"{SLIM.strip()} AS a\nRUN pip install numpy==2.1.3\n{SLIM}COPY --from=a /v /v",
    "unused stage": f"{SLIM.strip()} AS docs\nRUN pip install numpy==2.1.3\n{SLIM}",
    "a folder alone": "RUN pip install --no-deps .",
    "without an index": "RUN pip install --no-index --find-links /wheels numpy",
    "other commands": "RUN pip list && pip --version",
    "only said": "RUN echo pip install numpy",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(KEPT))
def test_a_cache_that_stays_in_a_layer_is_found(text: str, word: str) -> None:
    assert places("MLD405", text) == [word]


@pytest.mark.parametrize(("text", "word"), in_all_forms(KEPT))
def test_nothing_is_cached_any_more(text: str, word: str) -> None:
    del word
    assert_fixed(text, "MLD405")


@pytest.mark.parametrize("text", named(NOT_KEPT))
def test_a_cache_that_does_not_stay_is_no_finding(text: str) -> None:
    assert places("MLD405", text) == []


def test_the_flag_stands_behind_the_verb_in_an_exec_form() -> None:
    assert_fixed(
        f'{SLIM}RUN ["pip", "install", "numpy==2.1.3"]\n',
        "MLD405",
        expected=f'{SLIM}RUN ["pip", "install", "--no-cache-dir", "numpy==2.1.3"]\n',
    )


@pytest.mark.parametrize(
    "text",
    [
        "RUN --mount=type=cache,target=/root/.cache/uv pip install numpy==2.1.3",
        "RUN --mount=type=cache,target=/var/cache/apt pip install numpy==2.1.3",
        "RUN --mount=type=cache,target=/root/.cache/pip uv pip install --system numpy==2.1.3",
        "ENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/root/.cache/pip pip install numpy",
    ],
)
def test_a_mount_for_another_cache_keeps_nothing_out(text: str) -> None:
    assert_fixed(f"{SLIM}{text}\n", "MLD405")


def test_a_folder_that_is_named_would_turn_the_cache_on_again() -> None:
    (found,) = of("MLD405", f"{SLIM}RUN pip install --cache-dir /c numpy==2.1.3\n")
    assert found.autofix is None


def test_a_private_base_may_turn_the_cache_off() -> None:
    text = "FROM registry.example.com/team/base:1\nRUN pip install numpy==2.1.3\n"
    assert [item.severity for item in of("MLD405", text)] == ["info"]


@pytest.mark.parametrize(
    ("command", "severity"),
    [
        ("pip install --upgrade pip setuptools wheel", "info"),
        ("pip install --upgrade pip numpy==2.1.3", "warning"),
        ("pip install --upgrade pip -r requirements.txt", "warning"),
    ],
)
def test_the_cache_of_small_tools_is_an_info(command: str, severity: str) -> None:
    assert [item.severity for item in of("MLD405", f"{SLIM}RUN {command}\n")] == [severity]
