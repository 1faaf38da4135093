"""What is wrong with a Dockerfile or a compose file, told with its place, its reason and its fix.

Pure: texts in, findings out. What is not known is silent, or said as ``info``; never an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.report import LintReport, Unreadable
from mlbox.lint.selection import Selection

if TYPE_CHECKING:
    from mlbox.facts import Facts
    from mlbox.lint.files import Files

__all__ = ["LintReport", "Selection", "Unreadable", "lint_compose", "lint_dockerfile"]


def lint_dockerfile(
    text: str,
    *,
    file: str = "Dockerfile",
    files: Files | None = None,
    facts: Facts | None = None,
    selection: Selection | None = None,
) -> LintReport:
    """Say what is wrong with a Dockerfile.

    Args:
        text: All of it.
        file: Its path, as it is to be shown.
        files: What lies beside it (requirements files are followed); nothing, by default.
        facts: The tables; those that come with mlbox, by default.
        selection: Which findings are wanted; all, by default.

    Returns:
        The findings, in the order of their places.
    """
    from mlbox.lint.check import check_dockerfile  # noqa: PLC0415  (the parser does without)

    findings, unreadable, silent = check_dockerfile(
        text, facts or _bundled(), file=file, files=files
    )
    wanted = (selection or Selection()).of(findings)
    return LintReport(findings=wanted, files=(file,), unreadable=unreadable, suppressed=silent)


def lint_compose(
    text: str,
    *,
    file: str = "compose.yaml",
    files: Files | None = None,
    overrides: tuple[tuple[str, str], ...] = (),
    facts: Facts | None = None,
    selection: Selection | None = None,
) -> LintReport:
    """Say what is wrong with a compose file.

    Args:
        text: All of it.
        file: Its path, as it is to be shown.
        files: What lies beside it (``build:``, ``extends`` and ``env_file`` are followed); nothing,
            by default.
        overrides: Files that are laid over it, path and text, in the order of ``-f``.
        facts: The tables; those that come with mlbox, by default.
        selection: Which findings are wanted; all, by default.

    Returns:
        The findings, in the order of their places, and what could not be analysed.
    """
    from mlbox.lint.compose import check_compose  # noqa: PLC0415  (loads a YAML parser)

    findings, unreadable, silent = check_compose(
        text, facts or _bundled(), file=file, files=files, overrides=overrides
    )
    wanted = (selection or Selection()).of(findings)
    return LintReport(findings=wanted, files=(file,), unreadable=unreadable, suppressed=silent)


def _bundled() -> Facts:
    from mlbox.facts import load_facts  # noqa: PLC0415  (a table of 1,000 rows)

    return load_facts()
