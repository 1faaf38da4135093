"""What the tests of compose files share: findings, their places, fixes, and the real Compose."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from mlbox.lint import lint_compose
from mlbox.lint.parse import Source
from mlbox.testing import FakeFiles

if TYPE_CHECKING:
    from pathlib import Path

    from mlbox.findings import Finding

# Findings that say: docker compose does not start this.
_REFUSALS = frozenset({"MLC102", "MLC103", "MLC107", "MLC501", "MLC502"})


def findings(text: str, **files: str) -> tuple[Finding, ...]:
    """The findings about a compose file.

    Args:
        text: All of it.
        **files: All that lies beside it, path -> text; nothing is known of it if none is given.
    """
    return lint_compose(text, files=FakeFiles(files) if files else None).findings


def slugs(text: str, **files: str) -> list[str]:
    """Their slugs, sorted, each as often as it was found; nothing that is only good to know."""
    found = findings(text, **files)
    return sorted(item.slug for item in found if item.severity != "info")


def of(slug: str, text: str, **files: str) -> list[Finding]:
    """The findings of one rule, in the order of their places."""
    return [item for item in findings(text, **files) if item.slug == slug]


def text_at(text: str, finding: Finding) -> str:
    """What stands at a finding's place in the file."""
    where = finding.location
    assert where is not None, finding
    starts = Source(text).line_starts
    begin = starts[where.line - 1] + where.column - 1
    return text[begin : starts[where.end_line - 1] + where.end_column - 1]


def places(slug: str, text: str, **files: str) -> list[str]:
    """What stands at the places that one rule found."""
    return [text_at(text, item) for item in of(slug, text, **files)]


def fixed(slug: str, text: str, **files: str) -> str:
    """A file with the fixes of one rule, which leave no such finding that can be fixed."""
    edits = {
        edit: None
        for item in of(slug, text, **files)
        for edit in (item.autofix.edits if item.autofix else ())
    }
    for edit in sorted(edits, key=lambda item: item.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def is_refused(text: str, **files: str) -> bool:
    """Whether the findings say that Compose refuses a file."""
    report = lint_compose(text, files=FakeFiles(files) if files else None)
    errors = {item.code for item in report.findings if item.severity == "error"}
    return bool(report.unreadable or errors & _REFUSALS)


@cache
def compose_command() -> tuple[str, ...] | None:
    """How Docker Compose is called here; ``None`` if there is none of the second generation."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]) is None:
            continue
        said = subprocess.run(
            [*command, "version", "--short"], capture_output=True, text=True, check=False
        ).stdout.strip()
        if tuple(map(int, said.lstrip("v").split(".")[:1] or "0")) >= (2,) if said else False:
            return command
    return None


def real_compose(folder: Path) -> bool:
    """Whether Docker Compose takes the file in a folder."""
    command = compose_command()
    assert command is not None
    done = subprocess.run(
        [*command, "config", "--quiet"], cwd=folder, capture_output=True, check=False
    )
    return done.returncode == 0
