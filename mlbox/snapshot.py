"""The project's code as it is now, kept under the digest of its content.

A run works on a copy of a snapshot, so edits made while it runs do not leak in, and its record
can say exactly which code ran.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LIMIT_BYTES = 2**30
DIGEST_CHARACTERS = 16

# What programs leave behind for themselves; nobody misses it.
CACHES = (
    "__pycache__",
    "*.pyc",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
)
# Never code, or never to be copied anywhere: caches, state, environments, secrets.
IGNORED = (
    *CACHES,
    ".git",
    ".mlbox",
    ".dvc/cache",
    ".dvc/tmp",
    ".venv",
    "venv",
    "node_modules",
    ".env",
    ".netrc",
    ".pypirc",
    "*.pem",
    "id_rsa*",
    "id_ed25519*",
)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A folder of code that never changes.

    Attributes:
        path: Where it is.
        digest: ``"sha256:..."`` over names, modes and contents.
        files: Paths relative to the snapshot, sorted.
    """

    path: Path
    digest: str
    files: tuple[str, ...]


def take_snapshot(
    root: Path, store: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Snapshot:
    """Copy the project's code into the store, unless it has just that code already.

    Args:
        root: The project.
        store: Folder of snapshots.
        include: Glob patterns of what is code; empty for all that is not ignored.
        exclude: Paths that are not code: inputs and outputs.

    Raises:
        SpecError: The code is larger than 1 GiB, so it surely has data in it.
    """
    files = tuple(code_files(root, include=include, exclude=exclude))
    _check_size(root, files)
    digest = _digest(root, files)
    path = store / digest[:DIGEST_CHARACTERS]
    if not path.is_dir():
        _copy(root, files, path)
    return Snapshot(path=path, digest=f"sha256:{digest}", files=files)


def code_files(root: Path, *, include: Sequence[str], exclude: Sequence[str]) -> Iterator[str]:
    """Yield the files that are code: what git would keep, or all, less what is ignored."""
    candidates = _git_files(root)
    if candidates is None:
        candidates = sorted(_walk(root))
    dockerignored = _dockerignored(root)
    for name in candidates:
        if _is_ignored(name) or name in dockerignored or _below(name, exclude):
            continue
        if include and not any(_matches(name, pattern) for pattern in include):
            continue
        if (root / name).is_symlink() or (root / name).is_file():
            yield name


def copy_tree(snapshot: Snapshot, target: Path) -> None:
    """Copy a snapshot to a folder that may be changed."""
    shutil.copytree(snapshot.path, target, symlinks=True)


def changed_files(snapshot: Snapshot, work: Path) -> tuple[str, ...]:
    """Return the files below ``work`` that are not as they are in the snapshot, less caches."""
    known = set(snapshot.files)
    return tuple(
        name
        for name in sorted(_walk(work, ignored=CACHES))
        if not (name in known and _same(snapshot.path / name, work / name))
    )


def _git_files(root: Path) -> list[str] | None:
    """What git tracks or would; ``None`` where there is no git or no repository."""
    try:
        listing = subprocess.run(
            (
                "git",
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
                "--deduplicate",
            ),
            cwd=root,
            check=True,
            capture_output=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return sorted(name for name in listing.decode("utf-8", "surrogateescape").split("\0") if name)


def _walk(root: Path, ignored: Sequence[str] = IGNORED) -> Iterator[str]:
    """Yield the files below a folder, but not what is ignored; a link is a file."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [
            name for name in subfolders if not _is_ignored(_relative(root, folder, name), ignored)
        ]
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        paths = (_relative(root, folder, name) for name in (*names, *links))
        yield from (path for path in paths if not _is_ignored(path, ignored))


def _relative(root: Path, folder: str, name: str) -> str:
    return Path(folder, name).relative_to(root).as_posix()


def _is_ignored(name: str, ignored: Sequence[str] = IGNORED) -> bool:
    parts = name.split("/")
    return any(
        _below(name, (pattern,))
        if "/" in pattern
        else any(fnmatch.fnmatchcase(part, pattern) for part in parts)
        for pattern in ignored
    )


def _dockerignored(root: Path) -> frozenset[str]:
    """The files that the project's .dockerignore leaves out, by docker's own rules."""
    ignore = root / ".dockerignore"
    if not ignore.is_file():
        return frozenset()
    from docker.utils.build import exclude_paths  # noqa: PLC0415  (150 ms: loads on use)

    lines = (line.strip() for line in ignore.read_text(encoding="utf-8").splitlines())
    patterns = [line for line in lines if line and not line.startswith("#")]
    kept = exclude_paths(str(root), patterns)
    return frozenset(name for name in _walk(root) if name not in kept)


def _below(name: str, paths: Sequence[str]) -> bool:
    return any(
        name == path.rstrip("/") or name.startswith(f"{path.rstrip('/')}/") for path in paths
    )


def _matches(name: str, pattern: str) -> bool:
    """Whether a path matches a pattern, or is below a folder that does."""
    return fnmatch.fnmatchcase(name, pattern) or _below(name, (pattern,))


def _check_size(root: Path, files: Sequence[str]) -> None:
    sizes = {name: (root / name).lstat().st_size for name in files}
    total = sum(sizes.values())
    if total <= LIMIT_BYTES:
        return
    largest = max(sizes, key=lambda name: sizes[name])
    raise SpecError(
        f"The project's code is {total / 2**30:.1f} GiB.",
        why=f"Code is copied for each run; the largest file is {largest} "
        f"({sizes[largest] / 2**20:.0f} MiB), which looks like data.",
        fix="List data under train.inputs, or leave it out in .gitignore or .dockerignore.",
    )


def _digest(root: Path, files: Sequence[str]) -> str:
    """Digest of names, executable bits and contents; times and owners do not count."""
    whole = hashlib.sha256()
    for name in files:
        path = root / name
        if path.is_symlink():
            entry = f"link {path.readlink()}"
        else:
            executable = "x" if path.stat().st_mode & 0o100 else "-"
            entry = f"{executable} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        whole.update(f"{name}\0{entry}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _copy(root: Path, files: Sequence[str], path: Path) -> None:
    """Copy into a temporary folder first, so that a snapshot is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name in files:
        target = temporary / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target, follow_symlinks=False)
    try:
        temporary.rename(path)
    except OSError:  # another process was faster, with the same content
        shutil.rmtree(temporary)


def _same(first: Path, second: Path) -> bool:
    if first.is_symlink() or second.is_symlink():
        both = first.is_symlink() and second.is_symlink()
        return both and first.readlink() == second.readlink()
    return (
        first.stat().st_size == second.stat().st_size and first.read_bytes() == second.read_bytes()
    )
