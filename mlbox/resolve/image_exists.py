"""Does an image exist: by its row in the tables, by its publisher's rules, by its name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.findings import Finding
from mlbox.resolve import image_tags as tags
from mlbox.resolve import require_cuda
from mlbox.resolve.image_report import ImageReport, added

if TYPE_CHECKING:
    from mlbox.facts import Image
    from mlbox.resolve.image_index import ImageIndex
    from mlbox.resolve.image_report import Question


_FRAMEWORKS = {
    tags.PYTORCH: "torch",
    tags.TENSORFLOW: "tensorflow",
    tags.NGC_PYTORCH: "torch",
}


def of_unknown_repository(reference: str, name: tags.Name) -> ImageReport:
    """Say that nothing is known of a repository."""
    return ImageReport(
        reference=reference,
        repository=name.written,
        tag=name.tag,
        exists=None,
        confidence="unverified",
        findings=(
            Finding(
                code="image-unknown-repository",
                severity="info",
                what=f"mlbox knows nothing of the images of {name.written}.",
                why="Its tables have no image of that repository.",
            ),
        ),
    )


def existing(reference: str, repository: str, question: Question, index: ImageIndex) -> ImageReport:
    """The report without what follows from it: row or rule, and whether it exists."""
    tag = question.name.tag
    report = ImageReport(reference=reference, repository=repository, tag=tag, exists=None)
    if question.name.digest:
        row = index.by_tag.get((repository, tag or ""))
        known = from_row(report, row) if row and row.status != "absent" else report
        return added(replace(known, exists=None), _by_digest(question.name))
    row = index.by_tag.get((repository, tag or "")) or _named_like(repository, tag or "", index)
    rule = _rule(repository, tag or "", index)
    if row and row.status != "absent" and row.confidence != "unverified":
        return added(from_row(report, row), *_about_status(row, reference))
    if rule or (row and row.status == "absent"):
        why = rule or (row.notes if row else "")
        source = row.source if row else "the publisher's naming of its images"
        confidence = row.confidence if row else "derived"
        return added(
            replace(report, exists=False, status="absent", source=source, confidence=confidence),
            _nonexistent(reference, why, source),
        )
    if _moves(repository, tag or ""):
        return added(replace(_from_name(report), status="moving"), _moving(reference, "its name"))
    return added(_from_name(report), _not_seen(reference, repository, row, question))


def _named_like(repository: str, tag: str, index: ImageIndex) -> Image | None:
    """The row of the slim image that a full Python image stands beside."""
    python = tags.python_tag(tag) if repository == tags.PYTHON else None
    if not python or python.slim:
        return None
    return index.by_tag.get(
        (repository, "-".join(filter(None, (python.version, "slim", python.os))))
    )


def _rule(repository: str, tag: str, index: ImageIndex) -> str | None:
    """Why a tag cannot exist."""
    if repository == tags.NVIDIA_CUDA:
        if tag == "latest":
            return 'The tag "latest" was removed: its tags name a CUDA version.'
        cuda = tags.cuda_tag(tag)
        return tags.impossible_cuda(cuda, index.releases) if cuda else None
    if repository == tags.PYTORCH:
        torch = tags.torch_tag(tag)
        return tags.impossible_torch(torch, index.torch_cudas) if torch else None
    ngc = tags.ngc_tag(tag) if repository == tags.NGC_PYTORCH else None
    return tags.impossible_ngc(ngc) if ngc else None


def from_row(report: ImageReport, row: Image) -> ImageReport:
    """Add what a row of the table says."""
    return replace(
        report,
        exists=True,
        cuda=row.cuda or None,
        os=row.os or None,
        python=row.python or None,
        framework=row.framework or None,
        release=row.release or None,
        flavor=row.flavor or None,
        cudnn=row.cudnn or None,
        status=row.status,
        source=row.source,
        confidence=row.confidence,
    )


def _from_name(report: ImageReport) -> ImageReport:
    """What a tag that was not seen says by itself."""
    tag = report.tag or ""
    report = replace(report, framework=_FRAMEWORKS.get(report.repository))
    if report.repository == tags.NVIDIA_CUDA and (cuda := tags.cuda_tag(tag)):
        return replace(
            report,
            cuda=cuda.version,
            os=cuda.os or None,
            flavor=cuda.flavor or None,
            cudnn=(cuda.cudnn.removeprefix("cudnn") or "9") if cuda.cudnn else None,
        )
    if report.repository == tags.PYTORCH and (torch := tags.torch_tag(tag)):
        return replace(
            report,
            cuda=torch.cuda or None,
            release=torch.release,
            flavor=torch.flavor or None,
            cudnn=torch.cudnn or None,
        )
    if report.repository == tags.TENSORFLOW and (flow := tags.tensorflow_tag(tag)):
        return replace(report, release=flow.release)
    if report.repository == tags.PYTHON and (python := tags.python_tag(tag)):
        known = numbers(python.version)[1:]
        version = require_cuda.minor(python.version) if known else None
        return replace(report, python=version, os=python.os or None)
    return report


def _about_status(row: Image, reference: str) -> tuple[Finding, ...]:
    """What a row's status, and how it came to be known, say of the image."""
    found: list[Finding] = []
    if row.status == "may be deleted":
        found.append(
            Finding(
                code="image-may-be-deleted",
                severity="warning",
                what=f"{reference} is no longer supported and may be deleted.",
                why="NVIDIA deletes images six months after their driver branch has ended (gitlab "
                f"cuda issue 177); that it exists: {row.source}.",
                fix="Name it by its digest and keep a copy, or take an image of a newer CUDA.",
            )
        )
    if row.status == "moving":
        found.append(_moving(reference, row.source))
    if row.status == "broken":
        found.append(
            Finding(
                code="image-reported-broken",
                severity="warning",
                what=f"{reference} is reported not to work.",
                why=f"{row.notes} (source: {row.source}).",
                fix="Try it before you rely on it, or take another release.",
            )
        )
    if row.status == "end of life":
        found.append(
            Finding(
                code="image-end-of-life",
                severity="warning",
                what=f"Python {row.python} gets no more security fixes.",
                why=f"It is at its end of life (source: {row.source}).",
                fix="Take a newer Python where the packages allow it.",
            )
        )
    if row.confidence == "recollected":
        found.append(
            Finding(
                code="image-recollected",
                severity="info",
                what=f"What is said of {reference} has no source at hand.",
                why=f"It is recollected (source: {row.source}).",
            )
        )
    return tuple(found)


