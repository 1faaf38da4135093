"""Rules about which GPUs services get, and what they make of them."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from mlbox.lint.compose import edits
from mlbox.lint.compose.gpu import requests_of
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mlbox.findings import Edit
    from mlbox.lint.compose.gpu import GpuRequest
    from mlbox.lint.compose.model import Compose, Service, Variable
    from mlbox.lint.compose.nodes import Node

_COMPARED = 100  # requests that one is compared with, and services that one waits for
_DEVICES = frozenset({"deploy", "gpus", "device", "runtime"})


def shared(compose: Compose) -> Iterator[Hit]:
    """Two services that run at the same time have the same GPU."""
    asking = [
        (service, request)
        for service in compose.services
        if _runs(service)
        for request in requests_of(service)
        if request.form in _DEVICES
    ]
    told: set[str] = set()
    earlier = _Earlier()
    ended = {service.name: _ended_before(service, compose) for service, _ in asking}
    for second, other in asking:
        for first, one in earlier.near(other):
            if first is second or second.name in told or not _together(first, second, ended):
                continue
            common = _common(one, other)
            if common is not None:
                told.add(second.name)
                yield _shared((first, one), (second, other), common)
        earlier.add(second, other)


class _Earlier:
    """Requests that came before, so that each is compared with few."""

    def __init__(self) -> None:
        self._all: list[tuple[Service, GpuRequest]] = []
        self._counted: list[tuple[Service, GpuRequest]] = []
        self._named: dict[str, list[tuple[Service, GpuRequest]]] = {}

    def add(self, service: Service, request: GpuRequest) -> None:
        """Remember one."""
        self._all.append((service, request))
        if request.ids is None:
            self._counted.append((service, request))
        for name in request.ids or ():
            self._named.setdefault(_plain(name), []).append((service, request))

    def near(self, request: GpuRequest) -> Iterator[tuple[Service, GpuRequest]]:
        """Those that may have a GPU in common with another one."""
        if request.ids is None:
            return islice(self._all, _COMPARED)
        named = (item for name in request.ids for item in self._named.get(_plain(name), ()))
        return islice(chain(named, self._counted), _COMPARED)


def _shared(one: tuple[Service, GpuRequest], other: tuple[Service, GpuRequest], common: str) -> Hit:
    named = common != "all"
    sure = named and all(_is_fixed(request) for _, request in (one, other))
    return Hit(
        _place(*other, common).location,
        what=f"The services {one[0].name!r} and {other[0].name!r} share "
        + (f"GPU {common}." if named else "GPUs: each asks for what the other has."),
        why="They run at the same time, and neither knows of the memory that the other takes: "
        "the one that comes late fails with CUDA out of memory. A count takes the first GPUs, for "
        "each service the same.",
        fix="Give each its own device_ids, or each its own profile if only one runs at a time.",
        severity="warning" if sure else "info",
        confidence="high" if sure else "medium",
    )


def _is_fixed(request: GpuRequest) -> bool:
    """Whether the GPUs are named here: ``${GPU:-0}`` is another one wherever somebody says so."""
    ids = request.node.get("device_ids") if request.node.kind == "map" else None
    return all(item.is_fixed for item in (*(ids.items if ids is not None else ()), ids) if item)


def _place(service: Service, request: GpuRequest, common: str) -> Node:
    """Where the second service names the GPU."""
    ids = request.node.get("device_ids") if request.node.kind == "map" else None
    for item in ids.items if ids is not None else ():
        if item.text == common:
            return item
    if request.form == "runtime" and (visible := service.variable("NVIDIA_VISIBLE_DEVICES")):
        return visible.node
    count = request.node.get("count") if request.node.kind == "map" else None
    return count or request.node


def _common(one: GpuRequest, other: GpuRequest) -> str | None:
    """The first GPU that both have for sure; ``"all"`` where none is named; ``None`` for none."""
    if one.ids is not None and other.ids is not None:
        mine = set(map(_plain, one.ids))
        return next((name for name in other.ids if _plain(name) in mine), None)
    if one.ids is None and other.ids is None:
        return "all" if one.count and other.count else None
    named, counted = (one, other) if one.ids is not None else (other, one)
    if counted.count is None or not named.ids:
        return None
    if counted.count == "all":
        return "all"
    inside = [name for name in named.ids if name.isdigit() and int(name) < counted.count]
    return "all" if inside else None


def _plain(name: str) -> str:
    """A GPU's number or UUID, whether or not it is written as a CDI device."""
    return name.rpartition("=")[2]


