"""``mlbox base build | ensure``: a base image from Debian's packages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlbox.engine.base import build_base, registry_answers
from mlbox.engine.connect import connect
from mlbox.engine.docker import DockerEngine
from mlbox.resolve.images import base_reference, debian_base

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    build = actions.add_parser("build", help="make the base image, anew if it is there")
    ensure = actions.add_parser(
        "ensure",
        help="print the value to use for `base`",
        description="Print `auto` if the registry of the default base image answers, else make "
        "the base image if it is missing, and print `debian`.",
    )
    for action in (build, ensure):
        action.add_argument("--python", default="3.11", help="3.11 or 3.13 (default: %(default)s)")
        action.add_argument("--mirror", metavar="URL", help="a Debian mirror, if not apt's own")


def run(args: argparse.Namespace) -> int:
    """Run one of them."""
    debian_base(args.python)  # an error before anything is done if Debian does not have it
    connection = connect()
    if args.action == "build":
        print(build_base(args.python, connection, _say, mirror=args.mirror))
        return 0
    default = base_reference("auto", args.python)
    if registry_answers(default, connection):
        print("auto")
        return 0
    _say(f"The registry of {default} does not answer; a base from Debian's packages is used.")
    if DockerEngine(connection).image(debian_base(args.python)) is None:
        build_base(args.python, connection, _say, mirror=args.mirror)
    print("debian")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
