"""The arguments that commands about a project share: where it is, what to change in its spec."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from mlbox.errors import SpecError
from mlbox.spec import BoxSpec, JobSpec, Project, key_of, load_project, override


def add_project_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--project`` and one flag per key of ``[tool.mlbox]``."""
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="DIR", help="the project's folder"
    )
    _add_spec_arguments(parser, BoxSpec, "change the spec's [tool.mlbox] for this call")


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one flag per key of ``[tool.mlbox.train]``."""
    _add_spec_arguments(parser, JobSpec, "change the spec's [tool.mlbox.train] for this call")


def project_from(args: argparse.Namespace) -> Project:
    """Read the project and apply the flags that were given.

    Raises:
        SpecError: The spec, or a flag, is not valid.
    """
    project = load_project(args.project)
    box = override(project.box, _changes(args, project.box))
    if not hasattr(args, "command_line"):
        return replace(project, box=box)
    command = tuple(args.command_line or ())
    job = project.job or (JobSpec(command=command) if command else None)
    if job is None:
        raise SpecError(
            f"{project.source and project.source.name} does not say what to train.",
            why="There is no [tool.mlbox.train] table ([train] in mlbox.toml) with a command.",
            fix='Add command = ["python", "train.py"], or use --command "python train.py".',
        )
    return replace(project, box=box, job=override(job, _changes(args, job)))


def _add_spec_arguments(parser: argparse.ArgumentParser, kind: type, title: str) -> None:
    group = parser.add_argument_group(title)
    hints = get_type_hints(kind)
    for entry in fields(kind):
        names = [f"--{key_of(entry.name)}", *(["--param"] if entry.name == "params" else [])]
        group.add_argument(*names, **_options(entry.name, str(hints[entry.name])))


def _options(name: str, hint: str) -> dict[str, Any]:
    """How argparse reads one field; values stay text, the spec's own parser converts them."""
    options: dict[str, Any] = {"default": argparse.SUPPRESS, "metavar": name.upper()}
    if name == "command":  # `command` is the name of the subcommand in argparse's namespace
        return {"dest": "command_line", "type": shlex.split, "default": None, "metavar": "TEXT"}
    if "bool" in hint:
        return {"action": argparse.BooleanOptionalAction, "default": argparse.SUPPRESS}
    if "Mapping" in hint:
        return {**options, "type": _pair, "action": "append", "metavar": "KEY=VALUE"}
    if "tuple" in hint:
        return {**options, "nargs": "+"}
    if hint == "<class 'int'>":
        return {**options, "type": _number_or_size}
    return options


def _changes(args: argparse.Namespace, spec: BoxSpec | JobSpec) -> dict[str, Any]:
    """The fields of a spec that flags were given for; tables are merged, not replaced."""
    given = {key: value for key, value in vars(args).items() if value is not None}
    if isinstance(spec, JobSpec) and "command_line" in given:
        given["command"] = given["command_line"]
    elif "command" in given:
        del given["command"]
    changes = {entry.name: given[entry.name] for entry in fields(spec) if entry.name in given}
    for name in {"params", "env"} & changes.keys():
        changes[name] = {**getattr(spec, name), **dict(changes[name])}
    return changes


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        message = f"{text!r} is not KEY=VALUE"
        raise argparse.ArgumentTypeError(message)
    return key, value


def _number_or_size(text: str) -> int | str:
    return int(text) if text.isdigit() else text
