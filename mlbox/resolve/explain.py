"""The sentences: why this release, this build, this driver; why none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.findings import Finding
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
from mlbox.resolve.resolution import Companion
from mlbox.resolve.targets import drivers_for, outlived

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlbox.facts import Build, Facts
    from mlbox.resolve.builds import Ask, Choice

_PINNED_CUDNN = "9.10.2.21"
_TURING = (7, 5)


# --- why this one -------------------------------------------------------------------------------


def explain(build: Build, python: str, ask: Ask, facts: Facts) -> tuple[str, ...]:
    """Return a sentence per decision, with the fact's source."""
    return (
        _why_release(build, ask),
        *_passed_over(build, ask, facts),
        _why_tag(build, ask, facts),
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
        yield f"Not {build.framework} {newest}: {_lacks(unmet, others, ask)}."


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


def _why_tag(build: Build, ask: Ask, facts: Facts) -> str:
    if not is_cuda(build):
        return "CPU only: as asked."
    name = f"CUDA {build.toolkit} ({build.tag})"
    if build.framework == "jax":
        name = f"{build.tag}, which serves CUDA {build.cuda} and all later of its major version"
    if ask.tag != "auto":
        return f"{name}: as asked."
    if build.default:
        return f"{name}: the build that the package index gives by default."
    if build.platform != "linux/amd64" and not _has_default_cuda(build, facts):
        return (
            f"{name}: the newest CUDA build that fits; what the package index gives by default "
            f"on {build.platform} is a CPU build, so the framework's own index is used."
        )
    return f"{name}: of this release's builds, the best that runs on {_target(ask) or 'any GPU'}."


def _has_default_cuda(build: Build, facts: Facts) -> bool:
    return any(
        other.default and is_cuda(other) and other.release == build.release
        for other in facts.builds_by[build.framework, build.platform]
    )


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
            "driver will not work."
        ),
        "branch": (
            f"Driver {ask.driver} names a branch: before {need.exact if need else ''} it works "
            "through minor-version compatibility, and compiling newer PTX will not work."
        ),
        "no-exact": (
            f"NVIDIA gives no exact driver for CUDA {build.cuda} on this platform: minor-version "
            "compatibility is all that is known, compiling PTX may not work."
        ),
        "triton": (
            "torch.compile will not work: torch 2.7 and newer bring Triton 3.3 and newer, which "
            "dropped Turing (compute capability 7.5; one source says so)."
        ),
        "companion": " ".join(
            f"{name} will not work with it, or only by luck: {_UNPAIRED[name]}"
            for name in unpaired(build, ask)
        ),
    }
    for caveat in caveats(build, ask, facts):
        if caveat in sentences:  # "jit" is told with the GPU
            yield sentences[caveat]
    if needs_cuda_base(build):
        yield (
            f"Without CUDA {build.cuda} and cuDNN in the base image it runs on the CPU: these "
            "wheels bring no CUDA libraries."
        )


def _on_driver(ask: Ask) -> str:
    if ask.driver:
        return f"On driver {ask.driver}"
    last = ask.gpu.last_driver if ask.gpu else ""
    return f"On the last drivers for this GPU (branch {last})"


def _why_python(build: Build, python: str, ask: Ask) -> str:
    if ask.python:
        return f"Python {python}: as asked; there are wheels for {_listed(build.pythons)}."
    return f"Python {python}: of those with a wheel, {_listed(build.pythons)}."


# --- what else to know --------------------------------------------------------------------------


def companions(build: Build, ask: Ask) -> dict[str, Companion]:
    """Return the packages that go with a build."""
    found = {
        name: Companion(version=version, pinned=name not in build.loose)
        for name, version in build.companions.items()
        if not (name == "triton" and build.platform.startswith("windows"))
        and (is_cuda(build) or name in {"torchvision", "torchaudio"})
    }
    if build.framework == "torch" and "torchaudio" not in build.companions:
        found["torchaudio"] = Companion(
            version="2.11.0",
            pinned=False,
            note="torchaudio ended at 2.11.0; it has no pin on torch, and was made for torch 2.11.",
        )
    if old_cudnn(build, ask):
        found["cudnn"] = Companion(
            version=_PINNED_CUDNN,
            pinned=False,
            note=f"cuDNN 9.11 and newer need compute capability 7.5: stay at {_PINNED_CUDNN}.",
        )
    return found


def old_cudnn(build: Build, ask: Ask) -> bool:
    """Whether an open range of cuDNN versions has to be closed for an old GPU."""
    before_turing = ask.gpu is not None and numbers(ask.gpu.capability) < _TURING
    open_range = "cudnn" in build.loose and build.companions.get("cudnn", "").startswith(">=9")
    return before_turing and open_range and (build.cuda or "").startswith("12")


def cudnn_pin(build: Build, ask: Ask) -> tuple[str, ...]:
    """Return the requirement that keeps cuDNN at the last version for an old GPU."""
    return (f"nvidia-cudnn-cu12=={_PINNED_CUDNN}",) if old_cudnn(build, ask) else ()


