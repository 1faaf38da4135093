"""Which accelerator a request is for: it says so, or its machine or its GPU does."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.resolve.accelerators.answer import info, told, trust, warning
from mlbox.resolve.accelerators.names import (
    TEGRA,
    find_amd,
    find_instance,
    jetson_capability,
    kind_of,
    neuron_family,
    same_gpu,
    tpu_generation,
    unknown,
)

if TYPE_CHECKING:
    from mlbox.facts.accelerators import Accelerators, Instance
    from mlbox.findings import Finding
    from mlbox.resolve.request import Request

KNOWN = ("cuda", "cpu", "rocm", "tpu", "neuron", "jetson")
WITHOUT_FACTS = ("xpu", "gaudi", "qualcomm")
_L4T = re.compile(r"r?3\d(\.\d+){0,2}")


def implied(request: Request, facts: Accelerators) -> tuple[str | None, Request]:
    """Return the accelerator a request is for, and the request with its machine written out.

    ``None`` is for "nothing says so": a plain request, or one that names a card of NVIDIA's. A
    machine with such a card gives ``"cuda"``, and the request names the card and the platform.
    What mlbox has no facts for is returned by its name (``"xpu"``); ``resolve_accelerator``
    answers that it is impossible.

    Raises:
        SpecError: The machine is unknown, or the request contradicts itself.
    """
    request, meant = _placed(request, facts)
    meant = meant or _meant(request, facts)
    asked = None if request.accelerator is None else request.accelerator.lower()
    if asked is not None and asked not in (*KNOWN, *WITHOUT_FACTS, "mps"):
        raise unknown("accelerator", asked, KNOWN)
    if "mps" in {asked, meant} or asked == "cpu" or (asked is None and _is_cpu(request, meant)):
        request = replace(request, accelerator="mps") if meant == "mps" else request
        return "cpu", _on_cpu(request, meant)
    accelerator = _one(asked, meant, request)
    if accelerator in {None, "cuda"}:
        return accelerator, request
    request = _checked(accelerator or "", request, facts)
    return accelerator, request


def explained(request: Request, facts: Accelerators) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Say what the machine of a request means; empty where it names none.

    ``resolve_accelerator`` has this in its answers. The resolver for CUDA and CPU puts it into
    its own.
    """
    if "mps" in {request.accelerator, request.gpu and kind_of(request.gpu, facts)}:
        mps = next(row for row in facts.devices if row.accelerator == "mps")
        what = "Containers on macOS have no MPS: this image runs on the CPU."
        fix = "For MPS, use a virtual environment on the Mac itself."
        return (f"{what} (source: {mps.source})",), (
            warning("no-mps", what, why=mps.notes, fix=fix),
        )
    if request.instance is None:
        return (), ()
    row = find_instance(request.instance, facts)
    return _of_machine(row), _about_machine(row)


def _placed(request: Request, facts: Accelerators) -> tuple[Request, str | None]:
    """The request with its machine's GPU and platform, and the accelerator of the machine."""
    if request.instance is None:
        return request, None
    if request.gpu is None and re.match(r"v\d|tpu", request.instance.lower()):
        known = {row.name.casefold() for row in facts.instances}
        if request.instance.casefold() not in known:  # a TPU's name, "v5litepod-8"
            return replace(request, gpu=request.instance, instance=None), None
    row = find_instance(request.instance, facts)
    if request.gpu and not same_gpu(request.gpu, row.gpu):
        raise _contradiction(
            f"gpu = {request.gpu!r} and instance = {request.instance!r}",
            f"{row.name} has {row.gpu} (source: {row.source}).",
            "Leave one of them out.",
        )
    kind = row.accelerator or kind_of(row.gpu, facts)
    platform = _platform(row, request)
    return replace(request, gpu=row.gpu, platform=platform, instance=row.name), kind


def _platform(row: Instance, request: Request) -> str:
    """The platform of a machine; linux/amd64 may be what nobody chose, the others were."""
    arm = row.platform == "linux/arm64"
    fits = {"linux/amd64", row.platform} if arm else {"linux/amd64", "windows/amd64"}
    if request.platform not in fits:
        raise _contradiction(
            f"platform = {request.platform!r} and instance = {row.name!r}",
            f"{row.name} is {row.platform} (source: {row.source}).",
            "Leave platform out.",
        )
    return row.platform if arm else request.platform


def _meant(request: Request, facts: Accelerators) -> str | None:
    if request.gpu is not None:
        return kind_of(request.gpu, facts)
    if request.compute_capability in TEGRA:
        return "jetson"
    return "rocm" if request.cuda.startswith("rocm") else None


def _is_cpu(request: Request, meant: str | None) -> bool:
    return request.cuda == "cpu" and meant is not None


def _on_cpu(request: Request, meant: str | None) -> Request:
    if request.cuda not in {"auto", "cpu"}:
        raise _contradiction(
            f"accelerator = cpu and cuda = {request.cuda!r}",
            "One says that there is no GPU code in it, the other which.",
            "Leave one of them out.",
        )
    if meant in {None, "cuda"}:
        return replace(request, cuda="cpu")
    platform = "linux/arm64" if meant == "jetson" else request.platform
    return replace(request, cuda="cpu", gpu=None, compute_capability=None, platform=platform)


