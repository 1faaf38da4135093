"""A command's surroundings: the step it is in, what the stage has, what the variables are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.lint.commands.context import mount_parts, read
from mlbox.lint.commands.environments import made_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.findings import Location
    from mlbox.lint.commands.context import Document, State
    from mlbox.lint.files import Files
    from mlbox.lint.parse import Source, Span, Step
    from mlbox.lint.shell.model import Command

_FAR = 50  # commands of one instruction that are looked at after one


@dataclass(frozen=True, kw_only=True)
class Here:
    """Where a command runs.

    Attributes:
        step: Its instruction.
        state: What the stage has, the bind mounts of the instruction included.
        files: The build context.
        place: The Dockerfile.
        commands: All commands of the instruction.
    """

    step: Step
    state: State
    files: Files
    place: Source
    commands: tuple[Command, ...]
    settings: dict[str, str | None] = field(default_factory=dict)
    added_channels: list[str] = field(default_factory=list)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that were added to conda's, here or before."""
        return (*self.state.channels, *self.added_channels)

    @cached_property
    def scope(self) -> Mapping[str, str | None]:
        """The variables of ENV and ARG."""
        return self.step.scope.values

    def variables(self, command: Command) -> Mapping[str, str | None]:
        """The variables that a command sees."""
        if not command.exported and not command.variables:
            return self.scope
        return {**self.scope, **command.exported, **command.variables}

    def open(self, path: str) -> Document | None:
        """The text of a file in the image; ``None`` if not known."""
        return read(path, self.state, self.files, self.place)

    def at(self, path: str, command: Command) -> str | None:
        """A path of a command, from the image's root; ``None`` if not known."""
        return self.state.at(path, command.folder)

    def location(self, span: Span) -> Location:
        """Where something is in the Dockerfile."""
        return self.place.location(span)

    def later(self, command: Command) -> tuple[Command, ...]:
        """The commands of the same instruction after one; of a huge script, not all."""
        number = self._numbers.get(id(command), len(self.commands))
        return self.commands[number + 1 : number + 1 + _FAR]

    @cached_property
    def _numbers(self) -> Mapping[int, int]:
        return {id(command): number for number, command in enumerate(self.commands)}

    @cached_property
    def environments(self) -> Mapping[str, str | None]:
        """The Python environments that are made here or before: path -> Python, if known."""
        made = {
            path if path.startswith("conda:") else (self.at(path, command) or path): python
            for command in self.commands
            for path, python in made_by(command, self.scope)
        }
        return {**self.state.environments, **made} if made else self.state.environments

    @cached_property
    def mounts(self) -> tuple[tuple[str, str | None, Mapping[str, str | None]], ...]:
        """Type, target (``None`` if not known) and parts of each mount of the instruction."""
        found = []
        for flag in self.step.instruction.flags_named("mount"):
            parts = mount_parts(self.step, flag.value or "")
            target = parts.get("target") or parts.get("dst") or parts.get("destination")
            found.append((parts.get("type") or "bind", target, parts))
        return tuple(found)
