"""The links of the NVIDIA stack below the image: driver, libnvidia-container, runtime hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.doctor.model import Link

if TYPE_CHECKING:
    from mlbox.doctor.model import LinkState
    from mlbox.host import Host

_APT = {"debian", "ubuntu"}
_DNF = {"fedora", "rhel", "centos", "rocky", "almalinux", "amzn"}
_ZYPPER = {"opensuse-leap", "sles", "suse"}
_PAGE = (
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
)
_BY_CDI = 29  # engines from here on may serve --gpus by CDI (moby/moby#50228)


def _link(state: LinkState, text: str, *fix: str) -> Link:
    return Link(name="", state=state, text=text, fix=fix)


# --- driver -----------------------------------------------------------------------------------


def driver_link(host: Host) -> Link:
    """Whether NVIDIA's driver is loaded and answers."""
    nvidia = host.nvidia
    said = f"driver {nvidia.driver} is loaded, and nvidia-smi says: {nvidia.smi}"
    if nvidia.driver and not nvidia.smi:
        return _link("ok", nvidia.driver)
    if nvidia.driver and "version mismatch" in nvidia.smi:
        after = "# The driver was updated, the kernel still has the old one."
        return _link("broken", said, after, "sudo reboot")
    if nvidia.driver and "No devices were found" in nvidia.smi:
        about = (
            "# It does not know the GPU, or could not start it; the reason: sudo dmesg | grep NVRM"
        )
        return _link("broken", said, about, "sudo reboot")
    if nvidia.driver or "gave no answer" in nvidia.smi:
        return _link("unknown", said if nvidia.driver else nvidia.smi)
    if host.wsl:
        return _driver_of_windows(host)
    return _missing_driver(host)


def _driver_of_windows(host: Host) -> Link:
    said = f", and nvidia-smi says: {host.nvidia.smi}" if host.nvidia.smi else ""
    if host.wsl_driver:
        text = f"Windows hands its NVIDIA driver in{said or ', and it does not answer'}"
        state: LinkState = "broken" if host.nvidia.smi else "unknown"
        return _link(state, text, "# In Windows: wsl --update; then wsl --shutdown")
    return _link(
        "broken",
        "Windows hands no NVIDIA driver in",
        "# Install NVIDIA's driver for Windows, in Windows; then, there: wsl --shutdown",
    )


def _missing_driver(host: Host) -> Link:
    nvidia = host.nvidia
    if nvidia.on_vfio and nvidia.on_vfio == nvidia.on_bus:
        text = "the GPU is bound to vfio-pci, which keeps it for virtual machines"
        return _link("broken", text, "# Take it out of vfio-pci's ids, then restart the machine")
    if nvidia.nouveau:
        return _link("broken", "nouveau is loaded instead", *_install_driver(host))
    if not nvidia.smi:
        return _link("broken", "no NVIDIA driver is loaded", *_install_driver(host))
    text = f"it is installed, and its kernel module is not loaded; nvidia-smi says: {nvidia.smi}"
    if nvidia.secure_boot:
        about = "# Secure Boot lets signed modules in alone: sign it and enroll the key (mokutil)"
        return _link("broken", f"{text} (Secure Boot is on)", about, "sudo modprobe nvidia")
    if _family(host) & _APT:
        about = "# A new kernel needs the module built for it"
        return _link("broken", text, about, "sudo dkms autoinstall", "sudo modprobe nvidia")
    return _link("broken", text, "sudo modprobe nvidia")


def _install_driver(host: Host) -> tuple[str, ...]:
    by = {
        "ubuntu": ("sudo ubuntu-drivers install",),
        "debian": (
            "# Debian has it in non-free: the sources need contrib non-free non-free-firmware",
            "sudo apt-get install -y nvidia-driver",
        ),
    }
    default = ("# Install NVIDIA's driver as your distribution does",)
    return (*by.get(host.distribution, default), "sudo reboot")


# --- libnvidia-container ----------------------------------------------------------------------


def library_link(host: Host) -> Link:
    """Whether the NVIDIA Container Toolkit is there, of which libnvidia-container is the core."""
    nvidia, engine = host.nvidia, host.engine
    if engine and engine.desktop:
        return _desktop(host)
    found = nvidia.library or nvidia.ctk or nvidia.hook or nvidia.runtime
    if found:
        return _link("ok", found)
    if engine and any(device.startswith("nvidia.com/") for device in engine.cdi_devices):
        return _link("unknown", "not found; the engine has CDI devices")
    if engine and "nvidia" in engine.runtimes:
        return _link("unknown", "not found; the engine has the runtime nvidia")
    text = "the NVIDIA Container Toolkit is not installed"
    return _link("broken", text, *_install_toolkit(host), *register(host))


def _desktop(host: Host) -> Link:
    """Docker Desktop hands GPUs over in WSL2 alone (docs.docker.com/desktop/features/gpu)."""
    if host.wsl:
        return _link("ok", "Docker Desktop brings its own")
    return _link(
        "broken",
        "Docker Desktop on Linux runs containers in a virtual machine, which has no GPU",
        "# Install Docker Engine beside it: https://docs.docker.com/engine/install/",
        "docker context use default",
    )


