"""What a package index states about the releases of a framework, in the words of its table.

Wheel tags say which Pythons and platforms a release is for. The requirements of its wheels say
which CUDA the index gives by default, and which cuDNN, NCCL and Triton go with it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from mlbox.values import normal_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlbox.index import IndexFile

PLATFORMS = ("amd64", "arm64", "windows")
COMPANIONS = ("torchvision", "torchaudio", "triton", "cudnn", "nccl")
ENVIRONMENTS = {
    "amd64": ("linux", "Linux", "x86_64"),
    "arm64": ("linux", "Linux", "aarch64"),
    "windows": ("win32", "Windows", "AMD64"),
}
ANY_CUDA = "cu*"  # the tag of a build whose CUDA the index does not state
TORCH_STATES_CUDA = Version("1.13")  # before, its wheels bring CUDA 10.2 and require nothing
TENSORFLOW_ON_WINDOWS_ONLY_CPU = Version("2.11")
JAX_TAGS = ("cuda12", "cuda13")

_CPYTHON = re.compile(r"cp3(\d+)")
_CUDA_PACKAGE = re.compile(r"(cuda-toolkit|nvidia-cuda-runtime(-cu\d+)?)")
_PIN = re.compile(r"nvidia-(cudnn|nccl)-cu\d+|(triton)")

Value = TypeVar("Value")


class Index(Protocol):
    """What is asked of a package index; ``mlbox.index.PackageIndex`` is one."""

    def files(self, name: str) -> tuple[IndexFile, ...]:
        """Return a package's files."""

    def metadata(self, file: IndexFile) -> str:
        """Return a wheel's core metadata."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What an index states of one row of a framework's table.

    Attributes:
        release: ``"2.14.1"``.
        tag: ``"cu130"``; ``ANY_CUDA`` for the one row that is not for the CPU; ``None`` for every
            row of the release.
        values: Columns and what belongs there; a column that is missing is not stated.
        loose: Companions among the columns that are not pinned to one release.
        if_new: What a row that the table does not have gets besides.
    """

    release: str
    tag: str | None
    values: Mapping[str, str]
    loose: tuple[str, ...] = ()
    if_new: Mapping[str, str] = field(default_factory=dict)


def statements(
    framework: str, index: Index, *, oldest: str, each: Callable[..., Iterable[object]]
) -> tuple[Statement, ...]:
    """Read all that an index states about the stable releases of a framework.

    Args:
        framework: ``"torch"``, ``"tensorflow"`` or ``"jax"``.
        index: The package index.
        oldest: The oldest release to read about.
        each: ``map``, or one that does several at a time.

    Raises:
        IndexUnreachableError: The index, or a file of it, cannot be read.
    """
    read = {"torch": _torch, "tensorflow": _tensorflow, "jax": _jax}[framework]
    return tuple(read(index, Version(oldest), each))


def _torch(index: Index, oldest: Version, each: Callable[..., Iterable[object]]) -> list[Statement]:
    releases = stable(index.files("torch"), oldest)
    pairs = {name: _pairs(index, name, each) for name in ("torchvision", "torchaudio")}

    def one(version: Version) -> list[Statement]:
        return [
            *_torch_builds(index, version, releases[version]),
            _companions(version, pairs),
        ]

    return _joined(each(one, sorted(releases)))


def _torch_builds(
    index: Index, version: Version, files: Sequence[IndexFile]
) -> Iterator[Statement]:
    """State a release's builds on the index: one per CUDA, or CPU, that some platform gets."""
    builds: dict[str, dict[str, str]] = defaultdict(dict)
    loose: dict[str, tuple[str, ...]] = {}
    required: list[Requirement] = []
    for platform, pythons in _pythons(files).items():
        if platform != "windows":  # whose wheels list what the Linux ones require
            required = _requirements(index, _wheel(files, platform))
        pins = _pins(required, platform, min(pythons, key=Version))
        tag = _torch_tag(pins.cuda, version, platform)
        values = builds[tag]
        values[f"{platform}_pythons"] = " ".join(pythons)
        values["default"] = f"{values.get('default', '')} {platform}".strip()
        if pins.cuda:
            values.setdefault("cuda", pins.cuda)
            values.update(pins.values)
            loose[tag] = pins.loose
    for tag, values in builds.items():
        yield Statement(release=str(version), tag=tag, values=values, loose=loose.get(tag, ()))


