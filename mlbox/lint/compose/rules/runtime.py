"""Rules about the runtime, shared memory and limits of a container."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.compose import edits
from mlbox.lint.compose.gpu import requests_of
from mlbox.lint.compose.images import ImageKind, kind_of
from mlbox.lint.compose.rules.gpu_requests import DEVICE
from mlbox.lint.compose.sizes import size_in_bytes
from mlbox.lint.compose.words import option
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Edit, Location
    from mlbox.lint.compose.model import Compose, Service
    from mlbox.lint.compose.nodes import Node

_GIB = 1 << 30
_ENOUGH = _GIB
_DEFAULT = 64 << 20
_WORKERS = (
    "num-workers",
    "dataloader-num-workers",
    "data.num-workers",
    "dataloader.num-workers",
    "datamodule.num-workers",
    "train.num-workers",
    "n-workers",
    "loader-workers",
)
_PROCESSES = ("nproc-per-node", "num-processes", "tensor-parallel-size", "num-gpus", "tp")
_TRAINING = re.compile(
    r"(?:python[\d.]*|torchrun|accelerate|deepspeed|lightning|composer|vllm|uv|poetry|yolo)"
)


def legacy(compose: Compose) -> Iterator[Hit]:
    """``runtime: nvidia``."""
    for service in compose.services:
        entry = service.node.entry("runtime")
        if entry is None or entry.value.text != "nvidia" or entry.value.tag == "!reset":
            continue
        yield Hit(
            entry.value.location,
            what=f"The service {service.name!r} asks for GPUs by `runtime: nvidia`.",
            why="It works only where that runtime is registered in the engine's configuration, and "
            "gives GPUs only with NVIDIA_VISIBLE_DEVICES; a device request needs neither, and "
            "works with CDI too.",
            fix="Write deploy.resources.reservations.devices: [{driver: nvidia, count: all, "
            "capabilities: [gpu]}] instead.",
            edits=_requesting(service),
            safe=False if compose.has_heirs(service) else None,
        )


def _requesting(service: Service) -> tuple[Edit, ...]:
    """A device request in the runtime's place; none where it is not surely the same."""
    own = service.own
    entry = own.entry("runtime") if own is not None else None
    if own is None or entry is None or service.node.get("deploy") is not None:
        return ()
    if len(requests_of(service)) > 1:
        return ()
    visible = service.variable("NVIDIA_VISIBLE_DEVICES")
    device: dict[str, str] = dict(DEVICE)
    if visible is not None:
        if visible.value is None or not visible.node.is_fixed:
            return ()
        value = visible.value.strip()
        if value != "all":
            if not re.fullmatch(r"\d+(?:,\d+)*", value):
                return ()
            del device["count"]
            device["device_ids"] = "[" + ", ".join(f'"{each}"' for each in value.split(",")) + "]"
    request = {"resources": {"reservations": {"devices": [device]}}}
    return edits.rewritten(own, entry, "deploy", request)


def shm_too_small(compose: Compose) -> Iterator[Hit]:
    """Worker processes pass tensors through /dev/shm, which has 64 MB."""
    for service in compose.services:
        size = _shared_memory(service)
        if size is None or size >= _ENOUGH:
            continue
        evidence = _workers(service, compose)
        if evidence is not None:
            place, said = evidence
            yield _small(service, place, said, size)
        elif _may_need_it(service, compose):
            yield _perhaps(service, size)


def _small(service: Service, place: Location, said: str, size: int) -> Hit:
    has = "Docker's 64 MB" if size == _DEFAULT else f"{size >> 20} MB"
    return Hit(
        place,
        what=f"The service {service.name!r} {said}, and its /dev/shm has {has}.",
        why="The processes hand tensors to each other through /dev/shm; where it is full they die "
        "with a bus error, or `DataLoader worker is killed by signal`.",
        fix="Add shm_size: 8gb (unused shared memory costs nothing), or ipc: host.",
        edits=_enlarged(service),
    )


def _perhaps(service: Service, size: int) -> Hit:
    entry = service.node.get("shm_size")
    image = service.image
    place = entry or image or service.key
    return Hit(
        place.location,
        what=f"The service {service.name!r} trains on a GPU with {size >> 20} MB of /dev/shm.",
        why="That is too little for a DataLoader with workers; whether it has any is not known.",
        fix="Add shm_size: 8gb (unused shared memory costs nothing), or ipc: host.",
        edits=_enlarged(service),
        severity="info",
        confidence="medium",
    )


