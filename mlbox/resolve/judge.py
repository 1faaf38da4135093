"""What is known of an image by its reference: does it exist, what is in it, does it start."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.facts import numbers
from mlbox.findings import Finding
from mlbox.resolve import image_tags as tags
from mlbox.resolve import require_cuda
from mlbox.resolve.nearest_image import nearest_image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlbox.facts import Cuda, Facts, Image, RequireCuda
    from mlbox.findings import Severity
    from mlbox.resolve.require_cuda import Refusal

SYSTEM_PYTHONS = {  # of package python3: packages.ubuntu.com, packages.debian.org
    "ubuntu16.04": "3.5",
    "ubuntu18.04": "3.6",
    "ubuntu20.04": "3.8",
    "ubuntu22.04": "3.10",
    "ubuntu23.04": "3.11",
    "ubuntu23.10": "3.11",
    "ubuntu24.04": "3.12",
    "ubuntu24.10": "3.12",
    "ubuntu25.04": "3.13",
    "ubuntu25.10": "3.13",
    "ubuntu26.04": "3.14",
    "debian10": "3.7",
    "debian11": "3.9",
    "debian12": "3.11",
    "debian13": "3.13",
}
_OLD_GLIBC = {"ubuntu16.04": "2.23", "ubuntu18.04": "2.27", "centos7": "2.17", "ubi7": "2.17"}
_FRAMEWORKS = {
    tags.PYTORCH: "torch",
    tags.TENSORFLOW: "tensorflow",
    tags.NGC_PYTORCH: "torch",
}
_DRIVER = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_SLIM_SYSTEM = "bookworm"


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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Index:
    """The tables, arranged for looking up."""

    by_tag: dict[tuple[str, str], Image]
    by_repository: dict[str, tuple[Image, ...]]
    torch_cudas: dict[str, tuple[str, ...]]
    requires: dict[str, RequireCuda]
    cudas: tuple[Cuda, ...]
    releases: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _Question:
    """A reference taken apart, and where it is to start."""

    name: tags.Name
    driver: str | None
    gpu_kind: str | None
    as_of: str


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
    index = _index(facts)
    name = tags.take_apart(reference, index.by_repository)
    if driver is not None and not _DRIVER.fullmatch(driver):
        raise SpecError(
            f"{driver!r} is not a driver version.",
            why="NVIDIA's drivers are numbered like 535.183.01.",
            fix="Give what nvidia-smi prints as its driver version.",
        )
    if name.repository is None:
        return _of_unknown_repository(reference, name)
    question = _Question(name=name, driver=driver, gpu_kind=gpu_kind, as_of=facts.as_of)
    report = _existing(reference, name.repository, question, index)
    report = _with_contents(report)
    report = _with_driver(report, question, index)
    return _with_instead(report, question, index)


# --- does it exist -----------------------------------------------------------------------------


def _of_unknown_repository(reference: str, name: tags.Name) -> ImageReport:
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


def _existing(reference: str, repository: str, question: _Question, index: _Index) -> ImageReport:
    """The report without what follows from it: row or rule, and whether it exists."""
    tag = question.name.tag
    report = ImageReport(reference=reference, repository=repository, tag=tag, exists=None)
    if question.name.digest:
        row = index.by_tag.get((repository, tag or ""))
        known = _from_row(report, row) if row and row.status != "absent" else report
        return _added(replace(known, exists=None), _by_digest(question.name))
    row = index.by_tag.get((repository, tag or "")) or _named_like(repository, tag or "", index)
    rule = _rule(repository, tag or "", index)
    if row and row.status != "absent" and row.confidence != "unverified":
        return _added(_from_row(report, row), *_about_status(row, reference))
    if rule or (row and row.status == "absent"):
        why = rule or (row.notes if row else "")
        source = row.source if row else "the publisher's naming of its images"
        confidence = row.confidence if row else "derived"
        return _added(
            replace(report, exists=False, status="absent", source=source, confidence=confidence),
            _nonexistent(reference, why, source),
        )
    if _moves(repository, tag or ""):
        return _added(replace(_from_name(report), status="moving"), _moving(reference, "its name"))
    return _added(_from_name(report), _not_seen(reference, repository, row, question))


def _named_like(repository: str, tag: str, index: _Index) -> Image | None:
    """The row of the slim image that a full Python image stands beside."""
    python = tags.python_tag(tag) if repository == tags.PYTHON else None
    if not python or python.slim:
        return None
    return index.by_tag.get(
        (repository, "-".join(filter(None, (python.version, "slim", python.os))))
    )


def _rule(repository: str, tag: str, index: _Index) -> str | None:
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


def _from_row(report: ImageReport, row: Image) -> ImageReport:
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


def _not_seen(reference: str, repository: str, row: Image | None, question: _Question) -> Finding:
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


# --- what is in it -----------------------------------------------------------------------------


def _with_contents(report: ImageReport) -> ImageReport:
    """Add what follows from the kind of image: its Python, compiler and C library."""
    if report.exists is False:
        return report
    report = replace(report, has_nvcc=_has_nvcc(report))
    if report.repository == tags.NVIDIA_CUDA:
        python = SYSTEM_PYTHONS.get(report.os or "")
        report = _added(replace(report, python=python), _without_python(python))
    else:
        report = replace(report, python_preinstalled=True)
    return _added(report, *_about_libraries(report), *_about_framework(report))


def _has_nvcc(report: ImageReport) -> bool | None:
    if report.flavor:
        return report.flavor == "devel"
    return False if report.repository == tags.PYTHON else None


def _without_python(python: str | None) -> Finding:
    system = f"its system's packages have {python}" if python else "it has to be installed"
    return Finding(
        code="image-without-python",
        severity="info",
        what=f"There is no Python in it: {system}.",
        why="The images of nvidia/cuda have CUDA alone.",
    )


def _about_libraries(report: ImageReport) -> tuple[Finding, ...]:
    system = report.os or ""
    if system.startswith("alpine"):
        return (
            Finding(
                code="image-musl",
                severity="error",
                what="Alpine has no glibc: the wheels of torch, tensorflow and jax do not install.",
                why="They are manylinux wheels, made for glibc; Alpine's C library is musl.",
                fix="Take an image on Debian: the same tag with -slim-bookworm.",
            ),
        )
    if system in _OLD_GLIBC:
        return (
            Finding(
                code="image-old-glibc",
                severity="warning",
                what=f"Its glibc {_OLD_GLIBC[system]} is too old for torch 2.7.0 and newer.",
                why=f"Their wheels are manylinux_2_28; {system} is older.",
                fix="Take an image on Ubuntu 20.04 or newer, or torch 2.6.0 or older.",
            ),
        )
    if report.repository == tags.PYTHON and not system and report.exists:
        return (
            Finding(
                code="image-moving-system",
                severity="info",
                what="Its Debian release changes with time.",
                why="Its tag names none.",
                fix=f"Name one: -{_SLIM_SYSTEM}.",
            ),
        )
    return ()


def _about_framework(report: ImageReport) -> tuple[Finding, ...]:
    if not report.framework:
        return ()
    what = f"It brings its own {report.framework}, over which none is installed."
    why = "Another build over it would not fit its other libraries."
    if report.repository == tags.NGC_PYTORCH:
        why = "It is a pre-release build of NVIDIA's, not the release on the package index."
    return (Finding(code="image-brings-framework", severity="info", what=what, why=why),)


# --- does it start -----------------------------------------------------------------------------


def _with_driver(report: ImageReport, question: _Question, index: _Index) -> ImageReport:
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
    return _added(report, *_about_refusal(report, refusal, row, question, index))


def _carries(report: ImageReport) -> bool:
    """Whether an image has NVIDIA_REQUIRE_CUDA, its own or that of the image it is made from."""
    made_from = report.repository == tags.PYTORCH and report.flavor == "devel"
    return bool(report.cuda) and (report.repository == tags.NVIDIA_CUDA or made_from)


def _asks_nothing(report: ImageReport) -> bool:
    """Whether an image is made from one without CUDA, so that it asks nothing of the driver."""
    if report.repository == tags.TENSORFLOW:
        return bool(report.exists) and "-gpu" not in (report.tag or "")
    return report.repository == tags.PYTHON or (
        report.repository == tags.PYTORCH and report.flavor == "runtime"
    )


@functools.lru_cache(maxsize=4096)
def _refusal(cuda: str, driver: str, gpu_kind: str | None, index: _Index) -> Refusal:
    return require_cuda.refusal(
        index.requires.get(cuda), cuda=cuda, driver=driver, gpu_kind=gpu_kind, cudas=index.cudas
    )


def _about_refusal(
    report: ImageReport,
    refusal: Refusal,
    row: RequireCuda | None,
    question: _Question,
    index: _Index,
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


# --- what it should be -------------------------------------------------------------------------


def _with_instead(report: ImageReport, question: _Question, index: _Index) -> ImageReport:
    """Add the image that it should be, if it is not fine as it is."""
    if question.name.digest:
        return report
    row: Image | None = None
    if report.refuses_driver:
        row = _accepting(report, question, index)
    elif _needs_another(report):
        rows = _offered(report.repository, index)
        row = nearest_image(report.repository, report.tag or "", rows)
        refuses = _refuses(row, question, index) if row and question.driver else False
        # of "latest" any version will do: then one that surely starts
        if row and (refuses or (refuses is None and report.tag == "latest")):
            row = _accepting(_from_row(report, row), question, index) or row
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


def _refuses(row: Image, question: _Question, index: _Index) -> bool | None:
    """Whether an image of the table refuses the question's driver."""
    nvidia = row.repository == tags.NVIDIA_CUDA
    if not (row.cuda and (nvidia or (row.repository == tags.PYTORCH and row.flavor == "devel"))):
        return False
    cuda = require_cuda.minor(row.cuda)
    return _refusal(cuda, question.driver or "", question.gpu_kind, index).refuses


