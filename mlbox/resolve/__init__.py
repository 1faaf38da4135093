"""Spec + facts -> exact versions. Pure: no files, no network, no clock.

The same spec resolves the same everywhere: a driver or a GPU counts only if the spec names it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlbox.errors import ResolveError
from mlbox.resolve.builds import choose, explain, is_release, requested_cuda, requirement
from mlbox.resolve.gpus import find_gpu, minimum_driver, runs_on
from mlbox.resolve.images import (
    base_reference,
    debian_base,
    describe,
    devel_image,
    made_here,
    through_mirror,
)

if TYPE_CHECKING:
    from mlbox.facts import Facts, Image
    from mlbox.spec import BoxSpec

__all__ = ["Resolution", "debian_base", "made_here", "resolve", "through_mirror"]

# Packages that compile CUDA code are built without isolation (they import the framework), so
# what they declare to be built with is not installed for them.
_BUILD_TOOLS = ("ninja", "packaging", "setuptools", "wheel")
_TORCH_INDEX = "https://download.pytorch.org/whl/"


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The versions chosen, and why.

    Attributes:
        base_image: Reference of the image the box is built on (registry mirror applied).
        devel_image: Reference of the image nvcc comes from, when the box compiles CUDA code.
        python: Python minor version.
        framework: ``"torch"``, ``"tensorflow"``, ``"jax"``, or ``None``.
        version: Exact release of the framework, without local part: ``"2.13.0"``; ``None`` without
            a framework, or where the base image brings one whose release is not known.
        cuda: CUDA minor version the framework was built with, ``"12.8"``; ``None`` for CPU.
        requirements: What to install for the framework, exact: ``("torch==2.13.0+cpu",)``;
            empty without a framework or where the base image brings it. With a ``devel_image``,
            also the tools that compiling needs; the lock chooses their versions.
        index_url: Package index of these requirements; ``None`` for the default index.
        minimum_driver: Oldest NVIDIA driver that runs it, ``"525.60.13"``; ``None`` for CPU.
        capabilities: Compute capabilities to compile CUDA code for; empty if not known.
        reasons: One sentence per decision, in the order they were taken.
    """

    base_image: str
    python: str
    devel_image: str | None = None
    framework: str | None = None
    version: str | None = None
    cuda: str | None = None
    requirements: tuple[str, ...] = ()
    index_url: str | None = None
    minimum_driver: str | None = None
    capabilities: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def resolve(spec: BoxSpec, facts: Facts) -> Resolution:
    """Choose the newest versions that satisfy the spec.

    Raises:
        ResolveError: Nothing in the tables satisfies the spec.
    """
    base = base_reference(spec)
    image = describe(base, facts)
    start = Resolution(
        base_image=through_mirror(base, spec.registry_mirror),
        python=image.python or spec.python,
        reasons=(_base_reason(spec, base), _python_reason(spec, image)),
    )
    spec = replace(spec, python=start.python)
    if image.framework and spec.framework in {None, image.framework}:
        chosen = _with_brought(start, image, spec, facts)
    elif spec.framework:
        chosen = _with_build(start, spec, facts)
    else:
        chosen = _with_cuda_only(start, spec, facts)
    if spec.compiles and not image.has_nvcc:
        return _with_devel(chosen, spec, facts)
    return chosen


def _with_brought(start: Resolution, image: Image, spec: BoxSpec, facts: Facts) -> Resolution:
    """The framework is in the base image already."""
    _check_brought(start.base_image, image, spec)
    driver = minimum_driver(image.cuda_minor, None, facts) if image.cuda_minor else None
    if driver and spec.driver and not runs_on(spec.driver, driver):
        raise ResolveError(
            f"{start.base_image} does not run on driver {spec.driver}.",
            why=f"It brings CUDA {image.cuda_minor}, which needs driver {driver} or newer.",
            fix="Choose an older base image, or install a newer driver.",
        )
    return _decide(
        start,
        f"{image.framework} {image.release or '(release not known)'}: "
        "the base image brings its own build; nothing is installed over it.",
        framework=image.framework,
        version=image.release or None,
        cuda=image.cuda_minor,
        minimum_driver=driver,
    )


