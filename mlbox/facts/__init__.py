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
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.errors import FactsError
from mlbox.facts.cached import days
from mlbox.facts.cached import tables as tables_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mlbox.facts.accelerators import Accelerators

AS_OF = "2026-11-21"  # the oldest day of the bundled tables: all of them speak of it
FRAMEWORKS = ("torch", "tensorflow", "jax")
PLATFORMS = {"amd64": "linux/amd64", "arm64": "linux/arm64", "windows": "windows/amd64"}
CONFIDENCES = ("multi", "single", "observed", "inferred", "derived", "recollected", "unverified")
_TABLES = (*FRAMEWORKS, "cuda", "gpus", "images", "require_cuda")
COMPANIONS = ("torchvision", "torchaudio", "triton", "cudnn", "nccl")


@dataclass(frozen=True, kw_only=True, eq=False)
class Build:
    """One build of a framework release, for one platform.

    Attributes:
        framework: ``"torch"``, ``"tensorflow"`` or ``"jax"``.
        release: ``"2.13.0"``.
        tag: Its publisher's name for the variant: ``"cu128"``, ``"cuda12"``, ``"cpu"``.
        toolkit: CUDA version it is made with, as exact as known: ``"12.8.1"``; ``None`` for CPU.
        platform: ``"linux/amd64"``, ``"linux/arm64"`` or ``"windows/amd64"``.
        pythons: Python minor versions there are wheels for.
        capabilities: Compute capabilities there is machine code for; empty if not known.
        ptx: Compute capabilities there is PTX for, which newer GPUs compile when it is loaded.
        floor: Lowest compute capability that works, by the publisher's word; empty if not given.
        default: Whether the package index gives this build to who does not choose.
        companions: Release of each package that goes with it, by name.
        loose: The companions that no package metadata ties to exactly this release.
        source: Where this was read.
        confidence: How far to trust it.
        notes: What else the source says.
    """

    framework: str
    release: str
    tag: str
    toolkit: str | None
    platform: str
    pythons: tuple[str, ...]
    capabilities: tuple[str, ...]
    ptx: tuple[str, ...]
    floor: str
    default: bool
    companions: Mapping[str, str]
    loose: tuple[str, ...]
    source: str
    confidence: str
    notes: str

    @functools.cached_property
    def is_final(self) -> bool:
        """Whether it is a final release, not a pre-release like ``"2.22.0rc0"``."""
        return re.fullmatch(r"[\d.]+", self.release) is not None

    @functools.cached_property
    def cuda(self) -> str | None:
        """CUDA minor version, ``"12.8"``; ``None`` for CPU."""
        return ".".join(self.toolkit.split(".")[:2]) if self.toolkit else None


@dataclass(frozen=True, kw_only=True)
class Cuda:
    """One release of the CUDA toolkit. An empty driver is one that is not known.

    Attributes:
        version: ``"12.8.1"``.
        driver: Oldest Linux driver that has all of it.
        windows_driver: Likewise for Windows.
        family_driver: Oldest Linux driver that runs it by minor-version compatibility; empty
            before CUDA 11, which has none.
        family_windows_driver: Likewise for Windows.
        source: Where this was read.
        confidence: How far to trust it.
        notes: What else the source says.
    """

    version: str
    driver: str
    windows_driver: str
    family_driver: str
    family_windows_driver: str
    source: str
    confidence: str
    notes: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Gpu:
    """One model of NVIDIA GPU. What is empty is not known, or has no end yet.

    Attributes:
        name: As ``nvidia-smi`` prints it.
        capability: Compute capability, ``"7.0"``.
        architecture: ``"Volta"``.
        kind: ``"data center"``, ``"workstation"``, ``"consumer"`` or ``"jetson"``.
        memory_gib: Memory in GiB, as it is sold.
        first_cuda: Oldest CUDA toolkit that compiles for it.
        last_cuda: Newest CUDA toolkit that compiles for it.
        first_driver: Oldest driver branch that knows it, ``"384"``.
        last_driver: Newest driver branch that supports it.
        source: Where this was read.
        confidence: How far to trust it.
        notes: What else the source says.
    """

    name: str
    capability: str
    architecture: str
    kind: str
    memory_gib: str
    first_cuda: str
    last_cuda: str
    first_driver: str
    last_driver: str
    source: str
    confidence: str
    notes: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """One published image.

    Attributes:
        repository: ``"nvidia/cuda"``.
        tag: ``"12.8.1-devel-ubuntu22.04"``.
        cuda: CUDA version in it, as exact as known; may be empty.
        os: ``"ubuntu22.04"``.
        framework: The framework it brings; empty for none.
        release: The release of the framework in it; empty if not known.
        python: Its Python minor version; empty if it has none or it is not known. In nvidia/cuda
            it is the one that apt would install.
        flavor: ``"base"``, ``"runtime"`` or ``"devel"``; empty if it has no such kinds.
        cudnn: Major version of the cuDNN in it; empty for none.
        status: ``"kept"``; ``"may be deleted"`` where the publisher no longer supports it;
            ``"absent"``, ``"moving"`` or ``"end of life"``; ``"broken"`` where it is reported so.
        source: Where this was read.
        confidence: How far to trust it.
        notes: What else the source says.
    """

    repository: str
    tag: str
    cuda: str
    os: str
    framework: str
    release: str
    python: str
    flavor: str
    cudnn: str
    status: str
    source: str
    confidence: str
    notes: str

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
        return self.flavor == "devel"


