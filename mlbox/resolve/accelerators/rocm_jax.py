"""jax on ROCm: a plugin per release, and ROCm itself in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlbox.resolve.accelerators.answer import (
    PYTHON,
    answered,
    choose_python,
    impossible,
    no_facts,
    numbers,
    told,
    trust,
    wanted,
    warning,
)
from mlbox.resolve.resolution import Companion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlbox.facts.accelerators import AmdGpu, JaxRocm
    from mlbox.findings import Finding
    from mlbox.resolve.accelerators.answer import Question
    from mlbox.resolve.resolution import Resolution


def resolve_jax(question: Question, gpu: AmdGpu | None, access: dict[str, Any]) -> Resolution:
    """Answer for jax on an AMD GPU."""
    request = question.request
    releases = wanted(request.version, {row.release for row in question.facts.jax_rocm})
    rows = [row for row in question.facts.jax_rocm if row.release in releases]
    if not rows:
        return no_facts(question, f"jax {request.version} on ROCm")
    there = [row for row in rows if row.resolves == "yes"]
    if not there:
        row = rows[-1]
        what = f"jax {request.version} cannot be installed for ROCm: {row.plugin} is on no index."
        return impossible(question, what, *told(row))
    if request.cuda != "auto":
        there = [
            row for row in there if request.cuda.removeprefix("rocm").split(".")[0] == row.rocm
        ]
    fitting = [row for row in there if choose_python(question.python, row.pythons)]
    if not fitting:
        what = f"No jax for ROCm is for Python {question.python} and cuda = {request.cuda!r}."
        return impossible(question, what, f"jax {rows[-1].release}: {' '.join(rows[-1].pythons)}.")
    row = max(fitting, key=lambda row: numbers(row.release))
    if gpu is not None and not _may_run(gpu, row):
        subject = f"jax {row.release} on {gpu.name} ({gpu.gfx})"
        return no_facts(question, subject, f"{gpu.notes or gpu.support} (source: {gpu.source}).")
    return _answer(question, row, rows, gpu, access)


def _may_run(gpu: AmdGpu, row: JaxRocm) -> bool:
    first = numbers(gpu.first_rocm) or (0,)
    return gpu.support in {"yes", "partial"} and first[0] <= int(row.rocm)


def _answer(
    question: Question,
    row: JaxRocm,
    rows: Sequence[JaxRocm],
    gpu: AmdGpu | None,
    access: dict[str, Any],
) -> Resolution:
    python = choose_python(question.python, row.pythons) or PYTHON
    given = question.request.base not in {"auto", "debian"}
    skipped = [
        other.release
        for other in rows
        if other.resolves == "no" and numbers(other.release) > numbers(row.release)
    ]
    return answered(
        question,
        f"jax {row.release} with ROCm {row.rocm} on Python {python}.",
        python=python,
        reasons=(
            f"jax {row.release} resolves with its extra {row.extra} (source: {row.source}).",
            *(f"jax {release} does not: its plugin is not on the index." for release in skipped),
            f"The plugin brings no ROCm: ROCm {row.rocm} has to be in the image.",
            *told(row),
        ),
        findings=(
            *trust(row, f"That jax {row.release} can be installed for ROCm"),
            *_unknowns(row, python, gpu),
        ),
        version=row.release,
        cuda_tag=f"rocm{row.rocm}",
        requirements=(f"jax[{row.extra}]=={row.release}",),
        companions={
            row.plugin.partition("==")[0]: Companion(
                version=row.plugin.partition("==")[2], pinned=True, note="brings no ROCm"
            )
        },
        base_image=question.slim(python) if given else row.image,
        **access,
    )


def _unknowns(row: JaxRocm, python: str, gpu: AmdGpu | None) -> tuple[Finding, ...]:
    found = [
        warning(
            "rocm-minor-not-verified",
            f"Which minor version of ROCm {row.rocm} jax {row.release} needs is not verified.",
            why=f"{row.image} is derived from AMD's names; it was not tried.",
            fix="Try it before you rely on it.",
        )
    ]
    if gpu is not None:
        what = f"Whether jax's plugin has code for {gpu.gfx} ({gpu.name}) is not known."
        found.append(warning("gpus-not-known", what, why="No list of its GPUs was found."))
    if python != PYTHON:
        what = f"It was tried with Python {PYTHON} only; the image has that one as well."
        found.append(warning("python-not-tried", what, fix=f'Set python = "{PYTHON}".'))
    return tuple(found)
