"""Every rule there is, by its code, and the page about it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from mlbox.lint.compose.rules import COMPOSE_RULES
from mlbox.lint.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.lint.rule import Rule

_FOREIGN = {
    "DL": "https://github.com/hadolint/hadolint/wiki/",
    "SC": "https://www.shellcheck.net/wiki/",
}


@cache
def rules() -> Mapping[str, Rule[Any]]:
    """All rules about Dockerfiles and compose files, by code."""
    every: tuple[Rule[Any], ...] = (*RULES, *COMPOSE_RULES)
    return {rule.code: rule for rule in every}


def rule_named(name: str) -> Rule[Any] | None:
    """The rule with a code or a slug, in letters of any case."""
    return next(
        (rule for rule in rules().values() if name.lower() in (rule.code.lower(), rule.slug)), None
    )


@cache
def page(code: str) -> str:
    """What, why, a bad and a good example, when to ignore: a rule's page, as Markdown."""
    return (files("mlbox.lint") / "pages" / f"{code}.md").read_text(encoding="utf-8")


@cache
def url(code: str) -> str:
    """Where a finding's code is explained; a page of mlbox is a file that comes with it."""
    if code in rules():
        path = files("mlbox.lint") / "pages" / f"{code}.md"
        return path.as_uri() if isinstance(path, PurePath) else ""
    site = _FOREIGN.get(code[:2])
    return f"{site}{code}" if site else ""
