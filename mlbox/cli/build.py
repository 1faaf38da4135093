"""``mlbox build``: the image, code included."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlbox.cli._display import shown
from mlbox.cli._project import add_project_arguments, project_from
from mlbox.engine.docker import docker_engine
from mlbox.image import build_image

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the spec."""
    add_project_arguments(parser)
    parser.add_argument("--update-lock", action="store_true", help="make the lock anew first")
    parser.add_argument("--quiet", action="store_true", help="print the image's digest only")


def run(args: argparse.Namespace) -> int:
    """Build what changed; print the digest on stdout."""
    project = project_from(args)
    with shown(quiet=args.quiet) as on_event:
        built = build_image(project, docker_engine(), on_event, update_lock=args.update_lock)
    print(built.id)
    if not args.quiet:
        how = "nothing changed" if built.reused else "built"
        print(f"{built.tag}: {how} ({built.seconds:.1f} s)", file=sys.stderr)
    return 0
