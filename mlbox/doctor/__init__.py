"""A machine as values -> what is wrong with it, and what mends it. Pure: it looks at nothing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.doctor.checks import CHECKS
from mlbox.doctor.model import Case, Checked, Link
from mlbox.doctor.script import fix_script
from mlbox.doctor.stack import first_broken, stack
from mlbox.errors import SpecError
from mlbox.resolve import resolve

if TYPE_CHECKING:
    from mlbox.doctor.model import Check
    from mlbox.facts import Facts
    from mlbox.host import Host
    from mlbox.resolve import Request, Resolution

__all__ = [
    "CHECKS",
    "Case",
    "Checked",
    "Link",
    "answers",
    "examine",
    "first_broken",
    "fix_script",
    "stack",
]


def examine(case: Case) -> tuple[Checked, ...]:
    """Return every check's outcome, in the order of ``CHECKS``."""
    return tuple(_checked(check, case) for check in CHECKS)


def answers(request: Request, host: Host, facts: Facts) -> tuple[Resolution, ...]:
    """Resolve a box's question with the machine's driver and each of its GPUs.

    Raises:
        SpecError: A part of the request is malformed.
    """
    plain = resolve(request, facts)
    driver, gpus = host.nvidia.driver, host.nvidia.gpus
    if plain.accelerator not in {None, "cuda"} or plain.cuda_tag in {None, "cpu"} or not driver:
        return (plain,)
    here = replace(request, driver=driver, gpu=None)
    models = dict.fromkeys((gpu.name, gpu.capability) for gpu in gpus)
    return tuple(_answer(here, *model, facts) for model in models or [("", None)])


def _answer(here: Request, name: str, capability: str | None, facts: Facts) -> Resolution:
    """An answer for one model; a name that is in no table is not held against the box.

    The name says more than the capability: images ask for brands (NVIDIA_REQUIRE_CUDA).
    """
    asked = replace(here, compute_capability=capability)
    with contextlib.suppress(SpecError):
        return resolve(replace(asked, gpu=name or None), facts)
    return resolve(asked, facts)


def _checked(check: Check, case: Case) -> Checked:
    found = tuple(check.find(case))
    if found:
        return Checked(name=check.name, status="finding", text=found[0].what, findings=found)
    unseen = check.unseen(case)
    if unseen:
        return Checked(name=check.name, status="not looked at", text=unseen)
    seen = check.seen(case)
    return Checked(name=check.name, status="ok" if seen else "not applicable", text=seen)
