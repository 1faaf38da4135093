"""``mlbox export``: a box in a form that other tools read."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.cli._project import add_job_arguments, add_project_arguments, project_from
from mlbox.errors import SpecError

if TYPE_CHECKING:
    from mlbox.render.compose import ComposeBuild
    from mlbox.spec import Project

_CONTEXT = Path(".mlbox", "build")  # what a build leaves there


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the form, and where it goes."""
    forms = parser.add_subparsers(dest="form", metavar="FORM", required=True)
    compose = forms.add_parser(
        "compose",
        help="a compose file",
        description="Write the run that `mlbox train` starts as a compose file.",
    )
    add_project_arguments(compose)
    add_job_arguments(compose)
    compose.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the file to write, or - for the standard output (default: DIR/compose.yaml)",
    )
    compose.add_argument("--force", action="store_true", help="replace a file that is there")
    compose.add_argument(
        "--secret",
        type=_name,
        action="append",
        default=[],
        metavar="NAME",
        help="pass a variable through from the shell that starts Compose",
    )
    compose.add_argument(
        "--build",
        action="store_true",
        help="let Compose build the image, from what the last `mlbox build` laid out",
    )


def run(args: argparse.Namespace) -> int:
    """Write the compose file."""
    from mlbox.render.compose import render_compose  # noqa: PLC0415  (a module per form)

    project = project_from(args)
    if project.job is None:  # project_from has asked for one
        raise AssertionError
    output: Path = args.output or project.root / "compose.yaml"
    to_file = str(output) != "-"
    folder = output.resolve().parent if to_file else Path.cwd()
    text = render_compose(
        project.box,
        project.job,
        root=_relative(project.root, folder),
        secrets=tuple(dict.fromkeys(args.secret)),
        build=_build(project, folder) if args.build else None,
    )
    if not to_file:
        print(text, end="")
        return 0
    _write(output, text, force=args.force)
    print(f"Wrote {output}.")
    return 0


def _build(project: Project, folder: Path) -> ComposeBuild:
    """The Dockerfile, and what the last build laid out for it."""
    from mlbox.image import dockerfile  # noqa: PLC0415  (resolving takes a while to load)
    from mlbox.plan import UV_CONTEXT, WHEELHOUSE_CONTEXT  # noqa: PLC0415
    from mlbox.render.compose import ComposeBuild  # noqa: PLC0415

    place = project.root / _CONTEXT
    if not (place / "context" / "code").is_dir():
        raise SpecError(
            "There is no build context to refer to yet.",
            why=f"{place / 'context'} holds what a build may see: the locked requirements and the "
            "code. `mlbox build` lays it out.",
            fix="Run `mlbox build` first, or export without --build.",
        )
    named = {name: place / name for name in (UV_CONTEXT, WHEELHOUSE_CONTEXT)}
    return ComposeBuild(
        dockerfile=dockerfile(project),
        context=_relative(place / "context", folder),
        contexts={name: _relative(path, folder) for name, path in named.items() if path.is_dir()},
    )


def _relative(path: Path, folder: Path) -> str:
    """A path from a folder, beginning with a dot: one that does not would name a volume."""
    text = Path(os.path.relpath(path, folder)).as_posix()
    return text if text in (".", "..") or text.startswith("../") else f"./{text}"


def _write(output: Path, text: str, *, force: bool) -> None:
    if output.is_dir():
        raise SpecError(
            f"{output} is a folder.",
            why="A compose file is written as one file.",
            fix=f"Name a file, as {output / 'compose.yaml'}.",
        )
    if output.exists() and not force:
        raise SpecError(
            f"There is a file already: {output}.",
            why="`mlbox export` does not overwrite what someone wrote.",
            fix="Use --force to replace it, or --output to write another one (- prints it).",
        )
    if not output.parent.is_dir():
        raise SpecError(
            f"There is no folder {output.parent}.",
            why="The compose file is written into a folder that exists: its paths start there.",
            fix="Make it, or name another file with --output.",
        )
    output.write_text(text, encoding="utf-8")


def _name(text: str) -> str:
    """The name of a variable; a value has no place in a file."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text, re.ASCII):
        return text
    message = (
        f"{text.partition('=')[0]} was given with a value; write its name alone, the shell has it"
        if "=" in text
        else f"{text!r} is not the name of a variable"
    )
    raise argparse.ArgumentTypeError(message)
