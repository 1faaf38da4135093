"""Variables that change from instruction to instruction, each state kept, nothing copied.

A file with ten thousand ENV lines has ten thousand states: a dictionary for each would cost the
square of that. A state is a number; a name's values are kept with the number since when they hold.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = str | None
_GONE: Final = object()


@dataclass(eq=False)
class _History:
    """Name -> since when, and what; ``latest`` is the newest state."""

    since: dict[str, list[int]] = field(default_factory=dict)
    values: dict[str, list[object]] = field(default_factory=dict)
    latest: int = 0

    def note(self, name: str, value: object) -> None:
        self.since.setdefault(name, []).append(self.latest)
        self.values.setdefault(name, []).append(value)


class Variables(Mapping[str, Value]):
    """One state of variables: a mapping that never changes."""

    __slots__ = ("_history", "_state")

    def __init__(self, history: _History | None = None, state: int = 0) -> None:
        self._history = history or _History()
        self._state = state

    def __getitem__(self, name: str) -> Value:
        at = bisect_right(self._history.since.get(name, ()), self._state) - 1
        value = self._history.values[name][at] if at >= 0 else _GONE
        if value is _GONE:
            raise KeyError(name)
        return value  # type: ignore[return-value]  # what is not _GONE is a value

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._history.since if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changed(
        self, new: Mapping[str, Value], gone: Mapping[str, object] | None = None
    ) -> Variables:
        """The next state: some are set, some are no more."""
        history = self._history
        if history.latest != self._state:  # another state follows this one already
            history = Variables._copied(self)
        history.latest += 1
        for name in gone or ():
            if name in history.since:
                history.note(name, _GONE)
        for name, value in new.items():
            history.note(name, value)
        return Variables(history, history.latest)

    @staticmethod
    def _copied(state: Variables) -> _History:
        history = _History()
        for name, value in state.items():
            history.note(name, value)
        return history


class Both(Mapping[str, Value]):
    """Two mappings as one; the first is asked first."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Mapping[str, Value], second: Mapping[str, Value]) -> None:
        self._first = first
        self._second = second

    def __getitem__(self, name: str) -> Value:
        return self._first[name] if name in self._first else self._second[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._second
        yield from (name for name in self._first if name not in self._second)

    def __len__(self) -> int:
        return sum(1 for _ in self)
