"""Changes of a compose file's text that keep every byte they do not change.

Each function returns no edits where the place to write is not sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.findings import Edit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlbox.lint.compose.nodes import Entry, Node

    Value = str | Sequence["Value"] | Mapping[str, "Value"]

STEP = 2


def replaced(node: Node, text: str) -> tuple[Edit, ...]:
    """A scalar with another text in its place."""
    if node.kind != "scalar" or node.style in ("|", ">"):
        return ()
    return (_edit(node, node.span.start, node.span.end, text),)


def added(node: Node, key: str, value: Value, *, after: Sequence[str] = ()) -> tuple[Edit, ...]:
    """A map with another entry.

    Args:
        node: The map.
        key: The new key.
        value: What it has; texts are written as they are.
        after: Keys behind the first of which it is to stand, if there is one.
    """
    if node.kind != "map":
        return ()
    if node.flow:
        return _added_in_flow(node, key, value)
    if not node.entries:
        return ()
    first = node.entries[0].key
    column = _column(first)
    if column is None:
        return ()
    newline = _newline(node)
    lines = block(key, value, step=_step(node, column))
    place = _line_behind(node, after)
    if place is None:
        text = newline.join((*_indented(lines, column), " " * column)).removeprefix(" " * column)
        return (_edit(node, first.span.start, first.span.start, text),)
    text = newline + newline.join(_indented(lines, column))
    return (_edit(node, place, place, text),)


def renamed(entry: Entry, name: str) -> tuple[Edit, ...]:
    """An entry with another key."""
    return (_edit(entry.key, entry.key.span.start, entry.key.span.end, name),)


def rewritten(node: Node, entry: Entry, key: str, value: Value) -> tuple[Edit, ...]:
    """A map with an entry in the place of another, whose value is on one line."""
    if not _is_simple(entry.value) or entry.value.is_alias:
        return ()
    start, end = entry.span.start, entry.span.end
    if node.flow:
        return (_edit(node, start, end, f"{key}: {flow(value)}"),)
    column = _column(entry.key)
    if column is None:
        return ()
    lines = _indented(block(key, value, step=_step(node, column)), column)
    return (_edit(node, start, end, _newline(node).join(lines).lstrip(" ")),)


def removed(node: Node, entry: Entry) -> tuple[Edit, ...]:
    """A map without one of its entries, whose value is on one line."""
    if not _is_simple(entry.value) or entry.value.is_alias:
        return ()
    text = node.source.text
    if node.flow:
        return _removed_from_flow(node, entry)
    start = text.rfind("\n", 0, entry.key.span.start) + 1
    end = text.find("\n", entry.span.end)
    end = len(text) if end < 0 else end + 1
    if text[start : entry.key.span.start].strip("\ufeff ") or not _ends_line(text, entry.span.end):
        return _removed_behind_dash(node, entry)
    if len(node.entries) == 1:
        return ()
    kept = "\ufeff" if text[start : start + 1] == "\ufeff" else ""
    return (_edit(node, start + len(kept), end, ""),)


def block(key: str, value: Value, *, step: int = STEP) -> list[str]:
    """An entry as lines."""
    if isinstance(value, str):
        return [f"{key}: {value}".rstrip()]
    if isinstance(value, dict):
        inner = [line for name, item in value.items() for line in block(name, item, step=step)]
        return [f"{key}:", *_indented(inner, step)]
    return [f"{key}:", *_indented(_list(value, step), step)]


def _list(values: Value, step: int) -> list[str]:
    lines: list[str] = []
    for item in values:
        if isinstance(item, dict):
            inner = [line for name, each in item.items() for line in block(name, each, step=step)]
            lines += [f"- {inner[0]}", *_indented(inner[1:], 2)]
        else:
            lines.append(f"- {item}")
    return lines


def flow(value: Value) -> str:
    """A value with brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(flow(item) for item in value) + "]"


