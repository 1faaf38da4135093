"""``mlbox render``: print the Dockerfile that the spec and its lock lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.cli._project import add_project_arguments, project_from
from mlbox.image import dockerfile

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the Dockerfile; nothing is built or written."""
    print(dockerfile(project_from(args)), end="")
    return 0
