"""What the way a run ended says by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.diagnosis.model import Cause, Evidence
from mlbox.diagnosis.rank import cause_of
from mlbox.diagnosis.signatures import SIGNATURES

if TYPE_CHECKING:
    from mlbox.diagnosis.model import ExitState

_BY_SLUG = {signature.slug: signature for signature in SIGNATURES}

# exit code -> (slug, whether it is the root cause rather than how one shows)
_CODES = {
    125: ("docker-refused", False),
    126: ("not-executable", False),
    127: ("command-not-found", False),
    130: ("interrupted", False),
    132: ("illegal-instruction", False),
    134: ("aborted", False),
    135: ("shm-bus-error", True),
    137: ("killed", False),
    139: ("segmentation-fault", False),
    143: ("terminated", False),
}
_LAST_SIGNAL = 64
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    15: "SIGTERM",
    24: "SIGXCPU",
}


def described(state: ExitState | None) -> str:
    """Return how a run ended, in words; empty if that is not known."""
    if state is None or state.exit_code is None:
        return ""
    signal = number_of(state)
    parts = [f"exit code {state.exit_code}"]
    if signal:
        parts.append(_SIGNALS.get(signal, f"signal {signal}"))
    if state.oom_killed:
        parts.append("killed for its memory")
    if state.timed_out:
        parts.append("stopped because its time was up")
    return ", ".join(parts)


def number_of(state: ExitState) -> int | None:
    """Return the signal that ended a run."""
    code = state.exit_code
    # a negative code is how Python's subprocess says it
    if state.signal is None and code is not None and -_LAST_SIGNAL <= code < 0:
        return -code
    return state.signal


def ending(state: ExitState | None) -> tuple[Cause | None, bool]:
    """Return what an exit state says is the cause, and whether that is the root of it all."""
    if state is None or state.exit_code == 0:
        return None, False
    if state.oom_killed:
        return _said("memory-limit", state), True
    if state.timed_out:
        return _said("time-limit", state), True
    code, signal = state.exit_code, number_of(state)
    slug, root = _CODES.get(128 + signal if signal else code or 0, ("", False))
    return (_said(slug, state), root) if slug else (None, False)


def _said(slug: str, state: ExitState) -> Cause:
    signature = _BY_SLUG[slug]
    signature = replace(signature, cause=signature.cause.replace(" {name}", ""))
    evidence = Evidence(text=described(state) or "killed for its memory")
    return cause_of(signature, evidence, named={}, confidence=signature.confidence)
