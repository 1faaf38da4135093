"""The engine as it describes itself, its socket, its configuration, and buildx."""

from __future__ import annotations

import json
import os
import re
import stat
from typing import TYPE_CHECKING, Any

from mlbox.engine.connect import SYSTEM_HOST, engine_home
from mlbox.errors import MlboxError
from mlbox.host import HostEngine, Problem, Socket

if TYPE_CHECKING:
    from pathlib import Path

    from mlbox.probe.machine import Machine

_SNAP_JSON = "var/snap/docker/current/config/daemon.json"
_CONTAINERD = "/var/lib/containerd"  # where the containerd image store keeps images
# What `dockerd --validate` says of the file itself; the rest of what it says is of the machine.
_REFUSED = re.compile(
    r"(?:invalid character|json: cannot|the following directives|unexpected end)[^\n]*"
)


def engine_part(machine: Machine) -> dict[str, Any]:
    """The engine, or why none answers; its socket and its configuration."""
    unseen: dict[str, str] = {}
    found: dict[str, Any] = {"unseen": unseen}
    named = None
    try:
        named = machine.named()
        found["context"] = named[1] if named else ""
    except MlboxError as error:
        unseen["context"] = error.what
    try:
        host = machine.find_host()
        found["engine"] = engine_of(host, machine, unseen)
    except MlboxError as error:
        found["engine_problem"] = Problem(what=error.what, why=error.why, fix=error.fix)
    engine: HostEngine | None = found.get("engine")
    found["socket"] = _socket(machine, engine.host if engine else named[0] if named else "")
    found.update(_daemon_json(machine, engine, unseen))
    return found


def engine_of(host: str, machine: Machine, unseen: dict[str, str]) -> HostEngine:
    """Ask an engine about itself; what it does not say is not known."""
    info = _asked(machine, host, "/info", unseen)
    usage = _asked(machine, host, "/system/df?type=build-cache", unseen)
    networks = _asked(machine, host, "/networks", unseen)
    root = str(info.get("DockerRootDir") or "")
    security = [str(option) for option in info.get("SecurityOptions") or ()]
    devices = [entry.get("ID", "") for entry in info.get("DiscoveredDevices") or ()]
    listed = networks.get("") if isinstance(networks.get(""), list) else None
    runtimes = info.get("Runtimes") or {}
    behind = runtimes.get("nvidia") if isinstance(runtimes, dict) else None
    cache = usage.get("BuildCache")
    system = str(info.get("OperatingSystem") or "")
    images = _CONTAINERD if _uses_containerd(info.get("DriverStatus")) else ""
    return HostEngine(
        host=host,
        version=str(info.get("ServerVersion") or ""),
        operating_system=system,
        cgroup_driver=str(info.get("CgroupDriver") or ""),
        cgroup_version=str(info.get("CgroupVersion") or ""),
        architecture=str(info.get("Architecture") or ""),
        memory_bytes=info.get("MemTotal") or None,
        runtimes=tuple(sorted(runtimes)),
        nvidia_runtime=str(behind.get("path") or "") if isinstance(behind, dict) else "",
        cdi_devices=tuple(devices),
        rootless=any("name=rootless" in option for option in security),
        data_root=root,
        images_root=images,
        free_bytes=None if "Docker Desktop" in system else _free(machine, root, images),
        cache_bytes=_cache_bytes(cache) if isinstance(cache, list) else None,
        bridge=any(entry.get("Driver") == "bridge" for entry in listed) if listed else None,
        forwarding=info.get("IPv4Forwarding"),
    )


def _uses_containerd(status: object) -> bool:
    pairs = status if isinstance(status, list) else []
    return ["driver-type", "io.containerd.snapshotter.v1"] in pairs


def _cache_bytes(entries: list[dict[str, Any]]) -> int:
    """Sum as ``docker system df`` does: what is shared with an image is not the cache's."""
    return sum(int(entry.get("Size") or 0) for entry in entries if not entry.get("Shared"))


def _asked(machine: Machine, host: str, path: str, unseen: dict[str, str]) -> dict[str, Any]:
    """What the engine says; a list is under the empty name."""
    try:
        answer = json.loads(machine.get(host, path))
    except (OSError, ValueError, LookupError) as error:
        unseen[f"GET {path.partition('?')[0]}"] = str(error) or type(error).__name__
        return {}
    return answer if isinstance(answer, dict) else {"": answer}


def _free(machine: Machine, *places: str) -> int | None:
    """The least free space of the engine's folders that are on this machine."""
    known = [_free_at(machine.root / place.lstrip("/")) for place in places if place]
    return min((free for free in known if free is not None), default=None)


