"""The tables of images, arranged for looking up."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.resolve import image_tags as tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlbox.facts import Cuda, Facts, Image, RequireCuda


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageIndex:
    """The tables, arranged for looking up."""

    by_tag: dict[tuple[str, str], Image]
    by_repository: dict[str, tuple[Image, ...]]
    torch_cudas: dict[str, tuple[str, ...]]
    requires: dict[str, RequireCuda]
    cudas: tuple[Cuda, ...]
    releases: frozenset[str]


@functools.lru_cache(maxsize=4)
def image_index(facts: Facts) -> ImageIndex:
    """Arrange the tables, once."""
    return ImageIndex(
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
