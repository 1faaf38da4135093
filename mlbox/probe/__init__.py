"""Looks at the machine: the one place that does. Nothing is changed, and no failure gets out.

Each part is looked at in a thread of its own with one deadline for all, so that a program that
hangs costs that part and no other.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbox.engine import connect
from mlbox.errors import MlboxError
from mlbox.host import Gpu, Host, HostEngine, Nvidia, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SECONDS = 4.0  # for one program; nvidia-smi takes 1 to 3 s where no persistence daemon runs
DEADLINE = 6.0  # for everything
QUERY = "name,driver_version,compute_cap,memory.total,uuid,mig.mode.current"
_FOLDERS = ("usr/bin", "usr/local/bin", "usr/sbin", "usr/local/sbin", "opt/bin")
_LIBRARIES = tuple(
    f"usr/{place}/libnvidia-container.so.1"
    for place in ("lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib64", "lib")
)
_CERTIFICATES = (
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"),
    *("NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR"),
)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a program ended; ``code`` is ``None`` if it is not there or did not end in time."""

    code: int | None
    out: str = ""
    why: str = ""


def run_program(argv: Sequence[str]) -> Ran:
    """Run a program for at most ``SECONDS``; whatever goes wrong is in the answer."""
    try:
        done = subprocess.run(argv, check=False, capture_output=True, timeout=SECONDS)
    except FileNotFoundError:
        return Ran(code=None)
    except subprocess.TimeoutExpired:
        return Ran(code=None, why=f"{argv[0]} gave no answer within {SECONDS:g} s")
    except OSError as error:
        return Ran(code=None, why=f"{argv[0]} cannot be started: {error.strerror}")
    text = (done.stdout or b"").decode(errors="replace")
    return Ran(code=done.returncode, out=text, why=done.stderr.decode(errors="replace"))


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where to look: tests give recorded answers, in a folder and by function.

    Attributes:
        root: Its root folder.
        environment: The variables of the environment.
        run: Runs a program.
        get: GETs a path of an engine's API.
        find_host: Finds the engine.
        find_buildx: Finds buildx.
        named: The address that the user chose, and by what.
    """

    root: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    run: Callable[[Sequence[str]], Ran] = run_program
    get: Callable[[str, str], bytes] = connect.get
    find_host: Callable[[], str] = connect.find_host
    find_buildx: Callable[[], tuple[str, ...]] = connect.find_buildx
    named: Callable[[], tuple[str, str] | None] = connect.named_host

    def text(self, path: str) -> str:
        """Return a file's text; empty if it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the paths that match, as the machine has them."""
        try:
            found = sorted(self.root.glob(pattern))
        except OSError:
            return ()
        return tuple(f"/{path.relative_to(self.root)}" for path in found)

    def has(self, path: str) -> bool:
        """Return whether there is something at a path."""
        return os.path.lexists(self.root / path)

    def program(self, name: str) -> str:
        """Return where a program is, wherever PATH leads; empty if it is not there."""
        return next((f"/{place}/{name}" for place in _FOLDERS if self.has(f"{place}/{name}")), "")


def look(machine: Machine | None = None) -> Host:
    """Look at a machine; the answer comes within ``DEADLINE`` whatever hangs."""
    machine = machine or Machine()
    parts: dict[str, Callable[[Machine], dict[str, Any]]] = {
        "nvidia": _nvidia_part,
        "engine": _engine_part,
        "build": _buildx_part,
        "system": _system_part,
        "devices": _devices_part,
    }
    found: dict[str, dict[str, Any]] = {}
    unseen: dict[str, str] = {}
    threads = [
        threading.Thread(target=_part, args=(name, part, machine, found, unseen), daemon=True)
        for name, part in parts.items()
    ]
    deadline = time.monotonic() + DEADLINE
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    known = {key: value for part in dict(found).values() for key, value in part.items()}
    late = {name: f"it gave no answer within {DEADLINE:g} s" for name in parts if name not in found}
    told = known.pop("unseen", {})
    return Host(**known, unseen={**late, **unseen, **told})


def _part(
    name: str,
    part: Callable[[Machine], dict[str, Any]],
    machine: Machine,
    found: dict[str, dict[str, Any]],
    unseen: dict[str, str],
) -> None:
    try:
        found[name] = part(machine)
    except Exception as error:  # noqa: BLE001  (a doctor survives whatever it looks at)
        unseen[name] = f"{type(error).__name__}: {error}"


