"""Which instructions make the image, what its base is, and how a command stands in the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.lint.parse import Span
from mlbox.resolve.image_tags import take_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import Action
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Stage, Step
    from mlbox.lint.shell.model import Argument, Command

_DEBIAN = ("debian", "python", "pypy", "buildpack-deps", "continuumio/", "condaforge/")
_UBUNTU = ("ubuntu", "nvidia/cuda", "nvidia/cudagl", "tensorflow/tensorflow", "pytorch/pytorch")
_UBUNTU_BY_HOST = ("nvcr.io/nvidia/", "rocm/")
# Root, /bin/sh and no settings of package managers, whatever their tag is.
_PLAIN = frozenset(
    {
        "almalinux",
        "alpine",
        "amazonlinux",
        "busybox",
        "fedora",
        "gcc",
        "golang",
        "julia",
        "node",
        "opensuse/leap",
        "r-base",
        "rockylinux",
        "ruby",
        "rust",
    }
)
_PUBLIC = ("docker.io", "gcr.io", "ghcr.io", "mcr.microsoft.com", "nvcr.io", "quay.io")
_NO_DEBIAN = ("alpine", "busybox", "distroless", "windowsservercore", "nanoserver")
_NO_UBUNTU = (*_NO_DEBIAN, "ubi", "rocky", "centos", "cl-base", "almalinux", "amzn", "opensuse")
_HUBS = ("docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/")


@dataclass(frozen=True)
class Run:
    """A RUN and what its commands do."""

    step: Step
    actions: tuple[Action, ...]


def shipped(image: Image) -> tuple[StageActions, ...]:
    """The stages whose layers are in the final image, the earliest first."""
    return image.lineage(image.final.stage) if image.final else ()


def runs(stage: StageActions) -> Iterator[Run]:
    """The RUNs of a stage, those inside an ONBUILD included."""
    for step, actions in stage.steps:
        if actions and step.instruction.name == "RUN":
            yield Run(step, actions)


@lru_cache(maxsize=1024)
def _taken_apart(reference: str) -> tuple[str, str]:
    """Repository and tag, without Docker Hub's name."""
    try:
        name = take_apart(reference, ())
    except SpecError:
        return "", ""
    hub = next((hub for hub in _HUBS if name.written.startswith(hub)), "")
    return name.written.removeprefix(hub), name.tag or ""


def is_cut_off(image: Image) -> bool:
    """Whether a heredoc has swallowed the rest of the file: what is not there is not known."""
    return any(item.kind == "unterminated-heredoc" for item in image.dockerfile.problems)


def base_of(image: Image, stage: Stage) -> tuple[str, str]:
    """Repository and tag of the image that a stage begins with; empty if they are not known."""
    reference = image.dockerfile.base(stage).image
    return _taken_apart(reference) if reference else ("", "")


def is_ubuntu(base: tuple[str, str]) -> bool:
    """Whether a base is surely Ubuntu."""
    repository, tag = base
    known = repository in _UBUNTU or repository.startswith(_UBUNTU_BY_HOST)
    return known and bool(tag) and not any(name in tag for name in _NO_UBUNTU)


def is_debian(base: tuple[str, str]) -> bool:
    """Whether a base surely has apt-get, bash and useradd: it is Debian, or made of it."""
    repository, tag = base
    if is_ubuntu(base):
        return True
    known = any(
        repository.startswith(name) if name.endswith("/") else repository == name
        for name in _DEBIAN
    )
    return known and bool(tag) and not any(name in tag for name in _NO_DEBIAN)


def is_slim(base: tuple[str, str]) -> bool:
    """Whether a base surely is Debian or Ubuntu with little in it, and no package lists of apt."""
    repository, tag = base
    if repository in ("python", "pypy"):
        return "slim" in tag and is_debian(base)
    return repository in ("debian", "ubuntu", "nvidia/cuda") and is_debian(base)


def is_plain(base: tuple[str, str]) -> bool:
    """Whether a base surely is a plain distribution: root, ``/bin/sh``, nothing configured."""
    repository, _ = base
    known = repository in (*_PLAIN, *_UBUNTU) or is_debian(base)
    return known and not repository.startswith(_UBUNTU_BY_HOST)


def is_private(base: tuple[str, str]) -> bool:
    """Whether a base is not known, or of a registry that is not everybody's."""
    repository, _ = base
    host, slash, _ = repository.partition("/")
    return not repository or (
        bool(slash)
        and (any(mark in host for mark in ".:") or host == "localhost")
        and host not in _PUBLIC
    )


def word(command: Command, *texts: str) -> Argument | None:
    """The first of a command's arguments that says one of these."""
    return next((item for item in command.arguments if item.text in texts), None)


def place(command: Command, *texts: str) -> Span:
    """Where a command says one of these; else where its program stands."""
    found = word(command, *texts)
    if found is not None:
        return found.span
    return command.words[0].span if command.words else command.span


def is_list(command: Command, text: str) -> bool:
    """Whether a command is the exec form itself, not a script."""
    return command.instruction.exec_form is not None and text[command.span.start] == "["


def is_whole(command: Command) -> bool:
    """Whether its last word surely ends: no quote and no variable is left open."""
    raw = command.words[-1].raw if command.words else ""
    return not (
        raw.count('"') % 2
        or raw.count("'") % 2
        or raw.count("{") != raw.count("}")
        or raw.count("(") != raw.count(")")
    )


def added(after: Argument, words: str, command: Command, text: str) -> tuple[Span, str]:
    """The edit that puts words behind an argument, in the form that the command has."""
    end = Span(after.span.end, after.span.end)
    if is_list(command, text):
        return end, "".join(f'", "{part}' for part in words.split())
    return end, f" {words}"


def in_heredoc(command: Command) -> bool:
    """Whether a command stands in a heredoc of its instruction."""
    return any(
        item.span.start <= command.span.start < item.span.end
        for item in command.instruction.heredocs
    )


def line_start(text: str, offset: int) -> int:
    """Where the line of an offset begins."""
    return text.rfind("\n", 0, offset) + 1


def line_end(text: str, offset: int) -> int:
    """Where the line of an offset ends, before what ends it."""
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    return end - 1 if end > offset and text[end - 1] == "\r" else end


def newline(text: str) -> str:
    """What ends the lines of a file."""
    return "\r\n" if "\r\n" in text else "\n"


def listed(names: list[str], most: int = 4) -> str:
    """Names in a sentence, not all of many."""
    shown = names[:most]
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
