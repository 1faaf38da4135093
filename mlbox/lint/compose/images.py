"""What kind of image a service runs, as far as names and Dockerfiles say."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.lint.compose.built import built_image
from mlbox.resolve import image_tags as tags
from mlbox.resolve.judge import judge

if TYPE_CHECKING:
    from mlbox.facts import Facts
    from mlbox.lint.compose.built import Built
    from mlbox.lint.compose.model import Compose, Service
    from mlbox.resolve.image_report import ImageReport


class ImageKind(Enum):
    """What is in an image that matters here."""

    TORCH = "torch"
    NGC = "ngc"
    CUDA = "cuda"
    PYTHON = "python"
    OTHER = "other"
    UNKNOWN = "unknown"

    @property
    def has_torch(self) -> bool:
        """Whether torch is in it."""
        return self in (ImageKind.TORCH, ImageKind.NGC)

    @property
    def runs_as_root(self) -> bool:
        """Whether it is known to run as root unless told otherwise."""
        return self in (ImageKind.TORCH, ImageKind.NGC, ImageKind.CUDA, ImageKind.PYTHON)


def report_of(reference: str, facts: Facts) -> ImageReport | None:
    """What the tables say of an image; ``None`` if that is no image reference."""
    try:
        return judge(reference, facts)
    except SpecError:
        return None


def kind_of(service: Service, compose: Compose) -> ImageKind:
    """What kind of image a service runs."""
    if service.build is not None:
        built = built_image(service, compose)
        return _kind_of_built(built, compose) if built else ImageKind.UNKNOWN
    image = service.image
    if image is None or image.text is None:
        return ImageKind.UNKNOWN
    return kind_of_reference(image.text, compose.facts)


def kind_of_reference(reference: str, facts: Facts) -> ImageKind:
    """What kind of image a reference names."""
    report = report_of(reference, facts)
    if report is None:
        return ImageKind.UNKNOWN
    repository = report.repository
    if repository.startswith("nvcr.io/nvidia/"):
        is_framework = repository.rpartition("/")[2] in ("pytorch", "nemo")
        return ImageKind.NGC if is_framework else ImageKind.OTHER
    if report.framework == "torch":
        return ImageKind.TORCH
    if repository == tags.NVIDIA_CUDA:
        return ImageKind.CUDA
    if repository in (tags.PYTHON, tags.TENSORFLOW):
        return ImageKind.PYTHON
    return ImageKind.UNKNOWN


def _kind_of_built(built: Built, compose: Compose) -> ImageKind:
    kind = kind_of_reference(built.base, compose.facts) if built.base else ImageKind.UNKNOWN
    if kind.has_torch or built.stage is None:
        return kind
    for part in built.image.lineage(built.image.dockerfile.stages[built.stage]):
        for install in part.installs:
            if install.named("torch", "torchvision", "pytorch-lightning", "lightning"):
                return ImageKind.TORCH if kind.runs_as_root else kind
    return kind
