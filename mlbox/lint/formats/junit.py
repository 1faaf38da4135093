"""For CI servers: JUnit's XML, a suite per file, a failed case per finding.

XML has no place for most control characters; they are shown as escapes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Finding
    from mlbox.lint.report import LintReport, Unreadable

# what XML 1.0 allows in a document is everything but these (section 2.2, Char)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def show(report: LintReport) -> str:
    """Return the report as an XML document."""
    names = [*report.files, *(item.file for item in report.unreadable)]
    names += [item.location.file for item in report.findings if item.location]
    suites = [_suite(name, report) for name in dict.fromkeys(names)]
    failures, errors = len(report.findings), len(report.unreadable)
    body = "".join(suites)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<testsuites name="mlbox lint" failures="{failures}" errors="{errors}">\n'
        f"{body}</testsuites>\n"
    )


def _suite(file: str, report: LintReport) -> str:
    found = [item for item in report.findings if item.location and item.location.file == file]
    broken = [item for item in report.unreadable if item.file == file]
    cases = [*(_failure(item) for item in found), *(_error(item) for item in broken)]
    if not cases:
        cases = [f"<testcase classname={_attribute(file)} name={_attribute('mlbox lint')}/>"]
    lines = "".join(f"    {case}\n" for case in cases)
    return (
        f'  <testsuite name={_attribute(file)} tests="{len(cases)}" failures="{len(found)}" '
        f'errors="{len(broken)}">\n{lines}  </testsuite>\n'
    )


def _failure(finding: Finding) -> str:
    where = finding.location
    place = f"{where.line}:{where.column}" if where else ""
    name = " ".join(part for part in (finding.code, finding.slug, place) if part)
    text = "\n".join(_told(finding))
    return (
        f"<testcase classname={_attribute(where.file if where else '')} name={_attribute(name)}>"
        f"<failure type={_attribute(finding.severity)} message={_attribute(finding.what)}>"
        f"{escape(_clean(text))}</failure></testcase>"
    )


def _told(finding: Finding) -> Iterator[str]:
    where = finding.location
    if where is not None:
        yield f"{where.file}:{where.line}:{where.column}"
    yield from (part for part in (finding.what, finding.why, finding.fix) if part)


def _error(item: Unreadable) -> str:
    return (
        f"<testcase classname={_attribute(item.file)} name={_attribute('analysis')}>"
        f"<error message={_attribute(item.what)}>{escape(_clean(str(item)))}</error></testcase>"
    )


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    return _NOT_XML.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
