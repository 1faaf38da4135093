"""A framework that is installed from wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.resolve.answers import base_reason, refused, with_devel
from mlbox.resolve.builds import (
    caveats,
    choose,
    is_cuda,
    needs_cuda_base,
    python_for,
    requirement,
    understand,
)
from mlbox.resolve.companions import companions, cudnn_pin, findings
from mlbox.resolve.explain import explain, source_of, why_none
from mlbox.resolve.images import base_reference, through_mirror
from mlbox.resolve.nearest import nearest
from mlbox.resolve.resolution import Resolution
from mlbox.resolve.targets import drivers_for

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
        more = source_of(choice)
        return refused(request, what, why, facts, *more, nearest=nearest(ask, facts))
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
        reasons=(
            *explain(build, python, ask, facts),
            base_reason(request, base, cuda=is_cuda(build), brings_cuda=not needs_cuda_base(build)),
        ),
        findings=findings(build, ask, facts),
        default_build=build.default,
        as_of=facts.as_of,
    )


def _headline(build: Build, python: str) -> str:
    device = f"CUDA {build.cuda} ({build.tag})" if build.cuda else "the CPU"
    return f"{build.framework} {build.release} for {device} on Python {python}."
