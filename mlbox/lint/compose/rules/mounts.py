"""Rules about what a service sees of the host."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from mlbox.lint.compose import edits
from mlbox.lint.compose.built import built_image
from mlbox.lint.compose.images import kind_of
from mlbox.lint.compose.paths import is_windows
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Edit
    from mlbox.lint.compose.model import Compose, Mount, Service
    from mlbox.lint.compose.words import Word

# Paths that are the same on every machine of a kind: the system's, not somebody's.
_SYSTEM = re.compile(
    r"/(?:dev|sys|proc|run|etc|usr|lib|lib64|bin|sbin|boot|tmp/\.X11-unix|var/run|var/lib/docker"
    r"|var/lib/containers|var/log|var/lib/lxcfs|var/cache/apt|cgroup)(?:/.*)?|/|/tmp(?:/.*)?"
)
_FILE = re.compile(r".*\.[A-Za-z][A-Za-z0-9]{0,5}")
_ROOT = frozenset({"root", "0", "0:0", "root:root"})


def root_owned(compose: Compose) -> Iterator[Hit]:
    """A container that runs as root writes into a folder of the host."""
    for service in compose.services:
        if not service.is_whole or not _runs_as_root(service, compose):
            continue
        mount = next(filter(_takes_files, service.mounts), None)
        if mount is not None:
            yield _owned(service, mount, has_heirs=compose.has_heirs(service))


def _owned(service: Service, mount: Mount, *, has_heirs: bool) -> Hit:
    return Hit(
        mount.place,
        what=f"The service {service.name!r} runs as root and may write into {mount.source}.",
        why="What it writes there belongs to root on the host: you cannot change or delete it "
        "without sudo.",
        fix='Add user: "${UID:-1000}:${GID:-1000}" (shells export neither; put both into .env '
        "where they are not 1000), or mount it with :ro where it only reads.",
        edits=_as_user(service),
        safe=False if has_heirs else None,
    )


def _as_user(service: Service) -> tuple[Edit, ...]:
    if service.own is None or service.node.get("user") is not None:
        return ()
    return edits.added(service.own, "user", '"${UID:-1000}:${GID:-1000}"', after=("image", "build"))


def _runs_as_root(service: Service, compose: Compose) -> bool:
    """Whether it is known that the service runs as root."""
    user = service.node.get("user")
    if user is not None:
        return False  # whoever says root means it
    if service.build is None:
        return kind_of(service, compose).runs_as_root
    built = built_image(service, compose)
    if built is None or built.has_entrypoint or not kind_of(service, compose).runs_as_root:
        return False
    return built.user is not None and (built.user == "" or built.user in _ROOT)


def _takes_files(mount: Mount) -> bool:
    """Whether a mount is a folder of the host that the container may write into."""
    source = mount.source
    if not mount.is_bind or mount.read_only is not False or source is None or "$" in source:
        return False
    name = posixpath.basename(source.rstrip("/"))
    is_file = bool(_FILE.fullmatch(name)) and name not in (".", "..") and not name.startswith(".")
    return not is_file and not _SYSTEM.fullmatch(source)


def absolute(compose: Compose) -> Iterator[Hit]:
    """A path of one machine."""
    for service in compose.services:
        for mount in service.mounts:
            source = mount.source
            if not mount.is_bind or source is None or not _is_of_a_machine(source):
                continue
            yield Hit(
                mount.place,
                what=f"The service {service.name!r} mounts {source}, a path of one machine.",
                why="On another machine there is no such folder: Docker makes an empty one, "
                "owned by root, and the program finds no data.",
                fix=f"Write a path relative to the file, or ${{DATA_DIR:-{source}}}.",
            )
    yield from _bound_volumes(compose)


def _bound_volumes(compose: Compose) -> Iterator[Hit]:
    """Named volumes that are a folder of the host (``o: bind``)."""
    volumes = compose.root.get("volumes")
    for entry in volumes.entries if volumes is not None else ():
        device = entry.value.get("driver_opts", "device")
        options = entry.value.scalar("driver_opts", "o") or ""
        if device is None or "bind" not in options.split(",") or not _is_of_a_machine(device.raw):
            continue
        yield Hit(
            device.location,
            what=f"The volume {entry.name!r} is {device.raw}, a path of one machine.",
            why="On another machine there is no such folder, and Docker makes none for a volume: "
            "the service does not start.",
            fix=f"Write ${{DATA_DIR:-{device.raw}}}, or leave driver_opts out where Docker may "
            "choose the place.",
        )


def _is_of_a_machine(source: str) -> bool:
    if "$" in source:
        return False
    return is_windows(source) or (source.startswith("/") and not _SYSTEM.fullmatch(source))


def cache_not_shared(compose: Compose) -> Iterator[Hit]:
    """DVC fetches data in a container that forgets it."""
    for service in compose.services:
        found = _fetches(service)
        if found is None or not service.is_whole or _keeps_a_cache(service):
            continue
        yield Hit(
            found.location,
            what=f"The service {service.name!r} runs `dvc {found.text}`; no mount has its cache.",
            why="DVC's cache is in the container, and goes with it: every run fetches all data "
            "again.",
            fix="Mount it: volumes: [./.dvc/cache:/workspace/.dvc/cache], or the whole project.",
        )


def _fetches(service: Service) -> Word | None:
    words = service.words
    for word, following in pairwise(words):
        is_dvc = word.text.rsplit("/", 1)[-1] == "dvc"
        if is_dvc and following.text in ("pull", "fetch", "repro", "exp", "checkout"):
            return following
    return None


def _keeps_a_cache(service: Service) -> bool:
    """Whether a mount holds the cache: its own, or the whole project."""
    if service.variable("DVC_CACHE_DIR") is not None:
        return True
    for mount in service.mounts:
        if mount.target is None or "dvc" in mount.target or "dvc" in (mount.source or ""):
            return True
        if mount.is_bind is not False and (mount.source or "").rstrip("/") in (".", "..", "./."):
            return True
        if mount.is_bind is None:
            return True
    return False
