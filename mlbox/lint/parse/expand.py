"""Variables in a Dockerfile's words: ``$x``, ``${x:-y}``, ``${x#pattern}`` and their like.

A value that is not known (a build argument without a default, a variable that the base image may
set) makes the whole word unknown: ``None``. It is never guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse.patterns import ANY, BadEscapeError, replaced, tokens, without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlbox.lint.parse.patterns import Token

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?!$-]")
_PLAIN = re.compile(r"""[^$'"\\`}/]+""")
_DEPTH = 20
_TOO_MUCH = 500_000  # steps of matching a pattern: longer values than people write


class Unknown(Exception):  # noqa: N818  (no error: a value that nobody here can know)
    """The value depends on what is not in the file."""


class Malformed(Unknown):
    """BuildKit refuses the word, whatever its variables are."""


def expand(
    text: str,
    values: Mapping[str, str | None],
    escape: str = "\\",
    *,
    unset: Callable[[str], str | None] | None = None,
) -> str | None:
    """Replace variables, and take quotes and escape characters out, as BuildKit does.

    Args:
        text: A word of an instruction, as it stands.
        values: The variables in force; ``None`` stands for a value that is not known.
        escape: The file's escape character.
        unset: What a variable is that is not in ``values``; without it, unknown.

    Returns:
        The word's value, or ``None`` if it is not known.
    """
    if not any(mark in text for mark in ("$", "'", '"', escape)):
        return text
    try:
        return _Expander(text, values, escape, unset).run()
    except Unknown:
        return None


def variables(text: str, escape: str = "\\") -> tuple[str, ...]:
    """Names of the variables that a word uses without a replacement for an unset one."""
    used: list[str] = []

    def note(name: str) -> str:
        used.append(name)
        return ""

    expand(text, {}, escape, unset=note)
    return tuple(used)


def fault(text: str, escape: str = "\\", *, quotes: bool = True) -> str | None:
    """What BuildKit has against a word, whatever its variables are; ``None`` for nothing.

    Args:
        text: The word, as it stands.
        escape: The file's escape character.
        quotes: Whether quotes mean something in it; in a heredoc they do not.
    """
    marks = ("$", "'", '"') if quotes else ("$",)
    if not any(mark in text for mark in marks):
        return None
    try:
        _Expander(text, {}, escape, lambda _: "", quotes=quotes).run()
    except Malformed as error:
        return str(error)
    except Unknown:
        return None
    return None


class _Expander:
    def __init__(
        self,
        text: str,
        values: Mapping[str, str | None],
        escape: str,
        unset: Callable[[str], str | None] | None,
        *,
        quotes: bool = True,
    ) -> None:
        self.quotes = quotes
        self.keeps_escapes = False
        self.text = text
        self.values = values
        self.escape = escape
        self.unset = unset
        self.at = 0
        self.depth = 0

    def run(self) -> str:
        return self._until("")

    def _until(self, stop: str) -> str:
        """Read up to an unquoted stop character, which is consumed, or to the end."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise Unknown
        out: list[str] = []
        while self.at < len(self.text):
            if plain := _PLAIN.match(self.text, self.at):
                out.append(plain[0])
                self.at = plain.end()
                continue
            character = self.text[self.at]
            if character in stop:
                self.at += 1
                break
            out.append(self._next(character))
        else:
            if stop:
                raise Malformed(f"a {stop} is missing")
        self.depth -= 1
        return "".join(out)

    def _next(self, character: str) -> str:
        self.at += 1
        if character == "'" and self.quotes:
            return self._single()
        if character == '"' and self.quotes:
            return self._double()
        if character == "$":
            return self._variable()
        if character == self.escape:
            self.at += 1
            kept = self.at - 2 if self.keeps_escapes else self.at - 1
            return self.text[kept : self.at]
        return character

    def _single(self) -> str:
        end = self.text.find("'", self.at)
        if end < 0:
            raise Malformed("a single quote is not closed")
        inner, self.at = self.text[self.at : end], end + 1
        return inner

    def _double(self) -> str:
        out: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == '"':
                return "".join(out)
            if character == "$":
                out.append(self._variable())
            elif character == self.escape and self.text[self.at : self.at + 1] in (
                '"',
                "$",
                self.escape,
            ):
                out.append(self.text[self.at - self.keeps_escapes : self.at + 1])
                self.at += 1
            elif character == self.escape and self.keeps_escapes:
                raise Unknown  # in a pattern, BuildKit keeps more of it than it does elsewhere
            else:
                out.append(character)
        raise Malformed("a double quote is not closed")

    def _variable(self) -> str:
        if self.text[self.at : self.at + 1] == "{":
            self.at += 1
            return self._braced()
        match = _NAME.match(self.text, self.at)
        if not match:
            return "$"
        self.at = match.end()
        return self._present(match[0])

    def _braced(self) -> str:
        match = _NAME.match(self.text, self.at)
        if not match:
            if self.text[self.at : self.at + 1] in ("", "{", "}", ":"):
                raise Malformed("${ is not followed by a name")
            raise Unknown
        name, self.at = match[0], match.end()
        operator = self.text[self.at : self.at + 1]
        self.at += 1
        if operator == "}":
            return self._present(name)
        empty_counts = operator == ":"
        if empty_counts:
            operator = self.text[self.at : self.at + 1]
            self.at += 1
        if operator and operator in "-+?":
            return self._default(name, operator, empty_counts=empty_counts)
        if operator and operator in "#%/" and not empty_counts:
            return self._pattern(name, operator)
        raise Malformed(f"${{{name}{':' * empty_counts}{operator} is not supported in a Dockerfile")

    def _value(self, name: str) -> str | None:
        """The value, ``None`` if there is none; raises if that is not known."""
        if name in self.values:
            value = self.values[name]
            if value is None:
                raise Unknown
            return value
        if self.unset is None:
            raise Unknown
        return self.unset(name)

    def _present(self, name: str) -> str:
        value = self._value(name)
        if value is None:
            raise Unknown
        return value

    def _default(self, name: str, operator: str, *, empty_counts: bool) -> str:
        instead = self._guarded(name, operator)
        try:
            value = self._value(name) if name in self.values else None
        except Unknown:
            value = None
            if name in self.values and operator != "-":
                raise
        is_set = bool(value) if empty_counts else value is not None
        if operator == "+":
            return instead if is_set else ""
        if is_set and value is not None:
            return value
        if operator == "?":
            raise Unknown
        return instead

    def _guarded(self, name: str, operator: str) -> str:
        """The word after the operator; one that is not used may be unknown."""
        start = self.at
        try:
            return self._until("}")
        except Malformed:
            raise
        except Unknown:
            value = self.values.get(name)
            if (operator == "-") != bool(value):
                raise
            depth, self.at = 1, start
            while self.at < len(self.text) and depth:
                depth += {"{": 1, "}": -1}.get(self.text[self.at], 0)
                self.at += 1
            return ""

    def _pattern(self, name: str, operator: str) -> str:
        double = self.text[self.at : self.at + 1] == operator
        self.at += double
        pattern = self._as_it_stands("/" if operator == "/" else "}")
        instead = self._as_it_stands("}") if operator == "/" else ""
        parts = self._tokens(pattern)
        value = self._present(name)
        steps = len(value) * len(parts) * (len(value) if operator == "/" and ANY in parts else 1)
        if not parts or steps > _TOO_MUCH or set(instead) & {self.escape, "$"}:
            raise Unknown  # BuildKit 0.13 crashes on an empty one; versions differ in the last
        if operator == "/":
            return replaced(value, parts, instead, every=double)
        return without(value, parts, suffix=operator == "%", longest=double)

    def _as_it_stands(self, stop: str) -> str:
        """Read up to a stop character; an escaped character keeps its escape character."""
        before, self.keeps_escapes = self.keeps_escapes, True
        try:
            return self._until(stop)
        finally:
            self.keeps_escapes = before

    def _tokens(self, pattern: str) -> tuple[Token, ...]:
        try:
            return tokens(pattern)
        except BadEscapeError as error:
            raise Malformed(f"{error} is no escape in a pattern") from error
