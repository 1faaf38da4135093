"""The rule about outputs that go where the image's user cannot write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import UserAdd
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import base_of, is_plain, newline, shipped
from mlbox.lint.rules.users import ROOT, user_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.parse import Instruction
    from mlbox.lint.rules.users import User
    from mlbox.lint.shell.model import Command

_OUTPUT_FLAGS = frozenset(
    {
        "--checkpoint-dir",
        "--checkpoint_dir",
        "--ckpt-dir",
        "--log-dir",
        "--logdir",
        "--log_dir",
        "--out",
        "--out-dir",
        "--output",
        "--output-dir",
        "--output_dir",
        "--results-dir",
        "--save-dir",
        "--save_dir",
    }
)
# Folders that are made to be written to.
_OUTPUTS = frozenset(
    {
        "artifacts",
        "checkpoint",
        "checkpoints",
        "ckpt",
        "ckpts",
        "lightning_logs",
        "logs",
        "mlruns",
        "out",
        "output",
        "outputs",
        "results",
        "runs",
        "wandb",
    }
)
_GIVES = frozenset({"chown", "chmod", "chgrp", "install", "setfacl", "fix-permissions"})
_PLAIN_PATH = re.compile(r"[\w./-]+")


@dataclass(frozen=True)
class Output:
    """A folder that is to be written to: where the Dockerfile says so, and its path."""

    span: Span
    path: str
    made: bool = False


@dataclass(frozen=True)
class Seen:
    """What root does before the last USER: the WORKDIR at the end, and the folders it makes."""

    folder: str
    is_roots: bool
    made: tuple[Output, ...]


def outputs_unwritable(image: Image) -> Iterator[Hit]:
    """The user cannot write where the program's outputs go."""
    user = user_of(image)
    if user is None or not user.name or user.name in ROOT or image.final is None:
        return
    if not is_plain(base_of(image, image.final.stage)) or _gives_folders(image):
        return  # whose folders they are is not known
    seen = _seen(image)
    mounted = _volumes(image)
    named = _named(image, seen.folder) if seen.is_roots else ()
    for output in (*named, *seen.made)[:1]:
        path = output.path
        if _is_home(path, image, user) or any(_is_below(path, volume) for volume in mounted):
            continue
        copied = _is_copied(image, path)
        if copied is not True:
            yield _hit(output, user, image, seen.folder, is_sure=copied is False)


def _hit(output: Output, user: User, image: Image, folder: str, *, is_sure: bool) -> Hit:
    path, name = output.path, user.name
    start = user.step.instruction.span.start
    command = f"mkdir -p {path} && chown -R {name} {path}"
    line = f"RUN {command}{newline(image.dockerfile.source.text)}"
    whole = _PLAIN_PATH.fullmatch(path) and re.fullmatch(r"[\w-]+", name)
    return Hit(
        output.span,
        what=f"{name} cannot write to {path}: it belongs to root."
        if output.made
        else f"The program writes to {path}, and {name} cannot: {folder} belongs to root.",
        why=f"What RUN and WORKDIR make before USER {name} is root's, also if COPY --chown puts "
        "files into it: Permission denied at the first checkpoint.",
        fix=f"Before USER: RUN {command}.",
        edits=((Span(start, start), line),) if whole else (),
        severity=None if is_sure else "info",
        confidence="high" if is_sure else "medium",
    )


def _gives_folders(image: Image) -> bool:
    """Whether a command changes who may write, or may do so."""
    return any(
        action.command.program in _GIVES
        or action.command.program.endswith(".sh")
        or (action.command.words and not action.command.program)
        for stage in shipped(image)
        for action in stage.actions
    )


def _seen(image: Image) -> Seen:
    folder, is_root, is_roots = "", True, False
    made: list[Output] = []
    for stage in shipped(image):
        for step, actions in stage.steps:
            instruction = step.instruction
            if instruction.is_trigger:
                continue
            if instruction.name == "USER":
                name = (step.expand(instruction.arguments.text.strip()) or "").partition(":")[0]
                is_root = name in ROOT
            elif instruction.name == "WORKDIR":
                path = step.expand(instruction.arguments.text.strip()) or ""
                folder = path.rstrip("/") if path.startswith("/") else ""
                is_roots = is_root and bool(folder)
            elif is_root:
                made += [item for action in actions for item in _made(action.command, folder)]
    return Seen(folder, is_roots, tuple(made))


