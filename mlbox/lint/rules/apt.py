"""Rules about apt's package lists, and about what it installs unasked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import Download, SystemInstall
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import (
    added,
    base_of,
    in_heredoc,
    is_list,
    is_slim,
    is_whole,
    line_end,
    line_start,
    listed,
    newline,
    place,
    runs,
    shipped,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlbox.lint.commands.model import Action
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.rules.layers import Run
    from mlbox.lint.shell.model import Command

APT = frozenset({"apt-get", "apt", "aptitude"})
_WANTED = ("--install-recommends", "--with-recommends")  # said so, they are meant
_WITHOUT = {"aptitude": "--without-recommends"}
CLEAN = "rm -rf /var/lib/apt/lists/*"
_LISTS = re.compile(r"/var/lib/(?:apt\b|\{[^}]*\bapt\b|\*)|/var/lib/?\*?$")
_MADE = frozenset({"update", "install", "upgrade"})
_INSTALL = ("install", "build-dep", "satisfy", "reinstall")
# They fetch the lists themselves, or may: what they run is not in the Dockerfile.
_MAY_UPDATE = frozenset({"add-apt-repository", "apt-add-repository", "source", "."})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "python", "python3"})


def no_clean(image: Image) -> Iterator[Hit]:
    """Package lists stay in a layer of the image."""
    if "update" not in image.dockerfile.source.text:
        return
    later = _last_split(image)
    for stage in shipped(image):
        for run in runs(stage):
            last = _lists_left(run)
            is_split = run.step.instruction.span.start < later
            if last is None or (is_split and last.verb == "update"):
                continue  # what uses them comes later: that is another rule's
            update = next(item for item in _apt(run.actions) if item.verb == "update")
            text = image.dockerfile.source.text
            edits = () if is_split or last.verb == "update" else _clean_edit(last, run, text)
            yield Hit(
                place(last.command, *_INSTALL, last.verb, "dist-upgrade", "full-upgrade"),
                what=f"The package lists that {update.tool} update fetched stay in this layer.",
                why="They are 20 to 50 MB that nothing uses in the image, and they age; a later "
                "instruction cannot take them out of this layer again. apt-get clean leaves them.",
                fix=f"End this RUN with && {CLEAN}."
                if last.verb != "update"
                else f"Fetch them in the RUN that uses them, and end it with && {CLEAN}.",
                edits=edits,
            )


def _apt(actions: Sequence[Action]) -> Iterator[SystemInstall]:
    for action in actions:
        if isinstance(action, SystemInstall) and action.tool in APT:
            yield action


def _lists_left(run: Run) -> SystemInstall | None:
    """The last command of a RUN that uses the lists, if it leaves them behind."""
    if "update" not in run.step.instruction.arguments.text and not run.step.instruction.heredocs:
        return None
    if any(item.command.program == "trap" and _may_clean(item.command) for item in run.actions):
        return None  # they are removed at the end
    found: SystemInstall | None = None
    updated = False
    for action in run.actions:
        if isinstance(action, SystemInstall) and action.tool in APT:
            updated = updated or action.verb == "update"
            found = action if action.verb in _MADE and updated else found
        elif _may_clean(action.command):
            found, updated = None, False
    return None if lists_mounted(run) else found


def _may_clean(command: Command) -> bool:
    program = command.program
    if program in ("rm", "find", "trap"):
        inside = command.folder is None or bool(_LISTS.match(command.folder))
        return inside or any(_LISTS.search(item.text) for item in command.arguments)
    if "clean" in program:
        return True
    scripts = command.arguments[:1] if program in _SHELLS else ()
    return any("clean" in item.text for item in scripts)


def lists_mounted(run: Run) -> bool:
    """Whether apt's lists go to a mount, not to the layer."""
    for flag in run.step.instruction.flags_named("mount"):
        for part in (flag.value or "").split(","):
            key, _, value = part.partition("=")
            if key.strip().lower() in ("target", "dst", "destination"):
                path = run.step.expand(value)
                if path is None or path.rstrip("/") in ("/var/lib/apt", "/var/lib/apt/lists"):
                    return True
    return False


def _last_split(image: Image) -> int:
    """Where the last RUN begins that needs the lists of an earlier one; 0 for none."""
    starts = (
        run.step.instruction.span.start
        for stage in image.stages
        for run in runs(stage)
        if _split(run) is not None
    )
    return max(starts, default=0)


def _clean_edit(last: SystemInstall, run: Run, text: str) -> tuple[tuple[Span, str], ...]:
    command = _last_apt(last, run)
    updates = [item.command for item in _apt(run.actions) if item.verb == "update"]
    if command.is_conditional and not any(item.is_conditional for item in updates):
        return ()  # in a loop it would take the lists from the next round
    if is_list(command, text) or command.after in ("|", "&", "|&") or not is_whole(command):
        return ()
    end = command.span.end
    if in_heredoc(command) and command.after in ("", "\n"):
        stop = line_end(text, end)
        if not text[end:stop].strip() or text[end:stop].lstrip().startswith("#"):
            start = line_start(text, _chain_start(command, run))
            indent = text[start : len(text) - len(text[start:].lstrip(" \t"))]
            return ((Span(stop, stop), f"{newline(text)}{indent}{CLEAN}"),)
    instruction = run.step.instruction
    joint = " && "
    if not in_heredoc(command) and "\n" in text[instruction.span.start : end]:
        joint = f" {instruction.escape}{newline(text)}    && "
    return ((Span(end, end), f"{joint}{CLEAN}"),)


