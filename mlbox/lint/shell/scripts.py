"""Scripts -> commands: arguments with values, prefixes taken off, inner scripts followed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlbox.lint.shell.grammar import Reader
from mlbox.lint.shell.model import Argument, Command, Redirection
from mlbox.lint.shell.prefixes import split_prefix
from mlbox.lint.shell.quotes import without_quotes
from mlbox.lint.shell.state import State
from mlbox.lint.shell.values import splits, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.lint.parse import Instruction, Mapped, Span
    from mlbox.lint.shell.drafts import Draft
    from mlbox.lint.shell.tokens import Token

SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_USER_SHELLS = frozenset({"su", "runuser"})
STARTERS = SHELLS | _USER_SHELLS | {"eval"}
_DEEPEST = 6
_MOST_WORDS = 10_000
_LONGEST = 100_000  # characters of a script inside a word


@dataclass(frozen=True, kw_only=True)
class Context:
    """What is in force where a script begins.

    Attributes:
        instruction: Where it stands.
        values: Variables.
        exported: Those of them that an outer script set.
        folder: Where an outer script's ``cd`` went.
        stops_on_error: ``set -e``.
        pipefail: ``set -o pipefail``.
        is_conditional: Whether the script itself may be skipped.
        stops: Whether a failure of the script fails the build.
        depth: How many scripts it is inside of.
        is_substituted: Whether an outer shell has already run what is in its ``$(...)``.
    """

    instruction: Instruction
    values: Mapping[str, str | None]
    exported: Mapping[str, str | None]
    folder: str | None = ""
    stops_on_error: bool = False
    pipefail: bool = False
    is_conditional: bool = False
    stops: bool = True
    depth: int = 0
    is_substituted: bool = False


def commands_in(script: Mapped, context: Context) -> Iterator[Command]:
    """The commands of a script, each followed by those of scripts that it starts."""
    state = State(
        context.values,
        context.exported,
        context.folder,
        stops_on_error=context.stops_on_error,
        pipefail=context.pipefail,
    )
    reader = Reader(script.text, state)
    for draft in reader.read():
        draft.is_conditional = draft.is_conditional or context.is_conditional
        draft.stops = draft.stops and context.stops
        if any(token.inner for token in draft.tokens()):
            yield from _substituted(script, draft, context)
        documents = tuple(_documents(script, draft, reader.lexer.bodies, context))
        command = _command(script, draft, context.instruction, documents)
        yield command
        if command.program in STARTERS or not command.words:
            sources = {
                script.span(token.start, token.end): script.cut(token.start, token.end)
                for token in draft.words
            }
            yield from started(command, _inside(draft, context), sources)


def _inside(draft: Draft, context: Context) -> Context:
    """What is in force in a script that a command starts."""
    return replace(
        context,
        values=draft.values,
        exported=draft.exported,
        folder=draft.folder,
        is_conditional=draft.is_conditional,
        stops=draft.stops,
        depth=context.depth + 1,
    )


def _substituted(script: Mapped, draft: Draft, context: Context) -> Iterator[Command]:
    """The commands inside ``$(...)``."""
    if context.depth >= _DEEPEST or context.is_substituted:
        return
    inside = replace(_inside(draft, context), is_conditional=True, stops=False)
    for token in draft.tokens():
        for start, end in token.inner:
            if script.text.startswith("((", start - 1) or end - start > _LONGEST:
                continue  # arithmetic, or nothing that a person wrote
            yield from commands_in(script.cut(start, end), inside)


def _documents(
    script: Mapped, draft: Draft, bodies: list[tuple[int, int]], context: Context
) -> Iterator[Mapped]:
    for number in draft.documents:
        if number < len(bodies):
            yield script.cut(*bodies[number])
        elif context.depth == 0 and not bodies and number < len(context.instruction.heredocs):
            yield context.instruction.heredocs[number].body


def _command(
    script: Mapped, draft: Draft, instruction: Instruction, documents: tuple[Mapped, ...]
) -> Command:
    words = [word for token in draft.words for word in _arguments(script, token, draft)]
    prefix, assignments, rest = split_prefix(words)
    variables = {
        name: value_of(
            script.text[token.start + begin : token.end], draft.values, computed=bool(token.inner)
        )
        for name, token, begin in draft.assigned
    }
    for word in assignments:
        name, _, value = word.text.partition("=")
        variables[name] = None if word.value is None else value
    return Command(
        words=rest,
        variables=variables,
        exported=draft.exported,
        redirections=tuple(
            _redirection(operator, _argument(script, token, draft))
            for operator, token in draft.redirections
        ),
        before=draft.before,
        after=draft.after,
        is_conditional=draft.is_conditional,
        stops_on_failure=draft.stops,
        span=script.span(draft.start, draft.end),
        instruction=instruction,
        pipefail=draft.pipefail,
        folder=draft.folder,
        prefix=prefix,
        documents=documents,
    )


def _argument(script: Mapped, token: Token, draft: Draft) -> Argument:
    raw = script.text[token.start : token.end]
    value = value_of(raw, draft.values, computed=bool(token.inner))
    return Argument(raw=raw, value=value, span=script.span(token.start, token.end))


def _arguments(script: Mapped, token: Token, draft: Draft) -> Iterator[Argument]:
    """The words that a word becomes: a variable without quotes may be several, or none."""
    argument = _argument(script, token, draft)
    if argument.value is None or not splits(argument.raw):
        yield argument
        return
    for part in argument.value.split()[:_MOST_WORDS]:
        yield replace(argument, value=part)


def _redirection(operator: str, target: Argument) -> Redirection:
    sign = operator.lstrip("0123456789")
    number = operator[: len(operator) - len(sign)]
    if sign.startswith("{"):
        sign = sign.partition("}")[2]
    return Redirection(operator=sign, descriptor=int(number[:9]) if number else None, target=target)


def started(
    command: Command, inside: Context, sources: Mapping[Span, Mapped], *, quoted: bool = True
) -> Iterator[Command]:
    """The commands of the scripts that a command starts: ``bash -c '...'``, ``bash <<EOF``.

    Args:
        command: The command.
        inside: What is in force in those scripts.
        sources: Its words as they stand, by their places.
        quoted: Whether they have the quotes of a shell.
    """
    if inside.depth > _DEEPEST:
        return
    if quoted:
        bare = ((span, without_quotes(word)) for span, word in sources.items())
        sources = {span: word for span, word in bare if word is not None}
    program = command.program
    inner = replace(inside, is_substituted=quoted)
    if program in SHELLS or program in _USER_SHELLS:
        yield from _shell(command, inner, sources)
    elif program == "eval" and len(command.arguments) == 1:
        yield from _of_argument(command.arguments[0], command, inner, sources)
    elif not command.words and len(command.documents) == 1 and not command.variables:
        yield from document(command.documents[0], inside)


def _shell(  # noqa: C901  (one branch per kind of option)
    command: Command, inside: Context, sources: Mapping[Span, Mapped]
) -> Iterator[Command]:
    """The script of ``sh -c``, ``su -c``, or of a here-document that a shell reads."""
    is_shell = command.program in SHELLS
    words = iter(command.arguments)
    for word in words:
        text = word.text
        if not text.startswith(("-", "+")):
            if is_shell:
                return  # a script's file
            continue
        if text.startswith("--command="):
            return
        if text == "--command" or ("c" in text[1:] and not text.startswith("--")):
            if is_shell and "e" in text[1:]:
                inside = replace(inside, stops_on_error=True)
            script = next((word for word in words if not word.raw.startswith("-")), None)
            if script is not None:
                yield from _of_argument(script, command, inside, sources)
            return
        if is_shell:
            inside = _with_options(inside, text, words)
    for body in command.documents if is_shell else ():
        yield from commands_in(body, replace(inside, is_substituted=False))


def _with_options(inside: Context, text: str, words: Iterator[Argument]) -> Context:
    """``-e``, ``-o pipefail``, ``-eo pipefail``; the word after ``-o`` is taken."""
    if text.startswith("--"):
        return inside
    name = ""
    if text.endswith(("o", "O")):
        option = next(words, None)
        name = option.text if option else ""
    return replace(
        inside,
        stops_on_error=inside.stops_on_error or "e" in text[1:] or name == "errexit",
        pipefail=inside.pipefail or name == "pipefail",
    )


def _of_argument(
    argument: Argument,
    command: Command,
    inside: Context,
    sources: Mapping[Span, Mapped],
) -> Iterator[Command]:
    """The commands of a script that stands in one word."""
    script = sources.get(argument.span)
    if script is None or len(script.text) > _LONGEST:
        return
    values = {**inside.values, **command.variables} if command.variables else inside.values
    exported = {**inside.exported, **command.variables}
    substituted = inside.is_substituted and not argument.raw.startswith("'")
    context = replace(inside, values=values, exported=exported, is_substituted=substituted)
    yield from commands_in(script, context)


def document(body: Mapped, inside: Context) -> Iterator[Command]:
    """The commands of a here-document that is a script itself, with its ``#!`` followed."""
    first, _, _ = body.text.partition("\n")
    if not first.startswith("#!"):
        yield from commands_in(body, inside)
        return
    line = list(commands_in(body.cut(2, len(first)), replace(inside, depth=_DEEPEST + 1)))
    if line and line[0].program in SHELLS:
        flags = "".join(word.text for word in line[0].arguments if word.text.startswith("-"))
        context = replace(inside, stops_on_error=inside.stops_on_error or "e" in flags)
        yield from commands_in(body.cut(len(first)), context)
    elif line:
        yield replace(line[0], before="", after="", documents=(body,))
