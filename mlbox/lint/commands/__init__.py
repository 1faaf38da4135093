"""What the commands of a stage do, as values that rules ask.

Never raises, and never guesses: what depends on what is not in the files is ``None``, ``unknown``
or in ``unread``.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlbox.lint.commands import conda, context, data, projects, system
from mlbox.lint.commands.environments import CONDA
from mlbox.lint.commands.here import Here
from mlbox.lint.commands.model import Action, Other
from mlbox.lint.commands.python import pip_install, python_module
from mlbox.lint.shell import DEFAULT_SHELL, Shell, commands_of, shells_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlbox.lint.files import Files
    from mlbox.lint.parse import Dockerfile, Stage, Step
    from mlbox.lint.shell.model import Command

    Read = Callable[[Command, Here], Action | None]

__all__ = ["StageReader", "actions_of"]


def _python(command: Command, here: Here) -> Action | None:
    return python_module(command, here) or data.python(command, here)


# The programs whose commands are read; "pip3.11" and "python3.12" as "pip" and "python".
READERS: Mapping[str, Read] = {
    "pip": pip_install,
    "python": _python,
    **projects.READERS,
    **conda.READERS,
    **system.READERS,
    **data.READERS,
}
_NUMBERED = re.compile(r"(pip|python|pypy)\d*(?:\.\d+)?(?:\.exe)?")
_APT_SETTINGS = {
    "apt::get::assume-yes": re.compile(r"apt::get::assume-yes\W+(?:true|1|yes)", re.IGNORECASE),
    "apt::install-recommends": re.compile(
        r"apt::install-recommends\W+(?:false|0|no)", re.IGNORECASE
    ),
}


@dataclass(frozen=True, kw_only=True)
class _End:
    """What a stage ends with."""

    state: context.State
    shell: Shell


class StageReader:
    """Reads the stages of a Dockerfile, each with what those before it leave behind."""

    def __init__(self, dockerfile: Dockerfile, files: Files) -> None:
        """Take the file and what lies beside it."""
        self._dockerfile = dockerfile
        self._files = files
        self._ends: dict[int, _End] = {}
        self._origins: dict[str, context.State] = {}

    def read(self, stage: Stage) -> tuple[tuple[Step, tuple[Action, ...]], ...]:
        """Every step of a stage, with what its commands do; the stages are to be read in order."""
        begin = self._ends.get(stage.parent) if stage.parent is not None else None
        state = begin.state if begin else context.State()
        found = []
        steps = tuple(stage.all_steps)
        shells = tuple(shells_of(steps, begin.shell if begin else DEFAULT_SHELL))
        for step, shell in zip(steps, shells, strict=False):
            actions, state = self._step(step, state, shell)
            found.append((step, actions))
            state = context.after(step, state, self._origins)
        self._ends[stage.index] = _End(state=state, shell=shells[-1])
        self._origins[str(stage.index)] = state
        if stage.name:
            self._origins[stage.name] = state
        return tuple(found)

    def _step(
        self, step: Step, state: context.State, shell: Shell
    ) -> tuple[tuple[Action, ...], context.State]:
        state = replace(state, apt=state.apt | self._apt_settings(step))
        if step.instruction.name != "RUN":
            return (), state
        commands = commands_of(step, shell)
        here = Here(
            step=step,
            state=replace(state, copies=(*state.copies, *context.mounts(step, state)))
            if step.instruction.flags
            else state,
            files=self._files,
            place=self._dockerfile.source,
            commands=commands,
        )
        actions = tuple(_action(command, here) for command in commands)
        return actions, _left(state, here)

    def _apt_settings(self, step: Step) -> frozenset[str]:
        """What an instruction writes into apt's configuration; a file that is not here: all."""
        instruction = step.instruction
        texts = [instruction.arguments.text, *(item.body.text for item in instruction.heredocs)]
        if not any("apt.conf" in text for text in texts):
            return frozenset()
        if instruction.name in ("COPY", "ADD") and not instruction.heredocs:
            paths = [posixpath.normpath(f"/{word.raw}")[1:] for word in instruction.paths[:-1]]
            found = [self._files.text(path) for path in paths]
            texts = [text for text in found if text is not None]
            if len(texts) < max(1, len(found)):
                return frozenset(_APT_SETTINGS)
        text = "\n".join(texts)
        return frozenset(name for name, pattern in _APT_SETTINGS.items() if pattern.search(text))


def _action(command: Command, here: Here) -> Action:
    program = command.program
    read = READERS.get(program)
    if read is None and (match := _NUMBERED.fullmatch(program)):
        read = READERS.get(match[1].replace("pypy", "python"))
    if program == "pip" or program.startswith("pip"):
        _configure(command, here)
    elif program in CONDA:
        here.added_channels.extend(conda.channels_added(command))
    found = read(command, here) if read is not None else None
    return found or Other(command=command, setup=_setup(command, here))


def _setup(command: Command, here: Here) -> str | None:
    """The text of the ``setup.py`` that a command runs."""
    words = command.arguments
    if not words or not command.program.startswith("python"):
        return None
    script = words[0].value or ""
    path = here.at(script, command) if script.rpartition("/")[2] == "setup.py" else None
    document = here.open(path) if path else None
    return document.text if document else None


def _configure(command: Command, here: Here) -> None:
    """``pip config set global.index-url URL``, for the commands after it."""
    words = [word for word in command.arguments if not word.text.startswith("--")]
    if [word.text for word in words[:2]] == ["config", "set"] and len(words) > 3:  # noqa: PLR2004
        key = words[2].text.partition(".")[2].replace("_", "-")
        here.settings[key] = words[3].value


def _left(state: context.State, here: Here) -> context.State:
    """What the commands of a RUN leave for the next instruction."""
    if here.settings:
        state = replace(state, settings={**state.settings, **here.settings})
    if here.added_channels:
        state = replace(state, channels=here.channels)
    if here.environments is not here.state.environments:
        state = replace(state, environments=here.environments)
    return state


def actions_of(
    dockerfile: Dockerfile, files: Files
) -> tuple[tuple[tuple[Step, tuple[Action, ...]], ...], ...]:
    """For every stage: its steps, each with what its commands do.

    Args:
        dockerfile: The file.
        files: What lies beside it.
    """
    reader = StageReader(dockerfile, files)
    return tuple(reader.read(stage) for stage in dockerfile.stages)
