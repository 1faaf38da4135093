"""What a rule is, and what it found: the same for Dockerfiles and compose files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from mlbox.findings import Autofix, Edit, Finding
from mlbox.lint.parse import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlbox.facts import Facts
    from mlbox.findings import Confidence, Location, Severity
    from mlbox.lint.parse import Source

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Hit:
    """One place that a rule found.

    Attributes:
        span: Where in the file; ``Location`` for a place in another one.
        what: What was found, one sentence, with names and versions.
        why: The reason; empty for the rule's own.
        fix: What to do, concretely.
        edits: Replacements that mend it, ``(span, text)`` in the file, an ``Edit`` in another one
            (its path as ``Files`` has it); empty for none.
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


@dataclass(frozen=True)
class Rule(Generic[Seen]):
    """One rule about Dockerfiles, or about compose files.

    Attributes:
        code: ``"MLD106"``.
        slug: ``"driver-in-image"``.
        severity: What it usually is.
        autofix: ``"safe"``, ``"unsafe"``, or ``None`` if a program cannot mend it.
        title: One line.
        check: What it sees, an ``Image`` or a ``Compose`` -> the places found.
    """

    code: str
    slug: str
    severity: Severity
    autofix: Literal["safe", "unsafe"] | None
    title: str
    check: Callable[[Seen], Iterable[Hit]]


def findings_of(rule: Rule[Seen], seen: Seen, source: Source, facts: Facts) -> Iterator[Finding]:
    """Apply one rule.

    Args:
        rule: Which.
        seen: What it is about.
        source: The file that spans are in.
        facts: The tables that dated findings rest on.
    """
    for hit in rule.check(seen):
        yield _finding(rule, hit, source, facts)


def _finding(rule: Rule[Seen], hit: Hit, source: Source, facts: Facts) -> Finding:
    safe = rule.autofix == "safe" if hit.safe is None else hit.safe
    edits = tuple(edit if isinstance(edit, Edit) else _edit(*edit, source) for edit in hit.edits)
    return Finding(
        code=rule.code,
        slug=rule.slug,
        severity=hit.severity or rule.severity,
        what=hit.what,
        why=hit.why,
        fix=hit.fix,
        confidence=hit.confidence,
        location=source.location(hit.span) if isinstance(hit.span, Span) else hit.span,
        autofix=Autofix(safe=safe, edits=edits) if edits else None,
        as_of=facts.as_of if hit.dated else "",
    )


def _edit(span: Span, text: str, source: Source) -> Edit:
    return Edit(file=source.file, start=span.start, end=span.end, text=text)
