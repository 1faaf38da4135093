from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlbox.record import RunStore, parse_record
from mlbox.spec import load_project

if TYPE_CHECKING:
    from mlbox.engine.connect import Connection

DIGITS = Path(__file__).parent.parent / "examples/digits"


def test_the_spec_of_the_example_is_read() -> None:
    project = load_project(DIGITS)
    assert project.box.torch == "2.13.0"
    assert project.job is not None
    assert project.job.outputs == ("out/",)


def test_the_readme_lists_every_option_of_the_script() -> None:
    script = ast.parse((DIGITS / "train.py").read_text(encoding="utf-8"))
    options = {
        node.args[0].value.removeprefix("--")
        for node in ast.walk(script)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "add_argument"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }
    readme = (DIGITS / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", readme, re.MULTILINE)) == options


@pytest.mark.engine
def test_the_example_reaches_its_accuracy_and_brings_all_back(
    project_folder: Path, connection: Connection
) -> None:
    folder = shutil.copytree(
        DIGITS, project_folder / "digits", ignore=shutil.ignore_patterns(".mlbox", "out")
    )
    command = [sys.executable, "-m", "mlbox", "train", "--base", "debian", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = parse_record(done.stdout)
    assert record.state == "succeeded"
    assert record.metrics["test_accuracy"] >= 0.95
    assert record.metrics["seconds"] < 60
    names = {entry.path for entry in record.outputs}
    assert names == {"out/metrics.json", "out/model.pt", "out/history.csv", "out/curve.png"}
    assert "epoch  20/20" in RunStore(folder).log_path(record.id).read_text(encoding="utf-8")
    assert record.undeclared == ()
