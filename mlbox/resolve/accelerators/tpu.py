"""TPU: jax, or torch with torch_xla, each with the libtpu it is pinned to; one per image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlbox.resolve.accelerators.answer import (
    CPU_INDEX,
    access,
    answered,
    bare,
    choose_python,
    impossible,
    info,
    no_facts,
    numbers,
    told,
    trust,
    wanted,
    warning,
)
from mlbox.resolve.accelerators.names import find_instance, tpu_generation
from mlbox.resolve.resolution import Companion

if TYPE_CHECKING:
    from mlbox.facts.accelerators import TpuGeneration, TpuRelease
    from mlbox.findings import Finding
    from mlbox.resolve.accelerators.answer import Question
    from mlbox.resolve.resolution import Resolution

_PACKAGE = {"jax": "jax", "torch": "torch_xla"}


def resolve_tpu(question: Question) -> Resolution:
    """Answer for a TPU."""
    request = question.request
    generation, chips = _asked(question)
    if generation is not None and generation.confidence == "unverified":
        return no_facts(question, f"TPU {generation.generation}", *told(generation))
    if request.platform != "linux/amd64":
        what = f"There is no TPU software for {request.platform}."
        return impossible(question, what, "torch_xla is made for Linux on x86_64; so are TPU VMs.")
    if request.framework is None:
        return bare(question, _access(question, generation, chips))
    if request.framework not in _PACKAGE:
        return no_facts(question, f"{request.framework} on TPU")
    other = _second_framework(question)
    if other:
        what = f"One image has one TPU framework: {request.framework}, or what {other} is for."
        return impossible(question, what, "jax and torch_xla are pinned to different libtpu.")
    return _release(question, generation, chips)


def _asked(question: Question) -> tuple[TpuGeneration | None, int | None]:
    """The generation, and how many chips the machine has."""
    request = question.request
    if request.gpu is None:
        return None, None
    generation, chips = tpu_generation(request.gpu, question.facts)
    if request.instance is not None:
        chips = find_instance(request.instance, question.facts).count
    return generation, chips


def _release(question: Question, generation: TpuGeneration | None, chips: int | None) -> Resolution:
    request = question.request
    framework = request.framework or ""
    rows = [row for row in question.facts.tpu if row.framework == _PACKAGE[framework]]
    releases = wanted(request.version, {row.release for row in rows})
    rows = [row for row in rows if row.release in releases]
    verified = [row for row in rows if row.confidence != "unverified"]
    if not verified:
        last = " torch_xla ends at 2.9.0." if framework == "torch" else ""
        reasons = [f"{row.notes[:1].upper()}{row.notes[1:]}.{last}" for row in rows] or [last[1:]]
        what = f"{framework} {request.version} on TPU"
        return no_facts(question, what, *filter(None, reasons))
    fitting = [row for row in verified if choose_python(question.python, row.pythons)]
    if not fitting:
        row = max(verified, key=lambda row: numbers(row.release))
        what = f"{framework} {request.version or ''}".rstrip()
        return impossible(
            question,
            f"There is no {what} for TPU on Python {question.python}.",
            f"{row.framework} {row.release} is for {' '.join(row.pythons)} (source: {row.source}).",
        )
    row = max(fitting, key=lambda row: numbers(row.release))
    return _answer(question, row, generation, chips)


def _answer(
    question: Question, row: TpuRelease, generation: TpuGeneration | None, chips: int | None
) -> Resolution:
    torch = row.framework == "torch_xla"
    python = choose_python(question.python, row.pythons) or ""
    name = "torch" if torch else "jax"
    nightly = any("nightly" in pin for pin in row.libtpu)
    requirements = (
        (f"torch=={row.release}+cpu", f"torch_xla[tpu]=={row.release}")
        if torch
        else (f"jax[tpu]=={row.release}",)
    )
    return answered(
        question,
        f"{name} {row.release} for TPU on Python {python}.",
        python=python,
        reasons=(
            (
                f"{row.framework} {row.release} is the newest of what is asked for "
                f"(source: {row.source})."
            ),
            f"It is pinned to {' and '.join(row.libtpu)} (source: {row.source}).",
            *(_why_torch(row) if torch else ()),
            *((f"PyPI alone is not enough: libtpu is on {row.links}.",) if row.links else ()),
            "One TPU framework per image: jax and torch_xla are pinned to different libtpu.",
            *told(row),
            *_why_access(question, generation),
        ),
        findings=(
            *trust(row, f"The libtpu of {row.framework} {row.release}"),
            *_about_links(row, nightly=nightly),
            *_about_generation(generation),
        ),
        version=row.release,
        index_url=CPU_INDEX if torch else None,
        extra_index_urls=(row.links,) if row.links else (),
        requirements=requirements,
        companions=_companions(row),
        **_access(question, generation, chips),
    )


def _why_torch(row: TpuRelease) -> tuple[str, ...]:
    return (
        f"torch_xla does not ask for torch: torch {row.release} is added, as a CPU build.",
        "torch_xla ends at 2.9.0 and at Python 3.13.",
    )


def _companions(row: TpuRelease) -> dict[str, Companion]:
    found = {}
    for pin in row.libtpu:
        package, _, version = pin.partition("==")
        found[package] = Companion(version=version, pinned=True)
    match = re.match(r"(jaxlib|jax)(.*)", row.companion)
    if match:
        version = match[2].removeprefix("==")
        note = "with the extra pallas only" if row.framework == "torch_xla" else ""
        found[match[1]] = Companion(version=version, pinned=not note, note=note)
    if row.framework == "torch_xla":
        note = "the same version, by convention: its metadata does not ask for it"
        found["torch_xla"] = Companion(version=row.release, pinned=False, note=note)
    return found


def _access(
    question: Question, generation: TpuGeneration | None, chips: int | None
) -> dict[str, Any]:
    """What a container needs: the documented flags, and the nodes as far as they are known."""
    device = question.device(f"tpu-{generation.nodes if generation else 'vfio'}")
    jax = question.request.framework == "jax"
    environment = ("JAX_PLATFORMS=tpu",) if jax else ("PJRT_DEVICE=TPU",)
    if generation is None:
        return access(device, nodes=(), environment=environment)
    if generation.nodes == "accel" and chips:
        nodes = tuple(f"/dev/accel{number}" for number in range(min(chips, 4)))
        return access(device, nodes=nodes, environment=environment)
    return access(device, environment=environment)


def _why_access(question: Question, generation: TpuGeneration | None) -> tuple[str, ...]:
    if generation is None:
        nodes = "/dev/accelN up to v4, /dev/vfio/N from v5e on"
        return (f"The generation is not given; its devices are {nodes}.",)
    device = question.device(f"tpu-{generation.nodes}")
    return (
        (
            f"A TPU {generation.generation} is at {' '.join(device.device_nodes)}; "
            f"--privileged --net=host are the only documented flags (source: {device.source})."
        ),
        *told(device),
        *told(generation),
    )


def _about_links(row: TpuRelease, *, nightly: bool) -> tuple[Finding, ...]:
    if not row.links:
        return ()
    what = f"{row.framework} {row.release} cannot be installed from PyPI alone."
    why = "PyPI has a stub of libtpu-nightly only." if nightly else ""
    return (warning("needs-find-links", what, why=why, fix=f"Search {row.links} as well."),)


def _about_generation(generation: TpuGeneration | None) -> tuple[Finding, ...]:
    if generation is None or generation.generation not in {"v2", "v3", "v5p"}:
        return ()
    if generation.generation == "v5p":
        return (info("tpu-name", f"{generation.notes[:1].upper()}{generation.notes[1:]}."),)
    what = f"Whether this libtpu still supports TPU {generation.generation} is not known."
    return (warning("old-tpu", what, fix="Try it before you rely on it."),)


def _second_framework(question: Question) -> str:
    """A package that brings the other framework's libtpu."""
    other = {"jax": ("torch_xla", "torch-xla", "libtpu"), "torch": ("jax[tpu]", "libtpu")}
    wishes = other[question.request.framework or ""]
    packages = (package.replace(" ", "").lower() for package in question.request.packages)
    return next((package for package in packages if package.startswith(wishes)), "")
