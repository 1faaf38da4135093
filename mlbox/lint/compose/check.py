"""A compose file -> findings: each rule's hits, with their places and their mending edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.compose.loading import load
from mlbox.lint.compose.reading import Failed
from mlbox.lint.compose.rules import COMPOSE_RULES
from mlbox.lint.files import NoFiles
from mlbox.lint.report import Unreadable
from mlbox.lint.rule import findings_of
from mlbox.lint.selection import unsuppressed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlbox.facts import Facts
    from mlbox.findings import Finding
    from mlbox.lint.compose.model import Compose
    from mlbox.lint.compose.nodes import Node
    from mlbox.lint.files import Files


def check_compose(
    text: str,
    facts: Facts,
    *,
    file: str = "compose.yaml",
    files: Files | None = None,
    overrides: tuple[tuple[str, str], ...] = (),
) -> tuple[tuple[Finding, ...], tuple[Unreadable, ...], int]:
    """Apply every rule to a compose file. Never raises.

    Args:
        text: All of it.
        facts: The tables.
        file: Its path, as it is to be shown.
        files: What lies beside it, by paths relative to its folder.
        overrides: Files that are laid over it, path and text, in the order of ``-f``; without
            them, the override file beside it that Compose reads by itself.

    Returns:
        The findings about the file and the overrides given, in the order of their places; what
        could not be analysed; and how many findings a comment told to be silent.
    """
    compose = load(text, facts, files or NoFiles(), file=file, overrides=overrides)
    if isinstance(compose, Failed):
        return (), (_unreadable(compose),), 0
    asked = {file: text, **dict(overrides)}
    every = (findings_of(rule, compose, compose.source, facts) for rule in COMPOSE_RULES)
    found = dict.fromkeys(one for some in every for one in some)
    mine = [item for item in found if item.location and item.location.file in asked]
    left: list[Finding] = []
    silent = 0
    for name, body in asked.items():
        here = [item for item in mine if item.location and item.location.file == name]
        kept, count = unsuppressed(here, body, _extents(compose, name), name)
        left += sorted(kept, key=_place)
        silent += count
    unreadable = (*map(_unreadable, compose.failed), *_empty_services(compose))
    return tuple(left), tuple(item for item in unreadable if item.file in asked), silent


def _unreadable(failed: Failed) -> Unreadable:
    where = failed.source.location(failed.malformed.span)
    return Unreadable(
        file=failed.source.file,
        line=where.line,
        column=where.column,
        what=f"{failed.malformed.what}.",
        why="What is not YAML cannot be analysed, and Compose does not read it either.",
        fix="Correct that place.",
    )


def _empty_services(compose: Compose) -> Iterable[Unreadable]:
    """Services that are nothing: there is a finding about each, and nothing more to say."""
    services = compose.root.get("services")
    if services is None:
        return
    nothing = [services] if services.is_null else []
    named = [entry for entry in services.entries if entry.value.is_null]
    places = [node.location for node in nothing] + [entry.key.location for entry in named]
    names = ["services"] if nothing else [f"services.{entry.name}" for entry in named]
    for place, name in zip(places, names, strict=True):
        yield Unreadable(
            file=place.file,
            line=place.line,
            column=place.column,
            what=f"{name} is empty.",
            why="A service without anything in it cannot be analysed, and Compose refuses it.",
            fix="Give it an image: or a build:, or remove it.",
        )


def _extents(compose: Compose, file: str) -> dict[int, int]:
    """Last line of what begins at each line, for the comments that silence it."""
    found: dict[int, int] = {}
    source = compose.sources.get(file)
    if source is None:
        return found
    _collect(compose.root, file, found)
    return found


def _collect(node: Node, file: str, found: dict[int, int]) -> None:
    for entry in node.entries:
        if entry.key.source.file == file and entry.value.source.file == file:
            first = entry.key.location.line
            last = entry.value.location.end_line
            found[first] = max(found.get(first, first), last)
        _collect(entry.value, file, found)
    for item in node.items:
        if item.source.file == file and item.kind != "scalar":
            where = item.location
            found[where.line] = max(found.get(where.line, where.line), where.end_line)
        _collect(item, file, found)


def _place(finding: Finding) -> tuple[str, int, int, str]:
    where = finding.location
    return (where.file, where.line, where.column, finding.code) if where else ("", 0, 0, "")
