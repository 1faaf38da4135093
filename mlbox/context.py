"""The build context: exactly what a build may see, and nothing of it in the image by accident."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.lock import LAYERS, framework_index
from mlbox.plan import UV_CONTEXT, WHEELHOUSE_CONTEXT
from mlbox.record import STATE_FOLDER, ensure_state_folder
from mlbox.sources import package_sources
from mlbox.uv import uv_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lock import Lock
    from mlbox.resolve import Resolution
    from mlbox.snapshot import Snapshot
    from mlbox.sources import PackageSources
    from mlbox.spec import Project

_NETRC = "netrc"


@dataclass(frozen=True, kw_only=True)
class BuildContext:
    """What a build may see.

    Attributes:
        folder: What the Dockerfile copies from.
        named: Named build contexts: name -> folder.
        secrets: Build secrets: id -> file.
    """

    folder: Path
    named: dict[str, str]
    secrets: dict[str, Path]


@contextlib.contextmanager
def build_context(
    project: Project, resolution: Resolution, lock: Lock, snapshot: Snapshot | None
) -> Iterator[BuildContext]:
    """Lay out the context of one build; another build of the project waits for its end.

    Args:
        project: What is built.
        resolution: What it leads to.
        lock: The packages to install.
        snapshot: The code that goes into the image, if it does.
    """
    sources = package_sources(project, os.environ)
    state = project.root / STATE_FOLDER
    folder = state / "build"
    with _alone(state):
        named = {WHEELHOUSE_CONTEXT: str(_fill_wheelhouse(folder, lock, sources))}
        if _runs_here(project.box.platform):
            named[UV_CONTEXT] = str(_uv_folder(folder))
        index = framework_index(resolution, sources)
        try:
            yield BuildContext(
                folder=_write_context(folder, lock, sources, index, snapshot),
                named=named,
                secrets=_secrets(folder, sources),
            )
        finally:
            (folder / _NETRC).unlink(missing_ok=True)  # credentials are not to stay


@contextlib.contextmanager
def _alone(state: Path) -> Iterator[None]:
    ensure_state_folder(state)
    with (state / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_context(
    folder: Path,
    lock: Lock,
    sources: PackageSources,
    index: tuple[str, ...],
    snapshot: Snapshot | None,
) -> Path:
    """Write exactly what the Dockerfile copies: requirements, and the code that goes in."""
    context = folder / "context"
    shutil.rmtree(context, ignore_errors=True)
    (context / "requirements").mkdir(parents=True)
    options = sources.requirement_options(*index)  # for both: torchvision is no framework
    for layer in LAYERS:
        path = context / "requirements" / f"{layer}.txt"
        path.write_text(lock.requirements(layer, options), encoding="utf-8")
    if snapshot:
        shutil.copytree(snapshot.path, context / "code", symlinks=True)
    return context


def _fill_wheelhouse(folder: Path, lock: Lock, sources: PackageSources) -> Path:
    """Gather the locked packages' local wheels; those, and no others, travel to the engine."""
    wheelhouse = folder / "wheelhouse"
    wheelhouse.mkdir(parents=True, exist_ok=True)
    wheels = {
        path.name: path
        for package in lock.packages
        for path in sources.local_wheels(package.name, package.version)
    }
    for old in wheelhouse.iterdir():
        if old.name not in wheels or old.stat().st_size != wheels[old.name].stat().st_size:
            old.unlink()
    for name, path in wheels.items():
        _link_or_copy(path, wheelhouse / name)
    return wheelhouse


def _uv_folder(folder: Path) -> Path:
    """A folder with nothing but this machine's uv in it, to stand in for uv's own image."""
    target = folder / "uv"
    target.mkdir(parents=True, exist_ok=True)
    program = Path(uv_program()).resolve()
    if (target / "uv").exists() and (target / "uv").stat().st_size != program.stat().st_size:
        (target / "uv").unlink()
    _link_or_copy(program, target / "uv")
    return target


def _link_or_copy(source: Path, target: Path) -> None:
    if target.exists():
        return
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system, or no right to link
        shutil.copy2(source, target)


def _secrets(folder: Path, sources: PackageSources) -> dict[str, Path]:
    """What the build may read and must not keep."""
    secrets = {"ca": sources.ca_bundle} if sources.ca_bundle and sources.ca_bundle.is_file() else {}
    netrc = sources.netrc()
    if netrc:
        path = folder / _NETRC
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(netrc, encoding="utf-8")
        secrets["netrc"] = path
    return secrets


def _runs_here(target: str) -> bool:
    """Whether this machine's own programs run in a build for the platform."""
    machine = os.uname().machine
    ours = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return sys.platform == "linux" and target == f"linux/{ours}"