def _free_at(place: Path) -> int | None:
    """Free bytes where a folder is; one that may not be entered has a parent that may."""
    for folder in (place, *place.parents):
        try:
            found = os.statvfs(folder)
        except PermissionError:
            continue
        except OSError:
            return None  # not there: the engine keeps its files on another machine
        return found.f_bavail * found.f_frsize
    return None


def _socket(machine: Machine, host: str) -> Socket | None:
    known = [host] if host else [SYSTEM_HOST, engine_home().host]
    paths = [address.removeprefix("unix://") for address in known if address.startswith("unix://")]
    for path in paths:
        try:
            found = (machine.root / path.lstrip("/")).stat()
        except OSError:
            continue
        return _described(machine, path, found)
    return None


def _described(machine: Machine, path: str, found: os.stat_result) -> Socket:
    users = _table(machine.text("etc/passwd"))
    groups = _table(machine.text("etc/group"))
    user = next((name for name, cells in users.items() if cells[1:2] == [str(machine.uid)]), "")
    owner = next((name for name, c in users.items() if c[1:2] == [str(found.st_uid)]), "")
    group = next((name for name, c in groups.items() if c[1:2] == [str(found.st_gid)]), "")
    members = groups.get(group, [])[2:3]
    return Socket(
        path=path,
        owner=f"{owner or found.st_uid}:{group or found.st_gid}",
        mode=f"{stat.S_IMODE(found.st_mode):04o}",
        group=group or str(found.st_gid),
        listed=bool(user) and bool(members) and user in members[0].split(","),
        active=found.st_gid in machine.groups,
    )


def _table(text: str) -> dict[str, list[str]]:
    """``/etc/passwd`` or ``/etc/group``: name -> the other cells."""
    rows = (line.split(":") for line in text.splitlines() if ":" in line)
    return {cells[0]: cells[1:] for cells in rows}


def _daemon_json(
    machine: Machine, engine: HostEngine | None, unseen: dict[str, str]
) -> dict[str, Any]:
    """The engine's configuration; as ``dockerd`` reads it: empty, or null, is no configuration."""
    place = _daemon_json_place(machine, engine)
    if not machine.has(place):
        return {}
    found: dict[str, Any] = {"daemon_json": f"/{place}"}
    try:
        data = (machine.root / place).read_bytes()
        content = json.loads(data) if data.strip() else {}
    except PermissionError:
        unseen["daemon.json"] = f"/{place} may not be read"
        return found
    except (OSError, ValueError) as error:
        return {**found, "daemon_json_problem": f"{error}"}
    if not isinstance(content, dict | None):
        return {**found, "daemon_json_problem": "It is not an object."}
    runtimes = (content or {}).get("runtimes")
    found["daemon_runtimes"] = tuple(sorted(runtimes)) if isinstance(runtimes, dict) else ()
    found["daemon_json_problem"] = _refused(machine, place) or _twice(machine, content or {})
    return found


def _daemon_json_place(machine: Machine, engine: HostEngine | None) -> str:
    if engine and engine.rootless:
        home = machine.environment.get("HOME", "").lstrip("/")
        return f"{home}/.config/docker/daemon.json"
    return _SNAP_JSON if engine and engine.snap else "etc/docker/daemon.json"


def _refused(machine: Machine, place: str) -> str:
    """What dockerd itself has against the file: it knows every key (``--validate``, since 23)."""
    dockerd = machine.program("dockerd")
    if not dockerd:
        return ""
    ran = machine.run((dockerd, "--validate", "--config-file", f"/{place}"))
    match = _REFUSED.search(ran.out + ran.why)
    return match[0] if ran.code and match else ""


def _twice(machine: Machine, content: dict[str, Any]) -> str:
    """``hosts`` in the file, and ``-H`` in Docker's own unit: dockerd refuses the two together."""
    if "hosts" not in content or machine.glob("etc/systemd/system/docker.service.d/*.conf"):
        return ""
    units = ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
    unit = next((text for at in units if (text := machine.text(f"{at}/docker.service"))), "")
    flag = re.search(r"^ExecStart=\S*dockerd\s.*(?:-H|--host)[ =]", unit, re.MULTILINE)
    return "hosts is in it, and -H in the systemd unit: dockerd takes one of them" if flag else ""


def buildx_part(machine: Machine) -> dict[str, Any]:
    """How buildx is called, and its version; or why it is not there."""
    try:
        buildx = machine.find_buildx()
    except MlboxError as error:
        return {"buildx_problem": Problem(what=error.what, why=error.why, fix=error.fix)}
    said = re.search(r"\bv?(\d+\.\d+\.\d+)", machine.run((*buildx, "version")).out)
    return {"buildx": buildx, "buildx_version": said[1] if said else ""}
