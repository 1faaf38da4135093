"""The rule about the NVIDIA driver: it belongs to the host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import Download, SystemInstall
from mlbox.lint.gpu.text import without_command, without_words
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlbox.lint.commands.model import Action, SystemPackage
    from mlbox.lint.image import Image
    from mlbox.lint.shell.model import Argument, Command

_DRIVER = re.compile(
    r"nvidia-(?:driver|headless|utils|compute-utils|compute-G|gl-G|video-G|kernel|dkms|open(?=-|$)|smi$"
    r"|firmware|fabricmanager|persistenced|legacy|x11|current)[\w.*${}+-]*"
    r"|nvidia-\d{3}(?:-\w+)?"
    r"|libnvidia-(?!container|ml-dev|egl-|vaapi)[\w.*${}+-]*"
    r"|libcuda1(?:-\S+)?|cuda-drivers[\w.*${}+-]*|xserver-xorg-video-nvidia\S*"
    r"|x?org-x11-drv-nvidia\S*|k?a?kmod-nvidia\S*|akmod-nvidia\S*|nvidia-x11-drv\S*"
)
_MODULE = re.compile(r"nvidia-(?:dkms|kernel-(?:source|open|common))[\w.*${}+-]*")
_NO_DRIVER = re.compile(r"nvidia-(?:driver-local-repo|kernel-common-modprobe)\S*")
_WITH_DRIVER = re.compile(r"(cuda|cuda-runtime|cuda-demo-suite)((?:-\d+-\d+)?)")
_INSTEAD = {"cuda": "cuda-toolkit", "cuda-runtime": "cuda-libraries"}
_DRIVER_RUN = re.compile(r"NVIDIA-Linux-[\w.-]+\.run$")
_CUDA_RUN = re.compile(r"cuda_\d+\.\d+(?:\.\d+)?_\d{3}\.\d+(?:\.\d+)?_linux[\w.]*[.-]run$")
_SHELLS = frozenset({"sh", "bash", "dash"})
_WHY = (
    "The driver is a part of the host's kernel; nvidia-container-toolkit mounts the host's driver "
    "libraries into the container. Another version of them in the image does not fit the "
    "kernel module: Failed to initialize NVML: Driver/library version mismatch."
)
_WHY_MODULE = (
    "A container uses the host's kernel, with the module that the host has loaded; what is built "
    "here is never loaded. It brings compilers and kernel headers along."
)
_WHY_META = (
    "That metapackage depends on the driver (cuda-drivers). The driver belongs to the host; "
    "nvidia-container-toolkit mounts its libraries into the container."
)


def driver_in_image(image: Image) -> Iterator[Hit]:
    """A driver is installed into the image."""
    text = image.dockerfile.source.text
    if "nvidia" not in text.lower() and "cuda" not in text and "-drivers" not in text:
        return
    for stage in image.gpu.used:
        for _, actions in stage.actions.steps:
            commands = [action.command for action in actions]
            for action in actions:
                hit = _of_action(action, commands, image)
                if hit is not None:
                    yield hit if stage.is_shipped else _in_builder(hit)


def _in_builder(hit: Hit) -> Hit:
    """The same in a stage whose layers are not in the image: no use, and no harm."""
    return Hit(hit.span, what=hit.what, why=hit.why, fix=hit.fix, edits=hit.edits, severity="info")


def _of_action(action: Action, commands: Sequence[Command], image: Image) -> Hit | None:
    if isinstance(action, SystemInstall):
        return _packages(action, commands, image) if action.verb == "install" else None
    if isinstance(action, Download):
        return _piped(action)
    command = action.command
    program = command.program
    if program.endswith("run") or program in _SHELLS:
        return _installer(command)
    if program in ("dnf", "yum", "dpkg", "ubuntu-drivers"):
        return _other_tools(command)
    return None


def _packages(install: SystemInstall, commands: Sequence[Command], image: Image) -> Hit | None:
    drivers = [package for package in install.packages if _is_driver(package)]
    metas = [package for package in install.packages if _meta(package.name) is not None]
    if not drivers and not metas:
        return None
    gone = drivers or metas
    names = [_bare(package.name) for package in gone]
    if drivers:
        what = f"{install.tool} installs {_listed(names)}: the NVIDIA driver, in the image."
        fix = f"Take out {_listed(names)}; the host has the driver."
    else:
        instead = _meta(metas[0].name)
        what = f"{install.tool} installs {_listed(names)}, and the NVIDIA driver with it."
        fix = f"Install {instead}, which is the same without the driver."
    is_module = bool(drivers) and all(_MODULE.fullmatch(name) for name in names)
    if is_module:
        what = f"{install.tool} installs {_listed(names)}: NVIDIA's kernel module, in the image."
    return Hit(
        Span(gone[0].argument.span.start, gone[0].argument.span.end),
        what=what,
        why=_WHY_MODULE if is_module else _WHY if drivers else _WHY_META,
        fix=fix,
        safe=False if is_module else None,  # another package may be built with it
        severity="warning" if is_module else None,
        edits=_edits(install, drivers, metas, commands, image),
    )


def _edits(
    install: SystemInstall,
    drivers: Sequence[SystemPackage],
    metas: Sequence[SystemPackage],
    commands: Sequence[Command],
    image: Image,
) -> tuple[tuple[Span, str], ...]:
    """Take out the drivers' packages, and name the metapackages that have none."""
    left = len(install.packages) - len(drivers)
    if not left:
        if install.unknown:
            return ()
        return without_command(install.command, commands, image.dockerfile)
    text = image.dockerfile.source.text
    renamed = []
    for package in metas:
        span = package.argument.span
        at = text.find(package.name, span.start, span.end)
        if at < 0:
            return ()
        renamed.append((Span(at, at + len(package.name)), _meta(package.name) or ""))
    taken = without_words(install.command, [package.argument for package in drivers], text)
    return (*taken, *renamed) if len(taken) == len(drivers) else ()


