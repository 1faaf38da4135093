"""Choosing one build of a framework, and explaining the choice or why there is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.errors import ResolveError
from mlbox.resolve.gpus import find_gpu, has_code, minimum_driver, numbers, runs_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlbox.facts import Build, Facts
    from mlbox.spec import BoxSpec


def choose(spec: BoxSpec, facts: Facts) -> Build:
    """Return the newest build that meets every condition of the spec.

    Of one release, the build its publisher gives by default comes first, then the newest CUDA.

    Raises:
        ResolveError: None does; it names the first condition that none meets, and the nearest
            build that can be had.
    """
    left = _known(spec, facts)
    for name, meets in _conditions(spec, facts).items():
        meeting = [build for build in left if meets(build)]
        if not meeting:
            raise _impossible(name, left, spec, facts)
        left = meeting
    return max(left, key=_preference)


def requirement(build: Build) -> str:
    """Return what to install for a build, exact."""
    match build.framework, build.cuda:
        case "torch", _:
            return f"torch=={build.release}+{build.tag}"
        case "jax", str():
            return f"jax[{build.tag}]=={build.release}"
        case "tensorflow", str():
            return f"tensorflow[and-cuda]=={build.release}"
        case "tensorflow", None:
            return f"tensorflow-cpu=={build.release}"
        case framework, _:
            return f"{framework}=={build.release}"


def is_release(release: str, wanted: str) -> bool:
    """Whether a release is the wanted one, or begins with it: ``2.13.0`` with ``2.13``."""
    return f"{release}.".startswith(f"{wanted}.")


def requested_cuda(spec: BoxSpec) -> str | None:
    """Return ``"12.8"`` for ``"12.8"`` and ``"cu128"``; ``None`` for ``"cpu"``."""
    return None if spec.cuda == "cpu" else re.sub(r"^cu(\d+)(\d)$", r"\1.\2", spec.cuda)


def explain(build: Build, spec: BoxSpec, facts: Facts) -> tuple[str, ...]:
    """Return a sentence each on why this release and this build of it."""
    exact = build.release == spec.framework_version
    newest = f'the newest that fits "{spec.framework_version}"'
    release = f"{_name(build)}: {'as the spec says' if exact else newest}."
    return (release, *_passed_over(build, spec, facts), _why_tag(build, spec))


def _why_tag(build: Build, spec: BoxSpec) -> str:
    if build.cuda is None:
        return "CPU only: as the spec says."
    name = f"CUDA {build.cuda} ({build.tag})"
    if build.tag == f"cuda{build.cuda.partition('.')[0]}":
        name = f"{name}, which serves its whole major version"
    if spec.cuda != "auto":
        return f"{name}: as the spec says."
    if build.default:
        return f"{name}: the build that {build.framework}'s publisher gives by default."
    target = " and ".join(
        [
            *([f"a {spec.gpu}"] if spec.gpu else []),
            *([f"driver {spec.driver}"] if spec.driver else []),
        ]
    )
    return f"{name}: the newest{f' that runs on {target}' if target else ''}."


def _passed_over(build: Build, spec: BoxSpec, facts: Facts) -> tuple[str, ...]:
    """Say why a newer release that fits the spec's prefix was not chosen."""
    fits = _release_condition(spec, facts)
    newer = [
        other
        for other in _known(spec, facts)
        if other.platform == spec.platform
        and fits(other)
        and numbers(other.release) > numbers(build.release)
    ]
    if not newer:
        return ()
    newest = max(newer, key=_preference)
    why = _first_unmet([b for b in newer if b.release == newest.release], spec, facts)
    reasons = {
        "python": f"no wheel for Python {spec.python}",
        "cuda": f"no build for CUDA {requested_cuda(spec)}",
        "gpu": f"no build with code for a {spec.gpu}",
        "driver": f"no build that runs on driver {spec.driver}",
    }
    return (f"Not {_name(newest)}: it has {reasons[why]}.",)


def _first_unmet(builds: Sequence[Build], spec: BoxSpec, facts: Facts) -> str:
    for name, meets in _conditions(spec, facts).items():
        builds = [build for build in builds if meets(build)]
        if not builds:
            return name
    raise AssertionError(spec)  # choose() would have taken one of them


def _known(spec: BoxSpec, facts: Facts) -> list[Build]:
    return [
        build
        for build in facts.builds
        if build.framework == spec.framework and build.confidence != "unverified"
    ]


def _preference(build: Build) -> tuple[tuple[int, ...], bool, tuple[int, ...]]:
    return numbers(build.release), build.default, numbers(build.cuda or "0")


def _conditions(spec: BoxSpec, facts: Facts) -> Mapping[str, Callable[[Build], bool]]:
    """Return what a build must meet, by name, in the order that makes the clearest error."""
    gpu = find_gpu(spec, facts)
    return {
        "platform": lambda build: build.platform == spec.platform,
        "release": _release_condition(spec, facts),
        "python": lambda build: spec.python in build.pythons,
        "cuda": lambda build: _has_cuda(build, spec),
        "gpu": lambda build: gpu is None or build.cuda is None or has_code(build, gpu),
        "driver": lambda build: (
            spec.driver is None
            or build.cuda is None
            or runs_on(spec.driver, minimum_driver(build.cuda, gpu, facts))
        ),
    }


def _release_condition(spec: BoxSpec, facts: Facts) -> Callable[[Build], bool]:
    """Whether it is exactly the release asked for; if there is none such, one that begins so."""
    wanted = spec.framework_version or ""
    if any(build.release == wanted for build in _known(spec, facts)):
        return lambda build: build.release == wanted
    return lambda build: is_release(build.release, wanted)


