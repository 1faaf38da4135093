"""The rule about programs that are copied away from the CUDA libraries they are linked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.gpu.flavors import to_kind
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.gpu import Compiled, GpuStage
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Step

_IN_BASE = frozenset({"cudart"})  # nvidia/cuda's kind base has CUDA's runtime, and nothing more
_CUDNN = frozenset({"cudnn"})


def runtime_lib_drop(image: Image) -> Iterator[Hit]:
    """A program linked to CUDA is copied onto a base without its libraries."""
    for stage in image.gpu.used:
        base = stage.base
        if base is None or (stage.system_packages and _has_libraries(stage)):
            continue
        for step in stage.stage.all_steps:
            flag = step.instruction.flag("from")
            if step.instruction.name != "COPY" or flag is None:
                continue
            found = image.dockerfile.stage_named(step.expand(flag.value or "") or "")
            if found is None:
                continue
            for item in _brought(step, image.gpu.stages[found.index]):
                hit = _dropped(item, step, stage, image)
                if hit is not None:
                    yield hit
                    break


def _has_libraries(stage: GpuStage) -> bool:
    """Whether packages of CUDA's libraries are installed."""
    starts = ("libcublas", "cuda-libraries", "cuda-runtime", "cuda-toolkit", "cuda-cudart", "cuda")
    return any(name.startswith(starts) for name in stage.system_packages)


def _brought(step: Step, other: GpuStage) -> Iterator[Compiled]:
    """What a COPY brings of the things that a stage compiled with links to CUDA."""
    if other.has_nvcc is not True:
        return
    sources = [step.expand(word.raw) for word in step.instruction.paths[:-1]]
    for item in other.all_compiled:
        if item.kind == "program" and item.links and any(_has(item, path) for path in sources):
            yield item


def _has(item: Compiled, path: str | None) -> bool:
    """Whether a path that is copied has what was compiled, as far as that is known."""
    if path is None:
        return False
    folder = path.rstrip("/") or "/"
    if "cuda" in folder:
        return False  # the libraries themselves
    if item.output is not None:
        name = item.output.rsplit("/", 1)[-1]
        return (
            item.output == folder
            or item.output.startswith(f"{folder}/")
            or (folder.rsplit("/", 1)[-1] == name)
        )
    return not folder.endswith((".txt", ".py", ".json", ".md", ".toml", ".lock"))


def _dropped(item: Compiled, step: Step, stage: GpuStage, image: Image) -> Hit | None:
    base = stage.base
    if base is None or _copies_libraries(stage):
        return None
    missing = _missing(item, stage)
    if not missing:
        return None
    names = ", ".join(f"lib{name}" for name in missing)
    return Hit(
        step.instruction.span if not step.instruction.words else step.instruction.words[0].span,
        what=f"What {item.what} made is copied onto {base.reference}, which has no {names}.",
        why="It was linked to CUDA's libraries in the stage that compiled it; they are not copied "
        f"along: lib{missing[0]}.so: cannot open shared object file.",
        fix="Build the image on the runtime kind of the same CUDA, or install the libraries' "
        "packages.",
        edits=to_kind(stage, "runtime", image.facts) if base.flavor == "base" else (),
        confidence="medium",
    )


def _missing(item: Compiled, stage: GpuStage) -> list[str]:
    """The libraries that a stage lacks; none if it is not known."""
    base = stage.base
    if base is None or any(name.startswith("nvidia-") for name in stage.python_packages):
        return []
    if base.is_nvidia_cuda:
        if base.flavor == "base":
            return [name for name in item.links if name not in _IN_BASE]
        if base.flavor == "runtime" and base.has_cudnn is False:
            return [name for name in item.links if name in _CUDNN]
        return []
    if not base.is_plain or any(wheel.is_cuda for wheel in stage.all_wheels):
        return []
    return list(item.links)


def _copies_libraries(stage: GpuStage) -> bool:
    """Whether CUDA's libraries are copied too."""
    return any(
        step.instruction.name in ("COPY", "ADD")
        and any(mark in step.instruction.arguments.text for mark in ("cuda", "libcu", "nvidia"))
        for part in stage.lineage
        for step in part.stage.all_steps
        if step.instruction.flag("from")
    )
