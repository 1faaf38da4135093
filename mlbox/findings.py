"""The one shape for anything that is worth saying about a spec, a machine or a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
Confidence = Literal["high", "medium", "low"]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")  # ascending


@dataclass(frozen=True, kw_only=True, order=True)
class Location:
    """A stretch of a file.

    Attributes:
        file: Its path, as it was asked about.
        line: First line, 1-based.
        column: First character in that line, 1-based, in Unicode code points.
        end_line: Last line.
        end_column: The character after the last, in the last line.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, kw_only=True, order=True)
class Edit:
    """One replacement in a file's text.

    Attributes:
        file: Its path; one that is not there is created.
        start: Offset of the first character that goes, in Unicode code points.
        end: Offset after the last one.
        text: What comes instead.
    """

    file: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Autofix:
    """A change that mends what was found.

    Attributes:
        safe: Whether what the file does stays as it was meant, whatever it is used for. One that
            is not safe is a good guess, to be looked at.
        edits: The replacements; they do not overlap.
    """

    safe: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something to know.

    Attributes:
        code: What to look it up by: ``"MLD106"``, or ``"minor-version-compatibility"`` where
            findings are not numbered.
        severity: ``"error"``: it will not work; ``"warning"``: it works, with what the text says;
            ``"info"``: good to know, or not known.
        what: What was found, one sentence.
        why: The reason, as far as it is known, and where that is from.
        fix: What to do about it; empty if nothing needs to be done.
        slug: The code in words, where it is a number: ``"driver-in-image"``.
        confidence: How sure mlbox is that it is so.
        location: Where in a file; ``None`` if it is about no file.
        autofix: The change that mends it; ``None`` if there is none that a program can know.
        as_of: The day of the facts it rests on (ISO 8601); empty if it rests on none.
    """

    code: str
    severity: Severity
    what: str
    why: str = ""
    fix: str = ""
    slug: str = ""
    confidence: Confidence = "high"
    location: Location | None = None
    autofix: Autofix | None = None
    as_of: str = ""
