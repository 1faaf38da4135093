"""Rules about compiling for GPUs in a build: the compiler, the GPUs it is for, what is shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.commands.model import PythonInstall
from mlbox.lint.gpu.flavors import other_kind, to_kind
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import line_start, newline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.gpu import Base, Compiled, GpuStage
    from mlbox.lint.image import Image

_COMPILERS = frozenset(
    {"bash", "bazel", "cargo", "cmake", "g++", "gcc", "go", "make", "meson", "ninja", "nvcc", "sh"}
)
ARCHS = '"8.0;8.6;9.0+PTX"'
_COMPILE_LATER = frozenset(  # they compile when they run
    {"deepspeed", "flashinfer-python", "flashinfer", "sglang", "vllm", "nvdiffrast", "gsplat"}
    | {"exllamav2", "tensorrt-llm", "cupy", "numba", "pycuda", "tilelang", "nerfstudio"}
)


def nvcc_missing(image: Image) -> Iterator[Hit]:
    """Something is compiled for CUDA in a stage that has no nvcc."""
    for stage in image.gpu.used:
        if not stage.compiled or stage.has_nvcc is not False or stage.is_other_gpu:
            continue
        for item in stage.compiled:
            hit = _without_compiler(item, stage, image)
            if hit is not None:
                yield hit


def _without_compiler(item: Compiled, stage: GpuStage, image: Image) -> Hit | None:
    base = stage.base
    if base is None or _is_for_cpu(item, base, stage):
        return None
    if item.command.is_conditional and _is_replaceable(stage):
        return None  # the condition may well be about another base
    if item.kind == "call" and (item.command.is_conditional or not item.command.stops_on_failure):
        return None
    builder = other_kind(stage, "devel", image.facts) or "an nvidia/cuda image of kind devel"
    is_sure = item.is_sure or bool(item.asks_nvcc)
    skipped = f" ({item.asks_nvcc}=TRUE skips the question)" if item.asks_nvcc else ""
    return Hit(
        item.place,
        what=f"{_missing(item)} {base.reference} has no nvcc.",
        why=_why_missing(item),
        fix=f"Compile in a builder stage (FROM {builder} AS build), and COPY --from=build the "
        f"result; or install a wheel that is built already{skipped}.",
        edits=to_kind(stage, "devel", image.facts),
        severity=None if is_sure else "warning",
        confidence="high" if is_sure else "medium",
    )


def _is_replaceable(stage: GpuStage) -> bool:
    """Whether ``--build-arg`` may give another base image."""
    word = stage.lineage[0].stage.image_word
    return word is not None and "$" in word.raw


def _is_for_cpu(item: Compiled, base: Base, stage: GpuStage) -> bool:
    """Whether the CPU's code is wanted, as it seems, and comes without a compiler for CUDA."""
    if item.is_sure or item.asks_nvcc or base.is_gpu:
        return False
    return item.forced is None or not any(
        wheel.name == "torch" and wheel.is_cuda for wheel in stage.all_wheels
    )


def _missing(item: Compiled) -> str:
    if item.kind == "call" or item.what == "nvcc":
        return "nvcc is called, and"
    if item.is_sure:
        return f"{item.what} is compiled for CUDA, and"
    if item.asks_nvcc:
        return f"The setup of {item.what} asks for nvcc, and"
    if item.forced is False:
        return f"{item.what} is compiled without its CUDA code:"
    return f"{item.what} may have to be compiled for CUDA, and"


def _why_missing(item: Compiled) -> str:
    if item.forced is False:
        return (
            "Without a compiler and a GPU its setup takes the CPU's code alone, and says nothing; "
            "on a GPU it fails: Not compiled with GPU support."
        )
    if item.asks_nvcc and not item.is_sure:
        return (
            "The package index has its source alone. Its setup stops before it looks for a wheel "
            "that fits: CUDA_HOME environment variable is not set, or No such file or directory: "
            "/usr/local/cuda/bin/nvcc (flash-attention#1229)."
        )
    return (
        "The kinds base and runtime of nvidia/cuda, and slim images, have CUDA's libraries at "
        "most; the compiler is in devel: nvcc was not found, CUDA_HOME is not set."
    )


