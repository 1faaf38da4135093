"""The checks of all lessons. Each looks at the real thing: it trains the student's box itself."""

from __future__ import annotations

import secrets
from difflib import get_close_matches
from typing import TYPE_CHECKING

from mlbox.course.outcome import Outcome
from mlbox.errors import MlboxError, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlbox.box import Box

TOUR_FILES = ("out/metrics.json", "out/model.json")


def check(check_id: str, box: Box) -> Outcome:
    """Check an exercise.

    Args:
        check_id: Id of the check: ``"00_tour.01"``.
        box: The student's box.

    Raises:
        SpecError: There is no such check.
    """
    if check_id not in CHECKS:
        near = get_close_matches(check_id, CHECKS, n=1)
        raise SpecError(
            f"There is no check {check_id!r}.",
            why=f"The checks are: {', '.join(CHECKS)}.",
            fix=f"Did you mean {near[0]!r}?" if near else "Use one of these.",
        )
    return CHECKS[check_id](check_id, box)


def _outputs_come_back(check_id: str, box: Box) -> Outcome:
    """Train with a seed nobody could know, and look for it in the files that came back."""
    seed = secrets.randbelow(10**9)
    expected = f"{' and '.join(TOUR_FILES)} come back from a run with seed={seed}"
    try:
        run = box.train(seed=seed)
    except MlboxError as error:
        return Outcome(
            check=check_id, ok=False, expected=expected, found=error.what, hint=error.fix
        )
    back = [entry.path for entry in run.record.outputs]
    missing = [path for path in TOUR_FILES if path not in back]
    if missing:
        return Outcome(
            check=check_id,
            ok=False,
            expected=expected,
            found=f"run {run.id}: {_left_behind(run.record.undeclared, back)}",
            hint="Which key of [train] in exercise/mlbox.toml names what a command writes?",
        )
    seen = run.metrics.get("seed")
    return Outcome(
        check=check_id,
        ok=seen == seed,
        expected=expected,
        found=f"run {run.id}: {', '.join(back)} came back, with seed={seen:.0f} in the metrics"
        if seen is not None
        else f"run {run.id}: {', '.join(back)} came back, without a seed in the metrics",
        hint="" if seen == seed else "Let train.py write the seed it was given, as it did.",
    )


def _left_behind(undeclared: tuple[str, ...], back: list[str]) -> str:
    wrote = f"it wrote {', '.join(undeclared)}" if undeclared else "it wrote nothing else"
    return f"{wrote}; what came back is {', '.join(back) or 'nothing'}"


CHECKS: Mapping[str, Callable[[str, Box], Outcome]] = {
    "00_tour.01": _outputs_come_back,
}
