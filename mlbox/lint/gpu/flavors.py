"""The same image of another kind: ``-devel`` for ``-runtime``, where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.parse import Span
from mlbox.resolve import image_tags as tags
from mlbox.resolve.judge import judge

if TYPE_CHECKING:
    from mlbox.facts import Facts
    from mlbox.lint.gpu import GpuStage

_HAVE_KINDS = frozenset({tags.NVIDIA_CUDA, tags.PYTORCH})


def other_kind(stage: GpuStage, kind: str, facts: Facts) -> str | None:
    """The reference of a stage's base image in another kind; ``None`` if none is known.

    Args:
        stage: The stage.
        kind: ``"base"``, ``"runtime"`` or ``"devel"``.
        facts: The tables.
    """
    base = stage.base
    if base is None or base.repository not in _HAVE_KINDS or not base.flavor:
        return None
    if "@" in base.reference:
        return None
    other = base.reference.replace(f"-{base.flavor}", f"-{kind}")
    return other if judge(other, facts).exists else None


def to_kind(stage: GpuStage, kind: str, facts: Facts) -> tuple[tuple[Span, str], ...]:
    """The edit of FROM that takes the other kind; none if FROM does not say the kind itself."""
    word = stage.lineage[0].stage.image_word
    old = f"-{stage.base.flavor}" if stage.base else ""
    if word is None or word.raw.count(old) != 1 or other_kind(stage, kind, facts) is None:
        return ()
    at = word.span.start + word.raw.index(old)
    return ((Span(at, at + len(old)), f"-{kind}"),)
