"""For programs: a list with one object per finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlbox.lint.catalogue import url

if TYPE_CHECKING:
    from mlbox.findings import Finding
    from mlbox.lint.report import LintReport


def show(report: LintReport) -> str:
    """Return the findings as JSON."""
    return json.dumps([row(item) for item in report.findings], indent=2) + "\n"


def row(finding: Finding) -> dict[str, Any]:
    """Return a finding as a program reads it.

    ``line`` and ``column`` are 1-based, ``None`` for a finding about no place; ``autofix`` is
    ``"safe"``, ``"unsafe"`` or ``None``.
    """
    where, autofix = finding.location, finding.autofix
    return {
        "code": finding.code,
        "slug": finding.slug,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "file": where.file if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "what": finding.what,
        "why": finding.why,
        "fix": finding.fix,
        "autofix": None if autofix is None else "safe" if autofix.safe else "unsafe",
        "url": url(finding.code),
        "as_of": finding.as_of,
    }
