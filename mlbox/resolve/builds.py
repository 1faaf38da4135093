"""Choosing one build of a framework for a target: what each build is worth, and which is best."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from mlbox.errors import SpecError
from mlbox.facts import numbers
from mlbox.resolve.images import devel_image
from mlbox.resolve.targets import (
    check_driver,
    code_for,
    drivers_for,
    find_gpu,
    outlived,
    reaches,
    surely_reaches,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlbox.facts import Build, Facts, Gpu
    from mlbox.resolve.request import Request
    from mlbox.resolve.targets import Code

PREFERRED_PYTHON = "3.12"
_TURING = "7.5"
_TRITON_WITHOUT_TURING = (2, 7)  # torch 2.7 brings triton 3.3

_FAMILY = ("torchvision", "torchaudio")
_AFTER_TORCHTEXT = (2, 4)  # it ended at 0.18.0, which goes with torch 2.3
_TORCHVISION_WITHOUT_3141 = (2, 11)  # torchvision 0.26 and newer exclude exactly Python 3.14.1
# what releases of xformers ask for exactly (their metadata); 0.0.35 asks for torch>=2.10
_XFORMERS = {"0.0.28.post3": "2.5.1", "0.0.29.post3": "2.6.0", "0.0.34": "2.10.0"}

Caveat = Literal["minor-version", "branch", "no-exact", "jit", "triton", "companion"]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request about a framework, its parts understood.

    Attributes:
        request: The request.
        framework: The framework asked for.
        tag: The wheel tag asked for; ``"auto"`` for any with CUDA.
        python: Python minor version asked for; ``None`` for any.
        gpu: The GPU, unless the build is for the CPU.
        driver: The driver, unless the build is for the CPU.
    """

    request: Request
    framework: str
    tag: str
    python: str | None
    gpu: Gpu | None
    driver: str | None


def understand(request: Request, facts: Facts) -> Ask:
    """Return the parts of a request about a framework.

    Raises:
        SpecError: A part is malformed, or two parts contradict each other.
    """
    for_cpu = request.cuda == "cpu" or request.accelerator == "cpu"
    gpu = find_gpu(request, facts)
    if request.driver is not None:
        check_driver(request.driver)
    return Ask(
        request=request,
        framework=request.framework or "",
        tag="cpu" if for_cpu else wheel_tag(request.cuda, request.framework or ""),
        python=python_minor(request.python),
        gpu=None if for_cpu else gpu,
        driver=None if for_cpu else request.driver,
    )


def wheel_tag(cuda: str, framework: str) -> str:
    """Return the tag of ``"12.8"`` or ``"cu128"``: ``"cu128"``, or jax's ``"cuda12"``."""
    if framework == "jax":
        major = re.fullmatch(r"(?:cu|cuda)?(1[0-9])\.?\d?", cuda)
        return f"cuda{major[1]}" if major else cuda
    version = re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)?", cuda)
    return f"cu{version[1]}{version[2]}" if version else cuda


def python_minor(python: str | None) -> str | None:
    """Return ``"3.12"`` for ``"3.12.4"``.

    Raises:
        SpecError: It is not a Python version.
    """
    if python is None:
        return None
    match = re.fullmatch(r"(3\.\d{1,2})(\.\d+)?", python)
    if not match:
        raise SpecError(
            f"python = {python!r} is not a Python version.",
            why="Base images and wheels are chosen by minor version.",
            fix='Write it like python = "3.12".',
        )
    return match[1]


# --- what a build is worth ----------------------------------------------------------------------


def is_release(release: str, wanted: str) -> bool:
    """Whether a release is the wanted one, or begins with it: ``2.13.0`` with ``2.13``."""
    return f"{release}.".startswith(f"{wanted}.")


def is_cuda(build: Build) -> bool:
    """Whether a build is for NVIDIA's GPUs."""
    return build.toolkit is not None


def code_of(build: Build, ask: Ask) -> Code:
    """Tell what of a build the asked GPU runs."""
    return "native" if ask.gpu is None or not is_cuda(build) else code_for(build, ask.gpu)


def runs(build: Build, ask: Ask, facts: Facts) -> bool:
    """Whether the asked driver runs a build at all."""
    if build.toolkit is None or ask.driver is None:
        return True
    if outlived(ask.driver, ask.gpu, build.platform):
        return False
    need = drivers_for(build.toolkit, ask.gpu, build.platform, facts)
    if code_of(build, ask) == "ptx" and not reaches(ask.driver, need.exact):
        return False  # an older driver does not compile newer PTX (CUDA error 222)
    return reaches(ask.driver, need.minimum)


