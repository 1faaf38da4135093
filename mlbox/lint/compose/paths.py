"""Files beside a compose file, and paths as a compose file writes them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlbox.lint.files import Files

_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*://|git@|github\.com/|oci:)", re.IGNORECASE)
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")

# What Compose reads without being told to, and what it lays over it.
MAIN = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")


class Beneath:
    """The files in a folder of other files: what a build's context is of the project."""

    def __init__(self, files: Files, folder: str) -> None:
        """Take the files, and the folder in them."""
        self._files = files
        self._folder = folder

    def text(self, path: str) -> str | None:
        """A file's text."""
        return self._files.text(joined(self._folder, path))

    def exists(self, path: str) -> bool | None:
        """Whether there is such a file or folder."""
        return self._files.exists(joined(self._folder, path))

    def inside(self, path: str) -> tuple[str, ...]:
        """The names in a folder."""
        return self._files.inside(joined(self._folder, path))


def joined(folder: str, path: str) -> str:
    """A path in a folder, without what goes to and fro."""
    whole = posixpath.normpath(posixpath.join(folder, path))
    return "" if whole == "." else whole


def is_remote(path: str) -> bool:
    """Whether a build's context is no folder of this machine."""
    return bool(_REMOTE.match(path))


def is_path(source: str) -> bool:
    """Whether the source of a mount is a path, and no volume's name."""
    return source.startswith((".", "/", "~")) or is_windows(source)


def is_windows(path: str) -> bool:
    """Whether a path begins with a drive."""
    return bool(_WINDOWS.match(path))


def overrides_of(name: str) -> tuple[str, ...]:
    """The names of files that Compose lays over a main file by itself."""
    base = posixpath.basename(name)
    if base not in MAIN:
        return ()
    stem = base.rpartition(".")[0]
    return (f"{stem}.override.yml", f"{stem}.override.yaml")


def is_override(name: str) -> bool:
    """Whether a file is named as one that is laid over another."""
    return posixpath.basename(name) not in MAIN
