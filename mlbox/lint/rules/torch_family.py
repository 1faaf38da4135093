"""The rule about torch, torchvision and torchaudio: which releases go together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.gpu.tables import cuda_of, major, table_of
from mlbox.lint.gpu.text import inside
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.gpu import GpuStage, Wheel
    from mlbox.lint.gpu.tables import Table
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Span

_COMPANIONS = ("torchvision", "torchaudio")


def torch_family_mismatch(image: Image) -> Iterator[Hit]:
    """Torch and torchvision, or torchaudio, are releases that do not go together."""
    for stage in image.gpu.used:
        if any(wheel.name in _COMPANIONS for wheel in stage.all_wheels) and stage.wheels:
            table = table_of(image.facts)
            for torch, other in _pairs(stage):
                hit = _of_pair(torch, other, table, image)
                if hit is not None:
                    yield hit
            yield from _beside_base(stage, table)


def _pairs(stage: GpuStage) -> Iterator[tuple[Wheel, Wheel]]:
    """What is together after each command of the stage itself: torch, and a companion."""
    own = {wheel.at for wheel in stage.wheels}
    there: dict[tuple[str | None, str], Wheel] = {}
    commands: dict[tuple[int, int, int], list[Wheel]] = {}
    for wheel in stage.all_wheels:
        commands.setdefault(wheel.at[:3], []).append(wheel)
    for wheels in commands.values():
        for wheel in wheels:
            if wheel.is_pinned or (wheel.install.environment, wheel.name) not in there:
                there[wheel.install.environment, wheel.name] = wheel
        if wheels[0].at not in own:
            continue
        environment = wheels[0].install.environment
        torch = there.get((environment, "torch"))
        for name in _COMPANIONS:
            other = there.get((environment, name))
            if torch and other and (torch in wheels or other in wheels):
                yield torch, other


def _of_pair(torch: Wheel, other: Wheel, table: Table, image: Image) -> Hit | None:
    if torch.is_nightly or other.is_nightly:
        return None
    if torch.release and other.release and goes_with(torch.release, other, table) is False:
        wanted = table.companion(torch.release, other.name)
        alone = other.install is torch.install or not other.install.named("torch")
        return _mismatch(torch.release, other, wanted, table, image if alone else None)
    return _other_build(torch, other, table)


def goes_with(release: str, other: Wheel, table: Table) -> bool | None:
    """Whether a companion goes with a release of torch; ``None`` if that is not known."""
    if release not in table.builds or other.release is None:
        return None
    pairs = table.companions.get((other.name, other.release))
    if pairs is None:
        return _by_minor(release, other.name, other.release, table)
    if release in {torch for torch, _ in pairs}:
        return True
    if not any(loose for _, loose in pairs):
        return False
    oldest = min(numbers(torch) for torch in _of_minor(other.name, other.release, table))
    if numbers(release) >= oldest:
        return True
    return None if other.name == "torchaudio" else False  # its last release has no pin at all


def _of_minor(name: str, version: str, table: Table) -> frozenset[str]:
    """The releases of torch that any patch of a companion's minor release goes with."""
    minor = numbers(version)[:2]
    return frozenset(
        torch
        for (known, other), pairs in table.companions.items()
        if known == name and numbers(other)[:2] == minor
        for torch, _ in pairs
    )


def _by_minor(release: str, name: str, version: str, table: Table) -> bool | None:
    """A patch release that the tables lack goes with the minor release that its others go with."""
    torches = {numbers(torch)[:2] for torch in _of_minor(name, version, table)}
    if not torches or numbers(release)[:2] in torches:
        return None
    return False


def _mismatch(
    release: str, other: Wheel, wanted: str | None, table: Table, image: Image | None
) -> Hit:
    pairs = table.companions.get((other.name, other.release or ""), ())
    asks = f"{other.name} {other.release} is made for torch {pairs[0][0]}. " if pairs else ""
    return Hit(
        other.place,
        what=f"{other.name} {other.release} does not go with torch {release}.",
        why=f"{asks}pip refuses the two together (ResolutionImpossible), or replaces one of them; "
        "without its dependencies it does not load: undefined symbol, or operator "
        "torchvision::nms does not exist.",
        fix=f"Take {other.name}=={wanted}."
        if wanted
        else f"Leave {other.name} out, or take an older torch.",
        edits=_repinned(other, wanted, image) if wanted and image else (),
        dated=True,
    )


def _repinned(other: Wheel, wanted: str, image: Image) -> tuple[tuple[Span, str], ...]:
    """Write the release that goes with torch, the local part kept."""
    match = re.search(r"==\s*([\d.]+)", other.item.raw)
    if other.item.span is None or match is None:
        return ()
    place = inside(image.dockerfile.source.text, other.item.span, match[1])
    return ((place, wanted),) if place else ()


def _other_build(torch: Wheel, other: Wheel, table: Table) -> Hit | None:
    """The same releases, one for the CPU or for another major version of CUDA."""
    theirs = other.tag
    if other.origin == "default" and other.install is not torch.install and other.release:
        build = table.default(torch.release or "")
        theirs = build.tag if build else None
    ours = torch.tag
    if ours is None or theirs is None or torch.origin == other.origin == "default":
        return None
    if ours == theirs or _same_kind(ours, theirs):
        return None
    return Hit(
        other.place,
        what=f"{other.name} is the build for {theirs}, torch the one for {ours}.",
        why="Their compiled parts do not fit: torchvision refuses another major version of CUDA "
        "than torch's when it is imported, and one for the CPU has no operators for GPUs.",
        fix="Install both in one command, from one index.",
        dated=other.origin == "default",
    )


def _same_kind(ours: str, theirs: str) -> bool:
    first, second = cuda_of(ours), cuda_of(theirs)
    if (first is None) != (second is None):
        return not {ours, theirs} & {"cpu"}
    return major(first) == major(second)


def _beside_base(stage: GpuStage, table: Table) -> Iterator[Hit]:
    """A companion beside the base image's own torch."""
    base = stage.base
    if base is None or base.framework != "torch" or base.release is None or base.is_ngc_torch:
        return
    if any(wheel.name == "torch" for wheel in stage.all_wheels):
        return
    for other in stage.wheels:
        if other.install.environment != "" or goes_with(base.release, other, table) is not False:
            continue
        alone = "--no-deps" in other.install.flags
        wanted = table.companion(base.release, other.name)
        yield Hit(
            other.place,
            what=f"{other.name} {other.release} does not go with the torch {base.release} of "
            f"{base.reference}.",
            why="Without its dependencies it does not load: undefined symbol."
            if alone
            else "Its own torch is installed along with it.",
            fix=f"Take {other.name}=={wanted}." if wanted else f"Leave {other.name} out.",
            severity=None if alone else "info",
            dated=True,
        )
