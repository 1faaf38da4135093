r"""Words and operators of a shell script, with their places.

One regular expression finds nearly every token. A word with a substitution in it (``"$(...)"``,
``${x:-$(...)}``, backquotes) is followed by a scanner with a stack of its own, so that no nesting
is too deep and every text takes linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["word", "operator", "redirection"]

_BLANK = r"[ \t\r\f\v]"
_BREAKS = r" \t\r\n\f\v;&|<>()"
_DOUBLE = r'"[^"\\`$]*(?:(?:\\.|\$(?![({]))[^"\\`$]*)*"'
_TOKEN = re.compile(
    rf"""{_BLANK}*(?:\\\r?\n{_BLANK}*)*
    (?: (?P<comment>\#[^\n]*)
      | (?P<redirection>(?:\d+|\{{\w+\}})?(?:<<<|<<-|<<|<>|<&|<(?!\()|>>|>&|>\||>(?!\())|&>>|&>)
      | (?P<operator>\n|&&|\|\||;;&|;;|;&|;|\|&|\||&|\(|\))
      | (?P<word>(?:[^{_BREAKS}'"\\`$]+|\\.|'[^']*'|{_DOUBLE}|\$\w+|\$\{{\w+\}})+)
      | (?P<hard>[^{_BREAKS}]|[<>]\()
      | \Z
    )""",
    re.VERBOSE | re.DOTALL,
)
_ENDED = re.compile(rf"[{_BREAKS}]|\Z")
_TICKS = r"`[^`\\]*(?:\\.[^`\\]*)*(?:`|\\?\Z)"
_INNER = rf"""\\.|'[^']*'?|"|{_TICKS}|\$\(|\$\{{|\$'[^'\\]*(?:\\.[^'\\]*)*(?:'|\\?\Z)"""
_NEXT = {
    "word": re.compile(rf"{_INNER}|[<>]\(|[{_BREAKS}]", re.DOTALL),
    ")": re.compile(rf"{_INNER}|[()]|(?:(?<=[\s;&|(])|^)\#[^\n]*", re.DOTALL),
    "}": re.compile(rf"{_INNER}|\}}", re.DOTALL),
    '"': re.compile(rf'\\.|"|{_TICKS}|\$\(|\$\{{', re.DOTALL),
}
_CONTINUE = ("'", '"', "`", "\\")  # one character, yet no end of a word
_OPENS = {"$(": ")", "(": ")", "<(": ")", ">(": ")", "${": "}", '"': '"'}


@dataclass(frozen=True)
class Token:
    """One token.

    Attributes:
        kind: What it is; a line end is an operator.
        start: Where it begins.
        end: Where it ends.
        inner: Start and end of each script inside it: of ``$(...)`` and of backquotes.
    """

    kind: Kind
    start: int
    end: int
    inner: tuple[tuple[int, int], ...] = ()


class Lexer:
    """The tokens of a script, one after the other; the bodies of its here-documents are skipped.

    Attributes:
        bodies: Start and end of each body, in the order in which ``<<`` names them; fewer than
            those where the script ends before.
    """

    def __init__(self, text: str) -> None:
        """Take the script's text."""
        self.text = text
        self.bodies: list[tuple[int, int]] = []
        self._pending: list[tuple[str, bool]] = []
        self._awaits = ""

    def __iter__(self) -> Iterator[Token]:
        """Each token but comments and blanks."""
        text, at = self.text, 0
        while match := _TOKEN.match(text, at):
            kind = match.lastgroup
            if kind is None:
                return
            start, at = match.start(kind), match.end()
            if kind == "word" and _ENDED.match(text, at):
                token = Token("word", start, at)
            elif kind in ("word", "hard"):
                at, inner = _scan(text, start)
                token = Token("word", start, at, inner)
            elif kind == "comment":
                continue
            else:
                token = Token("operator" if kind == "operator" else "redirection", start, at)
            yield token
            if self._awaits or self._pending or kind == "redirection":
                at = self._here(token, at)

    def _here(self, token: Token, at: int) -> int:
        """Note a here-document; at the end of its line, go on behind the bodies."""
        found = self.text[token.start : token.end]
        if token.kind == "redirection":
            self._awaits = found if found.lstrip("0123456789") in ("<<", "<<-") else ""
        elif token.kind == "word" and self._awaits:
            name = found.replace("\\", "").replace("'", "").replace('"', "")
            self._pending.append((name, self._awaits.endswith("-")))
            self._awaits = ""
        elif found == "\n":
            for name, strips in self._pending:
                at = self._body(name, at, strips=strips)
            self._pending.clear()
        return at

    def _body(self, name: str, at: int, *, strips: bool) -> int:
        tabs = r"\t*" if strips else ""
        end = re.compile(rf"^{tabs}{re.escape(name)}\r?(?:\n|\Z)", re.MULTILINE)
        match = end.search(self.text, at)
        self.bodies.append((at, match.start() if match else len(self.text)))
        return match.end() if match else len(self.text)


def _scan(text: str, start: int) -> tuple[int, tuple[tuple[int, int], ...]]:
    """End of the word that begins here, and the scripts inside it."""
    stack = ["word"]
    scripts = _Scripts()
    at = start
    while match := _NEXT[stack[-1]].search(text, at):
        found, at = match[0], match.end()
        if len(stack) == 1 and len(found) == 1 and found not in _CONTINUE:
            return match.start(), tuple(scripts.found)
        if found == stack[-1]:
            stack.pop()
            scripts.closed(len(stack), at - 1)
        elif found in _OPENS:
            if found.endswith("(") and len(found) > 1:
                scripts.opened(len(stack), at)
            stack.append(_OPENS[found])
        elif found[0] == "`":
            scripts.whole(match.start() + 1, at - (len(found) > 1 and found[-1] == "`"))
    scripts.closed(scripts.depth, len(text))
    return len(text), tuple(scripts.found)


class _Scripts:
    """The outermost scripts inside a word."""

    def __init__(self) -> None:
        self.found: list[tuple[int, int]] = []
        self.depth = 0
        self._begun = 0

    def opened(self, depth: int, at: int) -> None:
        if not self.depth:
            self.depth, self._begun = depth, at

    def closed(self, depth: int, at: int) -> None:
        if self.depth and depth == self.depth:
            self.found.append((self._begun, at))
            self.depth = 0

    def whole(self, start: int, end: int) -> None:
        if not self.depth:
            self.found.append((start, end))
