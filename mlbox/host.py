"""What is known of a machine, as values; ``None`` is for what could not be found out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One NVIDIA GPU.

    Attributes:
        name: As nvidia-smi prints it: ``"NVIDIA A100-SXM4-80GB"``.
        capability: Compute capability, ``"8.0"``.
        memory_mib: Its memory.
        uuid: What containers may ask for it by.
        mig: Whether it is in MIG mode.
    """

    name: str
    capability: str | None = None
    memory_mib: int | None = None
    uuid: str = ""
    mig: bool = False


@dataclass(frozen=True, kw_only=True)
class Nvidia:
    """The NVIDIA stack below the image.

    Attributes:
        on_bus: GPUs of NVIDIA's on the PCI bus; ``None`` where the bus cannot be looked at.
        on_vfio: Those of them that vfio-pci keeps for virtual machines.
        driver: The version of the driver that answers: ``"550.54.15"``.
        smi: What nvidia-smi said when it failed; empty if it did not, or is not there.
        gpus: The GPUs that the driver knows.
        mig_devices: MIG devices there are; ``None`` if no GPU is in MIG mode, or if not known.
        nouveau: Whether the kernel has loaded nouveau.
        secure_boot: Whether the firmware lets signed kernel modules in alone.
        hook: Path of ``nvidia-container-runtime-hook``; empty if it is not there.
        ctk: Path of ``nvidia-ctk``; empty if it is not there.
        runtime: Path of ``nvidia-container-runtime``; empty if it is not there.
        library: Path of ``libnvidia-container``'s library; empty if it is not there.
        mode: ``mode`` in the runtime's config.toml; empty if it is not set.
        cdi_specs: Files that describe NVIDIA's GPUs for CDI.
        char_links: Whether ``/dev/char`` has links to NVIDIA's nodes.
        fabric_manager: Whether nvidia-fabricmanager runs; ``None`` if not known.
        nvswitch: Whether there are NVSwitch devices.
    """

    on_bus: int | None = None
    on_vfio: int = 0
    driver: str | None = None
    smi: str = ""
    gpus: tuple[Gpu, ...] = ()
    mig_devices: int | None = None
    nouveau: bool = False
    secure_boot: bool | None = None
    hook: str = ""
    ctk: str = ""
    runtime: str = ""
    library: str = ""
    mode: str = ""
    cdi_specs: tuple[str, ...] = ()
    char_links: bool = False
    fabric_manager: bool | None = None
    nvswitch: bool = False


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why something does not answer, in the three parts of an error."""

    what: str
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Socket:
    """An engine's socket, and what the user may do with it.

    Attributes:
        path: Where it is.
        owner: Its user and group: ``"root:docker"``.
        mode: Its permissions: ``"0660"``.
        group: Its group alone.
        listed: Whether the system's table has the user in that group.
        active: Whether this session has it: one that began before the user joined has not.
    """

    path: str
    owner: str
    mode: str
    group: str
    listed: bool = False
    active: bool = False


@dataclass(frozen=True, kw_only=True)
class HostEngine:
    """A Docker Engine that answers.

    Attributes:
        host: Its address.
        version: Of the engine.
        operating_system: The system it runs on, in its own words.
        cgroup_driver: ``"systemd"`` or ``"cgroupfs"``.
        cgroup_version: ``"1"`` or ``"2"``.
        architecture: Of the images it runs without emulation: ``"x86_64"``.
        memory_bytes: Memory of the machine it is on.
        runtimes: Names of the runtimes it has.
        nvidia_runtime: The program behind the runtime nvidia; empty without that runtime.
        cdi_devices: The CDI devices it knows.
        rootless: Whether it runs without root.
        data_root: Where it keeps its images.
        images_root: Where it keeps its images, if that is another place.
        free_bytes: Free space for images; ``None`` if that is not on this machine.
        cache_bytes: Size of BuildKit's cache.
        bridge: Whether it has a network with the driver bridge.
        forwarding: Whether IPv4 forwarding is on.
    """

    host: str
    version: str
    operating_system: str = ""
    cgroup_driver: str = ""
    cgroup_version: str = ""
    architecture: str = ""
    memory_bytes: int | None = None
    runtimes: tuple[str, ...] = ()
    nvidia_runtime: str = ""
    cdi_devices: tuple[str, ...] = ()
    rootless: bool = False
    data_root: str = ""
    images_root: str = ""
    free_bytes: int | None = None
    cache_bytes: int | None = None
    bridge: bool | None = None
    forwarding: bool | None = None

    @property
    def desktop(self) -> bool:
        """Whether it is Docker Desktop's, which brings its own NVIDIA stack."""
        return "Docker Desktop" in self.operating_system

    @property
    def snap(self) -> bool:
        """Whether it is the snap's, which has its files in places of its own."""
        return self.data_root.startswith("/var/snap/")

    @property
    def major(self) -> int | None:
        """The first number of its version."""
        number = self.version.partition(".")[0]
        return int(number) if number.isascii() and number.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one real container said.

    Attributes:
        image: What it was started from; empty if there was none.
        problem: Why it did not run; empty if it ran.
        uid: The user in it.
        shm_bytes: Size of its ``/dev/shm``.
        gateway: Whether its gateway could be reached.
        dns: Whether it could ask a name server.
        host_dns: Whether this machine can ask its own; looked at where the container could not.
        gpus: What ``nvidia-smi -L`` printed in it; ``None`` if that was not tried.
        gpu_problem: Why a container with a GPU did not run; empty if it ran.
    """

    image: str = ""
    problem: str = ""
    uid: int | None = None
    shm_bytes: int | None = None
    gateway: bool | None = None
    dns: bool | None = None
    host_dns: bool | None = None
    gpus: tuple[str, ...] | None = None
    gpu_problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Host:
    """A machine.

    Attributes:
        distribution: ``ID`` in os-release: ``"debian"``; empty if not known.
        like: ``ID_LIKE``, as words.
        user: The user's name.
        systemd: Whether systemd runs it; ``False`` in many containers and in some WSL2.
        wsl: Whether it is WSL2.
        wsl_driver: Whether Windows hands its NVIDIA driver in.
        linux_driver_in_wsl: Whether a Linux driver is installed in WSL2.
        nvidia: The NVIDIA stack below the image.
        engine: The engine; ``None`` if none answers.
        engine_problem: Why none does.
        buildx: How buildx is called; empty if it is not there.
        buildx_problem: Why it is not.
        buildx_version: Its version: ``"0.13.1"``; empty if not known.
        socket: The socket of the engine, or of the one that does not answer.
        context: The docker context in force, or ``DOCKER_HOST=...``; empty for the default.
        daemon_json: The engine's configuration file; empty if there is none.
        daemon_json_problem: Why it is not valid; empty if it is.
        daemon_runtimes: Names of the runtimes that it registers.
        shm_bytes: Size of ``/dev/shm``.
        certificates: Where a private certificate authority is set, in words.
        certificates_missing: Variables that name a certificate file that is not there.
        neuron: Nodes ``/dev/neuron*``.
        neuron_on_bus: Neuron devices on the PCI bus.
        neuron_hook: Whether the OCI hook for Neuron is there.
        tpu: Nodes of TPUs.
        amd: Whether ``/dev/kfd`` is there.
        trial: What one real container said; ``None`` if none was run.
        unseen: What could not be looked at, and why: group of checks -> reason.
    """

    distribution: str = ""
    like: tuple[str, ...] = ()
    user: str = ""
    systemd: bool = True
    wsl: bool = False
    wsl_driver: bool = False
    linux_driver_in_wsl: bool = False
    nvidia: Nvidia = field(default_factory=Nvidia)
    engine: HostEngine | None = None
    engine_problem: Problem | None = None
    buildx: tuple[str, ...] = ()
    buildx_problem: Problem | None = None
    buildx_version: str = ""
    socket: Socket | None = None
    context: str = ""
    daemon_json: str = ""
    daemon_json_problem: str = ""
    daemon_runtimes: tuple[str, ...] = ()
    shm_bytes: int | None = None
    certificates: tuple[str, ...] = ()
    certificates_missing: tuple[str, ...] = ()
    neuron: tuple[str, ...] = ()
    neuron_on_bus: int = 0
    neuron_hook: bool = False
    tpu: tuple[str, ...] = ()
    amd: bool = False
    trial: Trial | None = None
    unseen: Mapping[str, str] = field(default_factory=dict)
