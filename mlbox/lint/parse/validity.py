"""What BuildKit refuses in an instruction, before it builds anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse.flags import flag_problems
from mlbox.lint.parse.instructions import INSTRUCTIONS
from mlbox.lint.parse.lines import Problem
from mlbox.lint.parse.words import is_mixed_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlbox.lint.parse.instructions import Instruction
    from mlbox.lint.parse.stages import Stage

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
_LISTS = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "VOLUME"})
_NEEDS_ARGUMENTS = INSTRUCTIONS - {"CMD", "ENTRYPOINT", "RUN"}
_FROM_FORMS = (1, 3)  # FROM image, FROM image AS name


def problems_of(
    instructions: Sequence[Instruction], head: Sequence[Instruction], stages: Sequence[Stage]
) -> Iterator[Problem]:
    """Each thing for which BuildKit refuses the file."""
    for item in instructions:
        yield from _instruction(item)
    if instructions and not stages:
        yield _problem("The file has no FROM: there is no stage to build.", head[-1])
    for item in head if stages else ():
        if item.name in INSTRUCTIONS and item.name != "ARG":
            yield _problem(f"{item.name} stands before the first FROM.", item)


def _instruction(item: Instruction) -> Iterator[Problem]:
    if item.name not in INSTRUCTIONS:
        yield _problem(f"{item.name[:40]} is not an instruction.", item)
        return
    if not item.arguments.text and item.name in _NEEDS_ARGUMENTS:
        yield _problem(f"{item.name} needs an argument.", item)
        return
    if item.flags:
        yield from flag_problems(item)
    if item.name in _LISTS and item.exec_form is None and is_mixed_list(item.arguments.text):
        yield _problem(f"{item.name} takes a list of strings alone.", item)
    yield from _FORMS.get(item.name, _nothing)(item)


def _nothing(_: Instruction) -> Iterator[Problem]:
    return iter(())


def _from(item: Instruction) -> Iterator[Problem]:
    words = item.words
    if len(words) not in _FROM_FORMS or (len(words) > 1 and words[1].raw.lower() != "as"):
        yield _problem("FROM takes an image, or an image, AS and a name.", item)
    elif len(words) > 1 and not _STAGE_NAME.fullmatch(words[2].raw.lower()):
        what = f"{words[2].raw[:40]!r} is not a name for a stage."
        yield Problem(kind="syntax", what=what, span=words[2].span)


def _pairs(item: Instruction) -> Iterator[Problem]:
    words = item.words
    if len(words) == 1 and "=" not in words[0].raw:
        yield _problem(f"{item.name} {words[0].raw[:40]} has no value.", item)
    elif "=" in words[0].raw:
        for word in words:
            if "=" not in word.raw:
                what = f"{word.raw[:40]!r} is no NAME=value."
                yield Problem(kind="syntax", what=what, span=word.span)
            elif word.raw.startswith("="):
                what = f"{item.name} has a value without a name."
                yield Problem(kind="syntax", what=what, span=word.span)


def _arg(item: Instruction) -> Iterator[Problem]:
    for word in item.words:
        if word.raw.startswith("="):
            what = "ARG has a value without a name."
            yield Problem(kind="syntax", what=what, span=word.span)


def _copy(item: Instruction) -> Iterator[Problem]:
    paths = item.exec_form if item.exec_form is not None else [word.raw for word in item.words]
    if len(paths) < 2:  # noqa: PLR2004  (a source and a target)
        yield _problem(f"{item.name} needs a source and a target.", item)


def _onbuild(item: Instruction) -> Iterator[Problem]:
    trigger = item.trigger
    # what else is wrong with it, BuildKit says only when the image is built upon
    if trigger and trigger.name in ("ONBUILD", "FROM", "MAINTAINER"):
        yield _problem(f"ONBUILD cannot hold {trigger.name}.", item)


def _shell(item: Instruction) -> Iterator[Problem]:
    if not item.exec_form:
        yield _problem("SHELL takes a JSON list of a program and its arguments.", item)


def _volume(item: Instruction) -> Iterator[Problem]:
    if item.exec_form == ():
        yield _problem("VOLUME needs an argument.", item)
    if any(not path.strip() for path in item.exec_form or ()):
        yield _problem("VOLUME has an empty path.", item)


def _healthcheck(item: Instruction) -> Iterator[Problem]:
    words = len(item.words)
    kind = item.words[0].raw.upper()
    if kind == "NONE" and words > 1:
        yield _problem("HEALTHCHECK NONE takes no arguments.", item)
    elif kind == "CMD" and words == 1:
        yield _problem("HEALTHCHECK CMD needs a command.", item)
    elif kind not in ("NONE", "CMD"):
        yield _problem(f"HEALTHCHECK takes NONE or CMD, not {kind[:40]}.", item)


_FORMS = {
    "ADD": _copy,
    "ARG": _arg,
    "COPY": _copy,
    "ENV": _pairs,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs,
    "ONBUILD": _onbuild,
    "SHELL": _shell,
    "VOLUME": _volume,
}


def _problem(what: str, item: Instruction) -> Problem:
    return Problem(kind="syntax", what=what, span=item.keyword)
