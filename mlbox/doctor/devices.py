"""Checks of accelerators: NVIDIA's below the image, Neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.doctor.stack import HOST_LINKS, first_broken, stack
from mlbox.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.doctor.model import Case


def nvidia(case: Case) -> Iterator[Finding]:
    """The first broken link below the image."""
    if "nvidia" in case.host.unseen:
        return
    links = stack(case)
    if not links:
        yield Finding(
            code="MLH201",
            slug="no-gpu",
            severity="error" if case.needs_gpu else "info",
            what="This machine shows no NVIDIA GPU.",
            why="The job of this box asks for one." if case.needs_gpu else "CPU boxes work.",
            fix='Set gpus = 0 under [tool.mlbox.train], and cuda = "cpu".'
            if case.needs_gpu
            else "",
        )
        return
    broken = first_broken(links[:HOST_LINKS])
    if broken:
        yield Finding(
            code="MLH202",
            slug="nvidia-stack-broken",
            severity="error" if case.needs_gpu else "warning",
            what=f"Containers cannot use the GPU: {broken.name}: {broken.text}.",
            why="It is the first broken link; those above it cannot work before it does.",
            fix="\n".join(broken.fix),
        )


def nvml(case: Case) -> Iterator[Finding]:
    """GPUs that go away in a running container when systemd reloads.

    Sure where the mode legacy is set; where it is chosen at run time, good to know.
    """
    known = case.host.nvidia
    systemd = case.host.engine and case.host.engine.cgroup_driver == "systemd"
    legacy = known.mode == "legacy" or (known.hook and known.mode in ("", "auto"))
    if systemd and legacy and known.gpus and not known.char_links and not case.host.wsl:
        mode = "is legacy" if known.mode == "legacy" else "may choose legacy"
        yield Finding(
            code="MLH203",
            slug="nvml-cgroup-trap",
            severity="warning" if known.mode == "legacy" else "info",
            confidence="medium",
            what="A running container can lose its GPUs: Failed to initialize NVML: Unknown Error.",
            why=f"The runtime's mode {mode}, the cgroup driver is systemd, and /dev/char has no "
            "links to NVIDIA's nodes: systemctl daemon-reload takes the devices away "
            "(NVIDIA/nvidia-container-toolkit#48).",
            fix="sudo nvidia-ctk system create-dev-char-symlinks --create-all",
        )


def fabric(case: Case) -> Iterator[Finding]:
    """Machines with NVSwitch need the fabric manager."""
    known = case.host.nvidia
    if known.nvswitch and known.fabric_manager is False:
        yield Finding(
            code="MLH204",
            slug="fabric-manager-not-running",
            severity="warning",
            confidence="medium",
            what="This machine has NVSwitches, and nvidia-fabricmanager does not run.",
            why="CUDA then ends with Error 802: system not yet initialized.",
            fix="sudo systemctl enable --now nvidia-fabricmanager",
        )


def mig(case: Case) -> Iterator[Finding]:
    """A GPU in MIG mode without a MIG device has nothing that CUDA could use."""
    known = case.host.nvidia
    if known.mig_devices == 0 and all(gpu.mig for gpu in known.gpus):
        yield Finding(
            code="MLH206",
            slug="mig-without-devices",
            severity="error" if case.needs_gpu else "warning",
            what="Every GPU is in MIG mode, and there is no MIG device.",
            why="CUDA sees no device until GPU instances and compute instances are made.",
            fix="# To see the profiles: nvidia-smi mig -lgip. To make one: "
            "sudo nvidia-smi mig -cgi PROFILE -C\n# Or leave MIG mode: sudo nvidia-smi -mig 0",
        )


def mig_text(case: Case) -> str:
    """The MIG devices there are."""
    count = case.host.nvidia.mig_devices
    return "" if count is None else f"{count} MIG devices"


def wsl(case: Case) -> Iterator[Finding]:
    """In WSL2 the driver is Windows'."""
    if case.host.linux_driver_in_wsl:
        yield Finding(
            code="MLH205",
            slug="linux-driver-in-wsl",
            severity="warning",
            what="A Linux NVIDIA driver is installed inside WSL2.",
            why="Windows hands its own driver in (/usr/lib/wsl/lib); a second one hides it.",
            fix="sudo apt-get remove 'nvidia-driver-*' 'libnvidia-compute-*' 'cuda-drivers*'",
        )


def wsl_text(case: Case) -> str:
    """Whether this is WSL2, and whose driver it has."""
    if not case.host.wsl:
        return ""
    return "WSL2, with Windows' NVIDIA driver" if case.host.wsl_driver else "WSL2"


def neuron(case: Case) -> Iterator[Finding]:
    """AWS Neuron: the driver, and the hook that names devices to a container."""
    host = case.host
    if host.neuron_on_bus and not host.neuron:
        yield Finding(
            code="MLH502",
            slug="neuron-driver",
            severity="warning",
            confidence="medium",
            what=f"{host.neuron_on_bus} Neuron devices on the PCI bus, and no /dev/neuron*.",
            why="The kernel module of aws-neuronx-dkms is not loaded.",
            fix="sudo modprobe neuron",
        )
    registered = host.engine is not None and "neuron" in host.engine.runtimes
    if host.neuron and not host.neuron_hook and not registered:
        yield Finding(
            code="MLH501",
            slug="neuron-hook",
            severity="info",
            what=f"{len(host.neuron)} Neuron devices, and no OCI hook for them was found.",
            why="Without it a container needs each device by name.",
            fix=" ".join(f"--device={node}" for node in host.neuron),
        )
