from __future__ import annotations

import json
import re
import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import pytest

from mlbox.cli import COMMANDS
from mlbox.lint.catalogue import rules
from mlbox.linter import LintSettings
from mlbox.spec import BoxSpec, JobSpec, key_of, parse_project, parse_table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*/*.md")),
    *sorted((ROOT / "course").rglob("*.md")),
]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def documented() -> dict[str, str]:
    """Key -> default, as the tables of docs/spec.md have them."""
    text = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([\w-]+)` \| (.+?) \|", text, re.MULTILINE))


def default(entry: Field[Any]) -> str:
    """A field's default as the tables write it."""
    if entry.default is MISSING and entry.default_factory is MISSING:
        return "required"
    value = entry.default_factory() if entry.default_factory is not MISSING else entry.default
    if value is None:
        return "none"
    return f"`{json.dumps(value)}`"  # the notation that TOML shares with JSON


@pytest.mark.parametrize(
    "entry", [*fields(BoxSpec), *fields(JobSpec)], ids=lambda entry: entry.name
)
def test_every_key_of_the_spec_is_documented_with_its_default(entry: Field[Any]) -> None:
    assert documented().get(key_of(entry.name)) == default(entry)


def test_nothing_else_is_documented() -> None:
    keys = {key_of(entry.name) for entry in (*fields(BoxSpec), *fields(JobSpec))}
    assert documented().keys() <= keys


def test_every_rule_is_listed_with_its_severity_and_its_kind_of_fix() -> None:
    text = (ROOT / "docs/lint.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\w+)\]\(.+?\) \| (\S+) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    assert listed == [
        (
            code,
            rule.slug,
            f"{rule.severity[0].upper()} {rule.autofix[0] if rule.autofix else ''}".strip(),
            rule.title,
        )
        for code, rule in rules().items()
    ]


def test_every_key_of_the_linters_settings_is_documented() -> None:
    text = (ROOT / "docs/lint.md").read_text(encoding="utf-8")
    block = next(text for text in re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    shown = tomllib.loads(block)["tool"]["mlbox"]["lint"]
    assert shown.keys() == {key_of(entry.name) for entry in fields(LintSettings)}


@pages
def test_commands_that_are_written_about_exist(page: Path) -> None:
    named = set(
        re.findall(
            r"(?:^|`|\$ |bin/)mlbox ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert named <= COMMANDS.keys()


@pages
def test_toml_that_is_shown_is_a_valid_spec(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        document = tomllib.loads(block)
        table = document.get("tool", {}).get("mlbox", document)
        if table.keys() == {"lint"}:
            assert isinstance(parse_table(LintSettings, table["lint"], page.name), LintSettings)
            continue
        parse_project(table, root=page.parent, source=None)


@pages
def test_links_to_files_of_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https:") or (page.parent / target).exists(), target
