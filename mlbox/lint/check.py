"""A read Dockerfile -> findings: each rule's hits, with their places and their mending edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.findings import Autofix, Edit, Finding
from mlbox.lint.image import Image, NoFiles
from mlbox.lint.parse import Span, parse
from mlbox.lint.report import Unreadable
from mlbox.lint.rules import RULES
from mlbox.lint.selection import unsuppressed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlbox.facts import Facts
    from mlbox.findings import Location
    from mlbox.lint.image import Files
    from mlbox.lint.parse import Dockerfile
    from mlbox.lint.rules.rule import Hit, Rule


def check_dockerfile(
    text: str, facts: Facts, *, file: str = "Dockerfile", files: Files | None = None
) -> tuple[tuple[Finding, ...], tuple[Unreadable, ...], int]:
    """Apply every rule to a Dockerfile.

    Args:
        text: All of it.
        facts: The tables.
        file: Its path, as it is to be shown.
        files: What lies beside it.

    Returns:
        The findings in the order of their places; requirements files that cannot be analysed; and
        how many findings a comment told to be silent.
    """
    dockerfile = parse(text, file)
    image = Image(dockerfile=dockerfile, facts=facts, files=files or NoFiles())
    found = {finding: None for rule in RULES for finding in _findings(rule, image)}
    extents = {item.line: item.end_line for item in dockerfile.instructions}
    left, silent = unsuppressed(found, text, extents, file)
    for name in {item.location.file for item in left if item.location} - {file}:
        left, more = unsuppressed(left, image.files.text(name) or "", {}, name)
        silent += more
    return tuple(sorted(left, key=_place)), tuple(_circular(image)), silent


def _circular(image: Image) -> Iterable[Unreadable]:
    """Requirements files that include each other: pip does not read them to an end either."""
    names = {
        name: None for stage in image.stages for one in stage.installs for name in one.circular
    }
    for name in names:
        yield Unreadable(
            file=name,
            what="It includes itself, by -r or -c, through the files that it includes.",
            why="Following it would never end; what it asks for was read once.",
            fix="Remove one of the -r lines.",
        )


def _findings(rule: Rule, image: Image) -> Iterable[Finding]:
    for hit in rule.check(image):
        yield _finding(rule, hit, image)


def _finding(rule: Rule, hit: Hit, image: Image) -> Finding:
    source = image.dockerfile.source
    safe = rule.autofix == "safe" if hit.safe is None else hit.safe
    return Finding(
        code=rule.code,
        slug=rule.slug,
        severity=hit.severity or rule.severity,
        what=hit.what,
        why=hit.why,
        fix=hit.fix,
        confidence=hit.confidence,
        location=_location(hit.span, image.dockerfile),
        autofix=Autofix(
            safe=safe,
            edits=tuple(
                edit
                if isinstance(edit, Edit)
                else Edit(file=source.file, start=edit[0].start, end=edit[0].end, text=edit[1])
                for edit in hit.edits
            ),
        )
        if hit.edits
        else None,
        as_of=image.facts.as_of if hit.dated else "",
    )


def _location(place: Span | Location, dockerfile: Dockerfile) -> Location:
    return dockerfile.source.location(place) if isinstance(place, Span) else place


def _place(finding: Finding) -> tuple[str, int, int, str]:
    where = finding.location
    return (where.file, where.line, where.column, finding.code) if where else ("", 0, 0, "")
