"""Which findings are wanted: by name, and by the comments in a file."""

from __future__ import annotations

import pytest

from mlbox.lint import Selection, lint_dockerfile
from mlbox.testing import FakeFiles

RUN = "RUN apt-get update && apt-get install -y nvidia-utils-550 && rm -rf /var/lib/apt/lists/*\n"
BASE = "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
DRIVER = "# mlbox: ignore=MLD106 reason\n"


def lines(text: str, code: str = "MLD106") -> list[int]:
    """Where a rule still finds something."""
    found = lint_dockerfile(text).findings
    return [item.location.line for item in found if item.location and item.code == code]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (BASE + RUN + RUN, [2, 3]),
        (BASE + DRIVER + RUN + RUN, [4]),
        (BASE + DRIVER + "\n# and so\n" + RUN + RUN, [6]),
        (BASE + RUN + RUN + "# mlbox: ignore-file=MLD106\n", []),
        (BASE + "#mlbox:ignore=mld1,MLD404\n" + RUN, []),
        (BASE + "# mlbox: ignore = driver-in-image reason\n" + RUN, []),
        (BASE + "# mlbox: ignore=MLD107\n" + RUN, [3]),
        (BASE + DRIVER + RUN.replace("&& ", "&& \\\n"), []),
        (DRIVER + BASE + RUN + RUN, []),
        ("# syntax=docker/dockerfile:1\n" + DRIVER + "\n" + BASE + RUN, []),
    ],
    ids=[
        "no comment",
        "the next instruction",
        "over empty lines and comments",
        "the file",
        "beginnings of codes, several",
        "a slug",
        "another rule",
        "an instruction of several lines",
        "the top of the file",
        "behind a directive",
    ],
)
def test_comments_silence_what_they_are_about(text: str, left: list[int]) -> None:
    assert lines(text) == left


def test_at_the_top_a_comment_about_the_first_instruction_is_about_nothing_else() -> None:
    two = "FROM python AS a\nRUN true\nFROM python\nCOPY --from=a /x /x\n"
    assert lines(two, "MLD201") == [1, 3]
    assert lines("# mlbox: ignore=MLD201 always the newest\n" + two, "MLD201") == [4]


def test_a_heredocs_line_is_silenced_by_its_own_comment() -> None:
    body = "apt-get install -y nvidia-utils-550  # mlbox: ignore=MLD106 it is needed\n"
    text = BASE + "RUN <<EOF\napt-get update\n" + body + "apt-get install -y cuda-drivers\nEOF\n"
    assert lines(text) == [5]


def test_comments_in_requirements_are_about_their_own_lines() -> None:
    text = (
        "FROM python:3.12-slim\nCOPY r.txt .\n"
        "# mlbox: ignore=MLD103 this is line 3\nRUN pip install -r r.txt\n"
    )
    for body, left in (
        ("\n\ntorch==2.9.1+cu121\n", 1),
        ("\n\ntorch==2.9.1+cu121  # mlbox: ignore=MLD103 ours\n", 0),
        ("# mlbox: ignore=MLD103\ntorch==2.9.1+cu121\n", 0),
    ):
        report = lint_dockerfile(text, files=FakeFiles({"r.txt": body}))
        assert sum(item.code == "MLD103" for item in report) == left
    whole = "# mlbox: ignore-file=MLD103\n" + text
    report = lint_dockerfile(whole, files=FakeFiles({"r.txt": "torch==2.9.1+cu121\n"}))
    assert not [item for item in report if item.code == "MLD103"]


def test_severities_are_chosen_by_code_and_slug() -> None:
    chosen = Selection(severities={"root-user": "error", "MLD106": "info"})
    found = lint_dockerfile(BASE + RUN, selection=chosen).findings
    weights = {item.code: item.severity for item in found}
    assert (weights["MLD501"], weights["MLD106"]) == ("error", "info")