def caveats(build: Build, ask: Ask, facts: Facts) -> tuple[Caveat, ...]:
    """Return what stands between a build that works and "ok"."""
    if build.toolkit is None:
        return _companion_caveats(build, ask)
    code: tuple[Caveat, ...] = ("jit",) if code_of(build, ask) in {"ptx", "newer"} else ()
    return (
        *_driver_caveats(build, ask, facts),
        *code,
        *_triton_caveats(build, ask),
        *_companion_caveats(build, ask),
    )


def needs_cuda_base(build: Build) -> bool:
    """Whether the wheel brings no CUDA libraries: TensorFlow's before its extra ``and-cuda``."""
    return build.framework == "tensorflow" and is_cuda(build) and numbers(build.release) < (2, 14)


def _driver_caveats(build: Build, ask: Ask, facts: Facts) -> tuple[Caveat, ...]:
    need = drivers_for(build.toolkit or "", ask.gpu, build.platform, facts)
    if not need.within_reach:
        return ("minor-version",)
    if ask.driver is None:
        return ()
    if not need.exact:
        return ("no-exact",)
    if surely_reaches(ask.driver, need.exact):
        return ()
    return ("branch",) if reaches(ask.driver, need.exact) else ("minor-version",)


def _triton_caveats(build: Build, ask: Ask) -> tuple[Caveat, ...]:
    turing = ask.gpu is not None and ask.gpu.capability == _TURING
    new = build.framework == "torch" and numbers(build.release) >= _TRITON_WITHOUT_TURING
    return ("triton",) if turing and new and build.platform.startswith("linux") else ()


def _companion_caveats(build: Build, ask: Ask) -> tuple[Caveat, ...]:
    return ("companion",) if unpaired(build, ask) else ()


