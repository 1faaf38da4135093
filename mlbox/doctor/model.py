"""What the doctor is asked about, and the shapes of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlbox.findings import Finding
    from mlbox.host import Host
    from mlbox.resolve import Resolution

GIB = 2**30
Status = Literal["ok", "finding", "not applicable", "not looked at"]
LinkState = Literal["ok", "broken", "unknown", "not reached"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A machine, and what is wanted of it.

    Attributes:
        host: The machine.
        answers: What the resolver says of the box with this machine's driver and each GPU.
        needs_gpu: Whether the box's job asks for a GPU.
        cache_budget: How large BuildKit's cache may be, in bytes.
        disk_needed: Free bytes below which a build is likely to fail; ``None`` for the default.
        shm_wanted: The ``/dev/shm`` that the box's job asks for; 0 if it leaves that to mlbox.
        probe_wanted: Whether a real container was asked for.
    """

    host: Host
    answers: tuple[Resolution, ...] = ()
    needs_gpu: bool = False
    cache_budget: int = 20 * GIB
    disk_needed: int | None = None
    shm_wanted: int = 0
    probe_wanted: bool = False


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that is looked at.

    Attributes:
        name: What it is called in the report.
        find: The findings.
        seen: What was seen, in words; empty where it does not apply.
        unseen: Why it could not be looked at; empty if it was.
    """

    name: str
    find: Callable[[Case], Iterable[Finding]]
    seen: Callable[[Case], str]
    unseen: Callable[[Case], str]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A check's outcome."""

    name: str
    status: Status
    text: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link of the NVIDIA stack.

    Attributes:
        name: What it is called.
        state: Whether it holds.
        text: What was seen of it.
        about: What it is there for.
        fix: The commands that mend a broken one; advice begins with ``#``.
    """

    name: str
    state: LinkState
    text: str
    about: str = ""
    fix: tuple[str, ...] = ()


def size(count: int) -> str:
    """A number of bytes, for people."""
    return f"{count / GIB:.1f} GiB" if count >= GIB // 10 else f"{count / 2**20:.1f} MiB"
