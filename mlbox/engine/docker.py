"""The Docker Engine: buildx for builds, its API for containers."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote

from mlbox.engine.connect import Connection, connect, get
from mlbox.engine.protocol import Image
from mlbox.errors import EngineError

if TYPE_CHECKING:
    from mlbox.engine.protocol import BuildRequest, ExitState, OnEvent
    from mlbox.plan import RunPlan

REGISTRY_SECONDS = 20


class DockerEngine:
    """An ``Engine`` over one connection.

    What builds and what runs loads on use: a build with nothing to do needs neither.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def image(self, reference: str) -> Image | None:
        """Return the local image of that name or digest, or ``None``."""
        try:
            raw = json.loads(get(self.connection.host, f"/images/{quote(reference)}/json"))
        except LookupError:
            return None
        except OSError as error:
            raise EngineError(
                f"The engine cannot look for the image {reference!r}.",
                why=f"{error.strerror or error}.",
                fix="Check the image's name; `mlbox engine status` tells whether the engine works.",
            ) from error
        return Image(id=raw["Id"], labels=(raw.get("Config") or {}).get("Labels") or {})

    def remote_digest(self, reference: str) -> str | None:
        """Ask an image's registry for its digest; ``None`` when it does not answer."""
        form = (
            "--format",
            "{{json .Manifest}}",
        )  # {{.Manifest.Digest}} prints prose in buildx 0.13
        try:
            result = subprocess.run(
                (*self.connection.buildx, "imagetools", "inspect", *form, reference),
                env={**os.environ, "DOCKER_HOST": self.connection.host},
                capture_output=True,
                text=True,
                check=False,
                timeout=REGISTRY_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return None
        return str(json.loads(result.stdout)["digest"]) if result.returncode == 0 else None

    def build(self, request: BuildRequest, on_event: OnEvent) -> str:
        """Build an image and return its digest."""
        from mlbox.engine.buildx import build  # noqa: PLC0415  (loads on use)

        return build(self.connection, request, on_event)

    def run(self, plan: RunPlan, on_event: OnEvent) -> ExitState:
        """Run a container to its end, stream its output, remove it, and say how it ended."""
        from mlbox.engine.containers import run  # noqa: PLC0415  (loads on use)

        return run(self.connection.host, plan, on_event)


def docker_engine() -> DockerEngine:
    """Return the engine that answers on this machine.

    Raises:
        EngineNotFoundError: None does.
    """
    return DockerEngine(connect())
