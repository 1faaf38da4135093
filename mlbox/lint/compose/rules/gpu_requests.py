"""Rules about how a service asks for GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.compose import edits
from mlbox.lint.compose.gpu import device_items, need_of, requests_of
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mlbox.findings import Edit
    from mlbox.lint.compose.gpu import GpuNeed
    from mlbox.lint.compose.model import Compose, Service
    from mlbox.lint.compose.nodes import Entry, Node

DEVICE = {"driver": "nvidia", "count": "all", "capabilities": "[gpu]"}
_LATER_FILES = tuple(
    f"{stem}{mark}{kind}.{ending}"
    for mark in ".-"
    for stem in ("compose", "docker-compose")
    for kind in ("gpu", "gpus", "cuda", "nvidia")
    for ending in ("yaml", "yml")
)
_SEVERITIES = {"insists": "error", "meant": "error", "hints": "warning"}


def not_requested(compose: Compose) -> Iterator[Hit]:
    """A service needs a GPU, and asks for none."""
    asking = [bool(requests_of(service)) for service in compose.services]
    on_gpus = {_made_of(each) for each, asks in zip(compose.services, asking, strict=True) if asks}
    for service, asks in zip(compose.services, asking, strict=True):
        if asks or _may_get_one(service):
            continue
        need = need_of(service, compose)
        if need is None or _is_known_to_do_without(service, need, on_gpus):
            continue
        if need.level != "insists" and any(map(compose.files.exists, _LATER_FILES)):
            continue  # -f compose.yaml -f compose.gpu.yaml
        yield _unasked(service, need, compose)


def _may_get_one(service: Service) -> bool:
    """Whether the whole machine's devices are given to it, or it never runs."""
    privileged = service.node.get("privileged")
    if privileged is not None and (privileged.text or "true").lower() != "false":
        return True
    return not service.is_whole


def _is_known_to_do_without(
    service: Service, need: GpuNeed, on_gpus: Collection[str | None]
) -> bool:
    """Whether another service of the same image asks: then this one was left without on purpose."""
    mine = _made_of(service)
    return need.level != "insists" and mine is not None and mine in on_gpus


def _made_of(service: Service) -> str | None:
    if service.build is not None:
        build = service.build
        if build.kind == "scalar":
            return f"build {build.raw} Dockerfile"
        return f"build {build.scalar('context')} {build.scalar('dockerfile') or 'Dockerfile'}"
    return service.image.raw if service.image is not None else None


def _unasked(service: Service, need: GpuNeed, compose: Compose) -> Hit:
    severity = _SEVERITIES[need.level]
    return Hit(
        need.place,
        what=f"The service {service.name!r} {need.evidence}, and asks for no GPU.",
        why="A container sees the GPUs that are requested for it, and no others: "
        "torch.cuda.is_available() is False in it, libcuda.so.1 is not there."
        + (
            " It works only where the engine's default runtime is nvidia."
            if need.level == "hints"
            else ""
        ),
        fix="Add deploy.resources.reservations.devices: [{driver: nvidia, count: all, "
        "capabilities: [gpu]}] (or `gpus: all`, with Compose 2.30 or newer).",
        edits=_request(service.own, compose) if service.own is not None else (),
        safe=False if compose.has_heirs(service) else None,
        severity="warning" if severity == "warning" else "error",
        confidence="high" if need.level == "insists" else "medium",
        dated=need.dated,
    )


def _request(own: Node, compose: Compose) -> tuple[Edit, ...]:
    """The request, in the form that the file uses elsewhere."""
    others = (service.node.get("gpus") for service in compose.services)
    if own.get("deploy") is None and any(others):
        return edits.added(own, "gpus", "all", after=("image", "build"))
    return request_edits(own)


def request_edits(own: Node) -> tuple[Edit, ...]:
    """A reservation of all GPUs, as deep as there is something to put it into."""
    node, path = own, ("deploy", "resources", "reservations", "devices")
    value: object = [DEVICE]
    for at, name in enumerate(path):
        inner = node.get(name)
        if inner is None:
            for outer in reversed(path[at + 1 :]):
                value = {outer: value}
            return edits.added(node, name, value, after=("image", "build"))  # type: ignore[arg-type]  # maps of texts all the way down
        entry = node.entry(name)
        if inner.kind != "map" or inner.is_alias or entry is None or entry.is_inherited:
            return ()
        node = inner
    return ()


