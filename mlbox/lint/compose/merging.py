"""Merge keys, ``extends`` and override files: what a document comes to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.lint.compose.interpolation import interpolate
from mlbox.lint.compose.nodes import Entry, Node
from mlbox.lint.parse import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlbox.lint.parse import Source

# What an override replaces as a whole, and does not add to (the specification's "merge").
_REPLACED = frozenset({"command", "entrypoint", "test"})
# What is a map of names, or a list of NAME=value.
PAIRS = frozenset({"environment", "labels", "args", "annotations", "sysctls", "extra_hosts"})
_TARGETED = frozenset({"volumes", "secrets", "configs"})


class Unfolder:
    """Replaces merge keys by what they bring, and variables by their values."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take the variables that are known.

        ``bad`` are values with a ``${`` that begins no variable, ``unmergeable`` what ``<<`` names
        and is no map.
        """
        self._variables = variables
        self._done: dict[int, tuple[Node, Node]] = {}  # the first keeps its id from being reused
        self.bad: list[Node] = []
        self.unmergeable: list[Node] = []

    def unfolded(self, node: Node) -> Node:
        """A value with its merge keys and variables replaced, all the way down."""
        if id(node) not in self._done:
            self._done[id(node)] = (node, self._made(node))
        return self._done[id(node)][1]

    def _made(self, node: Node) -> Node:
        if node.kind == "scalar":
            return self._scalar(node)
        if node.kind == "list":
            return replace(node, items=tuple(self.unfolded(item) for item in node.items))
        own = [item for item in node.entries if not _is_merge(item)]
        entries = [Entry(item.key, self.unfolded(item.value)) for item in own]
        names = {item.name for item in own}
        for merge in (item for item in node.entries if _is_merge(item)):
            for brought in self._brought(merge.value):
                if brought.name not in names:
                    names.add(brought.name)
                    entries.append(Entry(brought.key, brought.value, is_inherited=True))
        return replace(node, entries=tuple(entries))

    def _brought(self, value: Node) -> Iterator[Entry]:
        """The entries that ``<<: value`` brings, the first of a name first."""
        for item in value.items if value.kind == "list" else (value,):
            if item.kind != "map":
                self.unmergeable.append(item)
            yield from self.unfolded(item).entries

    def _scalar(self, node: Node) -> Node:
        if "$" not in node.raw:
            return node
        found = interpolate(node.raw, self._variables)
        if found.bad is not None:
            self.bad.append(node)
        return replace(node, text=found.text, is_fixed=found.is_fixed)


def _is_merge(entry: Entry) -> bool:
    return entry.key.raw == "<<" and not entry.key.style


def combined(base: Node, over: Node, name: str = "") -> Node:
    """A value with another laid over it, as Compose merges files and ``extends``.

    Args:
        base: What is overridden.
        over: What overrides it.
        name: Their key.
    """
    if over.tag == "!override" or name in _REPLACED or over.kind == "scalar":
        return over
    if name in PAIRS and base.kind != over.kind:
        base, over = as_map(base), as_map(over)
    if base.kind == "map" and over.kind == "map":
        return replace(over, entries=tuple(_entries(base, over)), is_alias=False)
    if base.kind == "list" and over.kind == "list":
        return replace(over, items=_items(base.items, over.items, name), is_alias=False)
    return over


def _entries(base: Node, over: Node) -> Iterator[Entry]:
    for entry in base.entries:
        other = over.entry(entry.name)
        if other is None:
            yield replace(entry, is_inherited=True)
        elif other.value.tag != "!reset":
            value = combined(entry.value, other.value, entry.name)
            yield Entry(other.key, value, is_inherited=other.is_inherited)
    for entry in over.entries:
        if base.entry(entry.name) is None and entry.value.tag != "!reset":
            yield entry


def _items(base: Iterable[Node], over: tuple[Node, ...], name: str) -> tuple[Node, ...]:
    if name in PAIRS:
        key = _pair_name
    elif name in _TARGETED:
        key = _target
    else:
        return (*base, *over)
    taken = {key(item) for item in over}
    return (*(item for item in base if key(item) not in taken), *over)


def _pair_name(item: Node) -> str:
    return item.raw.partition("=")[0]


def _target(item: Node) -> str:
    if item.kind == "map":
        return (item.scalar("target") or item.scalar("source") or "").rstrip("/")
    parts = item.raw.split(":")
    return (parts[1] if len(parts) > 1 else parts[0]).rstrip("/")


def as_map(node: Node) -> Node:
    """A list of ``NAME=value`` as a map; names and values know where they stand."""
    if node.kind != "list":
        return node
    return replace(node, kind="map", items=(), entries=tuple(map(pair, node.items)))


def pair(item: Node) -> Entry:
    """``NAME=value`` as an entry; without ``=`` the value is null."""
    name, equals, raw = item.raw.partition("=")
    place = _inside(item.source, item.span, name)
    key = replace(item, raw=name, text=name, style='"', span=place, is_fixed=True)
    if not equals:
        nothing = Span(place.end, place.end)
        absent = replace(item, raw="", text="", style="", span=nothing, is_fixed=True)
        return Entry(key, absent, is_pair=True)
    text = None if item.text is None else item.text.partition("=")[2]
    start = min(place.end + 1, item.span.end)
    end = item.span.end - (1 if item.style in ("'", '"') else 0)
    value = Span(start, max(start, end))
    return Entry(key, replace(item, raw=raw, text=text, style='"', span=value), is_pair=True)


def _inside(source: Source, span: Span, word: str) -> Span:
    """Where a word stands in a value; all of the value if it is not written like that."""
    at = source.text.find(word, span.start, span.end) if word else -1
    return Span(at, at + len(word)) if at >= 0 else span
