"""The rule about LD_LIBRARY_PATH: nothing may hide the host's driver, or the wheels' own CUDA."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.gpu.tables import cuda_of, major
from mlbox.lint.gpu.text import without_pair
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.gpu import GpuStage
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Pair, Step

_ENTRY = re.compile(r"(?:[^:\"'\s${}+]|\$\w+|\$\{\w+\})+")
_STUBS = re.compile(r"(?:^|/)stubs/?$")
_COMPAT = re.compile(r"(?:cuda[^/]*|\$\{?CUDA\w*\}?)/compat/?$", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?:/usr/local/cuda[^/]*|\$\{?CUDA_(?:HOME|PATH|ROOT)\}?)/(?:lib64|lib|targets/[\w-]+/lib)/?$"
)


def ld_path_shadows_driver(image: Image) -> Iterator[Hit]:
    """LD_LIBRARY_PATH puts something in front of the host's driver, or of the wheels' CUDA."""
    text = image.dockerfile.source.text
    if "LD_LIBRARY_PATH" not in text and "ld.so.conf" not in text:
        return
    for stage in image.gpu.stages:
        if stage.is_shipped:
            for step, pair in _in_force(stage):
                yield from _of_pair(step, pair, stage, image)
            yield from _configured(stage)


def _in_force(stage: GpuStage) -> list[tuple[Step, Pair]]:
    """The settings of LD_LIBRARY_PATH that still count at the end of a stage."""
    found: list[tuple[Step, Pair]] = []
    for step in stage.stage.all_steps:
        if step.instruction.name != "ENV":
            continue
        for pair in step.instruction.pairs:
            if pair.name == "LD_LIBRARY_PATH" and pair.value is not None:
                if "LD_LIBRARY_PATH" not in pair.value:
                    found.clear()
                found.append((step, pair))
    return found


def _of_pair(step: Step, pair: Pair, stage: GpuStage, image: Image) -> Iterator[Hit]:
    text = image.dockerfile.source.text
    value = text[pair.value_span.start : pair.value_span.end]
    hits = []
    for start, end in _entries(value):
        entry = value[start:end]
        span = Span(pair.value_span.start + start, pair.value_span.start + end)
        known = step.expand(entry) or entry
        edits = _without_entry(value, start, end, pair)
        if _STUBS.search(known) or _COMPAT.search(known) or _COMPAT.search(entry):
            hits.append(_shadow(span, entry, known, edits))
        elif _PLAIN.search(known) or _PLAIN.search(entry):
            hit = _plain(span, entry, stage, edits)
            hits += [hit] if hit is not None else []
    if len(hits) == len(tuple(_entries(value))) and "$" not in _without_entries(value):
        whole = without_pair(step.instruction, pair.name, image.dockerfile)
        hits = [replace(hit, edits=whole if hit.edits or len(hits) == 1 else ()) for hit in hits]
    yield from hits


def _without_entries(value: str) -> str:
    """What is left of a list beside its folders."""
    for start, end in reversed(list(_entries(value))):
        value = value[:start] + value[end:]
    return value


def _entries(value: str) -> Iterator[tuple[int, int]]:
    """The folders in a path variable; ``${X:+...}`` is none."""
    for match in _ENTRY.finditer(value):
        yield match.span()


def _without_entry(value: str, start: int, end: int, pair: Pair) -> tuple[tuple[Span, str], ...]:
    """The edit that takes one folder out of the list."""
    at = pair.value_span.start
    if value[end : end + 1] == ":":
        return ((Span(at + start, at + end + 1), ""),)
    if value[:start].endswith(":"):
        return ((Span(at + start - 1, at + end), ""),)
    return ()


def _shadow(span: Span, entry: str, known: str, edits: tuple[tuple[Span, str], ...]) -> Hit:
    if _STUBS.search(known):
        return Hit(
            span,
            what=f"LD_LIBRARY_PATH has {entry}: programs load the stub of libcuda.so, not the "
            "host's driver.",
            why="The stubs are for the linker alone; at run time they do nothing, and "
            "torch.cuda.is_available() is False (CUDA error 34, stub library).",
            fix="Take it out; where something is linked with -lcuda, set LIBRARY_PATH for the "
            "linker instead.",
            edits=edits,
        )
    return Hit(
        span,
        what=f"LD_LIBRARY_PATH has {entry}: its libcuda.so comes before the host's driver.",
        why="Forward compatibility works on data-center GPUs with some drivers alone; elsewhere "
        "CUDA fails with error 803 or 804 although the host's own driver would do.",
        fix="Take it out; on a host that needs it, add it when the container is started.",
        edits=edits,
    )


def _plain(
    span: Span, entry: str, stage: GpuStage, edits: tuple[tuple[Span, str], ...]
) -> Hit | None:
    """The image's own CUDA comes before the libraries that the wheels bring."""
    wheel = next((item for item in reversed(stage.all_wheels) if item.name == "torch"), None)
    if wheel is None or not wheel.is_cuda or stage.cuda is None:
        return None
    build = cuda_of(wheel.tag)
    if build is None or major(build) != major(stage.cuda):
        return None
    is_bare = stage.base is not None and stage.base.flavor == "base"  # it has cudart alone
    older = numbers(stage.cuda) < numbers(build) and not is_bare
    return Hit(
        span,
        what=f"LD_LIBRARY_PATH has {entry}: the image's CUDA {stage.cuda} is loaded in place of "
        f"the CUDA {build} that torch brings.",
        why=f"Libraries of CUDA {stage.cuda} lack what newer ones of torch ask of them: undefined "
        "symbol: __nvJitLinkComplete_12_4 (pytorch#134929)."
        if older
        else "torch's wheels bring their own CUDA libraries; these are taken first, and work as "
        "long as they are not older.",
        fix=f"Take {entry} out: the wheels find their own libraries.",
        edits=edits if older else (),
        severity="warning" if older else "info",
    )


def _configured(stage: GpuStage) -> Iterator[Hit]:
    """``echo /usr/local/cuda/lib64/stubs > /etc/ld.so.conf.d/x.conf``."""
    for action in stage.actions.actions:
        command = action.command
        if command.program not in ("echo", "printf", "tee"):
            continue
        if not any("ld.so.conf" in item.target.text for item in command.redirections):
            continue
        for word in command.arguments:
            known = word.text.strip().rstrip("\\n")
            if _STUBS.search(known) or _COMPAT.search(known):
                yield Hit(
                    word.span,
                    what=f"ld.so.conf has {known}: it comes before the host's driver.",
                    why="What is there is found as libcuda.so in place of the driver's own: a "
                    "stub does nothing, and a compat library fails with error 803 or 804 on "
                    "hosts that it is not made for.",
                    fix="Take it out.",
                )