def parse_gpus(text: str) -> tuple[str | None, tuple[Gpu, ...]]:
    """Return driver and GPUs of nvidia-smi's CSV; lines that are none are left out."""
    driver, gpus = None, []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(QUERY.split(",")) or not re.fullmatch(r"\d+(\.\d+)+", cells[1]):
            continue
        driver = cells[1]
        memory = re.match(r"\d+", cells[3])
        gpus.append(
            Gpu(
                name=cells[0],
                capability=cells[2] if re.fullmatch(r"\d+\.\d+", cells[2]) else None,
                memory_mib=int(memory[0]) if memory else None,
                uuid=cells[4],
                mig=cells[5] == "Enabled",
            )
        )
    return driver, tuple(gpus)


def parse_version(text: str) -> str | None:
    """Return the driver's version in ``/proc/driver/nvidia/version``."""
    found = re.search(r"NVRM version:.*?\s(\d{3,}\.\d+(?:\.\d+)?)\s", text)
    return found[1] if found else None


def _nvidia_part(machine: Machine) -> dict[str, Any]:
    smi = machine.program("nvidia-smi") or (
        "/usr/lib/wsl/lib/nvidia-smi" if machine.has("usr/lib/wsl/lib/nvidia-smi") else "nvidia-smi"
    )
    ran = machine.run((smi, f"--query-gpu={QUERY}", "--format=csv,noheader"))
    driver, gpus = parse_gpus(ran.out) if ran.code == 0 else (None, ())
    said = next(iter((ran.out.strip() or ran.why.strip()).splitlines()), "")
    failed = "" if gpus or not (ran.why or ran.code is not None) else said or "It lists no GPU"
    modules = machine.text("proc/modules")
    nvidia = Nvidia(
        on_bus=_on_bus(machine),
        driver=driver or parse_version(machine.text("proc/driver/nvidia/version")),
        smi=failed,
        gpus=gpus or _gpus_of_proc(machine),
        nouveau=re.search(r"^nouveau\s", modules, re.MULTILINE) is not None,
        hook=machine.program("nvidia-container-runtime-hook"),
        ctk=machine.program("nvidia-ctk"),
        library=next((f"/{place}" for place in _LIBRARIES if machine.has(place)), ""),
        mode=_mode(machine.text("etc/nvidia-container-runtime/config.toml")),
        cdi_specs=_cdi_specs(machine),
        char_links=_char_links(machine),
        fabric_manager=_fabric_manager(machine),
        nvswitch=bool(machine.glob("dev/nvidia-nvswitch[0-9]*")),
    )
    return {"nvidia": nvidia}


def _gpus_of_proc(machine: Machine) -> tuple[Gpu, ...]:
    found = []
    for path in machine.glob("proc/driver/nvidia/gpus/*/information"):
        text = machine.text(path.lstrip("/"))
        name = re.search(r"^Model:\s*(.+?)\s*$", text, re.MULTILINE)
        uuid = re.search(r"^GPU UUID:\s*(\S+)", text, re.MULTILINE)
        if name:
            found.append(Gpu(name=name[1], uuid=uuid[1] if uuid else ""))
    return tuple(found)


def _on_bus(machine: Machine) -> int | None:
    """Count NVIDIA's display and 3D controllers (PCI class 03)."""
    if not machine.has("sys/bus/pci/devices"):
        return None
    places = [path.lstrip("/") for path in machine.glob("sys/bus/pci/devices/*")]
    return sum(
        machine.text(f"{place}/vendor").strip() == "0x10de"
        and machine.text(f"{place}/class").startswith("0x03")
        for place in places
    )


def _mode(text: str) -> str:
    found = re.search(r'^\s*mode\s*=\s*"([\w-]+)"', text, re.MULTILINE)
    return found[1] if found else ""


def _cdi_specs(machine: Machine) -> tuple[str, ...]:
    paths = [path for folder in ("etc/cdi", "var/run/cdi") for path in machine.glob(f"{folder}/*")]
    kind = re.compile(r"""["']?kind["']?\s*:\s*["']?nvidia\.com/gpu\b""")
    return tuple(path for path in paths if kind.search(machine.text(path.lstrip("/"))))


def _char_links(machine: Machine) -> bool:
    folder = machine.root / "dev/char"
    try:
        return any(
            "nvidia" in str(path.readlink()) for path in folder.iterdir() if path.is_symlink()
        )
    except OSError:
        return False


def _fabric_manager(machine: Machine) -> bool | None:
    pids = machine.glob("proc/[0-9]*/comm")
    if not pids:
        return None
    return any(machine.text(path.lstrip("/")).startswith("nv-fabricmanage") for path in pids)