def _shared_memory(service: Service) -> int | None:
    """Size of /dev/shm; ``None`` if it is the host's, another one's, or not known."""
    if not service.is_whole:
        return None
    ipc = service.node.get("ipc")
    if ipc is not None and ipc.text not in ("private", "shareable", "none", ""):
        return None
    if any((mount.target or "/dev/shm").startswith("/dev/shm") for mount in service.mounts):  # noqa: S108
        return None
    tmpfs = service.node.get("tmpfs")
    for item in (tmpfs.items or (tmpfs,)) if tmpfs is not None else ():
        if item.raw.startswith("/dev/shm"):  # noqa: S108  (that is the place in question)
            return None
    node = service.node.get("shm_size")
    if node is None:
        return _DEFAULT
    return size_in_bytes(node.text) if node.is_fixed and node.text is not None else None


def _workers(service: Service, compose: Compose) -> tuple[Location, str] | None:
    """The words that start several processes which share tensors."""
    if not _trains(service) and not (service.words and service.words[0].text.startswith("-")):
        return None  # another program's --num-workers
    if _is_no_torch(service, compose):
        return None
    for names, least in ((_WORKERS, 1), (_PROCESSES, 2)):
        found = option(service.words, *names)
        if found and found[1].isdigit() and int(found[1]) >= least:
            word, value = found
            name = word.text.partition("=")[0]
            return word.location, f"runs with {name}={value}"
    return None


def _trains(service: Service) -> bool:
    """Whether one of its programs may be one that trains."""
    return any(word.starts and _TRAINING.fullmatch(_program(word.text)) for word in service.words)


def _program(word: str) -> str:
    return word.rsplit("/", 1)[-1]


def _is_no_torch(service: Service, compose: Compose) -> bool:
    """Whether nothing says that this is torch: no image of it, and no GPU."""
    return not requests_of(service) and not kind_of(service, compose).has_torch


def _may_need_it(service: Service, compose: Compose) -> bool:
    """Whether it looks like training with torch, and nothing tells of workers."""
    if not requests_of(service) or not kind_of(service, compose).has_torch:
        return False
    if option(service.words, *_WORKERS):
        return False
    return not service.words or _trains(service)


def _enlarged(service: Service) -> tuple[Edit, ...]:
    own = service.own
    if own is None:
        return ()
    size = _fitting(service)
    if size is None:
        return ()
    entry = own.entry("shm_size")
    if entry is not None:
        same = entry.value.source is own.source and not entry.is_inherited
        return edits.replaced(entry.value, size) if same and not entry.value.is_alias else ()
    if service.node.get("shm_size") is not None:
        return ()
    return edits.added(own, "shm_size", size, after=("image", "build"))


def _fitting(service: Service) -> str | None:
    """8 GB, or half of the memory limit: shared memory counts as memory."""
    for path in (("mem_limit",), ("deploy", "resources", "limits", "memory")):
        node = service.node.get(*path)
        if node is None:
            continue
        limit = size_in_bytes(node.text) if node.is_fixed and node.text else None
        if limit is None:
            return None
        half = limit // 2 // _GIB
        return f"{half}gb" if 1 <= half < 8 else "8gb" if half >= 8 else None  # noqa: PLR2004
    return "8gb"


def memlock(compose: Compose) -> Iterator[Hit]:
    """NGC's images, and RDMA, want to lock memory."""
    for service in compose.services:
        if service.node.get("ulimits", "memlock") is not None or not service.is_whole:
            continue
        found = _locks_memory(service, compose)
        if found is None:
            continue
        place, said = found
        yield Hit(
            place.location,
            what=f"The service {service.name!r} {said}, and may lock only 64 KB to 8 MB of memory.",
            why="NCCL and RDMA pin their buffers: without the right they fail, or fall back to a "
            "slower way. NVIDIA starts its images with --ulimit memlock=-1 --ulimit "
            "stack=67108864.",
            fix="Add ulimits: {memlock: -1, stack: 67108864}.",
            edits=_unlimited(service.own),
        )


def _locks_memory(service: Service, compose: Compose) -> tuple[Node, str] | None:
    devices = service.node.get("devices")
    for item in devices.items if devices is not None else ():
        if item.raw.startswith("/dev/infiniband"):
            return item, "has InfiniBand's devices"
    if not requests_of(service) or service.image is None:
        return None
    if kind_of(service, compose) is ImageKind.NGC:
        return service.image, "runs an image of NVIDIA's"
    return None


def _unlimited(own: Node | None) -> tuple[Edit, ...]:
    if own is None:
        return ()
    limits = own.get("ulimits")
    if limits is None:
        value = {"memlock": "-1", "stack": "67108864"}
        return edits.added(own, "ulimits", value, after=("shm_size", "image", "build"))
    if limits.kind != "map" or limits.is_alias:
        return ()
    return edits.added(limits, "memlock", "-1")
