"""hadolint's findings, where it is installed: it knows shell (ShellCheck) and much of the rest.

It runs as a program of its own, under its own licence; nothing of it comes with mlbox.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbox.findings import Finding, Location
from mlbox.lint.catalogue import url
from mlbox.lint.parse import parse
from mlbox.lint.selection import unsuppressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlbox.findings import Severity

_CANNOT_PARSE = "DL1000"
_SEVERITIES: Mapping[str, Severity] = {"error": "error", "warning": "warning"}
# What mlbox has a rule of its own for, which knows caches, heredocs and the names of models.
_OURS = frozenset(
    {"DL3000", "DL3002", "DL3006", "DL3007", "DL3009", "DL3013", "DL3014", "DL3015", "DL3022"}
    | {"DL3025", "DL3042", "DL3046", "DL3064", "DL4006"}
)
# Pins of apt packages break when CUDA's base images are rebuilt; --platform is right for them; RUNs
# in a row are how layers are cached.
_NOISE = frozenset({"DL3008", "DL3029", "DL3059"})
_AT_ONCE = 100


def hadolint() -> str | None:
    """Return the program; ``None`` if it is not installed."""
    beside = Path(sys.executable).with_name("hadolint")
    return shutil.which("hadolint") or (str(beside) if beside.is_file() else None)


def hadolint_findings(
    program: str, paths: Mapping[str, Path]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Ask hadolint.

    Args:
        program: Where it is.
        paths: Dockerfiles, as they are shown and where they are.

    Returns:
        Its findings, less those that mlbox has a rule for, and the files that it could not read.
    """
    names = list(paths)
    rows = [
        row
        for start in range(0, len(names), _AT_ONCE)
        for row in _asked(program, names[start : start + _AT_ONCE])
    ]
    unread = tuple(dict.fromkeys(row["file"] for row in rows if row["code"] == _CANNOT_PARSE))
    told = [row for row in rows if row["code"] not in _OURS | _NOISE | {_CANNOT_PARSE}]
    named: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for row in told:
        named[row["file"]].append(row)
    found = [
        item for name, some in named.items() if some for item in _of_file(some, name, paths[name])
    ]
    return tuple(found), unread


def _asked(program: str, names: Sequence[str]) -> list[dict[str, Any]]:
    argv = (program, "--no-fail", "--format", "json", "--", *names)
    ran = subprocess.run(argv, capture_output=True, check=False, text=True, encoding="utf-8")
    try:
        rows = json.loads(ran.stdout)
    except ValueError:
        return [{"file": name, "code": _CANNOT_PARSE} for name in names]
    return [row for row in rows if isinstance(row, dict)]


def _of_file(rows: Iterable[Mapping[str, Any]], shown: str, path: Path) -> tuple[Finding, ...]:
    """Its findings in a file as it is now, less those that a comment silences."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    findings = tuple(_finding(row, text) for row in rows)
    extents = {item.line: item.end_line for item in parse(text).instructions}
    return unsuppressed(findings, text, extents, shown)[0]


def _finding(row: Mapping[str, Any], text: str) -> Finding:
    line, column = int(row["line"]), int(row.get("column", 1))
    end = len(text.split("\n")[line - 1]) + 1 if line <= text.count("\n") + 1 else column
    return Finding(
        code=str(row["code"]),
        severity=_SEVERITIES.get(str(row["level"]), "info"),
        what=str(row["message"]),
        why=f"hadolint says so: {url(str(row['code']))}",
        location=Location(
            file=str(row["file"]),
            line=line,
            column=column,
            end_line=line,
            end_column=max(end, column),
        ),
    )