def _moving(reference: str, source: str) -> Finding:
    return Finding(
        code="image-moving-tag",
        severity="warning",
        what=f"{reference} is another image after every release.",
        why=f"Its tag names no release (source: {source}).",
        fix="Name a release.",
    )


def _moves(repository: str, tag: str) -> bool:
    """Whether a tag follows the newest release."""
    python = tags.python_tag(tag) if repository == tags.PYTHON else None
    return tag.startswith("latest") or (
        repository == tags.PYTHON and (not python or "." not in python.version)
    )


def _nonexistent(reference: str, why: str, source: str) -> Finding:
    return Finding(
        code="image-does-not-exist",
        severity="error",
        what=f"There is no image {reference}.",
        why=f"{why[:1].upper()}{why[1:].rstrip('.')} (source: {source}).",
        fix="Take one that exists.",
    )


def _not_seen(reference: str, repository: str, row: Image | None, question: Question) -> Finding:
    why = f"{row.source}." if row else "The tables list what was seen, which is not all there is."
    python = tags.python_tag(question.name.tag or "") if repository == tags.PYTHON else None
    # of Python's images the table leaves out patch releases and all variants but slim
    listed = not python or (python.slim and python.version.count(".") == 1)
    return Finding(
        code="image-not-seen",
        severity="warning" if listed else "info",
        what=f"Whether {reference} exists is not known: it was not seen as of {question.as_of}.",
        why=why[:1].upper() + why[1:],
    )


def _by_digest(name: tags.Name) -> Finding:
    which = f"what is said here is of the tag {name.tag}" if name.tag else "its tag is not known"
    return Finding(
        code="image-by-digest",
        severity="info",
        what=f"The digest decides which image it is; {which}.",
        why="A registry looks at the digest only.",
    )
