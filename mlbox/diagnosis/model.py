"""What a diagnosis is made of."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlbox.findings import Confidence, Finding


class ExitState(Protocol):
    """How a run ended; ``Ended``, the engine's ``ExitState`` and a ``RunRecord`` are ones."""

    @property
    def exit_code(self) -> int | None:
        """The exit code; ``None`` if it is not known."""
        ...

    @property
    def oom_killed(self) -> bool:
        """Whether it was killed for its memory."""
        ...

    @property
    def timed_out(self) -> bool:
        """Whether it was stopped because its time was up."""
        ...

    @property
    def signal(self) -> int | None:
        """The signal that ended it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended, as far as is known.

    Attributes:
        exit_code: The exit code; negative for a signal, as Python's ``subprocess`` says it.
        oom_killed: Whether it was killed for its memory.
        timed_out: Whether it was stopped because its time was up.
        signal: The signal that ended it.
    """

    exit_code: int | None = None
    oom_killed: bool = False
    timed_out: bool = False
    signal: int | None = None


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What one cause looks like in a log, and what to say about it.

    Attributes:
        code: ``"MLR101"``.
        slug: The code in words.
        family: What it is about; a consequence names the families that explain it.
        cause: What happened, one sentence; ``{name}`` stands for a group of the pattern.
        why: The reason, and where that is from.
        fix: What to do about it.
        pattern: A regular expression for the line, searched without regard to case. All quotes
            of the line are ``'`` by then. No part of it repeats without an end.
        unless: A line that this matches is none of it.
        rules: Lint rules that would have said so before the run.
        confidence: How sure the pattern makes it.
        follows: Families whose causes lead to this one; ``"*"`` for all. Empty: it is a root cause.
        in_code: Whether it is looked for in the code that a traceback shows, too: where the
            exception at its end says too little.
    """

    code: str
    slug: str
    family: str
    cause: str
    why: str
    fix: str
    pattern: str
    unless: str = ""
    rules: tuple[str, ...] = ()
    confidence: Confidence = "high"
    follows: tuple[str, ...] = ()
    in_code: bool = False


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a cause was recognised by.

    Attributes:
        text: The line, without colours, at most some 300 characters of it.
        line: Its number in the log, 1-based; ``None`` if it is no line but how the run ended.
    """

    text: str
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a run failed.

    Attributes:
        finding: What happened, why, and what to do.
        evidence: What it was recognised by.
        rules: Lint rules that would have said so before the run: ``"MLC201"``.
        seen: How many lines say so.
        follows: Families of causes that lead to this one; ``"*"`` for all.
        survived: Whether the program went on after it.
    """

    finding: Finding
    evidence: Evidence
    rules: tuple[str, ...] = ()
    seen: int = 1
    follows: tuple[str, ...] = ()
    survived: bool = False

    @property
    def is_consequence(self) -> bool:
        """Whether it is a sign that something failed, whatever that is."""
        return "*" in self.follows

    @property
    def place(self) -> str:
        """Where its evidence is."""
        return f"line {self.evidence.line}" if self.evidence.line else "how it ended"

    @property
    def told(self) -> str:
        """What happened, what says so, and why."""
        finding = self.finding
        evidence = f"  {self.place}: {self.evidence.text}"
        return f"{finding.what} ({finding.code} {finding.slug})\n{evidence}\n{finding.why}"

    @property
    def remedy(self) -> str:
        """What to do about it, and what would have said so before the run."""
        lint = f"\nmlbox lint would have said so before: {', '.join(self.rules)}."
        return self.finding.fix + (lint if self.rules else "")


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What a log and the end of a run say about it.

    Attributes:
        causes: The most likely first; those after it are often its consequences.
        failed: Whether the run failed; ``None`` if that is not known.
        last_error: The last line that looks like an error, where no root cause was recognised.
        ended: How the run ended, in words; empty if that is not known.
        lines: How many lines were read.
        is_empty: Whether there was nothing in them.
    """

    causes: tuple[Cause, ...] = ()
    failed: bool | None = None
    last_error: Evidence | None = None
    ended: str = ""
    lines: int = 0
    is_empty: bool = False

    @property
    def recognised(self) -> bool:
        """Whether a cause is known."""
        return bool(self.causes)

    @property
    def cause(self) -> Cause | None:
        """The most likely cause."""
        return self.causes[0] if self.causes else None

    @property
    def root(self) -> Cause | None:
        """The most likely cause, if it is more than a sign of another one."""
        return self.cause if self.cause and not self.cause.is_consequence else None

    def _repr_html_(self) -> str:
        """What a notebook shows: the first cause in full, the others in a line each."""
        first = self.cause
        if first is None:
            return f"<p><b>{escape(self.headline)}</b></p>{_shown(self.last_error)}"
        finding = first.finding
        parts = [
            f"<p><b>{escape(finding.what)}</b> <small>{finding.code} {finding.slug}</small></p>"
        ]
        parts += [_shown(first.evidence), f"<p>{escape(finding.why)}</p>"]
        parts.append(f"<p><b>Fix:</b> {escape(finding.fix)}</p>")
        if first.rules:
            parts.append(f"<p>Lint rules: {escape(', '.join(first.rules))}</p>")
        rest = "".join(f"<li>{escape(cause.finding.what)}</li>" for cause in self.causes[1:])
        return "".join(parts) + (f"<p>Also seen:</p><ul>{rest}</ul>" if rest else "")

    @property
    def headline(self) -> str:
        """One sentence: the cause, or why there is none."""
        if self.causes:
            return self.causes[0].finding.what
        if self.failed is False:
            return "The command did not fail."
        if self.failed is None and self.last_error is None:
            return "The log shows no failure."
        return "The cause was not recognised."


def _shown(evidence: Evidence | None) -> str:
    if evidence is None:
        return ""
    place = f"<small>line {evidence.line}</small> " if evidence.line else ""
    return f"<p>{place}<code>{escape(evidence.text)}</code></p>"
