"""How large what a resolution installs is: to download, and unpacked; known before it is built.

uv resolves the requirements for the box's Python and platform; the sizes are those of the wheels
that it would install. What cannot be learnt is unknown, which is never 0.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from mlbox.cache import cache_file, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packaging.tags import Tag

    from mlbox.index import IndexFile, PackageIndex
    from mlbox.resolve.resolution import Resolution
    from mlbox.sources import PackageSources

    OnProgress = Callable[[int, int, str], None]  # (done, of how many or 0, what is next)

WORKERS = 8
RESOLVE_SECONDS = 120  # uv's own limits are per request; this one is for all of them
_TRIPLES = {
    "linux/amd64": "x86_64-manylinux_2_28",
    "linux/arm64": "aarch64-manylinux_2_28",
    "windows/amd64": "x86_64-pc-windows-msvc",
}
_GLIBC_MINOR = 28  # of the manylinux above
_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_SAID = re.compile(r"^\s*(?:error:|cause:|Caused by:|\xd7|╰─▶)", re.MULTILINE)  # uv's levels
_LOCAL_PART = re.compile(r"(==\s*[^\s;,+]+)\+[\w.]+")


class PackageSize(NamedTuple):
    """One package of an installation."""

    name: str
    version: str
    download_bytes: int | None
    unpacked_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The wheels of an installation.

    Attributes:
        download_bytes: Their sum as they are downloaded; ``None`` if one of them is not known.
        unpacked_bytes: Their sum unpacked; ``None`` if one of them is not known.
        packages: Each of them, as far as it is known.
        why: Why something is not known; empty if all is.
    """

    download_bytes: int | None = None
    unpacked_bytes: int | None = None
    packages: tuple[PackageSize, ...] = ()
    why: str = ""


def known_sizes(resolution: Resolution) -> Sizes:
    """Return what was measured before; unknown where nothing was. Never asks the network."""
    kept = read_json(_cache_of(resolution))
    try:
        packages = tuple(PackageSize(*entry) for entry in kept["packages"])
        sizes = _sum(packages)
    except (KeyError, TypeError):
        return Sizes(why="It was not measured on this machine yet.")
    return sizes if packages else Sizes(why="It was not measured on this machine yet.")


def measure(
    resolution: Resolution,
    sources: PackageSources,
    on_progress: OnProgress,
    *,
    default_build: bool = False,
) -> Sizes:
    """Return the sizes of what a resolution installs, from package indexes; and remember them.

    Nothing is downloaded but metadata and the wheels' directories. What cannot be had is unknown,
    and the result says why: this raises nothing.

    Args:
        resolution: What the resolver answered.
        sources: Where packages come from on this machine.
        on_progress: Told how many of how many wheels are measured, and which is next.
        default_build: Whether the default index has the very wheels of the resolution, without
            the local part of their versions; then the framework's own index is not asked.
    """
    if not resolution.requirements:
        return Sizes(why="There is nothing to install for a framework.")
    if resolution.platform not in _TRIPLES:
        return Sizes(why=f"There is no rule for the wheels of {resolution.platform}.")
    on_progress(0, 0, "resolving")
    try:
        files = _resolved(resolution, sources, default_build=default_build)
    except UnknownSizeError as error:
        return Sizes(why=str(error))
    sizes = _measured(files, sources, on_progress)
    if not sizes.why:
        with contextlib.suppress(OSError):  # without a cache it is measured again
            write_json(_cache_of(resolution), asdict(sizes))
    return sizes


class UnknownSizeError(Exception):
    """Why a size cannot be learnt."""


def _cache_of(resolution: Resolution) -> Path:
    question = (
        resolution.requirements,
        resolution.python,
        resolution.platform,
        resolution.index_url,
        resolution.extra_index_urls,
    )
    return cache_file("index/sizes", json.dumps(question))