def _added_in_flow(node: Node, key: str, value: Value) -> tuple[Edit, ...]:
    if node.source.text[node.span.start : node.span.start + 1] != "{":
        return ()  # [a: b], a map without brackets
    written = f"{key}: {flow(value)}"
    if not node.entries:
        return (_edit(node, node.span.start + 1, node.span.start + 1, written),)
    last = node.entries[-1]
    if last.value.is_alias:
        return ()
    at = last.span.end
    return (_edit(node, at, at, f", {written}"),)


def _removed_from_flow(node: Node, entry: Entry) -> tuple[Edit, ...]:
    at = node.entries.index(entry)
    if len(node.entries) == 1:
        return (_edit(node, entry.span.start, entry.span.end, ""),)
    if at + 1 < len(node.entries):
        return (_edit(node, entry.span.start, node.entries[at + 1].key.span.start, ""),)
    before = node.entries[at - 1]
    if before.value.is_alias:
        return ()
    return (_edit(node, before.span.end, entry.span.end, ""),)


def _removed_behind_dash(node: Node, entry: Entry) -> tuple[Edit, ...]:
    """The first entry of a map in a list stands behind the dash: the second one takes its place."""
    text = node.source.text
    if len(node.entries) == 1 or node.entries[0] is not entry:
        return ()
    following = node.entries[1].key.span.start
    between = text[entry.span.end : following]
    if "#" in between or between.strip():
        return ()
    return (_edit(node, entry.key.span.start, following, ""),)


def _line_behind(node: Node, after: Sequence[str]) -> int | None:
    """The end of the line of an entry whose value ends there for sure."""
    entries = [entry for name in after if (entry := node.entry(name))]
    for entry in (*entries, *reversed(node.entries)):
        if entry.is_inherited or not _is_simple(entry.value) or entry.value.is_alias:
            continue
        text = node.source.text
        end = max(entry.span.end, entry.key.span.end + 1)
        if not _ends_line(text, end):
            continue
        line_end = text.find("\n", end)
        line_end = len(text) if line_end < 0 else line_end
        return line_end - 1 if text[line_end - 1 : line_end] == "\r" else line_end
    return None


def _ends_line(text: str, at: int) -> bool:
    """Whether nothing but a comment follows in the line."""
    line_end = text.find("\n", at)
    rest = text[at : len(text) if line_end < 0 else line_end]
    return not rest.strip() or (rest[0] in " \t" and rest.lstrip().startswith("#"))


def _is_simple(value: Node) -> bool:
    """Whether a value ends where its span does: no block, no lines of plain text."""
    if value.kind != "scalar":
        return value.flow
    return value.style not in ("|", ">") and (not value.is_null or value.raw != "")


def _column(key: Node) -> int | None:
    """How far a key of a block is indented; ``None`` if something odd stands before it."""
    text = key.source.text
    start = text.rfind("\n", 0, key.span.start) + 1
    before = text[start : key.span.start].removeprefix("\ufeff")
    return len(before) if not before.strip(" -") and not before.endswith("-") else None


def _step(node: Node, column: int) -> int:
    """By how much the map's own values are indented."""
    for entry in node.entries:
        inner = entry.value
        if inner.kind == "map" and not inner.flow and inner.entries and not inner.is_alias:
            deeper = _column(inner.entries[0].key)
            if deeper is not None and deeper > column:
                return deeper - column
    return STEP


def _newline(node: Node) -> str:
    at = node.source.text.find("\n")
    return "\r\n" if at > 0 and node.source.text[at - 1] == "\r" else "\n"


def _indented(lines: Sequence[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def _edit(node: Node, start: int, end: int, text: str) -> Edit:
    return Edit(file=node.source.file, start=start, end=end, text=text)


def written(node: Node, start: int, end: int, text: str) -> Edit:
    """A stretch of a value's file with another text."""
    return _edit(node, start, end, text)
