"""Why a run failed: its log and the way it ended -> causes, each with evidence, reason and fix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.diagnosis.endings import described, ending, number_of
from mlbox.diagnosis.model import Cause, Diagnosis, Ended, Evidence, ExitState, Signature
from mlbox.diagnosis.rank import merged, ranked
from mlbox.diagnosis.scan import BLOCK, Scan
from mlbox.diagnosis.signatures import SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "BLOCK",
    "SIGNATURES",
    "Cause",
    "Diagnosis",
    "Ended",
    "Evidence",
    "ExitState",
    "Signature",
    "diagnose",
    "diagnose_stream",
]


def diagnose(log: str | Iterable[str], *, exit_state: ExitState | int | None = None) -> Diagnosis:
    """Say why a run failed.

    Args:
        log: What it printed: a text, or its lines (an open file); not a file's name.
        exit_state: How it ended, where that is known: its exit code, or an ``Ended``, a
            ``RunRecord`` or whatever else has their attributes.

    Returns:
        The causes, the most likely first; none if the run did not fail or nothing is recognised.
    """
    lines = (log,) if isinstance(log, str) else log
    state = Ended(exit_code=exit_state) if isinstance(exit_state, int) else exit_state
    return diagnose_stream(_encoded(lines), exit_state=state)


def diagnose_stream(pieces: Iterable[bytes], *, exit_state: ExitState | None = None) -> Diagnosis:
    """Say why a run failed, from the bytes of its log, cut anywhere; for logs of any length."""
    scan = Scan()
    for piece in pieces:
        scan.feed(piece)
    scan.close()
    failed = None if exit_state is None else _failed(exit_state)
    known = Diagnosis(
        failed=failed,
        ended=described(exit_state),
        lines=scan.lines,
        is_empty=scan.last_line is None,
    )
    if failed is False:
        return known
    causes = _joined(ranked(scan.sightings, failed=bool(failed)), exit_state)
    if any(not cause.is_consequence for cause in causes):
        return replace(known, causes=causes)
    last = scan.sightings.last_error if failed or not scan.sightings.survived else None
    if last is None and failed and not causes:
        last = scan.last_line
    return replace(known, causes=causes, last_error=last)


def _joined(causes: tuple[Cause, ...], exit_state: ExitState | None) -> tuple[Cause, ...]:
    """Put what the exit state says where it belongs: a fact first, a mere sign last."""
    end, root = ending(exit_state)
    if end is None:
        return causes
    if root:
        return merged((end,), causes)
    # a signal from outside is not explained by a warning, nor by what was long ago
    firm = tuple(
        cause for cause in causes if cause.finding.severity == "error" and not cause.survived
    )
    rest = tuple(cause for cause in causes if cause not in firm)
    return merged((*firm, end), rest)


def _failed(state: ExitState) -> bool | None:
    """Whether a run failed; ``None`` if it has not ended, as far as is known."""
    if state.exit_code is None and number_of(state) is None:
        return True if state.oom_killed or state.timed_out else None
    return state.exit_code != 0


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    """Yield lines as bytes, many at once, a long one in pieces."""
    gathered: list[str] = []
    size = 0
    for line in lines:
        if len(line) > BLOCK:
            yield "".join(gathered).encode("utf-8", "replace")
            gathered, size = [], 0
            for start in range(0, len(line), BLOCK):
                yield line[start : start + BLOCK].encode("utf-8", "replace")
            yield b"" if line.endswith("\n") else b"\n"
            continue
        gathered.append(line if line.endswith("\n") else f"{line}\n")
        size += len(line)
        if size > BLOCK:
            yield "".join(gathered).encode("utf-8", "replace")
            gathered, size = [], 0
    yield "".join(gathered).encode("utf-8", "replace")