def _check_brought(reference: str, image: Image, spec: BoxSpec) -> None:
    wanted = spec.framework_version
    if wanted and image.release and not is_release(image.release, wanted):
        raise ResolveError(
            f"The base image brings {image.framework} {image.release}; the spec asks for {wanted}.",
            why=f"{reference} is built around its own {image.framework}; another one installed "
            "over it would break it.",
            fix=f'Remove {image.framework} = "{wanted}", or set base = "auto".',
        )
    if image.cuda_minor and spec.cuda != "auto" and requested_cuda(spec) != image.cuda_minor:
        raise ResolveError(
            f"The base image brings CUDA {image.cuda_minor}; the spec asks for {spec.cuda}.",
            why=f"The {image.framework} in {reference} was built for its own CUDA version.",
            fix='Set cuda = "auto", or choose another base.',
        )


def _with_build(start: Resolution, spec: BoxSpec, facts: Facts) -> Resolution:
    build = choose(spec, facts)
    gpu = find_gpu(spec, facts)
    driver = minimum_driver(build.cuda, gpu, facts) if build.cuda else None
    return _decide(
        start,
        *explain(build, spec, facts),
        framework=build.framework,
        version=build.release,
        cuda=build.cuda,
        requirements=(requirement(build),),
        index_url=_TORCH_INDEX + build.tag if build.framework == "torch" else None,
        minimum_driver=driver,
        capabilities=(gpu.capability,) if gpu else build.capabilities,
    )


def _with_cuda_only(start: Resolution, spec: BoxSpec, facts: Facts) -> Resolution:
    """Without a framework, CUDA matters only if the spec names a version."""
    cuda = None if spec.cuda == "auto" else requested_cuda(spec)
    if cuda is None:
        return _decide(start, "No framework: the box has only the packages that the spec lists.")
    gpu = find_gpu(spec, facts)
    return _decide(
        start,
        f"CUDA {cuda}: as the spec says; its libraries are up to the packages.",
        cuda=cuda,
        minimum_driver=minimum_driver(cuda, gpu, facts),
        capabilities=(gpu.capability,) if gpu else (),
    )


def _with_devel(chosen: Resolution, spec: BoxSpec, facts: Facts) -> Resolution:
    """Add the image that nvcc comes from."""
    if chosen.cuda is None:
        raise ResolveError(
            "compiles = true needs a CUDA version.",
            why="It adds NVIDIA's compiler, and this box is made for the CPU.",
            fix='Set cuda (like "12.8", or "auto" with a framework), or compiles = false.',
        )
    image = devel_image(chosen.cuda, facts)
    brought = chosen.framework is not None and not chosen.requirements
    note = "; its publisher may delete this old tag" if image.status == "may be deleted" else ""
    return _decide(
        chosen,
        f"nvcc from {image.reference}: the CUDA version the framework was built with{note}.",
        devel_image=through_mirror(image.reference, spec.registry_mirror),
        requirements=() if brought else (*chosen.requirements, *_BUILD_TOOLS),
    )


def _decide(before: Resolution, *reasons: str, **values: object) -> Resolution:
    """Add decisions and their reasons; a minimum driver explains itself."""
    after = replace(before, **values)  # type: ignore[arg-type]  # the callers name fields
    if after.minimum_driver and not before.minimum_driver:
        needs = f"Driver {after.minimum_driver} or newer: what CUDA {after.cuda} needs."
        reasons = (*reasons, needs)
    return replace(after, reasons=(*before.reasons, *reasons))


def _base_reason(spec: BoxSpec, base: str) -> str:
    if spec.base == "auto":
        return f"Base {base}: small; frameworks bring their CUDA libraries as wheels."
    if spec.base == "debian":
        return f'Base {base}: made from Debian\'s packages, as base = "debian" asks.'
    return f"Base {base}: as the spec says."


def _python_reason(spec: BoxSpec, image: Image) -> str:
    if image.python in {"", spec.python}:
        return f"Python {spec.python}: as the spec says."
    return f"Python {image.python}: the one in the base image, instead of {spec.python}."
