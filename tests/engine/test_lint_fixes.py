"""What the linter's fixes leave is a file that BuildKit itself accepts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.dockerfiles import BuildKit, without_frontend
from mlbox.lint import lint_dockerfile
from mlbox.lint.fixes import compatible, fixes_of, mended
from mlbox.lint.parse import parse

if TYPE_CHECKING:
    from mlbox.engine.connect import Connection

pytestmark = pytest.mark.engine

HERE = Path(__file__).parents[1] / "lint"
PATHS = sorted([*HERE.glob("*/*/Dockerfile"), *HERE.glob("tricky/*.Dockerfile")])


def fixed(text: str, *, unsafe: bool) -> str:
    """The file after every fix, until nothing is left to fix."""
    for _ in range(12):
        offered = compatible(fixes_of(lint_dockerfile(text).findings, unsafe=unsafe))
        after = mended(offered, {"Dockerfile": text}.get).get("Dockerfile", text)
        if after == text:
            return text
        text = after
    raise AssertionError(text)


def changed(path: Path) -> list[str]:
    """The file after its safe fixes, and after all of them, where they change it."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    if parse(text).problems:
        return []  # BuildKit refuses it before
    return [after for unsafe in (False, True) if (after := fixed(text, unsafe=unsafe)) != text]


def accepts(buildkit: BuildKit, text: str) -> str:
    """What BuildKit says against a file; nothing if it takes it."""
    content = without_frontend(text.encode("utf-8", "surrogateescape"))
    try:
        buildkit.stages(content)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        return str(error)
    return ""


def test_a_broken_file_is_refused(connection: Connection) -> None:
    assert accepts(BuildKit(connection), "FROM a\nRUM b\n")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_buildkit_accepts_a_file_after_the_fixes(path: Path, connection: Connection) -> None:
    for text in changed(path):
        assert accepts(BuildKit(connection), text) == ""


def test_fixes_change_many_of_these_files() -> None:
    assert sum(bool(changed(path)) for path in PATHS) > 40
