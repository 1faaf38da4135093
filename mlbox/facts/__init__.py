"""What is known about frameworks, CUDA, GPUs and images: dated tables, with a source per row.

Every row names where it was read (``source``) and how far to trust it (``confidence``):

* ``multi``: several independent sources agree; ``single``: one source says so;
* ``observed``: seen by name; ``derived``: follows from another row by the publisher's naming;
* ``recollected``: plausible, no source at hand;
* ``unverified``: announced, never seen. ``resolve`` does not use these.

The tables say what was published, not what will be: a release newer than ``AS_OF`` is unknown.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_OF = "2026-11-21"
PLATFORMS = ("linux/amd64", "linux/arm64")


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build of a framework release, for one platform.

    Attributes:
        framework: ``"torch"``, ``"tensorflow"`` or ``"jax"``.
        release: ``"2.13.0"``.
        tag: Its publisher's name for the variant: ``"cu128"``, ``"cuda12"``, ``"cpu"``.
        cuda: CUDA minor version it is made for, ``"12.8"``; ``None`` for CPU.
        platform: ``"linux/amd64"`` or ``"linux/arm64"``.
        pythons: Python minor versions there are wheels for.
        capabilities: Compute capabilities there is machine code for; empty if not known.
        floor: Compute capability from which on every newer GPU works too (embedded PTX, or the
            publisher's word); empty if there is none or it is not known.
        default: Whether the package index gives this build to who does not choose.
        source: Where this was read.
        confidence: How far to trust it.
    """

    framework: str
    release: str
    tag: str
    cuda: str | None
    platform: str
    pythons: tuple[str, ...]
    capabilities: tuple[str, ...]
    floor: str
    default: bool
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Cuda:
    """One CUDA minor version.

    Attributes:
        cuda: ``"12.8"``.
        minimum_driver: Oldest Linux driver that runs it; from CUDA 11 on, the oldest driver of
            the major version ("minor-version compatibility").
        source: Where this was read.
        confidence: How far to trust it.
    """

    cuda: str
    minimum_driver: str
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One model of NVIDIA GPU.

    Attributes:
        name: As ``nvidia-smi`` prints it.
        capability: Compute capability, ``"7.0"``.
        architecture: ``"Volta"``.
        first_driver: Oldest driver branch that knows it, ``"384"``; empty if not known.
        last_driver: Newest driver branch that supports it; empty while support goes on.
        source: Where this was read.
        confidence: How far to trust it.
    """

    name: str
    capability: str
    architecture: str
    first_driver: str
    last_driver: str
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Image:
    """One published image.

    Attributes:
        repository: ``"nvidia/cuda"``.
        tag: ``"12.8.1-devel-ubuntu22.04"``.
        cuda: CUDA version in it, as exact as known; may be empty.
        os: ``"ubuntu22.04"``.
        framework: The framework it brings; empty for none.
        release: The release of the framework in it; empty if not known.
        python: Its Python minor version; empty if it has none or it is not known.
        status: ``"kept"``, or ``"may be deleted"`` where the publisher no longer supports it.
        source: Where this was read.
        confidence: How far to trust it.
    """

    repository: str
    tag: str
    cuda: str
    os: str
    framework: str
    release: str
    python: str
    status: str
    source: str
    confidence: str

    @property
    def reference(self) -> str:
        """``"nvidia/cuda:12.8.1-devel-ubuntu22.04"``."""
        return f"{self.repository}:{self.tag}"

    @property
    def cuda_minor(self) -> str | None:
        """``"12.8"``, or ``None``."""
        return ".".join(self.cuda.split(".")[:2]) or None

    @property
    def has_nvcc(self) -> bool:
        """Whether NVIDIA's compiler is in it."""
        return "devel" in self.tag or (bool(self.framework) and "nvidia/" in self.repository)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Every table, and the day they speak of (ISO 8601)."""

    as_of: str
    builds: tuple[Build, ...]
    cudas: tuple[Cuda, ...]
    gpus: tuple[Gpu, ...]
    images: tuple[Image, ...]


@functools.cache
def load_facts() -> Facts:
    """Read the tables shipped with mlbox; they are read once per process."""
    return Facts(
        as_of=AS_OF,
        builds=tuple(
            build
            for framework in ("torch", "tensorflow", "jax")
            for row in _rows(framework)
            for build in _builds(framework, row)
        ),
        cudas=tuple(Cuda(**row) for row in _rows("cuda")),
        gpus=tuple(Gpu(**row) for row in _rows("gpus")),
        images=tuple(Image(**row) for row in _rows("images")),
    )


def _rows(table: str) -> Iterator[dict[str, str]]:
    # not importlib.resources: it takes longer to load than the tables
    text = (Path(__file__).parent / f"{table}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _builds(framework: str, row: dict[str, str]) -> Iterator[Build]:
    """One row of a framework's table, as one build per platform it exists for."""
    for platform in PLATFORMS:
        machine = platform.rpartition("/")[2]
        if row[f"{machine}_pythons"]:
            yield Build(
                framework=framework,
                release=row["release"],
                tag=row["tag"],
                cuda=row["cuda"] or None,
                platform=platform,
                pythons=tuple(row[f"{machine}_pythons"].split()),
                capabilities=tuple(row[f"{machine}_capabilities"].split()),
                floor=row["floor"],
                default=row["default"] == "yes",
                source=row["source"],
                confidence=row["confidence"],
            )
