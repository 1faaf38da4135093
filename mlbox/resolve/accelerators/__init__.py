"""Accelerators other than NVIDIA's cards: what a request means, and what goes together for it.

Three steps, all pure: ``implied`` says which accelerator a request is for, ``explained`` why, and
``resolve_accelerator`` answers for ROCm, TPU, Neuron and Jetson. The other two, CUDA and CPU, are
the resolver's own.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.resolve.accelerators.answer import SLIM, Question, no_facts
from mlbox.resolve.accelerators.jetson import resolve_jetson
from mlbox.resolve.accelerators.machines import explained, implied
from mlbox.resolve.accelerators.neuron import resolve_neuron
from mlbox.resolve.accelerators.rocm import resolve_rocm
from mlbox.resolve.accelerators.tpu import resolve_tpu
from mlbox.resolve.nearest import release_step
from mlbox.resolve.resolution import Nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlbox.facts.accelerators import Accelerators
    from mlbox.resolve.request import Request
    from mlbox.resolve.resolution import Resolution

__all__ = ["explained", "implied", "resolve_accelerator"]

_RESOLVERS: dict[str, Callable[[Question], Resolution]] = {
    "rocm": resolve_rocm,
    "tpu": resolve_tpu,
    "neuron": resolve_neuron,
    "jetson": resolve_jetson,
}


_NAMED = {"xpu": "Intel GPUs", "gaudi": "Intel Gaudi", "qualcomm": "Qualcomm AI 100"}


def resolve_accelerator(
    accelerator: str, request: Request, facts: Accelerators, as_of: str, base: str = SLIM
) -> Resolution:
    """Answer a request for one accelerator; an accelerator without facts is impossible.

    Args:
        accelerator: What ``implied`` returned.
        request: The request that it returned.
        facts: The tables.
        as_of: The day they speak of.
        base: Template of the default base image, with ``{python}`` in it.

    Raises:
        SpecError: The request is malformed, or names a GPU that mlbox does not know.
    """
    reasons, findings = explained(request, facts)
    question = Question(
        request=request,
        accelerator=accelerator,
        facts=facts,
        as_of=as_of,
        base=base,
        reasons=reasons,
        findings=findings,
    )
    answer = _answer(question)
    if answer.verdict != "impossible":
        return answer
    return replace(answer, nearest=tuple(_nearest(question)))


def _answer(question: Question) -> Resolution:
    resolver = _RESOLVERS.get(question.accelerator)
    if resolver is None:
        return no_facts(
            question, _NAMED.get(question.accelerator, f"the accelerator {question.accelerator}")
        )
    return resolver(question)


def _nearest(question: Question) -> Iterator[Nearest]:
    """Let go of one wish after the other, then of two at a time."""
    request = question.request
    free = {"python": None, "version": None, "cuda": "auto", "platform": "linux/amd64"}
    asked = [key for key, value in free.items() if getattr(request, key) != value]
    if question.accelerator == "jetson":
        asked = [key for key in asked if key != "platform"]
    for count in (1, 2):
        found = False
        for keys in combinations(asked, count):
            changed = replace(request, **{key: free[key] for key in keys})  # type: ignore[arg-type]
            answer = _closest(replace(question, request=changed), request.version, keys)
            if answer.verdict != "impossible":
                found = True
                yield _near(answer, keys)
        if found:
            return


def _closest(question: Question, wanted: str | None, keys: tuple[str, ...]) -> Resolution:
    """Answer with the release next to the wanted one, where the releases are in a table."""
    newest = _answer(question)
    if wanted is None or "version" not in keys or question.accelerator != "rocm":
        return newest
    releases = sorted({row.release for row in question.facts.rocm}, key=numbers)
    place = sum(numbers(release) < numbers(wanted) for release in releases)
    by_distance = sorted(
        releases,
        key=lambda release: (release_step(release, wanted), abs(releases.index(release) - place)),
    )
    for release in by_distance:
        request = replace(question.request, version=release)
        answer = _answer(replace(question, request=request))
        if answer.verdict != "impossible":
            return answer
    return newest


def _near(answer: Resolution, keys: tuple[str, ...]) -> Nearest:
    values = {
        "python": ("python", answer.python),
        "version": (answer.framework or "version", answer.version or ""),
        "cuda": ("cuda", answer.cuda_tag or "auto"),
        "platform": ("platform", answer.platform),
    }
    changes = dict(values[key] for key in keys)
    settings = " and ".join(
        f'{key} = "{value}"' if value else f"no version of {key}" for key, value in changes.items()
    )
    return Nearest(
        version=answer.version,
        cuda_tag=answer.cuda_tag,
        python=answer.python,
        changes=changes,
        verdict=answer.verdict,
        what=f"Set {settings}: {answer.what}",
    )
