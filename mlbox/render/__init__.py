"""Plans as text. Rendering the same plan twice gives the same bytes."""

from mlbox.render.dockerfile import render_dockerfile

__all__ = ["render_dockerfile"]
