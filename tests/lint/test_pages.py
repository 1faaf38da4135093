"""Every rule has a page, and what the page says is true."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from mlbox.lint import lint_compose, lint_dockerfile
from mlbox.lint.compose.rules import COMPOSE_RULES
from mlbox.lint.rules import RULES
from mlbox.testing import FakeFiles

if TYPE_CHECKING:
    from typing import TypeAlias

    from mlbox.findings import Finding
    from mlbox.lint.rule import Rule

    AnyRule: TypeAlias = Rule[Any]

EVERY: tuple[AnyRule, ...] = (*RULES, *COMPOSE_RULES)
SECTIONS = ["What", "Why", "Bad", "Good", "When to ignore"]
_BLOCK = re.compile(r"^```(\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PAGES = files("mlbox.lint") / "pages"


def page(rule: AnyRule) -> str:
    """The text of a rule's page."""
    return (_PAGES / f"{rule.code}.md").read_text(encoding="utf-8")


def section(rule: AnyRule, name: str) -> str:
    """What stands under a heading of a page."""
    parts = re.split(r"^## (.+)$", page(rule), flags=re.MULTILINE)
    return parts[parts.index(name) + 1]


def examples(rule: AnyRule, name: str) -> list[tuple[Finding, ...]]:
    """The findings about each file of a section, the other files there beside it."""
    kind, lint = "dockerfile", lint_dockerfile
    if rule in COMPOSE_RULES:
        kind, lint = "yaml", lint_compose
    blocks = _BLOCK.findall(section(rule, name))
    beside = {path: text for path, text in blocks if path != kind}
    known = FakeFiles(beside) if beside else None
    return [lint(text, files=known).findings for path, text in blocks if path == kind]


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.code)
def test_a_rules_page_has_its_name_and_the_five_sections(rule: AnyRule) -> None:
    text = page(rule)
    assert text.startswith(f"# {rule.code} {rule.slug}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    for name in SECTIONS:
        assert section(rule, name).strip(), name


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.code)
def test_a_pages_bad_file_has_this_finding_and_no_other_above_info(rule: AnyRule) -> None:
    found = examples(rule, "Bad")
    assert found
    for findings in found:
        assert rule.code in {item.code for item in findings}
        assert {item.code for item in findings if item.severity != "info"} <= {rule.code}


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.code)
def test_a_pages_good_file_has_nothing_above_info(rule: AnyRule) -> None:
    found = examples(rule, "Good")
    assert found
    for findings in found:
        assert [item.what for item in findings if item.severity != "info"] == []
        assert rule.code not in {item.code for item in findings}


def test_no_page_is_without_a_rule() -> None:
    codes = {rule.code for rule in EVERY}
    pages = {item.name.removesuffix(".md") for item in _PAGES.iterdir()}
    assert {name for name in pages if name.startswith(("MLD", "MLC"))} == codes


def test_codes_and_slugs_are_each_one_rules_and_in_order() -> None:
    for rules in (RULES, COMPOSE_RULES):
        codes = [rule.code for rule in rules]
        assert codes == sorted(set(codes))
    assert len({rule.slug for rule in EVERY}) == len(EVERY)
