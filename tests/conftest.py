"""What every test shares: the default tier's fence, and the engine of the engine tier."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.engine.connect import Connection

OUTER_TIERS = ("engine", "browser", "gpu", "network")
LOCAL_PROGRAMS = ("git", Path(sys.executable).name)  # they touch files, and nothing else


@pytest.fixture(autouse=True)
def _fence(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Keep the default tier away from docker, the network, the clock and the user's cache."""
    if any(request.node.get_closest_marker(tier) for tier in OUTER_TIERS):
        return
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "no-cache"))
    start = subprocess.Popen.__init__

    def guarded(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        program = args if isinstance(args, str) else str(args[0])
        if Path(program).name not in LOCAL_PROGRAMS:
            pytest.fail(f"the default tier may not start {program}")
        start(self, args, *rest, **options)

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("the default tier may not use the network or wait for the clock")

    monkeypatch.setattr(subprocess.Popen, "__init__", guarded)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(time, "sleep", refuse)


@pytest.fixture(scope="session")
def connection() -> Connection:
    """The engine of this machine; without one the engine tier fails, it does not pass."""
    from mlbox.engine.connect import connect  # noqa: PLC0415  (only for tests that need it)

    return connect()


@pytest.fixture
def project_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a project, with spaces and letters from far away in its name."""
    folder = tmp_path / "ein Projekt – проект"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
