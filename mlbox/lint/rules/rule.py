"""What a rule is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlbox.lint.hit import Hit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlbox.findings import Severity
    from mlbox.lint.image import Image

__all__ = ["Hit", "Rule"]


@dataclass(frozen=True)
class Rule:
    """One rule about Dockerfiles.

    Attributes:
        code: ``"MLD106"``.
        slug: ``"driver-in-image"``.
        severity: What it usually is.
        autofix: ``"safe"``, ``"unsafe"``, or ``None`` if a program cannot mend it.
        title: One line.
        check: Image -> the places found.
    """

    code: str
    slug: str
    severity: Severity
    autofix: Literal["safe", "unsafe"] | None
    title: str
    check: Callable[[Image], Iterable[Hit]]
