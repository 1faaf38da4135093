"""A private Docker Engine for a machine that has none; an engine that answers is left alone."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.engine import daemon
from mlbox.engine.connect import engine_home, find_buildx, find_host, named_host
from mlbox.engine.packages import apt_sources, sources_of, this_distribution, unpack
from mlbox.errors import EngineError, EngineNotFoundError, HostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlbox.engine.connect import EngineHome

# What the engine needs around it, and the engine itself.
AROUND = ("runc", "iptables", "iproute2", "tini")
ENGINE = ("docker.io", "docker-buildx", "containerd")
# Releases whose own docker is too old or lacks buildx, and the release whose docker runs there.
NEWER = {"bookworm": "trixie"}
PROGRAMS = ("dockerd", "containerd", "containerd-shim-runc-v2", "runc", "ip", "docker-init")


def up(report: Callable[[str], None]) -> str:
    """Make sure that an engine and buildx are there.

    Args:
        report: Is told what is done, line by line.

    Returns:
        The address of the engine.

    Raises:
        EngineNotFoundError: None answers, and a private one cannot be started here.
        EngineError: The private engine does not start.
        HostError: Its packages cannot be had, or its folder not be written to.
    """
    home = engine_home()
    try:
        host = find_host()
    except EngineNotFoundError as error:
        named = named_host()
        chosen = named is not None and named[0] != home.host
        if chosen or isinstance(error.__cause__, PermissionError):
            raise
        _check_possible(error)
        daemon.check_place(home)
        with _lock(home):
            _install(home, report)
            daemon.start(home, report)
        return home.host
    _complete_buildx(home, report)
    return host


def down(report: Callable[[str], None]) -> bool:
    """Stop the private engine, with its containers; another engine is never touched.

    Returns:
        Whether it was running.
    """
    home = engine_home()
    if not home.root.exists():
        report("There is no private engine; nothing was stopped.")
        return False
    with _lock(home):
        stopped = daemon.stop(home)
    report(
        f"Stopped the private engine; its images are kept in {home.root / 'data'}."
        if stopped
        else "The private engine is not running; nothing was stopped."
    )
    return stopped


def _check_possible(error: EngineNotFoundError) -> None:
    """Refuse where a private engine cannot be started, with the reason nothing answers."""
    fix = "Install Docker Engine (or Docker Desktop) and start it."
    if platform.system() != "Linux" or not this_distribution().has_debian_packages:
        why = "mlbox can start a private engine on Debian and Ubuntu only, from their packages."
    elif os.geteuid() != 0:
        why = "Only root can start a private engine."
        fix = "Run it as root: sudo mlbox engine up. Or start a Docker Engine you may use."
    else:
        return
    raise EngineNotFoundError(error.what, why=f"{error.why} {why}", fix=fix) from error


def _complete_buildx(home: EngineHome, report: Callable[[str], None]) -> None:
    """Get a private buildx for an engine that comes without one."""
    try:
        find_buildx()
    except EngineNotFoundError:
        if os.geteuid() != 0 or not this_distribution().has_debian_packages:
            raise
        with _lock(home):
            _install(home, report)


@contextmanager
def _lock(home: EngineHome) -> Iterator[None]:
    """Let one process at a time install, start or stop; the lock goes with its holder."""
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        lock = (home.root / ".lock").open("w")
    except OSError as error:
        raise HostError(
            f"The private engine's folder {home.root} cannot be written to.",
            why=f"{error.strerror}.",
            fix="Only root installs, starts and stops it: sudo mlbox engine ...",
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(home: EngineHome, report: Callable[[str], None]) -> None:
    """Unpack the engine's packages; the finished folder appears at once or not at all."""
    for left in home.root.glob("install-*"):  # of an interrupted call: the lock is ours
        shutil.rmtree(left, ignore_errors=True)
    if home.tree.exists():
        return
    report(f"Unpacking Docker Engine from the distribution's packages into {home.tree} ...")
    with tempfile.TemporaryDirectory(dir=home.root, prefix="install-") as name:
        tree = Path(name) / "tree"
        tree.mkdir(mode=0o755)
        _unpack_engine(tree)
        for unused in ("etc", "usr/share"):
            shutil.rmtree(tree / unused, ignore_errors=True)
        _check_programs(type(home)(root=Path(name), runtime=home.runtime))
        tree.rename(home.tree)


def _unpack_engine(tree: Path) -> None:
    release = this_distribution()
    command_line = ("docker-cli",) if release.id == "debian" else ()
    newer = NEWER.get(release.codename)
    if newer is None:
        unpack((*AROUND, *ENGINE, *command_line), tree)
        return
    unpack(AROUND, tree)
    sources = sources_of(newer, release.codename, apt_sources())
    unpack((*ENGINE, *command_line), tree, sources=sources, missing=False)


def _check_programs(home: EngineHome) -> None:
    """Start each program once: a library that is missing shows now, by name."""
    env = daemon.environment(home)
    for name in PROGRAMS:
        flag = "-V" if name == "ip" else "--version"
        flag = "-v" if name.startswith("containerd-shim") else flag
        try:
            done = subprocess.run(
                (name, flag), check=False, capture_output=True, text=True, env=env
            )
            failure = done.stderr.strip() if done.returncode else ""
        except OSError as error:
            failure = str(error)
        if failure:
            raise EngineError(
                f"The distribution's {name} does not run on this machine.",
                why=failure,
                fix="Install Docker Engine (or Docker Desktop) and start it.",
            )
