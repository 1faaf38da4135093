"""The resolver's answer, whatever it is: versions, a verdict, and a reason for each decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mlbox.resolve.shown import html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.findings import Finding
    from mlbox.resolve.image_report import ImageReport

Verdict = Literal["ok", "warn", "impossible"]


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A package that goes with a release of a framework.

    Attributes:
        version: Its release, or a range of them (``">=9.8,<10"``).
        pinned: Whether package metadata ties the two: one of them requires exactly the other.
        note: What to know about it; empty for nothing.
    """

    version: str
    pinned: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """A possible answer that is close to an impossible question.

    Attributes:
        version: The framework's release.
        cuda_tag: Its wheel tag; ``"cpu"`` without CUDA.
        python: Python minor version.
        changes: What it changes, by the spec's keys: ``{"torch": "2.14.1", "cuda": "cu126"}``.
        verdict: What the resolver says of it.
        what: The change as a sentence.
    """

    version: str | None
    cuda_tag: str | None
    python: str
    changes: Mapping[str, str]
    verdict: Verdict
    what: str


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The versions chosen, and why; or why there are none.

    Attributes:
        verdict: ``"ok"``; ``"warn"``: it works, and a reason says what will not; ``"impossible"``.
        what: The answer in one sentence.
        framework: ``"torch"``, ``"tensorflow"``, ``"jax"``, or ``None``.
        version: Exact release of the framework, without local part: ``"2.13.0"``; ``None`` without
            a framework, or where the base image brings one whose release is not known.
        cuda_tag: The wheel tag: ``"cu128"``, ``"cuda12"``, ``"cpu"``, ``"rocm7.2"``.
        cuda: CUDA minor version the framework was built with, ``"12.8"``; ``None`` without CUDA.
        python: Python minor version.
        platform: ``"linux/amd64"``, ``"linux/arm64"`` or ``"windows/amd64"``.
        index_url: Package index of the framework; ``None`` for the default index.
        extra_index_urls: Further indexes that are needed.
        requirements: What to install for the framework, exact: ``("torch==2.13.0+cpu",)``;
            empty without a framework or where the base image brings it. With a ``devel_image``,
            also the tools that compiling needs; the lock chooses their versions.
        base_image: Reference of the image the box is built on (registry mirror applied).
        devel_image: Reference of the image nvcc comes from, when the box compiles CUDA code.
        min_driver: Oldest NVIDIA driver that runs it, ``"525.60.13"``; ``None`` without CUDA.
        exact_driver: Oldest driver that runs it without minor-version compatibility; ``None``
            without CUDA or where it is not known.
        capabilities: Compute capabilities to compile CUDA code for; empty if not known.
        companions: Packages that go with the framework, by name.
        accelerator: ``"cuda"``, ``"cpu"``, ``"rocm"``, ``"tpu"``, ``"neuron"`` or ``"jetson"``.
        device_nodes: Devices of the host that a container needs: ``("/dev/kfd", "/dev/dri")``.
        docker_flags: What ``docker run`` needs to hand the accelerator over.
        environment: Variables that a container needs.
        reasons: One sentence per decision, in the order they were taken, with its source.
        findings: What else there is to know.
        nearest: For an impossible question, the closest possible answers, smallest change first.
        as_of: The day the facts speak of (ISO 8601).
        download_bytes: Size of the wheels as they are downloaded; ``None`` if not known.
        image_bytes: Size of the wheels in the image, unpacked; ``None`` if not known.
        default_build: Whether the default package index has these very wheels.
        image: What is known of the base image, where one was asked for.
    """

    verdict: Verdict
    what: str
    python: str
    base_image: str
    as_of: str
    platform: str = "linux/amd64"
    framework: str | None = None
    version: str | None = None
    cuda_tag: str | None = None
    cuda: str | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    devel_image: str | None = None
    min_driver: str | None = None
    exact_driver: str | None = None
    capabilities: tuple[str, ...] = ()
    companions: Mapping[str, Companion] = field(default_factory=dict)
    accelerator: str | None = None
    device_nodes: tuple[str, ...] = ()
    docker_flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    download_bytes: int | None = None
    image_bytes: int | None = None
    image: ImageReport | None = None
    default_build: bool = False

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html(self)
