"""Two things timed side by side in one run: their ratio says more than the seconds of either."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds_of(action: Callable[[], object]) -> float:
    """Return how long one call takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def side_by_side(
    label: str,
    ours: tuple[str, Callable[[], float]],
    theirs: tuple[str, Callable[[], float]],
    *,
    rounds: int,
    target: str,
) -> None:
    """Measure both in turn, so that what else the machine does hits both; print medians and ratio.

    Args:
        label: What is measured.
        ours: A name, and a function that returns seconds.
        theirs: Likewise.
        rounds: How often each is measured.
        target: What it should be, as text.
    """
    first, second = [], []
    for _ in range(rounds):
        first.append(ours[1]())
        second.append(theirs[1]())
    mine, other = statistics.median(first), statistics.median(second)
    print(f"{label} ({rounds} rounds; median [min, max] in ms)")
    for name, values, middle in ((ours[0], first, mine), (theirs[0], second, other)):
        low, high = min(values), max(values)
        print(f"  {name:42} {1e3 * middle:8.1f}  [{1e3 * low:.1f}, {1e3 * high:.1f}]")
    print(
        f"  ratio {mine / other:.2f}, difference {1e3 * (mine - other):.1f} ms; target: {target}\n"
    )
