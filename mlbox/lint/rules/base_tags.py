"""Which images their publishers do not have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.facts import numbers
from mlbox.resolve import image_tags as tags
from mlbox.resolve.builds import releases_of
from mlbox.resolve.judge import judge

if TYPE_CHECKING:
    from mlbox.facts import Facts
    from mlbox.lint.references import Reference
    from mlbox.resolve.image_report import ImageReport

_HUB_REPOSITORIES = (tags.NVIDIA_CUDA, tags.PYTORCH, tags.TENSORFLOW)
_NGC_PATHS = ("nvidia/pytorch", "nvidia/cuda")
_SURE = frozenset({"multi", "single", "observed", "derived"})
_CUDNN = re.compile(r"cudnn\d*")
_FLAVORS = ("base", "runtime", "devel")
_SYSTEM = re.compile(r"(?:ubuntu|ubi|rockylinux|centos|oraclelinux)[\d.]+")
_UBUNTU = re.compile(r"ubuntu\d\d\.04")
# The first CUDA that NVIDIA made packages of for a system, by the release notes of CUDA.
_FIRST_CUDA = {"ubuntu22.04": (11, 7), "ubuntu24.04": (12, 5)}
_LATER = 3  # minor releases after which a release gets no more patches
_FULL = 3


@dataclass(frozen=True, kw_only=True)
class Nonexistent:
    """Why there is no such image.

    Attributes:
        why: The reason, and its source.
        instead: The nearest one that exists; ``None`` if none is known.
        sure: Whether that is certain.
    """

    why: str
    instead: str | None
    sure: bool = True


def judged(text: str, facts: Facts) -> ImageReport | None:
    """What is known of an image; ``None`` if the text is no reference."""
    try:
        return judge(text, facts)
    except SpecError:
        return None


def exists(text: str, facts: Facts) -> bool:
    """Whether an image surely exists."""
    report = judged(text, facts)
    return report is not None and report.exists is True


@lru_cache(maxsize=1024)
def nonexistent(reference: Reference, facts: Facts) -> Nonexistent | None:
    """Say why there is no such image; ``None`` if there is one, or that is not known."""
    if reference.digest or not _is_known(reference) or _is_newer(reference, facts):
        return None
    report = judged(reference.text, facts)
    if report is None:
        return None
    if report.exists is False:
        finding = next(item for item in report.findings if item.code == "image-does-not-exist")
        return Nonexistent(why=finding.why, instead=report.instead, sure=report.confidence in _SURE)
    if report.exists is True:
        return None
    why = _by_rule(reference, facts)
    if why is None:
        return None
    instead = _reordered(reference, facts) or report.instead
    return Nonexistent(why=f"{why} (the publisher's naming of its images).", instead=instead)


def _is_known(reference: Reference) -> bool:
    """Whether it is a publisher's own repository, not a mirror of one."""
    if reference.registry == "nvcr.io":
        return reference.path in _NGC_PATHS
    return reference.is_hub(*_HUB_REPOSITORIES)


def _is_newer(reference: Reference, facts: Facts) -> bool:
    """Whether a tag is of a release that is newer than all that the tables have."""
    match = re.match(r"\d+(?:\.\d+)*", reference.tag or "")
    if match is None:
        return False
    if reference.path == tags.NVIDIA_CUDA:
        known = [row.version for row in facts.cudas]
    elif reference.path == tags.PYTORCH:
        known = list(releases_of("torch", facts))
    else:
        return False
    return numbers(match[0]) > max(map(numbers, known), default=())


def _by_rule(reference: Reference, facts: Facts) -> str | None:
    tag = reference.tag or "latest"
    if reference.path == tags.NVIDIA_CUDA:
        return _cuda(tag, facts)
    if reference.path == tags.PYTORCH:
        return _torch(tag, facts)
    if reference.path == tags.TENSORFLOW:
        return _tensorflow(tag, facts)
    return None


def _cuda(tag: str, facts: Facts) -> str | None:
    version, *rest = tag.split("-")
    if not re.fullmatch(r"\d+(?:\.\d+){0,2}", version) or numbers(version) < (11,):
        return None
    if any(part.startswith("alpine") for part in rest):
        return "CUDA needs glibc, so there are none on Alpine"
    parsed = tags.cuda_tag(tag)
    if parsed is None:
        return _order(version, rest)
    return _system(parsed) or _release(version, facts)


def _order(version: str, rest: list[str]) -> str | None:
    """The parts are known, but in another order than the publisher's."""
    if rest and sorted(rest, key=_rank) != rest and all(_rank(part) < len("abc") for part in rest):
        right = "-".join([version, *sorted(rest, key=_rank)])
        return f"The parts of its tags stand in the order X.Y.Z-CUDNN-FLAVOR-SYSTEM: {right}"
    return None


def _rank(part: str) -> int:
    if _CUDNN.fullmatch(part):
        return 0
    if part in _FLAVORS:
        return 1
    return 2 if _SYSTEM.fullmatch(part) else 3


def _system(tag: tags.CudaTag) -> str | None:
    if tag.os.startswith("ubuntu") and not _UBUNTU.fullmatch(tag.os):
        return "Its images on Ubuntu are of long-term releases, written like ubuntu22.04"
    first = _FIRST_CUDA.get(tag.os)
    if first and numbers(tag.version)[:2] < first:
        return f"Its images on {tag.os} begin with CUDA {'.'.join(map(str, first))}"
    return None


def _release(version: str, facts: Facts) -> str | None:
    known = [numbers(row.version) for row in facts.cudas]
    wanted = numbers(version)
    if len(wanted) < _FULL or not known or wanted in known:
        return None
    later = {row[:2] for row in known if row[0] == wanted[0] and row[:2] > wanted[:2]}
    same = [row for row in known if row[:2] == wanted[:2]]
    if len(later) < _LATER or not same:
        return None
    return f"There is no CUDA {version}, only {', '.join('.'.join(map(str, row)) for row in same)}"


def _torch(tag: str, facts: Facts) -> str | None:
    parsed = tags.torch_tag(tag)
    return _unreleased("torch", parsed.release, facts) if parsed else None


def _tensorflow(tag: str, facts: Facts) -> str | None:
    parsed = tags.tensorflow_tag(tag)
    if parsed is None or numbers(parsed.release) < (2, 2):
        return None
    if len(numbers(parsed.release)) < _FULL:
        return "Its tags name the whole release, X.Y.Z, X.Y.Z-gpu or X.Y.Z-gpu-jupyter"
    return _unreleased("tensorflow", parsed.release, facts)


def _unreleased(framework: str, release: str, facts: Facts) -> str | None:
    """A release between known ones that is not known was never made."""
    known = sorted(numbers(text) for text in releases_of(framework, facts))
    wanted = numbers(release)
    if len(wanted) < _FULL or not known or wanted in known or wanted < known[0]:
        return None
    same = [row for row in known if row[:2] == wanted[:2]]
    later = {row[:2] for row in known if row[:2] > wanted[:2]}
    if not same or len(later) < _LATER:
        return None
    names = ", ".join(".".join(map(str, row)) for row in same)
    return f"There is no {framework} {release}, only {names}"


def _reordered(reference: Reference, facts: Facts) -> str | None:
    """The tag with its parts in the publisher's order, if that exists."""
    version, *rest = (reference.tag or "").split("-")
    text = f"{reference.name}:{'-'.join([version, *sorted(rest, key=_rank)])}"
    return text if text != reference.text and exists(text, facts) else None