def _sum(packages: tuple[PackageSize, ...], why: str = "") -> Sizes:
    def total(values: Sequence[int | None]) -> int | None:
        known = [value for value in values if value is not None]
        return sum(known) if known and len(known) == len(values) else None

    return Sizes(
        download_bytes=total([package.download_bytes for package in packages]),
        unpacked_bytes=total([package.unpacked_bytes for package in packages]),
        packages=packages,
        why=why,
    )


# --- which wheels --------------------------------------------------------------------------


def _resolved(
    resolution: Resolution, sources: PackageSources, *, default_build: bool
) -> tuple[IndexFile, ...]:
    """The wheels that uv would install, one per package."""
    requirements = resolution.requirements
    own = (resolution.index_url,) if resolution.index_url else ()
    indexes: tuple[str, ...] = (*own, *resolution.extra_index_urls)
    if default_build:
        requirements = tuple(_LOCAL_PART.sub(r"\1", text) for text in requirements)
        indexes = ()
    lock = _pylock(
        requirements,
        replace(sources, extra_index_urls=(*sources.extra_index_urls, *indexes)),
        python=resolution.python,
        platform=resolution.platform,
    )
    return chosen_wheels(lock, python=resolution.python, platform=resolution.platform)


def chosen_wheels(lock: Mapping[str, Any], *, python: str, platform: str) -> tuple[IndexFile, ...]:
    """Return the wheel of each package of a pylock.toml (PEP 751) that an installer chooses.

    Raises:
        UnknownSizeError: A package has none for this Python and platform.
    """
    ranks = {tag: rank for rank, tag in enumerate(_tags(python, platform))}
    return tuple(_wheel(package, ranks) for package in lock.get("packages", ()))


