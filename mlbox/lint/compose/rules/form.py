"""Rules about the form of a compose file: what Compose refuses or ignores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.compose import edits
from mlbox.lint.compose.references import dangling
from mlbox.lint.compose.validity import problems_of
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.compose.model import Compose


def version_obsolete(compose: Compose) -> Iterator[Hit]:
    """A ``version:`` at the top."""
    for document in compose.documents:
        entry = document.entry("version")
        if entry is None or entry.is_inherited:
            continue
        refused = entry.value.type != "str"
        yield Hit(
            entry.key.location,
            what="The key `version` is obsolete."
            if not refused
            else "The key `version` is obsolete, and its value "
            f"{entry.value.raw or '(none)'} is no text: Compose refuses the file.",
            why="Compose has read one format, whatever the version says, since 1.27 (2020), and "
            "warns at every start.",
            fix="Remove the line.",
            edits=edits.removed(document, entry) if len(document.entries) > 1 else (),
            severity="error" if refused else None,
        )


def invalid_schema(compose: Compose) -> Iterator[Hit]:
    """What ``docker compose config`` refuses."""
    for problem in (*compose.problems, *problems_of(compose.root), *dangling(compose)):
        yield Hit(
            problem.location,
            what=problem.what,
            why="`docker compose` refuses the file, so nothing is started."
            if problem.severity is None
            else "Compose refuses it, unless another file or a newer Compose has more.",
            fix=problem.fix,
            severity=problem.severity,
            confidence="medium" if problem.severity else "high",
        )
