"""``mlbox init``: write a spec by looking at the folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.cache import known_facts
from mlbox.errors import SpecError
from mlbox.init import infer, read_folder, spec_text, write_spec

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to look, where to write, and whether to."""
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="DIR", help="the project's folder"
    )
    parser.add_argument(
        "--pyproject", action="store_true", help="add [tool.mlbox] to pyproject.toml instead"
    )
    parser.add_argument("--force", action="store_true", help="replace a spec that is there")
    parser.add_argument(
        "--dry-run", action="store_true", help="only print what would be written, and why"
    )


def run(args: argparse.Namespace) -> int:
    """Infer the spec, show it with its reasons, and write it."""
    root: Path = args.project
    if not root.is_dir():
        raise SpecError(
            f"There is no folder {root}.",
            why="`mlbox init` writes a spec for a project that exists.",
            fix="Name its folder with --project, or change to it.",
        )
    draft = infer(read_folder(root), known_facts())
    written = None
    if not args.dry_run:
        written = write_spec(root, draft, pyproject=args.pyproject, force=args.force)
    print(spec_text(draft, table="tool.mlbox" if args.pyproject else ""))
    for note in draft.notes:
        print(f"Note: {note}")
    print(f"Wrote {written}." if written else "Nothing was written.")
    return 0
