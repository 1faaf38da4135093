"""Rules about torch's CUDA beside the image's: what is compiled with it, which driver it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.gpu.retag import retagged, tag_for
from mlbox.lint.gpu.tables import cuda_of, major, table_of
from mlbox.lint.gpu.wheels import INDEX
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.gpu import GpuStage, Wheel
    from mlbox.lint.gpu.compiled import Compiled
    from mlbox.lint.image import Image


def torch_cuda_mismatch(image: Image) -> Iterator[Hit]:
    """Something is compiled with another major version of CUDA than torch is built for."""
    seen: set[tuple[int, int, int, int]] = set()
    for stage in image.gpu.used:
        if stage.cuda is None or (stage.base and stage.base.framework == "torch"):
            continue
        for item in stage.compiled:
            wheel = _torch_for(item, stage)
            if wheel is not None and _differs(wheel, stage) and wheel.at not in seen:
                seen.add(wheel.at)
                yield _mismatch(wheel, stage, image, item)
        for wheel in stage.wheels:
            if wheel.name != "torch" or not wheel.is_explicit or wheel.at in seen:
                continue
            if _differs(wheel, stage) and not _compiles_later(wheel, stage, image):
                yield _mismatch(wheel, stage, image, None)


def _torch_for(item: Compiled, stage: GpuStage) -> Wheel | None:
    """The torch that an extension is compiled against."""
    if item.kind != "extension":
        return None
    before = [w for w in stage.all_wheels if w.name == "torch" and w.at[:3] < item.at]
    return before[-1] if before else None


def _differs(wheel: Wheel, stage: GpuStage) -> bool:
    build = cuda_of(wheel.tag)
    return build is not None and major(build) != major(stage.cuda)


def _compiles_later(wheel: Wheel, stage: GpuStage, image: Image) -> bool:
    return any(
        _torch_for(item, other) is wheel
        for other in image.gpu.used
        if stage in other.lineage
        for item in other.compiled
    )


def _mismatch(wheel: Wheel, stage: GpuStage, image: Image, item: Compiled | None) -> Hit:
    build, cuda = cuda_of(wheel.tag), stage.cuda
    table = table_of(image.facts)
    tag = tag_for(table, wheel.release, cuda)
    sure = item is not None and stage.has_nvcc is True and (wheel.is_pinned or wheel.is_explicit)
    to_take = (
        f"Install torch from {INDEX}{tag}, or build on an image of CUDA {build}."
        if tag
        else f"Build on an image of CUDA {build}."
    )
    return Hit(
        wheel.index_place or wheel.place,
        what=f"{item.what} is compiled with CUDA {cuda} for {wheel.said}, which is built for "
        f"CUDA {build}."
        if item
        else f"{wheel.said} is built for CUDA {build}; the image has CUDA {cuda}.",
        why="torch.utils.cpp_extension refuses a compiler of another major version of CUDA: The "
        "detected CUDA version mismatches the version that was used to compile PyTorch."
        if item
        else "The wheel brings its own CUDA libraries, so it runs; those of the image are not "
        "used, and an extension could not be compiled.",
        fix=to_take
        if item
        else f"{to_take} If nothing uses the image's CUDA, a slim base will do.",
        edits=retagged(wheel, tag, image.dockerfile.source.text) if tag else (),
        severity=None if sure else "info",
        confidence="high" if item is None or item.is_sure else "medium",
        dated=wheel.origin == "default",
    )


def torch_default_cuda_jump(image: Image) -> Iterator[Hit]:
    """The default index's torch asks for a newer driver than the image is made for."""
    for stage in image.gpu.used:
        if stage.cuda is None or (stage.base and stage.base.framework):
            continue
        for wheel in stage.wheels:
            build = cuda_of(wheel.tag)
            if wheel.name != "torch" or wheel.origin != "default" or build is None:
                continue
            if (major(build) or 0) > (major(stage.cuda) or 0) and not stage.has_earlier(wheel):
                yield _jump(wheel, stage, build, image)


def _jump(wheel: Wheel, stage: GpuStage, build: str, image: Image) -> Hit:
    tag = tag_for(table_of(image.facts), wheel.release, stage.cuda)
    driver = next(
        (
            row.family_driver
            for row in image.facts.cudas
            if row.version.startswith(f"{build}.") and row.family_driver
        ),
        "",
    )
    needs = f", which needs driver {driver}" if driver else ""
    newest = "" if wheel.release else f" (the newest as of {image.facts.as_of})"
    return Hit(
        wheel.place,
        what=f"torch {wheel.likely}{newest} of the default index is built for CUDA {build}{needs}.",
        why=f"The image has CUDA {stage.cuda}, which runs on older drivers too; this torch "
        "does not: The NVIDIA driver on your system is too old.",
        fix=f"If the hosts have older drivers, install it with --index-url {INDEX}{tag}."
        if tag
        else "If the hosts have older drivers, pin an older torch.",
        dated=True,
    )
