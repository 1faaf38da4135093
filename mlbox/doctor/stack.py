"""The NVIDIA stack, bottom-up: a link that is broken leaves those above it unreached."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.doctor.links import driver_link, hook_link, library_link
from mlbox.doctor.model import Link
from mlbox.errors import ResolveError
from mlbox.resolve import possible

if TYPE_CHECKING:
    from mlbox.doctor.model import Case

GPU, DRIVER, LIBRARY, HOOK = "GPU", "driver", "libnvidia-container", "runtime hook"
IMAGE, WHEEL = "image", "wheel"
HOST_LINKS = 4  # those below the image
_ABOUT = {
    GPU: "the card, as the PCI bus shows it",
    DRIVER: "the kernel's module and libcuda.so; it belongs to the host, never to an image",
    LIBRARY: "puts the driver's libraries and /dev/nvidia* into a container",
    HOOK: "the engine calls it when a container with GPUs starts; CDI does the same",
    IMAGE: "its NVIDIA_REQUIRE_CUDA is compared with the driver when a container starts",
    WHEEL: "brings CUDA's own libraries; built for a CUDA version and for GPU architectures",
}


def stack(case: Case) -> tuple[Link, ...]:
    """Return the links, lowest first; empty where there is no NVIDIA hardware and no driver."""
    host, nvidia = case.host, case.host.nvidia
    if not (nvidia.on_bus or nvidia.driver or nvidia.gpus or host.wsl_driver):
        return ()
    found = {
        GPU: _hardware(case),
        DRIVER: driver_link(host),
        LIBRARY: library_link(host),
        HOOK: hook_link(host),
        IMAGE: _image(case),
        WHEEL: _wheel(case),
    }
    links = [replace(link, name=name, about=_ABOUT[name]) for name, link in found.items()]
    broken = next((at for at, link in enumerate(links) if link.state == "broken"), len(links))
    above = [replace(link, state="not reached", text="", fix=()) for link in links[broken + 1 :]]
    return (*links[: broken + 1], *above)


def first_broken(links: tuple[Link, ...]) -> Link | None:
    """Return the link to mend first."""
    return next((link for link in links if link.state == "broken"), None)


def _hardware(case: Case) -> Link:
    nvidia = case.host.nvidia
    if nvidia.gpus:
        return Link(name=GPU, state="ok", text=", ".join(gpu.name for gpu in nvidia.gpus))
    if nvidia.on_bus:
        return Link(name=GPU, state="ok", text=f"{nvidia.on_bus} on the PCI bus")
    if case.host.wsl:
        return Link(name=GPU, state="unknown", text="WSL2 does not show the PCI bus")
    return Link(name=GPU, state="unknown", text="the PCI bus shows none")


def _image(case: Case) -> Link:
    if not case.answers:
        return Link(name=IMAGE, state="unknown", text="no box is asked about")
    refusal = _refusal(case)
    told = [one for answer in case.answers for one in answer.findings if one.severity == "error"]
    faults = [one for one in told if one.code.startswith("image-")]
    if refusal and faults:
        return Link(name=IMAGE, state="broken", text=faults[0].what, fix=_comments(refusal.fix))
    image = case.answers[0].base_image
    return Link(name=IMAGE, state="unknown" if refusal else "ok", text=image)


def _wheel(case: Case) -> Link:
    if not case.answers:
        return Link(name=WHEEL, state="unknown", text="no box is asked about")
    refusal = _refusal(case)
    if refusal:
        return Link(name=WHEEL, state="broken", text=refusal.what, fix=_comments(refusal.fix))
    chosen = case.answers[0]
    wheel = " ".join(chosen.requirements) or chosen.framework or "no framework"
    return Link(name=WHEEL, state="ok", text=wheel)


def _comments(text: str) -> tuple[str, ...]:
    return tuple(f"# {line}" for line in text.splitlines())


def _refusal(case: Case) -> ResolveError | None:
    """Why the resolver refuses the box with this machine's driver and GPUs."""
    for answer in case.answers:
        try:
            possible(answer)
        except ResolveError as error:  # noqa: PERF203  (one answer per model of GPU)
            return error
    return None
