"""What goes with a build, and what else there is to know about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.findings import Finding
from mlbox.resolve.builds import is_cuda, named_packages, needs_cuda_base, unpaired
from mlbox.resolve.default_build import cpu_default, finding
from mlbox.resolve.resolution import Companion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.facts import Build, Facts
    from mlbox.resolve.builds import Ask

WHY_UNPAIRED = {
    "torchaudio": "torchaudio ended at 2.11.0, which has no pin: it may install and not load",
    "torchtext": "torchtext ended at 0.18.0, which goes with torch 2.3",
    "xformers": "xformers 0.0.28.post3 asks for torch 2.5.1, 0.0.29.post3 for 2.6.0, 0.0.34 for "
    "2.10.0, each for exactly that",
    "torchvision": "torchvision 0.26 and newer exclude Python 3.14.1",
}
_DOUBTS = {
    "single": "one source says so",
    "inferred": "inferred from another release",
    "derived": "inferred from how its publisher names things",
    "recollected": "recollected, no source at hand",
}
_LINUX_ONLY = {"triton", "nccl"}  # their requirements are for Linux alone (PyPI METADATA)
_PINNED_CUDNN = "9.10.2.21"
_TURING = (7, 5)


def companions(build: Build, ask: Ask) -> dict[str, Companion]:
    """Return the packages that go with a build."""
    found = {
        name: Companion(version=version, pinned=name not in build.loose)
        for name, version in build.companions.items()
        if not (name in _LINUX_ONLY and build.platform.startswith("windows"))
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


def findings(build: Build, ask: Ask, facts: Facts) -> tuple[Finding, ...]:
    """Return what is worth knowing beside the reasons."""
    default = cpu_default(build, ask, facts)
    return (
        *([finding(default)] if default else []),
        *_trust(build, ask),
        *_code_findings(build, ask),
        *_family(build, ask),
    )


def _trust(build: Build, ask: Ask) -> Iterator[Finding]:
    arm = build.platform == "linux/arm64"
    unconfirmed = arm and "not confirmed" in build.notes
    recollected = arm and "aarch64 arch list is from memory" in build.notes
    doubt = "not confirmed" if unconfirmed else _DOUBTS.get(build.confidence)
    if recollected:
        doubt = "which GPUs it has code for is recollected, no source at hand"
    if doubt:
        yield Finding(
            code="single-source" if build.confidence == "single" else "not-confirmed",
            severity="warning" if unconfirmed or recollected else "info",
            what=f"{build.framework} {build.release} {build.tag}: {doubt}.",
            why=f"{build.source}. {build.notes}".strip(),
            fix="Lock it (`mlbox lock`): that asks the index.",
        )
    if not build.is_final:
        yield Finding(
            code="pre-release",
            severity="warning",
            what=f"{build.framework} {build.release} is a pre-release.",
            why=f"It is chosen only where it is named exactly (source: {build.source}).",
            fix="Name no version for the newest final release.",
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
            what=f"{name} has no release for {build.framework} {build.release} on this Python.",
            why=f"{WHY_UNPAIRED[name]}.",
            fix=f"Use an older torch, or do without {name}.",
        )
    if "flash-attn" in named_packages(ask.request.packages) and not ask.request.compiles:
        yield Finding(
            code="flash-attn-is-source",
            severity="warning",
            what="flash-attn is on the package index as source only: it needs nvcc.",
            why="Its project has wheels for torch up to 2.10, as far as one source knows.",
            fix="Set compiles = true.",
        )
    if build.framework == "tensorflow" and build.loose and is_cuda(build):
        yield Finding(
            code="ranges-drift",
            severity="info",
            what="Its CUDA packages are ranges: what is installed changes with the index.",
            why=f"{(build.notes or build.source).rstrip('.')}.",
            fix="Lock it (`mlbox lock`).",
        )
    if needs_cuda_base(build):
        cudnn = f"cuDNN {build.companions.get('cudnn', '')}".strip()
        yield Finding(
            code="bring-your-own-cuda",
            severity="warning",
            what=f"{build.framework} {build.release} brings no CUDA libraries.",
            why=f"The extra and-cuda came with 2.14; it needs CUDA {build.cuda} and "
            f"{cudnn} from the base image.",
            fix=f'Set base = "tensorflow/tensorflow:{build.release}-gpu".',
        )