def _last_apt(last: SystemInstall, run: Run) -> Command:
    """The last apt command after which cleaning belongs: ``apt-get clean`` comes before it."""
    commands = [item.command for item in _apt(run.actions)]
    after = commands[commands.index(last.command) :]
    return next((item for item in reversed(after) if not item.is_conditional), last.command)


def _chain_start(command: Command, run: Run) -> int:
    """Where the and-or list begins that a command is in."""
    before = [item.command for item in run.actions]
    at = before.index(command)
    while at and before[at].before not in ("", "\n", ";"):
        at -= 1
    return before[at].span.start


def update_split(image: Image) -> Iterator[Hit]:
    """The lists come from another layer, as old as the cache is."""
    for stage in image.used:
        lists = _lists_before(image, stage)
        for run in runs(stage):
            found = _split(run) if lists else None
            if found is not None:
                yield _split_hit(found, run, lists, image.dockerfile.source.text)
            lists = _lists_after(run, lists)


def _lists_before(image: Image, stage: StageActions) -> str:
    """What lists there are: ``"old"`` ones, ``"gone"``, ``"never"`` any; ``""`` if not known."""
    lists = "never" if is_slim(base_of(image, stage.stage)) else ""
    for earlier in image.lineage(stage.stage)[:-1]:
        for run in runs(earlier):
            lists = _lists_after(run, lists)
    return lists


def _lists_after(run: Run, lists: str) -> str:
    for action in run.actions:
        if isinstance(action, SystemInstall) and action.tool in APT and action.verb == "update":
            lists = "old"
        elif lists == "old" and _may_clean(action.command):
            lists = "gone"
        elif lists == "never" and _may_update(action):
            lists = ""
    return lists if not lists_mounted(run) else ""


def _split(run: Run) -> SystemInstall | None:
    """The first installation of a RUN that fetches no lists before it."""
    for action in run.actions:
        if isinstance(action, SystemInstall) and action.tool in APT:
            if action.verb == "update":
                return None
            if action.verb == "install" and _needs_lists(action):
                return None if lists_mounted(run) else action
        elif _may_update(action):
            return None
    return None


def _needs_lists(install: SystemInstall) -> bool:
    return any(
        "/" not in item.name.split("=")[0] and not item.name.endswith(".deb")
        for item in install.packages
    ) and not any(item.text.startswith("--no-download") for item in install.command.arguments)


def _may_update(action: Action) -> bool:
    command = action.command
    if isinstance(action, Download):
        return action.piped_into in _SHELLS
    program = command.program
    if program in _MAY_UPDATE or program.endswith(".sh"):
        return True
    words = [item.text for item in command.arguments]
    if program not in _SHELLS or any(re.fullmatch(r"-[a-z]*c", text) for text in words):
        return False  # what "sh -c" runs comes next
    return any(not text.startswith("-") for text in words)


def _split_hit(install: SystemInstall, run: Run, lists: str, text: str) -> Hit:
    names = listed([item.name for item in install.packages])
    if lists != "old":
        by = "an earlier RUN removed them" if lists == "gone" else "the base image has none"
        what = f"{install.tool} install of {names} finds no package lists: {by}."
        why = "Without lists apt does not know the packages: Unable to locate package."
    else:
        what = f"{install.tool} install of {names} uses package lists of an earlier RUN."
        why = (
            "That RUN comes from the build cache as long as it does not change, with lists of "
            "that day; what they name is deleted from the mirrors with the next update (404)."
        )
    return Hit(
        place(install.command, *_INSTALL),
        what=what,
        why=why,
        fix=f"Fetch them in this RUN: {install.tool} update && {install.tool} install ...",
        edits=_update_edit(install, run, text),
    )


def _update_edit(install: SystemInstall, run: Run, text: str) -> tuple[tuple[Span, str], ...]:
    command = install.command
    if is_list(command, text) or command.is_conditional or command.before == "||":
        return ()
    commands = [item.command for item in run.actions]
    first = commands.index(command)
    while first and commands[first].before in ("|", "|&"):
        first -= 1
    start = commands[first].span.start
    sudo = "sudo " if any(item.text == "sudo" for item in command.prefix) else ""
    return ((Span(start, start), f"{sudo}{install.tool} update && "),)


def recommends(image: Image) -> Iterator[Hit]:
    """Recommended packages are installed, which nobody named."""
    text = image.dockerfile.source.text
    for stage in shipped(image):
        for run in runs(stage):
            for install in _apt(run.actions):
                if install.verb != "install" or install.no_recommends or not install.packages:
                    continue
                verb = word(install.command, *_INSTALL)
                if verb is None or word(install.command, *_WANTED):
                    continue
                names = listed([item.name for item in install.packages])
                flag = _WITHOUT.get(install.tool, "--no-install-recommends")
                yield Hit(
                    verb.span,
                    what=f"What {names} recommend{'s' if len(install.packages) == 1 else ''} is "
                    "installed too.",
                    why="Recommended packages are often more than the packages themselves "
                    "(documentation, compilers, desktops). Some of them may be needed: git "
                    "recommends ca-certificates, python3-pip a compiler.",
                    fix=f"Add {flag}, and name what turns out to be missing.",
                    edits=(added(verb, flag, install.command, text),),
                )
