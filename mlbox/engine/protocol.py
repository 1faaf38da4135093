"""What mlbox asks of a container engine, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from mlbox.plan import RunPlan


RUN_STEP = "run"
"""The step of all events of a run."""
HEARTBEAT_SECONDS = 0.5
"""Silence after which an empty progress is reported, so that a silent step can be canceled."""


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """One image build.

    Attributes:
        dockerfile: Its text.
        tag: Name and tag the image gets.
        context: The folder COPY reads from.
        target: The stage to build; ``None`` for the last one.
        platform: ``"linux/amd64"``.
        contexts: Named build contexts: name → folder, or ``docker-image://reference``.
        secrets: Build secrets: id → file; never part of a layer or of the cache key.
        labels: Labels of the image.
    """

    dockerfile: str
    tag: str
    context: Path
    target: str | None = None
    platform: str = "linux/amd64"
    contexts: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One moment of a build or a run.

    Attributes:
        kind: ``started``, ``cached``, ``finished`` and ``failed`` are about a step as a whole;
            ``progress`` is a transfer inside it, or without text a sign of life; ``log`` is one
            line it printed.
        step: The step's text: a Dockerfile instruction for a build, ``"run"`` for a run.
        text: The line of a log, the item in transfer, or the reason of a failure.
        stream: 1 for stdout, 2 for stderr; of a log.
        seconds: How long the step took; of ``finished`` and ``failed``.
        current: Bytes done; of a progress.
        total: Bytes in all, 0 if unknown; of a progress.
    """

    kind: Literal["started", "log", "progress", "cached", "finished", "failed"]
    step: str
    text: str = ""
    stream: Literal[1, 2] = 1
    seconds: float = 0
    current: int = 0
    total: int = 0


OnEvent = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image the engine has.

    Attributes:
        id: Its digest, ``"sha256:..."``.
        labels: Its labels.
    """

    id: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ExitState:
    """How a container ended.

    Attributes:
        exit_code: Its exit code; 137 when it was killed.
        oom_killed: Whether it was killed for its memory.
        timed_out: Whether it was stopped because its time was up.
    """

    exit_code: int
    oom_killed: bool = False
    timed_out: bool = False

    @property
    def signal(self) -> int | None:
        """The signal that ended it, or ``None``."""
        return self.exit_code - 128 if 128 < self.exit_code < 160 else None  # noqa: PLR2004


class Engine(Protocol):
    """A container engine. An exception raised by ``on_event`` cancels what is under way."""

    def image(self, reference: str) -> Image | None:
        """Return the local image of that name or digest, or ``None``."""
        ...

    def remote_digest(self, reference: str) -> str | None:
        """Ask an image's registry for its digest; ``None`` when it does not answer."""
        ...

    def build(self, request: BuildRequest, on_event: OnEvent) -> str:
        """Build an image and return its digest.

        Raises:
            BuildError: The build failed.
            EngineError: The engine failed.
        """
        ...

    def run(self, plan: RunPlan, on_event: OnEvent) -> ExitState:
        """Run a container to its end, stream its output, remove it, and say how it ended.

        Raises:
            EngineError: The container could not be started.
        """
        ...
