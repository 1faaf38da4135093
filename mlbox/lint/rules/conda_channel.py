"""The rule about conda's channel pytorch, which ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.commands.model import CondaInstall
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import SystemPackage
    from mlbox.lint.image import Image

# The last releases in the channel: PyTorch announced its end with 2.6 (pytorch#138506).
_LAST = {
    "pytorch": (2, 5, 1),
    "torchvision": (0, 20, 1),
    "torchaudio": (2, 5, 1),
    "pytorch-cuda": (12, 4),
}
_LAST_TEXT = {name: ".".join(map(str, version)) for name, version in _LAST.items()}
_CHANNEL = re.compile(r"(?:https?://conda\.anaconda\.org/)?pytorch/?")
_LOWEST = re.compile(r"(?:[=~]{0,2}|>=?)\s*(\d+(?:\.\d+)*)")


def conda_pytorch_channel(image: Image) -> Iterator[Hit]:
    """Something newer than its last release is asked of the channel pytorch."""
    if "conda" not in image.dockerfile.source.text and "mamba" not in image.dockerfile.source.text:
        return
    for stage in image.used:
        for action in stage.actions:
            if isinstance(action, CondaInstall):
                yield from _of_install(action)


def _of_install(install: CondaInstall) -> Iterator[Hit]:
    by_channel = any(_CHANNEL.fullmatch(channel) for channel in install.channels)
    others = any("conda-forge" in channel for channel in install.channels)
    for package in install.packages:
        named = bool(_CHANNEL.fullmatch(package.channel))
        if package.name not in _LAST or not (named or (by_channel and not package.channel)):
            continue
        too_new = _is_too_new(package)
        if too_new:
            yield _hit(package, others=others and not named, opened=False)
            return
        if package.name == "pytorch" and package.version is None and _is_open(package):
            yield _hit(package, others=others and not named, opened=True)
            return


def _is_open(package: SystemPackage) -> bool:
    """Whether no version is asked for; one that is not known may be any."""
    if package.location is not None:
        return True
    return package.argument.value is not None and not re.search(r"[=<>]", package.argument.text)


def _is_too_new(package: SystemPackage) -> bool:
    """Whether the lowest version asked for is newer than the channel's last."""
    match = _LOWEST.match(package.version or "")
    if match is None:
        return False
    lowest = numbers(match[1])
    last = _LAST[package.name]
    above = (package.version or "").startswith(">") and not (package.version or "").startswith(">=")
    return lowest >= last if above else lowest > last[: max(len(lowest), 1)]


def _hit(package: SystemPackage, *, others: bool, opened: bool) -> Hit:
    last = _LAST_TEXT[package.name]
    asked = package.version or ""
    if opened:
        what = f"The channel pytorch has {package.name} up to {last}, and nothing newer."
    else:
        what = f"The channel pytorch has no {package.name} {asked.lstrip('=')}: it ended at {last}."
    return Hit(
        package.place,
        what=what,
        why="PyTorch publishes no conda packages since 2.6 (pytorch#138506)."
        + (" conda-forge, which is asked too, may have it." if others else ""),
        fix="Install it with pip from download.pytorch.org, or from conda-forge (pytorch-gpu).",
        severity="info" if opened or others else None,
    )
