"""The rule about a torch that was chosen, and is replaced by a later installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.commands.model import PythonInstall
from mlbox.lint.gpu.tables import table_of
from mlbox.lint.gpu.text import inside
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.torch_moves import AGAIN, PIN_TORCH, asked_torch, satisfied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.gpu import GpuStage, Wheel
    from mlbox.lint.gpu.tables import Table
    from mlbox.lint.image import Image


def late_install_moves_torch(image: Image) -> Iterator[Hit]:
    """A later installation replaces the torch that was chosen before."""
    for stage in image.gpu.used:
        if not stage.all_wheels:
            continue
        yield from _pinners(stage)
        table = table_of(image.facts, "torch", stage.platform)
        for wheel in stage.wheels:
            chosen = _chosen_before(wheel, stage)
            if chosen is not None:
                hit = _replaced(wheel, chosen, stage, table, image)
                if hit is not None:
                    yield hit


def _pinners(stage: GpuStage) -> Iterator[Hit]:
    """Packages that ask for another torch, or whose every release asks for one."""
    for number, (_, actions) in enumerate(stage.actions.steps):
        for place, action in enumerate(actions):
            if not isinstance(action, PythonInstall) or action.named("torch"):
                continue
            chosen = _before(action, (stage.stage.index, number, place), stage)
            if chosen is None or "--no-deps" in action.flags:
                continue
            for item in action.named(*PIN_TORCH):
                asked = asked_torch(item)
                if asked and chosen.release and asked != chosen.release:
                    yield _replaced_by(item, asked, chosen)
                elif not item.version and not item.unknown and not item.url:
                    yield _may_replace(item, chosen)


def _replaced_by(item: Wanted, asked: str, chosen: Wheel) -> Hit:
    return Hit(
        item.span or item.location,
        what=f"{item.name} {item.version} asks for torch {asked}, which replaces {chosen.said}.",
        why=f"The new one is not the build for {chosen.tag} that was chosen.",
        fix=f"Take the release of {item.name} that is made for torch {chosen.release}.",
        dated=True,
    )


def _may_replace(item: Wanted, chosen: Wheel) -> Hit:
    return Hit(
        item.span or item.location,
        what=f"{item.name} without a version may replace {chosen.said}.",
        why="Each of its releases is built for one release of torch, and installs that from the "
        "default index.",
        fix="Pin the release that is made for the torch that is there.",
        severity="info",
        confidence="medium",
    )


def _chosen_before(wheel: Wheel, stage: GpuStage) -> Wheel | None:
    return _before(wheel.install, wheel.at[:3], stage)


def _before(install: PythonInstall, at: tuple[int, int, int], stage: GpuStage) -> Wheel | None:
    """The torch of an earlier command in the same environment, if a build was chosen for it."""
    if install.environment is None:
        return None
    before = [
        other
        for other in stage.all_wheels
        if other.name == "torch"
        and other.at[:3] < at
        and other.install is not install
        and other.install.environment == install.environment
    ]
    if not before or not before[-1].is_explicit or before[-1].tag is None:
        return None
    return before[-1]


def _replaced(
    wheel: Wheel, chosen: Wheel, stage: GpuStage, table: Table, image: Image
) -> Hit | None:
    if wheel.item.unknown or wheel.item.local:
        return None
    if wheel.name != "torch":
        why = _newer_companion(wheel, chosen, stage, table)
        return (
            _late(wheel, chosen, why, _companion_pin(wheel, chosen, table, image)) if why else None
        )
    why = _why_replaced(wheel, chosen, _release(chosen, table))
    if why:
        return _late(wheel, chosen, why, ())
    if wheel.release or wheel.item.version:
        return None
    return Hit(
        wheel.place,
        what=f"torch is named again without a version, after {chosen.said}.",
        why="The torch that is there satisfies it, so nothing moves; with --upgrade, or in another "
        "order, it would be replaced by the default index's.",
        fix="Leave torch out here, or give the version that is there as a constraint.",
        severity="info",
    )


def _release(chosen: Wheel, table: Table) -> str | None:
    """The release that was chosen; of an index that gets no more, the last one that fits."""
    ended = chosen.tag not in table.builds[table.releases[-1]]
    return chosen.release or (chosen.likely if ended else None)


def _why_replaced(wheel: Wheel, chosen: Wheel, release: str | None) -> str:
    """Why a later torch takes the place of the chosen one; empty if it does not."""
    flags = wheel.install.flags
    if wheel.item.url:
        return "A wheel that is named by its address is installed whatever is there."
    if flags & AGAIN and wheel.tag != chosen.tag:
        return f"{min(flags & AGAIN)} replaces what is there."
    if wheel.release or wheel.item.version:
        return _why_by_version(wheel, chosen, release)
    if satisfied(wheel.item, release) is False:
        return f"torch {release} does not satisfy {wheel.item.raw}."
    same_index = wheel.is_explicit and wheel.tag == chosen.tag
    if "--upgrade" in flags and not same_index and wheel.origin != "unknown":
        return "--upgrade takes the newest release of the default index."
    return ""


def _why_by_version(wheel: Wheel, chosen: Wheel, release: str | None) -> str:
    if not wheel.release or not release:
        return ""
    if wheel.release != release:
        return "It is another release."
    if "+" in (wheel.item.version or "") and wheel.tag != chosen.tag:
        return f"It is the build for {wheel.tag}."
    return ""


def _newer_companion(wheel: Wheel, chosen: Wheel, stage: GpuStage, table: Table) -> str:
    """Whether an open torchvision or torchaudio brings a newer torch along."""
    release = _release(chosen, table)
    if release is None or not _is_open(wheel, stage):
        return ""
    newest = table.newest(None, wheel.tag if wheel.is_explicit else None)
    version = table.companion(newest, wheel.name) if newest else None
    pairs = table.companions.get((wheel.name, version or ""), ())
    releases = [torch for torch, _ in pairs]
    loose = any(is_loose for _, is_loose in pairs)
    if not releases or release in releases:
        return ""
    oldest = min(releases, key=numbers)
    if loose and (wheel.name == "torchaudio" or numbers(release) >= numbers(oldest)):
        return ""
    return f"The newest {wheel.name} ({version}) asks for torch {oldest}, and pip installs that."


def _is_open(wheel: Wheel, stage: GpuStage) -> bool:
    """Whether the newest release of a companion is installed."""
    flags = wheel.install.flags
    if wheel.is_pinned or "--no-deps" in flags or wheel.origin == "unknown" or wheel.is_nightly:
        return False
    if stage.has_earlier(wheel) and "--upgrade" not in flags:
        return False
    return wheel.item.requirement is not None and not wheel.item.requirement.specifier


def _companion_pin(
    wheel: Wheel, chosen: Wheel, table: Table, image: Image
) -> tuple[tuple[Span, str], ...]:
    version = table.companion(_release(chosen, table) or "", wheel.name)
    if not version or wheel.item.span is None:
        return ()
    name = inside(image.dockerfile.source.text, wheel.item.span, wheel.name)
    return ((Span(name.end, name.end), f"=={version}"),) if name else ()


def _late(wheel: Wheel, chosen: Wheel, why: str, edits: tuple[tuple[Span, str], ...]) -> Hit:
    pin = f"torch=={chosen.release}" if chosen.release else "torch"
    return Hit(
        wheel.place,
        what=f"{wheel.item.raw} replaces {chosen.said}, which was installed before.",
        why=f"{why} The new one is not the build for {chosen.tag} that was chosen.",
        fix=f"Give the torch that is there as a constraint (-c with {pin}), or install all of "
        "torch's family in one command from one index.",
        edits=edits,
        dated=wheel.name != "torch",
    )
