"""What a script changes for the commands after it: variables, the folder, the shell's options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mlbox.lint.shell.values import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ASSIGNS = re.compile(r"([A-Za-z_]\w*)(?:\[[^]]*\])?\+?=")
_MOST_VARIABLES = 100


@dataclass(frozen=True, slots=True)
class Said:
    """A word as it stands, and whether a command substitution is in it."""

    raw: str
    computed: bool


class State:
    """The state of a shell.

    Attributes:
        values: The variables in force.
        assigned: Those of them that the script set.
        folder: Where ``cd`` went; ``""`` for nowhere, ``None`` if not known.
        stops_on_error: Whether ``set -e`` is in force.
        pipefail: Whether ``set -o pipefail`` is.
        EFFECTS: What commands of the shell itself change, by name.
    """

    def __init__(
        self,
        values: Mapping[str, str | None],
        assigned: Mapping[str, str | None],
        folder: str | None,
        *,
        stops_on_error: bool,
        pipefail: bool,
    ) -> None:
        """Take what is in force where the script begins."""
        self.values = values
        self.assigned = assigned
        self.folder = folder
        self.stops_on_error = stops_on_error
        self.pipefail = pipefail

    def saved(self) -> tuple[Mapping[str, str | None], Mapping[str, str | None], str | None]:
        """What a subshell cannot change."""
        return self.values, self.assigned, self.folder

    def restore(
        self, saved: tuple[Mapping[str, str | None], Mapping[str, str | None], str | None]
    ) -> None:
        """Go back to what was before a subshell."""
        self.values, self.assigned, self.folder = saved

    def forget(self, name: str) -> None:
        """A variable is set to what is not known."""
        self._set(name, None)

    def assign(self, word: Said, *, unsure: bool) -> None:
        """``NAME=value``."""
        match = ASSIGNS.match(word.raw)
        if match is None:
            return
        known = not unsure and match[0].endswith("=") and not match[0].endswith(("+=", "]="))
        raw = word.raw[match.end() :]
        value = value_of(raw, self.values, computed=word.computed) if known else None
        self._set(match[1], value)

    def run(self, program: str, words: Sequence[Said], *, unsure: bool) -> None:
        """A command of the shell itself is run."""
        effect = self.EFFECTS.get(program)
        if effect is not None:
            effect(self, words, unsure)

    def _set(self, name: str, value: str | None) -> None:
        if len(self.assigned) >= _MOST_VARIABLES and name not in self.assigned:
            self.values = {}  # nobody writes so many: rather know nothing
            return
        self.values = {**self.values, name: value}
        self.assigned = {**self.assigned, name: value}

    def _export(self, words: Sequence[Said], unsure: bool) -> None:  # noqa: FBT001  (an effect)
        for word in words:
            self.assign(word, unsure=unsure)

    def _forget(self, words: Sequence[Said], _: bool) -> None:  # noqa: FBT001  (an effect)
        for word in words:
            if not word.raw.startswith("-"):
                self._set(word.raw, None)

    def _options(self, words: Sequence[Said], unsure: bool) -> None:  # noqa: FBT001  (an effect)
        for word, following in zip(words, [*words[1:], Said("", computed=False)], strict=False):
            name, is_on = word.raw, word.raw.startswith("-")
            if not name.startswith(("-", "+")) or (unsure and is_on):
                continue
            if "e" in name[1:]:
                self.stops_on_error = is_on
            if name.endswith("o") and following.raw == "errexit":
                self.stops_on_error = is_on
            if name.endswith("o") and following.raw == "pipefail":
                self.pipefail = is_on

    def _go(self, words: Sequence[Said], unsure: bool) -> None:  # noqa: FBT001  (an effect)
        targets = [word for word in words if word.raw not in ("--", "-P", "-L")]
        target = self._value(targets[0]) if targets else None
        if unsure or target is None or target.startswith(("-", "~")):
            self.folder = None
        elif target.startswith("/"):
            self.folder = target
        elif self.folder is not None:
            self.folder = f"{self.folder}/{target}" if self.folder else target

    def _lose(self, _: Sequence[Said], __: bool) -> None:  # noqa: FBT001  (an effect)
        self.folder = None

    def _source(self, words: Sequence[Said], unsure: bool) -> None:  # noqa: FBT001  (an effect)
        target = self._value(words[0]) if words else None
        if target and target.endswith("/bin/activate"):
            self._set("VIRTUAL_ENV", None if unsure else target.removesuffix("/bin/activate"))

    def _value(self, word: Said) -> str | None:
        return value_of(word.raw, self.values, computed=word.computed)

    EFFECTS: ClassVar[dict[str, Callable[[State, Sequence[Said], bool], None]]] = {
        "export": _export,
        "declare": _export,
        "typeset": _export,
        "readonly": _export,
        "local": _export,
        "unset": _forget,
        "read": _forget,
        "set": _options,
        "cd": _go,
        "pushd": _go,
        "popd": _lose,
        "source": _source,
        ".": _source,
    }


BUILT_IN = frozenset(State.EFFECTS)
