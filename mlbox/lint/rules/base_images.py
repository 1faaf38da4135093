"""Rules about the images that are built on: which one, does it exist, is it maintained."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mlbox.lint.end_of_life import ended
from mlbox.lint.parse import Span, variables
from mlbox.lint.references import CODENAMES, bases, copied, reference
from mlbox.lint.rule import Hit
from mlbox.lint.rules.base_tags import exists, judged, nonexistent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.facts import Facts
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Instruction, Stage
    from mlbox.lint.references import Named, Reference

_RELEASES = {
    "ubuntu": "ubuntu:24.04",
    "debian": "debian:bookworm-slim",
    "continuumio/miniconda3": "continuumio/miniconda3:24.7.1-0",
}
_NAME = re.compile(
    r"(?:[A-Za-z0-9][\w.-]*(?::\d+)?/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
    r"(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[\w+.:-]+)?",
    re.ASCII,
)


def unpinned(image: Image) -> Iterator[Hit]:
    """No version is named, so another image is there tomorrow."""
    for named in (*bases(image), *copied(image)):
        found = named.reference
        severity = _moves(found)
        if severity is None or nonexistent(found, image.facts):
            continue
        instead = _release(found, image.facts)
        tag = f"the tag {found.tag}" if found.tag else "no tag, which means latest"
        yield Hit(
            named.span,
            what=f"{found.name} has {tag}: it is another image after every release.",
            why="What is built today cannot be built again tomorrow; a new Python, CUDA or system "
            "comes without being asked for.",
            fix=_how(named, instead),
            edits=((named.span, instead),) if named.literal and instead else (),
            severity="info" if severity == "info" else None,
            dated=bool(instead),
        )


def _moves(found: Reference) -> str | None:
    """Whether a reference names no version."""
    if found.digest or "$" in found.text or not _NAME.fullmatch(found.text):
        return None
    if found.moves or found.tag is None:
        return "warning"
    if found.is_hub("python"):
        if not found.tag[0].isdigit():
            return "warning"
        return "info" if "." not in found.tokens[0] else None
    return None


@lru_cache(maxsize=512)
def _release(found: Reference, facts: Facts) -> str | None:
    """The image with a version that comes nearest; ``None`` if mlbox knows none."""
    if found.is_hub(*_RELEASES):
        return _RELEASES[found.path]
    if found.is_hub("python"):
        return _python_release(found)
    if found.registry not in ("", "nvcr.io"):
        return None
    report = judged(found.text, facts)
    return report.instead if report else None


def _python_release(found: Reference) -> str:
    """The same variant of the Python image, with a version."""
    rest = [part for part in found.tokens if part and part != "latest" and not part.isdigit()]
    return f"{found.name}:{'-'.join(['3.12', *(rest or ['slim'])])}"


def _how(named: Named, instead: str | None) -> str:
    target = instead or f"{named.reference.name}:VERSION"
    line = f"FROM {target}" if named.is_base else f"--from={target}"
    return f"Name a release: {line}; add its digest (@sha256:...) to get the same bytes every time."


# --- MLD202 ------------------------------------------------------------------------------------


def tag_invalid(image: Image) -> Iterator[Hit]:
    """The publisher has no such image."""
    for named in (*bases(image), *copied(image)):
        found = nonexistent(named.reference, image.facts)
        if found is None:
            continue
        edit = found.instead if named.literal else None
        yield Hit(
            named.span,
            what=f"There is no image {named.reference.text}.",
            why=found.why,
            fix=_instead(named, found.instead),
            edits=((named.span, edit),) if edit else (),
            severity=None if found.sure else "warning",
            confidence="high" if found.sure else "medium",
            dated=True,
        )


def _instead(named: Named, instead: str | None) -> str:
    if instead is None:
        return "Look the tag up at the publisher's, and name one that exists."
    return f"Write {'FROM ' if named.is_base else '--from='}{instead}."


# --- MLD203 ------------------------------------------------------------------------------------


def end_of_life(image: Image) -> Iterator[Hit]:
    """Its system, Python or CUDA gets no more fixes."""
    for named in bases(image):
        found = ended(named.reference, image.facts.as_of)
        if not found:
            continue
        is_minor = all(item.severity == "info" for item in found)
        instead = _maintained(named.reference, image.facts) if named.literal else None
        if named.reference.is_hub("debian") and "python3-pip" in image.dockerfile.source.text:
            instead = None  # from Debian 12 on that pip refuses (MLD205)
        yield Hit(
            named.span,
            what=f"{named.reference.text} has {' and '.join(item.name for item in found)}, which "
            f"{'gets' if len(found) == 1 else 'get'} no more fixes.",
            why=" ".join(f"{item.name} ended on {item.end} ({item.source})." for item in found)
            + " New wheels need newer systems, and package archives go away.",
            fix=f"Build on {instead}." if instead else f"Build on {found[0].instead}.",
            edits=((named.span, instead),) if instead else (),
            severity="info" if is_minor else None,
            dated=True,
        )


@lru_cache(maxsize=512)
def _maintained(found: Reference, facts: Facts) -> str | None:
    """The same image on a system that is maintained, if there surely is one."""
    if found.digest or not found.tag:
        return None
    if found.is_hub("ubuntu"):
        return f"{found.name}:22.04"
    if found.is_hub("debian"):
        return f"{found.name}:bookworm{'-slim' if 'slim' in found.tokens else ''}"
    if found.is_hub("python"):
        return _maintained_python(found, facts)
    if found.is_hub("nvidia/cuda") and found.system:
        return _maintained_cuda(found, facts)
    return None


def _maintained_cuda(found: Reference, facts: Facts) -> str | None:
    for system in ("ubuntu22.04", "ubuntu20.04"):
        tag = f"{found.tag}".replace(found.system or "", system)
        other = reference(f"{found.name}:{tag}")
        if exists(other.text, facts) and _good(other, facts):
            return other.text
    return None


def _maintained_python(found: Reference, facts: Facts) -> str | None:
    if found.system is None or not found.system.startswith("debian"):
        return None
    codename = next((part for part in found.tokens if part in CODENAMES), "")
    if not codename:
        return None
    other = reference(f"{found.name}:{(found.tag or '').replace(codename, 'bookworm')}")
    slim = other.text if "slim" in other.tokens and other.text != found.text else ""
    return slim if slim and exists(slim, facts) and _good(other, facts) else None


def _good(found: Reference, facts: Facts) -> bool:
    return not any(item.severity == "warning" for item in ended(found, facts.as_of))


# --- MLD208 ------------------------------------------------------------------------------------


def undefined_arg(image: Image) -> Iterator[Hit]:
    """A variable of FROM that is declared nowhere before it."""
    known = image.dockerfile.arguments
    for stage in image.dockerfile.stages:
        start = stage.start
        if "$" not in start.arguments.text and not start.flags:
            continue
        for text, where in _expanded(start):
            for name in dict.fromkeys(variables(text, start.escape)):
                if name not in known:
                    yield _undefined(name, _place(name, where, image), stage, image)
                elif known[name] is None and not name.startswith(("BUILD", "TARGET")):
                    yield from _without_default(name, _place(name, where, image), stage)


def undefined_words(image: Image) -> frozenset[Span]:
    """Where FROM names an image with a variable that is declared nowhere."""
    known = image.dockerfile.arguments
    return frozenset(
        stage.image_word.span
        for stage in image.dockerfile.stages
        if stage.image_word
        and any(name not in known for name in variables(stage.image_word.raw, stage.start.escape))
    )


def _expanded(start: Instruction) -> Iterator[tuple[str, Span]]:
    if start.words:
        yield start.words[0].raw, start.words[0].span
    if (platform := start.flag("platform")) and platform.value:
        yield platform.value, platform.span


def _place(name: str, where: Span, image: Image) -> Span:
    text = image.dockerfile.source.text[where.start : where.end]
    match = re.search(rf"\$\{{?{re.escape(name)}\b(?:[^}}]*\}})?", text)
    if match is None:
        return where
    whole = match[0] if match[0].startswith("${") else f"${name}"
    return Span(where.start + match.start(), where.start + match.start() + len(whole))


def _undefined(name: str, span: Span, stage: Stage, image: Image) -> Hit:
    inside = _declared_inside(name, stage, image)
    where = (
        f"the ARG in line {inside} belongs to a stage; FROM sees only those before the first FROM"
        if inside
        else "no ARG before the first FROM declares it"
    )
    valid = bool(stage.image and _NAME.fullmatch(stage.image))
    return Hit(
        span,
        what=f"${name} in FROM is not declared: {where}.",
        why=f"It stands for nothing, so the image is {stage.image or ''!r}"
        + (", which is hardly the one that is meant." if valid else ", which BuildKit refuses."),
        fix=f"Write ARG {name}=... before the first FROM.",
        severity="warning" if valid else None,
    )


def _declared_inside(name: str, stage: Stage, image: Image) -> int | None:
    for other in image.dockerfile.stages[: stage.index]:
        for step in other.steps:
            item = step.instruction
            if item.name == "ARG" and any(pair.name == name for pair in item.pairs):
                return item.line
    return None


def _without_default(name: str, span: Span, stage: Stage) -> Iterator[Hit]:
    word = stage.image_word
    bare = re.sub(rf"\$\{{?{re.escape(name)}\}}?", "", word.raw) if word else ""
    if "$" not in bare and _NAME.fullmatch(bare):
        return
    yield Hit(
        span,
        what=f"ARG {name} has no default, so nothing can be built without --build-arg {name}=...",
        why="Without it the name of the image is empty or not a name (BuildKit's check "
        "InvalidDefaultArgInFrom).",
        fix=f"Give it a default: ARG {name}=... .",
        severity="info",
    )
