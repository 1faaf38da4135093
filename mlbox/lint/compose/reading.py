"""The text of a compose file -> a document of nodes, or why there is none. Never raises.

The YAML parser gives events, and the tree is made of them here: without recursion, and counting
what aliases would unfold to before anything unfolds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlbox.lint.compose.nodes import Entry, Node
from mlbox.lint.parse import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 500_000
DEEPEST = 100
MOST = 50_000

_PROPERTIES = re.compile(r"(?:(?:&[^\s,\[\]{}]+|![^\s,\[\]{}]*)\s+)*(?:&[^\s,\[\]{}]+|!\S*)?\s*")
_TAG = "tag:yaml.org,2002:"
_PLAIN_ENGLISH = {
    "found character '\\t' that cannot start any token": "a tab cannot indent",
    "mapping values are not allowed here": "a second ':' on a line; a text with ': ' needs quotes",
    "could not find expected ':'": "a ':' is missing, or a line is not indented as its neighbours",
    "found unexpected end of stream": "a quote is never closed",
}


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """Why a text cannot be analysed, and where."""

    what: str
    span: Span


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why a file cannot be analysed."""

    source: Source
    malformed: Malformed


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """A name that a map has twice."""

    name: str
    again: Node
    first: Node


@dataclass(frozen=True, kw_only=True)
class Document:
    """A read file.

    Attributes:
        source: Its text.
        roots: The documents in it; Compose lays each over those before it.
        repeated: Names that a map has twice.
        aliased: What aliases stand for.
    """

    source: Source
    roots: tuple[Node, ...]
    repeated: tuple[Repeated, ...] = ()
    aliased: tuple[Span, ...] = ()


class _Stop(Exception):  # noqa: N818  (ends the reading, and is never seen outside)
    def __init__(self, what: str, span: Span) -> None:
        self.malformed = Malformed(what=what, span=span)


def read(source: Source) -> Document | Malformed:
    """Read a text.

    Args:
        source: The text and its path.

    Returns:
        The document; where it is not YAML, or too much of it, the reason.
    """
    if len(source.text) > LONGEST:
        return Malformed(
            what=f"it is {len(source.text):,} characters long; more than {LONGEST:,} are not read",
            span=Span(0, 0),
        )
    try:
        return _Builder(source).build()
    except _Stop as stop:
        return stop.malformed
    except Exception as error:  # noqa: BLE001  (the parser's own slips: an odd text is no crash)
        return _malformed(error, source)


