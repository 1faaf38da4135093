"""The checks, in the order of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.doctor import box, devices, engine
from mlbox.doctor.model import Case, Check, size
from mlbox.doctor.stack import stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlbox.findings import Finding


def _nothing(_case: Case) -> str:
    return ""


def _never(_case: Case) -> Iterable[Finding]:
    return ()


def _part(name: str) -> Callable[[Case], str]:
    """Why a part of the machine could not be looked at."""
    return lambda case: case.host.unseen.get(name, "")


def _no_engine(case: Case) -> str:
    if case.host.engine:
        return ""
    return case.host.unseen.get("engine", "no engine answers")


def _not_said(path: str, case: Case) -> str:
    return _no_engine(case) or case.host.unseen.get(f"GET {path}", "")


def _disk_text(case: Case) -> str:
    known = case.host.engine
    free = known.free_bytes if known else None
    place = known and (known.images_root or known.data_root)
    return f"{size(free)} free in {place}" if free is not None else ""


def _disk_unseen(case: Case) -> str:
    known, said = case.host.engine, _not_said("/info", case)
    elsewhere = known is not None and known.free_bytes is None
    return said or ("the engine keeps its images elsewhere" if elsewhere else "")


def _cache_text(case: Case) -> str:
    used = case.host.engine.cache_bytes if case.host.engine else None
    return f"{size(used)} of {size(case.cache_budget)}" if used is not None else ""


def _shm_text(case: Case) -> str:
    here = case.host.shm_bytes
    return f"/dev/shm {size(here)}; a container has 64 MiB unless asked for more" if here else ""  # noqa: S108  (named, not used)


def _network_unseen(case: Case) -> str:
    seen = engine.network_text(case)
    return _no_engine(case) or ("" if seen else _not_said("/info", case) or "--probe tries it")


def _probe_unseen(case: Case) -> str:
    return _no_engine(case) if case.probe_wanted else ""


CHECKS: tuple[Check, ...] = (
    Check(name="engine", find=engine.engine, seen=engine.engine_text, unseen=_part("engine")),
    Check(
        name="docker context",
        find=_never,
        seen=lambda case: case.host.context or "default",
        unseen=lambda case: case.host.unseen.get("context", case.host.unseen.get("engine", "")),
    ),
    Check(name="socket", find=engine.socket, seen=engine.socket_text, unseen=_part("engine")),
    Check(
        name="buildx",
        find=engine.buildx,
        seen=engine.buildx_text,
        unseen=lambda case: (
            case.host.unseen.get("build", "") or (_no_engine(case) if not case.host.buildx else "")
        ),
    ),
    Check(
        name="daemon.json",
        find=engine.daemon_json,
        seen=engine.daemon_text,
        unseen=_part("daemon.json"),
    ),
    Check(
        name="NVIDIA",
        find=devices.nvidia,
        seen=lambda case: ", ".join(link.text for link in stack(case)[:2]),
        unseen=_part("nvidia"),
    ),
    Check(name="NVML and cgroups", find=devices.nvml, seen=_nothing, unseen=_nothing),
    Check(name="fabric manager", find=devices.fabric, seen=_nothing, unseen=_nothing),
    Check(name="MIG", find=devices.mig, seen=devices.mig_text, unseen=_nothing),
    Check(name="WSL2", find=devices.wsl, seen=devices.wsl_text, unseen=_part("system")),
    Check(name="shm", find=engine.shm, seen=_shm_text, unseen=_part("system")),
    Check(name="disk", find=engine.disk, seen=_disk_text, unseen=_disk_unseen),
    Check(
        name="build cache",
        find=engine.build_cache,
        seen=_cache_text,
        unseen=lambda case: _not_said("/system/df", case),
    ),
    Check(name="network", find=engine.network, seen=engine.network_text, unseen=_network_unseen),
    Check(name="certificates", find=engine.certificates, seen=_nothing, unseen=_part("system")),
    Check(
        name="Neuron",
        find=devices.neuron,
        seen=lambda case: " ".join(case.host.neuron),
        unseen=_part("devices"),
    ),
    Check(
        name="TPU",
        find=_never,
        seen=lambda case: " ".join(case.host.tpu),
        unseen=_part("devices"),
    ),
    Check(name="box here", find=box.box, seen=box.box_text, unseen=_nothing),
    Check(name="one container", find=box.probe, seen=box.trial_text, unseen=_probe_unseen),
)
