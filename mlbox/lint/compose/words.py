"""The words of a command, with their places; those of ``sh -c "..."`` too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.lint.parse import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Location
    from mlbox.lint.compose.nodes import Node

# A word of a shell's text: quoted pieces hold white space; an operator ends it.
_WORD = re.compile(
    r"""(?:[^\s'"\\;&|()<>]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+|&&|\|\||[;&|]""", re.DOTALL
)
_NEAR = 2_000  # characters that may stand between a word and the next
_OPERATORS = frozenset({"&&", "||", ";", "&", "|"})


@dataclass(frozen=True, eq=False)
class Word:
    """One word.

    Attributes:
        text: Without quotes; variables stay as they are written.
        node: The value it stands in.
        span: Where.
        starts: Whether a command begins with it.
    """

    text: str
    node: Node
    span: Span
    starts: bool = False

    @property
    def location(self) -> Location:
        """Lines and columns."""
        return self.node.source.location(self.span)


def words_of(node: Node | None) -> tuple[Word, ...]:
    """The words of ``command`` or ``entrypoint``: a text is split, a list is not."""
    if node is None or node.is_null:
        return ()
    if node.kind == "scalar":
        return tuple(_unwrapped(_split(node)))
    if node.kind != "list":
        return ()
    items = [item for item in node.items if item.kind == "scalar"]
    whole = [Word(item.raw, item, item.span, starts=at == 0) for at, item in enumerate(items)]
    return tuple(_unwrapped(whole))


def _unwrapped(words: list[Word]) -> Iterator[Word]:
    """The words, each script of a shell split into its own."""
    is_shell = bool(words) and words[0].text.rsplit("/", 1)[-1] in ("sh", "bash", "ash", "dash")
    script = False
    for at, word in enumerate(words):
        if script and word.text:
            yield from _split(word.node, word)
            script = False
            continue
        yield word
        following = words[at + 1].text if at + 1 < len(words) else ""
        script = is_shell and _takes_script(word.text) and not following.startswith("-")


def _takes_script(flag: str) -> bool:
    return flag.startswith("-") and not flag.startswith("--") and flag.endswith("c")


def _split(node: Node, inside: Word | None = None) -> list[Word]:
    text = inside.text if inside else node.raw
    area = inside.span if inside else node.span
    found: list[Word] = []
    at, begins = area.start, True
    for match in _WORD.finditer(text):
        if match[0] in _OPERATORS:
            begins = True
            continue
        span = _place(node, match[0], at, area)
        at = span.end if span != area else at
        word = _unquoted(match[0])
        found.append(Word(word, node, span, starts=begins))
        begins = False
    return found


def _place(node: Node, word: str, at: int, area: Span) -> Span:
    """Where a word stands, looked for behind the one before; the whole text if not found."""
    place = node.source.text.find(word, at, min(area.end, at + len(word) + _NEAR))
    return Span(place, place + len(word)) if place >= 0 else area


def _unquoted(word: str) -> str:
    if not any(mark in word for mark in "'\"\\"):
        return word
    return re.sub(
        r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)""",
        lambda match: next(part for part in (*match.groups(), "") if part is not None),
        word,
        flags=re.DOTALL,
    )


def option(words: tuple[Word, ...], *names: str) -> tuple[Word, str] | None:
    """An option of a command, and its value: ``--name value``, ``--name=value``, ``name=value``.

    Args:
        words: The words.
        names: Names without dashes; ``_`` and ``-`` are the same.
    """
    wanted = {name.replace("_", "-") for name in names}
    for at, word in enumerate(words):
        name, equals, value = word.text.partition("=")
        bare = name.lstrip("-+").replace("_", "-")
        if bare not in wanted or not (name.startswith("--") or equals):
            continue
        if equals:
            return word, value
        if at + 1 < len(words) and not words[at + 1].starts:
            return word, words[at + 1].text
    return None