def _malformed(error: Exception, source: Source) -> Malformed:
    """What a parser's error says, in plain words."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = mark.index if mark is not None else getattr(error, "position", 0)
    at = at if isinstance(at, int) else 0
    at = min(at, len(source.text))
    character = getattr(error, "character", None)
    if character is not None:
        number = character if isinstance(character, int) else ord(character)
        return Malformed(
            what=f"the character U+{number:04X} may not stand in it", span=Span(at, at)
        )
    problem = str(getattr(error, "problem", None) or type(error).__name__)
    context = getattr(error, "context", None)
    if problem in _PLAIN_ENGLISH:
        return Malformed(what=_PLAIN_ENGLISH[problem], span=Span(at, at))
    return Malformed(what=f"{problem} {context or ''}".strip(), span=Span(at, at))


class _Frame:
    """A map or list that is being read."""

    def __init__(self, event: Any, span: Span, *, is_map: bool) -> None:  # noqa: ANN401  (ruamel's)
        self.event = event
        self.start = span.start
        self.end = span.end
        self.is_map = is_map
        self.children: list[Node] = []
        self.size = 1
        self.depth = 0


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.frames: list[_Frame] = []
        self.roots: list[Node] = []
        self.anchors: dict[str, Node] = {}
        self.open: set[str] = set()
        self.weights: dict[int, tuple[int, int]] = {}
        self.repeated: list[Repeated] = []
        self.aliased: dict[Span, None] = {}
        self.end = 0

    def build(self) -> Document:
        for number, event in enumerate(_events(self.source.text)):
            if number > 2 * MOST:
                place = Span(event.start_mark.index, event.end_mark.index)
                raise _Stop(f"it has more than {MOST:,} values", place)
            getattr(self, f"_{type(event).__name__}")(event)
        return Document(
            source=self.source,
            roots=tuple(self.roots),
            repeated=tuple(self.repeated),
            aliased=tuple(self.aliased),
        )

    def _StreamStartEvent(self, _: Any) -> None:  # noqa: ANN401, N802  (named after ruamel's events)
        return

    _StreamEndEvent = _DocumentEndEvent = _CommentEvent = _StreamStartEvent

    def _DocumentStartEvent(self, _: Any) -> None:  # noqa: ANN401, N802
        self.anchors.clear()

    def _ScalarEvent(self, event: Any) -> None:  # noqa: ANN401, N802
        span = self._content(event)
        node = Node(
            kind="scalar",
            source=self.source,
            span=span,
            raw=event.value,
            text=event.value,
            style=event.style or "",
            tag=_tag(event),
        )
        self._add(node, 1, 0, event.anchor)

    def _AliasEvent(self, event: Any) -> None:  # noqa: ANN401, N802
        span = Span(event.start_mark.index, event.end_mark.index)
        node = self.anchors.get(event.anchor)
        if node is None:
            raise _Stop(
                f"*{event.anchor} is inside of what it names, and never ends"
                if event.anchor in self.open
                else f"there is no anchor &{event.anchor} before *{event.anchor}",
                span,
            )
        size, depth = self.weights[id(node)]
        self.aliased[node.span] = None
        named = replace(node, is_alias=True)
        self.end = span.end
        self._add(named, size, depth, None, span=span)

    def _MappingStartEvent(self, event: Any) -> None:  # noqa: ANN401, N802
        self._enter(event, is_map=True)

    def _SequenceStartEvent(self, event: Any) -> None:  # noqa: ANN401, N802
        self._enter(event, is_map=False)

    def _enter(self, event: Any, *, is_map: bool) -> None:  # noqa: ANN401
        span = self._content(event)
        if len(self.frames) >= DEEPEST:
            raise _Stop(f"it is nested more than {DEEPEST} levels deep", span)
        if event.anchor:
            self.open.add(event.anchor)
            self.anchors.pop(event.anchor, None)
        self.frames.append(_Frame(event, span, is_map=is_map))

    def _MappingEndEvent(self, event: Any) -> None:  # noqa: ANN401, N802
        frame = self.frames.pop()
        flow = bool(frame.event.flow_style)
        pairs = zip(frame.children[::2], frame.children[1::2], strict=True)
        entries = tuple(Entry(key, value) for key, value in pairs)
        self._look_for_repeated(entries)
        node = Node(
            kind="map",
            source=self.source,
            span=self._extent(frame, event, flow=flow),
            tag=_tag(frame.event),
            flow=flow,
            entries=entries,
        )
        self._leave(node, frame)

    def _SequenceEndEvent(self, event: Any) -> None:  # noqa: ANN401, N802
        frame = self.frames.pop()
        flow = bool(frame.event.flow_style)
        node = Node(
            kind="list",
            source=self.source,
            span=self._extent(frame, event, flow=flow),
            tag=_tag(frame.event),
            flow=flow,
            items=tuple(frame.children),
        )
        self._leave(node, frame)

    def _extent(self, frame: _Frame, event: Any, *, flow: bool) -> Span:  # noqa: ANN401
        """From the first character to the last; white space behind a block is not of it."""
        if flow:
            self.end = event.end_mark.index
        start = frame.start
        if not flow and frame.is_map and frame.children:
            start = frame.children[0].span.start
        return Span(start, max(start, self.end))

    def _leave(self, node: Node, frame: _Frame) -> None:
        anchor = frame.event.anchor
        self.open.discard(anchor)
        self._add(node, frame.size, frame.depth + 1, anchor)

    def _add(
        self, node: Node, size: int, depth: int, anchor: str | None, span: Span | None = None
    ) -> None:
        if anchor:
            self.anchors[anchor] = node
            self.weights[id(node)] = (size, depth)
        if node.kind == "scalar" and span is None:
            self.end = node.span.end
        if not self.frames:
            self.roots.append(node)
            return
        frame = self.frames[-1]
        frame.children.append(node)
        frame.size += size
        frame.depth = max(frame.depth, depth)
        if frame.size > MOST:
            raise _Stop(
                f"it has more than {MOST:,} values, its aliases unfolded", span or node.span
            )
        if len(self.frames) + depth > DEEPEST:
            raise _Stop(f"it is nested more than {DEEPEST} levels deep", span or node.span)

    def _look_for_repeated(self, entries: tuple[Entry, ...]) -> None:
        seen: dict[str, Node] = {}
        for entry in entries:
            if entry.key.kind != "scalar":
                continue
            if entry.name in seen:
                first = seen[entry.name]
                self.repeated.append(Repeated(name=entry.name, again=entry.key, first=first))
            else:
                seen[entry.name] = entry.key

    def _content(self, event: Any) -> Span:  # noqa: ANN401
        """Where a value itself is, behind its anchor and tag, without the lines after it."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor or event.tag is not None:
            match = _PROPERTIES.match(self.source.text, start, max(start, end))
            start = match.end() if match else start
        if getattr(event, "style", None) in ("|", ">"):
            end = start + len(self.source.text[start:end].rstrip())
        return Span(start, max(start, end))


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415  (25 ms, and Dockerfiles do without)

    return iter(YAML(typ="safe", pure=True).parse(text))


def _tag(event: Any) -> str:  # noqa: ANN401  (ruamel's)
    tag = "" if event.tag is None else str(event.tag)
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
