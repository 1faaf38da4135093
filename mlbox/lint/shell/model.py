"""A shell script as values: simple commands, their words, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.lint.parse import Instruction, Mapped, Span


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One word of a command.

    Attributes:
        raw: As it stands, with quotes and variables.
        value: What the shell makes of it; ``None`` if that is not known here (a variable of the
            base image, a command substitution, a file pattern is left as it is).
        span: Where in the Dockerfile; for the exec form, the string in the list.
    """

    raw: str
    value: str | None
    span: Span

    @property
    def text(self) -> str:
        """The value, or what stands there if it is not known."""
        return self.raw if self.value is None else self.value


@dataclass(frozen=True, kw_only=True)
class Redirection:
    """``2>/dev/null``.

    Attributes:
        operator: ``">"``, ``">>"``, ``"<"``, ``"<<<"``, ``">&"`` ...
        descriptor: The number before it; ``None`` without.
        target: What follows it.
    """

    operator: str
    descriptor: int | None
    target: Argument


@dataclass(frozen=True, kw_only=True)
class Command:
    r"""A simple command of a RUN (also in CMD, ENTRYPOINT, HEALTHCHECK).

    Attributes:
        words: The program and its arguments; without assignments, redirections, and prefixes that
            only start another program (``sudo``, ``env``, ``exec``, ``time``, ``nice`` ...).
        variables: What is assigned for this command alone: ``PIP_NO_CACHE_DIR=1 pip ...``, and by
            ``env``; ``None`` for a value that is not known.
        exported: What earlier commands of the same script set with ``export`` or plainly, and
            ``VIRTUAL_ENV`` by the activation of a virtual environment.
        redirections: Files that it reads from and writes to.
        before: The operator before it: ``""`` at the start, ``"&&"``, ``"||"``, ``";"``,
            ``"|"``, ``"\n"``.
        after: The operator after it; ``""`` at the end.
        is_conditional: Whether it may be skipped: inside if, for, case, or after ``||``.
        stops_on_failure: Whether a failure of it fails the build: ``set -e``, followed by ``&&``,
            or the last one; and not behind ``|| true``.
        span: All of it in the Dockerfile.
        instruction: The instruction it stands in.
        pipefail: Whether a failure in the middle of a pipe is a failure (``set -o pipefail``).
        folder: Where earlier ``cd`` of the same script went, from the WORKDIR; ``""`` for nowhere
            else; ``None`` if that is not known.
        prefix: The words taken off: ``sudo -u x``, ``env -i``, ``conda run -n y``.
        documents: What its here-documents say, in order.
    """

    words: tuple[Argument, ...]
    variables: Mapping[str, str | None]
    exported: Mapping[str, str | None]
    redirections: tuple[Redirection, ...]
    before: str
    after: str
    is_conditional: bool
    stops_on_failure: bool
    span: Span
    instruction: Instruction
    pipefail: bool = False
    folder: str | None = ""
    prefix: tuple[Argument, ...] = ()
    documents: tuple[Mapped, ...] = ()

    @property
    def program(self) -> str:
        """Name of the program without its folder, in lower case: ``"pip"``; empty if not known."""
        if not self.words:
            return ""
        name = self.words[0].text.rsplit("/", 1)[-1].lower()
        if self.words[0].value is not None:
            return name
        name = name.rstrip("\"'")  # the folder is not known, the name is: $VENV/bin/pip
        return "" if any(mark in name for mark in "$`'\"\\{}()") else name

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The words after the program."""
        return self.words[1:]
