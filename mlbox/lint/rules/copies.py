"""The rule about copying the project before its dependencies are installed."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import Other, PythonInstall, SystemInstall
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.context import ignored_by
from mlbox.lint.rules.layers import Run, line_end, newline
from mlbox.lint.shell.scripts import SHELLS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from mlbox.lint.commands.model import Action
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Instruction, Step
    from mlbox.lint.shell.model import Command

_ALL = frozenset({".", "./", "/", "./.", "*", "./*"})
_TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})
# They need nothing of the project.
_HARMLESS = frozenset({"", ":", "cd", "echo", "export", "mkdir", "printf", "set", "true", "umask"})
_MANAGERS = frozenset({"apt-get", "apt", "apk", "dnf", "yum", "microdnf"})


def before_deps(image: Image) -> Iterator[Hit]:
    """Every edit of the project installs its dependencies anew."""
    ends: dict[int | None, tuple[Step | None, bool]] = {}
    for stage in image.used:
        ends[stage.stage.index] = yield from _in_order(
            [one for one in stage.steps if not one[0].instruction.is_trigger],
            ends.get(stage.stage.parent, (None, False)),
            image,
        )
        triggers = [one for one in stage.steps if one[0].instruction.is_trigger]
        yield from _in_order(triggers, (None, False), image)


def _in_order(
    steps: list[tuple[Step, tuple[Action, ...]]], begin: tuple[Step | None, bool], image: Image
) -> Generator[Hit, None, tuple[Step | None, bool]]:
    """What instructions after each other copy and install: the copy so far, and whether all is."""
    copied, installed = begin
    for step, actions in steps:
        if copied is None and not installed and _copies_all(step.instruction):
            copied = step
        if step.instruction.name != "RUN":
            continue
        run = Run(step, actions)
        found = _dependencies(run)
        installed = installed or any(
            isinstance(item, PythonInstall) and not _is_tools(item) for item in actions
        )
        if copied is not None and found is not None and not _brings_lists_alone(found, image):
            yield _hit(copied, run, found, image)
        if copied is not None and (found is not None or _uses_project(actions)):
            return None, True
    return copied, installed


def _copies_all(instruction: Instruction) -> bool:
    """Whether it copies the whole build context."""
    if instruction.name not in ("COPY", "ADD") or instruction.flag("from"):
        return False
    return not instruction.heredocs and any(source in _ALL for source in _paths(instruction)[:-1])


def _paths(instruction: Instruction) -> list[str]:
    return [item.raw.strip("\"'") for item in instruction.paths]


def _brings_lists_alone(found: PythonInstall | SystemInstall, image: Image) -> bool:
    """Whether ``.dockerignore`` leaves out all but what the installation reads."""
    _, ignored = ignored_by(image)
    if not isinstance(found, PythonInstall) or not ignored.ignores("another.file"):
        return False
    names = (*found.files, *found.unread, *found.constraints)
    lists = {posixpath.basename(name) for name in names}
    return all(name in lists or ignored.ignores(name) for name in image.files.inside(""))


def _dependencies(run: Run) -> PythonInstall | SystemInstall | None:
    """What a RUN installs that needs nothing of the project but lists of names."""
    if run.step.instruction.flag("mount"):
        return None
    for action in run.actions:
        if isinstance(action, Other) and not _needs_nothing(action.command):
            return None  # it may use the project
        if isinstance(action, PythonInstall) and not _is_tools(action):
            return action if _is_independent(action) else None
        if (
            isinstance(action, SystemInstall)
            and action.tool in _MANAGERS
            and action.verb == "install"
            and action.packages
        ):
            local = any("/" in item.name or item.name.endswith(".deb") for item in action.packages)
            return None if local or action.unknown else action
    return None


def _needs_nothing(command: Command) -> bool:
    """Whether a command uses nothing of the project; those inside ``sh -c`` come after it."""
    is_outer = command.program in SHELLS and any(
        re.fullmatch(r"-[a-z]*c", word.text) for word in command.arguments
    )
    return is_outer or command.program in _HARMLESS


def _is_independent(install: PythonInstall) -> bool:
    """Whether it installs no part of the project, as far as can be seen."""
    if install.tool not in ("pip", "uv pip") or install.verb != "install":
        return False
    if any(item.local or item.unknown for item in install.wanted):
        return False
    names = {posixpath.basename(path) for path in install.files}
    if names & {"pyproject.toml", "setup.py", "setup.cfg"}:
        return False
    return bool(install.wanted or install.files or install.unread)


def _is_tools(install: PythonInstall) -> bool:
    """Whether only pip itself and what belongs to it is installed."""
    return bool(install.wanted) and all(item.name in _TOOLS for item in install.wanted)


def _uses_project(actions: Sequence[Action]) -> bool:
    """Whether the project itself is installed: what follows may well need it."""
    return any(
        isinstance(item, PythonInstall) and not _is_tools(item) and not _is_independent(item)
        for item in actions
    )


def _hit(copied: Step, run: Run, found: PythonInstall | SystemInstall, image: Image) -> Hit:
    instruction = copied.instruction
    names = list(found.files or found.unread) if isinstance(found, PythonInstall) else []
    where = image.dockerfile.source.line(run.step.instruction.span.start)
    if names:
        first = f"COPY {' '.join(names)} ./"
        fix = f"Copy what the installation reads first ({first}), install, then copy the project."
    else:
        fix = f"Move the installation of line {where} above this {instruction.name}."
    return Hit(
        _source_span(instruction),
        what=f"{instruction.name} brings the whole project before line {where} installs what it "
        "depends on.",
        why="A change of any file of the project makes this layer new, and the installation "
        "after it runs again instead of coming from the build cache.",
        fix=fix,
        edits=_edits(copied, run, found, image),
    )


def _source_span(instruction: Instruction) -> Span:
    words = instruction.paths
    return next((item.span for item in words if item.raw.strip("\"'") in _ALL), words[0].span)


def _edits(
    copied: Step, run: Run, found: PythonInstall | SystemInstall, image: Image
) -> tuple[tuple[Span, str], ...]:
    """Move a RUN that only installs, directly behind the COPY, to before it."""
    text = image.dockerfile.source.text
    copy, moved = copied.instruction, run.step.instruction
    if len(run.actions) != 1 or copy.is_trigger or text[copy.span.end : moved.span.start].strip():
        return ()
    names: tuple[str, ...] = ()
    if isinstance(found, PythonInstall):
        names = (*found.files, *found.unread, *found.constraints)
        if found.unread or any(not _is_simple(name) for name in names):
            return ()
    end = newline(text)
    start = Span(copy.span.start, copy.span.start)
    target = _paths(copy)[-1].rstrip("/") or "/"
    first = f"COPY {' '.join(dict.fromkeys(names))} {target}/{end}" if names else ""
    stop = line_end(text, moved.span.end - 1)
    body = text[moved.span.start : stop]
    return ((start, f"{first}{body}{end}"), (Span(line_end(text, copy.span.end - 1), stop), ""))


def _is_simple(name: str) -> bool:
    return "/" not in name and "*" not in name and not name.startswith(("$", "~"))
