"""A script's tokens -> its simple commands, with what decides whether each of them is run."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from mlbox.lint.shell.drafts import Draft, Element, Frame, is_test, settle
from mlbox.lint.shell.state import ASSIGNS, BUILT_IN, Said, State
from mlbox.lint.shell.tokens import Lexer

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlbox.lint.shell.tokens import Token

_DEEPEST = 50
_MOST_TOKENS = 200_000
_ENDS_LIST = frozenset({"\n", ";", "&", ";;", ";&", ";;&"})
_CLOSES = {"fi": ("if",), "done": ("for", "while", "until", "select"), "esac": ("case",)}


class Reader:
    """Reads one script.

    Attributes:
        drafts: Its simple commands, in order.
        lexer: Its tokens.
        state: What is in force where it is read.
    """

    def __init__(self, text: str, state: State) -> None:
        """Take the script and what is in force at its start."""
        self.text = text
        self.lexer = Lexer(text)
        self.drafts: list[Draft] = []
        self.state = state
        self._frames = [Frame(kind="")]
        self._too_deep = 0
        self._draft: Draft | None = None
        self._redirection: Token | None = None
        self._skips = ""  # what is being read that is no command: "for", "pattern", "[[", "array"
        self._before = ""
        self._new_list = True
        self._heredocs = 0
        self._function = False

    def read(self) -> list[Draft]:
        """All of it; of a script of megabytes, the beginning."""
        for token in islice(self.lexer, _MOST_TOKENS):
            if token.kind == "word":
                self._word(token)
            elif token.kind == "redirection":
                self._redirect(token)
            else:
                self._operator(token)
        self._end("")
        while self._frames:
            settle(self._frames.pop(), self.drafts, pipefail=self.state.pipefail)
        return self.drafts

    # words

    def _word(self, token: Token) -> None:
        raw = self.text[token.start : token.end]
        if self._redirection is not None:
            self._target(token)
        elif self._skips:
            self._skip_word(raw, token)
        elif self._draft is None and raw in self._RESERVED:
            self._RESERVED[raw](self, raw, token)
        else:
            draft = self._begun(token)
            draft.end = token.end
            if not draft.words and (match := ASSIGNS.match(raw)):
                draft.assigned.append((match[1], token, match.end()))
            else:
                draft.words.append(token)

    def _begun(self, token: Token) -> Draft:
        """The command that a word belongs to."""
        if self._draft is None:
            element = self._element()
            frame = self._frames[-1]
            self._draft = Draft(
                start=token.start,
                before=self._before,
                is_conditional=frame.is_conditional or element.operator == "||",
                values=self.state.values,
                exported=self.state.assigned,
                folder=self.state.folder,
                pipefail=self.state.pipefail,
            )
        return self._draft

    def _element(self) -> Element:
        """The element of the and-or list that a command belongs to."""
        lists = self._frames[-1].lists
        if self._new_list or not lists:
            lists.append([])
            self._new_list = False
        parts = lists[-1]
        if not parts or self._before in ("&&", "||"):
            before = parts[-1] if parts else None
            parts.append(
                Element(
                    operator=self._before if parts else "",
                    first=len(self.drafts),
                    stops_on_error=self.state.stops_on_error,
                    after_test=before is not None and (before.tests or before.after_test),
                )
            )
        if self._before in ("|", "|&") and len(self.drafts) > parts[-1].first:
            parts[-1].pipes.append(len(self.drafts) - 1)
        return parts[-1]

    def _skip_word(self, raw: str, token: Token) -> None:
        if self._skips in ("for", "items"):
            self._loop_word(raw, token)
        elif self._skips == "case" and raw == "in":
            self._skips = "pattern"
        elif self._skips == "pattern" and raw == "esac":
            self._skips = ""
            self._close(("case",), token)
        elif self._skips == "[[" and self._draft is not None:
            self._draft.words.append(token)
            self._draft.end = token.end
            if raw == "]]":
                self._skips = ""
        elif self._skips == "function":
            self._skips, self._function = "", True

    def _loop_word(self, raw: str, token: Token) -> None:
        """The variable of a loop, and what it goes through."""
        if raw == "do":
            self._skips = ""
            self._body(raw, token)
        elif self._skips == "for":
            self.state.forget(raw)
            self._skips = "items"

    # redirections

    def _redirect(self, token: Token) -> None:
        if self._skips:
            return
        self._redirection = token

    def _target(self, token: Token) -> None:
        redirection, self._redirection = self._redirection, None
        if redirection is None:
            return
        draft = self._begun(redirection)
        draft.end = token.end
        operator = self.text[redirection.start : redirection.end]
        draft.redirections.append((operator, token))
        if operator.lstrip("0123456789") in ("<<", "<<-"):
            draft.documents.append(self._heredocs)
            self._heredocs += 1

    # operators

    def _operator(self, token: Token) -> None:
        found = self.text[token.start : token.end]
        self._redirection = None
        if self._skips:
            self._skip_operator(found)
        elif found == "(":
            self._open_parenthesis(token)
        elif found == ")":
            self._end(")")
            self._close(("(",), token)
        elif found in _ENDS_LIST:
            self._end(found)
            self._new_list = True
            if found.startswith(";;") or found == ";&":
                self._next_pattern()
        else:
            self._end(found)

    def _skip_operator(self, found: str) -> None:
        if self._skips == "array" and found == ")":
            self._skips = ""
        elif self._skips == "pattern" and found == ")":
            self._skips, self._new_list = "", True
            self._before = ""
        elif self._skips == "((" and found == ")":
            self._skips = ""
        elif self._skips in ("items", "for") and found in (";", "\n"):
            self._skips, self._new_list, self._before = "", True, found
        elif self._skips == "[[" and found == "\n":
            self._skips = ""
            self._end(found)
            self._new_list = True

    def _open_parenthesis(self, token: Token) -> None:
        draft = self._draft
        if draft is None:
            self._open("(", token)
        elif not draft.words and draft.assigned and draft.end == token.start:
            self._skips = "array"
            name, _, _ = draft.assigned.pop()
            self.state.forget(name)
        elif len(draft.words) == 1 and not draft.assigned:
            self._draft = None  # "name ()": a function
            self._function = True
            self._skips = "(("

    def _next_pattern(self) -> None:
        if self._frames[-1].kind == "case":
            self._skips = "pattern"

    def _end(self, operator: str) -> None:
        """A simple command is over."""
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.after = operator
            element = self._element_of_last()
            self.drafts.append(draft)
            if element is not None:
                element.last = len(self.drafts)
                element.tests = element.tests or self._asks(draft)
            self._effects(draft, element)
        if operator:
            self._before = operator

    def _element_of_last(self) -> Element | None:
        lists = self._frames[-1].lists
        return lists[-1][-1] if lists and lists[-1] else None

    def _asks(self, draft: Draft) -> bool:
        return bool(draft.words) and is_test(self._raw(draft.words[0]))

    def _raw(self, token: Token) -> str:
        return self.text[token.start : token.end]

    def _effects(self, draft: Draft, element: Element | None) -> None:
        """What a command changes for those after it."""
        unsure = draft.is_conditional or (
            element is not None and element.operator == "&&" and element.after_test
        )
        if not draft.words:
            for _, token, _ in draft.assigned:
                self.state.assign(self._said(token), unsure=unsure)
            return
        program = self._raw(draft.words[0])
        words = [self._said(token) for token in draft.words[1:]] if program in BUILT_IN else []
        self.state.run(program, words, unsure=unsure)

    def _said(self, token: Token) -> Said:
        return Said(self._raw(token), bool(token.inner))

    # compound commands

    def _open(self, kind: str, token: Token) -> None:  # noqa: ARG002  (a reserved word's)
        element = self._element()
        if len(self._frames) >= _DEEPEST:
            self._too_deep += 1
            return
        frame = Frame(
            kind=kind,
            is_conditional=self._frames[-1].is_conditional
            or element.operator == "||"
            or self._function,
            is_condition=kind in ("if", "while", "until"),
        )
        if kind == "(":
            frame.saved = self.state.saved()
        self._function = False
        self._frames.append(frame)
        self._before, self._new_list = "", True

    def _close(self, kinds: tuple[str, ...], token: Token) -> None:
        if self._too_deep:
            self._too_deep -= 1
            return
        if len(self._frames) == 1 or self._frames[-1].kind not in kinds:
            return
        frame = self._frames.pop()
        settle(frame, self.drafts, pipefail=self.state.pipefail)
        if frame.saved is not None:
            self.state.restore(frame.saved)
        element = self._element_of_last()
        if element is not None:
            element.last = len(self.drafts)
        self._new_list = False
        self._before = self.text[token.start : token.end] if kinds != ("(",) else ")"

    def _compound(self, raw: str, token: Token) -> None:
        self._open(raw, token)
        if raw in ("for", "select"):
            self._skips = "for"
        elif raw == "case":
            self._skips = "case"
            self._frames[-1].is_conditional = True

    def _body(self, raw: str, token: Token) -> None:
        """``then``, ``else``, ``elif``, ``do``."""
        del token
        frame = self._frames[-1]
        settle(frame, self.drafts, pipefail=self.state.pipefail)
        frame.is_conditional = True
        frame.is_condition = raw == "elif"
        self._before, self._new_list = "", True

    def _closing(self, raw: str, token: Token) -> None:
        self._close(_CLOSES[raw], token)

    def _group(self, raw: str, token: Token) -> None:
        if raw == "{":
            self._open("{", token)
        else:
            self._close(("{",), token)

    def _not(self, raw: str, token: Token) -> None:
        """``!``: its failure is no failure."""
        del raw, token

    def _named(self, raw: str, token: Token) -> None:
        del raw, token
        self._skips = "function"

    def _test(self, raw: str, token: Token) -> None:
        del raw
        draft = self._begun(token)
        draft.words.append(token)
        draft.end = token.end
        self._skips = "[["

    _RESERVED: ClassVar[dict[str, Callable[[Reader, str, Token], None]]] = {
        "if": _compound,
        "for": _compound,
        "select": _compound,
        "while": _compound,
        "until": _compound,
        "case": _compound,
        "then": _body,
        "else": _body,
        "elif": _body,
        "do": _body,
        "fi": _closing,
        "done": _closing,
        "esac": _closing,
        "{": _group,
        "}": _group,
        "!": _not,
        "function": _named,
        "[[": _test,
    }
