"""What a stage has when a command runs: files from the build context, folders, pip's settings."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.lint.commands.environments import conda_environment
from mlbox.lint.parse import Source, Span, expand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.findings import Location
    from mlbox.lint.files import Files
    from mlbox.lint.parse import Instruction, Mapped, Step

BASE_FOLDER = "~"  # the base image's own WORKDIR, whichever that is
_GLOB = re.compile(r"[*?[]")


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A COPY, an ADD or a bind mount: what comes from where, and to where.

    Attributes:
        sources: Paths in the context, normalised; may hold patterns.
        target: Path in the image, normalised.
        into: Whether the target is a folder that the sources are put into.
        contents: Texts that stand in the Dockerfile itself, by path in the image.
        origin: Index of the stage it copies from; ``None`` for the context.
    """

    sources: tuple[str, ...]
    target: str
    into: bool
    contents: tuple[tuple[str, Mapped], ...] = ()
    origin: State | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text that an installation reads.

    Attributes:
        path: Where it is in the context; the Dockerfile's path if it stands in it.
        image_path: Where it is in the image.
        text: What it says.
        source: For one in the Dockerfile, what places in it are places of.
    """

    path: str
    image_path: str
    text: str
    source: tuple[Source, Mapped] | None = None

    @cached_property
    def _own(self) -> Source:
        return Source(self.text, self.path)

    def location(self, start: int, end: int) -> Location:
        """Where a stretch of it is: in its own file, or in the Dockerfile."""
        if self.source is not None:
            place, body = self.source
            return place.location(body.span(start, end))
        return self._own.location(Span(start, end))


@dataclass(frozen=True, kw_only=True)
class State:
    """What a stage has before an instruction.

    Attributes:
        folder: The WORKDIR; ``None`` if not known.
        copies: What was copied, the latest last.
        settings: pip's, made with ``pip config set``: ``{"index-url": ...}``.
        path: The folders that ENV puts before the base image's PATH.
        environments: Python environments that were made: path, or ``conda:NAME``, -> its Python.
        apt: Settings that were written into apt's configuration.
        channels: conda's, added with ``conda config``.
        conda: The environment of conda that SHELL runs commands in, by name or path.
    """

    folder: str | None = BASE_FOLDER
    copies: tuple[Copy, ...] = ()
    settings: Mapping[str, str | None] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    environments: Mapping[str, str | None] = field(default_factory=dict)
    apt: frozenset[str] = frozenset()
    channels: tuple[str, ...] = ()
    conda: str = ""

    def at(self, path: str, folder: str | None = "") -> str | None:
        """An absolute path in the image; ``None`` if not known.

        Args:
            path: As a command has it.
            folder: Where the command's script went with ``cd``.
        """
        if folder is None and not path.startswith("/"):
            return None
        base = joined(self.folder, folder) if folder else self.folder
        return joined(base, path)


def joined(folder: str | None, path: str) -> str | None:
    """A path, taken from a folder."""
    if path.startswith("/"):
        return posixpath.normpath(path).replace("//", "/")
    return None if folder is None else posixpath.normpath(f"{folder}/{path}")


def after(step: Step, state: State, origins: Mapping[str, State]) -> State:
    """What there is after an instruction.

    Args:
        step: The instruction.
        state: What there is before it.
        origins: What the other stages end with, by name and by number.
    """
    instruction = step.instruction
    if instruction.name == "WORKDIR":
        path = step.expand(instruction.arguments.text.strip())
        return replace(state, folder=joined(state.folder, path) if path else None)
    if instruction.name in ("COPY", "ADD"):
        copy = _copy(step, state, origins)
        return replace(state, copies=(*state.copies, copy)) if copy else state
    if instruction.name == "ENV":
        return _environment(step, state)
    if instruction.name == "SHELL":
        return replace(state, conda=conda_environment(instruction.exec_form or ()))
    return state


def _environment(step: Step, state: State) -> State:
    for pair in step.instruction.pairs:
        if pair.name == "PATH" and pair.value:
            values = {**step.scope.values, "PATH": ""}
            value = expand(pair.value, values, step.instruction.escape)
            own = tuple(part for part in (value or "").split(":") if part)
            state = replace(state, path=(*own, *state.path) if "PATH" in pair.value else own)
    return state


def _copy(step: Step, state: State, origins: Mapping[str, State]) -> Copy | None:
    instruction = step.instruction
    words = [step.expand(word.raw) for word in instruction.paths]
    if len(words) < 2 or words[-1] is None:  # noqa: PLR2004  (a source and a target)
        return None
    target = joined(state.folder, words[-1])
    origin = _origin(instruction, origins)
    if target is None or (instruction.flag("from") and origin is None):
        return None
    sources = [word for word in words[:-1] if word and not word.startswith("<<")]
    into = words[-1].endswith("/") or words[-1] in (".", "..") or len(words) > 2  # noqa: PLR2004
    return Copy(
        sources=tuple(_in_context(word, origin) for word in sources if "://" not in word),
        target=target,
        into=into,
        contents=tuple(_contents(instruction, target, into=into)),
        origin=origin,
    )


def _contents(instruction: Instruction, target: str, *, into: bool) -> Iterator[tuple[str, Mapped]]:
    for document in instruction.heredocs:
        yield (f"{target}/{document.name}" if into else target), document.body


def _origin(instruction: Instruction, origins: Mapping[str, State]) -> State | None:
    flag = instruction.flag("from")
    return origins.get((flag.value or "").lower()) if flag else None


def _in_context(path: str, origin: State | None = None) -> str:
    """A path as ``Files`` has it."""
    if origin is not None:
        return posixpath.normpath(f"/{path}").replace("//", "/")
    return posixpath.normpath(f"/{path}").lstrip("/") or "."


def mounts(step: Step, state: State) -> tuple[Copy, ...]:
    """What the bind mounts of a RUN bring from the context."""
    found = []
    for flag in step.instruction.flags_named("mount"):
        parts = mount_parts(step, flag.value or "")
        if parts.get("type", "bind") != "bind" or "from" in parts:
            continue
        target = parts.get("target") or parts.get("dst") or parts.get("destination")
        place = joined(state.folder, target) if target else None
        source = parts.get("source") or parts.get("src") or "."
        if place is not None:
            found.append(Copy(sources=(_in_context(source),), target=place, into=False))
    return tuple(found)


def mount_parts(step: Step, value: str) -> dict[str, str | None]:
    """The parts of a ``--mount=``, with variables replaced."""
    parts: dict[str, str | None] = {}
    for part in value.split(","):
        key, equals, text = part.partition("=")
        parts[key.strip().lower()] = step.expand(text) if equals else ""
    return parts


def read(path: str, state: State, files: Files, place: Source | None = None) -> Document | None:
    """The text of a file in the image, if it comes from the context; ``None`` if not known."""
    for copy in reversed(state.copies):
        for image_path, body in copy.contents:
            if image_path == path and place is not None:
                return Document(
                    path=place.file, image_path=path, text=body.text, source=(place, body)
                )
        for candidate in _candidates(copy, path):
            if copy.origin is not None:
                found = read(candidate, copy.origin, files, place)
                if found is not None:
                    return replace(found, image_path=path)
                continue
            text = files.text(candidate)
            if text is not None:
                return Document(path=candidate, image_path=path, text=text)
    return None


def _candidates(copy: Copy, path: str) -> Iterator[str]:
    """Which files of the context may be at a path of the image."""
    inside = _relative(path, copy.target)
    for source in copy.sources:
        if _GLOB.search(source):
            yield from _matching(source, copy, inside)
            continue
        if inside is None:
            continue
        if inside == "":
            yield source
            continue
        base = source.rsplit("/", 1)[-1]
        if inside == base:
            yield source
        yield inside if source in (".", "/.") else posixpath.normpath(f"{source}/{inside}")


def _matching(source: str, copy: Copy, inside: str | None) -> Iterator[str]:
    """The file of a pattern that comes to a path."""
    folder, _, pattern = source.rpartition("/")
    if not inside or _GLOB.search(folder):
        if inside == "" and not copy.into and not _GLOB.search(folder):
            name = copy.target.rsplit("/", 1)[-1]
            if fnmatchcase(name, pattern):
                yield f"{folder}/{name}".lstrip("/")
        return
    first, _, rest = inside.partition("/")
    if fnmatchcase(first, pattern):
        yield f"{folder}/{inside}".lstrip("/")
    if rest or not pattern.endswith("*"):
        return


def _relative(path: str, folder: str) -> str | None:
    """A path as seen from a folder; ``""`` for itself, ``None`` outside."""
    if path == folder:
        return ""
    start = folder if folder.endswith("/") else f"{folder}/"
    return path[len(start) :] if path.startswith(start) else None
