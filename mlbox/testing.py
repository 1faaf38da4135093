"""Fakes for tests, ours and yours: an engine that starts nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.engine import Event, ExitState, Image
from mlbox.plan import WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.engine import BuildRequest, OnEvent
    from mlbox.plan import RunPlan


@dataclass
class FakeEngine:
    """An engine that starts nothing and remembers what it was asked.

    Attributes:
        exit_state: How every run ends.
        log: Lines every run prints.
        writes: Files every run writes in its workspace: relative path -> text.
        images: The images it has, by name.
        digests: What registries answer, by reference.
        builds: The builds it was asked for.
        runs: The runs it was asked for.
    """

    exit_state: ExitState = field(default_factory=lambda: ExitState(exit_code=0))
    log: tuple[str, ...] = ()
    writes: Mapping[str, str] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    builds: list[BuildRequest] = field(default_factory=list)
    runs: list[RunPlan] = field(default_factory=list)

    def image(self, reference: str) -> Image | None:
        """Return an image that was built, or was there from the start."""
        return self.images.get(reference)

    def remote_digest(self, reference: str) -> str | None:
        """Return what the test says a registry answers."""
        return self.digests.get(reference)

    def build(self, request: BuildRequest, on_event: OnEvent) -> str:
        """Remember the build and return a digest made from its text."""
        self.builds.append(request)
        on_event(Event(kind="started", step="FROM base"))
        on_event(Event(kind="finished", step="FROM base", seconds=0.1))
        text = repr((request.dockerfile, request.target, sorted(request.labels.items())))
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        self.images[request.tag] = Image(id=digest, labels=request.labels)
        return digest

    def run(self, plan: RunPlan, on_event: OnEvent) -> ExitState:
        """Print the log, write the files, and end as this engine was told to."""
        self.runs.append(plan)
        on_event(Event(kind="started", step="run"))
        for line in self.log:
            on_event(Event(kind="log", step="run", text=line))
        workspace = next(Path(mount.source) for mount in plan.mounts if mount.target == WORKSPACE)
        for name, text in self.writes.items():
            path = workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self.exit_state