@lru_cache(maxsize=512)
def named_packages(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in requirements, as indexes write them."""
    names = (re.match(r"[A-Za-z0-9][\w.-]*", package) for package in packages)
    return tuple(re.sub(r"[-_.]+", "-", name[0]).lower() for name in names if name)


@lru_cache(maxsize=512)
def xformers_for(packages: tuple[str, ...]) -> str | None:
    """Return the release of torch that a pinned xformers is pinned to itself, as far as known."""
    pins = (re.fullmatch(r"xformers\s*==\s*([\w.]+)", package) for package in packages)
    return next((_XFORMERS[pin[1]] for pin in pins if pin and pin[1] in _XFORMERS), None)


def unpaired(build: Build, ask: Ask) -> tuple[str, ...]:
    """Return the asked packages of torch's family that have no release for this one of torch."""
    if build.framework != "torch" or not (ask.request.packages or ask.request.python):
        return ()
    release, asked = numbers(build.release), named_packages(ask.request.packages)
    lacking = [name for name in asked if name in _FAMILY and name not in build.companions]
    if "torchtext" in asked and release >= _AFTER_TORCHTEXT:
        lacking.append("torchtext")
    if xformers_for(ask.request.packages) not in {None, build.release}:
        lacking.append("xformers")
    if ask.request.python == "3.14.1" and release >= _TORCHVISION_WITHOUT_3141:
        lacking.append("torchvision")
    return tuple(dict.fromkeys(lacking))


def python_for(build: Build, ask: Ask) -> str:
    """Return the Python to use: the asked one, else 3.12, else the newest before, else the next."""
    if ask.python:
        return ask.python
    if PREFERRED_PYTHON in build.pythons:
        return PREFERRED_PYTHON
    older = [p for p in build.pythons if numbers(p) < numbers(PREFERRED_PYTHON)]
    return max(older, key=numbers) if older else min(build.pythons, key=numbers)


# --- which is best --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best build, or the first condition that none of those left meets.

    Attributes:
        build: The build; ``None`` if there is none.
        unmet: Name of the condition that ``left`` did not meet; empty with a build.
        left: The builds that met all conditions before.
    """

    build: Build | None = None
    unmet: str = ""
    left: tuple[Build, ...] = ()


def choose(ask: Ask, facts: Facts) -> Choice:
    """Return the newest build that meets every condition.

    Of one release: "ok" before "warn", then the build the package index gives by default, then
    the newest CUDA.
    """
    builds = facts.builds_by.get((ask.framework, ask.request.platform), ())
    meets = conditions(ask, facts)
    checks = tuple(meets.values())
    fitting: list[Build] = []
    for build in reversed(builds):
        if fitting and build.release != fitting[0].release:
            break
        for check in checks:  # not all(...): this is where resolving spends its time
            if not check(build):
                break
        else:
            fitting.append(build)
    if not fitting:
        return _unmet(builds, meets)
    return Choice(build=max(fitting, key=lambda build: preference(build, ask, facts)))


def _unmet(builds: tuple[Build, ...], meets: Mapping[str, Callable[[Build], bool]]) -> Choice:
    left = builds
    for name, condition in meets.items():
        meeting = tuple(build for build in left if condition(build))
        if not meeting:
            return Choice(unmet=name, left=left)
        left = meeting
    raise AssertionError(meets)  # choose() would have found them


def preference(
    build: Build, ask: Ask, facts: Facts
) -> tuple[tuple[int, ...], bool, bool, bool, tuple[int, ...]]:
    """Return what to compare builds by; the greatest is the best."""
    fine = not caveats(build, ask, facts)
    compiles = ask.request.compiles and devel_image(build.cuda or "", facts) is not None
    return numbers(build.release), compiles, fine, build.default, numbers(build.cuda or "0")


def conditions(ask: Ask, facts: Facts) -> Mapping[str, Callable[[Build], bool]]:
    """Return what a build must meet, by name, in the order that makes the clearest error."""
    fits = release_condition(ask, facts)
    return {
        "release": fits,
        "cuda": tag_condition(ask, facts),
        "seen": lambda build: build.confidence != "unverified",
        "python": lambda build: ask.python is None or ask.python in build.pythons,
        "gpu": lambda build: code_of(build, ask) != "none",
        "driver": lambda build: runs(build, ask, facts),
    }


def release_condition(ask: Ask, facts: Facts) -> Callable[[Build], bool]:
    """Whether it is exactly the release asked for; if there is none such, one that begins so.

    A pre-release has to be asked for exactly.
    """
    wanted = ask.request.version
    if wanted is None:
        return lambda build: build.is_final
    if wanted in _releases(ask.framework, facts):
        return lambda build: build.release == wanted
    return lambda build: build.is_final and is_release(build.release, wanted)


def tag_condition(ask: Ask, facts: Facts) -> Callable[[Build], bool]:
    """Whether it is the variant asked for: if none is named, one with CUDA.

    Where a release has none with CUDA for the platform, and nothing asks for a GPU, the build for
    the CPU will do.
    """
    if ask.tag != "auto":
        return lambda build: build.tag == ask.tag
    request = ask.request
    if ask.gpu or ask.driver or request.compiles or request.accelerator == "cuda":
        return is_cuda
    alone = facts.only_for_cpu
    return lambda build: is_cuda(build) or (build.framework, build.platform, build.release) in alone


@lru_cache(maxsize=16)
def _releases(framework: str, facts: Facts) -> frozenset[str]:
    return frozenset(build.release for build in facts.builds if build.framework == framework)


@lru_cache(maxsize=16)
def releases_of(framework: str, facts: Facts) -> tuple[str, ...]:
    """Return the final releases of a framework that the tables have, oldest first."""
    found = {b.release for b in facts.builds if b.framework == framework and b.is_final}
    return tuple(sorted(found, key=numbers))


@lru_cache(maxsize=16)
def tags_of(framework: str, facts: Facts) -> tuple[str, ...]:
    """Return the CUDA wheel tags that a framework has had, oldest first."""
    tags = {
        build.tag: numbers(build.cuda)
        for build in facts.builds
        if build.framework == framework and build.cuda and build.confidence != "unverified"
    }
    return tuple(sorted(tags, key=lambda tag: tags[tag]))


def requirement(build: Build) -> str:
    """Return what to install for a build, exact."""
    match build.framework, build.toolkit:
        case "torch", _:
            return f"torch=={build.release}+{build.tag}"
        case "jax", str():
            return f"jax[{build.tag}]=={build.release}"
        case "tensorflow", str():
            extra = "" if needs_cuda_base(build) else "[and-cuda]"
            return f"tensorflow{extra}=={build.release}"
        case "tensorflow", None if build.platform == "linux/amd64":
            return f"tensorflow-cpu=={build.release}"
        case framework, _:
            return f"{framework}=={build.release}"
