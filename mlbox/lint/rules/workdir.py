"""The rule about a WORKDIR that depends on the base image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import base_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Step

# Their images say no WORKDIR: it is the root.
_AT_ROOT = frozenset(
    {
        "alpine",
        "condaforge/miniforge3",
        "continuumio/miniconda3",
        "debian",
        "fedora",
        "nvidia/cuda",
        "python",
        "rockylinux",
        "scratch",
        "ubuntu",
    }
)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_SIMPLE = re.compile(r"(?:\./)?[\w.-]+(?:/[\w.-]+)*/?", re.ASCII)


def relative(image: Image) -> Iterator[Hit]:
    """The first WORKDIR begins wherever the base image's is."""
    known: set[int | None] = set()  # stages that begin at a WORKDIR, or set one
    for stage in image.used:
        if stage.stage.parent in known:
            known.add(stage.stage.index)
        elif _workdirs(stage):
            known.add(stage.stage.index)
            yield from _first(stage, image, base_of(image, stage.stage)[0])


def _workdirs(stage: StageActions) -> list[Step]:
    """Those of a stage, then those that an ONBUILD keeps for the image made of it."""
    found = [step for step, _ in stage.steps if step.instruction.name == "WORKDIR"]
    return sorted(found, key=lambda step: step.instruction.is_trigger)


def _first(stage: StageActions, image: Image, repository: str) -> Iterator[Hit]:
    """The first WORKDIR of a stage; those after it are meant from there."""
    for step in _workdirs(stage)[:1]:
        raw = step.instruction.arguments.text.strip()
        path = step.expand(raw)
        if not path or path.startswith(("/", "\\")) or _DRIVE.match(path):
            continue
        base = image.dockerfile.base(stage.stage).image or "the base image"
        span = step.instruction.arguments.span(0, len(raw))
        whole = f"/{path.removeprefix('./')}"
        sure = repository in _AT_ROOT and raw == path and _SIMPLE.fullmatch(path)
        yield Hit(
            span,
            what=f"WORKDIR {path} is relative, and no WORKDIR before it says from where.",
            why=f"It begins at the WORKDIR of {base}, and moves with it.",
            fix=f"Write WORKDIR {whole}.",
            edits=((Span(span.start, span.end), whole),) if sure and ".." not in path else (),
        )
