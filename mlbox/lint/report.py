"""What linting leaves: findings, and files that could not be analysed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.findings import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Finding, Severity


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A file that could not be analysed, in the three parts of an error.

    Attributes:
        file: Its path.
        what: What is wrong with it: ``"It has NUL bytes."``
        why: Why that cannot be analysed.
        fix: What to do about it.
        line: Where it could not be read on, 1-based; 0 for the whole file.
        column: Likewise.
    """

    file: str
    what: str
    why: str = ""
    fix: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        told = f"{place}: {self.what}"
        return "\n".join(part for part in (told, self.why, self.fix) if part)


@dataclass(frozen=True, kw_only=True)
class LintReport:
    """The findings about one or several files.

    Attributes:
        findings: In the order of the files, then of the lines.
        files: The files that were analysed.
        unreadable: Those that could not be.
        suppressed: How many findings were told to be silent, by comment or by baseline.
        notes: What else is to be said of the report as a whole.
    """

    findings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    suppressed: int = 0
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of a severity, or of a worse one."""
        least = SEVERITIES.index(severity)
        return tuple(item for item in self.findings if SEVERITIES.index(item.severity) >= least)

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each severity."""
        return Counter(item.severity for item in self.findings)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from mlbox.lint.formats.html import view  # noqa: PLC0415  (only notebooks need it)

        return view(self)


def merged(reports: list[LintReport]) -> LintReport:
    """Several reports as one."""
    return LintReport(
        findings=tuple(item for report in reports for item in report.findings),
        files=tuple(item for report in reports for item in report.files),
        unreadable=tuple(item for report in reports for item in report.unreadable),
        suppressed=sum(report.suppressed for report in reports),
        notes=tuple(note for report in reports for note in report.notes),
    )