@dataclass(frozen=True, kw_only=True, eq=False)
class RequireCuda:
    """What nvidia/cuda images of one CUDA minor version ask of the driver before they start.

    Attributes:
        cuda: ``"12.8"``.
        clauses: The text of their variable NVIDIA_REQUIRE_CUDA: a space is "or", a comma "and".
        varies: Alternatives that not every copy of the text has.
        source: Where this was read.
        confidence: How far to trust it.
        notes: What else the source says.
    """

    cuda: str
    clauses: str
    varies: str
    source: str
    confidence: str
    notes: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """Every table, the day they speak of (ISO 8601), and why newer ones are not used."""

    as_of: str
    problem: str | None
    builds: tuple[Build, ...]
    cudas: tuple[Cuda, ...]
    gpus: tuple[Gpu, ...]
    images: tuple[Image, ...]
    requires: tuple[RequireCuda, ...]

    @functools.cached_property
    def accelerators(self) -> Accelerators:
        """The tables of all accelerators but NVIDIA's cards; read when they are first needed."""
        from mlbox.facts.accelerators import load_accelerators  # noqa: PLC0415  (loads on use)

        return load_accelerators()

    @functools.cached_property
    def only_for_cpu(self) -> frozenset[tuple[str, str, str]]:
        """Framework, platform and release of all that have a build, and none with CUDA."""
        keys = {(b.framework, b.platform, b.release): False for b in self.builds if b.tag == "cpu"}
        keys |= {(b.framework, b.platform, b.release): True for b in self.builds if b.toolkit}
        return frozenset(key for key, with_cuda in keys.items() if not with_cuda)

    @functools.cached_property
    def builds_by(self) -> Mapping[tuple[str, str], tuple[Build, ...]]:
        """The builds of a framework for a platform, CUDA and CPU only, oldest release first."""
        groups: dict[tuple[str, str], list[Build]] = {}
        for build in self.builds:
            if build.toolkit is None and build.tag != "cpu":
                continue
            groups.setdefault((build.framework, build.platform), []).append(build)
        return {
            key: tuple(sorted(group, key=lambda build: numbers(build.release)))
            for key, group in groups.items()
        }


@functools.lru_cache(maxsize=4096)
def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers in a version, to compare it with another."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


@functools.cache
def load_facts(saved: Path | None = None) -> Facts:
    """Read the tables shipped with mlbox, and newer ones that were saved; once per process.

    A file that cannot be used is not: ``problem`` says so.

    Raises:
        FactsError: A row contradicts itself or another.
    """
    tables, problem = tables_in_force(saved)
    rows = {name: tuple(csv.DictReader(tables[name].splitlines())) for name in _TABLES}
    facts = Facts(
        as_of=min(days(saved).values()) if saved and saved.exists() else AS_OF,
        problem=problem,
        builds=tuple(
            build
            for framework in FRAMEWORKS
            for row in rows[framework]
            for build in _builds(framework, row)
        ),
        cudas=tuple(Cuda(**row) for row in rows["cuda"]),
        gpus=tuple(Gpu(**row) for row in rows["gpus"]),
        images=tuple(Image(**row) for row in rows["images"]),
        requires=tuple(RequireCuda(**row) for row in rows["require_cuda"]),
    )
    check(facts)
    return facts