def _runs(service: Service) -> bool:
    for path in (("scale",), ("deploy", "replicas")):
        node = service.node.get(*path)
        if node is not None and node.raw == "0":
            return False
    return True


def _together(first: Service, second: Service, ended: Mapping[str, Collection[str]]) -> bool:
    """Whether both run at the same time: no profiles that part them, none waits for the other."""
    if first.profiles and second.profiles and not first.profiles & second.profiles:
        return False
    return first.name not in ended[second.name] and second.name not in ended[first.name]


def _ended_before(service: Service, compose: Compose) -> Collection[str]:
    """The services that have ended when a service begins."""
    found: dict[str, None] = {}
    left = [service]
    while left and len(found) < _COMPARED:
        depends = left.pop().node.get("depends_on")
        for entry in depends.entries if depends is not None else ():
            ended = entry.value.scalar("condition") == "service_completed_successfully"
            if ended and entry.name not in found:
                found[entry.name] = None
                left += [other for other in (compose.service(entry.name),) if other]
    return found


def out_of_range(compose: Compose) -> Iterator[Hit]:
    """CUDA_VISIBLE_DEVICES counts GPUs that the container does not have."""
    for service in compose.services:
        variable = service.variable("CUDA_VISIBLE_DEVICES")
        if variable is None or variable.value is None or not variable.node.is_fixed:
            continue
        wanted = _numbers(variable.value)
        available = _available(service)
        if wanted is None or available is None or max(wanted) < available:
            continue
        is_shared = compose.has_heirs(service) or compose.is_shared(variable.node)
        yield _beyond(service, variable, wanted, available, is_shared=is_shared)


def _beyond(
    service: Service, variable: Variable, wanted: list[int], available: int, *, is_shared: bool
) -> Hit:
    has = "one GPU, number 0" if available == 1 else f"{available} GPUs, 0 to {available - 1}"
    right = ",".join(map(str, range(min(len(wanted), available))))
    return Hit(
        variable.node.location,
        what=f"CUDA_VISIBLE_DEVICES={variable.value} in the service {service.name!r}, which has "
        f"{has}.",
        why="Inside a container its GPUs are counted from 0, whichever they are on the host; CUDA "
        "ignores a number that is not there, and all that follow it.",
        fix=f"Write CUDA_VISIBLE_DEVICES={right}, or leave it out: the container sees only its own "
        "GPUs anyway.",
        edits=_corrected(variable, right),
        safe=False if is_shared else None,
    )


def _corrected(variable: Variable, value: str) -> tuple[Edit, ...]:
    node = variable.node
    if variable.in_list:
        if node.source.text[node.span.start : node.span.end] != node.raw:
            return ()
        return (edits.written(node, node.span.start, node.span.end, value),)
    return edits.replaced(node, f'"{value}"')


def _numbers(value: str) -> list[int] | None:
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):  # noqa: PLR2004
        return None  # UUIDs, MIG devices, -1
    return [int(part) for part in parts]


def _available(service: Service) -> int | None:
    """How many GPUs a service has; ``None`` if that is not known."""
    found = [item for item in requests_of(service) if item.form != "runtime"] or list(
        requests_of(service)
    )
    if not found or any(item.form not in _DEVICES for item in found):
        return None
    if any(item.form in ("deploy", "gpus") for item in found) and len(found) > 1:
        return None
    total = 0
    for item in found:
        number = len(item.ids) if item.ids is not None else item.count
        if not isinstance(number, int):
            return None
        total += number
    return total or None
