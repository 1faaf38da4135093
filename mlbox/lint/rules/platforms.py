"""The rule about what is made for another kind of processor than the image is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.commands.model import DataFetch, Download, PythonInstall
from mlbox.lint.parse import Span
from mlbox.lint.references import root
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import Action, Wanted
    from mlbox.lint.gpu import Wheel
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Stage, Step
    from mlbox.lint.references import Named
    from mlbox.lint.shell.model import Argument

_AMD64 = re.compile(r"(?<![a-z0-9])(?:x86_64|x86-64|amd64|linux-64)(?![a-z0-9])", re.IGNORECASE)
_ARM64 = re.compile(r"(?<![a-z0-9])(?:aarch64|arm64|sbsa)(?![a-z0-9])", re.IGNORECASE)
_BOTH = re.compile(r"Mini(?:conda|forge)|Mambaforge|Anaconda3|awscli-exe-linux", re.IGNORECASE)
_INSTALLERS = re.compile(
    r"Mini(?:conda|forge)|Mambaforge|Anaconda3|awscli-exe|\.deb$|\.rpm$|\.run$"
)
_WHEEL = re.compile(r"(?:manylinux\w*|linux)_(x86_64|aarch64)\.whl")
_ASKED = ("TARGETARCH", "TARGETPLATFORM")
_CHOOSES = ("TARGETARCH", "TARGETPLATFORM", "uname", "print-architecture", "arch)")


def platform_gap(image: Image) -> Iterator[Hit]:
    """Something for one kind of processor in an image for the other, or for any."""
    text = image.dockerfile.source.text
    if not any(mark in text for mark in ("arm64", "aarch64", "TARGET", "l4t-", "uname")):
        yield from _unsaid(image)
        return
    for item in image.used:
        machine = _machine(image, item.stage)
        if machine is not None:
            for _, actions in item.steps:
                for action in actions:
                    yield from _made_for_another(action, machine, item, image)
            if machine == "arm64":
                yield from (_no_wheel(wheel) for wheel in _for_amd64(item.stage, image))
        elif _is_for_many(image, item):
            yield from _fixed_to_one(item)


def _unsaid(image: Image) -> Iterator[Hit]:
    """What there is for x86_64 alone, in an image that does not say that it is for that."""
    seen: set[int] = set()
    for item in image.used:
        base = image.dockerfile.base(item.stage)
        named = root(image, item.stage)
        stage = image.gpu.stages[item.stage.index]
        if named is None or base.start.flag("platform") or base.index in seen:
            continue
        if stage.base is None or not (stage.base.is_plain or stage.base.is_nvidia_cuda):
            continue
        found = [(w.item, w.said) for w in _for_amd64(item.stage, image)]
        found += [
            (wanted, "this wheel")
            for install in item.installs
            for wanted in install.wanted
            if (match := _WHEEL.search(wanted.url or "")) and match[1] == "x86_64"
        ]
        if found and all(";" not in wanted.raw for wanted, _ in found):
            seen.add(base.index)
            yield _for_one(*found[0], named)


def _for_one(wanted: Wanted, said: str, named: Named) -> Hit:
    at = named.span.start
    return Hit(
        wanted.span or wanted.location,
        what=f"There is {said} for x86_64 alone, and FROM does not say that the image is for that.",
        why="On a machine with an ARM processor (a Mac, Grace) the image is built for arm64, and "
        "pip finds no wheel.",
        fix="If such machines build it: FROM --platform=linux/amd64.",
        edits=((Span(at, at), "--platform=linux/amd64 "),),
        safe=True,
        severity="info",
        dated=wanted.url is None,
    )


def _machine(image: Image, stage: Stage) -> str | None:
    """The processor that a stage is for, if the Dockerfile says so."""
    base = image.dockerfile.base(stage)
    parts = (base.platform or "").split("/")
    if parts[0] == "linux" and len(parts) > 1:
        return {"amd64": "amd64", "x86_64": "amd64", "arm64": "arm64", "aarch64": "arm64"}.get(
            parts[1]
        )
    named = root(image, stage)
    if base.start.flag("platform") or named is None:
        return None
    is_arm = named.reference.path.startswith(("arm64v8/", "nvidia/l4t-"))
    return "arm64" if is_arm else None


def _made_for_another(
    action: Action, machine: str, item: StageActions, image: Image
) -> Iterator[Hit]:
    if action.command.is_conditional:
        return
    if isinstance(action, PythonInstall):
        for wanted in action.wanted:
            yield from _wheel(wanted, machine)
    elif isinstance(action, (Download, DataFetch)):
        for word in action.command.arguments:
            if "://" in word.text and _is_for_other(word.text, machine):
                yield _download(word, machine, item, image)


def _is_for_other(url: str, machine: str) -> bool:
    if machine == "arm64":
        return bool(_AMD64.search(url)) and not _ARM64.search(url)
    return bool(_ARM64.search(url) and _INSTALLERS.search(url)) and not _AMD64.search(url)


def _wheel(item: Wanted, machine: str) -> Iterator[Hit]:
    match = _WHEEL.search(item.url or item.local or item.raw)
    if match is None or (match[1] == "x86_64") == (machine == "amd64"):
        return
    if ";" in item.raw:
        return  # a marker decides
    yield Hit(
        item.span or item.location,
        what=f"This wheel is for {match[1]}, and the image is for linux/{machine}.",
        why="pip refuses a wheel of another platform.",
        fix=f"Take the wheel for {'aarch64' if machine == 'arm64' else 'x86_64'}, or build for "
        f"linux/{'amd64' if machine == 'arm64' else 'arm64'}.",
    )


def _for_amd64(stage: Stage, image: Image) -> Iterator[Wheel]:
    """The CUDA builds of torch in a stage that there are for x86_64 alone."""
    for wheel in image.gpu.stages[stage.index].wheels:
        item = wheel.item
        if wheel.name != "torch" or wheel.is_nightly or item.unknown or item.url or item.local:
            continue
        if item.version and not wheel.release:
            continue
        is_chosen = wheel.tag and wheel.is_cuda and wheel.is_explicit
        if is_chosen and _only_amd64(wheel.release or "", wheel.tag or "", image):
            yield wheel


def _no_wheel(wheel: Wheel) -> Hit:
    return Hit(
        wheel.place,
        what=f"There is no {wheel.said} for arm64, and the image is for linux/arm64.",
        why="PyTorch publishes CUDA wheels for arm64 for some releases and CUDA versions only "
        "(download.pytorch.org).",
        fix="Take a CUDA version that has arm64 wheels for this release, an image of NVIDIA's for "
        "arm64, or build for linux/amd64.",
        dated=True,
    )


def _only_amd64(release: str, tag: str, image: Image) -> bool:
    """Whether a release, or an index that gets no more of them, has wheels for x86_64 alone."""
    amd64 = image.facts.builds_by.get(("torch", "linux/amd64"), ())
    arm64 = image.facts.builds_by.get(("torch", "linux/arm64"), ())
    there = [b.release for b in amd64 if b.tag == tag and release in ("", b.release)]
    newest = max((numbers(b.release) for b in amd64), default=())
    return (
        bool(there)
        and all(numbers(known) < newest for known in there)
        and not any(b.tag == tag and release in ("", b.release) for b in arm64)
    )


def _download(word: Argument, machine: str, item: StageActions, image: Image) -> Hit:
    other, right = ("x86_64", "aarch64") if machine == "arm64" else ("aarch64", "x86_64")
    return Hit(
        word.span,
        what=f"This download is for {other}, and the image is for linux/{machine}.",
        why="Its programs do not start there: exec format error.",
        fix=f"Download the one for {right}, or build for "
        f"linux/{'amd64' if machine == 'arm64' else 'arm64'}.",
        edits=_other_installer(word, machine, item, image),
        safe=False,
    )


def _other_installer(
    word: Argument, machine: str, item: StageActions, image: Image
) -> tuple[tuple[Span, str], ...]:
    """The installer's other variant, wherever the stage names the file."""
    name = word.text.rsplit("/", 1)[-1]
    wrong, right = ("x86_64", "aarch64") if machine == "arm64" else ("aarch64", "x86_64")
    if not _BOTH.search(name) or wrong not in name or word.value is None:
        return ()
    steps = [step.instruction.span for step, _ in item.steps]
    text = image.dockerfile.source.text
    found = []
    start = text.find(name, steps[0].start)
    while 0 <= start < steps[-1].end:
        at = start + name.index(wrong)
        found.append((Span(at, at + len(wrong)), right))
        start = text.find(name, start + len(name))
    return tuple(found)


def _is_for_many(image: Image, item: StageActions) -> bool:
    """Whether a stage asks which processor it is built for."""
    if image.dockerfile.base(item.stage).start.flag("platform"):
        return False
    return any(
        pair.name in _ASKED
        for step, _ in item.steps
        if step.instruction.name == "ARG"
        for pair in step.instruction.pairs
    )


def _fixed_to_one(item: StageActions) -> Iterator[Hit]:
    for step, actions in item.steps:
        if any(mark in _whole(step) for mark in _CHOOSES):
            continue
        for action in actions:
            if not isinstance(action, Download) or action.command.is_conditional:
                continue
            for word in action.command.arguments:
                if "://" in word.text and _is_for_other(word.text, "arm64"):
                    yield Hit(
                        word.span,
                        what="This download is for x86_64 whatever the image is for.",
                        why="The stage asks for TARGETARCH, so it is built for other processors "
                        "too; there its programs do not start.",
                        fix="Choose by TARGETARCH, or say FROM --platform=linux/amd64.",
                        confidence="medium",
                    )


def _whole(step: Step) -> str:
    bodies = (item.body.text for item in step.instruction.heredocs)
    return "".join((step.instruction.arguments.text, *bodies))