def _has_cuda(build: Build, spec: BoxSpec) -> bool:
    if spec.cuda == "auto":
        return build.cuda is not None
    wanted = requested_cuda(spec)
    if wanted is None or build.cuda is None:
        return wanted == build.cuda
    if build.tag == f"cuda{wanted.partition('.')[0]}":  # one build for a whole major version
        return numbers(wanted) >= numbers(build.cuda)
    return wanted == build.cuda


# --- when there is none -----------------------------------------------------------------------


def _impossible(unmet: str, left: Sequence[Build], spec: BoxSpec, facts: Facts) -> ResolveError:
    """Tell which condition none of the builds that are left meets."""
    asked = f"{spec.framework} {spec.framework_version}"
    what = {
        "platform": f"mlbox knows no {spec.framework} for {spec.platform}.",
        "release": f"mlbox knows no {asked} for {spec.platform}.",
        "python": f"{asked} has no wheel for Python {spec.python}.",
        "cuda": f"{asked} has no {_cuda_words(spec)} build for Python {spec.python}.",
        "gpu": f"No GPU build of {asked} supports a {spec.gpu}{_capability(spec, facts)}.",
        "driver": f"No GPU build of {asked} runs on driver {spec.driver}.",
    }
    return ResolveError(
        what[unmet],
        why=f"{_why_none(unmet, left, spec, facts)} (tables of {facts.as_of}).",
        fix=_fix(unmet, left, spec, facts),
    )


def _why_none(unmet: str, left: Sequence[Build], spec: BoxSpec, facts: Facts) -> str:
    comes_for = f"{spec.framework} {spec.framework_version} comes for {_cudas(left)}"
    match unmet:
        case "platform":
            return f"It has builds for {_listed(sorted({b.platform for b in left}))} only"
        case "release":
            releases = sorted({build.release for build in left}, key=numbers)
            return f"The releases it knows go from {releases[0]} to {releases[-1]}"
        case "python":
            pythons = sorted({p for build in left for p in build.pythons}, key=numbers)
            return f"There are wheels for Python {_listed(pythons)}"
        case "gpu":
            gpu = find_gpu(spec, facts)
            assert gpu is not None  # noqa: S101  (or this condition would have been met)
            return f"{comes_for}, without code for {gpu.architecture} GPUs"
        case "driver":
            oldest = min(left, key=lambda build: numbers(build.cuda or "0"))
            needed = minimum_driver(oldest.cuda or "", find_gpu(spec, facts), facts)
            return f"{comes_for}; CUDA {oldest.cuda} needs driver {needed} or newer"
        case _:
            return comes_for


def _fix(unmet: str, left: Sequence[Build], spec: BoxSpec, facts: Facts) -> str:
    """Name the nearest build that can be had, as the lines to set."""
    if unmet == "platform":
        return f'Set platform = "{left[0].platform}".'
    near = _nearest(spec, facts)
    if near is None:
        return 'Set cuda = "cpu", or name another gpu or driver.'
    settings = [f'{near.framework} = "{near.release}"'] if _changes_release(near, spec) else []
    if near.cuda is None or not near.default or not _has_cuda(near, spec):
        settings += [f'cuda = "{near.cuda or "cpu"}"'] if not _says_cuda(near, spec) else []
    if spec.python not in near.pythons:
        settings += [f'python = "{near.pythons[-1]}"']
    other = f', or python = "{left[0].pythons[-1]}"' if unmet == "python" else ""
    return f"Set {' and '.join(settings)} in [tool.mlbox]{other}."


def _nearest(spec: BoxSpec, facts: Facts) -> Build | None:
    """The build that changes the least: CUDA, then the release, then Python."""
    conditions = _conditions(spec, facts)
    pool: list[Build] = []
    for kept in (("platform", "python", "gpu", "driver"), ("platform", "gpu", "driver")):
        pool = [
            build
            for build in _known(spec, facts)
            if all(conditions[name](build) for name in kept)
            and (build.cuda is None) == (spec.cuda == "cpu")
        ]
        if pool:
            break
    return max(
        pool,
        key=lambda build: (conditions["release"](build), _preference(build)),
        default=None,
    )


def _changes_release(build: Build, spec: BoxSpec) -> bool:
    return not is_release(build.release, spec.framework_version or "")


def _says_cuda(build: Build, spec: BoxSpec) -> bool:
    return spec.cuda != "auto" and requested_cuda(spec) == build.cuda


def _capability(spec: BoxSpec, facts: Facts) -> str:
    gpu = find_gpu(spec, facts)
    return f" (compute capability {gpu.capability})" if gpu else ""


def _cuda_words(spec: BoxSpec) -> str:
    wanted = requested_cuda(spec)
    return {None: "CPU", "auto": "CUDA"}.get(wanted, f"CUDA {wanted}")


def _cudas(builds: Iterable[Build]) -> str:
    """``"CUDA 12.6 and 13.0"``, or the CPU too."""
    cudas = sorted({build.cuda for build in builds if build.cuda}, key=numbers)
    names = [*(["the CPU"] if any(build.cuda is None for build in builds) else []), *cudas]
    if cudas:
        names[-len(cudas)] = f"CUDA {names[-len(cudas)]}"
    return _listed(names) + ("" if len(names) > 1 else " only")


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _name(build: Build) -> str:
    return f"{build.framework} {build.release}"
