"""Package indexes whose certificates are not looked at (MLD307)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, in_all_forms, named, of, places

HOST = "--trusted-host"
TRUSTED = {
    "a host": (f"pip install {HOST} example.com numpy==2.1.0", HOST),
    "with an equals sign": (f"pip install {HOST}=example.com numpy==2.1.0", f"{HOST}=example.com"),
    "at the end": (f"pip install numpy==2.1.0 {HOST} example.com", HOST),
    "as a module": (f"python -m pip install {HOST} example.com numpy==2.1.0", HOST),
    "with an index": (f"pip install -i http://a.example.com {HOST} a.example.com numpy", HOST),
    "uv": (
        "uv pip install --system --allow-insecure-host example.com numpy==2.1.0",
        "--allow-insecure-host",
    ),
}
SET = {
    "a variable": ("ENV PIP_TRUSTED_HOST=example.com", "PIP_TRUSTED_HOST"),
    "one of several": ("ENV A=1 PIP_TRUSTED_HOST='example.com'", "PIP_TRUSTED_HOST"),
    "an argument": ("ARG PIP_TRUSTED_HOST=example.com", "PIP_TRUSTED_HOST"),
    "for a command": ("RUN PIP_TRUSTED_HOST=example.com pip install numpy", "pip"),
    "exported": ("RUN export PIP_TRUSTED_HOST=example.com && pip install numpy", "pip"),
    "a configuration that stands here": (
        "COPY <<EOF /etc/pip.conf\n[global]\ntrusted-host = example.com\nEOF",
        "example.com",
    ),
    "a list that stands here": (
        f"COPY <<EOF r.txt\n{HOST} example.com\nnumpy==2.1.3\nEOF\nRUN pip install -r r.txt",
        "example.com",
    ),
    "the configuration": (
        "RUN pip config set global.trusted-host example.com",
        "global.trusted-host",
    ),
}
NOT = {
    "none": "RUN pip install numpy==2.1.0",
    "a package by that name": "RUN pip install trusted-host-nothing",
    "empty": "ENV PIP_TRUSTED_HOST=",
    "a comment": f"# pip install {HOST} x\nRUN pip install numpy",
    "a label": f'LABEL a="{HOST}"',
    "the same machine": f"RUN pip install {HOST} localhost -i http://localhost:3141/x numpy",
    "the same machine's port": "ENV PIP_TRUSTED_HOST='127.0.0.1:3141 host.docker.internal'",
    "another program": f"RUN mytool {HOST} example.com",
    "a stage that is not needed": (
        f"{SLIM.strip()} AS x\nRUN pip install {HOST} x numpy\n{SLIM}RUN true"
    ),
    "another setting": "RUN pip config set global.index-url https://trusted.example.com/simple",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(TRUSTED))
def test_a_host_without_a_certificate_is_a_warning(text: str, word: str) -> None:
    assert places("MLD307", text) == [word]
    assert [item.severity for item in of("MLD307", text)] == ["warning"]


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(SLIM + a, b, id=name) for name, (a, b) in SET.items()]
)
def test_a_host_that_is_trusted_for_good_is_a_warning(text: str, place: str) -> None:
    assert places("MLD307", text) == [place]


@pytest.mark.parametrize(
    ("text", "files", "place"),
    [
        (
            "COPY r.txt .\nRUN pip install -r r.txt",
            {"r.txt": f"{HOST} example.com\nnumpy==2.1.3\n"},
            "r.txt",
        ),
        ("COPY pip.conf /etc/", {"pip.conf": "[global]\ntrusted-host=example.com\n"}, "pip.conf"),
    ],
)
def test_a_file_beside_it_that_trusts_a_host_is_a_warning(
    text: str, files: dict[str, str], place: str
) -> None:
    assert places("MLD307", f"{SLIM}{text}\n", **files) == [place]


@pytest.mark.parametrize("text", named(NOT))
def test_nobody_trusted_is_no_finding(text: str) -> None:
    assert of("MLD307", text) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"pip install {HOST} example.com numpy", "pip install numpy"),
        (f"pip install numpy {HOST}=example.com", "pip install numpy"),
        (f"pip install {HOST} a.com {HOST} b.com numpy", "pip install numpy"),
        (
            (
                f"pip install torch --index-url https://download.pytorch.org/whl/cu128 {HOST} "
                "download.pytorch.org"
            ),
            "pip install torch --index-url https://download.pytorch.org/whl/cu128",
        ),
    ],
)
def test_the_option_goes_where_certificates_are_good(before: str, after: str) -> None:
    assert_fixed(f"{SLIM}RUN {before}\n", "MLD307", expected=f"{SLIM}RUN {after}\n")


def test_an_index_of_ones_own_is_left_to_people() -> None:
    text = f"{SLIM}RUN pip install -i https://pip.example.com/simple {HOST} pip.example.com numpy\n"
    assert [item.autofix for item in of("MLD307", text)] == [None]