def _pylock(
    requirements: Sequence[str], sources: PackageSources, *, python: str, platform: str
) -> Mapping[str, Any]:
    """Resolve with uv; the answer as the table of a pylock.toml (PEP 751).

    Nothing is built for it: what has no wheel has no size that could be known.
    """
    import subprocess  # noqa: PLC0415  (what is known already needs no uv)
    import tempfile  # noqa: PLC0415

    from mlbox.uv import uv_program  # noqa: PLC0415

    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415
    else:
        import tomli as tomllib  # noqa: PLC0415

    patience = {"UV_HTTP_TIMEOUT": "15", "UV_HTTP_RETRIES": "1", "UV_PYTHON_DOWNLOADS": "never"}
    with tempfile.TemporaryDirectory(prefix="mlbox-sizes-") as folder:
        (Path(folder) / "requirements.in").write_text("\n".join(requirements), encoding="utf-8")
        try:
            result = subprocess.run(
                (
                    *(uv_program(), "pip", "compile", "requirements.in", "--no-build", "--quiet"),
                    *("--format", "pylock.toml", "--python", sys.executable),
                    *("--python-version", python, "--python-platform", _TRIPLES[platform]),
                    *sources.uv_arguments(),
                ),
                cwd=folder,
                env={**patience, **os.environ, **sources.uv_environment()},
                capture_output=True,
                text=True,
                timeout=RESOLVE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnknownSizeError(f"uv did not answer: {error}") from error
    if result.returncode != 0:
        raise UnknownSizeError(_reason(result.stderr))
    try:
        return tomllib.loads(result.stdout)
    except tomllib.TOMLDecodeError as error:
        raise UnknownSizeError(f"uv's answer cannot be read: {error}") from error


def _reason(stderr: str) -> str:
    """What uv said first, what about it, and the cause of all; without credentials."""
    said = [" ".join(part.split()) for part in _SAID.split(stderr.partition("hint:")[0])]
    said = [re.sub(r"//[^/@\s]*@", "//", part) for part in said if part] or ["it gave no reason"]
    return f"uv cannot resolve it: {': '.join(dict.fromkeys((*said[:2], said[-1])))}"


def _wheel(package: Mapping[str, Any], ranks: Mapping[Tag, int]) -> IndexFile:
    """The wheel of a package that an installer would choose."""
    candidates = [(rank, file) for file in _wheels(package) for rank in _ranks(file, ranks)]
    if not candidates:
        raise UnknownSizeError(
            f"{package['name']} {package.get('version', '')} has no wheel for it."
        )
    return min(candidates, key=lambda candidate: candidate[0])[1]


def _wheels(package: Mapping[str, Any]) -> Iterator[IndexFile]:
    from mlbox.index import index_file  # noqa: PLC0415  (loads on use)

    for entry in package.get("wheels", ()):
        url = entry.get("url") or urljoin("file:///", entry.get("path", ""))
        name = entry.get("name") or unquote(urlsplit(url).path.rpartition("/")[2])
        sha256 = entry.get("hashes", {}).get("sha256", "")
        file = index_file(name, url, size=entry.get("size"), sha256=sha256)
        if file:
            yield file


def _ranks(file: IndexFile, ranks: Mapping[Tag, int]) -> Iterator[int]:
    """Yield how much an installer prefers a wheel; nothing if it would not take it."""
    from packaging.utils import parse_wheel_filename  # noqa: PLC0415  (loads on use)

    for tag in parse_wheel_filename(file.filename)[3]:
        if tag in ranks:
            yield ranks[tag]


def _tags(python: str, platform: str) -> Iterator[Tag]:
    """Yield the tags of the wheels that a CPython on a platform installs, the best first."""
    from packaging import tags  # noqa: PLC0415  (loads on use)

    major, minor = (int(part) for part in python.split(".")[:2])
    interpreter = f"cp{major}{minor}"
    platforms = tuple(_platforms(platform))
    yield from tags.cpython_tags((major, minor), (interpreter,), platforms)
    yield from tags.compatible_tags((major, minor), interpreter, platforms)


def _platforms(platform: str) -> Iterator[str]:
    if platform.startswith("windows"):
        yield "win_amd64"
        return
    machine = _TRIPLES[platform].partition("-")[0]
    for minor in range(_GLIBC_MINOR, 4, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in _OLD_NAMES:
            yield f"{_OLD_NAMES[minor]}_{machine}"
    yield f"linux_{machine}"


# --- how large they are --------------------------------------------------------------------


def _measured(
    files: tuple[IndexFile, ...], sources: PackageSources, on_progress: OnProgress
) -> Sizes:
    """Measure wheels side by side; the first that cannot be read ends it."""
    from concurrent.futures import ThreadPoolExecutor, as_completed  # noqa: PLC0415

    from mlbox.errors import MlboxError  # noqa: PLC0415
    from mlbox.index import PackageIndex  # noqa: PLC0415

    index = PackageIndex(sources)
    found = {file: PackageSize(file.name, file.version, file.size, None) for file in files}
    why = ""
    pool = ThreadPoolExecutor(WORKERS)
    try:
        pending = {pool.submit(_package_size, index, file): file for file in files}
        for done, future in enumerate(as_completed(pending), start=1):
            found[pending[future]] = future.result()
            on_progress(done, len(files), pending[future].name)
    except (MlboxError, OSError) as error:
        why = str(error)
    finally:
        pool.shutdown(cancel_futures=True)
    return _sum(tuple(found.values()), why)


def _package_size(index: PackageIndex, file: IndexFile) -> PackageSize:
    """One package's sizes; of a wheel in a folder without asking anybody."""
    parts = urlsplit(file.url)
    if parts.scheme == "file":
        download, unpacked = _local_size(Path(unquote(parts.path)))
    else:
        download, unpacked = index.download_bytes(file), index.unpacked_bytes(file)
    return PackageSize(file.name, file.version, download, unpacked)


def _local_size(path: Path) -> tuple[int, int]:
    import zipfile  # noqa: PLC0415  (loads on use)

    from mlbox.index import unpacked_size  # noqa: PLC0415

    try:
        with zipfile.ZipFile(path) as directory:
            return path.stat().st_size, unpacked_size(directory)
    except zipfile.BadZipFile as error:
        raise OSError(f"{path} is no wheel: {error}.") from error
