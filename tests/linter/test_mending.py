"""Files mended in their place: only what is mended changes, and a second time nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbox.errors import SpecError
from mlbox.linter import LintSettings, fix_paths

BAD = (
    "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\r\n"
    "# caf\udce9, left alone  \r\n"
    "RUN apt-get update && apt-get install -y git nvidia-utils-550\r\n"
    "CMD python train.py"
)


@pytest.fixture
def dockerfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dockerfile with things to mend, in the current folder, and bytes that are no UTF-8."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "Dockerfile"
    path.write_bytes(BAD.encode("utf-8", "surrogateescape"))
    return path


def fix(path: Path, *, unsafe: bool = False) -> int:
    """How many fixes were made."""
    return fix_paths([path], LintSettings(), unsafe=unsafe)[1]


def test_safe_fixes_change_what_is_wrong_and_no_other_byte(dockerfile: Path) -> None:
    assert fix(dockerfile) >= 2
    after = dockerfile.read_bytes()
    assert b"nvidia-utils" not in after
    assert b"# caf\xe9, left alone  \r\n" in after
    assert after.replace(b"\r\n", b"").find(b"\n") < 0
    assert after.startswith(b"FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\r\n")


def test_a_second_time_nothing_changes(dockerfile: Path) -> None:
    for unsafe in (False, True):
        fix(dockerfile, unsafe=unsafe)
        after = dockerfile.read_bytes()
        about = dockerfile.stat()
        assert fix(dockerfile, unsafe=unsafe) == 0
        assert dockerfile.read_bytes() == after
        assert dockerfile.stat().st_mtime_ns == about.st_mtime_ns


def test_what_is_left_is_what_linting_finds(dockerfile: Path) -> None:
    report, _ = fix_paths([dockerfile], LintSettings(), unsafe=False)
    again, made = fix_paths([dockerfile], LintSettings(), unsafe=False)
    assert made == 0
    assert report == again
    assert "MLD106" not in {item.code for item in report}


def test_rules_that_are_not_wanted_change_nothing(dockerfile: Path) -> None:
    before = dockerfile.read_bytes()
    _, made = fix_paths([dockerfile], LintSettings(select=("MLD501",)), unsafe=False)
    assert made == 0
    assert dockerfile.read_bytes() == before


def test_a_baseline_that_is_none_is_told_before_anything_is_written(dockerfile: Path) -> None:
    before = dockerfile.read_bytes()
    with pytest.raises(SpecError, match="There is no baseline"):
        fix_paths([dockerfile], LintSettings(baseline="nothing.json"), unsafe=False)
    assert dockerfile.read_bytes() == before


def test_the_mode_stays_and_a_link_stays_a_link(dockerfile: Path) -> None:
    dockerfile.chmod(0o640)
    link = dockerfile.with_name("gpu.Dockerfile")
    link.symlink_to("Dockerfile")
    assert fix(link)
    assert link.is_symlink()
    assert dockerfile.stat().st_mode & 0o777 == 0o640
    assert b"nvidia-utils" not in dockerfile.read_bytes()
    assert sorted(path.name for path in dockerfile.parent.iterdir()) == [
        "Dockerfile",
        "gpu.Dockerfile",
    ]


def test_files_beside_it_are_mended_or_made_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / ".env").write_text("API_TOKEN=abc\n", encoding="utf-8")
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\nCOPY . /app\n", encoding="utf-8")
    assert fix(Path()) >= 1
    assert ".env" in (tmp_path / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert fix(Path()) == 0
