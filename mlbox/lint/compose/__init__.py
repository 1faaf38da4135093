"""Compose files: read, merged, and judged. Pure: texts in, findings out."""

from __future__ import annotations

from mlbox.lint.compose.check import check_compose

__all__ = ["check_compose"]
