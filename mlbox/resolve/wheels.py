"""A framework that is installed from wheels, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.resolve.answers import base_reason, refused, with_devel
from mlbox.resolve.builds import (
    PREFERRED_PYTHON,
    caveats,
    choose,
    is_cuda,
    python_for,
    python_minor,
    requirement,
    understand,
    wheel_tag,
)
from mlbox.resolve.explain import companions, cudnn_pin, explain, findings, why_none
from mlbox.resolve.images import base_reference, through_mirror
from mlbox.resolve.nearest import nearest
from mlbox.resolve.resolution import Nearest, Resolution
from mlbox.resolve.targets import check_driver, drivers_for, find_gpu, outlived, reaches

if TYPE_CHECKING:
    from mlbox.facts import Build, Facts
    from mlbox.resolve.builds import Ask
    from mlbox.resolve.request import Request

_TORCH_INDEX = "https://download.pytorch.org/whl/"


def with_wheels(request: Request, facts: Facts) -> Resolution:
    """Choose a build of a framework, and answer with it; or why there is none."""
    ask = understand(request, facts)
    choice = choose(ask, facts)
    if choice.build is None:
        what, why = why_none(choice, ask, facts)
        return refused(request, what, why, facts, nearest=nearest(ask, facts))
    answer = _with_build(choice.build, ask, facts)
    brings_nvcc = request.base not in {"auto", "debian"} and "devel" in request.base
    return with_devel(answer, request, facts) if request.compiles and not brings_nvcc else answer


def _with_build(build: Build, ask: Ask, facts: Facts) -> Resolution:
    request, python = ask.request, python_for(build, ask)
    base = base_reference(request.base, python)
    need = drivers_for(build.toolkit, ask.gpu, build.platform, facts) if build.toolkit else None
    return Resolution(
        verdict="warn" if caveats(build, ask, facts) else "ok",
        what=_headline(build, python),
        framework=build.framework,
        version=build.release,
        cuda_tag=build.tag,
        cuda=build.cuda,
        python=python,
        platform=build.platform,
        index_url=_TORCH_INDEX + build.tag if build.framework == "torch" else None,
        requirements=(requirement(build), *cudnn_pin(build, ask)),
        base_image=through_mirror(base, request.registry_mirror),
        min_driver=need.minimum or None if need else None,
        exact_driver=need.exact or None if need else None,
        capabilities=(ask.gpu.capability,) if ask.gpu else build.capabilities,
        companions=companions(build, ask),
        accelerator="cuda" if is_cuda(build) else "cpu",
        docker_flags=("--gpus", "all") if is_cuda(build) else (),
        reasons=(*explain(build, python, ask, facts), base_reason(request, base)),
        findings=findings(build, ask),
        default_build=build.default,
        as_of=facts.as_of,
    )


def _headline(build: Build, python: str) -> str:
    device = f"CUDA {build.cuda} ({build.tag})" if build.cuda else "the CPU"
    return f"{build.framework} {build.release} for {device} on Python {python}."


# --- no framework -----------------------------------------------------------------------------


def with_cuda_only(request: Request, facts: Facts) -> Resolution:
    """Without a framework, CUDA matters only if it is named."""
    python = python_minor(request.python) or PREFERRED_PYTHON
    base = base_reference(request.base, python)
    asked = None if request.cuda in {"auto", "cpu"} else _dotted(request.cuda)
    gpu = find_gpu(request, facts)
    if request.driver:
        check_driver(request.driver)
    known = sorted({_minor(row.version) for row in facts.cudas}, key=numbers)
    if asked and asked not in known:
        return _no_cuda(asked, known, request, facts)
    need = drivers_for(asked, gpu, request.platform, facts) if asked else None
    driver = request.driver
    if (
        need
        and driver
        and (outlived(driver, gpu, request.platform) or not reaches(driver, need.minimum))
    ):
        what = f"CUDA {asked} does not run on driver {driver}."
        return refused(request, what, f"It needs driver {need.minimum} or newer.", facts)
    libraries = (
        f"CUDA {asked}: as asked; its libraries are up to the packages. Driver {need.minimum} or "
        f"newer runs it (source: {need.source})."
        if need
        else "No framework: the box has only the packages that are listed."
    )
    answer = Resolution(
        verdict="ok",
        what=f"Python {python}" + (f" with CUDA {asked}." if asked else "."),
        python=python,
        platform=request.platform,
        cuda=asked,
        cuda_tag=wheel_tag(asked, "") if asked else None,
        base_image=through_mirror(base, request.registry_mirror),
        min_driver=need.minimum if need else None,
        exact_driver=need.exact or None if need else None,
        capabilities=(gpu.capability,) if gpu and asked else (),
        reasons=(base_reason(request, base), f"Python {python}: as asked.", libraries),
        as_of=facts.as_of,
    )
    return with_devel(answer, request, facts) if request.compiles else answer


def _no_cuda(asked: str, known: list[str], request: Request, facts: Facts) -> Resolution:
    wanted = numbers(asked)
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


def _far(version: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(abs(have - want) for have, want in zip(version, wanted, strict=False))


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _dotted(cuda: str) -> str:
    """``"12.8"`` for ``"cu128"``."""
    return f"{cuda[2:-1]}.{cuda[-1]}" if cuda.startswith("cu") else cuda
