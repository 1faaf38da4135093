"""ROCm: the wheel whose kernels a GPU has, and what a container needs for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlbox.resolve.accelerators.answer import (
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
from mlbox.resolve.accelerators.names import find_amd
from mlbox.resolve.accelerators.rocm_jax import resolve_jax
from mlbox.resolve.resolution import Companion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlbox.facts.accelerators import AmdGpu, RocmBuild
    from mlbox.findings import Finding
    from mlbox.resolve.accelerators.answer import Question
    from mlbox.resolve.resolution import Resolution

_GROUPS = (
    '--group-add="$(getent group video | cut -d: -f3)"',
    '--group-add="$(getent group render | cut -d: -f3)"',
)
_OVERRIDDEN = {"10.3.0": "gfx1030", "11.0.0": "gfx1100"}


def resolve_rocm(question: Question) -> Resolution:
    """Answer for an AMD GPU."""
    request = question.request
    gpu = find_amd(request.gpu, question.facts) if request.gpu else None
    if request.platform != "linux/amd64":
        what = f"There are no ROCm wheels for {request.platform}."
        return impossible(question, what, "PyTorch makes them for Linux on x86_64 only.")
    if request.framework == "torch":
        return _torch(question, gpu)
    if request.framework == "jax":
        return resolve_jax(question, gpu, rocm_access(question))
    if request.framework is not None:
        return no_facts(question, f"{request.framework} on ROCm")
    return bare(question, rocm_access(question), *_groups(question))


def rocm_access(question: Question, override: str = "") -> dict[str, Any]:
    """Return what a container needs to get at an AMD GPU."""
    environment = (f"HSA_OVERRIDE_GFX_VERSION={override}",) if override else ()
    return access(question.device("rocm"), flags=_GROUPS, environment=environment)


def _torch(question: Question, gpu: AmdGpu | None) -> Resolution:
    request = question.request
    image = _own_image(question)
    if image is not None:
        return _image_answer(question, image, gpu)
    wheels = [row for row in question.facts.rocm if not row.image]
    releases = wanted(request.version, {row.release for row in wheels})
    rows = [row for row in wheels if row.release in releases]
    if not rows:
        return no_facts(question, f"a ROCm build of torch {request.version}")
    verified = [row for row in rows if row.confidence not in {"unverified", "recollected"}]
    if not verified:
        why = f"{rows[-1].notes} ({rows[-1].source})"
        return no_facts(question, f"a ROCm build of torch {request.version}", f"{why}.")
    tagged = [row for row in verified if request.cuda in {"auto", row.tag}]
    if not tagged:
        tags = ", ".join(sorted({row.tag for row in verified}, key=numbers))
        return impossible(
            question,
            f"There is no {request.cuda} build of torch{_of(request.version)}.",
            f"The tags are {tags}; a patch version is in the tag only for 5.4.2 and 6.2.4.",
        )
    fitting = [row for row in tagged if choose_python(question.python, row.pythons)]
    if not fitting:
        have = " ".join(tagged[-1].pythons)
        return impossible(
            question,
            f"No ROCm wheel of torch{_of(request.version)} is for Python {question.python}.",
            f"torch {tagged[-1].release} has wheels for {have} ({tagged[-1].source}).",
        )
    return _best(question, fitting, gpu)


def _best(question: Question, rows: Sequence[RocmBuild], gpu: AmdGpu | None) -> Resolution:
    rows = [row for row in rows if gpu is None or fit(row, gpu) is not None]
    if not rows and gpu is not None:
        return _no_code(question, gpu)
    row = max(rows, key=lambda row: _preference(row, gpu))
    return _answer(question, row, gpu)


def _preference(row: RocmBuild, gpu: AmdGpu | None) -> tuple[object, ...]:
    """Newest torch, then kernels of its own over an override, then the newest ROCm."""
    return numbers(row.release), gpu is None or fit(row, gpu) == "", numbers(row.tag)


def fit(row: RocmBuild, gpu: AmdGpu) -> str | None:
    """Return the override a GPU needs with a build; empty for none, ``None`` if it cannot."""
    if gpu.gfx in row.gfx:
        return ""
    too_new = gpu.override == "11.0.0" and numbers(row.tag) >= (7, 2)
    if gpu.override and not too_new and _OVERRIDDEN[gpu.override] in row.gfx:
        return gpu.override
    return None


def _answer(question: Question, row: RocmBuild, gpu: AmdGpu | None) -> Resolution:
    python = choose_python(question.python, row.pythons) or ""
    override = (fit(row, gpu) or "") if gpu else ""
    return answered(
        question,
        f"torch {row.release} for {row.tag} on Python {python}.",
        python=python,
        reasons=(
            *_why_release(question, row),
            *(_why_gpu(row, gpu, override) if gpu else ()),
            (
                f"ROCm itself is in the wheel, so a slim Python image is enough; to build with it "
                f"there is {row.devel_image}."
            ),
            "It comes from its index only: PyPI has another, stale release of its Triton.",
            *_groups(question),
            *told(row),
        ),
        findings=(
            *trust(row, f"That torch {row.release} has a {row.tag} build"),
            *(_about_gpu(gpu, override) if gpu else _about_list(row)),
            *_about_packages(question),
        ),
        version=row.release,
        cuda_tag=row.tag,
        index_url=f"https://download.pytorch.org/whl/{row.tag}",
        requirements=(f"torch=={row.release}+{row.tag}",),
        companions=_companions(row),
        **rocm_access(question, override),
    )


def _why_release(question: Question, row: RocmBuild) -> tuple[str, ...]:
    if question.request.version:
        return (f"torch {row.release} has a {row.tag} build (source: {row.source}).",)
    newer = sorted(
        {
            other.release
            for other in question.facts.rocm
            if numbers(other.release) > numbers(row.release) and other.confidence == "unverified"
        },
        key=numbers,
    )
    first = (
        f"torch {row.release} is the newest verified ROCm build that fits (source: {row.source})."
    )
    if not newer:
        return (first,)
    return (first, f"ROCm builds of torch {', '.join(newer)} are not verified: not used.")


def _why_gpu(row: RocmBuild, gpu: AmdGpu, override: str) -> tuple[str, ...]:
    if override:
        base = _OVERRIDDEN[override]
        return (
            (
                f"The {row.tag} wheel has no code for {gpu.gfx} ({gpu.name}); with "
                f"HSA_OVERRIDE_GFX_VERSION={override} it runs that of {base} "
                f"(source: {gpu.source})."
            ),
        )
    return (f"The {row.tag} wheel has code for {gpu.gfx} ({gpu.name}) (source: {gpu.source}).",)


def _about_gpu(gpu: AmdGpu, override: str) -> tuple[Finding, ...]:
    found: tuple[Finding, ...] = trust(gpu, f"That {gpu.name} is {gpu.gfx}")
    notes = f"{gpu.notes[:1].upper()}{gpu.notes[1:]}." if gpu.notes else ""
    if override:
        found += (
            warning(
                "hsa-override",
                f"{gpu.name} ({gpu.gfx}) runs code of another GPU: unofficial, and it may fail.",
                why=f"{gpu.gfx} is not in the wheel's list. {notes}".strip(),
            ),
        )
    elif gpu.support == "deprecated":
        what = f"AMD deprecated {gpu.gfx}: the kernels are there, libraries may not be."
        found += (warning("deprecated-gpu", what, why=notes),)
    elif gpu.support != "yes":
        what = f"AMD's list does not support {gpu.name} fully; the wheel has code for it."
        found += (info("gpu-not-on-amds-list", what, why=notes),)
    elif notes:
        found += (info("about-gpu", notes),)
    return found


def _about_list(row: RocmBuild) -> tuple[Finding, ...]:
    if row.gfx:
        return ()
    what = f"Which GPUs the {row.tag} build of torch {row.release} has code for is not known."
    return (warning("gpus-not-known", what, fix="Name the gpu, and another build is looked for."),)


def _about_packages(question: Question) -> tuple[Finding, ...]:
    names = {re.split(r"[^\w.-]", package)[0].lower() for package in question.request.packages}
    if "triton" not in names:
        return ()
    return (
        warning(
            "plain-triton",
            "The package triton overwrites the one of ROCm.",
            why="A ROCm torch brings its own under another name (pytorch#186350).",
            fix="Leave triton out of the packages.",
        ),
    )


def _companions(row: RocmBuild) -> dict[str, Companion]:
    renamed = numbers(row.release) >= (2, 10)
    triton = "triton-rocm" if renamed else "pytorch-triton-rocm"
    note = "torch names the release; take it from torch's index, never from PyPI"
    if (2, 9) < numbers(row.release)[:2] <= (2, 11):
        note += "; it was renamed from pytorch-triton-rocm about here"
    vision = {
        name: Companion(version=release, pinned=name not in row.loose, note=f"+{row.tag}")
        for name, release in (("torchvision", row.torchvision), ("torchaudio", row.torchaudio))
        if release
    }
    return {**vision, triton: Companion(version="*", pinned=True, note=note)}


def _no_code(question: Question, gpu: AmdGpu) -> Resolution:
    version = question.request.version
    release = f"torch {version}" if version else "torch"
    listed = sorted(
        {
            (numbers(row.release), row.release, row.tag)
            for row in question.facts.rocm
            if gpu.gfx in row.gfx and row.confidence != "unverified"
        }
    )
    reasons = [f"{gpu.name} is {gpu.gfx}: {gpu.notes or 'in no list'} (source: {gpu.source})."]
    if listed:
        first, last = listed[0], listed[-1]
        reasons.append(f"It is in torch {first[1]} ({first[2]}) to {last[1]} ({last[2]}).")
    if gpu.support == "unverified":
        return no_facts(question, f"{gpu.name} ({gpu.gfx})", *reasons)
    what = f"No ROCm build of {release} is known to have code for {gpu.name} ({gpu.gfx})."
    return impossible(question, what, *reasons)


def _of(version: str | None) -> str:
    return f" {version}" if version else ""


def _groups(question: Question) -> tuple[str, ...]:
    row = question.device("rocm")
    return (
        (
            "It gets /dev/kfd and /dev/dri, and the host's numbers of the groups video and "
            "render: the image may not know their names, and they differ by host "
            f"(source: {row.source})."
        ),
        *told(row),
    )


def _own_image(question: Question) -> RocmBuild | None:
    base = question.request.base.removeprefix("docker.io/")
    if not base.startswith("rocm/pytorch:"):
        return None
    rows = (row for row in question.facts.rocm if row.image.removeprefix("docker.io/") == base)
    return next(rows, None)


def _image_answer(question: Question, row: RocmBuild, gpu: AmdGpu | None) -> Resolution:
    request = question.request
    asked = wanted(request.version, {row.release})
    if row.release not in asked or question.python not in {None, *row.pythons}:
        what = f"{row.image} has torch {row.release} on Python {row.pythons[0]}."
        return impossible(question, what, "torch is never installed over the one of an image.")
    return answered(
        question,
        f"torch {row.release} of AMD's image ({row.tag}).",
        python=row.pythons[0],
        reasons=(f"The image brings torch {row.release} (source: {row.source}).", *told(row)),
        findings=(*trust(row, f"What is in {row.image}"), *_about_list(row)),
        version=row.release,
        cuda_tag=row.tag,
        companions={},
        **rocm_access(question, gpu.override if gpu and gpu.override == "10.3.0" else ""),
    )
