"""What a check says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from mlbox.render.html import table, title, view

MIME = "application/vnd.mlbox.check+json"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The verdict of one check, with its reason taken from what was really there.

    Attributes:
        check: Id of the check: ``"00_tour.01"``.
        ok: Whether it passed.
        expected: What had to be seen.
        found: What was seen.
        hint: Where to look next; empty when it passed.
    """

    check: str
    ok: bool
    expected: str
    found: str
    hint: str = ""

    def __str__(self) -> str:
        lines = [f"{self.check}: {'passed' if self.ok else 'not yet'}"]
        lines += [f"  expected: {self.expected}", f"  found:    {self.found}"]
        return "\n".join([*lines, *([f"  hint:     {self.hint}"] if self.hint else [])])

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """As text, as HTML, and as data that who executes a lesson reads back."""
        rows = [("expected", escape(self.expected)), ("found", escape(self.found))]
        rows += [("hint", escape(self.hint))] if self.hint else []
        heading = title("Check", self.check, "succeeded" if self.ok else "failed")
        return {
            "text/plain": str(self),
            "text/html": view(heading, table(rows)),
            MIME: asdict(self),
        }
