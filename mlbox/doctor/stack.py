"""The NVIDIA stack, bottom-up: a link that is broken leaves those above it unreached."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.doctor.model import Link

if TYPE_CHECKING:
    from mlbox.doctor.model import Case

_APT = {"debian", "ubuntu"}
_DNF = {"fedora", "rhel", "centos", "rocky", "almalinux", "amzn"}
RESTART = "sudo systemctl restart docker"


def stack(case: Case) -> tuple[Link, ...]:
    """Return the links, lowest first; empty where there is no NVIDIA hardware and no driver."""
    nvidia = case.host.nvidia
    if not nvidia.on_bus and not nvidia.driver and not nvidia.gpus:
        return ()
    links: tuple[Link, ...] = (
        _hardware(case),
        _driver(case),
        _library(case),
        _hook(case),
        _image(case),
    )
    links += (_wheel(case),)
    broken = next((at for at, link in enumerate(links) if link.state == "broken"), len(links))
    above = tuple(
        replace(link, state="not reached", text="", fix=()) for link in links[broken + 1 :]
    )
    return (*links[: broken + 1], *above)


def first_broken(links: tuple[Link, ...]) -> Link | None:
    """Return the link to mend first."""
    return next((link for link in links if link.state == "broken"), None)


def _hardware(case: Case) -> Link:
    nvidia, name = case.host.nvidia, "GPU"
    if nvidia.gpus:
        return Link(name=name, state="ok", text=", ".join(gpu.name for gpu in nvidia.gpus))
    if nvidia.on_bus:
        return Link(name=name, state="ok", text=f"{nvidia.on_bus} on the PCI bus")
    return Link(name=name, state="unknown", text="the PCI bus shows none")


def _driver(case: Case) -> Link:
    nvidia, name = case.host.nvidia, "kernel driver"
    if nvidia.driver and nvidia.smi:
        text = f"driver {nvidia.driver} is loaded, and nvidia-smi says: {nvidia.smi}"
        if "mismatch" not in nvidia.smi.lower():
            return Link(name=name, state="unknown", text=text)
        return Link(name=name, state="broken", text=text, fix=("sudo reboot",))
    if nvidia.driver:
        return Link(name=name, state="ok", text=nvidia.driver)
    if case.host.wsl:
        text = "Windows hands no NVIDIA driver in"
        return Link(
            name=name,
            state="broken",
            text=text,
            fix=("# Install NVIDIA's driver for Windows, in Windows; then, there: wsl --shutdown",),
        )
    text = "nouveau is loaded instead" if nvidia.nouveau else "no NVIDIA driver is loaded"
    return Link(name=name, state="broken", text=text, fix=_driver_fix(case))


def _driver_fix(case: Case) -> tuple[str, ...]:
    by = {"ubuntu": "sudo ubuntu-drivers install", "debian": "sudo apt-get install nvidia-driver"}
    command = by.get(case.host.distribution, "# Install NVIDIA's driver as your distribution does")
    return (command, "sudo reboot")


def _library(case: Case) -> Link:
    host, name = case.host, "container toolkit"
    if host.engine and host.engine.desktop:
        return Link(name=name, state="ok", text="Docker Desktop brings its own")
    if host.nvidia.library or host.nvidia.ctk or host.nvidia.hook:
        found = host.nvidia.ctk or host.nvidia.hook or host.nvidia.library
        return Link(name=name, state="ok", text=found)
    if host.engine and any(device.startswith("nvidia.com/") for device in host.engine.cdi_devices):
        return Link(name=name, state="unknown", text="not found; the engine has CDI devices")
    if host.engine and "nvidia" in host.engine.runtimes:
        return Link(name=name, state="unknown", text="not found; the engine has the runtime nvidia")
    text = "the NVIDIA Container Toolkit is not installed"
    return Link(name=name, state="broken", text=text, fix=_toolkit_fix(case))


def _toolkit_fix(case: Case) -> tuple[str, ...]:
    family = {case.host.distribution, *case.host.like}
    page = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/"
    about = f"# NVIDIA's package repository has to be set up first: {page}install-guide.html"
    install = f"# Install nvidia-container-toolkit: {page}install-guide.html"
    if family & _APT:
        install = "sudo apt-get install -y nvidia-container-toolkit"
    elif family & _DNF:
        install = "sudo dnf install -y nvidia-container-toolkit"
    return (about, install, *_register(case))


def _register(case: Case) -> tuple[str, ...]:
    if case.host.engine and case.host.engine.rootless:
        return (
            (
                "nvidia-ctk runtime configure --runtime=docker "
                "--config=$HOME/.config/docker/daemon.json"
            ),
            "sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place",
            "systemctl --user restart docker",
        )
    return ("sudo nvidia-ctk runtime configure --runtime=docker", RESTART)


def _hook(case: Case) -> Link:  # noqa: PLR0911  (one per way to register)
    host, name = case.host, "engine's GPU support"
    engine = host.engine
    if engine is None:
        return Link(name=name, state="unknown", text="no engine answers")
    if engine.desktop:
        return Link(name=name, state="ok", text="Docker Desktop brings its own")
    if "nvidia" in engine.runtimes:
        return Link(name=name, state="ok", text="the runtime nvidia is registered")
    if any(device.startswith("nvidia.com/gpu=") for device in engine.cdi_devices):
        return Link(name=name, state="ok", text="the engine has CDI devices")
    if host.nvidia.hook:  # `--gpus` looks for this program, registered or not
        return Link(name=name, state="ok", text=f"{host.nvidia.hook} is there for --gpus")
    if host.nvidia.cdi_specs:
        text = f"{host.nvidia.cdi_specs[0]} is there; the engine does not say whether it reads it"
        return Link(name=name, state="unknown", text=text)
    text = "docker info shows neither a runtime nvidia nor CDI devices"
    return Link(name=name, state="broken", text=text, fix=_register(case))


def _image(case: Case) -> Link:
    name = "image"
    if not case.answers:
        return Link(name=name, state="unknown", text="no box is asked about")
    image = case.answers[0].base_image
    return Link(name=name, state="unknown" if _refused(case) else "ok", text=image)


def _wheel(case: Case) -> Link:
    name = "wheel"
    if not case.answers:
        return Link(name=name, state="unknown", text="no box is asked about")
    refused = _refused(case)
    if refused:
        return Link(name=name, state="broken", text=refused)
    chosen = case.answers[0]
    wheel = " ".join(chosen.requirements) or chosen.framework or "no framework"
    return Link(name=name, state="ok", text=wheel)


def _refused(case: Case) -> str:
    return next((one.what for one in case.answers if one.verdict == "impossible"), "")
