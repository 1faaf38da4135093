"""``mlbox lock``: exact packages and base images, in mlbox.lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.cache import known_facts
from mlbox.cli._project import add_project_arguments, project_from
from mlbox.engine.docker import docker_engine
from mlbox.image import current_lock
from mlbox.lock import LOCK_FILE
from mlbox.resolve import made_here, resolve_box

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the spec."""
    add_project_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Make the lock anew and say what is in it."""
    project = project_from(args)
    resolution = resolve_box(project.box, known_facts())
    lock = current_lock(project, resolution, docker_engine(), update=True)
    print(f"{project.root / LOCK_FILE}: {len(lock.packages)} packages")
    base = resolution.base_image
    local = "made on this machine" if made_here(base) else ""
    why = local or "not pinned: its registry did not answer"
    print(f"base {base}: {lock.bases.get(base) or why}")
    return 0
