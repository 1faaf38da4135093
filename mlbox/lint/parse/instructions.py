"""Instructions: keyword, flags, words, exec form, and the one inside an ONBUILD."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.lint.parse.source import Mapped, Span
from mlbox.lint.parse.strings import json_strings
from mlbox.lint.parse.words import json_list, raw_words, unquoted

if TYPE_CHECKING:
    from mlbox.lint.parse.heredocs import Heredoc
    from mlbox.lint.parse.lines import LogicalLine

_KEYWORD = re.compile(r"[^ \t\r\v\f]+")  # other white space is part of it, as BuildKit has it
_SPACED = re.compile(r"[^ \t\r\v\f]+")  # these alone part the words of a COPY
_ASSIGNS = re.compile(r"[^\s\"'=]+=")
INSTRUCTIONS = frozenset(
    {
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    }
)
_UNQUOTED = frozenset({"ADD", "COPY", "EXPOSE", "FROM", "VOLUME"})  # split at any white space
_JSON = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"})


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of an instruction.

    Attributes:
        raw: As it stands.
        span: Where.
    """

    raw: str
    span: Span


@dataclass(frozen=True, kw_only=True)
class Flag:
    """``--mount=type=cache,target=/root/.cache``.

    Attributes:
        name: ``"mount"``.
        value: What follows ``=``, quotes taken out, variables as they stand; ``None`` without.
        span: Where.
    """

    name: str
    value: str | None
    span: Span


@dataclass(frozen=True, kw_only=True)
class Pair:
    """``NAME=value`` of ENV, ARG or LABEL.

    Attributes:
        name: ``"NAME"``.
        value: As it stands, with quotes and variables; ``None`` for an ARG without default.
        span: All of it.
        value_span: Where the value is.
    """

    name: str
    value: str | None
    span: Span
    value_span: Span


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction.

    Attributes:
        name: In upper case: ``"RUN"``.
        keyword: Where that word is.
        span: All of it in the source, heredoc bodies included.
        line: Its first line, 1-based.
        end_line: Its last line.
        flags: ``--name=value`` before the arguments.
        arguments: What follows the flags, continuations joined; still knows where it is from.
        exec_form: The list, where the arguments are a JSON list of strings; else ``None``.
        heredocs: Here-documents, in order.
        trigger: For ONBUILD, the instruction that a child image runs.
        escape: The file's escape character.
        is_trigger: Whether it stands inside an ONBUILD.
    """

    name: str
    keyword: Span
    span: Span
    line: int
    end_line: int
    flags: tuple[Flag, ...]
    arguments: Mapped
    exec_form: tuple[str, ...] | None
    heredocs: tuple[Heredoc, ...]
    escape: str
    trigger: Instruction | None = None
    is_trigger: bool = False

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The arguments' words, as they stand; a JSON list is not taken apart.

        Quotes do not keep a word together in ``COPY "a b" /x``: BuildKit splits before it looks
        at them.
        """
        if self.name in _UNQUOTED:
            matches = _SPACED.finditer(self.arguments.text)
            return tuple(
                Word(raw=match[0], span=self.arguments.span(*match.span())) for match in matches
            )
        return tuple(
            Word(raw=self.arguments.text[start:end], span=self.arguments.span(start, end))
            for start, end in raw_words(self.arguments.text, self.escape)
        )

    @cached_property
    def paths(self) -> tuple[Word, ...]:
        """What a COPY or an ADD names, in either form: its sources, then its target."""
        if self.exec_form is None:
            return self.words
        return tuple(
            Word(raw=item.text, span=item.span(0, len(item.text)))
            for item in json_strings(self.arguments)
        )

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """``NAME=value`` pairs of ENV, LABEL and ARG; the old ``ENV NAME value`` is one pair."""
        words = self.words
        if self.name == "ARG":
            return tuple(_pair(word) for word in words)
        if self.name not in ("ENV", "LABEL") or not words:
            return ()
        if _ASSIGNS.match(words[0].raw) or "=" in words[0].raw:
            return tuple(_pair(word) for word in words if "=" in word.raw)
        if len(words) == 1:
            return ()
        rest = Span(words[1].span.start, words[-1].span.end)
        begin = self.arguments.text.index(words[0].raw) + len(words[0].raw)
        value = self.arguments.cut(begin).stripped().text
        return (
            Pair(
                name=words[0].raw,
                value=value,
                span=Span(words[0].span.start, rest.end),
                value_span=rest,
            ),
        )

    def flag(self, name: str) -> Flag | None:
        """The first flag of a name."""
        return next((flag for flag in self.flags if flag.name == name), None)

    def flags_named(self, name: str) -> tuple[Flag, ...]:
        """Every flag of a name."""
        return tuple(flag for flag in self.flags if flag.name == name)


def _pair(word: Word) -> Pair:
    name, equals, value = word.raw.partition("=")
    start = word.span.start + len(name) + len(equals)
    return Pair(
        name=unquoted(name, "\\"),
        value=value if equals else None,
        span=word.span,
        value_span=Span(min(start, word.span.end), word.span.end),
    )


def instruction(line: LogicalLine, escape: str) -> Instruction:
    """Read one logical line."""
    return _read(line.text, line, escape, is_trigger=False)


def _read(text: Mapped, line: LogicalLine, escape: str, *, is_trigger: bool) -> Instruction:
    text = text.stripped()
    match = _KEYWORD.match(text.text)
    length = match.end() if match else 0
    name = text.text[:length].upper()
    rest = text.cut(length).stripped()
    flags, rest = _flags(rest, escape)
    trigger = None
    if name == "ONBUILD" and rest.text and not is_trigger:
        trigger = _read(rest, line, escape, is_trigger=True)
    return Instruction(
        name=name,
        keyword=text.span(0, length),
        span=Span(text.offset(0), line.span.end),
        line=line.line,
        end_line=line.end_line,
        flags=flags,
        arguments=rest,
        exec_form=json_list(rest.text) if name in _JSON else _later_json(name, rest.text),
        heredocs=line.heredocs if trigger is None else (),
        escape=escape,
        trigger=trigger,
        is_trigger=is_trigger,
    )


def _later_json(name: str, text: str) -> tuple[str, ...] | None:
    if name != "HEALTHCHECK" or text[:3].upper() != "CMD":
        return None
    return json_list(text[3:])


def _flags(rest: Mapped, escape: str) -> tuple[tuple[Flag, ...], Mapped]:
    """The flags before the arguments, and the arguments."""
    if not rest.text.startswith("--"):
        return (), rest
    flags: list[Flag] = []
    for start, end in raw_words(rest.text, escape):
        raw = rest.text[start:end]
        if not raw.startswith("--"):
            return tuple(flags), rest.cut(start).stripped()
        if raw == "--":
            return tuple(flags), rest.cut(end).stripped()
        name, equals, value = unquoted(raw[2:], escape).partition("=")
        flags.append(Flag(name=name, value=value if equals else None, span=rest.span(start, end)))
    return tuple(flags), rest.cut(len(rest.text))
