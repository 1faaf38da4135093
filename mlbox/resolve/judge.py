"""What is known of an image by its reference: does it exist, what is in it, does it start."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.facts import numbers
from mlbox.resolve import image_tags as tags
from mlbox.resolve.image_contents import with_contents
from mlbox.resolve.image_driver import row_refuses, with_driver
from mlbox.resolve.image_exists import existing, from_row, of_unknown_repository
from mlbox.resolve.image_index import image_index
from mlbox.resolve.image_report import Question
from mlbox.resolve.nearest_image import nearest_image

if TYPE_CHECKING:
    from mlbox.facts import Facts, Image
    from mlbox.findings import Finding
    from mlbox.resolve.image_index import ImageIndex
    from mlbox.resolve.image_report import ImageReport


_DRIVER = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def judge(
    reference: str,
    facts: Facts,
    *,
    driver: str | None = None,
    gpu_kind: str | None = None,
) -> ImageReport:
    """Say what is known of an image, and what it should be instead.

    Args:
        reference: ``"nvidia/cuda:12.8.1-devel-ubuntu22.04"``, with or without registry and digest.
        facts: The tables of images, of NVIDIA_REQUIRE_CUDA, and of CUDA with its drivers.
        driver: The NVIDIA driver it is to start with, ``"535.183.01"``, or a branch, ``"535"``.
        gpu_kind: ``"data center"``, ``"workstation"`` or ``"consumer"``; ``None`` for any.

    Raises:
        SpecError: It is not an image reference, or not a driver version.
    """
    index = image_index(facts)
    name = tags.take_apart(reference, index.by_repository)
    if driver is not None and not _DRIVER.fullmatch(driver):
        raise SpecError(
            f"{driver!r} is not a driver version.",
            why="NVIDIA's drivers are numbered like 535.183.01.",
            fix="Give what nvidia-smi prints as its driver version.",
        )
    if name.repository is None:
        return of_unknown_repository(reference, name)
    question = Question(name=name, driver=driver, gpu_kind=gpu_kind, as_of=facts.as_of)
    report = existing(reference, name.repository, question, index)
    report = with_contents(report)
    report = with_driver(report, question, index)
    return _with_instead(report, question, index)


# --- what it should be -------------------------------------------------------------------------


def _with_instead(report: ImageReport, question: Question, index: ImageIndex) -> ImageReport:
    """Add the image that it should be, if it is not fine as it is."""
    if question.name.digest:
        return report
    row: Image | None = None
    if report.refuses_driver:
        row = _accepting(report, question, index)
    elif _needs_another(report):
        rows = _offered(report.repository, index)
        row = nearest_image(report.repository, report.tag or "", rows)
        refuses = row_refuses(row, question, index) if row and question.driver else False
        # of "latest" any version will do: then one that surely starts
        if row and (refuses or (refuses is None and report.tag == "latest")):
            row = _accepting(from_row(report, row), question, index) or row
    if row is None or row.tag == report.tag:
        return report
    instead = f"{question.name.written}:{row.tag}"
    aging = " (no longer supported, it may be deleted)" if row.status == "may be deleted" else ""
    findings = _with_fix(report.findings, f"{instead}{aging}")
    return replace(report, instead=instead, findings=findings)


def _needs_another(report: ImageReport) -> bool:
    return report.exists is not True or report.status == "moving"


def _with_fix(findings: tuple[Finding, ...], instead: str) -> tuple[Finding, ...]:
    """The findings, with the image to take named where the fix is to take another."""
    named = {
        "image-does-not-exist": f"Take {instead}.",
        "image-moving-tag": f"Name a release: {instead}.",
        "image-musl": f"Take {instead}.",
        "image-not-seen": f"If it does not exist, take {instead}.",
    }
    refused = ("image-refuses-driver", "Take an image of an older CUDA", f"Take {instead}")
    return tuple(
        replace(f, fix=named[f.code])
        if f.code in named
        else replace(f, fix=f.fix.replace(refused[1], refused[2]))
        if f.code == refused[0]
        else f
        for f in findings
    )


def _accepting(report: ImageReport, question: Question, index: ImageIndex) -> Image | None:
    """The newest image like this one that starts with the driver; its own release for torch."""
    alike = [
        row
        for row in _offered(report.repository, index)
        if bool(row.cudnn) == bool(report.cudnn)
        and (row.release or None) == report.release
        and numbers(row.cuda) <= numbers(report.cuda or "")
        and row_refuses(row, question, index) is False
    ]
    same_flavor = [row for row in alike if row.flavor == report.flavor]
    same_system = [row for row in same_flavor if row.os == (report.os or "")]
    return max(
        same_system or same_flavor or alike,
        key=lambda row: (row.status == "kept", numbers(row.cuda), numbers(row.os)),
        default=None,
    )


def _offered(repository: str, index: ImageIndex) -> list[Image]:
    """The images that may be proposed."""
    return [
        row
        for row in index.by_repository.get(repository, ())
        if row.status in {"kept", "may be deleted"} and row.confidence != "unverified"
    ]