def check(facts: Facts) -> None:
    """Refuse tables that contradict themselves.

    Raises:
        FactsError: They do.
    """
    toolkits = {numbers(row.version)[:2] for row in facts.cudas}
    seen: set[tuple[str, str, str, str]] = set()
    for build in facts.builds:
        key = (build.framework, build.release, build.tag, build.platform)
        name = f"{build.framework} {build.release} {build.tag} ({build.platform})"
        _refuse(name, "stands there twice", wrong=key in seen)
        seen.add(key)
        _check_build(name, build, toolkits)
    for gpu in facts.gpus:
        _check_confidence(gpu.name, gpu.confidence, gpu.source)
        capability = re.fullmatch(r"\d+\.\d", gpu.capability)
        _refuse(gpu.name, "has no compute capability X.Y", wrong=not capability)
        drivers = numbers(gpu.first_driver), numbers(gpu.last_driver)
        _refuse(gpu.name, "ends before it begins", wrong=all(drivers) and drivers[0] > drivers[1])
    for row in facts.cudas:
        _check_confidence(f"CUDA {row.version}", row.confidence, row.source)
        older = row.driver and numbers(row.driver) < numbers(row.family_driver)
        _refuse(f"CUDA {row.version}", "needs less than its family", wrong=bool(older))
    for image in facts.images:
        _check_confidence(image.reference, image.confidence, image.source)


def _check_build(name: str, build: Build, toolkits: set[tuple[int, ...]]) -> None:
    _check_confidence(name, build.confidence, build.source)
    tag = re.fullmatch(r"cu(\d+)(\d)", build.tag)
    if tag:
        _refuse(name, "has another CUDA than its tag", wrong=build.cuda != f"{tag[1]}.{tag[2]}")
    known = build.cuda is None or numbers(build.cuda) in toolkits
    _refuse(name, "has a CUDA that the table of CUDA lacks", wrong=not known)
    _refuse(
        name,
        "names a loose companion that it does not have",
        wrong=not set(build.loose) <= set(build.companions),
    )
    order = tuple(sorted(build.pythons, key=numbers)) == build.pythons
    _refuse(name, "does not list its Pythons in order", wrong=not order)


def _check_confidence(name: str, confidence: str, source: str) -> None:
    _refuse(name, f"has no such confidence: {confidence!r}", wrong=confidence not in CONFIDENCES)
    _refuse(name, "has no source", wrong=not source)


def _refuse(name: str, what: str, *, wrong: bool) -> None:
    if wrong:
        raise FactsError(
            f"The facts contradict themselves: {name} {what}.",
            why="A table of facts was changed by hand, or by an update that went wrong.",
            fix="Restore the table, or run `mlbox facts update`.",
        )


def _builds(framework: str, row: dict[str, str]) -> Iterator[Build]:
    """One row of a framework's table, as one build per platform it exists for."""
    for machine, platform in PLATFORMS.items():
        if row[f"{machine}_pythons"]:
            yield Build(
                framework=framework,
                release=row["release"],
                tag=row["tag"],
                toolkit=row["cuda"] or None,
                platform=platform,
                pythons=tuple(row[f"{machine}_pythons"].split()),
                capabilities=_capabilities(row, machine),
                ptx=tuple(row["ptx"].split()),
                floor=row["floor"],
                default=machine in row["default"].split(),
                companions={name: row[name] for name in COMPANIONS if row[name]},
                loose=tuple(row["loose"].split()),
                source=row["source"],
                confidence=row["confidence"],
                notes=row["notes"],
            )


def _capabilities(row: dict[str, str], machine: str) -> tuple[str, ...]:
    column = "arm64_capabilities" if machine == "arm64" else "amd64_capabilities"
    return tuple(row[column].split())
