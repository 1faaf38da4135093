"""Neuron: what goes together in one release of the SDK, for one family of AWS chips."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlbox.resolve.accelerators.answer import (
    CPU_INDEX,
    PYTHON,
    access,
    answered,
    bare,
    choose_python,
    impossible,
    no_facts,
    numbers,
    told,
    trust,
    wanted,
)
from mlbox.resolve.accelerators.names import find_instance, neuron_family
from mlbox.resolve.accelerators.neuron_parts import (
    NEURON_INDEX,
    Product,
    companions,
    driver_finding,
    image_of,
    notes_on,
    products,
    runtime_finding,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlbox.resolve.accelerators.answer import Question
    from mlbox.resolve.resolution import Resolution


def resolve_neuron(question: Question) -> Resolution:
    """Answer for an AWS Inferentia or Trainium chip."""
    request = question.request
    family = neuron_family(request.gpu) if request.gpu else None
    if request.platform != "linux/amd64":
        return no_facts(question, f"Neuron on {request.platform}")
    if request.framework is None:
        return bare(question, neuron_access(question), *_why_access(question))
    if request.framework not in {"torch", "jax"}:
        return no_facts(question, f"{request.framework} on Neuron")
    found = [one for one in products(question.facts) if one.framework == request.framework]
    found = [one for one in found if family is None or family in one.families]
    if family is None:  # inf1 has a product of its own: only who names it means it
        found = [one for one in found if one.kind != "inf1"]
    if not found:
        what = f"There is no {request.framework} for {family}."
        return impossible(question, what, "Inf1 is frozen: torch-neuron 1.13.1 is its last.")
    return _choose(question, found, family)


def _choose(question: Question, found: Sequence[Product], family: str | None) -> Resolution:
    request = question.request
    releases = wanted(request.version, {one.release for one in found})
    fitting = [one for one in found if one.release in releases]
    if not fitting:
        have = ", ".join(sorted({one.release for one in found}, key=numbers))
        return impossible(
            question,
            f"There is no {request.framework} {request.version} for {family or 'Neuron'}.",
            f"The SDKs have {have}.",
            *_why_not(request.version, family),
        )
    pythons = [one for one in fitting if _python(question, one)]
    if not pythons:
        have = " ".join(fitting[0].pythons) or "Pythons that are not known"
        what = f"No {request.framework} for Neuron that fits is for Python {question.python}."
        return impossible(question, what, f"SDK {fitting[0].row.sdk} is for {have}.")
    return _answer(question, max(pythons, key=lambda one: _preference(one, request)), family)


def _preference(one: Product, request: Any) -> tuple[object, ...]:  # noqa: ANN401
    """What is stable, then the newest release, what is complete, the newest SDK."""
    stable = one.kind != "native" or request.version is not None
    return stable, numbers(one.release), bool(one.pythons), numbers(one.row.sdk)


def _python(question: Question, one: Product) -> str | None:
    if not one.pythons:
        return question.python or PYTHON
    image = re.search(r"-py3(\d+)-", image_of(one) or "")
    prefer = f"3.{image[1]}" if image and question.python is None else PYTHON
    return choose_python(question.python, one.pythons, prefer)


def _answer(question: Question, one: Product, family: str | None) -> Resolution:
    request, row = question.request, one.row
    python = _python(question, one) or ""
    image = image_of(one)
    suits = image is not None and f"-py{python.replace('.', '')}-" in image
    parts: dict[str, Any] = {}
    if suits and request.base == "auto":
        parts["base_image"] = image
    return answered(
        question,
        f"{request.framework} {one.release} of Neuron SDK {row.sdk} on Python {python}.",
        python=python,
        reasons=(
            f"{one.packages[0]} is in Neuron SDK {row.sdk} (source: {row.source}).",
            *_why(one, family, request.version),
            f"{NEURON_INDEX} is named: what has these names on PyPI is a stub of another version.",
            *(_why_image(image) if "base_image" in parts else ()),
            (
                f"The host needs aws-neuronx-dkms {one.driver}, which has to match the SDK of the "
                "image: an older runtime and a newer driver, or the other way round, do not work."
            ),
            *_why_access(question),
            *told(row),
        ),
        findings=(
            *trust(row, f"What is in Neuron SDK {row.sdk}"),
            *notes_on(one, family),
            *driver_finding(one, request.driver),
            *(() if "base_image" in parts else runtime_finding(one, image)),
        ),
        version=one.release,
        index_url=NEURON_INDEX,
        extra_index_urls=(CPU_INDEX,) if request.framework == "torch" else (),
        requirements=one.packages,
        companions=companions(one),
        **parts,
        **neuron_access(question),
    )


def _why(one: Product, family: str | None, version: str | None) -> tuple[str, ...]:
    if one.kind == "inf1":
        return ("Inf1 is frozen: torch-neuron 1.13.1.2.11.13.0 and neuron-cc 1.24.0.0 stay.",)
    if one.framework == "jax":
        return (
            (
                "SDK 2.33.0 has jax as well; which Pythons it is for is not known, so the newest "
                "complete release is used."
            ),
        )
    if one.kind == "native":
        return (
            (
                "torch-neuronx names two products: from 2.13 on it is TorchNeuron native, for trn2 "
                "and trn3 only."
            ),
        )
    reasons: tuple[str, ...] = (
        (
            "torch-neuronx names two products: up to 2.9 it is PyTorch/XLA, last in SDK 2.31; SDK "
            "2.32 has none."
        ),
    )
    if family in {"inf2", "trn1"}:
        return (*reasons, f"TorchNeuron native (2.13, 2.14) does not run on {family}.")
    if version is None:
        reasons += (
            (
                "TorchNeuron native (2.13, 2.14 of SDK 2.33) is Beta, for trn2 and trn3 only: it "
                "is used when its version is asked for."
            ),
        )
    return reasons


def _why_not(version: str | None, family: str | None) -> tuple[str, ...]:
    if family in {"inf2", "trn1"} and version and numbers(version) >= (2, 10):
        return (f"TorchNeuron native (2.13, 2.14) is for trn2 and trn3, not for {family}.",)
    if family == "inf1":
        return ("Inf1 is frozen: torch-neuron 1.13.1 is its last.",)
    return ()


def _why_image(image: str | None) -> tuple[str, ...]:
    return (
        (
            f"{image} has the runtime library, which is no wheel, and these packages already, so "
            "installing them changes nothing."
        ),
    )


def neuron_access(question: Question) -> dict[str, Any]:
    """Return what a container needs: a device per chip."""
    nodes = _nodes(question)
    flags = tuple(f"--device={node}" for node in nodes)
    return access(question.device("neuron"), nodes=nodes, flags=flags)


def _nodes(question: Question) -> tuple[str, ...]:
    request = question.request
    if request.instance is None:
        return question.device("neuron").device_nodes
    chips = find_instance(request.instance, question.facts).count
    return tuple(f"/dev/neuron{number}" for number in range(chips))


def _why_access(question: Question) -> tuple[str, ...]:
    row = question.device("neuron")
    count = len(_nodes(question))
    known = f"This machine has {count}" if question.request.instance else "Name the instance"
    return (
        (
            f"It gets one /dev/neuronN per chip, not per core. {known}: --device names each; "
            f"the OCI hook is optional (source: {row.source})."
        ),
    )
