"""Rules about which build of torch is installed: does it exist, is it one for the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.gpu.retag import retagged, tag_for
from mlbox.lint.gpu.tables import cuda_of, table_of
from mlbox.lint.gpu.wheels import INDEX, index_tag
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.gpu import GpuStage, Wheel
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Span

_FIRST_CUDA = (11, 3)  # the tables' oldest release of torch has it; older indexes are not in them

_FOR_GPUS = frozenset(
    {"torch", "tensorflow", "jax", "cupy-cuda12x", "cupy-cuda11x", "onnxruntime-gpu", "vllm"}
)


def cpu_wheel_on_gpu_image(image: Image) -> Iterator[Hit]:
    """The image has CUDA, and torch is a build for the CPU."""
    stage = image.gpu.final
    if stage is None or stage.base is None or not stage.base.is_gpu:
        return
    installed = (*_ends_with(stage), *_copied(stage, image))
    if any(wheel.is_cuda for _, wheel in installed):
        return
    yield from _tensorflow_for_cpu(stage)
    for origin, wheel in installed:
        if wheel.tag == "cpu" or wheel.origin == "auto":
            hit = _cpu_hit(wheel, origin, stage, image)
            if hit is not None:
                yield hit


def _tensorflow_for_cpu(stage: GpuStage) -> Iterator[Hit]:
    """The package tensorflow-cpu, where nothing else is for GPUs."""
    base = stage.base
    names = stage.python_packages
    if base is None or "tensorflow-cpu" not in names or names & _FOR_GPUS:
        return
    for part in stage.lineage:
        for install in part.actions.installs:
            for item in install.named("tensorflow-cpu"):
                yield Hit(
                    item.span or item.location,
                    what=f"tensorflow-cpu runs on the CPU alone; the image is {base.reference}.",
                    why="It has no code for GPUs, and the CUDA in the image is of no use to it.",
                    fix="Install tensorflow[and-cuda], or take a slim base if the CPU is meant.",
                    severity="warning",
                )


def _ends_with(stage: GpuStage) -> list[tuple[GpuStage, Wheel]]:
    """The torch that a stage has in the end, and those that a child image gets by ONBUILD."""
    triggers = [
        wheel
        for wheel in stage.all_wheels
        if wheel.name == "torch" and wheel.step.instruction.is_trigger
    ]
    return [(stage, wheel) for wheel in (*stage.installed, *triggers)]


def _copied(stage: GpuStage, image: Image) -> Iterator[tuple[GpuStage, Wheel]]:
    """The torch of the environments that are copied from other stages."""
    for part in stage.lineage:
        for step in part.stage.all_steps:
            flag = step.instruction.flag("from")
            if step.instruction.name != "COPY" or flag is None:
                continue
            found = image.dockerfile.stage_named(step.expand(flag.value or "") or "")
            if found is None:
                continue
            other = image.gpu.stages[found.index]
            sources = [step.expand(word.raw) for word in step.instruction.paths[:-1]]
            for wheel in other.installed:
                if any(source and _holds(source, wheel) for source in sources):
                    yield other, wheel


def _holds(source: str, wheel: Wheel) -> bool:
    """Whether a folder that is copied has the environment of an installation."""
    environment = wheel.install.environment
    if environment is None:
        return False
    folder = source.rstrip("/") or "/"
    if not environment:
        return folder in ("/", "/usr/local", "/usr/local/lib") or "site-packages" in folder
    return environment == folder or environment.startswith(f"{folder.rstrip('/')}/")


def _cpu_hit(wheel: Wheel, origin: GpuStage, stage: GpuStage, image: Image) -> Hit | None:
    base = stage.base
    if base is None or _driver_is_told(wheel):
        return None
    text = image.dockerfile.source.text
    cuda = stage.cuda
    tag = tag_for(table_of(image.facts, "torch", stage.platform), wheel.release, cuda)
    auto = wheel.origin == "auto"
    where = "" if origin is stage else ", copied from another stage"
    what = f"torch{f' {wheel.release}' if wheel.release else ''} is the build for the CPU{where}"
    if auto:
        what = "--torch-backend=auto gives torch for the CPU: a build sees no GPU"
    fix = f"Install it from {INDEX}{tag or 'cu...'}, or take a slim base if the CPU is meant."
    by_default = wheel.origin == "default"
    return Hit(
        wheel.index_place or wheel.place,
        what=f"{what}; the image is {base.reference}.",
        why="Its torch.cuda.is_available() is False on every machine, and the CUDA in the image "
        "is of no use to it."
        if not auto
        else "uv asks the driver of the machine that builds; in docker build there is none, so it "
        "takes the index for the CPU.",
        fix=fix if not auto else f"Name the build: --torch-backend={tag or 'cu...'}.",
        edits=retagged(wheel, tag, text) if tag and not by_default else (),
        severity="warning" if auto or by_default else None,
        dated=by_default,
    )


def _driver_is_told(wheel: Wheel) -> bool:
    """Whether uv is told which driver there will be, or gets a GPU in the build."""
    instruction = wheel.step.instruction
    if wheel.origin != "auto":
        return False
    return "UV_CUDA_DRIVER_VERSION" in wheel.step.scope.values or bool(instruction.flag("device"))


def torch_wheel_nonexistent(image: Image) -> Iterator[Hit]:
    """A release of torch was never built for that CUDA."""
    for stage in image.gpu.used:
        for wheel in stage.wheels:
            if wheel.is_nightly or wheel.install.indexes.no_index:
                continue
            hit = _nonexistent(wheel, image)
            if hit is not None:
                yield hit


def _nonexistent(wheel: Wheel, image: Image) -> Hit | None:
    tag = wheel.tag
    if wheel.origin in ("unknown", "auto") or wheel.item.local:
        return None
    if tag and wheel.is_cuda and wheel.origin != "default" and _never(tag, image):
        return _absent(wheel, f"There are no wheels of torch for {tag}.", image)
    release = wheel.release
    if release is None:
        return None
    if wheel.name == "torch" and _no_release(release, image):
        return _absent(wheel, f"There is no torch {release}.", image, tag_is_wrong=False)
    chosen = (wheel.is_cuda or tag == "cpu") and wheel.origin != "default"
    if tag and chosen and _has(wheel, release, tag, image) is False:
        return _absent(wheel, f"There is no {wheel.name} {release} for {tag}.", image)
    return _other_index(wheel) or _fallen_back(wheel, image)


def _other_index(wheel: Wheel) -> Hit | None:
    """The index is for one CUDA, the local part of the version for another."""
    indexes = wheel.install.indexes
    main = index_tag(indexes.main or "")
    alone = indexes.known and not indexes.extra and not indexes.find_links
    if wheel.origin != "version" or wheel.tag is None or main is None or not alone:
        return None
    if main == wheel.tag or wheel.item.index is not None:
        return None
    return Hit(
        wheel.place,
        what=f"The index for {main} has no {wheel.item.raw}.",
        why=f"It has the builds for {main} alone; pip finds no matching distribution.",
        fix=f"Take the index for it: --index-url {INDEX}{wheel.tag}.",
    )


def _never(tag: str, image: Image) -> bool:
    """Whether no release of torch was ever built for a CUDA version that the tables cover."""
    table = table_of(image.facts)
    cuda = cuda_of(tag)
    newest = max(numbers(cuda_of(known) or "0") for known in table.tags)
    return bool(cuda) and tag not in table.tags and _FIRST_CUDA < numbers(cuda or "") < newest


def _no_release(release: str, image: Image) -> bool:
    table = table_of(image.facts)
    if release in table.builds or any(known == release for known, _ in table.doubtful):
        return False
    return numbers(table.releases[0]) < numbers(release) < numbers(table.releases[-1])


def _has(wheel: Wheel, release: str, tag: str, image: Image) -> bool | None:
    """Whether there is a build; of torchvision and torchaudio as of the torch they go with."""
    table = table_of(image.facts)
    if wheel.name == "torch":
        return table.has(release, tag)
    pairs = table.companions.get((wheel.name, release), ())
    if not pairs or any(loose for _, loose in pairs):
        return None
    answers = [table.has(torch, tag) for torch, _ in pairs]
    return True if any(answers) else (None if None in answers else False)


def _absent(wheel: Wheel, what: str, image: Image, *, tag_is_wrong: bool = True) -> Hit:
    table = table_of(image.facts)
    release = wheel.release if wheel.name == "torch" else _torch_of(wheel, image)
    known = table.cuda_tags(release or "")
    cuda = cuda_of(wheel.tag)
    tag = tag_for(table, release, cuda) or _end(known, cuda)
    there = f"torch {release} was built for {', '.join(known)}" if known and release else ""
    why = "pip finds no matching distribution; such a file is not in the index."
    return Hit(
        wheel.place if wheel.origin in ("version", "url", "default") else _index(wheel),
        what=what,
        why=f"{why} {there[:1].upper()}{there[1:]}." if there else why,
        fix=f"Take {tag}: {INDEX}{tag}." if tag_is_wrong and tag else _nearest(wheel, image),
        edits=retagged(wheel, tag, image.dockerfile.source.text) if tag and tag_is_wrong else (),
        dated=True,
    )


def _end(tags: tuple[str, ...], cuda: str | None) -> str | None:
    """The oldest tag where an older one was asked for, else the newest."""
    if not tags:
        return None
    asked_older = cuda is not None and numbers(cuda) < numbers(cuda_of(tags[0]) or "")
    return tags[0] if asked_older else tags[-1]


def _index(wheel: Wheel) -> Span:
    found = wheel.index_place
    return found if found is not None else wheel.install.command.words[0].span


def _torch_of(wheel: Wheel, image: Image) -> str | None:
    pairs = table_of(image.facts).companions.get((wheel.name, wheel.release or ""), ())
    return pairs[0][0] if pairs else None


def _nearest(wheel: Wheel, image: Image) -> str:
    releases = table_of(image.facts).releases
    asked = numbers(wheel.release or "")
    older = [release for release in releases if numbers(release) < asked]
    return f"Take torch {older[-1]}." if older else "Take a release that exists."


def _fallen_back(wheel: Wheel, image: Image) -> Hit | None:
    """Where an extra index lacks the release, pip takes the default index's build."""
    if wheel.origin != "default" or wheel.name != "torch" or wheel.release is None:
        return None
    tags = [tag for url in wheel.install.indexes.all if (tag := index_tag(url))]
    if not tags or wheel.tag is None or wheel.install.tool.startswith("uv"):
        return None
    known = ", ".join(table_of(image.facts).cuda_tags(wheel.release))
    return Hit(
        wheel.install.indexes.span or wheel.place,
        what=f"The index for {tags[0]} has no torch {wheel.release}: pip takes the default "
        f"index's build instead, {wheel.tag}.",
        why=f"torch {wheel.release} was built for {known}; an extra index only adds to the "
        "default one.",
        fix=f"Take an index that has it: --index-url {INDEX}{wheel.tag}.",
        severity="warning",
        dated=True,
    )
