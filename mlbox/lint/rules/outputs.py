"""The rule about outputs that go where the image's user cannot write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import UserAdd
from mlbox.lint.parse import Span
from mlbox.lint.rules.layers import base_of, is_plain, newline, shipped
from mlbox.lint.rules.rule import Hit
from mlbox.lint.rules.users import ROOT, user_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.parse import Instruction
    from mlbox.lint.rules.users import User

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
_GIVES = frozenset({"chown", "chmod", "install", "setfacl", "fix-permissions"})


def outputs_unwritable(image: Image) -> Iterator[Hit]:
    """The user cannot write where the program's outputs go."""
    user = user_of(image)
    if user is None or not user.name or user.name in ROOT or _gives_folders(image):
        return
    if image.final is None or not is_plain(base_of(image, image.final.stage)):
        return  # whose folders they are is not known
    folder, made_by = _folder_of_root(image, user)
    if not folder or made_by is None or _is_home(folder, image, user):
        return
    found = _output(image, folder)
    if found is None:
        return
    span, name = found
    end = newline(image.dockerfile.source.text)
    start = user.step.instruction.span.start
    target = name if name.startswith("/") else f"{folder.rstrip('/')}/{name}"
    yield Hit(
        span,
        what=f"{target} is written by the program, and {user.name} cannot write there: {folder} "
        "belongs to root.",
        why=f"WORKDIR {folder} makes the folder before USER {user.name}, so it is root's, and "
        "nothing gives it away: Permission denied at the first checkpoint.",
        fix=f"Before USER: RUN mkdir -p {target} && chown -R {user.name} {target}.",
        edits=(
            (Span(start, start), f"RUN mkdir -p {target} && chown -R {user.name} {target}{end}"),
        )
        if re.fullmatch(r"[\w./-]+", target) and re.fullmatch(r"[\w-]+", user.name)
        else (),
    )


def _gives_folders(image: Image) -> bool:
    """Whether something changes who may write, whatever it is about."""
    for stage in shipped(image):
        for step, actions in stage.steps:
            if step.instruction.flag("chown") or step.instruction.flag("chmod"):
                return True
            if any(action.command.program in _GIVES for action in actions):
                return True
            if any(
                item.program.endswith(".sh") or not item.program
                for item in (action.command for action in actions)
            ):
                return True
    return False


def _folder_of_root(image: Image, user: User) -> tuple[str, Instruction | None]:
    """The folder that the program runs in, if WORKDIR made it as root."""
    folder, made_by, is_root = "", None, True
    for stage in shipped(image):
        for step, _ in stage.steps:
            instruction = step.instruction
            if instruction.name == "USER":
                is_root = instruction is not user.step.instruction and is_root
            if instruction.name == "WORKDIR" and not instruction.is_trigger:
                path = step.expand(instruction.arguments.text.strip()) or ""
                folder = path.rstrip("/") if path.startswith("/") else ""
                made_by = instruction if is_root and folder.count("/") else None
    return folder, made_by


def _is_home(folder: str, image: Image, user: User) -> bool:
    """Whether a folder may be the user's own."""
    if folder.startswith(("/home", "/tmp", "/var/tmp", "/root")):  # noqa: S108  (names, no files)
        return True
    return (
        any(
            isinstance(action, UserAdd)
            and (action.home is not None and folder.startswith(action.home))
            for stage in shipped(image)
            for action in stage.actions
        )
        or user.name in folder
    )


def _output(image: Image, folder: str) -> tuple[Span, str] | None:
    """Where the Dockerfile says that outputs go into a folder."""
    final = image.final
    if final is None:
        return None
    mounted = _volumes(image)
    for step, _ in final.steps:
        instruction = step.instruction
        if instruction.name in ("CMD", "ENTRYPOINT") and not instruction.is_trigger:
            words = _program(instruction)
            for at, word in enumerate(words):
                flag, equals, value = word.partition("=")
                if flag in _OUTPUT_FLAGS:
                    name = value if equals else words[at + 1] if at + 1 < len(words) else ""
                    if _is_inside(name, folder) and not _is_mounted(name, folder, mounted):
                        return _place(instruction, name, image), name.removeprefix("./")
    return None


def _program(instruction: Instruction) -> list[str]:
    if instruction.exec_form is not None:
        return list(instruction.exec_form)
    return instruction.arguments.text.split()


def _is_inside(name: str, folder: str) -> bool:
    if not name or any(mark in name for mark in "$`\"'{}()") or ".." in name:
        return False
    return name.startswith(f"{folder}/") if name.startswith("/") else not name.startswith("-")


def _volumes(image: Image) -> list[str]:
    """The folders that VOLUME names."""
    found = []
    for stage in shipped(image):
        for step, _ in stage.steps:
            if step.instruction.name == "VOLUME":
                found += _program(step.instruction)
    return found


def _is_mounted(name: str, folder: str, mounted: list[str]) -> bool:
    whole = name if name.startswith("/") else f"{folder}/{name.removeprefix('./')}"
    return any(whole.startswith(path.rstrip("/")) for path in mounted)


def _place(instruction: Instruction, name: str, image: Image) -> Span:
    text = image.dockerfile.source.text
    at = text.find(name, instruction.span.start, instruction.span.end)
    return Span(at, at + len(name)) if at >= 0 else instruction.keyword
