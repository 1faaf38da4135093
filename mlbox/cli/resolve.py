"""``mlbox resolve``: the exact versions a spec leads to, and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from mlbox.cli._project import add_project_arguments, project_from
from mlbox.facts import load_facts
from mlbox.resolve import Resolution, resolve_box

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Resolve, and print the result; nothing is built or written."""
    project = project_from(args)
    resolution = resolve_box(project.box, load_facts())
    if args.json:
        print(json.dumps({"name": project.box.name, **asdict(resolution)}, indent=2))
    else:
        print(_table(resolution))
    return 0


def _table(resolution: Resolution) -> str:
    framework = f"{resolution.framework} {resolution.version or '(release not known)'}"
    rows = {
        "base image": resolution.base_image,
        "nvcc from": resolution.devel_image,
        "python": resolution.python,
        "framework": framework if resolution.framework else "none",
        "cuda": resolution.cuda or "none (CPU)",
        "driver": f"{resolution.min_driver} or newer" if resolution.min_driver else None,
        "installs": " ".join(resolution.requirements) or None,
        "from": resolution.index_url,
    }
    lines = [f"{name + ':':<12}{value}" for name, value in rows.items() if value]
    return "\n".join([*lines, "", *(f"- {reason}" for reason in resolution.reasons)])
