"""What GPU stack an image has: base, wheels of torch's family, what is compiled, system packages.

Read once for a Dockerfile, for the rules of family MLD1xx. Pure; nothing is guessed: what is not
known is ``None``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import CondaInstall, PythonInstall, SystemInstall
from mlbox.lint.gpu.bases import Base, base_of
from mlbox.lint.gpu.compiled import Around, Compiled, compiled_by
from mlbox.lint.gpu.wheels import Wheel, wheels_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.lint.commands.model import Action
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Stage, Step

__all__ = ["Base", "Compiled", "GpuStage", "GpuView", "Wheel"]

_TOOLKIT = re.compile(
    r"(?:cuda-(?:toolkit|runtime|libraries|cudart|nvcc|compiler|minimal-build)-|cuda-)"
    r"(\d{2})-(\d{1,2})$"
)
_AMD_BASES = ("rocm/", "amd/", "docker.io/rocm/")
_AMD_VARIABLE = re.compile(r"(?:\w+_)?(?:ROCM|HIP|GFX)_|HSA_")
_NVCC = re.compile(
    r"(?:cuda|cuda-\d+-\d+|cuda-toolkit.*|cuda-nvcc.*|cuda-compiler.*|cuda-minimal-build.*"
    r"|cuda-command-line-tools.*|nvidia-cuda-toolkit|cudatoolkit-dev|cuda-version-x)$"
)
_PIP_NVCC = re.compile(r"nvidia-cuda-nvcc(?:-cu\d+)?|cuda-toolkit")
_RUNFILE = re.compile(r"cuda_\d[\w.]*linux\w*[.-]run")


@dataclass(frozen=True, kw_only=True, eq=False)
class GpuStage:
    """One stage, with what it has from those it is built on.

    Attributes:
        actions: Its instructions, with what their commands do.
        parent: The stage it is built on; ``None`` if on an image.
        base: The image at the root of its lineage; ``None`` if that is not known.
        platform: The platform that its FROM names; ``linux/amd64`` if it names none.
        wheels: What it installs itself of torch's family.
        compiled: What it compiles itself.
        clones: Folders that ``git clone`` made in it, by name, and where from.
        is_used: Whether the final image needs it.
        is_shipped: Whether its layers are in the final image.
    """

    actions: StageActions
    parent: GpuStage | None
    base: Base | None
    platform: str
    wheels: tuple[Wheel, ...]
    compiled: tuple[Compiled, ...]
    clones: Mapping[str, str]
    is_used: bool
    is_shipped: bool

    @property
    def stage(self) -> Stage:
        """The stage in the Dockerfile."""
        return self.actions.stage

    @cached_property
    def lineage(self) -> tuple[GpuStage, ...]:
        """It and those it is built on, the earliest first."""
        return (*(self.parent.lineage if self.parent else ()), self)

    @cached_property
    def all_wheels(self) -> tuple[Wheel, ...]:
        """What is installed in it, in order, what it has from earlier stages included."""
        return tuple(wheel for stage in self.lineage for wheel in stage.wheels)

    @cached_property
    def all_compiled(self) -> tuple[Compiled, ...]:
        """What is compiled in it, in order, what it has from earlier stages included."""
        return tuple(item for stage in self.lineage for item in stage.compiled)

    @cached_property
    def system_packages(self) -> tuple[str, ...]:
        """Names of the packages that apt and conda install in it."""
        return tuple(_system_packages(self.lineage))

    @cached_property
    def python_packages(self) -> frozenset[str]:
        """Names of the distributions that pip and uv install in it."""
        return frozenset(
            item.name
            for stage in self.lineage
            for install in stage.actions.installs
            for item in install.wanted
        )

    @cached_property
    def cuda(self) -> str | None:
        """The minor version of the CUDA in it outside of Python: the base's, or a package's."""
        for name in self.system_packages:
            if match := _TOOLKIT.fullmatch(name):
                return f"{match[1]}.{match[2]}"
        return self.base.cuda if self.base else None

    @cached_property
    def has_nvcc(self) -> bool | None:
        """Whether NVIDIA's compiler is in it; ``None`` if that is not known."""
        if any(_NVCC.match(name) for name in self.system_packages):
            return True
        if any(_PIP_NVCC.fullmatch(name) for name in self.python_packages):
            return True
        if self.base is None or self.base.has_nvcc or self._may_have_toolkit():
            return True if self.base and self.base.has_nvcc else None
        return self.base.has_nvcc

    @cached_property
    def is_other_gpu(self) -> bool:
        """Whether it is plainly made for AMD's GPUs: CUDA's compiler is not what it lacks."""
        if self.base is not None and self.base.repository.startswith(_AMD_BASES):
            return True
        if any((wheel.tag or "").startswith("rocm") for wheel in self.all_wheels):
            return True
        variables = (
            name
            for stage in self.lineage
            for step, _ in stage.actions.steps
            if step.instruction.name == "RUN"
            for name in step.scope.values
        )
        return any(_AMD_VARIABLE.match(name) for name in variables)

    def _may_have_toolkit(self) -> bool:
        """Whether a COPY, an installer or a script may bring a toolkit."""
        for stage in self.lineage:
            for step, actions in stage.actions.steps:
                if step.instruction.name in ("COPY", "ADD") and _is_toolkit(step):
                    return True
                if any(_may_install_toolkit(action) for action in actions):
                    return True
        return False

    @cached_property
    def installed(self) -> tuple[Wheel, ...]:
        """The torch that it ends with, in each environment: the last that is installed there."""
        last: dict[str | None, Wheel] = {}
        for wheel in self.all_wheels:
            if wheel.name == "torch" and not wheel.step.instruction.is_trigger:
                last[wheel.install.environment] = wheel
        return tuple(last.values())

    def has_earlier(self, wheel: Wheel) -> bool:
        """Whether the same package is there already, in the same environment."""
        return any(
            other.name == wheel.name
            and other.at < wheel.at
            and other.install.environment == wheel.install.environment
            for other in self.all_wheels
        )

    def __repr__(self) -> str:
        """Short: a stage holds all of its file."""
        return f"GpuStage({self.stage.index})"


