"""Texts and findings -> mended texts. Every byte that no fix changes stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlbox.findings import Autofix, Edit, Finding


def fixes_of(findings: Iterable[Finding], *, unsafe: bool) -> tuple[Autofix, ...]:
    """The changes that are offered, each once, in the order of the findings.

    Args:
        findings: What was found.
        unsafe: Whether also those that are good guesses.
    """
    offered = (item.autofix for item in findings)
    return tuple(dict.fromkeys(fix for fix in offered if fix is not None and (fix.safe or unsafe)))


def compatible(fixes: Iterable[Autofix]) -> tuple[Autofix, ...]:
    """Those that can be made together: the first ones, whole, without any that touches them."""
    made: dict[str, list[Edit]] = {}
    chosen = []
    for fix in fixes:
        if not any(_touch(edit, other) for edit in fix.edits for other in made.get(edit.file, ())):
            chosen.append(fix)
            for edit in fix.edits:
                made.setdefault(edit.file, []).append(edit)
    return tuple(chosen)


def mended(fixes: Sequence[Autofix], read: Callable[[str], str | None]) -> dict[str, str]:
    """The files that fixes change, path -> new text.

    Args:
        fixes: Changes that do not touch each other.
        read: A file's text by its path; ``None`` if there is none, which is then made.
    """
    edits: dict[str, set[Edit]] = {}
    for fix in fixes:
        for edit in fix.edits:
            edits.setdefault(edit.file, set()).add(edit)
    return {file: _edited(read(file) or "", each) for file, each in edits.items()}


def _touch(one: Edit, other: Edit) -> bool:
    """Whether two changes are of the same characters, or of the same place; a twin is no rival."""
    if one == other:
        return False
    if one.start == other.start:
        return True
    first, second = sorted((one, other))
    return second.start < first.end


def _edited(text: str, edits: Iterable[Edit]) -> str:
    crlf = "\r\n" in text
    for edit in sorted(edits, reverse=True):
        new = edit.text.replace("\r\n", "\n").replace("\n", "\r\n") if crlf else edit.text
        text = text[: edit.start] + new + text[edit.end :]
    return text
