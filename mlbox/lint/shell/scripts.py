"""Scripts -> commands: arguments with values, prefixes taken off, inner scripts followed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlbox.lint.shell.grammar import Reader
from mlbox.lint.shell.model import Argument, Command, Redirection
from mlbox.lint.shell.prefixes import split_prefix
from mlbox.lint.shell.quotes import without_quotes
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


def commands_in(script: Mapped, context: Context) -> Iterator[Command]:
    """The commands of a script, each followed by those of scripts that it starts."""
    reader = Reader(
        script.text,
        context.values,
        stops_on_error=context.stops_on_error,
        pipefail=context.pipefail,
        assigned=context.exported,
        folder=context.folder,
    )
    for draft in reader.read():
        inside = replace(
            context,
            values=draft.values,
            exported=draft.exported,
            folder=draft.folder,
            is_conditional=context.is_conditional or draft.is_conditional,
            stops=context.stops and draft.stops,
            pipefail=draft.pipefail,
            depth=context.depth + 1,
        )
        yield from _substituted(script, draft, inside)
        documents = tuple(_documents(script, draft, reader.lexer.bodies, context))
        command = _command(script, draft, inside, documents)
        yield command
        if command.program in STARTERS or not command.words:
            sources = {
                script.span(token.start, token.end): script.cut(token.start, token.end)
                for token in draft.words
            }
            yield from started(command, inside, sources)


def _substituted(script: Mapped, draft: Draft, inside: Context) -> Iterator[Command]:
    """The commands inside ``$(...)``."""
    if inside.depth > _DEEPEST:
        return
    assigned = (token for _, token, _ in draft.assigned)
    targets = (token for _, token in draft.redirections)
    for token in (*assigned, *draft.words, *targets):
        for start, end in token.inner:
            context = replace(inside, is_conditional=True, stops=False)
            yield from commands_in(script.cut(start, end), context)


def _documents(
    script: Mapped, draft: Draft, bodies: list[tuple[int, int]], context: Context
) -> Iterator[Mapped]:
    for number in draft.documents:
        if number < len(bodies):
            yield script.cut(*bodies[number])
        elif context.depth == 0 and not bodies and number < len(context.instruction.heredocs):
            yield context.instruction.heredocs[number].body


def _command(
    script: Mapped, draft: Draft, inside: Context, documents: tuple[Mapped, ...]
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
        is_conditional=inside.is_conditional,
        stops_on_failure=inside.stops,
        span=script.span(draft.start, draft.end),
        instruction=inside.instruction,
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
    if program in SHELLS or program in _USER_SHELLS:
        yield from _shell(command, inside, sources)
    elif program == "eval" and len(command.arguments) == 1:
        yield from _of_argument(command.arguments[0], command, inside, sources)
    elif not command.words and len(command.documents) == 1 and not command.variables:
        yield from document(command.documents[0], inside)


def _shell(command: Command, inside: Context, sources: Mapping[Span, Mapped]) -> Iterator[Command]:
    options = inside
    words = iter(command.arguments)
    for word in words:
        text = word.text
        if not text.startswith(("-", "+")) and command.program in SHELLS:
            return  # a script's file
        if text.startswith("-") and not text.startswith("--"):
            options = replace(options, stops_on_error=options.stops_on_error or "e" in text[1:])
            if text.endswith("o"):
                options = _with_option(options, next(words, word).text)
            if "c" in text[1:]:
                script = next(words, None)
                while script is not None and script.raw.startswith("-"):
                    script = next(words, None)
                if script is not None:
                    yield from _of_argument(script, command, options, sources)
                return
    for body in command.documents:
        if command.program in SHELLS:
            yield from commands_in(body, options)


def _with_option(context: Context, name: str) -> Context:
    return replace(
        context,
        pipefail=context.pipefail or name == "pipefail",
        stops_on_error=context.stops_on_error or name == "errexit",
    )


def _of_argument(
    argument: Argument, command: Command, inside: Context, sources: Mapping[Span, Mapped]
) -> Iterator[Command]:
    """The commands of a script that stands in one word."""
    script = sources.get(argument.span)
    if script is None:
        return
    values = {**inside.values, **command.variables} if command.variables else inside.values
    exported = {**inside.exported, **command.variables}
    yield from commands_in(script, replace(inside, values=values, exported=exported))


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
