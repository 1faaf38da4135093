"""The system below everything: distribution, WSL2, certificates, shm, other accelerators."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from mlbox.probe.machine import Machine

_CERTIFICATES = (
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"),
    *("NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR"),
)
# The bundles that distributions ship: a variable that names one of them says nothing.
_PUBLIC = frozenset(
    {
        *("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs", "/etc/ssl/cert.pem"),
        *("/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/cert.pem", "/etc/ssl/ca-bundle.pem"),
    }
)
_ANCHORS = (
    *("usr/local/share/ca-certificates/**/*.crt", "etc/pki/ca-trust/source/anchors/*"),
    *("etc/ca-certificates/trust-source/anchors/*", "etc/docker/certs.d/*/ca.crt"),
)
_GOOGLE, _AMAZON = "0x1ae0", "0x1d0f"
# As jax tells TPUs from Google's network cards (jax/_src/hardware_utils.py).
_TPUS = frozenset({"0x0027", "0x0056", "0x005e", "0x0062", "0x0063", "0x006f", "0x0076"})
# As the Neuron driver knows its devices (neuron_pci.h): Inf1, Trn1, Inf2, Trn2.
_NEURONS = frozenset({"0x7064", "0x7065", "0x7066", "0x7067", "0x7164", "0x7264", "0x7364"})
_WSL_DRIVERS = ("nvidia-driver-*", "libnvidia-compute-*", "nvidia-utils-*", "cuda-drivers*")


def system_part(machine: Machine) -> dict[str, Any]:
    """What the system says of itself."""
    release = dict(
        re.findall(r'^(\w+)="?([^"\n]*)"?$', machine.text("etc/os-release"), re.MULTILINE)
    )
    wsl = "microsoft" in machine.text("proc/version").lower()
    drivers = [f"var/lib/dpkg/info/{name}.list" for name in _WSL_DRIVERS]
    private, missing = _certificates(machine)
    return {
        "distribution": release.get("ID", ""),
        "like": tuple(release.get("ID_LIKE", "").split()),
        "user": machine.environment.get("USER", ""),
        "systemd": machine.has("run/systemd/system"),
        "wsl": wsl,
        "wsl_driver": machine.has("usr/lib/wsl/lib/libcuda.so.1"),
        "linux_driver_in_wsl": wsl and any(machine.glob(pattern) for pattern in drivers),
        "certificates": private,
        "certificates_missing": missing,
        "shm_bytes": _size(machine.root / "dev/shm"),
    }


def _certificates(machine: Machine) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where private certificates are set; and variables whose file is not there."""
    named = {name: machine.environment.get(name, "") for name in _CERTIFICATES}
    private = [f"{name}={place}" for name, place in named.items() if place and place not in _PUBLIC]
    missing = [
        f"{name}={place}"
        for name, place in named.items()
        if place.startswith("/") and not machine.has(place)
    ]
    private += [path for pattern in _ANCHORS for path in machine.glob(pattern)]
    return tuple(one for one in private if one not in missing), tuple(missing)


def _size(place: Path) -> int | None:
    try:
        found = os.statvfs(place)
    except OSError:
        return None
    return found.f_blocks * found.f_frsize


def devices_part(machine: Machine) -> dict[str, Any]:
    """Accelerators that are not NVIDIA's."""
    wrapper = "oci_neuron_hook_wrapper.sh"
    ids = [_ids(machine, place) for place in machine.glob("sys/bus/pci/devices/*")]
    google = any(vendor == _GOOGLE for vendor, _ in ids)
    tpu = any(vendor == _GOOGLE and device in _TPUS for vendor, device in ids)
    return {
        "neuron": machine.glob("dev/neuron[0-9]*"),
        "neuron_on_bus": sum(vendor == _AMAZON and device in _NEURONS for vendor, device in ids),
        "neuron_hook": bool(machine.program(wrapper))
        or machine.has(f"opt/aws/neuron/bin/{wrapper}"),
        "tpu": (machine.glob("dev/accel[0-9]*") if google else ())
        + (machine.glob("dev/vfio/[0-9]*") if tpu else ()),
        "amd": machine.has("dev/kfd"),
    }


def _ids(machine: Machine, place: str) -> tuple[str, str]:
    """Vendor and device of a PCI device."""
    at = place.lstrip("/")
    return machine.text(f"{at}/vendor").strip(), machine.text(f"{at}/device").strip()
