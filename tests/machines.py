"""Machines as the probe sees them: files below a folder, answers of programs and of an engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from mlbox.errors import EngineNotFoundError
from mlbox.probe import Machine, Ran, look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mlbox.host import Host

T = TypeVar("T")
INFO: dict[str, Any] = {
    "ServerVersion": "28.3.0",
    "CgroupDriver": "systemd",
    "CgroupVersion": "2",
    "Architecture": "x86_64",
    "MemTotal": 67108864000,
    "Runtimes": {
        "io.containerd.runc.v2": {"path": "runc"},
        "runc": {"path": "runc"},
        "nvidia": {"path": "nvidia-container-runtime"},
    },
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "OperatingSystem": "Ubuntu 24.04 LTS",
    "DockerRootDir": "/var/lib/docker",
    "IPv4Forwarding": True,
    "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=all"}],
}


def told(**changes: Any) -> bytes:
    """What ``/info`` answers, with changes."""
    return json.dumps({**INFO, **changes}).encode()


def write(root: Path, files: Mapping[str, str | bytes], links: Mapping[str, str]) -> None:
    """Write files below a root; links point where they say."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, target in links.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def seen(  # noqa: PLR0913  (all that a machine may answer)
    root: Path,
    files: Mapping[str, str | bytes] | None = None,
    *,
    links: Mapping[str, str] | None = None,
    smi: Ran | None = None,
    programs: Mapping[str, Ran] | None = None,
    info: bytes | None = None,
    more: Mapping[str, bytes] | None = None,
    environment: Mapping[str, str] | None = None,
    problem: EngineNotFoundError | None = None,
    named: tuple[str, str] | None = None,
    buildx: bool = False,
    uid: int = 1000,
) -> Host:
    """Look at a machine that is written down.

    Args:
        root: An empty folder, for its files.
        files: Path -> text.
        links: Path -> where the link points.
        smi: How every call of nvidia-smi ends.
        programs: How a call ends whose words hold a text; before ``smi``.
        info: What the engine answers at ``/info``; without it, none answers.
        more: The same for other paths.
        environment: Variables.
        problem: Why no engine answers.
        named: The address that the user chose, and by what.
        buildx: Whether buildx is there.
        uid: The user's number.
    """
    write(root, files or {}, links or {})
    failure = problem or EngineNotFoundError("No engine.", why="Nothing answers.", fix="Start it.")
    return look(
        Machine(
            root=root,
            environment={"HOME": "/home/ada", **(environment or {})},
            uid=uid,
            groups=frozenset({uid}),
            run=_runner(programs or {}, smi),
            get=_getter({"/info": info, **(more or {})}),
            find_host=_finder(failure if info is None else None, "unix:///docker.sock"),
            find_buildx=_finder(
                None if buildx else EngineNotFoundError("No buildx."), ("docker-buildx",)
            ),
            named=lambda: named,
        )
    )


def _runner(programs: Mapping[str, Ran], smi: Ran | None) -> Callable[[Sequence[str]], Ran]:
    def run(argv: Sequence[str]) -> Ran:
        words = " ".join(argv)
        answers = [ran for part, ran in programs.items() if part in words]
        answers += [smi] if smi and "nvidia-smi" in words else []
        return next(iter(answers), Ran(code=None))

    return run


def _getter(answers: Mapping[str, bytes | None]) -> Callable[[str, str], bytes]:
    def get(_: str, path: str) -> bytes:
        answer = answers.get(path)
        if answer is None:
            raise LookupError(path)
        return answer

    return get


def _finder(failure: EngineNotFoundError | None, found: T) -> Callable[[], T]:
    def find() -> T:
        if failure:
            raise failure
        return found

    return find
