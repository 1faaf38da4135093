"""Rules about TensorFlow and jax without the CUDA that they need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.commands.model import CondaInstall, PythonInstall
from mlbox.lint.gpu.markers import applies
from mlbox.lint.gpu.tables import cuda_of, major, release_of, table_of
from mlbox.lint.gpu.text import inside
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.gpu import GpuStage
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Span

_AND_CUDA = (2, 14)  # the extra and-cuda came with it
_ENDED = (2, 12)  # from here on, tensorflow-gpu is an empty package that stops with an error
_CUDNN = re.compile(r"(?:lib)?cudnn\S*|nvidia-cudnn\S*")
_JAX_CUDA = re.compile(r"cuda(?:1[0-9])?(?:[-_](?:pip|local|cudnn\S*))?")
_PLUGINS = re.compile(r"jax-cuda1[0-9]-(?:plugin|pjrt)")


def tf_gpu_deprecated(image: Image) -> Iterator[Hit]:
    """The package tensorflow-gpu, or TensorFlow without CUDA on an image for GPUs."""
    for stage in image.gpu.used:
        for item, install in _wanted(stage):
            if item.name == "tensorflow-gpu":
                yield _deprecated(item, image)
            elif item.name == "tensorflow" and install is not None:
                hit = _without_cuda(item, install, stage, image)
                if hit is not None:
                    yield hit


def _wanted(stage: GpuStage) -> Iterator[tuple[Wanted, PythonInstall | None]]:
    for action in stage.actions.actions:
        if isinstance(action, PythonInstall) and action.verb == "install":
            yield from ((item, action) for item in action.wanted if applies(item))
        elif isinstance(action, CondaInstall) and action.install is not None:
            yield from ((item, action.install) for item in action.install.wanted if applies(item))


def _deprecated(item: Wanted, image: Image) -> Hit:
    release, _ = release_of(item.version)
    old = release is not None and numbers(release) < _ENDED
    with_extra = release is None or numbers(release) >= _AND_CUDA
    name = "tensorflow[and-cuda]" if with_extra else "tensorflow"
    version = f"=={item.version}" if item.version else ""
    return Hit(
        item.span or item.location,
        what=f"tensorflow-gpu{f' {release}' if release else ''} is no package to install any more.",
        why="Since TensorFlow 2.1 the package tensorflow has the code for GPUs; the last of this "
        "name is of 2.11, and gets no fixes."
        if old
        else "From 2.12 on it is an empty package whose installation stops with an error: "
        "tensorflow-gpu has been removed.",
        fix=f"Install {name}{version}.",
        edits=_renamed(item, name, image) if not _is_range(item) else (),
    )


def _is_range(item: Wanted) -> bool:
    return item.unknown or bool(item.extras) or bool(item.url)


def _renamed(item: Wanted, name: str, image: Image) -> tuple[tuple[Span, str], ...]:
    """Another name in its place."""
    if item.span is None:
        return ()
    text = image.dockerfile.source.text
    stands = text[item.span.start : item.span.end]
    match = re.search(r"tensorflow[-_]gpu", stands, re.IGNORECASE)
    place = inside(text, item.span, match[0]) if match else None
    return ((place, name),) if place else ()


def _without_cuda(
    item: Wanted, install: PythonInstall, stage: GpuStage, image: Image
) -> Hit | None:
    """Plain tensorflow on an image of CUDA: it needs the right CUDA and cuDNN from the image."""
    base = stage.base
    if base is None or not base.is_nvidia_cuda or not stage.is_shipped:
        return None
    if "and-cuda" in item.extras or item.unknown or item.url or item.local or item.locked:
        return None
    release, _ = release_of(item.version)
    if release is not None and numbers(release) < _AND_CUDA:
        return None
    needs = _cuda_needed(item, release, image)
    if needs is None or stage.cuda is None:
        return None
    fits = major(needs) == major(stage.cuda)
    works = fits and _has_cudnn(stage) and base.flavor != "base"
    name = f"tensorflow {release}" if release else "tensorflow"
    what = f"{name} is installed without its CUDA"
    lacks = f"CUDA {stage.cuda}" if not fits else "no cuDNN"
    plain = item.span is not None and item.raw.strip("\"'").startswith("tensorflow")
    return Hit(
        item.span or item.location,
        what=f"{what}; the image's {stage.cuda} and its cuDNN are used."
        if works
        else f"{what}, and {base.reference} has {lacks}: it runs on the CPU.",
        why=f"It is built for CUDA {needs}, and takes cuDNN and the other libraries from the image "
        "or from its extra and-cuda. What it does not find it skips: Cannot dlopen some GPU "
        "libraries. Skipping registering GPU devices.",
        fix=f"Install tensorflow[and-cuda]{f'=={release}' if release else ''}.",
        edits=_with_extra(item, "tensorflow", "and-cuda", image) if plain and not works else (),
        severity="info" if works or install.environment is None else None,
        dated=True,
    )


def _cuda_needed(item: Wanted, release: str | None, image: Image) -> str | None:
    table = table_of(image.facts, "tensorflow")
    chosen = release
    if chosen is None and item.requirement is not None:
        chosen = next(
            (known for known in reversed(table.releases) if known in item.requirement.specifier),
            None,
        )
    if chosen is None or numbers(chosen) < _AND_CUDA:
        return None
    tags = table.cuda_tags(chosen) if chosen in table.builds else ()
    return cuda_of(tags[-1]) if tags else None


def _has_cudnn(stage: GpuStage) -> bool:
    """Whether cuDNN is there, by the base, a package or another framework's wheels."""
    if stage.base is None or stage.base.has_cudnn is not False:
        return True
    if any(wheel.is_cuda for wheel in stage.all_wheels):
        return True
    names = (*stage.system_packages, *stage.python_packages)
    return any(_CUDNN.fullmatch(name) for name in names)


