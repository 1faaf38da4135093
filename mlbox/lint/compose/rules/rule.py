"""What a rule about compose files is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlbox.lint.hit import Hit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlbox.findings import Severity
    from mlbox.lint.compose.model import Compose

__all__ = ["ComposeRule", "Hit"]


@dataclass(frozen=True)
class ComposeRule:
    """One rule about compose files.

    Attributes:
        code: ``"MLC101"``.
        slug: ``"gpu-not-requested"``.
        severity: What it usually is.
        autofix: ``"safe"``, ``"unsafe"``, or ``None`` if a program cannot mend it.
        title: One line.
        check: Compose file -> the places found.
    """

    code: str
    slug: str
    severity: Severity
    autofix: Literal["safe", "unsafe"] | None
    title: str
    check: Callable[[Compose], Iterable[Hit]]
