"""Compose files as people write them: what is true of each is found, and nothing else above info.

Each of ``files/*.txt`` begins with what is true: ``truth:`` the slugs, ``compose:`` what Docker
Compose 2.40.3 says (``taken`` if it is not there, ``refused``, ``lacks a file``, ``unasked``),
``file:`` the one that is linted. After it come the files, each under ``-- NAME --``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from compose.cases import compose_command, is_refused, real_compose
from mlbox.lint import LintReport, lint_compose
from mlbox.testing import FakeFiles

FILES = sorted(Path(__file__).parent.glob("files/*.txt"))
_NAME = re.compile(r"^-- (.+) --\n", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One project's files, and what is true of them."""

    truth: frozenset[str]
    compose: str
    file: str
    texts: dict[str, str]

    @property
    def text(self) -> str:
        """The file that is linted."""
        return self.texts[self.file]

    def report(self) -> LintReport:
        """What is found in it."""
        beside = {name: text for name, text in self.texts.items() if name != self.file}
        return lint_compose(self.text, file=self.file, files=FakeFiles(beside) if beside else None)


def case(path: Path) -> Case:
    """Read one of the files."""
    head, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    told = dict(line.split(":", 1) for line in head.splitlines())
    texts = dict(zip(parts[::2], parts[1::2], strict=True))
    if "newline" in told:
        texts = {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in texts.items()}
    return Case(
        truth=frozenset(told["truth"].split()),
        compose=told.get("compose", "taken").strip(),
        file=told.get("file", "compose.yaml").strip(),
        texts=texts,
    )


def name(path: Path) -> str:
    """What a test is called."""
    return path.stem


@pytest.mark.parametrize("path", FILES, ids=name)
def test_what_is_true_is_found_and_nothing_else(path: Path) -> None:
    found = case(path).report()
    assert {item.slug for item in found if item.severity != "info"} == case(path).truth


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_called_wrong_where_compose_refuses_it(path: Path) -> None:
    asked = case(path)
    beside = {key: text for key, text in asked.texts.items() if key != asked.file}
    assert is_refused(asked.text, **beside) == (asked.compose == "refused")


@pytest.mark.engine
@pytest.mark.parametrize("path", FILES, ids=name)
def test_compose_says_what_the_file_says_that_it_says(path: Path, tmp_path: Path) -> None:
    asked = case(path)
    if compose_command() is None or asked.compose == "unasked" or asked.file != "compose.yaml":
        pytest.skip("there is no Docker Compose here, or no whole file")
    for file, text in asked.texts.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(text.encode())
    assert real_compose(tmp_path) == (asked.compose == "taken")
