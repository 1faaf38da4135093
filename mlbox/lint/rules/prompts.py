"""Rules about package managers that ask somebody, where nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.commands.model import SystemInstall
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.apt import APT
from mlbox.lint.rules.layers import (
    added,
    base_of,
    is_debian,
    is_list,
    is_private,
    is_ubuntu,
    runs,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.rules.layers import Run
    from mlbox.lint.shell.model import Command

_ASKING = APT | {"dnf", "yum", "zypper"}
_VERBS = {
    "install": (
        "install",
        "in",
        "build-dep",
        "satisfy",
        "reinstall",
        "localinstall",
        "groupinstall",
    ),
    "upgrade": (
        "upgrade",
        "dist-upgrade",
        "full-upgrade",
        "safe-upgrade",
        "distro-sync",
        "update",
        "up",
        "dup",
    ),
    "remove": ("remove", "purge", "autoremove", "autopurge", "erase", "rm"),
}
_PRINTS = frozenset({"--print-uris", "--simulate", "--dry-run", "-s", "--just-print", "--recon"})
# Their questions come with every installation; Debian's images have tzdata, Ubuntu's have not.
_ASKS_ON_DEBIAN = frozenset(
    {
        "console-setup",
        "iptables-persistent",
        "keyboard-configuration",
        "krb5-config",
        "krb5-user",
        "postfix",
        "slapd",
        "ttf-mscorefonts-installer",
        "wireshark-common",
    }
)
_TAKE_VARIABLES = ("sudo", "env")  # NAME=value after their name
_ANSWERS = ("debconf", "/etc/localtime", "/etc/timezone", "yes ")


def no_yes(image: Image) -> Iterator[Hit]:
    """A package manager asks whether to go on, and gets no answer."""
    settled = _settled(image)
    for stage in image.used:
        for run in runs(stage):
            for action in run.actions:
                if isinstance(action, SystemInstall) and _asks(action):
                    if action.tool in APT and settled:
                        continue
                    yield from _without_yes(action, image, stage)


def _settled(image: Image) -> bool:
    """Whether apt's configuration may say yes, in a file or in a text."""
    if "assume-yes" in image.dockerfile.source.text.lower():
        return True
    return any(
        item.name in ("COPY", "ADD") and "apt.conf" in item.arguments.text
        for item in image.dockerfile.instructions
    )


def _asks(action: SystemInstall) -> bool:
    if action.tool not in _ASKING or action.assumes_yes or action.verb not in _VERBS:
        return False
    command = action.command
    if action.verb == "install" and not action.packages:
        return False
    if command.before in ("|", "|&") or any(
        item.operator.startswith("<") for item in command.redirections
    ):
        return False
    return not any(item.text in _PRINTS or item.value is None for item in command.arguments)


def _without_yes(action: SystemInstall, image: Image, stage: StageActions) -> Iterator[Hit]:
    command = action.command
    verb = word(command, *_VERBS[action.verb])
    if verb is None:
        return
    surely = action.verb == "install" and command.stops_on_failure and not command.is_conditional
    surely = surely and not is_private(base_of(image, stage.stage))  # it may have said yes
    yield Hit(
        verb.span,
        what=f"{action.tool} {verb.text} asks whether to continue, without -y.",
        why="A build has no terminal: the question gets no answer, and the command gives up "
        "(Do you want to continue? [Y/n] Abort.).",
        fix=f"Write {action.tool} {verb.text} -y.",
        edits=(added(verb, "-y", command, image.dockerfile.source.text),),
        severity=None if surely else "warning",
    )


def tzdata(image: Image) -> Iterator[Hit]:
    """A package asks for a time zone or a keyboard while it is installed."""
    text = image.dockerfile.source.text
    said = frozenset(name for name in (*_ASKS_ON_DEBIAN, "tzdata") if name in text)
    for stage in image.used if said else ():
        names = _asking(said, base_of(image, stage.stage))
        if not names:
            continue
        for run in runs(stage):
            yield from _configured_by_asking(run, names, image)


def _asking(names: frozenset[str], base: tuple[str, str]) -> frozenset[str]:
    """Those packages that ask on a base."""
    if not is_debian(base):
        return frozenset()
    return names if is_ubuntu(base) else names & _ASKS_ON_DEBIAN


def _configured_by_asking(run: Run, names: frozenset[str], image: Image) -> Iterator[Hit]:
    if any(mark in _script(run) for mark in _ANSWERS):
        return
    for action in run.actions:
        if not isinstance(action, SystemInstall) or action.tool not in APT:
            continue
        if action.verb != "install" or action.noninteractive:
            continue
        found = [item for item in action.packages if item.name in names]
        if found:
            yield Hit(
                found[0].argument.span,
                what=f"{found[0].name} asks a question while it is installed.",
                why="Without DEBIAN_FRONTEND=noninteractive debconf waits for an answer (a time "
                "zone, a keyboard), and the build hangs or takes whatever comes.",
                fix=f"Write DEBIAN_FRONTEND=noninteractive {action.tool} install ..., for this "
                "command alone.",
                edits=_quiet_edit(action.command, image.dockerfile.source.text),
            )


def _script(run: Run) -> str:
    instruction = run.step.instruction
    bodies = "".join(item.body.text for item in instruction.heredocs)
    return instruction.arguments.text + bodies


def _quiet_edit(command: Command, text: str) -> tuple[tuple[Span, str], ...]:
    if is_list(command, text) or not command.words:
        return ()
    start = command.words[0].span.start
    programs = [item.text for item in command.prefix if not item.text.startswith("-")]
    if programs and programs[-1] not in _TAKE_VARIABLES:
        if programs[0] in _TAKE_VARIABLES:
            return ()  # what is set before sudo does not reach beyond it
        start = command.prefix[0].span.start
    return ((Span(start, start), "DEBIAN_FRONTEND=noninteractive "),)
