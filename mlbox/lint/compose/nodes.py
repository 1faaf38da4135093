"""A YAML document as values: each knows its file and its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from mlbox.lint.parse import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Location
    from mlbox.lint.parse import Source

Kind = Literal["map", "list", "scalar"]
Type = Literal["null", "bool", "int", "float", "date", "str", "map", "list"]

# YAML 1.2's core schema, with the number forms of YAML 1.1 that Compose's parser still takes.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})
_INT = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[0-9][0-9_]*)")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
# Of YAML 1.1 too: RELEASED: 2024-01-01 is no text, and Compose refuses it.
_DATE = re.compile(
    r"\d{4}-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])"
    r"(?:(?:[Tt]|[ ])\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d{2}:\d{2})?)?"
)


@dataclass(frozen=True, eq=False)
class Node:
    """One value of a document.

    Attributes:
        kind: ``"map"``, ``"list"`` or ``"scalar"``.
        source: The file it stands in.
        span: Where; without its anchor and tag. An alias is where its anchor is.
        raw: What a scalar says, quotes and escapes taken out.
        style: How a scalar is written: ``""`` plain, ``"'"``, ``'"'``, ``"|"`` or ``">"``.
        tag: ``"!reset"``; empty without.
        flow: Whether a map or list is written with brackets.
        entries: What a map has, in order.
        items: What a list has, in order.
        text: What a scalar says with its variables replaced; ``None`` if that is not known.
        is_fixed: Whether no variable is in it.
        is_alias: Whether it stands in the document as ``*name``.
    """

    kind: Kind
    source: Source
    span: Span
    raw: str = ""
    style: str = ""
    tag: str = ""
    flow: bool = False
    entries: tuple[Entry, ...] = ()
    items: tuple[Node, ...] = ()
    text: str | None = ""
    is_fixed: bool = True
    is_alias: bool = False

    @property
    def location(self) -> Location:
        """Lines and columns."""
        return self.source.location(self.span)

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in self.entries:
            found.setdefault(entry.name, entry)
        return found

    def entry(self, name: str) -> Entry | None:
        """A map's entry of a name."""
        return self._by_name.get(name)

    def get(self, *path: str) -> Node | None:
        """What is at a path of names; ``None`` if there is nothing."""
        node: Node | None = self
        for name in path:
            entry = node.entry(name) if node is not None else None
            node = entry.value if entry else None
        return node

    def scalar(self, *path: str) -> str | None:
        """The text at a path of names; ``None`` if there is none, or it is not known."""
        node = self.get(*path)
        return node.text if node is not None and node.kind == "scalar" else None

    @cached_property
    def type(self) -> Type:
        """What YAML takes it for."""
        if self.kind != "scalar":
            return self.kind
        if self.tag.startswith("!!"):
            named: Type = {"!!int": "int", "!!float": "float", "!!bool": "bool"}.get(  # type: ignore[assignment]  # the four names above are types
                self.tag, "null" if self.tag == "!!null" else "str"
            )
            return named
        return "str" if self.style else _type(self.raw)

    @property
    def is_null(self) -> bool:
        """Whether it says nothing."""
        return self.type == "null"

    def walk(self) -> Iterator[Node]:
        """It and all that is in it."""
        yield self
        for child in self.items or tuple(entry.value for entry in self.entries):
            yield from child.walk()


@dataclass(frozen=True, eq=False)
class Entry:
    """One ``key: value`` of a map.

    Attributes:
        key: The name.
        value: What it has.
        is_inherited: Whether it came from elsewhere: a merge key, ``extends``.
        is_pair: Whether it is written ``NAME=value``, as an item of a list.
    """

    key: Node
    value: Node
    is_inherited: bool = False
    is_pair: bool = False

    @property
    def name(self) -> str:
        """The key's text."""
        return self.key.raw

    @property
    def span(self) -> Span:
        """All of it, if key and value stand together."""
        return Span(self.key.span.start, max(self.key.span.end, self.value.span.end))


def _type(text: str) -> Type:
    if text in _NULL:
        return "null"
    if text in _BOOL:
        return "bool"
    if not text[-1].isalnum() and text[-1] != ".":
        return "str"
    if _INT.fullmatch(text):
        return "int"
    if _DATE.fullmatch(text):
        return "date"
    return "float" if _FLOAT.fullmatch(text) else "str"