def _torch_tag(cuda: str, version: Version, platform: str) -> str:
    if version < TORCH_STATES_CUDA and platform == "amd64":
        return "cu102"
    return _tag(cuda) if cuda else "cpu"


def _tag(cuda: str) -> str:
    return f"cu{''.join(cuda.split('.')[:2])}"


def _pairs(
    index: Index, name: str, each: Callable[..., Iterable[object]]
) -> list[tuple[str, SpecifierSet]]:
    """Return the releases of a companion, newest first, with the torch that each requires."""
    releases = stable(index.files(name), Version("0"))

    def one(version: Version) -> list[tuple[str, SpecifierSet]]:
        files = releases[version]
        wheel = _wheel(files, "amd64")
        torch = [entry for entry in _requirements(index, wheel) if entry.name == "torch"]
        return [(str(version), entry.specifier) for entry in torch]

    return _joined(each(one, sorted(releases, reverse=True)))


def _companions(
    version: Version, pairs: Mapping[str, Sequence[tuple[str, SpecifierSet]]]
) -> Statement:
    """State which torchvision and torchaudio pin this torch, or at least allow it."""
    values: dict[str, str] = {}
    allowed: dict[str, str] = {}
    for name, releases in pairs.items():
        exact = [release for release, torch in releases if _is_pin(torch, version)]
        fits = [release for release, torch in releases if torch.contains(version)]
        if exact:
            values[name] = exact[0]
        elif fits:
            allowed[name] = fits[0]
    return Statement(
        release=str(version),
        tag=None,
        values=values,
        if_new={"torchvision": "", "torchaudio": "", "loose": " ".join(allowed), **allowed},
    )


def _is_pin(torch: SpecifierSet, version: Version) -> bool:
    return any(entry.operator == "==" for entry in torch) and torch.contains(version)


def _tensorflow(
    index: Index, oldest: Version, each: Callable[..., Iterable[object]]
) -> list[Statement]:
    releases = stable(index.files("tensorflow"), oldest)

    def one(version: Version) -> list[Statement]:
        files = releases[version]
        pythons = {name: " ".join(entry) for name, entry in _pythons(files).items()}
        required = _requirements(index, _wheel(files, "amd64")) if "amd64" in pythons else []
        pins = _pins(required, "amd64", "3.12", extras=("and-cuda",))
        on_windows = version < TENSORFLOW_ON_WINDOWS_ONLY_CPU
        with_cuda = {
            "amd64_pythons": pythons.get("amd64", ""),
            "arm64_pythons": "",
            "windows_pythons": pythons.get("windows", "") if on_windows else "",
            **({"cuda": pins.cuda} if pins.cuda else {}),
            **pins.values,
        }
        cpu = {f"{platform}_pythons": pythons.get(platform, "") for platform in PLATFORMS}
        cpu["default"] = " ".join(pythons)  # CUDA comes with an extra, or is installed beside
        return [
            Statement(
                release=str(version),
                tag=_tag(pins.cuda) if pins.cuda else ANY_CUDA,
                values=with_cuda,
                loose=pins.loose,
            ),
            Statement(release=str(version), tag="cpu", values=cpu),
        ]

    return _joined(each(one, sorted(releases)))


