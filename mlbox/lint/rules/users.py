"""Rules about whom the image runs as, and how that user is made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import UserAdd
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import (
    added,
    base_of,
    is_cut_off,
    is_debian,
    is_plain,
    is_ubuntu,
    newline,
    runs,
    shipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.parse import Step

ROOT = frozenset({"root", "0"})
_HIGH = 100_000
_OLD = ("buster", "bullseye", "stretch", "jessie", "focal", "jammy", "bionic", "xenial")
_NEW = ("bookworm", "trixie", "forky", "sid", "noble", "plucky", "questing")
_NEW_UBUNTU = 23
_DROPS = frozenset({"gosu", "su-exec", "setpriv"})


@dataclass(frozen=True)
class User:
    """The USER in force at the end of the image."""

    step: Step
    name: str
    span: Span


def user_of(image: Image) -> User | None:
    """The last USER of the image; its name is empty if it is not known."""
    last: Step | None = None
    for stage in shipped(image):
        for step, _ in stage.steps:
            if step.instruction.name == "USER" and not step.instruction.is_trigger:
                last = step
    if last is None:
        return None
    text = last.instruction.arguments
    raw = text.text.strip()
    name = (last.expand(raw) or "").partition(":")[0]
    return User(last, name, text.span(0, len(raw)))


def root(image: Image) -> Iterator[Hit]:
    """The image runs as root."""
    final = image.final
    if final is None or _drops_rights(image) or is_cut_off(image):
        return
    user = user_of(image)
    if user is not None and user.name not in ROOT:
        return
    base = base_of(image, final.stage)
    if user is None and not (is_debian(base) or is_plain(base)):
        return  # its user is not known
    word = final.stage.image_word
    span = user.span if user else word.span if word else final.stage.start.keyword
    yield Hit(
        span,
        what="The image runs as root."
        if user is None
        else f"The image runs as root: USER {user.name} is its last.",
        why="Files that it writes into mounted folders belong to root on the host, and a program "
        "that breaks out of the container is root there.",
        fix="Make a user (RUN useradd --create-home app) and end with USER app; or start it with "
        '--user "$(id -u):$(id -g)".',
        edits=_user_edit(image) if user is None and is_debian(base) else (),
    )


def _drops_rights(image: Image) -> bool:
    """Whether the image's entry point changes the user itself."""
    text = image.dockerfile.source.text
    return any(name in text for name in _DROPS)


def _user_edit(image: Image) -> tuple[tuple[Span, str], ...]:
    """A user, made before the image's program is named."""
    final = image.final
    if final is None or any(
        isinstance(action, UserAdd) for stage in shipped(image) for action in stage.actions
    ):
        return ()
    source = image.dockerfile.source.text
    end = newline(source)
    text = f"RUN useradd --create-home app{end}USER app{end}"
    for step, _ in final.steps:
        if step.instruction.name in ("CMD", "ENTRYPOINT") and not step.instruction.is_trigger:
            return ((Span(step.instruction.span.start, step.instruction.span.start), text),)
    if source.rstrip().endswith(image.dockerfile.escape):
        return ()  # the last instruction goes on
    before = "" if source.endswith("\n") else end
    return ((Span(len(source), len(source)), before + text),)


def high_uid(image: Image) -> Iterator[Hit]:
    """A high number makes useradd write a huge file."""
    text = image.dockerfile.source.text
    if "useradd" not in text:
        return
    for stage in image.used:
        base = base_of(image, stage.stage)
        for run in runs(stage):
            for action in run.actions:
                if (
                    isinstance(action, UserAdd)
                    and action.command.program == "useradd"
                    and (action.uid or 0) >= _HIGH
                    and not action.no_log_init
                ):
                    yield _high(action, text, is_mended=_has_new_shadow(base))


def _has_new_shadow(base: tuple[str, str]) -> bool:
    """Whether a base surely has shadow 4.13 or later, whose useradd writes no holes."""
    repository, tag = base
    if not is_debian(base) or any(name in tag for name in _OLD):
        return False
    if any(name in tag for name in _NEW):
        return True
    if is_ubuntu(base):
        found = re.search(r"(?:^|ubuntu)(\d\d)\.\d\d", tag)
        return int(found[1]) >= _NEW_UBUNTU if found else (repository, tag) == ("ubuntu", "latest")
    return repository == "python" or tag in ("12", "13", "latest", "stable")


def _high(user: UserAdd, text: str, *, is_mended: bool) -> Hit:
    uid = user.uid or 0
    command = user.command
    flags = [item.text.partition("=")[0] in ("-u", "--uid") for item in command.words]
    at = flags.index(True) if True in flags else 0
    word = command.words[at]
    if str(uid) not in word.text and at + 1 < len(command.words):
        word = command.words[at + 1]
    size = uid * 292 / 2**20
    shown = f"{size / 1024:,.0f} GiB" if size >= 10 * 1024 else f"{size:,.0f} MiB"
    return Hit(
        word.span,
        what=f"useradd with the number {uid} needs --no-log-init."
        if is_mended
        else f"useradd with the number {uid} may write {shown} into the layer.",
        why="/var/log/lastlog has 292 bytes for every number up to the user's. On a disk the "
        "holes cost nothing; in a layer they are written out. "
        + (
            "This base has shadow 4.13 or later, which leaves them out; older ones do not."
            if is_mended
            else "Only shadow 4.13 (Debian 12, Ubuntu 23.04) and later leave them out."
        ),
        fix="Write useradd --no-log-init.",
        edits=(added(command.words[0], "--no-log-init", command, text),),
        severity="info" if is_mended else None,
    )
