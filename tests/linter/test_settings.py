"""What [tool.mlbox.lint] may say, and what is said of a mistake in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlbox.errors import SpecError
from mlbox.linter import LintSettings, settings_of
from mlbox.spec import has_spec, load_project

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """
[tool.mlbox.lint]
select = ["MLD1", "secret-in-layer"]
ignore = ["MLD115"]
severity = { root-user = "error", MLD404 = "off" }
threshold = "error"
exclude = ["old/*"]
baseline = "lint.json"
with-hadolint = true
context = "."
"""


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_table_is_read_from_the_folder_or_the_nearest_above(tmp_path: Path) -> None:
    write(tmp_path, TABLE)
    (tmp_path / "a/b").mkdir(parents=True)
    settings = settings_of(tmp_path / "a/b")
    assert settings.select == ("MLD1", "secret-in-layer")
    assert settings.threshold == "error"
    assert settings.with_hadolint
    assert settings.baseline == str(tmp_path / "lint.json")
    assert settings.context == str(tmp_path)
    assert settings.selection.ignore == ("MLD115", "MLD404")
    assert dict(settings.selection.severities) == {"root-user": "error"}


def test_mlbox_toml_has_it_without_the_prefix(tmp_path: Path) -> None:
    write(tmp_path, 'name = "x"\n[lint]\nignore = ["MLD5"]\n', "mlbox.toml")
    assert settings_of(tmp_path).ignore == ("MLD5",)
    assert load_project(tmp_path).box.name == "x"


def test_settings_of_another_repository_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, TABLE)
    (tmp_path / "own/.git").mkdir(parents=True)
    assert settings_of(tmp_path / "own") == LintSettings()


def test_a_project_that_is_only_linted_has_no_box(tmp_path: Path) -> None:
    write(tmp_path, TABLE)
    assert not has_spec(tmp_path)


@pytest.mark.parametrize(
    ("line", "what", "fix"),
    [
        ("selct = []", "unknown key 'selct'", "Did you mean 'select'?"),
        ("select = [3]", "must be an array of strings", "Correct it."),
        ('select = ["MLD16"]', "No rule is called 'MLD16'", "Did you mean"),
        ('ignore = ["rot-user"]', "No rule is called 'rot-user'", "Did you mean 'root-user'?"),
        ('ignore = [""]', "No rule is called ''", "--explain"),
        ('severity = { MLD501 = "bad" }', "'bad' is no severity", "threshold ="),
        ('threshold = "off"', "'off' is no severity", "threshold ="),
    ],
)
def test_mistakes_are_told_in_three_parts(tmp_path: Path, line: str, what: str, fix: str) -> None:
    write(tmp_path, f"[tool.mlbox.lint]\n{line}\n")
    with pytest.raises(SpecError) as error:
        settings_of(tmp_path)
    assert what in error.value.what
    assert error.value.why
    assert fix in error.value.fix


def test_lint_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "[tool.mlbox]\nlint = 3\n")
    with pytest.raises(SpecError, match="must be a table"):
        settings_of(tmp_path)


def test_hadolints_rules_may_be_named_too() -> None:
    assert LintSettings(ignore=("DL3008", "SC2086", "sc")).ignore
