"""Lines that a terminal breaks between words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlbox.cli import _terminal

if TYPE_CHECKING:
    import pytest

LINE = "ok  disk  67 GiB free in /var/lib/a-folder-with-a-long-name/engine/data, of 100 GiB"


def test_a_program_gets_whole_lines(capsys: pytest.CaptureFixture[str]) -> None:
    _terminal.told(LINE, 10)
    assert capsys.readouterr().out == f"{LINE}\n"


def test_a_terminal_gets_lines_that_fit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _terminal.told(LINE, 10)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert " ".join(line.strip() for line in lines) == LINE
    assert all(line.startswith(" " * 10) for line in lines[1:])