def _system_packages(lineage: tuple[GpuStage, ...]) -> Iterator[str]:
    for stage in lineage:
        for action in stage.actions.actions:
            if isinstance(action, SystemInstall):
                if action.verb == "install":
                    yield from (package.name for package in action.packages)
            elif isinstance(action, CondaInstall):
                yield from (package.name for package in action.packages)


def _is_toolkit(step: Step) -> bool:
    """Whether a COPY may bring a CUDA toolkit."""
    text = step.instruction.arguments.text
    return "cuda" in text or bool(step.instruction.flag("from") and "/usr/local" in text)


def _may_install_toolkit(action: Action) -> bool:
    if isinstance(action, PythonInstall | SystemInstall | CondaInstall):
        unread = getattr(action, "unread", ())
        return bool(unread) and isinstance(action, CondaInstall)
    words = action.command.words
    return any(_RUNFILE.search(word.text) or "cuda-installer" in word.text for word in words)


class GpuView:
    """The GPU stack of every stage of an image."""

    def __init__(self, image: Image) -> None:
        """Read it."""
        self._image = image

    @cached_property
    def stages(self) -> tuple[GpuStage, ...]:
        """Every stage."""
        image = self._image
        final = image.dockerfile.final
        shipped = {item.index for item in image.dockerfile.lineage(final)} if final else set()
        found: list[GpuStage] = []
        for actions in image.stages:
            parent = found[actions.stage.parent] if actions.stage.parent is not None else None
            found.append(_stage(actions, parent, image, is_shipped=actions.stage.index in shipped))
        return tuple(found)

    @cached_property
    def used(self) -> tuple[GpuStage, ...]:
        """The stages that the final image needs."""
        return tuple(stage for stage in self.stages if stage.is_used)

    @property
    def final(self) -> GpuStage | None:
        """The last stage."""
        return self.stages[-1] if self.stages else None


def _stage(
    actions: StageActions, parent: GpuStage | None, image: Image, *, is_shipped: bool
) -> GpuStage:
    stage = actions.stage
    if parent is not None:
        base = parent.base
    else:
        base = base_of(stage.image, image.facts) if stage.image else None
    platform = "linux/arm64" if "arm64" in (stage.platform or "") else "linux/amd64"
    platform = parent.platform if parent else platform
    wheels: list[Wheel] = []
    compiled: list[Compiled] = []
    around = Around(clones=dict(parent.clones) if parent else {})
    for number, (step, done) in enumerate(actions.steps):
        if step.instruction.name == "WORKDIR":
            around.folder = step.expand(step.instruction.arguments.text) or ""
        for place, action in enumerate(done):
            at = (stage.index, number, place)
            by_pip = action.install if isinstance(action, CondaInstall) else action
            if isinstance(by_pip, PythonInstall):
                wheels += wheels_of(by_pip, step, at, image.facts, platform)
            compiled += compiled_by(by_pip or action, step, at, around)
    return GpuStage(
        actions=actions,
        parent=parent,
        base=base,
        platform=platform,
        wheels=tuple(wheels),
        compiled=tuple(compiled),
        clones=around.clones,
        is_used=stage.index in image.dockerfile.used,
        is_shipped=is_shipped,
    )
