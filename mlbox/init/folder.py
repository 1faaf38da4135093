"""A project's folder as values: what is in it, and the text of the files that say something."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOURCE_SUFFIXES = {".py", ".ipynb"}
NAMED_FILES = {
    ".gitignore",
    ".python-version",
    "environment.yaml",
    "environment.yml",
    "pyproject.toml",
    "uv.lock",
}
SKIPPED_FOLDERS = {"__pycache__", "build", "dist", "env", "node_modules", "site-packages", "venv"}
ENTRIES_MAX = 20_000  # a folder of images must not keep `mlbox init` busy
SOURCES_MAX = 500
BYTES_MAX = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What `mlbox init` looks at.

    Attributes:
        name: Name of the folder.
        paths: Its files, relative, with ``/`` between, sorted; hidden folders, environments and
            caches left out.
        texts: Contents of those that can say something: source files, notebooks, and the files
            that name dependencies.
    """

    name: str
    paths: tuple[str, ...]
    texts: Mapping[str, str]

    @property
    def folders(self) -> frozenset[str]:
        """The folders at the top."""
        return frozenset(path.split("/")[0] for path in self.paths if "/" in path)

    def sources(self) -> Iterator[tuple[str, str]]:
        """Every source file and notebook that was read, as path and text."""
        for path, text in self.texts.items():
            if PurePosixPath(path).suffix in SOURCE_SUFFIXES:
                yield path, text


def read_folder(root: Path) -> Folder:
    """List a folder and read the files of interest."""
    paths = tuple(sorted(_paths(root)))
    sources = [path for path in paths if PurePosixPath(path).suffix in SOURCE_SUFFIXES]
    wanted = [path for path in paths if _names_packages(path)] + sources[:SOURCES_MAX]
    texts = {path: text for path in wanted if (text := _text(root / path)) is not None}
    return Folder(name=root.resolve().name, paths=paths, texts=texts)


def _paths(root: Path) -> Iterator[str]:
    seen = 0
    for where, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not _is_skipped(Path(where) / name))
        seen += len(folders) + len(files)
        if seen > ENTRIES_MAX:
            files = sorted(files)[:100]  # noqa: PLW2901  (the rest of a folder this full is data)
        for name in files:
            path = (Path(where) / name).relative_to(root).as_posix()
            if path.isprintable():
                yield path


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    return name.startswith(".") or name in SKIPPED_FOLDERS or (folder / "pyvenv.cfg").is_file()


def _names_packages(path: str) -> bool:
    name = PurePosixPath(path).name
    return path in NAMED_FILES or (name.endswith((".txt", ".in")) and "require" in path)


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > BYTES_MAX:
            return None
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return None
