"""The rule about the base image's own torch: nothing replaces it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import CondaInstall
from mlbox.lint.gpu.tables import cuda_of, table_of
from mlbox.lint.gpu.text import without_command, without_words
from mlbox.lint.gpu.wheels import FAMILY
from mlbox.lint.rule import Hit
from mlbox.resolve.builds import xformers_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import PythonInstall, Wanted
    from mlbox.lint.gpu import Base, GpuStage, Wheel
    from mlbox.lint.gpu.tables import Table
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Span
    from mlbox.lint.shell.model import Command

PIN_TORCH = frozenset({"vllm", "xformers"})  # each of their releases asks for one torch
AGAIN = frozenset({"--force-reinstall", "--ignore-installed", "--reinstall"})


def base_torch_overwritten(image: Image) -> Iterator[Hit]:
    """The base image's own torch is replaced by another."""
    for stage in image.gpu.used:
        base = stage.base
        if base is None or base.framework != "torch":
            continue
        uninstalled = _uninstalls_torch(stage)
        for install in stage.actions.installs:
            hit = _of_install(install, stage, base, image)
            if hit is not None:
                yield _weaker(hit) if uninstalled else hit
        yield from _by_conda(stage, base)


def _weaker(hit: Hit) -> Hit:
    """The same where torch was taken out on purpose before."""
    return Hit(hit.span, what=hit.what, why=hit.why, fix=hit.fix, severity="info", dated=hit.dated)


def _uninstalls_torch(stage: GpuStage) -> bool:
    for part in stage.lineage:
        for action in part.actions.actions:
            words = [word.text for word in action.command.words]
            if "uninstall" in words and "torch" in words:
                return True
    return False


def _of_install(install: PythonInstall, stage: GpuStage, base: Base, image: Image) -> Hit | None:
    """The first of a command's items that moves the base's torch."""
    if install.verb != "install" or install.environment not in ("", None):
        return None
    if install.tool not in ("pip", "uv pip") or any(
        word.text in ("conda", "mamba", "micromamba") for word in install.command.prefix
    ):
        return None
    wheels = [wheel for wheel in stage.wheels if wheel.install is install]
    for wheel in sorted(wheels, key=lambda wheel: wheel.name != "torch"):
        why = _moves(wheel, base, table_of(image.facts, "torch", stage.platform))
        if why:
            return _overwritten(wheel, why, base, image)
    pins = install.named(*PIN_TORCH)
    if pins and not wheels and "--no-deps" not in install.flags:
        return _by_pin(pins[0], install, base)
    return None


def asked_torch(item: Wanted) -> str | None:
    """The release of torch that a release of another package asks for, as far as known."""
    return xformers_for((f"{item.name}=={item.version}",)) if item.version else None


def _by_pin(item: Wanted, install: PythonInstall, base: Base) -> Hit | None:
    asked = asked_torch(item)
    if asked is None or base.release is None:
        return _may_move(item, base)
    if asked == base.release and not base.is_ngc_torch:
        return None
    return Hit(
        item.span or item.location,
        what=f"{item.name} {item.version} asks for torch {asked}, which replaces the torch "
        f"{base.release} of {base.reference}.",
        why="The old one stays in the lower layers: several GB for nothing, and the CUDA of the "
        "base image may not be the new one's.",
        fix=f"Take the release of {item.name} that is made for torch {base.release}, or a base "
        "image that has the release wanted.",
        severity=None if install.environment == "" else "info",
        dated=True,
    )


def _moves(wheel: Wheel, base: Base, table: Table) -> str:
    """Why an installation replaces the base's torch; empty if it does not, or is not known to."""
    flags = wheel.install.flags
    if wheel.name != "torch":
        return _companion_moves(wheel, base, table)
    if wheel.item.url:
        return "A wheel that is named by its address is installed whatever is there."
    if wheel.item.local or wheel.item.unknown or wheel.is_nightly:
        return ""
    if flags & AGAIN:
        return f"{min(flags & AGAIN)} replaces what is there."
    if wheel.item.version or wheel.release:
        return _other_release(wheel, base)
    return _by_range(wheel, base)


def _by_range(wheel: Wheel, base: Base) -> str:
    if "--upgrade" in wheel.install.flags:
        return "--upgrade takes the newest release in place of the one that is there."
    fits = satisfied(wheel.item, base.release)
    return f"The base image's {base.release} does not satisfy it." if fits is False else ""


def satisfied(item: Wanted, release: str | None) -> bool | None:
    """Whether what is installed will do for a requirement; ``None`` if that is not known."""
    if item.requirement is None or not item.requirement.specifier:
        return True
    if release is None:
        return None
    return item.requirement.specifier.contains(release, prereleases=True)


