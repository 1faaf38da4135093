"""For code scanning: SARIF 2.1.0 (OASIS), with each rule's page in it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlbox._version import __version__
from mlbox.lint.catalogue import page, rule_named, url

if TYPE_CHECKING:
    from mlbox.findings import Finding, Location
    from mlbox.lint.report import LintReport, Unreadable

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def show(report: LintReport) -> str:
    """Return the report as a SARIF log of one run."""
    return json.dumps(log(report), indent=2) + "\n"


def log(report: LintReport) -> dict[str, Any]:
    """Return the log as values."""
    codes = sorted({item.code for item in report.findings})
    prints = _fingerprints(report.findings)
    run = {
        "tool": {
            "driver": {
                "name": "mlbox",
                "version": __version__,
                "rules": [_descriptor(code) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not report.unreadable,
                "toolExecutionNotifications": [_notification(item) for item in report.unreadable],
            }
        ],
        "results": [
            _result(item, codes.index(item.code), mark)
            for item, mark in zip(report.findings, prints, strict=True)
        ],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(code: str) -> dict[str, Any]:
    rule = rule_named(code)
    if rule is None:  # hadolint's
        return {"id": code, "helpUri": url(code)} if url(code) else {"id": code}
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in rule.slug.split("-")),
        "shortDescription": {"text": f"{rule.title[0].upper()}{rule.title[1:]}."},
        "help": {"text": page(code), "markdown": page(code)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"slug": rule.slug},
    }


def _result(finding: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    message = "\n".join(part for part in (finding.what, finding.why, finding.fix) if part)
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": message},
        "locations": [_location(finding.location)] if finding.location else [],
        "partialFingerprints": {"mlbox/v1": fingerprint},
        "properties": {"confidence": finding.confidence, "asOf": finding.as_of},
    }


def _location(where: Location) -> dict[str, Any]:
    region = {
        "startLine": where.line,
        "startColumn": where.column,
        "endLine": where.end_line,
        "endColumn": where.end_column,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(where.file)}, "region": region}}


def _notification(item: Unreadable) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(item.file)}}
    if item.line:
        place["region"] = {"startLine": item.line, "startColumn": item.column}
    message = {"text": str(item)}
    return {"level": "error", "message": message, "locations": [{"physicalLocation": place}]}


def _uri(file: str) -> str:
    return quote(file.encode("utf-8", "surrogateescape"), safe="/._~-")


def _fingerprints(findings: tuple[Finding, ...]) -> list[str]:
    """What makes a finding the same one after lines moved: file, code, text, and which of them."""
    seen: Counter[str] = Counter()
    marks = []
    for item in findings:
        where = item.location.file if item.location else ""
        key = f"{where}\0{item.code}\0{item.what}"
        text = f"{key}\0{seen[key]}".encode("utf-8", "surrogateescape")
        marks.append(hashlib.sha256(text).hexdigest()[:32])
        seen[key] += 1
    return marks
