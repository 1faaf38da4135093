"""Rules about what the image tells the host: which drivers it starts with, what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import newline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.lint.gpu import GpuStage
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Pair

_DEVICES = "NVIDIA_VISIBLE_DEVICES"
_CAPABILITIES = "NVIDIA_DRIVER_CAPABILITIES"


def base_cuda_require(image: Image) -> Iterator[Hit]:
    """The base image does not start with older drivers."""
    stage = image.gpu.final
    if stage is None or stage.base is None or not stage.base.require_cuda:
        return
    root = stage.lineage[0].stage
    values = stage.stage.scope.env
    if root.image_word is None or not stage.base.is_nvidia_cuda or stage.base.cuda is None:
        return
    if "NVIDIA_REQUIRE_CUDA" in values or "NVIDIA_DISABLE_REQUIRE" in values:
        return
    cuda = stage.base.cuda
    drivers = [row.driver for row in image.facts.cudas if row.version.startswith(f"{cuda}.")]
    oldest = next((driver for driver in drivers if driver), None)
    if oldest is None:
        return
    yield Hit(
        root.image_word.span,
        what=f"The image does not start with drivers older than {oldest}, but for the GPUs and "
        "branches that it names.",
        why=f"{stage.base.reference} sets NVIDIA_REQUIRE_CUDA to cuda>={cuda} and exceptions: "
        f"unsatisfied condition: cuda>={cuda}. Programs of CUDA {cuda} themselves run on older "
        "drivers of the same major version.",
        fix="If hosts have older drivers, take an image of an older CUDA; or a slim base, where "
        "all that is used are wheels, which bring their CUDA along.",
        dated=True,
    )


def nvidia_env_missing(image: Image) -> Iterator[Hit]:
    """One of the variables that the NVIDIA runtime reads is set, and the other is not."""
    if "NVIDIA_" not in image.dockerfile.source.text:
        return
    stage = image.gpu.final
    if stage is None or stage.base is None:
        return
    values = stage.stage.scope.env
    told = _without_compute(values, stage)
    if told is not None:
        yield told
    if not stage.base.is_plain or _is_by_hand(values):
        return
    present = {name for name in (_DEVICES, _CAPABILITIES) if name in values}
    if len(present) != 1:
        return
    pair = _last(stage, present.pop())
    if pair is not None:
        yield _half(pair, image)


def _is_by_hand(values: Mapping[str, str | None]) -> bool:
    """Whether the image is told to see no GPU."""
    return values.get(_DEVICES) in ("none", "void", "")


def _last(stage: GpuStage, name: str) -> Pair | None:
    found = None
    for part in stage.lineage:
        for step in part.stage.steps:
            if step.instruction.name == "ENV":
                for pair in step.instruction.pairs:
                    found = pair if pair.name == name else found
    return found


def _without_compute(values: Mapping[str, str | None], stage: GpuStage) -> Hit | None:
    """NVIDIA_DRIVER_CAPABILITIES without compute, in an image with torch for CUDA."""
    said = values.get(_CAPABILITIES)
    if not said or {"compute", "all"} & {part.strip() for part in said.split(",")}:
        return None
    if not any(wheel.is_cuda for wheel in stage.all_wheels):
        return None
    pair = _last(stage, _CAPABILITIES)
    if pair is None or not pair.value or pair.value.strip("\"'") != said:
        return None
    end = pair.value_span.end - (1 if pair.value[-1:] in ("'", '"') else 0)
    return Hit(
        pair.span,
        what=f"{_CAPABILITIES} is {said}: without compute there is no CUDA.",
        why="The runtime mounts libcuda.so for the capability compute alone; without it torch "
        "sees no GPU.",
        fix=f"Set {_CAPABILITIES}=compute,{said}.",
        edits=((Span(end, end), ",compute"),),
    )


def _half(pair: Pair, image: Image) -> Hit:
    missing = _CAPABILITIES if pair.name == _DEVICES else _DEVICES
    value = "compute,utility" if missing == _CAPABILITIES else "all"
    text = image.dockerfile.source.text
    end = Span(pair.span.end, pair.span.end)
    is_old_form = "=" not in text[pair.span.start : pair.value_span.start]
    line = f"{newline(text)}ENV {missing}={value}"
    return Hit(
        pair.span,
        what=f"{pair.name} is set, {missing} is not.",
        why="With runtime: nvidia on an image that is not NVIDIA's, the first says which GPUs are "
        "given, the second what of the driver is: without compute there is no CUDA. With --gpus "
        "the GPUs are named by the flag.",
        fix=f"Set both: ENV {_DEVICES}=all {_CAPABILITIES}=compute,utility.",
        edits=((end, line if is_old_form else f" {missing}={value}"),),
    )
