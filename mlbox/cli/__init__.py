"""The command line: one module per command; each parses, calls a layer, prints.

A module has ``add_arguments(parser)`` and ``run(args) -> int`` and is imported only when its
command was called, so that ``mlbox --version`` stays as fast as the interpreter.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import signal
import sys
from typing import TYPE_CHECKING

from mlbox._version import __version__
from mlbox.errors import BuildError, HostError, MlboxError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "init": "write a spec by looking at the folder",
    "resolve": "show the exact versions the spec leads to, and why",
    "facts": "print and update what is known of frameworks, CUDA, GPUs and images",
    "lint": "say what is wrong with Dockerfiles and compose files, and mend it",
    "doctor": "say whether this machine can build and run boxes, and what mends it",
    "render": "print the Dockerfile",
    "export": "write the box as a compose file",
    "lock": "lock packages and base image exactly, in mlbox.lock",
    "build": "build the image",
    "train": "build, run the training command, record the run",
    "runs": "list, show and read recorded runs",
    "diagnose": "say why a run failed, from its log and the way it ended",
    "engine": "start, show or stop a private Docker Engine",
    "base": "make a base image from Debian's packages",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    if argv is None:
        _end_as_asked()
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.disable()  # while modules load nothing is garbage, and looking for it takes 5 ms
    parser = _parser(arguments)
    gc.set_threshold(50_000)  # not every 700 objects: a short command makes many that stay
    gc.enable()
    args = parser.parse_args(arguments)
    if args.command is None:
        parser.print_help()
        return 2
    try:
        return int(importlib.import_module(f"mlbox.cli.{args.command}").run(args))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; nothing is left to say
        return 141
    except (MlboxError, OSError) as error:
        if args.debug:
            raise
        told = error if isinstance(error, MlboxError) else _refused(error)
        show_error(told)
        return told.exit_code


def _end_as_asked() -> None:
    """Let a SIGTERM, or a terminal that goes away, cancel what is under way as Ctrl-C does."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # nohup ignores SIGHUP, and stays in force
            signal.signal(number, end)


def _refused(error: OSError) -> HostError:
    """A full disk, a folder without the right to write, and their like: anywhere, at any time."""
    place = error.filename2 or error.filename
    return HostError(
        f"This machine refused {place or 'what mlbox asked of it'}.",
        why=f"{error.strerror or error}.",
        fix="Make room, or get the right to use it, and repeat the command (--debug says more).",
    )


def show_error(error: MlboxError) -> None:
    """Print an error's three parts, and where in the Dockerfile; the one place that does."""
    bold, plain = ("\033[1;31m", "\033[0m") if sys.stderr.isatty() else ("", "")
    print(f"{bold}{error.what}{plain}", file=sys.stderr)
    excerpt = "\n".join(error.excerpt) if isinstance(error, BuildError) else ""
    for part in (excerpt, error.why, error.fix):
        if part:
            print(part, file=sys.stderr)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser of all commands, with the arguments of the one that was called."""
    parser = argparse.ArgumentParser(
        prog="mlbox", description="Reproducible ML containers for training."
    )
    parser.add_argument("--version", action="version", version=f"mlbox {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    called = next((word for word in arguments if not word.startswith("-")), "")
    for name in [called] if called in COMMANDS else COMMANDS:
        text = COMMANDS[name]
        command = commands.add_parser(name, help=text, description=text.capitalize())
        if name == called:
            importlib.import_module(f"mlbox.cli.{name}").add_arguments(command)
    return parser
