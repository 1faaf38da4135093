"""What a rule sees of a Dockerfile: its stages, what each command does, and the files beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.lint.commands import actions_of
from mlbox.lint.commands.model import Action, CondaInstall, PythonInstall
from mlbox.lint.files import NoFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.facts import Facts
    from mlbox.lint.files import Files
    from mlbox.lint.gpu import GpuView
    from mlbox.lint.parse import Dockerfile, Stage, Step


@dataclass(frozen=True, kw_only=True)
class StageActions:
    """One stage's instructions, each with what its commands do."""

    stage: Stage
    steps: tuple[tuple[Step, tuple[Action, ...]], ...]

    @property
    def actions(self) -> Iterator[Action]:
        """All of them, in order."""
        for _, actions in self.steps:
            yield from actions

    @property
    def installs(self) -> Iterator[PythonInstall]:
        """The Python installations, in order, those of environment files included."""
        for action in self.actions:
            if isinstance(action, PythonInstall):
                yield action
            elif isinstance(action, CondaInstall) and action.install is not None:
                yield action.install


@dataclass(frozen=True, kw_only=True)
class Image:
    """A Dockerfile, read.

    Attributes:
        dockerfile: As it stands.
        facts: The tables that rules about GPUs ask.
        files: What lies beside it.
    """

    dockerfile: Dockerfile
    facts: Facts
    files: Files = field(default_factory=NoFiles)

    @cached_property
    def stages(self) -> tuple[StageActions, ...]:
        """Every stage, with what its commands do."""
        read = actions_of(self.dockerfile, self.files)
        return tuple(
            StageActions(stage=stage, steps=steps)
            for stage, steps in zip(self.dockerfile.stages, read, strict=True)
        )

    @cached_property
    def gpu(self) -> GpuView:
        """Its GPU stack: what its bases, its wheels and its compilers have of CUDA."""
        from mlbox.lint.gpu import GpuView  # noqa: PLC0415  (only rules about GPUs need it)

        return GpuView(self)

    @property
    def used(self) -> tuple[StageActions, ...]:
        """The stages that the final image needs."""
        return tuple(item for item in self.stages if item.stage.index in self.dockerfile.used)

    @property
    def final(self) -> StageActions | None:
        """The last stage: the image."""
        return self.stages[-1] if self.stages else None

    def lineage(self, stage: Stage) -> tuple[StageActions, ...]:
        """A stage and those it is built on, the earliest first."""
        return tuple(self.stages[item.index] for item in self.dockerfile.lineage(stage))