def _with_extra(item: Wanted, name: str, extra: str, image: Image) -> tuple[tuple[Span, str], ...]:
    """The same with an extra."""
    if item.span is None or "[" in item.raw:
        return ()
    text = image.dockerfile.source.text
    stands = text[item.span.start : item.span.end]
    place = inside(text, item.span, name)
    if place is None:
        return ()
    return ((item.span, stands.replace(name, f"{name}[{extra}]")),)


def jax_cuda_extra(image: Image) -> Iterator[Hit]:
    """Jax without its plugin for CUDA, on an image for GPUs."""
    for stage in image.gpu.used:
        base = stage.base
        if base is None or not base.is_nvidia_cuda or not stage.is_shipped:
            continue
        if any(_PLUGINS.match(name) for name in stage.python_packages):
            continue
        wanted = [(item, install) for part in stage.lineage for item, install in _wanted(part)]
        if any(_has_cuda(item, install) for item, install in wanted):
            continue
        own = [item for item, _ in _wanted(stage) if item.name == "jax"]
        if own:
            yield _without_plugin(own[0], stage, image)


def _has_cuda(item: Wanted, install: PythonInstall | None) -> bool:
    """Whether jax is asked for with CUDA, or in a way that may bring it or leave it out."""
    if item.name not in ("jax", "jaxlib"):
        return False
    if item.unknown or item.url or item.locked or item.extras - {"k8s"}:
        return True
    links = install.indexes.all if install is not None else ()
    return "+cuda" in item.raw or any("jax" in link for link in links)


def _without_plugin(item: Wanted, stage: GpuStage, image: Image) -> Hit:
    extra = _extra_for(item, stage, image)
    shared = any(wheel.is_cuda for wheel in stage.all_wheels)
    release, _ = release_of(item.version)
    version = f"=={release}" if release else ""
    return Hit(
        item.span or item.location,
        what=f"jax{f' {release}' if release else ''} is installed without CUDA: it runs on the "
        "CPU.",
        why="The package jax has the code for the CPU alone; that for GPUs is in plugins, which "
        "its extras bring.",
        fix=f"Install jax[{extra or 'cuda12'}]{version}.",
        edits=_with_extra(item, "jax", extra, image) if extra else (),
        severity="info" if shared else None,
        dated=extra is not None,
    )


def _extra_for(item: Wanted, stage: GpuStage, image: Image) -> str | None:
    """``cuda12`` or ``cuda13``, as the release has it and the image's CUDA is."""
    table = table_of(image.facts, "jax")
    release, _ = release_of(item.version)
    if release is None and item.version is None:
        release = table.releases[-1]
    tag = f"cuda{major(stage.cuda)}"
    return tag if release and table.has(release, tag) else None