def _jax(index: Index, oldest: Version, each: Callable[..., Iterable[object]]) -> list[Statement]:
    releases = stable(index.files("jax"), oldest)
    parts = {
        name: stable(index.files(name), Version("0"))
        for name in ("jaxlib", *(f"jax-{tag}-plugin" for tag in JAX_TAGS))
    }

    def one(version: Version) -> list[Statement]:
        jax = _wheel(releases[version], "any")
        if jax is None:
            return []
        required = _requirements(index, jax)
        found = {name: _newest(parts[name], _asked(required, name)) for name in parts}
        made = {name: _pythons(files, only=jax.requires_python) for name, files in found.items()}
        cpu = {f"{name}_pythons": " ".join(made["jaxlib"].get(name, ())) for name in PLATFORMS}
        rows = [Statement(release=str(version), tag="cpu", values=cpu)]
        for tag in JAX_TAGS:
            plugin = f"jax-{tag}-plugin"
            both = {
                platform: tuple(
                    name for name in pythons if name in made["jaxlib"].get(platform, ())
                )
                for platform, pythons in made[plugin].items()
            }
            rows.append(_jax_cuda(index, str(version), tag, found[plugin], both))
        return rows

    return _joined(each(one, sorted(releases)))


def _jax_cuda(
    index: Index,
    release: str,
    tag: str,
    files: Sequence[IndexFile],
    pythons: Mapping[str, tuple[str, ...]],
) -> Statement:
    values = {f"{name}_pythons": " ".join(pythons.get(name, ())) for name in PLATFORMS}
    wheel = _wheel(files, "amd64")
    pins = _pins(_requirements(index, wheel), "amd64", "3.12", extras=("with-cuda", "with_cuda"))
    if pins.cuda:
        values["cuda"] = pins.cuda
    return Statement(release=release, tag=tag, values={**values, **pins.values}, loose=pins.loose)


def _asked(required: Iterable[Requirement], name: str) -> SpecifierSet | None:
    """Return which releases of another package jax or one of its extras asks for."""
    asked = [entry for entry in required if normal_name(entry.name) == name]
    plain = [entry for entry in asked if entry.marker is None]
    fitting = plain or [
        entry for entry in asked if entry.extras and entry.marker and "extra" in str(entry.marker)
    ]
    return fitting[0].specifier if fitting else None


def _newest(
    releases: Mapping[Version, Sequence[IndexFile]], asked: SpecifierSet | None
) -> Sequence[IndexFile]:
    """Return the files of the newest release that is asked for; none if there is none."""
    fits = [version for version in releases if asked is not None and asked.contains(version)]
    return releases[max(fits)] if fits else ()


def stable(files: Iterable[IndexFile], oldest: Version) -> dict[Version, list[IndexFile]]:
    """Return the wheels that anyone gets who names no release, by release."""
    found: dict[Version, list[IndexFile]] = defaultdict(list)
    for file in files:
        version = Version(file.version)
        other = version.is_prerelease or version.is_postrelease or version.local
        if file.is_wheel and not (other or file.yanked or version < oldest):
            found[version].append(file)
    return dict(found)


