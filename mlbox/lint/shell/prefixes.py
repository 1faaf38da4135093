"""Programs that only start another one: ``sudo``, ``env``, ``timeout 60``, ``conda run``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlbox.lint.shell.model import Argument

_ASSIGNS = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class Prefix:
    """How a program that starts another one is called.

    Attributes:
        valued: Its options that take a value in a word of their own.
        operands: How many words come before the other program.
        assigns: Whether ``NAME=value`` may come before it.
        verb: The word that must follow the program's name; empty for none.
        unless: Options with which it starts no other program.
    """

    valued: frozenset[str] = frozenset()
    operands: int = 0
    assigns: bool = False
    verb: str = ""
    unless: frozenset[str] = frozenset()


def _prefix(
    valued: str = "", *, operands: int = 0, assigns: bool = False, verb: str = "", unless: str = ""
) -> Prefix:
    return Prefix(
        valued=frozenset(valued.split()),
        operands=operands,
        assigns=assigns,
        verb=verb,
        unless=frozenset(unless.split()),
    )


_CONDA_RUN = _prefix("-n --name -p --prefix --cwd -e --env", verb="run")
_UV_RUN = (
    "--with --with-editable --with-requirements --python -p --extra --group --only-group --no-group"
    " --project --directory --env-file --package --index --default-index --index-url -i"
    " --extra-index-url --find-links -f --cache-dir --config-file --no-extra --index-strategy"
)
PREFIXES = {
    "sudo": _prefix(
        "-u --user -g --group -h --host -p --prompt -C -D --chdir -R -T -U -r -t",
        assigns=True,
        unless="-v -k -l",
    ),
    "doas": _prefix("-u -C"),
    "env": _prefix("-u --unset -C --chdir", assigns=True, unless="-S"),
    "exec": _prefix("-a"),
    "time": _prefix("-f -o --format --output"),
    "nice": _prefix("-n --adjustment"),
    "ionice": _prefix("-c -n"),
    "nohup": _prefix(),
    "setsid": _prefix(),
    "command": _prefix(unless="-v -V"),
    "builtin": _prefix(),
    "timeout": _prefix("-k --kill-after -s --signal", operands=1),
    "stdbuf": _prefix("-i -o -e"),
    "gosu": _prefix(operands=1),
    "su-exec": _prefix(operands=1),
    "tini": _prefix("-p -e"),
    "dumb-init": _prefix("-r"),
    "eatmydata": _prefix(),
    "fakeroot": _prefix(),
    "busybox": _prefix(),
    "flock": _prefix("-w -E", operands=1, unless="-c"),
    "xvfb-run": _prefix("-n -s -e -f -w"),
    "conda": _CONDA_RUN,
    "mamba": _CONDA_RUN,
    "micromamba": _CONDA_RUN,
    "uv": _prefix(_UV_RUN, verb="run"),
    "uvx": _prefix(_UV_RUN + " --from"),
    "pipx": _prefix("--spec --python --pip-args", verb="run"),
    "poetry": _prefix("-C --directory -P --project", verb="run"),
    "pdm": _prefix("-p --project", verb="run"),
    "pipenv": _prefix(verb="run"),
    "pixi": _prefix("-e --environment --manifest-path", verb="run"),
    "rye": _prefix(verb="run"),
}
_MOST = 8


def program_of(words: Sequence[Argument]) -> str:
    """Name of the program without its folder, in lower case; empty if not known."""
    first = words[0].value if words else None
    return (first or "").rsplit("/", 1)[-1].lower()


def split_prefix(
    words: Sequence[Argument],
) -> tuple[tuple[Argument, ...], tuple[Argument, ...], tuple[Argument, ...]]:
    """What only starts the program, the assignments among it, and the program with its words."""
    rest = tuple(words)
    prefix: tuple[Argument, ...] = ()
    assignments: tuple[Argument, ...] = ()
    for _ in range(_MOST):
        known = PREFIXES.get(program_of(rest))
        length = _length(known, rest) if known else 0
        if known is None or length == 0 or length >= len(rest):
            break
        if known.assigns:
            assignments += tuple(word for word in rest[1:length] if _ASSIGNS.match(word.raw))
        prefix, rest = prefix + rest[:length], rest[length:]
    return prefix, assignments, rest


def _length(  # noqa: C901  (one branch per kind of word)
    known: Prefix, words: tuple[Argument, ...]
) -> int:
    """How many words belong to the prefix; 0 if it starts no other program."""
    at, operands, verb = 1, known.operands, known.verb
    while at < len(words):
        text = words[at].text
        if text in known.unless:
            return 0
        if text == "--":
            at += 1
            if not operands and not verb:
                return at
        elif text.startswith("-") and len(text) > 1:
            at += 2 if text in known.valued else 1
        elif known.assigns and _ASSIGNS.match(words[at].raw):
            at += 1
        elif verb and text != verb:
            return 0
        elif not verb and not operands:
            return at
        else:
            operands, verb, at = (operands, "", at + 1) if verb else (operands - 1, verb, at + 1)
    return 0
