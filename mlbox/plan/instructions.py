"""The instructions of a Dockerfile as values, and the stages and image they make up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class CacheMount:
    """``--mount=type=cache``: a folder the engine keeps between builds, never part of the image."""

    id: str
    target: str
    locked: bool = False


@dataclass(frozen=True, kw_only=True)
class BindMount:
    """``--mount=type=bind``: a file or folder of a stage or the build context, while it runs."""

    source: str
    target: str
    stage: str | None = None


@dataclass(frozen=True, kw_only=True)
class SecretMount:
    """``--mount=type=secret``: a file for this command alone; absent if the build has none."""

    id: str
    target: str
    mode: str = "0400"


@dataclass(frozen=True, kw_only=True)
class TmpfsMount:
    """``--mount=type=tmpfs``: an empty folder, forgotten afterwards."""

    target: str


RunMount = CacheMount | BindMount | SecretMount | TmpfsMount


@dataclass(frozen=True, kw_only=True)
class Run:
    """``RUN``: shell commands, each run only if the one before it succeeded.

    A line break in a command is for the reader alone: it becomes a continued line.
    """

    commands: tuple[str, ...]
    mounts: tuple[RunMount, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Copy:
    """``COPY``: from another stage, or from the build context if ``stage`` is ``None``."""

    source: str
    target: str
    stage: str | None = None
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class Env:
    """``ENV``: variables, their values taken literally."""

    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PrependPath:
    """``ENV PATH``: one more folder that programs are looked up in, before the others."""

    folder: str


@dataclass(frozen=True, kw_only=True)
class Label:
    """``LABEL``: what tools can read of the image without running it."""

    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class User:
    """``USER``: who the following commands, and containers, run as."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Workdir:
    """``WORKDIR``: the folder the following commands, and containers, start in."""

    path: str


@dataclass(frozen=True, kw_only=True)
class Entrypoint:
    """``ENTRYPOINT`` in exec form."""

    argv: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Command:
    """``CMD`` in exec form: what a container runs unless told otherwise."""

    argv: tuple[str, ...]


Instruction = Run | Copy | Env | PrependPath | Label | User | Workdir | Entrypoint | Command


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One ``FROM ... AS ...`` and what follows it.

    Attributes:
        name: What other stages call it; also the target to build.
        base: An image, or the name of an earlier stage.
        why: One line on why the stage is there.
        instructions: What happens in it.
    """

    name: str
    base: str
    why: str
    instructions: tuple[Instruction, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImagePlan:
    """One image.

    Attributes:
        name: Name of the box.
        summary: Lines that say what is in it.
        stages: Its stages; the last one is the image.
    """

    name: str
    summary: tuple[str, ...]
    stages: tuple[Stage, ...]
