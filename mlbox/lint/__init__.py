"""What is wrong with a Dockerfile or a compose file, told with its place, its reason and its fix.

Pure: texts in, findings out. What is not known is silent, or said as ``info``; never an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.report import LintReport, Unreadable
from mlbox.lint.selection import Selection

if TYPE_CHECKING:
    from mlbox.facts import Facts
    from mlbox.lint.image import Files

__all__ = ["LintReport", "Selection", "Unreadable", "lint_dockerfile"]


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

    if facts is None:
        from mlbox.facts import load_facts  # noqa: PLC0415  (a table of 1,000 rows)

        facts = load_facts()
    findings, silent = check_dockerfile(text, facts, file=file, files=files)
    wanted = (selection or Selection()).of(findings)
    return LintReport(findings=wanted, files=(file,), suppressed=silent)
