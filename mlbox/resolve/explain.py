"""The sentences: why this release, this build, this driver; why none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.resolve.builds import (
    caveats,
    code_of,
    conditions,
    is_cuda,
    needs_cuda_base,
    release_condition,
    tags_of,
    unpaired,
)
from mlbox.resolve.companions import WHY_UNPAIRED
from mlbox.resolve.default_build import cpu_default, reason
from mlbox.resolve.targets import WITHOUT_WHEELS, drivers_for, outlived

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlbox.facts import Build, Facts
    from mlbox.resolve.builds import Ask, Choice


_AS_RELEASE = "(source: that of the release)"
_MINOR_VERSION = "(source: NVIDIA's page on minor-version compatibility)"


# --- why this one -------------------------------------------------------------------------------


def explain(build: Build, python: str, ask: Ask, facts: Facts) -> tuple[str, ...]:
    """Return a sentence per decision, with the fact's source."""
    default = cpu_default(build, ask, facts)
    return (
        *([reason(default)] if default else []),
        _why_release(build, ask),
        *_passed_over(build, ask, facts),
        _why_tag(build, ask),
        *_why_code(build, ask),
        *_why_driver(build, ask, facts),
        *_why_not_all(build, ask, facts),
        _why_python(build, python, ask),
    )


def _why_release(build: Build, ask: Ask) -> str:
    wanted = ask.request.version
    if build.release == wanted:
        why = "as asked"
    elif wanted:
        why = f'the newest that fits "{wanted}" and everything else'
    else:
        why = "the newest that satisfies everything"
    return f"{_name(build)}: {why} (source: {build.source}; {build.confidence})."


def _passed_over(build: Build, ask: Ask, facts: Facts) -> Iterator[str]:
    """Say why a newer release that fits was not chosen."""
    fits = release_condition(ask, facts)
    builds = facts.builds_by[build.framework, build.platform]
    newer = [b for b in builds if fits(b) and numbers(b.release) > numbers(build.release)]
    if newer:
        newest = newer[-1].release
        others = tuple(b for b in newer if b.release == newest)
        unmet = _first_unmet(others, ask, facts)
        source = f"(source: {others[-1].source})"
        yield f"Not {build.framework} {newest}: {_lacks(unmet, others, ask)} {source}."


def _first_unmet(builds: tuple[Build, ...], ask: Ask, facts: Facts) -> str:
    for name, meets in conditions(ask, facts).items():
        builds = tuple(build for build in builds if meets(build))
        if not builds:
            return name
    raise AssertionError(ask)  # choose() would have taken one of them


def _lacks(unmet: str, builds: tuple[Build, ...], ask: Ask) -> str:
    match unmet:
        case "python":
            return f"it has no wheel for Python {ask.python}"
        case "gpu":
            return f"no build of it has code for a {_gpu(ask)}"
        case "driver":
            return f"no build of it runs on driver {ask.driver}"
        case "seen":
            return f"its {ask.tag} build was announced and never seen"
        case _:
            return f"it comes for {_tags(builds)}, not for {_asked_tag(ask)}"


def _why_tag(build: Build, ask: Ask) -> str:
    if not is_cuda(build):
        if ask.tag == "cpu":
            return "CPU only: as asked."
        return (
            f"CPU only: {_name(build)} has no CUDA build for {build.platform}, and nothing asks "
            f"for a GPU {_AS_RELEASE}."
        )
    name = f"CUDA {build.toolkit} ({build.tag})"
    if build.framework == "jax":
        name = f"{build.tag}, which serves CUDA {build.cuda} and all later of its major version"
    if ask.tag != "auto":
        return f"{name}: as asked {_AS_RELEASE}."
    if build.default:
        return f"{name}: the build that the package index gives by default {_AS_RELEASE}."
    target = _target(ask) or "any GPU"
    return f"{name}: of this release's builds, the best that runs on {target} {_AS_RELEASE}."


def _why_code(build: Build, ask: Ask) -> Iterator[str]:
    if ask.gpu is None or not is_cuda(build):
        return
    gpu = f"{ask.gpu.name} ({ask.gpu.architecture}, compute capability {ask.gpu.capability})"
    source = f"(source: {ask.gpu.source}; {ask.gpu.confidence})"
    match code_of(build, ask):
        case "native" if build.capabilities:
            codes = ", ".join(build.capabilities)
            yield f"{gpu} runs its machine code, which is for {codes} {source}."
        case "native":
            yield f"{gpu}: the publisher supports compute capability {build.floor} on {source}."
        case "ptx" | "newer":
            yield (
                f"{gpu} is newer than all machine code in it: the driver compiles its PTX at first "
                f"use, which takes minutes, and code without PTX will not work {source}."
            )
        case _:
            yield (
                f"{gpu}: which GPUs it has code for is not in the tables; its CUDA "
                f"{build.cuda} can compile for it {source}."
            )


