from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mlbox.engine.connect import Connection

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(
    path
    for folder in ("notebooks", "course", "examples")
    for path in (ROOT / folder).rglob("*.ipynb")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)


def cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def code_cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in cells(path) if cell["cell_type"] == "code"]


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.parent.name + "/" + path.name)
class TestACommittedNotebook:
    def test_has_no_outputs(self, path: Path) -> None:
        assert [cell["outputs"] for cell in code_cells(path)] == [[]] * len(code_cells(path))
        assert {cell["execution_count"] for cell in code_cells(path)} == {None}

    def test_names_the_language_that_papermill_asks_for(self, path: Path) -> None:
        metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        assert metadata["kernelspec"]["language"] == "python"

    def test_has_code_that_parses(self, path: Path) -> None:
        for cell in code_cells(path):
            ast.parse("".join(cell["source"]))

    def test_lets_papermill_choose_the_base(self, path: Path) -> None:
        tagged = [c for c in code_cells(path) if "parameters" in c["metadata"].get("tags", ())]
        assert len(tagged) == 1
        assert 'base = "auto"' in "".join(tagged[0]["source"])


@pytest.mark.engine
@pytest.mark.parametrize("where", [".", "notebooks"])
def test_the_first_run_trains_the_digits(
    where: str, tmp_path: Path, connection: Connection
) -> None:
    for folder in ("notebooks", "examples"):
        ignore = shutil.ignore_patterns(".mlbox", "out", ".ipynb_checkpoints")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    done = tmp_path / "done.ipynb"
    source = tmp_path / "notebooks/01_first_run.ipynb"
    command = [sys.executable, "-m", "papermill", str(source), str(done), "-p", "base", "debian"]
    ran = subprocess.run(command, cwd=tmp_path / where, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    executed = [cell for cell in code_cells(done) if "".join(cell["source"]).strip()]
    assert all(cell["execution_count"] is not None for cell in executed)
    shown = [output.get("data", {}) for cell in executed for output in cell["outputs"]]
    assert any("image/png" in data for data in shown)
    assert any("test_accuracy" in "".join(data.get("text/html", "")) for data in shown)
