"""Which findings are wanted: by code, by the beginning of one, by slug, by comments in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlbox.findings import Finding, Severity

_COMMENT = re.compile(
    r"#[ \t]*mlbox:[ \t]*(ignore|ignore-file)[ \t]*=[ \t]*([\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What of the findings is shown.

    Attributes:
        select: Codes (``"MLD106"``), beginnings of codes (``"MLD1"``) or slugs; empty for all.
        ignore: Likewise, what is left out.
        severities: Severity by code or slug, where it is not the rule's own.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def of(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings that are wanted, with the severity that is wanted."""
        return tuple(
            self._weighed(item)
            for item in findings
            if (not self.select or named(item, self.select)) and not named(item, self.ignore)
        )

    def _weighed(self, finding: Finding) -> Finding:
        for name, severity in self.severities.items():
            if named(finding, (name,)):
                return replace(finding, severity=severity)
        return finding


def named(finding: Finding, names: Iterable[str]) -> bool:
    """Whether one of the names means a finding."""
    return any(
        finding.slug == name.lower() or finding.code.startswith(name.upper()) for name in names
    )


def unsuppressed(
    findings: Iterable[Finding], text: str, extents: Mapping[int, int]
) -> tuple[tuple[Finding, ...], int]:
    """Leave out what comments in the file tell to be silent.

    ``# mlbox: ignore=MLD106 reason`` at the end of a line is about that line; on a line of its own
    it is about the next one that says something, and about all of the instruction that begins
    there. ``# mlbox: ignore-file=MLD106 reason`` is about the file.

    Args:
        findings: All of them.
        text: The file's text.
        extents: Last line of what begins at a line, both 1-based.

    Returns:
        The findings that are left, and how many are not.
    """
    every = tuple(findings)
    if "mlbox:" not in text:
        return every, 0
    quiet = _quiet(text, extents)
    left = tuple(item for item in every if not _is_quiet(item, quiet))
    return left, len(every) - len(left)


def _quiet(text: str, extents: Mapping[int, int]) -> list[tuple[int, int, tuple[str, ...]]]:
    lines = text.split("\n")
    found = []
    for number, line in enumerate(lines, start=1):
        for match in _COMMENT.finditer(line):
            names = tuple(name.strip() for name in match[2].split(","))
            if match[1].lower() == "ignore-file":
                found.append((0, len(lines) + 1, names))
            elif line.lstrip().startswith("#"):
                target = _next_line(lines, number)
                found.append((target, extents.get(target, target), names))
            else:
                found.append((number, number, names))
    return found


def _next_line(lines: list[str], number: int) -> int:
    """The first line after a 1-based one that is neither empty nor a comment."""
    for after in range(number, len(lines)):
        bare = lines[after].strip()
        if bare and not bare.startswith("#"):
            return after + 1
    return len(lines)


def _is_quiet(finding: Finding, quiet: Iterable[tuple[int, int, tuple[str, ...]]]) -> bool:
    line = finding.location.line if finding.location else 0
    return any(first <= line <= last and named(finding, names) for first, last, names in quiet)
