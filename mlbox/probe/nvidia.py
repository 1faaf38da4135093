"""The NVIDIA stack below the image, as a machine shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlbox.host import Gpu, Nvidia

if TYPE_CHECKING:
    from mlbox.probe.machine import Machine, Ran

# What is asked of nvidia-smi; a driver that does not know a field refuses the whole question.
QUERY = "name,driver_version,compute_cap,memory.total,uuid,mig.mode.current"
OLD_QUERY = "name,driver_version,memory.total,uuid"  # 470 has no compute_cap, 440 no mig.mode
_REFUSED = "is not a valid field to query"
_SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_LIBRARIES = tuple(
    f"usr/{place}/libnvidia-container.so.1"
    for place in ("lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib64", "lib")
)


def nvidia_part(machine: Machine) -> dict[str, Any]:
    """What there is of NVIDIA's."""
    driver, gpus, failed, mig = _asked(machine)
    bus = _bus(machine)
    nvidia = Nvidia(
        on_bus=None if bus is None else len(bus),
        on_vfio=sum(place_driver == "vfio-pci" for place_driver in bus or ()),
        driver=driver or parse_version(machine.text("proc/driver/nvidia/version")),
        smi=failed,
        gpus=gpus or _gpus_of_proc(machine),
        mig_devices=mig,
        nouveau=re.search(r"^nouveau\s", machine.text("proc/modules"), re.MULTILINE) is not None,
        secure_boot=_secure_boot(machine),
        hook=machine.program("nvidia-container-runtime-hook"),
        ctk=machine.program("nvidia-ctk"),
        runtime=machine.program("nvidia-container-runtime"),
        library=next((f"/{place}" for place in _LIBRARIES if machine.has(place)), ""),
        mode=_mode(machine.text("etc/nvidia-container-runtime/config.toml")),
        cdi_specs=_cdi_specs(machine),
        char_links=_char_links(machine),
        fabric_manager=_fabric_manager(machine),
        nvswitch=bool(machine.glob("dev/nvidia-nvswitch[0-9]*")),
    )
    return {"nvidia": nvidia}


def parse_gpus(text: str, query: str = QUERY) -> tuple[str | None, tuple[Gpu, ...]]:
    """Return driver and GPUs of nvidia-smi's CSV; lines that are none are left out."""
    driver, gpus = None, []
    names = query.split(",")
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(names):
            continue
        said = dict(zip(names, cells, strict=True))
        if not re.fullmatch(r"\d+(\.\d+)+", said["driver_version"]):
            continue
        driver = said["driver_version"]
        capability = said.get("compute_cap", "")
        memory = re.match(r"\d+", said["memory.total"])
        gpus.append(
            Gpu(
                name=said["name"],
                capability=capability if re.fullmatch(r"\d+\.\d+", capability) else None,
                memory_mib=int(memory[0]) if memory else None,
                uuid=said["uuid"],
                mig=said.get("mig.mode.current") == "Enabled",
            )
        )
    return driver, tuple(gpus)


def parse_version(text: str) -> str | None:
    """Return the driver's version in ``/proc/driver/nvidia/version``."""
    found = re.search(r"NVRM version:.*?\s(\d{3,}\.\d+(?:\.\d+)?)\s", text)
    return found[1] if found else None


def _asked(machine: Machine) -> tuple[str | None, tuple[Gpu, ...], str, int | None]:
    """Driver, GPUs, what nvidia-smi said if it failed, and how many MIG devices there are."""
    in_wsl = "/usr/lib/wsl/lib/nvidia-smi"
    smi = machine.program("nvidia-smi") or (in_wsl if machine.has(in_wsl) else "nvidia-smi")
    query = QUERY
    ran = _query(machine, smi, query)
    if ran.code and _REFUSED in ran.out + ran.why:
        query = OLD_QUERY
        ran = _query(machine, smi, query)
    driver, gpus = parse_gpus(ran.out, query) if ran.code == 0 else (None, ())
    there = bool(ran.why) or ran.code is not None
    failed = "" if gpus or not there else _first_line(ran) or "It lists no GPU"
    if not any(gpu.mig for gpu in gpus):
        return driver, gpus, failed, None
    listed = machine.run((smi, "-L"))
    mig = len(re.findall(r"^\s+MIG ", listed.out, re.MULTILINE)) if listed.code == 0 else None
    return driver, gpus, failed, mig


def _query(machine: Machine, smi: str, query: str) -> Ran:
    return machine.run((smi, f"--query-gpu={query}", "--format=csv,noheader"))


def _first_line(ran: Ran) -> str:
    return next(iter((ran.out.strip() or ran.why.strip()).splitlines()), "")


def _gpus_of_proc(machine: Machine) -> tuple[Gpu, ...]:
    found = []
    for path in machine.glob("proc/driver/nvidia/gpus/*/information"):
        text = machine.text(path.lstrip("/"))
        name = re.search(r"^Model:\s*(.+?)\s*$", text, re.MULTILINE)
        uuid = re.search(r"^GPU UUID:\s*(\S+)", text, re.MULTILINE)
        if name:
            found.append(Gpu(name=name[1], uuid=uuid[1] if uuid else ""))
    return tuple(found)


def _bus(machine: Machine) -> list[str] | None:
    """The kernel drivers of NVIDIA's display and 3D controllers (PCI class 03)."""
    if not machine.has("sys/bus/pci/devices"):
        return None
    places = [path.lstrip("/") for path in machine.glob("sys/bus/pci/devices/*")]
    return [
        _kernel_driver(machine, place)
        for place in places
        if machine.text(f"{place}/vendor").strip() == "0x10de"
        and machine.text(f"{place}/class").startswith("0x03")
    ]


def _kernel_driver(machine: Machine, place: str) -> str:
    try:
        return (machine.root / place / "driver").readlink().name
    except OSError:
        return ""


def _secure_boot(machine: Machine) -> bool | None:
    """The variable's fifth byte: four bytes of attributes come before it."""
    try:
        return (machine.root / _SECURE_BOOT).read_bytes()[4] == 1
    except (OSError, IndexError):
        return None


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
    """Whether it runs; not known where processes of others are hidden (hidepid, a container)."""
    if machine.text("proc/2/comm").strip() != "kthreadd":
        return None
    pids = machine.glob("proc/[0-9]*/comm")
    return any(machine.text(path.lstrip("/")).startswith("nv-fabricmanage") for path in pids)
