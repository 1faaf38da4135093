"""What can be said of an image, and what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlbox.findings import Finding
    from mlbox.resolve.image_tags import Name


@dataclass(frozen=True, kw_only=True)
class ImageReport:
    """What is known of an image.

    Attributes:
        reference: As it was asked for.
        repository: The publisher's name of the repository, or as written if mlbox knows none.
        tag: Its tag; ``None`` where the reference has only a digest.
        exists: Whether the publisher has it; ``None`` if that is not known.
        cuda: CUDA version in it, as exact as known; ``None`` without, or if not known.
        os: ``"ubuntu22.04"``, ``"bookworm"``; ``None`` if not known.
        python: The Python in it, or the one its package manager has; ``None`` if not known.
        python_preinstalled: Whether a Python is in it.
        framework: ``"torch"`` or ``"tensorflow"``, if it brings one.
        release: The framework's release; ``None`` if not known.
        flavor: ``"base"``, ``"runtime"``, ``"devel"``, or ``None``.
        cudnn: Major version of cuDNN in it, ``"8"`` or ``"9"``, or ``None``.
        has_nvcc: Whether NVIDIA's compiler is in it; ``None`` if not known.
        require_cuda: The text of its NVIDIA_REQUIRE_CUDA; ``None`` if it has none or not known.
        refuses_driver: Whether it does not start with the driver because of that text; ``None`` if
            no driver was named, it depends on something, or is not known.
        instead: The reference it should be; ``None`` if it is fine as it is, or none is known.
        status: What the table says of it: ``"kept"``, ``"may be deleted"``, ...; else empty.
        source: Where this was read.
        confidence: How far to trust it.
        findings: What there is to know of it.
    """

    reference: str
    repository: str
    tag: str | None
    exists: bool | None
    cuda: str | None = None
    os: str | None = None
    python: str | None = None
    python_preinstalled: bool = False
    framework: str | None = None
    release: str | None = None
    flavor: str | None = None
    cudnn: str | None = None
    has_nvcc: bool | None = None
    require_cuda: str | None = None
    refuses_driver: bool | None = None
    instead: str | None = None
    status: str = ""
    source: str = "its name"
    confidence: str = "derived"
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """A reference taken apart, and where it is to start."""

    name: Name
    driver: str | None
    gpu_kind: str | None
    as_of: str


def added(report: ImageReport, *findings: Finding) -> ImageReport:
    """Return a report with more findings."""
    return replace(report, findings=(*report.findings, *findings)) if findings else report
