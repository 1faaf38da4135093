"""Which of the things that a log says is why the run failed, and which came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.diagnosis.manner import about_gpu
from mlbox.diagnosis.model import Cause, Evidence, Signature
from mlbox.findings import Confidence, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlbox.diagnosis.sightings import Hit, Sight, Sightings

_UNNAMED = "(see the evidence)"
_LESS: dict[Confidence, Confidence] = {"high": "medium", "medium": "low", "low": "low"}
_NEAR = 3  # lines from the code that a traceback shows to its end
_GPU = {"gpu", "gpu-setup", "architecture"}
_OF_SHELLS = {"rights", "files", "command", "input"}  # a script goes on after most of them
_OF_SEVERAL = {"child", "nccl", "stopped", "shm", "worker"}  # several processes wrote the log


def ranked(seen: Sightings, *, failed: bool) -> tuple[Cause, ...]:
    """Return the causes that a log names, the most likely first.

    The root before what came of it; what was said last, and not survived, before what was said
    earlier; an error before a warning. What a program said it goes on after is no cause, unless
    it explains one. Where it is not known that the run failed, what was survived is none either.
    """
    failed = failed or (seen.ended_badly and not seen.survived)
    if seen.survived and not failed:
        return ()
    hits = [hit for hit in seen.hits.values() if _counts(hit, seen, failed=failed)]
    ordered = sorted(hits, key=lambda hit: _order(hit, seen))
    return tuple(
        _cause(hit, survived=seen.survived or _sight(hit).trouble < seen.trouble)
        for hit in _explained(ordered, tuple(seen.hits.values()))
    )


def _counts(hit: Hit, seen: Sightings, *, failed: bool) -> bool:
    """Whether what was seen may be why the run failed."""
    sight = hit.sights.get("failing")
    if sight is None:
        warned = hit.sights.get("warning")
        return warned is not None and _is_last_word(hit, warned, seen)
    if sight.trouble < seen.trouble:
        return failed and seen.unexplained is None
    return not _unrelated(hit, sight, seen)


def _is_last_word(hit: Hit, warned: Sight, seen: Sightings) -> bool:
    """Whether a warning is what the log has to say of its end."""
    if warned.trouble < seen.trouble or seen.survived or "*" in hit.signature.follows:
        return False
    error = seen.last_error
    if error is None or (error.line or 0) <= warned.line:
        return True
    return hit.signature.family in _GPU and about_gpu(error.text)


def _unrelated(hit: Hit, sight: Sight, seen: Sightings) -> bool:
    """Whether the log ends with another exception, one that nobody knows, of the same process.

    What is not marked as an error may come after it, too: what is written to a pipe waits in a
    buffer, and a traceback does not.
    """
    if seen.unexplained is None or any(
        other.signature.family in _OF_SEVERAL for other in seen.hits.values()
    ):
        return False
    if hit.signature.in_code:
        return sight.line < seen.unexplained - _NEAR
    if not sight.exception and not sight.marked:
        return True
    if sight.marked and hit.signature.family not in _OF_SHELLS:
        return False
    return sight.line < seen.unexplained


def _order(hit: Hit, seen: Sightings) -> tuple[int, int, int]:
    sight = _sight(hit)
    if "failing" not in hit.sights:
        return (3, 0, sight.line)
    old = sight.trouble < seen.trouble
    return (1 if hit.signature.follows else 2 if old else 0, -sight.trouble, sight.line)


def _explained(ordered: Sequence[Hit], seen: Sequence[Hit]) -> list[Hit]:
    """Move what explains a consequence before it."""
    result = list(ordered)
    for hit in ordered:
        for other in seen:
            if other is hit or not _explains(other, hit):
                continue
            if other in result:
                if result.index(other) < result.index(hit):
                    continue
                result.remove(other)
            result.insert(result.index(hit), other)
    return result


def _explains(root: Hit, consequence: Hit) -> bool:
    """Whether one is known to lead to the other; to what all leads to, if it is not survived."""
    families = consequence.signature.follows
    if root.signature.family in families:
        return True
    if "*" not in families or "*" in root.signature.follows:
        return False
    failing = root.sights.get("failing")
    return failing is not None and failing.trouble >= _sight(consequence).trouble


def _sight(hit: Hit) -> Sight:
    return next(hit.sights[how] for how in ("failing", "warning", "handled") if how in hit.sights)


def _cause(hit: Hit, *, survived: bool) -> Cause:
    sight = _sight(hit)
    sure = hit.signature.confidence
    return cause_of(
        hit.signature,
        sight.evidence,
        named=sight.named,
        confidence=sure if "failing" in hit.sights and not survived else _LESS[sure],
        seen=hit.seen,
        survived=survived,
    )


def cause_of(
    signature: Signature,
    evidence: Evidence,
    *,
    named: Mapping[str, str],
    confidence: Confidence = "high",
    seen: int = 1,
    survived: bool = False,
) -> Cause:
    """Return what a signature says, with the names that its line gave."""
    words = _Words({"name": next(iter(named.values()), _UNNAMED), **named})
    finding = Finding(
        code=signature.code,
        slug=signature.slug,
        severity="error" if confidence != "low" else "warning",
        what=signature.cause.format_map(words),
        why=signature.why.format_map(words),
        fix=signature.fix.format_map(words),
        confidence=confidence,
    )
    return Cause(
        finding=finding,
        evidence=evidence,
        rules=signature.rules,
        seen=seen,
        follows=signature.follows,
        survived=survived,
    )


class _Words(dict[str, str]):
    """The names that a line gives."""

    def __missing__(self, _: str) -> str:
        return _UNNAMED


def merged(first: Iterable[Cause], rest: Iterable[Cause]) -> tuple[Cause, ...]:
    """Join causes in order, each once; a line of the log is better evidence than an exit code."""
    causes: dict[str, Cause] = {}
    for cause in (*first, *rest):
        known = causes.get(cause.finding.code)
        if known is None or (known.evidence.line is None and cause.evidence.line is not None):
            causes[cause.finding.code] = cause
    return tuple(causes.values())
