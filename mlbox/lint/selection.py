"""Which findings are wanted: by code, by the beginning of one, by slug, by comments in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


@dataclass(frozen=True, kw_only=True)
class _Quiet:
    """What a comment silences.

    Attributes:
        names: Codes, beginnings of codes, slugs.
        first: First line that it is about; 0 for the whole file.
        last: Last line.
        widens: Whether it is about the whole file if nothing of it is in those lines.
    """

    names: tuple[str, ...]
    first: int = 0
    last: int = 0
    widens: bool = False


def unsuppressed(
    findings: Iterable[Finding], text: str, extents: Mapping[int, int], file: str
) -> tuple[tuple[Finding, ...], int]:
    """Leave out what comments in a file tell to be silent.

    ``# mlbox: ignore=MLD106 reason`` at the end of a line is about that line; on a line of its own
    it is about the next one that says something, and about all of the instruction that begins
    there. ``# mlbox: ignore-file=MLD106 reason`` is about the file and those that it reads; so is
    an ``ignore`` at the top of the file, unless the first instruction is what it is about.

    Args:
        findings: All of them.
        text: The file's text.
        extents: Last line of what begins at a line, both 1-based.
        file: The file's path, as in the findings.

    Returns:
        The findings that are left, and how many are not.
    """
    every = tuple(findings)
    if "mlbox:" not in text:
        return every, 0
    by_line: dict[int, list[Finding]] = {}
    for item in every:
        if item.location is not None and item.location.file == file:
            by_line.setdefault(item.location.line, []).append(item)
    silent: set[Finding] = set()
    everywhere: list[str] = []
    for quiet in _quiet(text, extents):
        there = (by_line.get(line, ()) for line in range(quiet.first, quiet.last + 1))
        found = [item for some in there for item in some if named(item, quiet.names)]
        silent.update(found)
        if quiet.first == 0 or (quiet.widens and not found):
            everywhere += quiet.names
    left = tuple(item for item in every if item not in silent and not named(item, everywhere))
    return left, len(every) - len(left)


def _quiet(text: str, extents: Mapping[int, int]) -> Iterator[_Quiet]:
    lines = text.split("\n")
    following = _following(lines)
    for number, line in enumerate(lines, start=1):
        for match in _COMMENT.finditer(line):
            names = tuple(name.strip() for name in match[2].split(","))
            if match[1].lower() == "ignore-file":
                yield _Quiet(names=names)
            elif line.lstrip().startswith("#"):
                target = following[number]
                last = extents.get(target, target)
                yield _Quiet(names=names, first=target, last=last, widens=number < following[0])
            else:
                yield _Quiet(names=names, first=number, last=number)


def _following(lines: list[str]) -> list[int]:
    """For each 1-based line, and for 0: the first after it that is neither empty nor a comment."""
    found = [len(lines)] * (len(lines) + 1)
    for number in range(len(lines) - 1, -1, -1):
        bare = lines[number].strip()
        found[number] = found[number + 1] if not bare or bare.startswith("#") else number + 1
    return found
