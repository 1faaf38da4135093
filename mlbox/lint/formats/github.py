"""For GitHub Actions: workflow commands, which become annotations of the lines.

Source of the form and its escapes: docs.github.com, "Workflow commands for GitHub Actions", and
actions/toolkit ``packages/core/src/command.ts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlbox.findings import Finding
    from mlbox.lint.report import LintReport

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def show(report: LintReport) -> str:
    """Return one command per finding and per file that could not be analysed."""
    lines = [_command(item) for item in report.findings]
    lines += [
        f"::error file={_property(item.file)},line={max(item.line, 1)},title=not analysed"
        f"::{_data(str(item))}"
        for item in report.unreadable
    ]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding) -> str:
    where = finding.location
    properties = {"title": f"{finding.code} {finding.slug}".strip()}
    if where is not None:
        properties = {
            "file": where.file,
            "line": str(where.line),
            "endLine": str(where.end_line),
            **_columns(where.line == where.end_line, where.column, where.end_column),
            **properties,
        }
    text = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = "\n".join(part for part in (finding.what, finding.why, finding.fix) if part)
    return f"::{_LEVELS[finding.severity]} {text}::{_data(message)}"


def _columns(one_line: bool, first: int, after: int) -> dict[str, str]:  # noqa: FBT001
    """GitHub refuses columns of an annotation of several lines; its last one is included."""
    if not one_line:
        return {}
    return {"col": str(first), "endColumn": str(max(first, after - 1))}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