def _pythons(files: Iterable[IndexFile], *, only: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return the Python minor versions there are wheels for, by platform."""
    found: dict[str, set[int]] = defaultdict(set)
    for file in files:
        for minor in _minors(file):
            allowed = SpecifierSet(file.requires_python if only is None else only)
            if allowed.contains(f"3.{minor}.99"):
                found[_platform(file)].add(minor)
    return {
        name: tuple(f"3.{minor}" for minor in sorted(found[name]))
        for name in PLATFORMS
        if name in found
    }


def _minors(file: IndexFile) -> Iterator[int]:
    """Yield the minor versions in a wheel's Python tags; none for a free-threaded build."""
    if not file.abi.endswith("t"):
        for tag in file.pythons:
            if matched := _CPYTHON.fullmatch(tag):
                yield int(matched[1])


def _platform(file: IndexFile) -> str:
    """Return a wheel's platform as the tables name it; empty for one that they do not have."""
    tags = file.platforms
    linux = [tag for tag in tags if tag.startswith(("manylinux", "linux"))]
    if any(tag.endswith("x86_64") for tag in linux):
        return "amd64"
    if any(tag.endswith("aarch64") for tag in linux):
        return "arm64"
    return "windows" if "win_amd64" in tags else "any" if "any" in tags else ""


def _wheel(files: Iterable[IndexFile], platform: str) -> IndexFile | None:
    """Return the wheel to read the requirements of: the oldest Python's, the newest build."""
    fits = [file for file in files if _platform(file) in {platform, "any"} and _is_usual(file)]
    if not fits:
        return None
    oldest = min(_order(file) for file in fits)
    return max((file for file in fits if _order(file) == oldest), key=_build)


def _is_usual(file: IndexFile) -> bool:
    return not file.abi.endswith("t")


def _order(file: IndexFile) -> int:
    return min(_minors(file), default=0)


def _build(file: IndexFile) -> tuple[int, str]:
    build = parse_wheel_filename(file.filename)[2]
    return build or (0, "")


@dataclass(frozen=True, kw_only=True)
class _Pins:
    """The CUDA that a wheel requires (empty for none), and its companions."""

    cuda: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    loose: tuple[str, ...] = ()


def _pins(
    required: Iterable[Requirement], platform: str, python: str, *, extras: tuple[str, ...] = ("",)
) -> _Pins:
    pins = _Pins()
    for entry in required:
        name = normal_name(entry.name)
        if not _applies(entry, platform, python, extras):
            continue
        if _CUDA_PACKAGE.fullmatch(name):
            pins = replace(pins, cuda=_cuda(name, entry.specifier))
        elif matched := _PIN.fullmatch(name):
            companion = matched[1] or matched[2]
            text, is_loose = _told(entry.specifier)
            loose = (*pins.loose, companion) if is_loose else pins.loose
            pins = replace(pins, values={**pins.values, companion: text}, loose=loose)
    return pins


def _applies(entry: Requirement, platform: str, python: str, extras: tuple[str, ...]) -> bool:
    if entry.marker is None:
        return True
    system, name, machine = ENVIRONMENTS[platform]
    environment = {
        "sys_platform": system,
        "platform_system": name,
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    return any(entry.marker.evaluate({**environment, "extra": extra}) for extra in extras)


def _cuda(name: str, specifier: SpecifierSet) -> str:
    """Return the CUDA version a requirement means: of the toolkit exactly, else the minor one."""
    version = next((entry.version for entry in specifier if entry.operator in {"==", ">="}), "")
    parts = version.removesuffix(".*").split(".")
    return ".".join(parts if name == "cuda-toolkit" else parts[:2])


def _told(specifier: SpecifierSet) -> tuple[str, bool]:
    """Return a requirement as the tables write it, and whether it allows several releases."""
    entries = sorted(specifier, key=lambda entry: (entry.operator != ">=", entry.operator))
    if [entry.operator for entry in entries] == ["=="] and not entries[0].version.endswith("*"):
        return entries[0].version, False
    if [entry.operator for entry in entries] == ["~="]:
        return f"{entries[0].version.rpartition('.')[0]}.x", True
    return ",".join(str(entry) for entry in entries), True


def _requirements(index: Index, wheel: IndexFile | None) -> list[Requirement]:
    """Return what a wheel requires; what cannot be read as a requirement is left out."""
    found: list[Requirement] = []
    for line in index.metadata(wheel).splitlines() if wheel else ():
        if not line:
            break  # the description begins
        key, _, value = line.partition(":")
        if key.lower() == "requires-dist":
            try:
                found.append(Requirement(value.strip()))
            except (InvalidRequirement, InvalidSpecifier):
                continue
    return found


def _joined(parts: Iterable[object]) -> list[Value]:
    return [entry for part in parts for entry in part]  # type: ignore[attr-defined]
