"""What was found before and is not to be told again: the saved JSON of an earlier report."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING

from mlbox.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlbox.findings import Finding

# A line may move: a finding is known by its file, its rule and what it says.
Known = Counter[tuple[str, str, str]]


def read_baseline(path: Path) -> Known:
    """Read a baseline.

    Raises:
        SpecError: There is none, or it is something else.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return Counter(_key(str(row["file"]), str(row["code"]), str(row["what"])) for row in rows)
    except FileNotFoundError as error:
        raise SpecError(
            f"There is no baseline {path}.",
            why="No such file.",
            fix=f"Write it: mlbox lint --format json > {path}",
        ) from error
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise SpecError(
            f"{path} is no baseline.",
            why=f"It is not what `mlbox lint --format json` writes: {error!r}.",
            fix=f"Write it anew: mlbox lint --format json > {path}",
        ) from error


def not_known(findings: Iterable[Finding], known: Known) -> tuple[Finding, ...]:
    """Return the findings that a baseline has not, or has less often."""
    left = Counter(known)
    new = []
    for item in findings:
        key = _key(item.location.file if item.location else "", item.code, item.what)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(item)
    return tuple(new)


def _key(file: str, code: str, what: str) -> tuple[str, str, str]:
    return os.path.abspath(file), code, what  # noqa: PTH100  (a text is compared, no link followed)
