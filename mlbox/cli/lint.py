"""``mlbox lint``: what is wrong with Dockerfiles and compose files, and what mends them."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.cli._terminal import columns
from mlbox.errors import SpecError
from mlbox.findings import SEVERITIES
from mlbox.lint.formats import FORMATS, shown
from mlbox.lint.formats.text import show as lines
from mlbox.linter import LintSettings, fix_paths, lint_paths, settings_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mlbox.lint import LintReport

FOUND, NOT_ANALYSED = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="files, folders to search, or - for a Dockerfile on standard input (default: .)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument("--fix", action="store_true", help="make the fixes that are safe")
    parser.add_argument(
        "--unsafe-fixes",
        action="store_true",
        help="make also fixes that are good guesses: look at them (implies --fix)",
    )
    _add_choice(parser)
    parser.add_argument(
        "--baseline",
        metavar="FILE",
        help="tell nothing that is in this saved output of --format json",
    )
    parser.add_argument(
        "--context", metavar="DIR", help="the Dockerfiles' build context (default: guessed)"
    )
    parser.add_argument(
        "--with-hadolint", action="store_true", help="ask hadolint too, if it is installed"
    )
    parser.add_argument(
        "--explain", nargs="?", const="", metavar="RULE", help="print a rule's page; or all rules"
    )


def _add_choice(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is told; more in [tool.mlbox.lint]")
    for name, text in (
        ("--select", "only these rules: codes, beginnings of codes, slugs; with commas"),
        ("--ignore", "not these rules"),
        ("--exclude", "not these files and folders (patterns), when folders are searched"),
    ):
        group.add_argument(name, action="append", default=[], metavar="A,B", help=text)
    group.add_argument(
        "--threshold",
        choices=SEVERITIES,
        help="exit 1 from this severity on (default: warning)",
    )


def run(args: argparse.Namespace) -> int:
    """Lint, print, and return 0 if clean, 1 if not, 2 if a file could not be analysed."""
    if args.explain is not None:
        return _explain(args.explain)
    paths = args.paths or [Path()]
    settings = _settings(args, paths)
    made = None
    if args.fix or args.unsafe_fixes:
        _refuse_standard_input(paths)
        report, made = fix_paths(paths, settings, unsafe=args.unsafe_fixes)
    else:
        report = lint_paths(paths, settings)
    _print(report, args.format, made)
    if report.unreadable:
        return NOT_ANALYSED
    least = next(item for item in SEVERITIES if item == settings.threshold)
    return FOUND if report.at_least(least) else 0


def _settings(args: argparse.Namespace, paths: Sequence[Path]) -> LintSettings:
    """The settings of the project that the first path is in, and the flags."""
    first = paths[0]
    known = settings_of(first if first.is_dir() else first.parent)
    return replace(
        known,
        select=_names(args.select) or known.select,
        ignore=(*known.ignore, *_names(args.ignore)),
        exclude=(*known.exclude, *_names(args.exclude)),
        threshold=args.threshold or known.threshold,
        baseline=args.baseline or known.baseline,
        context=args.context or known.context,
        with_hadolint=args.with_hadolint or known.with_hadolint,
    )


def _names(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def _refuse_standard_input(paths: Sequence[Path]) -> None:
    if Path("-") in paths:
        raise SpecError(
            "Standard input cannot be fixed.",
            why="--fix writes files in their place.",
            fix="Name the file.",
        )


def _print(report: LintReport, form: str, made: int | None) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):  # bytes that are no UTF-8, a terminal's own set
        sys.stdout.reconfigure(errors="backslashreplace")
    print(_told(report, form), end="")
    if made is not None:
        print(f"{made} fixed.", file=sys.stderr)
    if not (report.files or report.unreadable):
        print("No Dockerfile and no compose file was found there.", file=sys.stderr)
    for note in report.notes:
        print(note, file=sys.stderr)
    for item in report.unreadable:
        print(str(item).encode("utf-8", "backslashreplace").decode(), file=sys.stderr)


def _told(report: LintReport, form: str) -> str:
    if form == "text" and (width := columns()):
        return lines(report, width)
    return shown(report, form)


def _explain(name: str) -> int:
    from mlbox.lint.catalogue import page, rule_named, rules  # noqa: PLC0415  (for this alone)
    from mlbox.linter.settings import unknown_rule  # noqa: PLC0415

    if not name:
        for rule in rules().values():
            print(f"{rule.code}  {rule.severity:8}{rule.slug:36}{rule.title}")
        return 0
    found = rule_named(name)
    if found is None:
        raise unknown_rule(name)
    print(page(found.code), end="")
    return 0
