"""The errors mlbox raises on purpose, each told in three parts and with its own exit code.

* MlboxError (1)
  * SpecError (2): the spec, or how a command was called, is not valid
    * MissingExtraError (2): an optional package is needed and is not installed
  * ResolveError (3): no set of versions satisfies the spec
    * LockError (3): the packages cannot be locked exactly
      * StaleLockError (3): the lock was made from another spec
  * FactsError (1): a table of facts contradicts itself
  * HostError (4): this machine cannot build or run the box
    * BusyError (4): another run is in progress in this project
  * EngineError (5): the container engine failed
    * EngineNotFoundError (5): no engine answers
    * BuildError (5): an image could not be built
  * RunError (6): the user's own command failed, or left something undone
"""

from __future__ import annotations

from typing import ClassVar


class MlboxError(Exception):
    """An error told in three parts.

    Attributes:
        what: What happened, one sentence.
        why: The reason, as far as it is known.
        fix: What to do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.why, self.fix) if part)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: the three parts say more."""
        return str(self).splitlines()


class SpecError(MlboxError):
    """The spec, or the way a command was called, is not valid."""

    exit_code = 2


class MissingExtraError(SpecError):
    """An optional package is needed and is not installed."""

    def __init__(self, needed_for: str, *, extra: str) -> None:
        super().__init__(
            f"{needed_for} needs the optional dependencies [{extra}].",
            why=f"mlbox was installed without its {extra!r} extra.",
            fix=f'Install it again with the extra; in its checkout: pip install ".[{extra}]"',
        )
        self.extra = extra


class ResolveError(MlboxError):
    """No set of versions satisfies the spec."""

    exit_code = 3


class LockError(ResolveError):
    """The packages cannot be locked to exact, hashed versions."""


class StaleLockError(LockError):
    """The lock was made from another spec."""


class FactsError(MlboxError):
    """A table of facts contradicts itself."""


class HostError(MlboxError):
    """This machine cannot build or run the box."""

    exit_code = 4


class BusyError(HostError):
    """Another run is in progress in this project."""


class EngineError(MlboxError):
    """The container engine failed."""

    exit_code = 5


class EngineNotFoundError(EngineError):
    """No container engine answers."""


class BuildError(EngineError):
    """An image could not be built.

    Attributes:
        line: Line of the Dockerfile that failed, 1-based; ``None`` if it was no line of it.
        log_tail: The last lines the failed step printed.
        excerpt: The lines of the Dockerfile around the one that failed, numbered and marked.
    """

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        line: int | None = None,
        log_tail: tuple[str, ...] = (),
        excerpt: tuple[str, ...] = (),
    ) -> None:
        super().__init__(what, why=why, fix=fix)
        self.line = line
        self.log_tail = log_tail
        self.excerpt = excerpt


class RunError(MlboxError):
    """The user's own command failed, or left something undone.

    Attributes:
        run: The ``mlbox.box.Run`` it is about, where the Python API raised it.
    """

    exit_code = 6
    run: object = None