def devel_shipped(image: Image) -> Iterator[Hit]:
    """The final image has CUDA's compilers and headers in it."""
    stage = image.gpu.final
    if stage is None or stage.base is None or stage.base.flavor != "devel":
        return
    root = stage.lineage[0].stage
    if root.image_word is None or stage.base.is_ngc_torch:
        return
    if stage.python_packages & _COMPILE_LATER:
        return
    span = root.image_word.span
    compiles = stage.all_compiled or any(_may_compile(part) for part in stage.lineage)
    name = "nvidia/cuda" if stage.base.is_nvidia_cuda else stage.base.repository
    yield Hit(
        span,
        what=f"The image is built on {stage.base.reference}, with compilers and headers in it.",
        why=f"The devel images of {name} are several GB larger than runtime; what is compiled "
        "needs them in the build alone, what runs does not.",
        fix="Compile in a stage on devel, build the image on runtime, and COPY --from the result.",
        edits=() if compiles else to_kind(stage, "runtime", image.facts),
        confidence="medium",
    )


def _may_compile(stage: GpuStage) -> bool:
    """Whether a compiler may be at work that nothing here knows of."""
    for action in stage.actions.actions:
        words = [word.text for word in action.command.words]
        if action.command.program in _COMPILERS or any(
            word.endswith((".sh", "setup.py", "/configure")) for word in words
        ):
            return True
        if isinstance(action, PythonInstall) and (
            action.unread or any(item.local or item.url or item.editable for item in action.wanted)
        ):
            return True
    return False


def cuda_arch_unset(image: Image) -> Iterator[Hit]:
    """An extension of torch is compiled, and nothing says for which GPUs."""
    for stage in image.gpu.used:
        if not stage.compiled or not _judged(stage) or stage.is_other_gpu:
            continue
        for item in stage.compiled:
            if item.kind != "extension" or not item.reads_archs or item.archs_known:
                continue
            if item.command.instruction.flag("device") or stage.has_nvcc is False:
                continue
            if item.is_sure or (item.forced is False and stage.has_nvcc):
                yield _arch_hit(item, image)


def _judged(stage: GpuStage) -> bool:
    """Whether the base is one that surely sets no TORCH_CUDA_ARCH_LIST of its own."""
    base = stage.base
    if base is None or base.is_ngc_torch:
        return False
    return base.is_nvidia_cuda or base.is_plain or base.framework == "torch"


def _arch_hit(item: Compiled, image: Image) -> Hit:
    alone = item.forced is False
    line = f"ENV TORCH_CUDA_ARCH_LIST={ARCHS}"
    if alone:
        line += " FORCE_CUDA=1"
    return Hit(
        item.place,
        what=f"{item.what} is compiled, and neither FORCE_CUDA nor TORCH_CUDA_ARCH_LIST is set."
        if alone
        else f"{item.what} is compiled, and TORCH_CUDA_ARCH_LIST is not set.",
        why="A build sees no GPU: its setup then leaves the CUDA code out, and says nothing."
        if alone
        else "A build sees no GPU to compile for: torch stops (IndexError: list index out of "
        "range), or compiles for every GPU it knows, which takes long; elsewhere the result is "
        "for the builder's GPU: no kernel image is available for execution.",
        fix=f"Name the GPUs it is for, before it: {line}.",
        edits=_line_before(item, line, image),
    )


def _line_before(item: Compiled, line: str, image: Image) -> tuple[tuple[Span, str], ...]:
    """Put an instruction before the one that compiles."""
    if item.command.instruction.is_trigger:
        return ()
    text = image.dockerfile.source.text
    start = line_start(text, item.command.instruction.span.start)
    return ((Span(start, start), f"{line}{newline(text)}"),)