def _engine_part(machine: Machine) -> dict[str, Any]:
    unseen: dict[str, str] = {}
    found: dict[str, Any] = {"unseen": unseen}
    try:
        named = machine.named()
        found["context"] = named[1] if named else ""
        host = machine.find_host()
        found["engine"] = engine_of(host, machine, unseen)
    except MlboxError as error:
        found["engine_problem"] = Problem(what=error.what, why=error.why, fix=error.fix)
        unseen["of the engine"] = "no engine answers"
    engine = found.get("engine")
    found.update(_daemon_json(machine, rootless=engine is not None and engine.rootless))
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
    cache = usage.get("BuildCache")
    return HostEngine(
        host=host,
        version=str(info.get("ServerVersion") or ""),
        operating_system=str(info.get("OperatingSystem") or ""),
        cgroup_driver=str(info.get("CgroupDriver") or ""),
        cgroup_version=str(info.get("CgroupVersion") or ""),
        runtimes=tuple(sorted(info.get("Runtimes") or ())),
        cdi_devices=tuple(devices),
        rootless=any("name=rootless" in option for option in security),
        data_root=root,
        free_bytes=_free(machine.root / root.lstrip("/")) if root else None,
        cache_bytes=_cache_bytes(cache) if isinstance(cache, list) else None,
        bridge=any(entry.get("Driver") == "bridge" for entry in listed) if listed else None,
        forwarding=info.get("IPv4Forwarding"),
    )


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


def _free(place: Path) -> int | None:
    """Free bytes where a folder is, or would be; a folder that may not be entered has a parent."""
    for folder in (place, *place.parents):
        try:
            found = os.statvfs(folder)
        except OSError:
            continue
        return found.f_bavail * found.f_frsize
    return None


def _daemon_json(machine: Machine, *, rootless: bool) -> dict[str, Any]:
    home = machine.environment.get("HOME", "").lstrip("/")
    place = f"{home}/.config/docker/daemon.json" if rootless else "etc/docker/daemon.json"
    if not machine.has(place):
        return {}
    try:
        content = json.loads((machine.root / place).read_bytes())
    except PermissionError:
        return {"daemon_json": f"/{place}"}
    except (OSError, ValueError) as error:
        return {"daemon_json": f"/{place}", "daemon_json_problem": f"{error}"}
    wrong = "" if isinstance(content, dict) else "It is not an object."
    return {"daemon_json": f"/{place}", "daemon_json_problem": wrong}


def _buildx_part(machine: Machine) -> dict[str, Any]:
    try:
        return {"buildx": machine.find_buildx()}
    except MlboxError as error:
        return {"buildx_problem": Problem(what=error.what, why=error.why, fix=error.fix)}


def _system_part(machine: Machine) -> dict[str, Any]:
    release = dict(
        re.findall(r'^(\w+)="?([^"\n]*)"?$', machine.text("etc/os-release"), re.MULTILINE)
    )
    wsl = "microsoft" in machine.text("proc/version").lower()
    places = [
        f"{name}={machine.environment[name]}"
        for name in _CERTIFICATES
        if machine.environment.get(name)
    ]
    places += machine.glob("usr/local/share/ca-certificates/**/*.crt")
    shm = _size(machine.root / "dev/shm")
    return {
        "distribution": release.get("ID", ""),
        "like": tuple(release.get("ID_LIKE", "").split()),
        "user": machine.environment.get("USER", ""),
        "wsl": wsl,
        "wsl_driver": machine.has("usr/lib/wsl/lib/libcuda.so.1"),
        "linux_driver_in_wsl": wsl and bool(machine.glob("var/lib/dpkg/info/nvidia-driver-*.list")),
        "certificates": tuple(places),
        "shm_bytes": shm,
    }


def _size(place: Path) -> int | None:
    try:
        found = os.statvfs(place)
    except OSError:
        return None
    return found.f_blocks * found.f_frsize


def _devices_part(machine: Machine) -> dict[str, Any]:
    hook = machine.program("oci_neuron_hook_wrapper.sh") or machine.has(
        "opt/aws/neuron/bin/oci_neuron_hook_wrapper.sh"
    )
    google = [
        place
        for place in machine.glob("sys/bus/pci/devices/*")
        if machine.text(f"{place.lstrip('/')}/vendor").strip() == "0x1ae0"
    ]
    vfio = machine.glob("dev/vfio/[0-9]*") if google else ()
    return {
        "neuron": machine.glob("dev/neuron[0-9]*"),
        "neuron_hook": bool(hook),
        "tpu": machine.glob("dev/accel[0-9]*") + vfio if google else (),
        "amd": machine.has("dev/kfd"),
    }