def _why_driver(build: Build, ask: Ask, facts: Facts) -> Iterator[str]:
    if build.toolkit is None:
        if ask.request.driver or ask.request.gpu or ask.request.compute_capability:
            yield "The GPU and its driver do not matter to a CPU build; it does not use them."
        return
    need = drivers_for(build.toolkit, ask.gpu, build.platform, facts)
    exact = f"{need.exact} or newer has all of it" if need.exact else "for all of it: not known"
    yield (
        f"Driver {need.minimum} or newer runs CUDA {build.cuda}; {exact} (source: {need.source})."
    )


def _why_not_all(build: Build, ask: Ask, facts: Facts) -> Iterator[str]:
    """Say what will not work."""
    need = drivers_for(build.toolkit, ask.gpu, build.platform, facts) if build.toolkit else None
    sentences: dict[str, str] = {
        "minor-version": (
            f"{_on_driver(ask)} it works through minor-version compatibility: machine code runs; "
            "compiling newer PTX (CUDA error 222), NVRTC's PTX and features that need a newer "
            f"driver will not work {_MINOR_VERSION}."
        ),
        "branch": (
            f"Driver {ask.driver} names a branch: before {need.exact if need else ''} it works "
            f"through minor-version compatibility, and compiling newer PTX will not work "
            f"{_MINOR_VERSION}."
        ),
        "no-exact": (
            f"NVIDIA gives no exact driver for CUDA {build.cuda} on this platform: minor-version "
            f"compatibility is all that is known, compiling PTX may not work {_MINOR_VERSION}."
        ),
        "triton": (
            "torch.compile will not work: torch 2.7 and newer bring Triton 3.3 and newer, which "
            "dropped Turing (compute capability 7.5; source: one project's notes on its wheels)."
        ),
        "companion": " ".join(
            f"{name} will not work with it, or only by luck: {WHY_UNPAIRED[name]} "
            "(source: package metadata)."
            for name in unpaired(build, ask)
        ),
    }
    for caveat in caveats(build, ask, facts):
        if caveat in sentences:  # "jit" is told with the GPU
            yield sentences[caveat]
    if needs_cuda_base(build):
        yield (
            f"Without CUDA {build.cuda} and cuDNN in the base image it runs on the CPU: these "
            "wheels bring no CUDA libraries (source: tensorflow/docs install/source.md)."
        )


def _on_driver(ask: Ask) -> str:
    if ask.driver:
        return f"On driver {ask.driver}"
    last = ask.gpu.last_driver if ask.gpu else ""
    return f"On the last drivers for this GPU (branch {last})"


def _why_python(build: Build, python: str, ask: Ask) -> str:
    if ask.python:
        return (
            f"Python {python}: as asked; there are wheels for {_listed(build.pythons)} "
            f"{_AS_RELEASE}."
        )
    return f"Python {python}: of those with a wheel, {_listed(build.pythons)} {_AS_RELEASE}."


# --- why none -------------------------------------------------------------------------------------


def why_none(choice: Choice, ask: Ask, facts: Facts) -> tuple[str, str]:
    """Return what is impossible, and why."""
    asked = f"{ask.framework} {ask.request.version}" if ask.request.version else ask.framework
    if ask.gpu and outlived(ask.driver, ask.gpu, ask.request.platform) and choice.unmet == "driver":
        return (
            f"Driver {ask.driver} does not support a {_gpu(ask)} ({ask.gpu.architecture}).",
            (
                f"The last driver branch for {ask.gpu.architecture} is R{ask.gpu.last_driver} "
                f"(source: {ask.gpu.source})."
            ),
        )
    what = {
        "release": f"mlbox knows no {asked} for {ask.request.platform}.",
        "cuda": f"{asked} has no {_asked_tag(ask)} build for {ask.request.platform}.",
        "seen": f"{asked} for {ask.tag} was announced; nobody has seen it.",
        "python": f"{asked} has no wheel for Python {ask.python}.",
        "gpu": f"No GPU build of {asked} supports a {_gpu(ask)}{_capability(ask)}.",
        "driver": f"No GPU build of {asked} runs on driver {ask.driver}.",
    }
    why = _why_unmet(choice.unmet, choice.left, asked, ask, facts)
    return what[choice.unmet], f"{why} (facts of {facts.as_of})."


