"""What a rule found: the same for Dockerfiles and compose files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlbox.findings import Confidence, Edit, Location, Severity
    from mlbox.lint.parse import Span


@dataclass(frozen=True)
class Hit:
    """One place that a rule found.

    Attributes:
        span: Where in the file; ``Location`` for a place in another one.
        what: What was found, one sentence, with names and versions.
        why: The reason; empty for the rule's own.
        fix: What to do, concretely.
        edits: Replacements that mend it, ``(span, text)`` in the Dockerfile, an ``Edit`` in another
            file (its path as ``Files`` has it); empty for none.
        safe: Whether those keep what the file does; ``None`` for what the rule says.
        severity: If it is not the rule's own.
        confidence: How sure it is.
        dated: Whether it rests on the facts tables.
    """

    span: Span | Location
    what: str
    why: str = ""
    fix: str = ""
    edits: tuple[tuple[Span, str] | Edit, ...] = ()
    safe: bool | None = None
    severity: Severity | None = None
    confidence: Confidence = "high"
    dated: bool = False