def _install_toolkit(host: Host) -> tuple[str, ...]:
    family = _family(host)
    about = f"# NVIDIA's package repository has to be set up first: {_PAGE}"
    if family & _APT:
        return (about, "sudo apt-get install -y nvidia-container-toolkit")
    if family & _DNF:
        return (about, "sudo dnf install -y nvidia-container-toolkit")
    if family & _ZYPPER:
        return (about, "sudo zypper --non-interactive install nvidia-container-toolkit")
    return (about, f"# Install nvidia-container-toolkit: {_PAGE}")


def _family(host: Host) -> set[str]:
    return {host.distribution, *host.like}


# --- runtime hook -----------------------------------------------------------------------------


def hook_link(host: Host) -> Link:  # noqa: PLR0911  (one per way to hand GPUs over)
    """Whether the engine can hand a GPU to a container, as ``--gpus`` asks for it."""
    nvidia, engine = host.nvidia, host.engine
    if engine is None:
        return _link("unknown", "no engine answers")
    if engine.desktop:
        return _desktop(host)
    if engine.nvidia_runtime.startswith("/") and not _has_runtime(host):
        text = f"the runtime nvidia is {engine.nvidia_runtime}, which is not there"
        return _link("broken", text, *_install_toolkit(host), *register(host))
    if nvidia.hook:
        return _hook_there(host)
    by_cdi = any(device.startswith("nvidia.com/gpu=") for device in engine.cdi_devices)
    if "nvidia" in engine.runtimes or by_cdi:
        return _hook_missing(host, by_cdi=by_cdi)
    if "nvidia" in host.daemon_runtimes:
        text = f"{host.daemon_json} registers the runtime nvidia; docker was not restarted since"
        return _link("broken", text, restart(host))
    if nvidia.cdi_specs:
        text = f"{nvidia.cdi_specs[0]} is there; the engine does not say whether it reads it"
        return _link("unknown", text)
    text = "docker info shows neither a runtime nvidia nor CDI devices"
    return _link("broken", text, *register(host))


def _has_runtime(host: Host) -> bool:
    """Programs are looked for in the usual folders; elsewhere, they are not known."""
    usual = ("/usr/bin/", "/usr/local/bin/", "/usr/sbin/", "/usr/local/sbin/")
    program = host.engine.nvidia_runtime if host.engine else ""
    return bool(host.nvidia.runtime) or not program.startswith(usual)


def _hook_there(host: Host) -> Link:
    """The program is there; in its modes cdi and csv it refuses ``--gpus``."""
    nvidia, engine = host.nvidia, host.engine
    if nvidia.mode in ("cdi", "csv") and engine and engine.major and engine.major < _BY_CDI:
        text = f"its mode is {nvidia.mode}, in which it refuses to be called for --gpus"
        if nvidia.mode == "csv":  # Jetson's own mode
            return _link("unknown", f"{text}; --runtime nvidia works")
        setting = "nvidia-container-runtime.mode=auto"
        return _link("broken", text, f"sudo nvidia-ctk config --in-place --set {setting}")
    registered = engine and "nvidia" in engine.runtimes
    text = "the runtime nvidia is registered" if registered else "is there for --gpus"
    return _link("ok", f"{nvidia.hook}; {text}" if registered else f"{nvidia.hook} {text}")


def _hook_missing(host: Host, *, by_cdi: bool) -> Link:
    """``--gpus`` looks for the hook on dockerd's PATH, whatever runtimes there are.

    Whether the engine's programs are those of this machine is known where the toolkit is on it.
    """
    engine = host.engine
    seen = "the engine has CDI devices" if by_cdi else "the runtime nvidia is registered"
    if engine and engine.major and engine.major >= _BY_CDI and by_cdi:
        return _link("ok", seen)
    if not host.nvidia.ctk or not engine or not engine.major or engine.major >= _BY_CDI:
        return _link("unknown", f"{seen}; nvidia-container-runtime-hook was not found")
    text = f"{seen}, but --gpus needs nvidia-container-runtime-hook, which is not there"
    return _link("broken", text, *_install_toolkit(host), restart(host))


def register(host: Host) -> tuple[str, ...]:
    """The commands that make the engine know the runtime nvidia."""
    engine = host.engine
    configure = "nvidia-ctk runtime configure --runtime=docker"
    if engine and engine.rootless:
        return (
            f'{configure} --config="$HOME/.config/docker/daemon.json"',
            "sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place",
            restart(host),
        )
    place = " --config=/var/snap/docker/current/config/daemon.json" if _is_snap(host) else ""
    return (f"sudo {configure}{place}", restart(host))


def restart(host: Host) -> str:
    """The command that restarts the engine."""
    if host.engine and host.engine.rootless:
        return "systemctl --user restart docker"
    if _is_snap(host):
        return "sudo snap restart docker"
    return "sudo systemctl restart docker" if host.systemd else "sudo service docker restart"


def _is_snap(host: Host) -> bool:
    return bool(host.engine and host.engine.snap)
