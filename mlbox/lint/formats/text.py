"""For a terminal: one paragraph per finding, and a line that counts them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from mlbox.findings import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Finding
    from mlbox.lint.report import LintReport


def show(report: LintReport, width: int | None = None) -> str:
    """Return the report as lines of text, broken between words where a width is given."""
    found = (line for item in report.findings for line in _paragraph(item))
    lines = [*found, summary(report)]
    if width is not None:
        lines = [part for line in lines for part in _broken(line, width)]
    return "\n".join([*lines, ""])


def _broken(line: str, width: int) -> list[str]:
    return textwrap.wrap(
        line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def summary(report: LintReport) -> str:
    """Return how much was found, and how much of it can be fixed."""
    counts = report.counts
    told = [
        counted(counts[severity], severity) for severity in reversed(SEVERITIES) if counts[severity]
    ]
    where = counted(len(report.files), "file")
    line = f"{', '.join(told) or 'Nothing found'} in {where}."
    return " ".join([line, *_further(report)])


def counted(count: int, word: str) -> str:
    """Return ``"2 files"``."""
    return f"{count} {word}" if count == 1 or word == "info" else f"{count} {word}s"


def _further(report: LintReport) -> Iterator[str]:
    safe = sum(item.autofix is not None and item.autofix.safe for item in report.findings)
    unsafe = sum(item.autofix is not None and not item.autofix.safe for item in report.findings)
    if safe:
        yield f"{safe} can be fixed with --fix."
    if unsafe:
        yield f"{unsafe} {'more ' if safe else ''}can be fixed with --unsafe-fixes."
    if report.suppressed:
        yield f"{report.suppressed} not shown: ignored by comment or baseline."


def _paragraph(finding: Finding) -> list[str]:
    where = finding.location
    place = f"{where.file}:{where.line}:{where.column}: " if where else ""
    name = f"{finding.code} {finding.slug}".strip()
    sure = "" if finding.confidence == "high" else f" ({finding.confidence} confidence)"
    lines = [f"{place}{finding.severity}: {name}: {finding.what}{sure}"]
    lines += [f"    {line}" for line in finding.why.splitlines()]
    fix = f"Fix: {finding.fix}" if finding.fix else ""
    return lines + [f"    {line}" for line in fix.splitlines()]
