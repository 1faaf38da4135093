"""Rules about stages: those that are named and not there, and those that nothing needs."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import is_cut_off, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Flag, Stage

_NEAR = 0.75
_VARIABLE = re.compile(r"\$(?:\w+|\{[^}]*\}?|)")
# Names that people give to stages; Docker Hub's library has no image of that name.
_ROLES = frozenset(
    {
        "base",
        "build",
        "build-env",
        "build-stage",
        "builder",
        "compile",
        "compiler",
        "deps",
        "dependencies",
        "dev",
        "devel",
        "development",
        "install",
        "prod",
        "production",
        "release",
        "runtime",
        "venv",
        "wheels",
    }
)
# Images of Docker Hub's library that are near to what people call stages.
_IMAGES = frozenset(
    {
        "alpine",
        "amazonlinux",
        "bash",
        "busybox",
        "caddy",
        "debian",
        "docker",
        "fedora",
        "gcc",
        "golang",
        "gradle",
        "haskell",
        "httpd",
        "julia",
        "maven",
        "memcached",
        "mongo",
        "mysql",
        "nginx",
        "node",
        "openjdk",
        "perl",
        "php",
        "postgres",
        "pypy",
        "python",
        "r-base",
        "redis",
        "ruby",
        "rust",
        "swift",
        "traefik",
        "ubuntu",
    }
)


def copy_from_unknown(image: Image) -> Iterator[Hit]:
    """A ``--from=`` that means no stage."""
    for stage, flag, reference in _references(image):
        is_number = reference.isascii() and reference.isdigit()
        if is_number and flag.name == "mount":
            yield _numbered_mount(flag, reference, image)
        elif is_number:
            yield _numbered(flag, reference, image)
        else:
            yield from _unknown(flag, reference, stage, image)
    for stage, flag, other in _too_early(image):
        yield _early(flag, stage, other, image)


def refused(image: Image) -> frozenset[Span]:
    """The flags here for which BuildKit refuses the file: a number past the last, a later stage."""
    numbers = (flag.span for _, flag, reference in _references(image) if reference.isdigit())
    return frozenset((*numbers, *(flag.span for _, flag, _ in _too_early(image))))


def _too_early(image: Image) -> Iterator[tuple[Stage, Flag, Stage]]:
    """What names a stage that is not built yet: a later one, or the stage itself."""
    spans = {problem.span for problem in image.dockerfile.problems if problem.kind == "syntax"}
    for stage in image.dockerfile.stages if spans else ():
        for flag, reference in image.dockerfile.references(stage):
            if flag.span not in spans or not reference or "$" in (flag.value or ""):
                continue
            other = image.dockerfile.stage_named(reference, numbers=flag.name == "from")
            if other is not None and other.index >= stage.index:
                yield stage, flag, other


def _early(flag: Flag, stage: Stage, other: Stage, image: Image) -> Hit:
    """As BuildKit 0.13 says it (measured)."""
    itself = other.index == stage.index
    line = other.start.line
    return Hit(
        _place(flag, image),
        what="The stage copies from itself."
        if itself
        else f"The stage of line {line} comes later: nothing can be copied from it yet.",
        why="BuildKit refuses the file: "
        + ("circular dependency." if itself else "it needs to be defined before this stage."),
        fix="Name another stage, or an image."
        if itself
        else f"Move the stage of line {line} above that of line {stage.start.line}.",
    )


def _references(image: Image) -> Iterator[tuple[Stage, Flag, str]]:
    """What names no stage, with its flag; what an ONBUILD names is a stage of another file."""
    for stage in image.dockerfile.stages:
        for step in stage.all_steps:
            if not step.instruction.flags or step.instruction.is_trigger:
                continue
            for flag, reference in image.dockerfile.references_of(step):
                by_number = flag.name == "from"
                if by_number and "$" in (flag.value or ""):
                    continue  # BuildKit takes no variables there, and says so
                if reference and not image.dockerfile.stage_named(reference, numbers=by_number):
                    yield stage, flag, reference


def _numbered(flag: Flag, reference: str, image: Image) -> Hit:
    count = len(image.dockerfile.stages)
    return Hit(
        _place(flag, image),
        what=f"There is no stage {reference}: the file has {count}, numbered from 0.",
        why="BuildKit refuses the file: a number means a stage.",
        fix=f"Write a number from 0 to {count - 1}, or give the stage a name with AS.",
    )


def _numbered_mount(flag: Flag, reference: str, image: Image) -> Hit:
    return Hit(
        _place(flag, image),
        what=f"A mount cannot name a stage by its number, {reference}.",
        why=f"There BuildKit takes {reference} for the name of an image, and does not find it.",
        fix="Give the stage a name with AS, and write that.",
    )


def _unknown(flag: Flag, reference: str, stage: Stage, image: Image) -> Iterator[Hit]:
    if any(mark in reference for mark in "/:@.") or reference.lower() in _IMAGES:
        return
    span = _place(flag, image)
    near = _nearest(reference, stage, image)
    unnamed = _unnamed(stage, image)
    why = (
        "BuildKit takes a name that is no stage for an image, and there is no image "
        f"{reference} on Docker Hub that you would mean."
    )
    if near:
        yield Hit(
            span,
            what=f"No stage is called {reference}; there is {near}.",
            why=why,
            fix=f"Write {near}.",
            confidence="medium",
        )
    elif reference.lower() in _ROLES and unnamed:
        line = unnamed.start.line
        yield Hit(
            span,
            what=f"No stage is called {reference}; the stage of line {line} has no name, and "
            "nothing uses it.",
            why=why,
            fix=f"End line {line} with AS {reference}.",
            confidence="medium",
        )
    else:
        yield _elsewhere(span, reference, image)


def _place(flag: Flag, image: Image) -> Span:
    """Where the name stands in ``--from=name`` or ``--mount=...,from=name``."""
    text = image.dockerfile.source.text[flag.span.start : flag.span.end]
    at = text.find("from=")
    if at < 0:
        return flag.span
    start = at + len("from=")
    stop = text.find(",", start)
    end = len(text) if stop < 0 else stop
    word = text[start:end]
    start += len(word) - len(word.lstrip("\"'"))
    end -= len(word) - len(word.rstrip("\"'"))
    return Span(flag.span.start + start, flag.span.start + end)


def _may_mean(other: Stage, stage: Stage) -> bool:
    """Whether ``FROM base-${FLAVOUR}`` is built on a stage with another value of the argument."""
    word, name = other.image_word, stage.name
    if word is None or name is None or stage.index >= other.index or "$" not in word.raw:
        return False
    first, *_, last = _VARIABLE.split(word.raw.lower())
    fits = name.startswith(first) and name.endswith(last) and len(name) >= len(first) + len(last)
    return fits and (other.parent is not None or bool(first or last))


def _nearest(reference: str, stage: Stage, image: Image) -> str:
    """The name of another stage that is written almost so."""
    wanted = reference.lower()
    best, near = 0.0, ""
    for other in image.dockerfile.stages:
        if other.name and other.index != stage.index:
            ratio = SequenceMatcher(None, wanted, other.name).ratio()
            if ratio > best:
                best, near = ratio, other.name
    return near if best >= _NEAR else ""


def _unnamed(stage: Stage, image: Image) -> Stage | None:
    """The one earlier stage that has no name and that nothing uses."""
    referenced = {
        other.index
        for item in image.dockerfile.stages
        for _, reference in image.dockerfile.references(item)
        if reference and (other := image.dockerfile.stage_named(reference))
    }
    found = [
        item
        for item in image.dockerfile.stages[: stage.index]
        if item.name is None and item.index not in referenced
    ]
    return found[0] if len(found) == 1 else None


def _elsewhere(span: Span, reference: str, image: Image) -> Hit:
    names = [item.name for item in image.dockerfile.stages if item.name]
    known = f"the stages are {listed(names)}" if names else "no stage has a name"
    return Hit(
        span,
        what=f"{reference} is no stage of this file; {known}.",
        why="It can be an image, or a context that the build is given "
        f"(--build-context {reference}=...).",
        fix="Nothing, if it is; else write the name of a stage.",
        severity="info",
        confidence="low",
    )


def unused(image: Image) -> Iterator[Hit]:
    """A stage that the image does not need."""
    if len(image.dockerfile.used) == len(image.stages) or is_cut_off(image):
        return
    for stage in image.stages:
        if stage.stage.index in image.dockerfile.used or _may_be_used(stage, image):
            continue
        name = stage.stage.name
        words = stage.stage.start.words
        if not words:
            continue
        yield Hit(
            words[2].span if name else words[0].span,
            what=f"The image does not need the stage {name}."
            if name
            else f"The image does not need the stage of line {stage.stage.start.line}, which has "
            "no name.",
            why="BuildKit builds only what the last stage needs"
            + (f", or what --target={name} asks for." if name else "."),
            fix="Nothing, if it is built by itself; else remove it."
            if name
            else "Give it a name and copy from it, or remove it.",
        )


def _may_be_used(stage: StageActions, image: Image) -> bool:
    """Whether another stage uses it that is not needed itself, or with another build argument."""
    return any(
        other.stage.index != stage.stage.index
        and (
            other.stage.parent == stage.stage.index
            or _may_mean(other.stage, stage.stage)
            or any(
                reference and image.dockerfile.stage_named(reference) == stage.stage
                for _, reference in image.dockerfile.references(other.stage)
            )
        )
        for other in image.stages
    )
