"""Commands while a script is read, and what is known of them when a list of them is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.lint.shell.tokens import Token

_TESTS = frozenset({"[", "[[", "test", "command", "which", "type", "hash", "grep"})


@dataclass(slots=True)
class Draft:
    """A simple command that is being read; offsets are in the script."""

    start: int
    before: str
    is_conditional: bool
    values: Mapping[str, str | None]
    exported: Mapping[str, str | None]
    folder: str | None
    words: list[Token] = field(default_factory=list)
    assigned: list[tuple[str, Token, int]] = field(default_factory=list)
    redirections: list[tuple[str, Token]] = field(default_factory=list)
    documents: list[int] = field(default_factory=list)
    end: int = 0
    after: str = ""
    stops: bool = True
    pipefail: bool = False

    def tokens(self) -> Iterator[Token]:
        """Every word of it, assignments and files included."""
        for _, token, _ in self.assigned:
            yield token
        yield from self.words
        for _, token in self.redirections:
            yield token


@dataclass(slots=True)
class Element:
    """One pipe of an and-or list: ``a | b`` in ``a | b && c``."""

    operator: str
    first: int
    last: int = 0
    stops_on_error: bool = False
    tests: bool = False
    after_test: bool = False
    pipes: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Frame:
    """A compound command that is open: ``if``, ``(``, ``{``, ``case`` ...; or the script.

    Attributes:
        kind: The word that opened it; ``""`` for the script.
        is_conditional: Whether what comes now in it may be skipped.
        is_condition: Whether what comes now decides only what else is run.
        lists: The and-or lists so far.
        saved: Variables to go back to at its end, for a subshell.
    """

    kind: str
    is_conditional: bool = False
    is_condition: bool = False
    lists: list[list[Element]] = field(default_factory=list)
    saved: tuple[Mapping[str, str | None], Mapping[str, str | None], str | None] | None = None


def is_test(program: str) -> bool:
    """Whether a command only asks something."""
    return program in _TESTS


def settle(frame: Frame, drafts: list[Draft], *, pipefail: bool) -> None:
    """Note which commands of a frame's lists stop the script, and which may be skipped."""
    for number, parts in enumerate(frame.lists):
        last_list = number == len(frame.lists) - 1
        guarded = False
        for part in reversed(parts):
            last = part is parts[-1]
            stops = last_list if not last or not part.stops_on_error else True
            if guarded or frame.is_condition or not stops:
                _mark(drafts[part.first : part.last], stops=False)
            guarded = guarded or part.operator == "||"
            if not pipefail:
                for index in part.pipes:
                    drafts[index].stops = False
        falls_through = guarded or not last_list or frame.is_condition
        for part in parts:
            if part.after_test and falls_through and part.operator == "&&":
                _mark(drafts[part.first : part.last], is_conditional=True)
    frame.lists.clear()


def _mark(drafts: list[Draft], *, stops: bool = True, is_conditional: bool = False) -> None:
    for draft in drafts:
        draft.stops = draft.stops and stops
        draft.is_conditional = draft.is_conditional or is_conditional
