"""Looks at the machine: the one place that does. Nothing is changed, and no failure gets out.

Each part is looked at in a thread of its own with one deadline for all, so that a program that
hangs costs that part and no other.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from mlbox.host import Host
from mlbox.probe.engine import buildx_part, engine_of, engine_part
from mlbox.probe.machine import Machine, Ran, run_program
from mlbox.probe.nvidia import nvidia_part, parse_gpus, parse_version
from mlbox.probe.system import devices_part, system_part

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Machine",
    "Ran",
    "engine_of",
    "look",
    "parse_gpus",
    "parse_version",
    "run_program",
]

DEADLINE = 6.0  # for everything
_PARTS: dict[str, Callable[[Machine], dict[str, Any]]] = {
    "nvidia": nvidia_part,
    "engine": engine_part,
    "build": buildx_part,
    "system": system_part,
    "devices": devices_part,
}


def look(machine: Machine | None = None) -> Host:
    """Look at a machine; the answer comes within ``DEADLINE`` whatever hangs."""
    machine = machine or Machine()
    found: dict[str, dict[str, Any]] = {}
    unseen: dict[str, str] = {}
    threads = [
        threading.Thread(target=_part, args=(name, machine, found, unseen), daemon=True)
        for name in _PARTS
    ]
    deadline = time.monotonic() + DEADLINE
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    parts = dict(found)
    known = {key: value for part in parts.values() for key, value in part.items()}
    late = {
        name: f"it gave no answer within {DEADLINE:g} s" for name in _PARTS if name not in parts
    }
    told = known.pop("unseen", {})
    return Host(**known, unseen={**late, **dict(unseen), **dict(told)})


def _part(
    name: str,
    machine: Machine,
    found: dict[str, dict[str, Any]],
    unseen: dict[str, str],
) -> None:
    try:
        found[name] = _PARTS[name](machine)
    except Exception as error:  # noqa: BLE001  (a doctor survives whatever it looks at)
        unseen[name] = f"{type(error).__name__}: {error}"
