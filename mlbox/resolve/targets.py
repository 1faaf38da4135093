"""What a build has to run on: which GPU is meant, which code it runs, which driver that takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from mlbox.errors import SpecError
from mlbox.facts import Gpu, numbers

if TYPE_CHECKING:
    from mlbox.facts import Build, Cuda, Facts
    from mlbox.resolve.request import Request

Code = Literal["native", "ptx", "newer", "unknown", "none"]

# Rubin: sources differ on the first CUDA for it, and no torch wheel for it has been seen.
WITHOUT_WHEELS = {"10.7"}
_TEGRA = {"5.3", "6.2", "7.2", "8.7"}  # Jetsons, which need NVIDIA's own wheels
_BRANDS = {"nvidia", "tesla", "geforce"}
_FORMS = {"sxm", "sxm2", "sxm4", "sxm5", "sxm6", "pcie", "laptop", "gpu", "mobile", "max", "q"}
_FORMS |= {"gb", "gib", "g", "generation"}
_MEMORY = re.compile(r"\b\d+\s?(gb|gib|g)\b")


@dataclass(frozen=True, kw_only=True)
class Drivers:
    """What CUDA version and GPU together ask of the driver.

    Attributes:
        minimum: The oldest driver that runs it; empty if not known.
        exact: The oldest that does without minor-version compatibility; empty if not known.
        within_reach: Whether a driver for this GPU can be as new as ``exact``.
        source: Where that was read.
    """

    minimum: str
    exact: str
    within_reach: bool
    source: str


# --- GPUs -------------------------------------------------------------------------------------


def find_gpu(request: Request, facts: Facts) -> Gpu | None:
    """Return the model that is asked for; brand names and memory sizes may be left out.

    Raises:
        SpecError: It is not in the tables, or its name fits models that differ in compute
            capability, or a name and a compute capability contradict each other.
    """
    gpu = None if request.gpu is None else _named(request.gpu, facts)
    if request.compute_capability is None:
        return gpu
    capability = _checked_capability(request.compute_capability)
    if gpu and gpu.capability != capability:
        raise SpecError(
            f"gpu = {request.gpu!r} and compute capability {capability} contradict each other.",
            why=f"A {gpu.name} has compute capability {gpu.capability}.",
            fix="Leave one of them out.",
        )
    return gpu or _with_capability(capability, facts)


def is_card(request: Request, facts: Facts) -> bool:
    """Whether a request is for one of NVIDIA's cards, as far as it names a GPU; not a Jetson."""
    if request.compute_capability and request.compute_capability.strip() in _TEGRA:
        return False
    if request.gpu is None:
        return True
    return any(gpu.kind != "jetson" for gpu in _matches(request.gpu, facts))


@lru_cache(maxsize=1024)
def _matches(name: str, facts: Facts) -> tuple[Gpu, ...]:
    words = _words(name)
    found = [gpu for gpu in facts.gpus if words and words <= _words(gpu.name)]
    if not found and (words := _words(re.sub(_MEMORY, " ", name.lower())) - _FORMS):
        found = [gpu for gpu in facts.gpus if words <= _words(gpu.name)]
    return tuple([gpu for gpu in found if words == _words(gpu.name)] or found)


def _named(name: str, facts: Facts) -> Gpu:
    found = _matches(name, facts)
    if len({gpu.capability for gpu in found}) != 1:
        raise _unclear(name, found, facts)
    return found[0]


def _checked_capability(text: str) -> str:
    match = re.fullmatch(r"(?:sm_?)?(\d{1,2})\.?(\d)[af]?", text.strip())
    if not match:
        raise SpecError(
            f"{text!r} is not a compute capability.",
            why="It is two numbers with a dot between.",
            fix='Write it as `nvidia-smi --query-gpu=compute_cap` prints it, like "8.6".',
        )
    return f"{match[1]}.{match[2]}"


@lru_cache(maxsize=256)
def _with_capability(capability: str, facts: Facts) -> Gpu:
    """What all GPUs of one compute capability have in common; a new one has nothing known."""
    same = [gpu for gpu in facts.gpus if gpu.capability == capability]
    first = min(same, key=lambda gpu: numbers(gpu.first_driver), default=None)
    return Gpu(
        name=f"GPU of compute capability {capability}",
        capability=capability,
        architecture=first.architecture if first else "unknown architecture",
        kind=first.kind if first and len({gpu.kind for gpu in same}) == 1 else "",
        memory_gib="",
        first_cuda=first.first_cuda if first else "",
        last_cuda=first.last_cuda if first else "",
        first_driver=first.first_driver if first else "",
        last_driver=first.last_driver if first else "",
        source=first.source if first else "no table",
        confidence=first.confidence if first else "unverified",
        notes="",
    )


@lru_cache(maxsize=2048)
def _words(name: str) -> frozenset[str]:
    text = re.sub(r"\b(rtx|gtx|quadro|titan|tesla|geforce)(?=[a-z]?\d)", r"\1 ", name.lower())
    text = re.sub(r"(\d)(ti|super|gib|gb|g)\b", r"\1 \2", text)
    words = set(re.findall(r"[a-z0-9]+", text))
    return frozenset("gb" if word in {"gib", "g"} else word for word in words - _BRANDS)