def _one(asked: str | None, meant: str | None, request: Request) -> str | None:
    """The accelerator that both mean; a Jetson is CUDA as well."""
    if asked == "cuda" and request.cuda == "cpu":
        raise _contradiction(
            'accelerator = "cuda" and cuda = "cpu"', "Only one can be.", "Leave one of them out."
        )
    if asked == "cuda" and meant == "jetson":
        return "jetson"
    named = request.gpu or request.compute_capability
    if asked is None or asked == meant or (meant is None and (asked == "cuda" or named is None)):
        return asked or meant
    if asked != "cuda" and meant is None and request.gpu and not _is_nvidia(request.gpu):
        return asked  # a name that nobody knows: the finder lists those that are like it
    if asked == "jetson" and meant is None and request.compute_capability == "11.0":
        return asked
    raise _contradiction(
        f"accelerator = {asked!r} and "
        + (f"gpu = {request.gpu!r}" if request.gpu else f"compute capability {named}"),
        f"That is {_NAMED.get(meant or 'cuda', meant)}.",
        "Leave one of them out.",
    )


def _checked(accelerator: str, request: Request, facts: Accelerators) -> Request:
    """Look for contradictions between an accelerator and the rest; Jetsons are arm64."""
    _check_cuda(accelerator, request)
    _check_driver(accelerator, request)
    if request.compute_capability and accelerator != "jetson":
        raise _contradiction(
            f"a compute capability and {_NAMED.get(accelerator, accelerator)}",
            "Only NVIDIA's GPUs have a compute capability.",
            "Leave it out.",
        )
    if request.gpu and accelerator in _FINDERS:
        _FINDERS[accelerator](request.gpu, facts)
    if accelerator != "jetson":
        return request
    if request.platform == "windows/amd64":
        raise _contradiction(
            'platform = "windows/amd64" and a Jetson',
            "A Jetson runs Linux on arm64.",
            "Leave platform out.",
        )
    named = request.gpu and jetson_capability(request.gpu)
    if named and request.compute_capability not in {None, named}:
        raise _contradiction(
            f"gpu = {request.gpu!r} and compute capability {request.compute_capability}",
            f"Its compute capability is {named}.",
            "Leave one of them out.",
        )
    return replace(request, platform="linux/arm64")


def _check_cuda(accelerator: str, request: Request) -> None:
    if request.cuda == "auto" or accelerator == "jetson" and request.cuda != "cpu":  # noqa: RUF021
        return
    if accelerator == "rocm" and re.fullmatch(r"rocm\d+(\.\d+)*", request.cuda):
        return
    raise _contradiction(
        f"cuda = {request.cuda!r} and {_NAMED.get(accelerator, accelerator)}",
        "It has no CUDA." if request.cuda != "cpu" else "The one is without the other.",
        'Leave cuda out; for ROCm it may be a tag like "rocm7.2".',
    )


def _check_driver(accelerator: str, request: Request) -> None:
    driver = request.driver
    if driver is None:
        return
    if accelerator == "jetson" or (accelerator == "neuron" and re.fullmatch(r"2(\.\d+)+", driver)):
        return
    raise _contradiction(
        f"driver = {driver!r} and {_NAMED.get(accelerator, accelerator)}",
        "It is the version of an NVIDIA driver; for Neuron, that of aws-neuronx-dkms can be given.",
        "Leave driver out.",
    )


def _contradiction(what: str, why: str, fix: str) -> SpecError:
    return SpecError(f"{what} contradict each other.", why=why, fix=fix)


def _is_nvidia(name: str) -> bool:
    text = name.lower()
    return bool(re.search(r"\bnvidia|\brtx|\bgtx|\btesla|\bquadro|\b[abhlvtp]\d{1,3}\w?\b", text))


def _of_machine(row: Instance) -> tuple[str, ...]:
    memory = f" of {row.memory_gib} GiB" if row.memory_gib else ""
    has = f"{row.share} of one" if row.share and row.share != "part" else str(row.count)
    has = "a part of one" if row.share == "part" else has
    arch = f" on {row.platform}" if row.platform != "linux/amd64" else ""
    return (f"{row.name} has {has} {row.gpu}{memory}{arch} (source: {row.source}).", *told(row))


def _about_machine(row: Instance) -> tuple[Finding, ...]:
    found = trust(row, f"What {row.name} has")
    if row.share:
        what = f"{row.name} has no whole GPU, and less of its memory."
        found += (info("fractional-gpu", what, why=f"Source: {row.source}."),)
    if row.memory_gib and not float(row.memory_gib).is_integer():
        what = f"The {row.memory_gib} GiB are what can be used, less than the GB it is sold with."
        found += (info("memory-in-gib", what, why="The cloud reports MiB."),)
    return found


def _find_neuron(name: str, _facts: Accelerators) -> None:
    families = ("inf1", "inf2", "trn1", "trn2", "trn3")
    if neuron_family(name) not in families:
        raise unknown("Neuron chip", name, families)


def _find_jetson(name: str, _facts: Accelerators) -> None:
    if jetson_capability(name) is None and "jetson" not in name.lower():
        boards = (
            "Jetson Thor",
            "Jetson AGX Orin",
            "Jetson AGX Xavier",
            "Jetson TX2",
            "Jetson Nano",
        )
        raise unknown("Jetson", name, boards)


_FINDERS = {"rocm": find_amd, "tpu": tpu_generation, "neuron": _find_neuron, "jetson": _find_jetson}
_NAMED = {
    "cuda": "an NVIDIA GPU",
    "rocm": "an AMD GPU (ROCm)",
    "tpu": "a TPU",
    "neuron": "a Neuron chip",
    "jetson": "a Jetson",
    "xpu": "an Intel GPU",
    "gaudi": "an Intel Gaudi",
}
