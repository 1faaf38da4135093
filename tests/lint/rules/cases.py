"""What the rules' tests share: findings of a Dockerfile, a command in many forms, fixes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from mlbox.lint import lint_dockerfile
from mlbox.lint.parse import Source, parse
from mlbox.testing import FakeFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _pytest.mark.structures import ParameterSet

    from mlbox.findings import Finding

SLIM = "FROM python:3.12-slim\n"
CUDA = "FROM nvidia/cuda:12.8.1-runtime-ubuntu22.04\n"


def findings(text: str, **files: str) -> tuple[Finding, ...]:
    """The findings about a Dockerfile.

    Args:
        text: All of it.
        **files: The whole build context, path -> text; nothing is known of it if none is given.
    """
    return lint_dockerfile(text, files=FakeFiles(files) if files else None).findings


def codes(text: str, **files: str) -> list[str]:
    """Their codes, sorted, each as often as it was found."""
    return sorted(item.code for item in findings(text, **files))


def of(code: str, text: str, **files: str) -> list[Finding]:
    """The findings of one rule, in the order of their places."""
    return [item for item in findings(text, **files) if item.code == code]


def text_at(text: str, finding: Finding) -> str:
    """What stands at a finding's place in the Dockerfile."""
    where = finding.location
    assert where is not None, finding
    starts = Source(text).line_starts
    return text[
        starts[where.line - 1] + where.column - 1 : starts[where.end_line - 1]
        + where.end_column
        - 1
    ]


def places(code: str, text: str, **files: str) -> list[str]:
    """What stands at the places that one rule found."""
    return [text_at(text, item) for item in of(code, text, **files)]


def variants(command: str) -> dict[str, str]:
    """The same command as an instruction, in the forms that people write: name -> instruction.

    The pieces between its white space stand as they are in every form (in ``exec-bash`` only if
    they hold no double quotes), so what a finding points at can be compared.

    Args:
        command: One line of shell, without the RUN.
    """
    forms = {
        "plain": f"RUN {command}\n",
        "heredoc": f"RUN <<EOF\nset -e\n{command}\nEOF\n",
        "onbuild": f"ONBUILD RUN {command}\n",
        "exec-bash": f"RUN {json.dumps(['bash', '-c', command])}\n",
        "continued": f"RUN {_continued(command)}\n",
        "behind": f"RUN cd /tmp && {command}\n",
        "crlf": f"RUN {command}\n".replace("\n", "\r\n"),
    }
    if "'" not in command:
        forms["bash -c"] = f"RUN bash -c '{command}'\n"
    return forms


def _continued(command: str) -> str:
    """The command broken at its first space and after each ``&&``, with comments inside."""
    first, space, rest = command.partition(" ")
    broken = f"{first} \\\n    # said in between\n    {rest}" if space else first
    return broken.replace(" && ", " && \\\n# and\n    ")


def fixed(text: str, code: str, **files: str) -> str:
    """The Dockerfile after the fixes of one rule.

    Args:
        text: All of it.
        code: Which rule's.
        **files: The build context.
    """
    edits = {
        edit for item in of(code, text, **files) if item.autofix for edit in item.autofix.edits
    }
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for before, after in pairwise(ordered):
        assert before.end <= after.start, f"fixes overlap: {before}, {after}"
    for edit in reversed(ordered):
        assert edit.file == "Dockerfile", edit
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def assert_fixed(text: str, code: str, *, expected: str | None = None, **files: str) -> str:
    """Apply the fixes of one rule; they mend it, once and for all, and BuildKit takes the file.

    Args:
        text: All of it.
        code: Which rule's.
        expected: What the file says afterwards, if it is to be compared.
        **files: The build context.
    """
    before = of(code, text, **files)
    assert before, f"nothing of {code} to fix in:\n{text}"
    assert all(item.autofix for item in before), f"no fix offered for:\n{text}"
    after = fixed(text, code, **files)
    assert parse(after).problems == parse(text).problems, after
    assert of(code, after, **files) == [], after
    assert fixed(after, code, **files) == after
    if expected is not None:
        assert after == expected
    return after


def in_all_forms(
    cases: Mapping[str, tuple[str, str]], base: str = SLIM, *, but: tuple[str, ...] = ()
) -> list[ParameterSet]:
    """Parameters ``text, word``: each command in each form, with the word that is pointed at.

    Args:
        cases: Name -> a command, and the word.
        base: The FROM line, with its end.
        but: Forms that are left out.
    """
    return [
        pytest.param(base + text, word, id=f"{name}-{form}")
        for name, (command, word) in cases.items()
        for form, text in variants(command).items()
        if form not in but
    ]


def named(cases: Mapping[str, str], base: str = SLIM) -> list[ParameterSet]:
    """Parameters ``text``: Dockerfiles; one that has no FROM gets a base image.

    Args:
        cases: Name -> a Dockerfile, or instructions.
        base: The FROM line, with its end.
    """
    return [
        pytest.param(
            text if any(line.startswith("FROM ") for line in text.split("\n")) else base + text,
            id=name,
        )
        for name, text in cases.items()
    ]
