"""How publishers name their images: references taken apart, and tags that cannot exist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.facts import numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

NVIDIA_CUDA = "nvidia/cuda"
PYTORCH = "pytorch/pytorch"
TENSORFLOW = "tensorflow/tensorflow"
NGC_PYTORCH = "nvcr.io/nvidia/pytorch"
PYTHON = "python"

_HUBS = {"", "docker.io", "index.docker.io"}
_PATH = re.compile(
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
)
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}")

_CUDA_TAG = re.compile(
    r"(?P<version>\d+(?:\.\d+){0,2})(?:-(?P<cudnn>cudnn\d*))?"
    r"(?:-(?P<flavor>base|runtime|devel))?(?:-(?P<os>[a-z]+\d[\d.]*))?"
)
_TORCH_TAG = re.compile(
    r"(?P<release>\d+(?:\.\d+){0,2})(?:-cuda(?P<cuda>\d+\.\d+))?"
    r"(?:-cudnn(?P<cudnn>\d+))?(?:-(?P<flavor>runtime|devel))?"
)
_TENSORFLOW_TAG = re.compile(r"(?P<release>\d+(?:\.\d+){0,2})(?P<variant>(?:-gpu)?(?:-jupyter)?)")
_NGC_TAG = re.compile(r"(?P<year>\d\d)\.(?P<month>\d\d)(?P<rest>-.+)?")
_PYTHON_TAG = re.compile(
    r"(?P<version>\d+(?:\.\d+){0,2})(?P<slim>-slim)?(?:-(?P<os>[a-z]+[\d.]*))?"
)

_CUDNN_8_LAST = (12, 2, 2)
_CUDNN_9_LAST = (12, 3, 2)
_CUDNN_9_TORCH = (2, 4, 0)
_FULL_VERSIONS = (11, 1)
_OLDEST = (11, 0)
_MONTHS = 12
_EXACT = 3


@dataclass(frozen=True, kw_only=True)
class Name:
    """An image reference, taken apart.

    Attributes:
        written: The repository as it was written, with what stands in front of it.
        repository: The publisher's name of it, ``"nvidia/cuda"``; ``None`` if it is another.
        tag: Its tag; ``None`` where there is only a digest.
        digest: Its digest; ``None`` without.
    """

    written: str
    repository: str | None
    tag: str | None
    digest: str | None


@dataclass(frozen=True, kw_only=True)
class CudaTag:
    """A tag of nvidia/cuda. What it does not say is empty.

    Attributes:
        version: ``"12.8.1"``.
        cudnn: ``"cudnn8"``, ``"cudnn9"`` or ``"cudnn"``.
        flavor: ``"base"``, ``"runtime"`` or ``"devel"``.
        os: ``"ubuntu22.04"``.
    """

    version: str
    cudnn: str
    flavor: str
    os: str


@dataclass(frozen=True, kw_only=True)
class TorchTag:
    """A tag of pytorch/pytorch. What it does not say is empty."""

    release: str
    cuda: str
    cudnn: str
    flavor: str


@dataclass(frozen=True, kw_only=True)
class TensorflowTag:
    """A tag of tensorflow/tensorflow: a release, and ``"-gpu"``, ``"-jupyter"`` or both."""

    release: str
    variant: str


@dataclass(frozen=True, kw_only=True)
class NgcTag:
    """A tag of an NGC framework image: year and month, and what follows (``"-py3"``)."""

    year: int
    month: int
    rest: str


@dataclass(frozen=True, kw_only=True)
class PythonTag:
    """A tag of the official Python image. What it does not say is empty."""

    version: str
    slim: bool
    os: str


def take_apart(reference: str, known: Collection[str]) -> Name:
    """Split an image reference, and find which known repository it is a name of.

    The known repository may stand behind a registry mirror.

    Raises:
        SpecError: It is not an image reference.
    """
    name, at, digest = reference.partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, tag = name, ""
    host, _, rest = path.partition("/")
    if not rest or not ({".", ":"} & set(host) or host == "localhost"):
        host, rest = "", path
    if not (
        _PATH.fullmatch(rest)
        and (not host or _HOST.fullmatch(host))
        and (_TAG.fullmatch(tag) if colon and not path == name else True)
        and (_DIGEST.fullmatch(digest) if at else True)
    ):
        raise SpecError(
            f"{reference!r} is not an image reference.",
            why="One is written REPOSITORY:TAG or REPOSITORY@DIGEST, the repository in lower case.",
            fix="Write it like nvidia/cuda:12.8.1-devel-ubuntu22.04 or python:3.12-slim-bookworm.",
        )
    return Name(
        written=path,
        repository=_repository(host, rest, known),
        tag=tag or (None if at else "latest"),
        digest=digest or None,
    )


def cuda_tag(tag: str) -> CudaTag | None:
    """Take a tag of nvidia/cuda apart."""
    found = _CUDA_TAG.fullmatch(tag)
    return CudaTag(**_texts(found)) if found else None


def torch_tag(tag: str) -> TorchTag | None:
    """Take a tag of pytorch/pytorch apart."""
    found = _TORCH_TAG.fullmatch(tag)
    return TorchTag(**_texts(found)) if found else None


def tensorflow_tag(tag: str) -> TensorflowTag | None:
    """Take a tag of tensorflow/tensorflow apart."""
    found = _TENSORFLOW_TAG.fullmatch(tag)
    return TensorflowTag(**_texts(found)) if found else None


def ngc_tag(tag: str) -> NgcTag | None:
    """Take a tag of an NGC framework image apart."""
    found = _NGC_TAG.fullmatch(tag)
    if not found:
        return None
    return NgcTag(year=int(found["year"]), month=int(found["month"]), rest=found["rest"] or "")


def python_tag(tag: str) -> PythonTag | None:
    """Take a tag of the official Python image apart."""
    found = _PYTHON_TAG.fullmatch(tag)
    if not found:
        return None
    return PythonTag(version=found["version"], slim=bool(found["slim"]), os=found["os"] or "")


def impossible_cuda(tag: CudaTag, releases: Collection[str]) -> str | None:
    """Say why nvidia/cuda cannot have a tag; ``None`` if it could.

    Args:
        tag: The tag.
        releases: Every known release of CUDA.
    """
    version = numbers(tag.version)
    if version < _OLDEST:
        return None  # from before the publisher's present naming
    return (
        _impossible_version(tag, version, releases)
        or _impossible_cudnn(tag, version)
        or _impossible_system(tag, version)
        or _incomplete(tag)
    )


def impossible_torch(tag: TorchTag, cudas: dict[str, tuple[str, ...]]) -> str | None:
    """Say why pytorch/pytorch cannot have a tag; ``None`` if it could.

    Args:
        tag: The tag.
        cudas: The CUDA versions that there are images of, by release of torch.
    """
    release = numbers(tag.release)
    if not cudas or release < min(numbers(known) for known in cudas):
        return None  # from before the table
    if len(release) < _EXACT or not (tag.cuda and tag.cudnn and tag.flavor):
        return "Its tags are RELEASE-cudaX.Y-cudnnN-runtime or -devel, with every part."
    wanted = "9" if release >= _CUDNN_9_TORCH else "8"
    if tag.cudnn != wanted:
        return f"Its images have cudnn8 before torch 2.4.0 and cudnn9 from then on: cudnn{wanted}."
    if tag.release in cudas and tag.cuda not in cudas[tag.release]:
        return f"Those of torch {tag.release} are of CUDA {' and '.join(cudas[tag.release])}."
    return None


def impossible_ngc(tag: NgcTag) -> str | None:
    """Say why NGC cannot have a tag; ``None`` if it could."""
    if not 1 <= tag.month <= _MONTHS:
        return f"Its tags are YEAR.MONTH-py3, and there is no month {tag.month}."
    return None if tag.rest else "Its tags are YEAR.MONTH-py3: the -py3 is missing."


def cudnn_suffix(version: str) -> str:
    """Return how nvidia/cuda names cuDNN in the tags of a CUDA version."""
    if numbers(version) <= _CUDNN_8_LAST:
        return "cudnn8"
    return "cudnn9" if numbers(version) <= _CUDNN_9_LAST else "cudnn"


def _impossible_version(
    tag: CudaTag, version: tuple[int, ...], releases: Collection[str]
) -> str | None:
    minors = sorted({numbers(release)[:2] for release in releases})
    if version[:2] == (12, 7):
        return "CUDA 12.7 was never released: 12.8 follows 12.6."
    if len(version) > 1 and minors and version[:2] not in minors and version[:2] < minors[-1]:
        below = max((minor for minor in minors if minor < version[:2]), default=minors[0])
        after = min(minor for minor in minors if minor > version[:2])
        return (
            f"CUDA {version[0]}.{version[1]} was never released: "
            f"{after[0]}.{after[1]} follows {below[0]}.{below[1]}."
        )
    if len(version) < _EXACT:
        full = len(version) < len(_FULL_VERSIONS) or version >= _FULL_VERSIONS
        return "Its tags name the whole CUDA version, X.Y.Z." if full else None
    if version < (12,) and releases and tag.version not in releases:
        known = [release for release in releases if numbers(release)[:2] == version[:2]]
        return f"There is no CUDA {tag.version}, only {', '.join(known)}."
    return None


def _impossible_cudnn(tag: CudaTag, version: tuple[int, ...]) -> str | None:
    if not tag.cudnn:
        return None
    if tag.flavor == "base":
        return "Only its runtime and devel images have cuDNN."
    wanted = cudnn_suffix(tag.version)
    if tag.cudnn == wanted:
        return None
    return (
        f"The suffix for cuDNN is {wanted} for CUDA {'.'.join(map(str, version))}: cudnn8 up to "
        "12.2.2, cudnn9 for 12.3.2, cudnn from 12.4.1 on."
    )


def _impossible_system(tag: CudaTag, version: tuple[int, ...]) -> str | None:
    ends = {
        "ubuntu18.04": ((12, 0, 1), "Its images on Ubuntu 18.04 end with CUDA 12.0.1."),
        "ubuntu20.04": ((12, 9, 99), "Its images on Ubuntu 20.04 end with CUDA 12.9."),
        "centos7": ((12, 4, 0), "Its images on CentOS 7 and UBI 7 end before CUDA 12.4.1."),
        "ubi7": ((12, 4, 0), "Its images on CentOS 7 and UBI 7 end before CUDA 12.4.1."),
    }
    end, rule = ends.get(tag.os, (version, ""))
    if version > end:
        return rule
    if tag.os == "ubuntu24.04" and tag.cudnn and version < (12, 6, 0):
        return "Its images on Ubuntu 24.04 with cuDNN begin with CUDA 12.6.0."
    if tag.os == "ubuntu26.04" and version < (13, 4, 1):
        return "Its images on Ubuntu 26.04 begin with CUDA 13.4.1."
    return None


def _incomplete(tag: CudaTag) -> str | None:
    if tag.flavor and tag.os:
        return None
    return "Its tags are X.Y.Z-FLAVOR-SYSTEM, with every part (12.8.1-devel-ubuntu22.04)."


def _repository(host: str, path: str, known: Collection[str]) -> str | None:
    """The known repository that a path names, whatever registry or mirror is in front."""
    through = "" if host in _HUBS else host
    if path in {PYTHON, f"library/{PYTHON}"} or path.endswith(f"/library/{PYTHON}"):
        return PYTHON
    full = f"{through}/{path}" if through else path
    for repository in _longest_first(known):
        if full == repository or full.endswith(f"/{repository}"):
            return None if repository == PYTHON else repository
    return _without_its_registry(path, known) if through else None


def _without_its_registry(path: str, known: Collection[str]) -> str | None:
    """A repository of another registry than Docker Hub, behind a mirror that left it out."""
    for repository in known:
        registry, _, rest = repository.partition("/")
        if "." in registry and (path == rest or path.endswith(f"/{rest}")):
            return repository
    return None


def _longest_first(known: Iterable[str]) -> list[str]:
    return sorted(known, key=len, reverse=True)


def _texts(found: re.Match[str]) -> dict[str, str]:
    return {key: value or "" for key, value in found.groupdict().items()}
