"""Fakes for tests, ours and yours: an engine that starts nothing, a machine in order, files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.engine import Event, ExitState, Image
from mlbox.host import Gpu, Host, HostEngine, Nvidia
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


@dataclass(frozen=True)
class FakeFiles:
    """A build context in memory, all of it known: what the linter sees beside a Dockerfile.

    Attributes:
        texts: Its files: path relative to its root -> text.
    """

    texts: Mapping[str, str] = field(default_factory=dict)

    def text(self, path: str) -> str | None:
        """Return a file's text; ``None`` if there is none."""
        return self.texts.get(path)

    def exists(self, path: str) -> bool:
        """Return whether there is such a file or folder."""
        inside = "" if path in ("", ".") else f"{path.rstrip('/')}/"
        return path in self.texts or any(name.startswith(inside) for name in self.texts)

    def inside(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, those of folders with ``/`` at their end."""
        start = "" if path in ("", ".") else f"{path.rstrip('/')}/"
        parts = (name[len(start) :].partition("/") for name in self.texts if name.startswith(start))
        return tuple(dict.fromkeys(f"{name}{slash}" for name, slash, _ in parts))


def make_host(
    *, gpus: int = 0, driver: str = "580.65.06", engine: bool = True, runtime: bool = True
) -> Host:
    """Return a machine that is in order, as the doctor sees it.

    Args:
        gpus: How many A100 it has.
        driver: The driver of them.
        engine: Whether an engine answers.
        runtime: Whether the engine has the runtime nvidia, if there are GPUs.
    """
    gpu = Gpu(name="NVIDIA A100-SXM4-80GB", capability="8.0", memory_mib=81920)
    nvidia = Nvidia(on_bus=0)
    if gpus:
        hook = "/usr/bin/nvidia-container-runtime-hook" if runtime else ""
        nvidia = Nvidia(
            on_bus=gpus,
            driver=driver,
            gpus=(gpu,) * gpus,
            ctk="/usr/bin/nvidia-ctk",
            hook=hook,
            char_links=True,
        )
    answers = HostEngine(
        host="unix:///var/run/docker.sock",
        version="28.3.0",
        cgroup_driver="systemd",
        cgroup_version="2",
        runtimes=("nvidia", "runc") if gpus and runtime else ("runc",),
        data_root="/var/lib/docker",
        free_bytes=200 * 2**30,
        forwarding=True,
    )
    return Host(
        distribution="debian",
        nvidia=nvidia,
        engine=answers if engine else None,
        buildx=("docker-buildx",),
    )