def _bare(name: str) -> str:
    """A package's name; of a file, what its name begins with."""
    name = name.strip("\"'")
    return name.rsplit("/", 1)[-1].split("_")[0] if name.endswith((".deb", ".rpm")) else name


def _is_driver(package: SystemPackage) -> bool:
    name = _bare(package.name)
    if name.endswith("-dev") or _NO_DRIVER.fullmatch(name):
        return False
    return bool(_DRIVER.fullmatch(name))


def _meta(name: str) -> str | None:
    """What has the same as a metapackage without the driver; ``None`` if it is none with one."""
    match = _WITH_DRIVER.fullmatch(name)
    if match is None:
        return None
    return f"{_INSTEAD.get(match[1], 'cuda-toolkit')}{match[2]}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _installer(command: Command) -> Hit | None:
    """``sh NVIDIA-Linux-x86_64-550.54.14.run``, and CUDA's installer with the driver in it."""
    words = command.words if command.program not in _SHELLS else command.arguments
    flags = [word.text for word in command.words]
    for word in words:
        if "-c" in flags and command.program in _SHELLS:
            return None
        if _DRIVER_RUN.search(word.text):
            if any(flag in ("-x", "--extract-only", "--help", "--info") for flag in flags):
                return None
            return _run_hit(word, "NVIDIA's driver installer", "Take it out; the host has it.")
        if _CUDA_RUN.search(word.text) and not _without_driver(flags):
            fix = "Add --toolkit, so that it installs no driver."
            return _run_hit(word, "CUDA's installer with the driver in it", fix)
    return None


def _without_driver(flags: Sequence[str]) -> bool:
    names = {flag.partition("=")[0].lstrip("-") for flag in flags if flag.startswith("-")}
    if "driver" in names:
        return False
    return bool(names & {"toolkit", "extract", "help", "samples", "noexec"})


def _run_hit(word: Argument, what: str, fix: str) -> Hit:
    name = word.text.rsplit("/", 1)[-1]
    return Hit(word.span, what=f"{name} is run in the image: {what}.", why=_WHY, fix=fix)


def _piped(download: Download) -> Hit | None:
    if download.piped_into not in _SHELLS:
        return None
    for word in download.command.arguments:
        if _DRIVER_RUN.search(word.text):
            return _run_hit(word, "NVIDIA's driver installer", "Take it out; the host has it.")
    return None


def _other_tools(command: Command) -> Hit | None:
    """``dnf module install nvidia-driver``, ``dpkg -i``, ``ubuntu-drivers install``."""
    words = [word for word in command.arguments if not word.text.startswith("-")]
    texts = [word.text for word in words]
    if command.program == "ubuntu-drivers":
        found = words[0] if texts[:1] in (["install"], ["autoinstall"]) else None
    elif command.program == "dpkg":
        installs = any(word.text in ("-i", "--install") for word in command.arguments)
        found = next((word for word in words if installs and _is_driver_file(word.text)), None)
    else:
        is_module = texts[:1] == ["module"] and bool({"install", "enable"} & set(texts[1:2]))
        found = next((word for word in words[2:] if is_module and _is_module(word.text)), None)
    if found is None:
        return None
    return Hit(
        found.span,
        what=f"{command.program} installs the NVIDIA driver in the image.",
        why=_WHY,
        fix="Take it out; the host has the driver.",
    )


def _is_driver_file(path: str) -> bool:
    name = _bare(path)
    return name != path and bool(_DRIVER.fullmatch(name)) and not _NO_DRIVER.fullmatch(name)


def _is_module(name: str) -> bool:
    return name.partition(":")[0] == "nvidia-driver"