def findings(build: Build, ask: Ask) -> tuple[Finding, ...]:
    """Return what is worth knowing beside the reasons."""
    return (*_trust(build, ask), *_code_findings(build, ask), *_family(build, ask))


def _trust(build: Build, ask: Ask) -> Iterator[Finding]:
    inferred = build.confidence in {"inferred", "derived", "recollected"}
    unconfirmed = build.platform == "linux/arm64" and "not confirmed" in build.notes
    if build.confidence == "single" or inferred or unconfirmed:
        yield Finding(
            code="single-source" if build.confidence == "single" else "not-confirmed",
            severity="info" if build.confidence == "single" else "warning",
            what=f"{_name(build)} {build.tag}: "
            + ("one source says so." if build.confidence == "single" else "inferred, never seen."),
            why=f"{build.source}. {build.notes}".strip(),
            fix="Lock it (`mlbox lock`): that asks the index.",
        )
    if ask.gpu and ask.gpu.confidence not in {"multi", "observed"}:
        yield Finding(
            code="gpu-facts",
            severity="info",
            what=f"{ask.gpu.name}: what is known of it has one source.",
            why=f"{ask.gpu.source}. {ask.gpu.notes}".strip(),
        )


def _code_findings(build: Build, ask: Ask) -> Iterator[Finding]:
    if ask.gpu is None or build.framework != "torch" or not is_cuda(build):
        return
    capability, release = numbers(ask.gpu.capability), numbers(build.release)
    if capability < _TURING and release >= (2, 7):
        yield Finding(
            code="triton-old-gpu",
            severity="warning",
            what=f"torch.compile may not work on a {ask.gpu.name}.",
            why="Triton 3.3 dropped Turing, by one source; of older GPUs it says nothing.",
            fix="Run eagerly, or try it first.",
        )
    if capability < (5, 0) and release >= (2, 4):
        yield Finding(
            code="cudnn-kepler",
            severity="warning",
            what="Convolutions may not work: torch 2.4 and newer bring cuDNN 9.",
            why="cuDNN 9 dropped Kepler (recollected, no source at hand).",
            fix="Use torch 2.3.1 or older.",
        )
    if ask.gpu.capability == "12.1":
        yield Finding(
            code="capability-warning",
            severity="info",
            what="torch prints a warning about compute capability 12.1, and runs.",
            why="Recollected, no source at hand; sm_120 code serves 12.1.",
        )


def _family(build: Build, ask: Ask) -> Iterator[Finding]:
    if build.framework == "torch" and "torchvision" in build.loose:
        yield Finding(
            code="torchvision-not-pinned",
            severity="info",
            what=f"torchvision {build.companions['torchvision']} is not pinned to this torch.",
            why="0.29.1 and newer ask for torch>=2.14.0; there was no 0.30 for torch 2.15.",
            fix="Lock it (`mlbox lock`).",
        )
    for name in unpaired(build, ask):
        yield Finding(
            code="unpaired-companion",
            severity="warning",
            what=f"{name} has no release that goes with {_name(build)} on this Python.",
            why=_UNPAIRED[name],
            fix=f"Use an older torch, or do without {name}.",
        )
    if build.framework == "tensorflow" and build.loose and is_cuda(build):
        yield Finding(
            code="ranges-drift",
            severity="info",
            what="Its CUDA packages are ranges: what is installed changes with the index.",
            why=build.notes or build.source,
            fix="Lock it (`mlbox lock`).",
        )
    if needs_cuda_base(build):
        yield Finding(
            code="bring-your-own-cuda",
            severity="warning",
            what=f"{_name(build)} brings no CUDA libraries.",
            why=f"The extra and-cuda came with 2.14; it needs CUDA {build.cuda} and "
            f"cuDNN {build.companions.get('cudnn', '')} from the base image.",
            fix=f'Set base = "tensorflow/tensorflow:{build.release}-gpu".',
        )


_UNPAIRED = {
    "torchaudio": "torchaudio ended at 2.11.0, which has no pin: it may install and not load.",
    "torchtext": "torchtext ended at 0.18.0, which goes with torch 2.3.",
    "torchvision": "torchvision 0.26 and newer exclude Python 3.14.1.",
}


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


def _why_unmet(  # noqa: PLR0911  (one sentence per condition)
    unmet: str, left: Sequence[Build], asked: str, ask: Ask, facts: Facts
) -> str:
    comes_for = f"{asked} comes for {_tags(left)}"
    match unmet:
        case "release" if not left:
            platforms = sorted(p for f, p in facts.builds_by if f == ask.framework)
            return f"It has builds for {_listed(platforms)} only"
        case "release":
            span = f"The releases it knows go from {left[0].release} to {left[-1].release}"
            early = re.search(r"(a|b|rc)\d+$", ask.request.version or "")
            return f"A pre-release is never chosen. {span}" if early else span
        case "cuda":
            known = tags_of(ask.framework, facts)
            notes = {build.notes for build in left if build.notes} if ask.request.version else set()
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
    architecture = ask.gpu.architecture if ask.gpu else ""
    if not codes:
        return f"{comes_for}, which does not support {architecture} GPUs"
    return f"{comes_for}, with machine code for {_listed(codes)}: none for {architecture} GPUs"


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
