"""A box without a framework: CUDA matters only if it is named, or in the base image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.resolve.answers import base_reason, refused, why_driver, with_devel
from mlbox.resolve.builds import PREFERRED_PYTHON, python_minor, wheel_tag
from mlbox.resolve.images import base_reference, through_mirror
from mlbox.resolve.resolution import Nearest, Resolution
from mlbox.resolve.targets import (
    check_driver,
    drivers_for,
    find_gpu,
    outlived,
    reaches,
    surely_reaches,
)

if TYPE_CHECKING:
    from mlbox.facts import Facts, Gpu
    from mlbox.resolve.request import Request
    from mlbox.resolve.targets import Drivers


def without_framework(request: Request, facts: Facts, *, why_python: str = "") -> Resolution:
    """Answer for Python and, if it is named, CUDA."""
    answer = _answer(request, facts)
    if answer.verdict == "impossible":
        return answer
    why = why_python or ("as asked" if request.python else "nothing asks for another")
    return replace(answer, reasons=(f"Python {answer.python}: {why}.", *answer.reasons))


def _answer(request: Request, facts: Facts) -> Resolution:
    if request.driver:
        check_driver(request.driver)
    gpu = find_gpu(request, facts)
    cuda = None if request.cuda in {"auto", "cpu"} else _dotted(request.cuda)
    if cuda is None:
        return _with_cuda(None, None, gpu, request, facts)
    if cuda not in _known(facts):
        return _no_cuda(cuda, request, facts)
    exact = any(row.version == request.cuda for row in facts.cudas)
    need = drivers_for(request.cuda if exact else cuda, gpu, request.platform, facts)
    if not _runs(request, need, gpu):
        what = f"CUDA {cuda} does not run on driver {request.driver}."
        return refused(request, what, f"It needs driver {need.minimum} or newer.", facts)
    return _with_cuda(cuda, need, gpu, request, facts)


def _runs(request: Request, need: Drivers, gpu: Gpu | None) -> bool:
    driver = request.driver
    if driver is None:
        return True
    return reaches(driver, need.minimum) and not outlived(driver, gpu, request.platform)


def _with_cuda(
    cuda: str | None, need: Drivers | None, gpu: Gpu | None, request: Request, facts: Facts
) -> Resolution:
    python = python_minor(request.python) or PREFERRED_PYTHON
    base = base_reference(request.base, python)
    minor = bool(need and request.driver and not surely_reaches(request.driver, need.exact))
    libraries = (
        (
            f"CUDA {cuda}: as asked; its libraries are up to the packages and the base image.",
            why_driver(need, cuda, request, minor=minor),
        )
        if need
        else ("No framework: the box has only the packages that are listed.",)
    )
    answer = Resolution(
        verdict="warn" if minor else "ok",
        what=f"Python {python}" + (f" with CUDA {cuda}." if cuda else "."),
        python=python,
        platform=request.platform,
        cuda=cuda,
        cuda_tag=wheel_tag(cuda, "") if cuda else None,
        base_image=through_mirror(base, request.registry_mirror),
        min_driver=need.minimum if need else None,
        exact_driver=need.exact or None if need else None,
        capabilities=(gpu.capability,) if gpu and cuda else (),
        reasons=(base_reason(request, base), *libraries),
        as_of=facts.as_of,
    )
    return with_devel(answer, request, facts) if request.compiles else answer


def _no_cuda(asked: str, request: Request, facts: Facts) -> Resolution:
    known, wanted = _known(facts), numbers(asked)
    near = min(known, key=lambda version: _far(numbers(version), wanted))
    return refused(
        request,
        f"mlbox knows no CUDA {asked}.",
        f"The tables of {facts.as_of} have {', '.join(known)}.",
        facts,
        nearest=(
            Nearest(
                version=None,
                cuda_tag=wheel_tag(near, ""),
                python=python_minor(request.python) or PREFERRED_PYTHON,
                changes={"cuda": near},
                verdict="ok",
                what=f"cuda {near} instead of {request.cuda}.",
            ),
        ),
    )


def _known(facts: Facts) -> list[str]:
    return sorted({".".join(row.version.split(".")[:2]) for row in facts.cudas}, key=numbers)


def _far(version: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(abs(have - want) for have, want in zip(version, wanted, strict=False))


def _dotted(cuda: str) -> str:
    """``"12.8"`` for ``"cu128"`` and ``"12.8.1"``."""
    if cuda.startswith("cu"):
        return f"{cuda[2:-1]}.{cuda[-1]}"
    return ".".join(cuda.split(".")[:2])
