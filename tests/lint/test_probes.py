"""Tricky Dockerfiles and compose files, each with what is true of it: that is found, no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlbox.lint import LintReport, lint_compose, lint_dockerfile
from mlbox.lint.compose.rules import COMPOSE_RULES
from mlbox.lint.rules import RULES
from mlbox.testing import FakeFiles

PROBES = sorted(path.parent for path in Path(__file__).parent.glob("probes/*/expected.json"))
# The files are about something else, and no models of how an image should be built.
TOLERATED = frozenset(
    {
        "apt-no-clean",
        "apt-update-split",
        "data-in-image",
        "no-lock",
        "pip-cache-kept",
        "torch-unpinned",
    }
)


def report(folder: Path) -> LintReport:
    """What is found in a probe's folder."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    beside = {name: text for name, text in texts.items() if name != "expected.json"}
    if "compose.yaml" in beside:
        return lint_compose(beside.pop("compose.yaml"), files=FakeFiles(beside))
    return lint_dockerfile(texts["Dockerfile"], files=FakeFiles(beside))


def truth(folder: Path) -> set[str]:
    """The slugs that are true of a probe."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return set(expected["truth"])


def test_there_are_probes_and_rules_for_what_is_true_of_them() -> None:
    assert len(PROBES) > 50
    slugs = {rule.slug for rule in RULES} | {rule.slug for rule in COMPOSE_RULES}
    assert {slug for folder in PROBES for slug in truth(folder)} <= slugs


@pytest.mark.parametrize("folder", PROBES, ids=lambda folder: folder.name)
def test_what_is_true_is_found(folder: Path) -> None:
    assert truth(folder) <= {item.slug for item in report(folder)}


@pytest.mark.parametrize("folder", PROBES, ids=lambda folder: folder.name)
def test_no_error_is_made_up(folder: Path) -> None:
    errors = {item.slug for item in report(folder) if item.severity == "error"}
    assert errors <= truth(folder)


@pytest.mark.parametrize("folder", PROBES, ids=lambda folder: folder.name)
def test_no_warning_is_made_up_but_about_hygiene(folder: Path) -> None:
    warnings = {item.slug for item in report(folder) if item.severity == "warning"}
    assert warnings <= truth(folder) | TOLERATED