def _other_release(wheel: Wheel, base: Base) -> str:
    if base.is_ngc_torch:
        has = f" {base.release}" if base.release else ""
        return f"NVIDIA's own build{has} is no release: it satisfies no pinned version."
    if base.release is None or wheel.release is None:
        return ""
    if wheel.release.startswith(f"{base.release}.") and base.release.count(".") == 1:
        return ""  # a tag without the patch release
    if wheel.release != base.release:
        return f"The base image has torch {base.release}."
    local = "+" in (wheel.item.version or "")
    differs = local and wheel.tag and base.cuda and cuda_of(wheel.tag) != base.cuda
    return f"The base image has torch {base.release} for CUDA {base.cuda}." if differs else ""


def _companion_moves(wheel: Wheel, base: Base, table: Table) -> str:
    """Whether torchvision or torchaudio asks for another torch."""
    flags = wheel.install.flags
    if "--no-deps" in flags or wheel.item.unknown:
        return ""
    if wheel.release is None:
        newest = "--upgrade" in flags and not wheel.item.version
        return f"The newest {wheel.name} asks for the newest torch." if newest else ""
    pairs = table.companions.get((wheel.name, wheel.release), ())
    releases = [torch for torch, loose in pairs if not loose]
    is_there = not base.is_ngc_torch and (base.release is None or base.release in releases)
    if not releases or len(releases) < len(pairs) or is_there:
        return ""
    return f"{wheel.name} {wheel.release} asks for torch=={releases[0]}."


def _overwritten(wheel: Wheel, why: str, base: Base, image: Image) -> Hit:
    known = f" {base.release}" if base.release else ""
    rest = (
        "What the image has beside it (apex, Transformer Engine, torchvision) is made for that "
        "build and may not load with another; since 25.03 a constraint file refuses it."
        if base.is_ngc_torch
        else "The old one stays in the lower layers: several GB for nothing, and the CUDA of the "
        "base image may not be the new one's."
    )
    surely = wheel.install.environment == ""
    return Hit(
        wheel.place,
        what=f"{wheel.said} replaces the torch{known} of {base.reference}.",
        why=f"{why} {rest}",
        fix=f"Leave {wheel.name} out, and take a base image that has the release wanted.",
        edits=_taken_out(wheel, image),
        severity=None if surely else "info",
        dated=base.release is not None,
    )


def _taken_out(wheel: Wheel, image: Image) -> tuple[tuple[Span, str], ...]:
    """Take torch's family out of the command, or all of it if nothing else is in it."""
    install = wheel.install
    family = [item for item in install.wanted if item.name in FAMILY]
    if any(item.span is None or item.argument is None for item in install.wanted):
        return ()
    text = image.dockerfile.source.text
    if len(family) == len(install.wanted) and not install.files:
        commands = _commands_beside(wheel, image)
        return without_command(install.command, commands, image.dockerfile)
    arguments = [item.argument for item in family if item.argument is not None]
    return without_words(install.command, arguments, text)


def _commands_beside(wheel: Wheel, image: Image) -> list[Command]:
    """The commands of an installation's instruction."""
    for stage in image.stages:
        for step, actions in stage.steps:
            if step is wheel.step:
                return [action.command for action in actions]
    return [wheel.install.command]


def _may_move(item: Wanted, base: Base) -> Hit:
    return Hit(
        item.span or item.location,
        what=f"{item.name} may replace the torch of {base.reference}.",
        why="Each of its releases is built for one release of torch, and installs that.",
        fix="Take the release that is made for the base image's torch, with --no-deps; or another "
        "base image.",
        severity="info",
        confidence="low",
    )


def _by_conda(stage: GpuStage, base: Base) -> Iterator[Hit]:
    for action in stage.actions.actions:
        if not isinstance(action, CondaInstall) or base.release is None or base.is_ngc_torch:
            continue
        words = [word.text for word in action.command.words]
        if "create" in words or "-n" in words or "--name" in words or "-p" in words:
            continue
        for package in action.packages:
            version = conda_release(package.version)
            if package.name == "pytorch" and version and not _begins(base.release, version):
                yield Hit(
                    package.argument.span,
                    what=f"{action.tool} installs pytorch {version} over the torch {base.release} "
                    f"of {base.reference}.",
                    why="Two builds of torch in one environment: which is imported depends on the "
                    "order of installation.",
                    fix="Leave it out, and take a base image that has the release wanted.",
                    dated=True,
                )


def conda_release(version: str | None) -> str | None:
    """``"2.5.1"`` of a match specification's ``"==2.5.1=*cuda*"``; ``None`` for a range."""
    match = re.match(r"={0,2}(\d+(?:\.\d+)*)(?:=|\.\*|$)", version or "")
    return match[1] if match else None


def _begins(release: str, version: str) -> bool:
    return f"{release}.".startswith(f"{version}.")
