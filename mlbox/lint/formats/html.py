"""For a notebook or a browser: a table, with what is long folded away."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mlbox.lint.formats.text import counted, summary

if TYPE_CHECKING:
    from mlbox.findings import Finding
    from mlbox.lint.report import LintReport, Unreadable

# JupyterLab's own colours, with a fallback that reads on light and on dark
STYLE = """<style>
.mlbox-lint { color: var(--jp-content-font-color1, inherit); font-size: 13px; line-height: 1.45;
  max-width: 960px; font-family: var(--jp-ui-font-family, sans-serif); }
.mlbox-lint.mlbox-lint table { border-collapse: collapse; margin: 4px 0; font-size: inherit;
  color: inherit; table-layout: auto; width: 100%; }
.mlbox-lint.mlbox-lint tr { background: none; border-top: 1px solid
  var(--jp-border-color2, rgba(128, 128, 128, 0.35)); }
.mlbox-lint.mlbox-lint td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0;
  border: 0; white-space: normal; overflow-wrap: anywhere; }
.mlbox-lint.mlbox-lint td.place, .mlbox-lint.mlbox-lint td.code { white-space: nowrap; }
.mlbox-lint .error b { color: var(--jp-error-color1, #d32f2f); }
.mlbox-lint .warning b { color: var(--jp-warn-color0, #b26a00); }
.mlbox-lint .quiet { color: var(--jp-content-font-color2, inherit); }
.mlbox-lint .fix { white-space: pre-wrap; font-family: var(--jp-code-font-family, monospace);
  font-size: 12px; }
.mlbox-lint summary { cursor: pointer; }
</style>"""
_SYMBOLS = {"error": "✗", "warning": "▲", "info": "○"}


def show(report: LintReport) -> str:
    """Return the report as a page of its own."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>mlbox lint</title></head><body>\n{view(report)}\n</body></html>\n"
    )


def view(report: LintReport) -> str:
    """Return the report as a piece of a page."""
    rows = [_unreadable(item) for item in report.unreadable]
    rows += [_row(item) for item in report.findings]
    table = f"<table><tbody>{''.join(rows)}</tbody></table>" if rows else ""
    broken = counted(len(report.unreadable), "file") + " not analysed. " if rows else ""
    told = (broken if report.unreadable else "") + summary(report)
    return f'{STYLE}<div class="mlbox-lint"><p>{_safe(told)}</p>{table}</div>'


def _row(finding: Finding) -> str:
    where = finding.location
    place = f"{where.file}:{where.line}:{where.column}" if where else ""
    symbol = _SYMBOLS[finding.severity]
    return (
        f'<tr class="{finding.severity}"><td class="place">{_safe(place)}</td>'
        f'<td class="code"><b>{symbol} {finding.severity}</b><br>{_safe(finding.code)}<br>'
        f'<span class="quiet">{_safe(finding.slug)}</span></td>'
        f"<td>{_safe(finding.what)}{_details(finding)}</td></tr>"
    )


def _details(finding: Finding) -> str:
    why = f"<p>{_safe(finding.why)}</p>" if finding.why else ""
    fix = f'<p class="fix">{_safe(finding.fix)}</p>' if finding.fix else ""
    return f"<details><summary>Why, and what to do</summary>{why}{fix}</details>"


def _unreadable(item: Unreadable) -> str:
    place = f"{item.file}:{item.line}:{item.column}" if item.line else item.file
    told = f"{item.what} {item.why} {item.fix}"
    return (
        f'<tr class="error"><td class="place">{_safe(place)}</td>'
        f'<td class="code"><b>✗ not analysed</b></td><td>{_safe(told)}</td></tr>'
    )


def _safe(text: str) -> str:
    return escape(text.encode("utf-8", "backslashreplace").decode())