def _unclear(name: str, found: tuple[Gpu, ...], facts: Facts) -> SpecError:
    if found:
        return SpecError(
            f"gpu = {name!r} fits several GPUs.",
            why="They differ in compute capability.",
            fix=f"Write one of: {', '.join(gpu.name for gpu in found)}.",
        )
    others = tuple(gpu.name for gpu in facts.accelerators.rocm_gpus)
    names = {_plain(known): known for known in (*(gpu.name for gpu in facts.gpus), *others)}
    near = [names[match] for match in get_close_matches(_plain(name), names, n=3, cutoff=0.4)]
    return SpecError(
        f"mlbox knows no GPU {name!r}.",
        why=f"The tables of {facts.as_of} have {len(facts.gpus)} models of NVIDIA's and "
        f"{len(others)} of AMD's, not this one.",
        fix=f"Did you mean {' or '.join(near)}? Or give its compute capability."
        if near
        else "Write it as nvidia-smi prints it, or give its compute capability.",
    )


def _plain(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", name.lower())
    return " ".join(word for word in words if word not in _BRANDS | {"amd", "instinct", "radeon"})


@lru_cache(maxsize=1 << 16)
def code_for(build: Build, gpu: Gpu) -> Code:  # noqa: PLR0911  (one line per rule)
    """Tell what of a build a GPU runs.

    ``"native"``: machine code, which runs on the major compute capability it was made for, from
    its minor one on (CUDA programming guide, "Application compatibility"). ``"ptx"``: PTX that the
    driver compiles when it is loaded. ``"newer"``: the GPU is newer than the build's CUDA, so that
    it can only be PTX. ``"unknown"``: nothing is known of what is in the build.
    """
    have = numbers(gpu.capability)
    if gpu.capability in WITHOUT_WHEELS and build.framework == "torch":
        return "none"
    if build.cuda and gpu.last_cuda and numbers(build.cuda) > numbers(gpu.last_cuda):
        return "none"
    if build.capabilities:
        if any(numbers(c)[0] == have[0] and numbers(c) <= have for c in build.capabilities):
            return "native"
        return "ptx" if any(numbers(code) <= have for code in build.ptx) else "none"
    if build.floor and numbers(build.floor) > have:
        return "none"
    if build.cuda and gpu.first_cuda and numbers(gpu.first_cuda) > numbers(build.cuda):
        return "newer"
    return "native" if build.floor else "unknown"


# --- drivers ----------------------------------------------------------------------------------


def check_driver(driver: str) -> None:
    """Refuse what is not a driver version.

    Raises:
        SpecError: It is not.
    """
    if not re.fullmatch(r"\d{3}(\.\d+){0,2}", driver):
        raise SpecError(
            f"driver = {driver!r} is not a driver version.",
            why="NVIDIA's driver versions are numbers with dots between.",
            fix='Write it as nvidia-smi prints it, like driver = "550.54.14".',
        )


def outlived(driver: str | None, gpu: Gpu | None, platform: str) -> bool:
    """Whether a driver is newer than the last branch that supports a GPU.

    On Windows the releases of a branch go on in the numbers after it: 581 is of R580.
    """
    if not (driver and gpu and gpu.last_driver):
        return False
    branch = int(gpu.last_driver) + (9 if platform.startswith("windows") else 0)
    return numbers(driver)[0] > branch


def reaches(driver: str, minimum: str) -> bool:
    """Whether a driver is new enough; ``"550"`` stands for some release of its branch."""
    return not minimum or numbers(driver) >= numbers(minimum)[: len(numbers(driver))]


def surely_reaches(driver: str, minimum: str) -> bool:
    """Whether a driver is new enough, whichever release of its branch it is."""
    return numbers(driver) >= numbers(minimum)


@lru_cache(maxsize=4096)
def drivers_for(toolkit: str, gpu: Gpu | None, platform: str, facts: Facts) -> Drivers:
    """Return what a CUDA version (on a GPU) asks of the driver.

    Raises:
        SpecError: The tables do not have that CUDA version.
    """
    row = cuda_release(toolkit, facts)
    first = gpu.first_driver if gpu else ""
    exact, family = (
        (_windows_exact(row, facts), row.family_windows_driver)
        if platform.startswith("windows")
        else (row.driver, row.family_driver)
    )
    newest = gpu.last_driver if gpu else ""
    exact = max(exact, first, key=numbers) if exact else ""
    return Drivers(
        minimum=max(family or exact, first, key=numbers),
        exact=exact,
        within_reach=not (newest and exact and numbers(exact)[0] > int(newest)),
        source=row.source,
    )


@lru_cache(maxsize=512)
def cuda_release(version: str, facts: Facts) -> Cuda:
    """Return the release of CUDA; of a minor version, the newest: it asks the most.

    Raises:
        SpecError: The tables do not have it.
    """
    wanted = numbers(version)
    found = [row for row in facts.cudas if numbers(row.version)[: len(wanted)] == wanted]
    if not found:
        known = sorted({".".join(row.version.split(".")[:2]) for row in facts.cudas}, key=numbers)
        near = get_close_matches(version, known, n=1, cutoff=0)
        raise SpecError(
            f"mlbox knows no CUDA {version}.",
            why=f"The tables of {facts.as_of} have no such version; they have {', '.join(known)}.",
            fix=f'Did you mean cuda = "{near[0]}"?',
        )
    return max(found, key=lambda row: numbers(row.version))


def _windows_exact(row: Cuda, facts: Facts) -> str:
    """The Windows driver of a release, or of the newest one before it with one in its series."""
    series = [
        other
        for other in facts.cudas
        if numbers(other.version)[:2] == numbers(row.version)[:2]
        and numbers(other.version) <= numbers(row.version)
        and other.windows_driver
    ]
    newest = max(series, key=lambda other: numbers(other.version), default=None)
    return newest.windows_driver if newest else ""
