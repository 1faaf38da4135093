"""The files on the disk: the one to be linted, and those that lie beside it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.lint.parse import parse
from mlbox.lint.report import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.linter.find import Target

LARGEST = 2 * 2**20  # bytes; a Dockerfile has some thousand
LARGEST_BESIDE = 20 * 2**20  # locks of large projects have millions
_HIGHEST = 8  # folders above a Dockerfile that may be its build context


class Folder:
    """A folder of the disk, as the linter sees it, with texts laid over it.

    Attributes:
        root: The folder.
        changed: Texts that are not written yet, by path.
    """

    def __init__(self, root: Path, changed: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.changed = dict(changed or {})
        self._read: dict[str, str | None] = {}

    def text(self, path: str) -> str | None:
        """Return a file's text; ``None`` if there is none, or it cannot be read."""
        if path in self.changed:
            return self.changed[path]
        if path not in self._read:
            named = _is_named(path)
            text = read(self.root / path, path, largest=LARGEST_BESIDE) if named else None
            self._read[path] = text if isinstance(text, str) else None
        return self._read[path]

    def exists(self, path: str) -> bool | None:
        """Return whether there is such a file or folder; ``None`` if that cannot be looked up."""
        if path in self.changed:
            return True
        try:
            return (self.root / path).exists() if _is_named(path, folder=True) else None
        except OSError:
            return None

    def inside(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, those of folders (links to one apart) with ``/``."""
        try:
            with os.scandir(self.root / path) as found:
                return tuple(
                    f"{item.name}/" if item.is_dir(follow_symlinks=False) else item.name
                    for item in found
                )
        except (OSError, ValueError):  # ValueError: no path at all
            return ()


def read(path: Path, shown: str, *, largest: int = LARGEST) -> str | Unreadable:
    """Return a file's text, each byte that is no UTF-8 as a surrogate; or why there is none."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(largest + 1)
            return _text(data, shown) if len(data) <= largest else _too_large(shown, largest)
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return _refused(shown, "It is no ordinary file.", "Name a Dockerfile or compose file.")
        if about.st_size > largest:
            return _too_large(shown, largest)
        return _text(path.read_bytes(), shown)
    except (OSError, ValueError) as error:  # ValueError: no path at all
        why = getattr(error, "strerror", None) or str(error)
        return _refused(shown, f"{why}.", "Mend or remove it, or leave it out with --exclude.")


def context_of(target: Target, text: str) -> Path:
    """The folder that a Dockerfile is built in, as far as the files it copies tell.

    That is its own folder, unless more of them are in one above it (``docker build -f
    docker/Dockerfile .``); the search ends at a repository's root.
    """
    here = Path(os.path.abspath(target.path)).parent if str(target.path) != "-" else Path.cwd()  # noqa: PTH100  (links stay)
    sources = tuple(_sources(text))
    best, most = here, -1
    for folder in (here, *here.parents[:_HIGHEST]):
        there = sum((folder / source).exists() for source in sources)
        if there > most:
            best, most = folder, there
        if most == len(sources) or (folder / ".git").exists() or folder == Path.home():
            break
    return best


def _sources(text: str) -> Iterator[str]:
    """The files and folders that a Dockerfile copies from its context, where they are plain."""
    for item in parse(text).instructions:
        if item.name not in ("COPY", "ADD") or item.flag("from"):
            continue
        for word in item.paths[:-1]:
            path = word.raw.strip("\"'").lstrip("/")
            if path.strip("./") and not any(
                mark in path for mark in ("$", "*", "?", "[", "<<", ":")
            ):
                yield path


def _is_named(path: str, *, folder: bool = False) -> bool:
    """Whether a path is one of the folder's; an absolute one is of the machine."""
    return not path.startswith("/") and "\0" not in path and (folder or bool(path))


def _text(data: bytes, shown: str) -> str | Unreadable:
    if b"\0" in data:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        return _refused(
            shown,
            "It is UTF-16, and Docker reads UTF-8." if wide else "It has NUL bytes: it is no text.",
            "Save it as UTF-8." if wide else "Leave it out with --exclude, or write it anew.",
        )
    return data.decode("utf-8", "surrogateescape")


def _too_large(shown: str, largest: int) -> Unreadable:
    return _refused(
        shown,
        f"It has more than {largest // 2**20} MiB, which is no Dockerfile or compose file.",
        "Leave it out with --exclude; data belongs into files of its own.",
    )


def _refused(shown: str, why: str, fix: str) -> Unreadable:
    return Unreadable(file=shown, what="It cannot be analysed.", why=why, fix=fix)
