"""Stages that are named and not there, and stages that nothing needs (MLD411, MLD414)."""

from __future__ import annotations

import pytest
from cases import SLIM, codes, named, of, places

BUILD = f"{SLIM.strip()} AS builder\nRUN true\n"
UNKNOWN = {
    "misspelt": (f"{BUILD}{SLIM}COPY --from=bulider /a /a", "bulider"),
    "shortened": (f"{BUILD}{SLIM}COPY --from=build /a /a", "build"),
    "lengthened": (f"{SLIM.strip()} AS build\n{SLIM}COPY --from=builds /a /a", "builds"),
    "a number past the last": (f"{BUILD}{SLIM}COPY --from=2 /a /a", "2"),
    "with other flags": (f"{BUILD}{SLIM}COPY --chown=app --from=bilder /a /a", "bilder"),
    "a mount": (f"{BUILD}{SLIM}RUN --mount=type=bind,from=bulder,target=/a true", "bulder"),
    "a mount by number": (f"{BUILD}{SLIM}RUN --mount=from=0,target=/a true", "0"),
    "the AS is missing": (f"{SLIM}RUN true\n{SLIM}COPY --from=builder /a /a", "builder"),
    "a later one": (
        (
            f"{SLIM.strip()} AS a\nCOPY --from=b /a /a\n{SLIM.strip()} AS b\nFROM a\n"
            "COPY --from=b /a /b"
        ),
        "b",
    ),
    "itself": (f"{SLIM.strip()} AS a\nCOPY --from=a /a /a", "a"),
    "a mount of a later one": (
        (
            f"{SLIM.strip()} AS a\nRUN --mount=from=b,target=/b true\n"
            f"{SLIM.strip()} AS b\nFROM a\nCOPY --from=b /a /b"
        ),
        "b",
    ),
    "in quotes": (f'{BUILD}{SLIM}COPY --from="bulider" /a /a', "bulider"),
}
KNOWN = {
    "a name": f"{BUILD}{SLIM}COPY --from=builder /a /a",
    "in other letters": f"{SLIM.strip()} AS Build\n{SLIM}COPY --from=bUILD /a /a",
    "a number": f"{BUILD}{SLIM}COPY --from=0 /a /a",
    "an image": f"{SLIM}COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv",
    "an image with a tag": f"{BUILD}{SLIM}COPY --from=buildah:1 /a /a",
    "an image of the library": f"{SLIM}COPY --from=busybox /bin/sh /bin/sh",
    "an image near to a stage": f"{SLIM.strip()} AS pythons\n{SLIM}COPY --from=python /a /a",
    "a variable is refused anyway": f"{BUILD}{SLIM}ARG S=buildr\nCOPY --from=$S /a /a",
    "a digest": f"{SLIM}COPY --from=busybox@sha256:{'0' * 64} /a /a",
    "an unknown variable": f"{BUILD}{SLIM}ARG S\nCOPY --from=$S /a /a",
    "a mount": f"{BUILD}{SLIM}RUN --mount=type=bind,from=builder,target=/a true",
    "a cache": f"{SLIM}RUN --mount=type=cache,target=/a true",
    "in a child image": f"{BUILD}{SLIM}ONBUILD COPY --from=bulider /a /a",
    "no stage": f"{SLIM}COPY a a",
}


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(*case, id=name) for name, case in UNKNOWN.items()]
)
def test_a_stage_that_is_not_there_is_an_error(text: str, place: str) -> None:
    assert places("MLD411", text) == [place]
    assert [item.severity for item in of("MLD411", text)] == ["error"]
    assert "MLD901" not in codes(text)  # said once


@pytest.mark.parametrize("text", named(KNOWN))
def test_a_stage_or_an_image_is_no_finding(text: str) -> None:
    assert places("MLD411", text) == []


def test_the_stage_that_is_meant_is_named() -> None:
    (found,) = of("MLD411", UNKNOWN["misspelt"][0])
    assert found.fix == "Write builder."


@pytest.mark.parametrize(
    "text",
    [
        f"{BUILD}{SLIM}COPY --from=models /a /a",
        f"{SLIM}COPY --from=builder /a /a",
        f"{BUILD}{SLIM}COPY --from=docs /a /a",
    ],
)
def test_what_may_be_a_context_of_the_build_is_an_info(text: str) -> None:
    assert [item.severity for item in of("MLD411", text)] == ["info"]


NOT_NEEDED = {
    "named": (f"{SLIM.strip()} AS docs\nRUN true\n{SLIM}", "docs"),
    "not named": (f"{SLIM}RUN true\n{SLIM}", "python:3.12-slim"),
    "forgotten": (f"{BUILD}{SLIM}RUN true", "builder"),
    "one of two": (f"{BUILD}{SLIM.strip()} AS test\n{SLIM}COPY --from=builder /a /a", "test"),
    "a chain": (f"{SLIM.strip()} AS a\nFROM a AS b\nRUN true\n{SLIM}", "b"),
    "only another image": (
        f"{SLIM.strip()} AS uv\n{SLIM}COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /b",
        "uv",
    ),
}
NEEDED = {
    "one": SLIM,
    "copied from": f"{BUILD}{SLIM}COPY --from=builder /a /a",
    "by number": f"{BUILD}{SLIM}COPY --from=0 /a /a",
    "built on": f"{BUILD}FROM builder",
    "mounted": f"{BUILD}{SLIM}RUN --mount=from=builder,target=/a true",
    "with another argument": f"ARG ON=cpu\n{SLIM.strip()} AS on-cpu\n{SLIM.strip()} AS on-gpu\n"
    "FROM on-${ON}",
    "with another argument alone": f"ARG ON=cpu\n{SLIM.strip()} AS cpu\n{SLIM.strip()} AS gpu\n"
    "FROM $ON",
    "perhaps": f"{BUILD}{SLIM}RUN <<EOF\ntrue\n",
    "through another": f"{BUILD}{SLIM.strip()} AS b\nCOPY --from=builder /a /a\n{SLIM}"
    "COPY --from=b /a /a",
    "no stage at all": "ARG X=1\n",
}


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(*case, id=name) for name, case in NOT_NEEDED.items()]
)
def test_a_stage_that_nothing_needs_is_said(text: str, place: str) -> None:
    assert places("MLD414", text) == [place]
    assert [item.severity for item in of("MLD414", text)] == ["info"]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in NEEDED.items()])
def test_a_stage_that_is_needed_is_no_finding(text: str) -> None:
    assert places("MLD414", text) == []
