"""What lies beside a file, as rules ask about it."""

from __future__ import annotations

from typing import Protocol


class Files(Protocol):
    """The build context and what lies in it, by paths relative to its root (``"a/b.txt"``)."""

    def text(self, path: str) -> str | None:
        """A file's text; ``None`` if there is none, or it cannot be read."""

    def exists(self, path: str) -> bool | None:
        """Whether there is such a file or folder; ``None`` if nobody can know."""

    def inside(self, path: str) -> tuple[str, ...]:
        """The names in a folder (``""`` for the root), those of folders with ``/`` at their end."""


class NoFiles:
    """Nothing is known beside the Dockerfile: it was given as a text."""

    def text(self, path: str) -> str | None:  # noqa: ARG002  (the protocol's)
        """Nothing."""
        return None

    def exists(self, path: str) -> bool | None:  # noqa: ARG002  (the protocol's)
        """Not known."""
        return None

    def inside(self, path: str) -> tuple[str, ...]:  # noqa: ARG002  (the protocol's)
        """Nothing."""
        return ()
