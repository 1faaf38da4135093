"""Declared inputs: present on this machine, and what exactly they are."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING

from mlbox.errors import HostError, MissingExtraError, SpecError
from mlbox.record import FileRecord
from mlbox.spec import check_inside

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a run.

    Attributes:
        source: The data on this machine, absolute.
        record: Its path in the project, digest and size.
    """

    source: Path
    record: FileRecord


def present_inputs(root: Path, declared: tuple[str, ...]) -> tuple[Input, ...]:
    """Find the declared inputs; what a ``.dvc`` file names is pulled if it is not there.

    Raises:
        SpecError: An input does not exist.
        MissingExtraError: A ``.dvc`` file is declared and dvc is not installed.
        HostError: ``dvc pull`` failed.
    """
    return tuple(_input(root, path) for entry in declared for path in _data_paths(root, entry))


def file_record(path: Path, name: str) -> FileRecord:
    """Digest a file, or a folder by its sorted listing; links are not followed."""
    if path.is_file() or path.is_symlink():
        return FileRecord(path=name, digest=_digest(path), size_bytes=path.lstat().st_size)
    entries = [
        (file.relative_to(path).as_posix(), _digest(file), file.lstat().st_size)
        for file in sorted(path.rglob("*"))
        if file.is_symlink() or file.is_file()
    ]
    listing = "".join(f"{digest} {name}\n" for name, digest, _ in entries)
    return FileRecord(
        path=name,
        digest=f"sha256:{hashlib.sha256(listing.encode('utf-8', 'surrogateescape')).hexdigest()}",
        size_bytes=sum(size for *_, size in entries),
    )


def _input(root: Path, path: str) -> Input:
    source = (root / path).resolve()
    if not source.exists():
        raise SpecError(
            f"The input {path!r} does not exist.",
            why=f"There is nothing at {root / path}.",
            fix="Create or download it, or correct train.inputs.",
        )
    return Input(source=source, record=file_record(source, path.rstrip("/")))


def _data_paths(root: Path, entry: str) -> Iterator[str]:
    """The data that an entry of ``inputs`` stands for."""
    if not entry.endswith(".dvc"):
        yield entry
        return
    if not (root / entry).is_file():
        raise SpecError(
            f"The input {entry!r} does not exist.",
            why=f"There is no such file in {root}.",
            fix="Run `dvc add` on the data, or correct train.inputs.",
        )
    if importlib.util.find_spec("dvc") is None:
        raise MissingExtraError(f"The input {entry!r}", extra="dvc")
    outs = _outs(root / entry)
    paths = [normpath(PurePosixPath(entry).parent / out) for out in outs]
    for path in paths:
        check_inside(path, entry)
    if not all((root / path).exists() for path in paths):
        _pull(root, entry)
    yield from paths


def _outs(path: Path) -> list[str]:
    """The data a ``.dvc`` file is about, relative to it."""
    from dvc.exceptions import DvcException  # noqa: PLC0415  (an extra: loads on use)
    from dvc.utils.serialize import load_yaml  # noqa: PLC0415

    try:
        document = load_yaml(str(path))
        return [f"{document.get('wdir', '.')}/{out['path']}" for out in document["outs"]]
    except (DvcException, AttributeError, KeyError, TypeError, ValueError) as error:
        raise SpecError(
            f"{path.name} is no file of dvc's.",
            why=f"{error}.",
            fix="Restore it (git checkout), or run `dvc add` on the data again.",
        ) from error


def _pull(root: Path, entry: str) -> None:
    result = subprocess.run(
        (sys.executable, "-m", "dvc", "pull", "--quiet", entry),
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise HostError(
            f"The data of {entry!r} could not be pulled.",
            why=f"dvc pull says: {(result.stderr or result.stdout).strip()}",
            fix=f"Run `dvc pull {entry}` and follow what it says (remote, credentials).",
        )


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link:{path.readlink()}"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"
