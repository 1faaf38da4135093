"""The rule about failures that a pipe hides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import CondaInstall, Download, PythonInstall, SystemInstall
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import added, base_of, in_heredoc, is_debian, is_plain, newline, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlbox.lint.commands.model import Action
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Instruction
    from mlbox.lint.rules.layers import Run
    from mlbox.lint.shell.model import Command

SHELL = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'
_PIPES = ("|", "|&")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_MAY_FAIL = frozenset(
    {
        "aria2c",
        "aws",
        "bunzip2",
        "bzcat",
        "cargo",
        "cmake",
        "fetch",
        "gsutil",
        "gunzip",
        "gzip",
        "http",
        "make",
        "ninja",
        "npm",
        "openssl",
        "pytest",
        "python",
        "python3",
        "tar",
        "unzip",
        "xzcat",
        "zcat",
    }
)
# Their images have a SHELL with pipefail, which the images made of them inherit.
_WITH_PIPEFAIL = ("jupyter/", "apache/airflow")
_ACTIONS = (Download, PythonInstall, SystemInstall, CondaInstall)
# These notice that nothing came, or not all of it.
_NOTICE = frozenset(
    {"gpg", "gpg2", "apt-key", "sha256sum", "sha512sum", "md5sum", "sha1sum"}
    | {"gunzip", "bunzip2", "unxz", "unzstd"}
)
_COMPRESSED = re.compile(r"-?[A-Za-z]*[zjJ][A-Za-z]*|--(?:gzip|bzip2|xz|zstd|lzma)")


def missing(image: Image) -> Iterator[Hit]:
    """The first command of a pipe fails, and the build goes on."""
    text = image.dockerfile.source.text
    if "|" not in text:
        return
    for stage in image.used:
        base = base_of(image, stage.stage)
        has_shell = _has_shell(image, stage)
        takes_bash = not has_shell and not _speaks_dash(stage)
        is_sure = is_plain(base) or is_debian(base) or has_shell
        first: Instruction | None = None
        if base[0].startswith(_WITH_PIPEFAIL) or "/jupyter/" in base[0]:
            continue
        for run in runs(stage):
            shells = _shells(run)
            for action, end in zip(run.actions, _ends(run.actions), strict=True):
                last = end if end is not None and _hides(end, action) else None
                if last is None:
                    continue
                first = first or run.step.instruction
                outer = _outer_shell(action.command, shells)
                before = first if takes_bash else None
                edits = _edits(action.command, outer, before, base, text)
                yield _hit(action.command, last, edits, is_sure=is_sure)


def _ends(actions: Sequence[Action]) -> list[Command | None]:
    """For each command, the next after it that ends a pipe."""
    found: list[Command | None] = []
    end: Command | None = None
    for action in reversed(actions):
        found.append(end)
        if action.command.before in _PIPES and action.command.after not in _PIPES:
            end = action.command
    return found[::-1]


def _hides(end: Command, action: Action) -> bool:
    """Whether the end of a pipe hides a failure that would stop the build."""
    command = action.command
    is_seen = command.after not in _PIPES or command.pipefail
    return not is_seen and end.stops_on_failure and _may_fail(action)


def _may_fail(action: Action) -> bool:
    if isinstance(action, SystemInstall) and action.verb == "clean":
        return False
    return isinstance(action, _ACTIONS) or action.command.program in _MAY_FAIL


def _hit(
    command: Command, last: Command, edits: tuple[tuple[Span, str], ...], *, is_sure: bool
) -> Hit:
    ends = last.program or "the next command"
    return Hit(
        command.words[0].span,
        what=f"A failure of {command.program} goes unnoticed: the pipe ends with {ends}.",
        why="A pipe fails only if its last command does, unless the shell has pipefail: an empty "
        "or a broken download is taken for a good one, and the layer is kept in the cache.",
        fix=f"Write {SHELL} before this RUN (it needs bash), or use two commands with && and a "
        "file between them.",
        edits=edits,
        severity=None if is_sure and not _notices(last) else "info",
    )


def _notices(last: Command) -> bool:
    """Whether the end of the pipe fails by itself where its input is empty or cut off.

    GNU tar takes nothing for an empty archive; what unpacks it first, does not.
    """
    if last.program == "tar" and last.arguments:
        first, *others = (item.text for item in last.arguments)
        options = [first, *(item for item in others if item.startswith("-"))]
        return any(_COMPRESSED.fullmatch(item) for item in options)
    return last.program in _NOTICE


def _edits(
    command: Command,
    outer: Command | None,
    first: Instruction | None,
    base: tuple[str, str],
    text: str,
) -> tuple[tuple[Span, str], ...]:
    """Let bash look at the whole pipe; only where there surely is a bash.

    Args:
        command: The first of the pipe.
        outer: The ``bash -c`` that it stands in.
        first: Where a SHELL may be put; ``None`` for nowhere.
        base: The stage's.
        text: The Dockerfile's.
    """
    if not is_debian(base):
        return ()
    if outer is not None:
        return _option(outer, text)
    instruction = command.instruction
    document = instruction.heredocs[0] if instruction.heredocs and in_heredoc(command) else None
    if document is not None and document.body.text.startswith("#!"):
        line, _, _ = document.body.text.partition("\n")
        at = document.body.offset(len(line)) + 1
        return ((Span(at, at), f"set -o pipefail{newline(text)}"),) if "bash" in line else ()
    if first is None or first.is_trigger:
        return ()
    start = Span(first.span.start, first.span.start)
    return ((start, f"{SHELL}{newline(text)}"),)


def _shells(run: Run) -> list[Command]:
    """The shells that a RUN starts with a script."""
    commands = (action.command for action in run.actions)
    return [one for one in commands if one.program in _SHELLS and (one.arguments or one.documents)]


def _outer_shell(command: Command, shells: list[Command]) -> Command | None:
    """The ``bash -c`` that a command stands in."""
    for outer in shells:
        if outer is command:
            continue
        if any(
            item.span.start <= command.span.start and command.span.end <= item.span.end
            for item in outer.arguments
        ) or any(
            item.offset(0) <= command.span.start <= item.offset(max(0, len(item.text) - 1))
            for item in outer.documents
        ):
            return outer
    return None


def _option(outer: Command, text: str) -> tuple[tuple[Span, str], ...]:
    if outer.program != "bash":
        return ()
    return (added(outer.words[0], "-o pipefail", outer, text),)


def _has_shell(image: Image, stage: StageActions) -> bool:
    """Whether the file sets a shell of its own."""
    return any(
        step.instruction.name == "SHELL"
        for item in image.lineage(stage.stage)
        for step, _ in item.steps
    )


def _speaks_dash(stage: StageActions) -> bool:
    """Whether a command means something else in bash: ``echo`` with escapes."""
    return any(
        action.command.program == "echo"
        and any("\\" in item.raw or item.raw == "-e" for item in action.command.arguments)
        for _, actions in stage.steps
        for action in actions
    )
