"""Pieces of an answer that every kind of question shares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlbox.findings import Finding
from mlbox.resolve.builds import PREFERRED_PYTHON, python_minor
from mlbox.resolve.images import base_reference, devel_image, through_mirror
from mlbox.resolve.resolution import Resolution

if TYPE_CHECKING:
    from mlbox.facts import Facts
    from mlbox.resolve.request import Request
    from mlbox.resolve.targets import Drivers

# Packages that compile CUDA code are built without isolation (they import the framework), so
# what they declare to be built with is not installed for them.
_BUILD_TOOLS = ("ninja", "packaging", "setuptools", "wheel")


def refused(
    request: Request,
    what: str,
    why: str,
    facts: Facts,
    *also: str,
    **more: Any,  # noqa: ANN401
) -> Resolution:
    """Return the answer to an impossible request: what was asked, and why it cannot be.

    Args:
        request: The request.
        what: What is impossible.
        why: Why it is.
        facts: The tables.
        also: Further reasons.
        more: Further fields of the answer.
    """
    python = more.pop("python", None) or python_minor(request.python) or PREFERRED_PYTHON
    known = request.base != "debian" or request.python in {"3.11", "3.13"}
    base = base_reference(request.base, python) if known else request.base
    return Resolution(
        verdict="impossible",
        what=what,
        framework=request.framework,
        version=request.version,
        python=python,
        platform=request.platform,
        base_image=through_mirror(base, request.registry_mirror),
        reasons=(why, *also),
        as_of=facts.as_of,
        **more,
    )


def base_reason(request: Request, base: str, *, cuda: bool = True, brings_cuda: bool = True) -> str:
    """Say why this base image."""
    if request.base == "auto" and not cuda:
        return f"Base {base}: slim; there is nothing of CUDA in it, and a driver is not needed."
    if request.base == "auto" and not brings_cuda:
        return f"Base {base}: slim; there is nothing of CUDA in it, and none in the wheels."
    if request.base == "auto":
        return (
            f"Base {base}: slim; the wheels bring their own CUDA libraries and need only the "
            "host's driver. On nvidia/cuda these libraries would be there twice: about 3.9 GB more "
            "(source: the unpacked wheels of torch 2.9.1+cu128, an estimate)."
        )
    if request.base == "debian":
        return f'Base {base}: made from Debian\'s packages, as base = "debian" asks.'
    return f"Base {base}: as asked."


def why_driver(need: Drivers, cuda: str | None, request: Request, *, minor: bool) -> str:
    """Say which driver it takes, and what that means for the one that was named."""
    newer = f"{need.exact} or newer for all of it" if need.exact else "for all of it: not known"
    family = (
        f" On driver {request.driver} it works through minor-version compatibility: compiling "
        "newer PTX, and features that need a newer driver, will not work."
        if minor
        else ""
    )
    return (
        f"Driver {need.minimum} or newer: what CUDA {cuda} needs; {newer} "
        f"(source: {need.source}).{family}"
    )


def _without(request: Request) -> Finding:
    return Finding(
        code="no-compiler",
        severity="error",
        what=f"cuda = {request.cuda!r} has no image with nvcc.",
        fix='Set cuda to another version (like "12.8"), or compiles = false.',
    )


def with_devel(answer: Resolution, request: Request, facts: Facts) -> Resolution:
    """Add the image that nvcc comes from."""
    if answer.cuda is None:
        return refused(
            request,
            "compiles = true needs a CUDA version.",
            "It adds NVIDIA's compiler, and this box is made for the CPU.",
            facts,
            python=answer.python,
            findings=(_without(request),),
        )
    image = devel_image(answer.cuda, facts)
    if image is None:
        return refused(
            request,
            f"There is no image with nvcc for CUDA {answer.cuda}.",
            f"The tables of {facts.as_of} have no nvidia/cuda devel image of that version on "
            "Ubuntu 22.04 or older.",
            facts,
            python=answer.python,
            findings=(_without(request),),
        )
    note = "; its publisher may delete this old tag" if image.status == "may be deleted" else ""
    reason = (
        f"nvcc from {image.reference}: the CUDA version the framework was built with, in a build "
        f"stage only; the image that runs stays slim{note} (source: {image.source}; "
        f"{image.confidence})."
    )
    brought = answer.framework is not None and not answer.requirements
    return replace(
        answer,
        devel_image=through_mirror(image.reference, request.registry_mirror),
        requirements=() if brought else (*answer.requirements, *_BUILD_TOOLS),
        reasons=(*answer.reasons, reason),
    )