def _made(command: Command, folder: str) -> Iterator[Output]:
    """The folders for outputs that ``mkdir`` makes, where it says so."""
    if command.program != "mkdir" or command.is_conditional:
        return
    if any(item.text.startswith(("-m", "--mode")) for item in command.arguments):
        return
    inside = command.folder
    base = folder if inside == "" else inside if inside and inside.startswith("/") else ""
    for item in command.arguments:
        name = item.value or ""
        path = _absolute(name, base)
        if path and path.rsplit("/", 1)[-1].lower() in _OUTPUTS:
            yield Output(item.span, path, made=True)


def _absolute(name: str, folder: str) -> str:
    """A path from the root; empty if it is not known, or no plain path."""
    if not name or name.startswith("-") or not _PLAIN_PATH.fullmatch(name) or ".." in name:
        return ""
    if name.startswith("/"):
        return name.rstrip("/")
    return f"{folder.rstrip('/')}/{name.removeprefix('./').rstrip('/')}" if folder else ""


def _is_below(path: str, folder: str) -> bool:
    return path == folder.rstrip("/") or path.startswith(f"{folder.rstrip('/')}/")


def _is_home(path: str, image: Image, user: User) -> bool:
    """Whether a folder may be the user's own."""
    if path.startswith(("/home/", "/tmp/", "/var/tmp/", "/root/")):  # noqa: S108  (names alone)
        return True
    users = [
        action
        for stage in shipped(image)
        for action in stage.actions
        if isinstance(action, UserAdd)
    ]
    if any(item.home is not None and _is_below(path, item.home) for item in users):
        return True
    is_new = user.name.isdigit() or any(item.name == user.name for item in users)
    return not is_new and user.name in path


def _is_copied(image: Image, path: str) -> bool | None:
    """Whether a COPY --chown brings the folder; ``None`` if nobody can know."""
    found: bool | None = False
    for stage in shipped(image):
        for step, _ in stage.steps:
            instruction = step.instruction
            if instruction.name not in ("COPY", "ADD") or not (
                instruction.flag("chown") or instruction.flag("chmod")
            ):
                continue
            name = path.rsplit("/", 1)[-1]
            if instruction.flag("from"):
                return None
            exists = image.files.exists(name)
            if exists is not False:
                found = True if exists else None
    return found


def _named(image: Image, folder: str) -> tuple[Output, ...]:
    """What the program is told to write to, below the WORKDIR."""
    found: list[Output] = []
    for step, _ in image.final.steps if image.final else ():
        instruction = step.instruction
        if instruction.name not in ("CMD", "ENTRYPOINT") or instruction.is_trigger:
            continue
        words = _program(instruction)
        for at, word in enumerate(words):
            flag, equals, value = word.partition("=")
            if flag in _OUTPUT_FLAGS:
                name = value if equals else words[at + 1] if at + 1 < len(words) else ""
                path = _absolute(name, folder)
                if path and _is_below(path, folder):
                    found.append(Output(_place(instruction, name, image), path))
    return tuple(found)


def _program(instruction: Instruction) -> list[str]:
    if instruction.exec_form is not None:
        return list(instruction.exec_form)
    return instruction.arguments.text.split()


def _volumes(image: Image) -> list[str]:
    """The folders that VOLUME names."""
    found = []
    for stage in shipped(image):
        for step, _ in stage.steps:
            if step.instruction.name == "VOLUME":
                found += _program(step.instruction)
    return found


def _place(instruction: Instruction, name: str, image: Image) -> Span:
    text = image.dockerfile.source.text
    at = text.find(name, instruction.span.start, instruction.span.end)
    return Span(at, at + len(name)) if at >= 0 else instruction.keyword
