"""``mlbox render``: print the Dockerfile that the spec and its lock lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.cli._project import add_project_arguments, project_from
from mlbox.facts import load_facts
from mlbox.image import image_plan
from mlbox.lock import read_lock
from mlbox.render import render_dockerfile
from mlbox.resolve import resolve

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the Dockerfile; nothing is built or written."""
    project = project_from(args)
    resolution = resolve(project.box, load_facts())
    plan = image_plan(project, resolution, read_lock(project.root))
    print(render_dockerfile(plan), end="")
    return 0
