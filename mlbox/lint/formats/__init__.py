"""A report -> a text, in the forms that people and programs read; one module each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlbox.lint.report import LintReport

FORMATS = ("text", "json", "sarif", "github", "junit", "html")


def shown(report: LintReport, form: str) -> str:
    """Return a report in one of the forms of ``FORMATS``."""
    return str(importlib.import_module(f"mlbox.lint.formats.{form}").show(report))
