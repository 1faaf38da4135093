"""The form of the file (MLD412, MLD901, MLD902, MLD903)."""

from __future__ import annotations

import pytest
from cases import SLIM, codes, named, of, places

SYNTAX = "# syntax=docker/dockerfile:1\n"
EMPTY = {
    "in a RUN": "RUN true && \\\n\n    true",
    "two": "RUN true && \\\n\n\n    true",
    "apart": "RUN true && \\\n\n    true && \\\n\n    true",
    "with blanks": "RUN true && \\\n   \n    true",
    "in an ENV": "ENV A=1 \\\n\n    B=2",
    "after a comment": "RUN true && \\\n# why\n\n    true",
    "before a heredoc": "RUN true && \\\n\n    cat <<EOF\na\n\nb\nEOF",
    "at the end": "RUN true \\\n\n",
    "CRLF": "RUN true && \\\r\n\r\n    true\r\n",
}
NOT_EMPTY = {
    "a comment": "RUN true && \\\n#\n    true",
    "between instructions": "RUN true\n\nRUN true",
    "in a heredoc": "RUN <<EOF\ntrue\n\ntrue\nEOF",
    "one line": "RUN true && true",
    "continued": "RUN true && \\\n    true",
    "in a COPY's heredoc": "COPY <<EOF /x\na\n\nb\nEOF",
}


@pytest.mark.parametrize("text", named(EMPTY))
def test_an_empty_line_inside_an_instruction_is_said_and_taken_out(text: str) -> None:
    (found,) = of("MLD412", text)
    assert found.severity == "info"
    after = fixed_without_problems(text)
    assert [line for line in after.splitlines() if line.strip()] == [
        line for line in text.splitlines() if line.strip()
    ]


def fixed_without_problems(text: str) -> str:
    """The file after the fix; the problem was of the parser, so it goes too."""
    found = of("MLD412", text)
    edits = [edit for item in found if item.autofix for edit in item.autofix.edits]
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    assert of("MLD412", text) == []
    return text


@pytest.mark.parametrize("text", named(NOT_EMPTY))
def test_an_empty_line_elsewhere_is_no_finding(text: str) -> None:
    assert places("MLD412", text) == []


def test_empty_lines_of_a_heredoc_stay() -> None:
    text = f"{SLIM}RUN true && \\\n\n    cat <<EOF\na\n\nb\nEOF\n"
    assert fixed_without_problems(text) == f"{SLIM}RUN true && \\\n    cat <<EOF\na\n\nb\nEOF\n"


REFUSED = {
    "an unknown instruction": ("RUNN true", "RUNN"),
    "an unknown flag": ("COPY --form=a /a /a", "--form=a"),
    "no FROM": ("", ""),
    "no argument": ("WORKDIR", "WORKDIR"),
    "an empty list": ("VOLUME []", "VOLUME"),
    "a value that is missing": ("ENV A", "ENV"),
    "a shell that is no list": ("SHELL bash", "SHELL"),
    "a target that is missing": ("COPY a", "COPY"),
}


@pytest.mark.parametrize(
    ("line", "place"), [pytest.param(*case, id=name) for name, case in REFUSED.items()]
)
def test_what_buildkit_refuses_is_an_error(line: str, place: str) -> None:
    text = f"{SLIM}{line}\n" if line else ""
    (found,) = of("MLD901", text)
    assert found.severity == "error"
    assert places("MLD901", text) == [place]


@pytest.mark.parametrize(
    "text",
    named(
        {
            "plain": "RUN true",
            "lower case": "run true",
            "a heredoc": "RUN <<EOF\nRUNN\nEOF",
            "a line of a command": "RUN true && \\\n  RUNN",
            "a flag of the command": "RUN ls --form=a",
            "a variable": "ARG A\nENV B=$A",
            "an unused stage of old": f"{SLIM.strip()} AS a\nRUN true\n{SLIM}",
        }
    ),
)
def test_what_buildkit_takes_is_no_error(text: str) -> None:
    assert "MLD901" not in codes(text)
    assert "MLD902" not in codes(text)


ENDLESS = {
    "no end": ("RUN <<EOF\ntrue", "<<EOF"),
    "an end with blanks": ("RUN <<EOF\ntrue\nEOF ", "<<EOF"),
    "an indented end": ("RUN <<EOF\ntrue\n  EOF", "<<EOF"),
    "a quoted name": ('RUN <<"EOF"\ntrue', '<<"EOF"'),
    "a COPY": ("COPY <<EOF /x\ntrue", "<<EOF"),
    "the second": ("RUN <<A <<B\nA\ntrue", "<<B"),
}


@pytest.mark.parametrize(
    ("line", "place"), [pytest.param(*case, id=name) for name, case in ENDLESS.items()]
)
def test_a_heredoc_without_an_end_is_an_error(line: str, place: str) -> None:
    text = f"{SLIM}{line}\n"
    assert places("MLD902", text) == [place]


WITH_HEREDOC = {
    "RUN": "RUN <<EOF\ntrue\nEOF",
    "COPY": "COPY <<EOF /x\na\nEOF",
    "two, once": "RUN <<EOF\ntrue\nEOF\nRUN <<EOF\ntrue\nEOF",
    "in a command": "RUN cat <<EOF\na\nEOF",
    "in a child image": "ONBUILD RUN <<EOF\ntrue\nEOF",
    "another directive": "# check=skip=all\n" + SLIM + "RUN <<EOF\ntrue\nEOF",
}
WITHOUT = {
    "none": "RUN true",
    "a frontend": SYNTAX + SLIM + "RUN <<EOF\ntrue\nEOF",
    "1.4": "# syntax=docker/dockerfile:1.4\n" + SLIM + "RUN <<EOF\ntrue\nEOF",
    "1.10": "# syntax=docker/dockerfile:1.10\n" + SLIM + "RUN <<EOF\ntrue\nEOF",
    "labs": "# syntax=docker/dockerfile:1.3-labs\n" + SLIM + "RUN <<EOF\ntrue\nEOF",
    "another frontend": "# syntax=example.com/frontend:1.0\n" + SLIM + "RUN <<EOF\ntrue\nEOF",
    "a here-string": "RUN cat <<< text",
    "a shift": "RUN echo $((1<<2))",
}


@pytest.mark.parametrize("text", named(WITH_HEREDOC))
def test_a_heredoc_without_a_frontend_is_said_once(text: str) -> None:
    assert places("MLD903", text) == ["<<EOF"]
    assert [item.severity for item in of("MLD903", text)] == ["info"]


@pytest.mark.parametrize("text", named(WITHOUT))
def test_a_file_that_is_sure_of_its_frontend_is_no_finding(text: str) -> None:
    assert places("MLD903", text) == []


def test_a_frontend_that_is_too_old_is_an_error() -> None:
    text = f"# syntax=docker/dockerfile:1.2\n{SLIM}RUN <<EOF\ntrue\nEOF\n"
    (found,) = of("MLD903", text)
    assert found.severity == "error"
    assert places("MLD903", text) == ["# syntax=docker/dockerfile:1.2"]


def test_a_base_that_has_to_be_given_is_a_warning() -> None:
    text = "ARG BASE=<yours>\nFROM $BASE\n"
    assert [item.severity for item in of("MLD901", text)] == ["warning"]
    assert [item.severity for item in of("MLD901", "FROM <yours>\n")] == ["error"]
    assert [item.severity for item in of("MLD901", "FROM ${BASE\n")] == ["error"]
