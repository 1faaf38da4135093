"""The rule about torch without a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.gpu.pythons import python_of
from mlbox.lint.gpu.tables import table_of
from mlbox.lint.gpu.text import inside
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.gpu import GpuStage, Wheel
    from mlbox.lint.image import Image

_LOCKING = frozenset({"uv sync", "uv add", "uv tool", "pipx", "poetry", "pdm", "pixi", "pipenv"})


def torch_unpinned(image: Image) -> Iterator[Hit]:
    """Nothing says which torch is installed."""
    for stage in image.gpu.used:
        for wheel in stage.wheels:
            if wheel.name == "torch" and _is_open(wheel, stage):
                yield _unpinned(wheel, stage, image)


def _is_open(wheel: Wheel, stage: GpuStage) -> bool:
    install = wheel.install
    if wheel.is_pinned or wheel.is_nightly or wheel.item.requirement is None:
        return False
    if install.tool in _LOCKING or _may_be_constrained(wheel) or _has_upper_bound(wheel):
        return False
    environment = install.environment
    if stage.base and stage.base.framework == "torch" and environment in ("", None):
        return False
    if stage.base is None or not (stage.base.is_gpu or stage.base.is_plain):
        return _is_plain(wheel) and not stage.has_earlier(wheel)
    return not stage.has_earlier(wheel)


def _is_plain(wheel: Wheel) -> bool:
    requirement = wheel.item.requirement
    return requirement is not None and not requirement.specifier


def _may_be_constrained(wheel: Wheel) -> bool:
    install = wheel.install
    if install.constraints and install.unread:
        return True
    words = [word.text for word in install.command.arguments]
    if any(word.startswith(("--exclude-newer", "--override")) for word in words):
        return True
    return "UV_EXCLUDE_NEWER" in wheel.step.scope.values


def _has_upper_bound(wheel: Wheel) -> bool:
    requirement = wheel.item.requirement
    operators = {clause.operator for clause in requirement.specifier} if requirement else set()
    return bool(operators & {"==", "===", "~=", "<", "<="})


def _unpinned(wheel: Wheel, stage: GpuStage, image: Image) -> Hit:
    tag = wheel.tag if wheel.origin not in ("default", "unknown", "auto") else None
    table = table_of(image.facts, "torch", stage.platform)
    python = python_of(stage, wheel.install)
    release = table.newest(None, tag, python)
    plain = _is_plain(wheel)
    return Hit(
        wheel.place,
        what="torch is installed without a version."
        if plain
        else f"{wheel.item.raw} has no upper bound.",
        why="Each build of the image may get another release, and with it another CUDA: the "
        "default index went from CUDA 12 to 13 with torch 2.11, which needs driver 580.",
        fix=f"Pin it: torch=={release}." if release else "Pin it: torch==X.Y.Z.",
        edits=_pin(wheel, release, image) if release and plain else (),
        severity=None if plain else "info",
        dated=bool(release),
    )


def _pin(wheel: Wheel, release: str, image: Image) -> tuple[tuple[Span, str], ...]:
    """Add the version behind the name, where it stands in the Dockerfile by itself."""
    if wheel.item.span is None or wheel.item.raw.strip("\"'") != "torch":
        return ()
    name = inside(image.dockerfile.source.text, wheel.item.span, "torch")
    return ((Span(name.end, name.end), f"=={release}"),) if name else ()