def _accepting(report: ImageReport, question: _Question, index: _Index) -> Image | None:
    """The newest image like this one that starts with the driver; its own release for torch."""
    alike = [
        row
        for row in _offered(report.repository, index)
        if bool(row.cudnn) == bool(report.cudnn)
        and (row.release or None) == report.release
        and numbers(row.cuda) <= numbers(report.cuda or "")
        and _refuses(row, question, index) is False
    ]
    same_flavor = [row for row in alike if row.flavor == report.flavor]
    same_system = [row for row in same_flavor if row.os == (report.os or "")]
    return max(
        same_system or same_flavor or alike,
        key=lambda row: (row.status == "kept", numbers(row.cuda), numbers(row.os)),
        default=None,
    )


def _offered(repository: str, index: _Index) -> list[Image]:
    """The images that may be proposed."""
    return [
        row
        for row in index.by_repository.get(repository, ())
        if row.status in {"kept", "may be deleted"} and row.confidence != "unverified"
    ]


def _added(report: ImageReport, *findings: Finding) -> ImageReport:
    return replace(report, findings=(*report.findings, *findings)) if findings else report


@functools.lru_cache(maxsize=4)
def _index(facts: Facts) -> _Index:
    return _Index(
        by_tag={(row.repository, row.tag): row for row in facts.images},
        by_repository=_grouped(facts.images),
        torch_cudas=_torch_cudas(facts.images),
        requires={row.cuda: row for row in facts.requires},
        cudas=facts.cudas,
        releases=frozenset(row.version for row in facts.cudas),
    )


def _grouped(images: Iterable[Image]) -> dict[str, tuple[Image, ...]]:
    groups: dict[str, list[Image]] = {}
    for row in images:
        groups.setdefault(row.repository, []).append(row)
    return {repository: tuple(rows) for repository, rows in groups.items()}


def _torch_cudas(images: Iterable[Image]) -> dict[str, tuple[str, ...]]:
    """The CUDA versions pytorch/pytorch has, by release of torch, as far as all are known."""
    found: dict[str, dict[str, None]] = {}
    for row in images:
        if row.repository == tags.PYTORCH and row.cuda and row.confidence != "unverified":
            found.setdefault(row.release, {})[row.cuda] = None
    return {release: tuple(cudas) for release, cudas in found.items()}
