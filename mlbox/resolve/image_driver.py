"""Does an image start with a driver: what its NVIDIA_REQUIRE_CUDA asks."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.findings import Finding
from mlbox.resolve import image_tags as tags
from mlbox.resolve import require_cuda
from mlbox.resolve.image_report import added

if TYPE_CHECKING:
    from mlbox.facts import Image, RequireCuda
    from mlbox.findings import Severity
    from mlbox.resolve.image_index import ImageIndex
    from mlbox.resolve.image_report import ImageReport, Question
    from mlbox.resolve.require_cuda import Refusal


def with_driver(report: ImageReport, question: Question, index: ImageIndex) -> ImageReport:
    """Add what NVIDIA_REQUIRE_CUDA says, and whether it refuses the driver."""
    if report.exists is False:
        return report
    if not _carries(report):
        refuses = False if question.driver and _asks_nothing(report) else None
        return replace(report, refuses_driver=refuses)
    cuda = require_cuda.minor(report.cuda or "")
    row = index.requires.get(cuda)
    report = replace(report, require_cuda=row.clauses if row else None)
    if not question.driver:
        return report
    refusal = _refusal(cuda, question.driver, question.gpu_kind, index)
    report = replace(report, refuses_driver=refusal.refuses)
    return added(report, *_about_refusal(report, refusal, row, question, index))


def _carries(image: ImageReport | Image) -> bool:
    """Whether an image has NVIDIA_REQUIRE_CUDA, its own or that of the image it is made from."""
    made_from = image.repository == tags.PYTORCH and image.flavor == "devel"
    return bool(image.cuda) and (image.repository == tags.NVIDIA_CUDA or made_from)


def _asks_nothing(report: ImageReport) -> bool:
    """Whether an image is made from one without CUDA, so that it asks nothing of the driver."""
    if report.repository == tags.TENSORFLOW:
        return bool(report.exists) and "-gpu" not in (report.tag or "")
    return report.repository == tags.PYTHON or (
        report.repository == tags.PYTORCH and report.flavor == "runtime"
    )


@functools.lru_cache(maxsize=4096)
def _refusal(cuda: str, driver: str, gpu_kind: str | None, index: ImageIndex) -> Refusal:
    return require_cuda.refusal(
        index.requires.get(cuda), cuda=cuda, driver=driver, gpu_kind=gpu_kind, cudas=index.cudas
    )


def _about_refusal(
    report: ImageReport,
    refusal: Refusal,
    row: RequireCuda | None,
    question: Question,
    index: ImageIndex,
) -> tuple[Finding, ...]:
    driver = question.driver or ""
    where = f" (source: {row.source}; {row.confidence})" if row else ""
    if report.repository == tags.PYTORCH:
        where += "; derived: such images are made from nvidia/cuda"
    if refusal.refuses is False and not refusal.by_brand:
        return ()
    runs = require_cuda.runs_by_family(driver, report.cuda or "", index.cudas)
    if refusal.refuses is False:
        if runs:
            return ()
        return (_by_forward_compatibility(report, driver, f"{refusal.why[:-1]}{where}."),)
    certain = bool(refusal.refuses)
    severity: Severity = "error" if certain else "warning"
    verb = "does not start" if certain else "may not start"
    skip = (
        "set NVIDIA_DISABLE_REQUIRE=1 to skip the check: its programs may run by minor-version "
        "compatibility"
        if runs
        else f"skipping the check does not help, the driver is too old for CUDA {report.cuda}"
    )
    return (
        Finding(
            code="image-refuses-driver" if certain else "image-may-refuse-driver",
            severity=severity,
            what=f"{report.reference} {verb} with driver {driver}: NVIDIA_REQUIRE_CUDA in it.",
            why=f"{refusal.why[:-1]}{where}.",
            fix=f"Take an image of an older CUDA, or install a newer driver; {skip}.",
        ),
    )


def _by_forward_compatibility(report: ImageReport, driver: str, why: str) -> Finding:
    return Finding(
        code="image-needs-forward-compatibility",
        severity="warning",
        what=f"{report.reference} runs on driver {driver} only by forward compatibility.",
        why=f"{why} The driver is of an older family than CUDA {report.cuda}; data-center GPUs can "
        "use the newer libcuda in the image's /usr/local/cuda/compat.",
        fix="Install a newer driver, or take an image of an older CUDA.",
    )


def row_refuses(row: Image, question: Question, index: ImageIndex) -> bool | None:
    """Whether an image of the table refuses the question's driver."""
    if not _carries(row):
        return False
    cuda = require_cuda.minor(row.cuda)
    return _refusal(cuda, question.driver or "", question.gpu_kind, index).refuses
