from __future__ import annotations

import json
import re
import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import pytest

from mlbox.cli import COMMANDS
from mlbox.spec import BoxSpec, JobSpec, key_of, parse_project

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
        parse_project(table, root=page.parent, source=None)


@pages
def test_links_to_files_of_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https:") or (page.parent / target).exists(), target
