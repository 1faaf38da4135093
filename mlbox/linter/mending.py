"""Fixes, made until nothing is left to fix, and written when all is done."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.lint.fixes import compatible, fixes_of, mended
from mlbox.lint.parse import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.findings import Autofix
    from mlbox.lint import LintReport
    from mlbox.linter import Opened

_ROUNDS = 20


def mend(one: Opened, *, unsafe: bool) -> tuple[LintReport, int]:
    """Mend a file and those beside it, and write what changed.

    Returns:
        What is left, and how many fixes were made.

    Raises:
        OSError: A file cannot be written.
    """
    changed: dict[str, str] = {}
    seen: list[Mapping[str, str]] = []
    made = 0
    report = one.linted()
    for _ in range(_ROUNDS):
        fixes = _accepted(one, compatible(fixes_of(report.findings, unsafe=unsafe)), changed)
        after = {**changed, **_mended(one, fixes, changed)}
        if not fixes or after in seen or after == changed:
            break
        changed, made = after, made + len(fixes)
        seen.append(changed)
        report = one.linted(changed)
    for path, text in changed.items():
        _write(one.files.root / path, text)
    return report, made


def _mended(one: Opened, fixes: tuple[Autofix, ...], changed: Mapping[str, str]) -> dict[str, str]:
    def text(path: str) -> str | None:
        if path in changed:
            return changed[path]
        return one.text if path == one.name else one.files.text(path)

    return mended(fixes, text)


def _accepted(
    one: Opened, fixes: tuple[Autofix, ...], changed: Mapping[str, str]
) -> tuple[Autofix, ...]:
    """The fixes after which the file is still one: all, or those that are good by themselves."""
    before = changed.get(one.name, one.text)

    def good(some: tuple[Autofix, ...]) -> bool:
        after = _mended(one, some, changed).get(one.name, before)
        return _flaws(one, after) <= _flaws(one, before)

    if good(fixes):
        return fixes
    kept: tuple[Autofix, ...] = ()
    for fix in fixes:
        if good((*kept, fix)):
            kept = (*kept, fix)
    return kept


def _flaws(one: Opened, text: str) -> int:
    """How much of a text Docker or Compose would refuse."""
    if one.target.kind == "dockerfile":
        return len(parse(text).problems)
    report = one.linted({one.name: text})
    return len(report.unreadable) + sum(item.code == "MLC502" for item in report.findings)


def _write(path: Path, text: str) -> None:
    """Replace a file whole, with its mode; through a link, the file that it leads to."""
    data = text.encode("utf-8", "surrogateescape")
    path = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
