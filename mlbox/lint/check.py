"""A read Dockerfile -> findings: each rule's hits, with their places and their mending edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.files import NoFiles
from mlbox.lint.image import Image
from mlbox.lint.parse import parse
from mlbox.lint.report import Unreadable
from mlbox.lint.rule import findings_of
from mlbox.lint.rules import RULES
from mlbox.lint.selection import unsuppressed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlbox.facts import Facts
    from mlbox.findings import Finding
    from mlbox.lint.files import Files


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
    every = (findings_of(rule, image, dockerfile.source, facts) for rule in RULES)
    found = dict.fromkeys(one for some in every for one in some)
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


def _place(finding: Finding) -> tuple[str, int, int, str]:
    where = finding.location
    return (where.file, where.line, where.column, finding.code) if where else ("", 0, 0, "")
