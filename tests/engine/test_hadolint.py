"""hadolint itself, asked beside mlbox's own rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlbox.cli import main
from mlbox.linter.hadolint import hadolint

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine

TEXT = """\
FROM python:3.12-slim
ENV PAD_TOKEN_ID=3
RUN cd /srv && echo $HOME
# hadolint ignore=SC2086
RUN echo $PATH
# mlbox: ignore=SC2086 it is one word
RUN echo $PWD
RUN apt-get install git
"""
UNPARSED = "FROM a:1\nRUN <<EOF\ntrue\nEOF\n# hadolint 2.15 cannot read this line\nRUN true\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the current one, with a Dockerfile."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(TEXT, encoding="utf-8")
    return tmp_path


def found(capsys: pytest.CaptureFixture[str], *words: str) -> list[tuple[str, int]]:
    """Codes and lines."""
    main(["lint", "--format", "json", *words])
    return [(row["code"], row["line"]) for row in json.loads(capsys.readouterr().out)]


def test_its_findings_stand_among_ours_in_the_order_of_their_places(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert hadolint()
    rows = found(capsys, "--with-hadolint")
    assert ("DL3003", 3) in rows
    assert ("SC2086", 3) in rows
    assert ("MLD403", 8) in rows
    assert [line for _, line in rows] == sorted(line for _, line in rows)


def test_what_mlbox_has_a_rule_for_is_told_once_and_comments_silence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = found(capsys, "--with-hadolint")
    assert not {"DL3014", "DL3015", "DL3064", "DL3008"} & {code for code, _ in rows}
    assert [line for code, line in rows if code == "SC2086"] == [3]


def test_its_rules_can_be_left_out_and_without_the_flag_it_is_not_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ("SC2086", 3) not in found(capsys, "--with-hadolint", "--ignore", "SC")
    assert not [code for code, _ in found(capsys) if not code.startswith("MLD")]


def test_a_file_that_it_cannot_read_is_no_finding(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "Dockerfile.heredoc").write_text(UNPARSED, encoding="utf-8")
    main(["lint", "--with-hadolint", "--format", "json"])
    captured = capsys.readouterr()
    assert "hadolint was not asked about Dockerfile.heredoc" in captured.err
    assert "DL1000" not in captured.out
    assert "DL3003" in captured.out


def test_where_it_is_not_installed_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    main(["lint", "--with-hadolint"])
    assert "not installed" in capsys.readouterr().err
