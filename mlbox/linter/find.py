"""Paths -> the Dockerfiles and compose files that they name; folders are searched."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlbox.lint.report import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Kind = Literal["dockerfile", "compose"]

_DOCKERFILE = re.compile(
    r"(?:Dockerfile|Containerfile)(?:[._-].+)?|dockerfile|.+\.(?:[Dd]ockerfile|[Cc]ontainerfile)"
)
_COMPOSE = re.compile(r"(?:docker-)?compose(?:[._-].+)?\.ya?ml|.+[._-](?:docker-)?compose\.ya?ml")
# Named like a Dockerfile, and something else: settings, copies, templates, programs about them.
_SOMETHING_ELSE = (
    *(".dockerignore", "~", ".orig", ".rej", ".bak", ".swp", ".tmp", ".patch", ".diff"),
    *(".j2", ".jinja", ".jinja2", ".tmpl", ".template", ".tpl", ".in", ".erb", ".mustache", ".m4"),
    *(".md", ".rst", ".txt", ".json", ".lock", ".py", ".go", ".rs", ".js", ".ts", ".sh", ".html"),
    *(".yaml", ".yml", ".toml"),
)
_SKIPPED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "site-packages", "__pycache__"}
    | {".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ipynb_checkpoints"}
    | {".mlbox", ".dvc"}
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A file to be linted.

    Attributes:
        path: Where it is; ``-`` for standard input.
        shown: Its path as it is told: relative if it was named so.
        kind: What it is.
    """

    path: Path
    shown: str
    kind: Kind


def find(
    paths: Iterable[Path], exclude: Sequence[str] = ()
) -> tuple[tuple[Target, ...], tuple[Unreadable, ...]]:
    """Find what is to be linted.

    Args:
        paths: Files, taken whatever they are called, and folders.
        exclude: Patterns of paths and names (``fnmatch``) that a search leaves out.

    Returns:
        The files, each once, and what is there no more, or leads nowhere.
    """
    targets: dict[str, Target] = {}
    unreadable = []
    for path in paths:
        for item in _at(path, exclude):
            if isinstance(item, Target):
                targets.setdefault(os.path.realpath(item.path), item)
            else:
                unreadable.append(item)
    return tuple(targets.values()), tuple(unreadable)


def kind_of(name: str) -> Kind:
    """What a file is that was named by hand."""
    return "compose" if name.lower().endswith((".yaml", ".yml")) else "dockerfile"


def _at(path: Path, exclude: Sequence[str]) -> Iterator[Target | Unreadable]:
    if str(path) == "-":
        yield Target(path=path, shown="-", kind="dockerfile")
    elif path.is_dir():
        yield from _below(path, exclude)
    elif os.path.lexists(path):  # what cannot be read is told when it is read
        yield Target(path=path, shown=_shown(path), kind=kind_of(path.name))
    else:
        yield Unreadable(
            file=_shown(path),
            what="No such file or folder.",
            fix="Name a Dockerfile, a compose file, or a folder to search.",
        )


def _below(folder: Path, exclude: Sequence[str]) -> Iterator[Target | Unreadable]:
    denied: list[OSError] = []
    for above, folders, names in os.walk(folder, onerror=denied.append):
        here = Path(above)
        kept = [name for name in sorted(folders) if _is_searched(here / name, exclude)]
        folders[:] = kept
        yield from (_loop(here / name) for name in kept if _is_loop(here / name))
        for name in sorted(names):
            kind = _named(name)
            if kind and not _is_excluded(here / name, exclude):
                yield Target(path=here / name, shown=_shown(here / name), kind=kind)
    for error in denied:
        yield Unreadable(
            file=_shown(Path(error.filename)),
            what="The folder cannot be searched.",
            why=f"{error.strerror}.",
            fix="Get the right to read it, or leave it out with --exclude.",
        )


def _named(name: str) -> Kind | None:
    """What a file is, by its name; ``None`` if it is something else."""
    if _COMPOSE.fullmatch(name):
        return "compose"
    if _DOCKERFILE.fullmatch(name) and not name.lower().endswith(_SOMETHING_ELSE):
        return "dockerfile"
    return None


def _is_searched(folder: Path, exclude: Sequence[str]) -> bool:
    return folder.name not in _SKIPPED and not _is_excluded(folder, exclude)


def _is_excluded(path: Path, exclude: Sequence[str]) -> bool:
    whole = _shown(path)
    return any(
        fnmatchcase(whole, pattern.rstrip("/")) or fnmatchcase(path.name, pattern.rstrip("/"))
        for pattern in exclude
    )


def _is_loop(folder: Path) -> bool:
    """Whether a link leads back to a folder that it is in; links are not followed."""
    if not folder.is_symlink():
        return False
    target = os.path.realpath(folder)
    return Path(target) in Path(os.path.realpath(folder.parent) + "/_").parents


def _loop(folder: Path) -> Unreadable:
    return Unreadable(
        file=_shown(folder),
        what="The link leads back to a folder that it is in.",
        why="Searching it would never end; it was not followed.",
        fix="Remove the link, or leave it out with --exclude.",
    )


def _shown(path: Path) -> str:
    return Path(os.path.normpath(path)).as_posix()