def capabilities_missing(compose: Compose) -> Iterator[Hit]:
    """A reserved device without capabilities."""
    for service in compose.services:
        for item, form in device_items(service):
            capabilities = item.get("capabilities")
            if form != "devices" or not _says_nothing(capabilities):
                continue
            yield Hit(
                (capabilities or item).location,
                what=f"A device that the service {service.name!r} reserves has no capabilities.",
                why="Compose's specification requires them, and `docker compose` refuses the file."
                if capabilities is None
                else "They say which kind of device is meant; without one nothing is reserved.",
                fix="Write capabilities: [gpu].",
                edits=_with_capabilities(item, capabilities),
                severity="error" if capabilities is None else "warning",
            )


def _says_nothing(capabilities: Node | None) -> bool:
    if capabilities is None:
        return True
    return capabilities.kind == "list" and not capabilities.items


def _with_capabilities(item: Node, capabilities: Node | None) -> tuple[Edit, ...]:
    if item.is_alias:
        return ()
    if capabilities is None:
        return edits.added(item, "capabilities", "[gpu]")
    if not capabilities.flow:
        return ()
    start, end = capabilities.span.start, capabilities.span.end
    return (edits.written(capabilities, start, end, "[gpu]"),)


def count_and_ids(compose: Compose) -> Iterator[Hit]:
    """A device request with both a count and ids."""
    for service in compose.services:
        for item, _ in device_items(service):
            count, ids = item.entry("count"), item.get("device_ids")
            if count is None or ids is None or count.value.tag == "!reset":
                continue
            if not count.value.is_fixed or _is_empty(ids):
                continue
            yield Hit(
                count.value.location,
                what=f"The service {service.name!r} asks for {count.value.raw} GPUs, and for "
                f"GPU {_spoken(ids)}.",
                why="count and device_ids exclude each other: `docker compose` refuses the file.",
                fix="Keep device_ids to name GPUs, or count to have any.",
                edits=() if item.is_alias or count.is_inherited else edits.removed(item, count),
            )


def _is_empty(ids: Node) -> bool:
    return ids.kind == "list" and not ids.items


def _spoken(ids: Node) -> str:
    return ", ".join(item.raw for item in ids.items) or ids.raw


def under_limits(compose: Compose) -> Iterator[Hit]:
    """Devices under limits, where the specification has none."""
    for service in compose.services:
        resources = service.node.get("deploy", "resources")
        limits = resources.entry("limits") if resources is not None else None
        devices = limits.value.entry("devices") if limits is not None else None
        if resources is None or limits is None or devices is None:
            continue
        yield Hit(
            devices.key.location,
            what=f"The service {service.name!r} has its devices under deploy.resources.limits.",
            why="Devices are reserved: Compose knows them under reservations alone, and refuses "
            "the file.",
            fix="Move devices: to deploy.resources.reservations.",
            edits=_moved(resources, limits, devices),
        )


def _moved(resources: Node, limits: Entry, devices: Entry) -> tuple[Edit, ...]:
    """Where limits have nothing else and there are no reservations, their name is all to change."""
    alone = len(limits.value.entries) == 1 and resources.get("reservations") is None
    untouched = not (limits.is_inherited or devices.is_inherited or limits.value.is_alias)
    if alone and untouched and limits.key.source is devices.key.source:
        return edits.renamed(limits, "reservations")
    return ()


def needs_compose_2_30(compose: Compose) -> Iterator[Hit]:
    """``gpus:`` is not known to a Compose older than 2.30; said once."""
    for service in compose.services:
        entry = service.node.entry("gpus")
        if entry is not None and entry.value.tag != "!reset":
            yield Hit(
                entry.key.location,
                what="`gpus:` needs Docker Compose 2.30.0 or newer.",
                why="An older one refuses the file, as a key that it does not know.",
                fix="Where an older Compose is used, write deploy.resources.reservations.devices.",
            )
            return