def source_of(choice: Choice) -> tuple[str, ...]:
    """Say where that is from: of the builds that were left, the newest's source."""
    if not choice.left:
        return ()
    newest = choice.left[-1]
    name = f"{newest.framework} {newest.release} {newest.tag}"
    return (f"What there is of {name} (source: {newest.source}; {newest.confidence}).",)


def _why_unmet(  # noqa: PLR0911  (one sentence per condition)
    unmet: str, left: Sequence[Build], asked: str, ask: Ask, facts: Facts
) -> str:
    comes_for = f"{asked} comes for {_tags(left)}"
    match unmet:
        case "release" if not left:
            platforms = sorted(p for f, p in facts.builds_by if f == ask.framework)
            return f"It has builds for {_listed(platforms)} only"
        case "release":
            final = [build.release for build in left if build.is_final]
            return f"The releases it knows go from {final[0]} to {final[-1]}"
        case "cuda":
            known = tags_of(ask.framework, facts)
            about = {build.notes for build in left if build.framework != "torch"}
            notes = about - {""} if ask.request.version else set()
            if ask.tag in {*known, "auto", "cpu"}:
                return ". ".join([comes_for, *sorted(notes)])
            never = f"{ask.framework} never had a {ask.tag} build; there are {_listed(known)}"
            return f"{never}; {comes_for}" if ask.request.version else never
        case "seen":
            return f"{left[-1].notes or left[-1].source} (unverified)"
        case "python":
            pythons = sorted({p for build in left for p in build.pythons}, key=numbers)
            return f"There are wheels for Python {_listed(pythons)}"
        case "gpu":
            return _why_no_code(left, comes_for, ask)
        case _:
            return _why_no_driver(left, comes_for, ask, facts)


def _why_no_code(left: Sequence[Build], comes_for: str, ask: Ask) -> str:
    codes = sorted({c for build in left for c in build.capabilities}, key=numbers)
    if ask.gpu is None:
        raise AssertionError(ask)  # without a GPU every build has code for it
    known = not ask.gpu.architecture.startswith("unknown")
    whom = f"{ask.gpu.architecture} GPUs" if known else f"compute capability {ask.gpu.capability}"
    if ask.gpu.notes and ask.gpu.capability in WITHOUT_WHEELS:
        return f"No build for {whom} has been seen: {ask.gpu.notes} (source: {ask.gpu.source})"
    floors = sorted({build.floor for build in left if build.floor}, key=numbers)
    if floors and numbers(floors[0]) > numbers(ask.gpu.capability):
        return f"{comes_for}, which needs compute capability {floors[0]} or newer"
    if not codes:
        return f"{comes_for}, which does not support {whom}"
    return f"{comes_for}, with machine code for {_listed(codes)}: none for {whom}"


def _why_no_driver(left: Sequence[Build], comes_for: str, ask: Ask, facts: Facts) -> str:
    least = min(
        (drivers_for(b.toolkit or "", ask.gpu, b.platform, facts) for b in left if b.toolkit),
        key=lambda need: numbers(need.minimum),
    )
    return f"{comes_for}, which needs driver {least.minimum} or newer (source: {least.source})"


# --- words ----------------------------------------------------------------------------------------


def _name(build: Build) -> str:
    return f"{build.framework} {build.release}"


def _gpu(ask: Ask) -> str:
    return ask.request.gpu or (ask.gpu.name if ask.gpu else "")


def _capability(ask: Ask) -> str:
    return f" (compute capability {ask.gpu.capability})" if ask.gpu and ask.request.gpu else ""


def _target(ask: Ask) -> str:
    parts = [*([f"a {_gpu(ask)}"] if ask.gpu else [])]
    parts += [f"driver {ask.driver}"] if ask.driver else []
    return " and ".join(parts)


def _asked_tag(ask: Ask) -> str:
    return {"auto": "CUDA", "cpu": "CPU"}.get(ask.tag, ask.tag)


def _tags(builds: Iterable[Build]) -> str:
    """``"cu126, cu130 and the CPU"``."""
    seen = [b for b in builds if b.confidence != "unverified"]
    tags = sorted({b.tag for b in seen if is_cuda(b)}, key=numbers)
    cpu = ["the CPU"] if any(b.tag == "cpu" for b in seen) else []
    return _listed([*tags, *cpu]) or "no build that was seen"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def settings_toml(changes: Mapping[str, str]) -> str:
    """Return changes as the lines to put into ``[tool.mlbox]``."""
    return "\n".join(f'{key} = "{value}"' for key, value in changes.items())
