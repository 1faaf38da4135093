"""Jetson: the JetPack on the board decides CUDA, Python and where torch comes from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlbox.resolve.accelerators.answer import (
    access,
    answered,
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
from mlbox.resolve.accelerators.names import jetson_capability
from mlbox.resolve.resolution import Companion

if TYPE_CHECKING:
    from mlbox.facts.accelerators import Jetpack
    from mlbox.findings import Finding
    from mlbox.resolve.accelerators.answer import Question
    from mlbox.resolve.resolution import Resolution

_THOR, _SBSA = "11.0", 7
_USUAL = {_THOR: "7.1", "8.7": "6.2.1", "7.2": "5.1.6", "6.2": "4.6.6", "5.3": "4.6.6"}


def resolve_jetson(question: Question) -> Resolution:
    """Answer for a Jetson."""
    request = question.request
    capability = request.compute_capability or jetson_capability(request.gpu or "")
    row, given = _jetpack(question, capability)
    if row is None:
        subject = f"L4T {given}" if given else f"a Jetson of compute capability {capability}"
        return no_facts(question, subject)
    if request.framework not in {None, "torch"}:
        return no_facts(question, f"{request.framework} on Jetson")
    wrong = _against(question, row, capability)
    if wrong:
        python = question.python or row.python
        return impossible(question, *wrong, python=python)
    if request.framework is None:
        return _answer(question, row, None, capability, given)
    return _torch(question, row, capability, given)


def _against(question: Question, row: Jetpack, capability: str | None) -> tuple[str, ...]:
    """What a JetPack cannot do of what is asked, and why."""
    request = question.request
    if capability and capability not in row.capabilities:
        what = f"JetPack {row.jetpack} (L4T {row.l4t}) is not for compute capability {capability}."
        return what, f"It is for {', '.join(row.capabilities)} (source: {row.source})."
    if request.cuda not in {"auto", row.tag, row.cuda}:
        what = f"A Jetson with JetPack {row.jetpack} has CUDA {row.cuda}, not {request.cuda}."
        return what, f"Its index is {row.index_url or 'not known'} (source: {row.source})."
    if choose_python(question.python, row.pythons) is None:
        what = f"There is no torch for JetPack {row.jetpack} on Python {question.python}."
        return what, f"It is for {' '.join(row.pythons)} (source: {row.source})."
    return ()


def _jetpack(question: Question, capability: str | None) -> tuple[Jetpack | None, str]:
    """The JetPack that the base image or the driver names, else the usual one of the GPU."""
    request = question.request
    base = re.search(r"/l4t-[\w-]+:r(\d+(?:\.\d+)+)", request.base)
    driver = re.fullmatch(r"r?(3[2-9](?:\.\d+){1,2})", request.driver or "")
    given = base[1] if base else driver[1] if driver else ""
    rows = question.facts.jetson
    if given:
        same = (row for row in rows if row.l4t == given or row.l4t.startswith(f"{given}."))
        return next(same, None), given
    usual = _USUAL.get(capability or "8.7", "")
    return next((row for row in rows if row.jetpack == usual), None), ""


def _torch(question: Question, row: Jetpack, capability: str | None, given: str) -> Resolution:
    request = question.request
    if not row.index_url:
        subject = f"where torch for JetPack {row.jetpack} is to be had"
        why = f"NVIDIA has wheels below torch {row.torch_below} for Python {row.python}"
        return no_facts(
            question,
            subject,
            f"{why} (source: {row.source}); PyPI's are for the CPU only.",
            python=row.python,
            base_image=row.image,
        )
    below = row.torch_below
    if below and request.version and numbers(request.version) >= numbers(below):
        what = f"There is no torch {request.version} for JetPack {row.jetpack}."
        return impossible(
            question, what, f"NVIDIA's wheels end below {below} (source: {row.source})."
        )
    if row.torch:
        releases = wanted(request.version, row.torch)
        known = [release for release in row.torch if release in releases]
        if not known:
            subject = f"a {row.tag} build of torch {request.version} for arm64"
            return no_facts(question, subject, f"Verified are {', '.join(row.torch)}.")
        return _answer(question, row, max(known, key=numbers), capability, given)
    wanted(request.version, ())
    return _answer(question, row, request.version, capability, given)


def _answer(
    question: Question, row: Jetpack, version: str | None, capability: str | None, given: str
) -> Resolution:
    request = question.request
    python = choose_python(question.python, row.pythons, row.python) or row.python
    parts: dict[str, Any] = {}
    if row.image and request.base == "auto":
        parts["base_image"] = row.image
    torch = request.framework == "torch"
    name = f"torch {version}" if version else "torch" if torch else "A base"
    device = question.device("jetson-sbsa" if _major(row) >= _SBSA else "jetson")
    return answered(
        question,
        f"{name} for JetPack {row.jetpack} (CUDA {row.cuda}) on Python {python}.",
        python=python,
        reasons=(
            _why_jetpack(row, capability, given),
            *(_why_wheels(row) if torch else ()),
            *_why_host(row),
            *told(row),
            *told(device),
        ),
        findings=(
            *trust(row, f"What JetPack {row.jetpack} needs"),
            *_about(row, capability, given, request.driver),
            *(_about_image(row) if "base_image" in parts else ()),
            *(_about_version(row) if torch and not row.torch else ()),
        ),
        version=version,
        cuda_tag=(row.tag or None) if torch else None,
        cuda=row.cuda,
        index_url=row.index_url if torch else None,
        requirements=(_requirement(row, version),) if torch else (),
        capabilities=(capability,) if capability else (),
        companions=_companions(row) if torch else {},
        **parts,
        **access(device),
    )


def _requirement(row: Jetpack, version: str | None) -> str:
    if row.torch:
        return f"torch=={version}+{row.tag}"
    if version:
        return f"torch=={version}" if version.count(".") > 1 else f"torch=={version}.*"
    return f"torch<{row.torch_below}" if row.torch_below else "torch"


def _why_jetpack(row: Jetpack, capability: str | None, given: str) -> str:
    what = f"JetPack {row.jetpack} (L4T r{row.l4t}, CUDA {row.cuda}, Ubuntu {row.ubuntu})"
    if given:
        return f"{what} is the one given (source: {row.source})."
    of = f"compute capability {capability}" if capability else "an Orin, where no board is given"
    return f"{what} is taken for {of} (source: {row.source})."


def _why_wheels(row: Jetpack) -> tuple[str, ...]:
    if _major(row) >= _SBSA:
        return (
            (
                f"From JetPack 7 on a Jetson runs the aarch64 wheels for CUDA 13; torch comes from "
                f"{row.index_url} (source: {row.source})."
            ),
        )
    return (
        (
            "Wheels of PyPI and pytorch.org never work on JetPack 6 or older: to torch 2.10 they "
            "are for the CPU only on aarch64, from 2.11 on they need CUDA 13."
        ),
        f"torch comes from {row.index_url}, for Python {row.python} only (source: {row.source}).",
    )


def _why_host(row: Jetpack) -> tuple[str, ...]:
    groups = " r36.0 to r36.3 and r36.4 or newer do not go together." if _major(row) == 6 else ""  # noqa: PLR2004
    return (
        f"The L4T of the host has to be r{row.l4t.split('.')[0]} as well.{groups}",
        'A kernel with "tegra" in its name tells a Jetson from a GB10 or GH200.',
    )


def _about(
    row: Jetpack, capability: str | None, given: str, driver: str | None
) -> tuple[Finding, ...]:
    found: list[Finding] = []
    if not given:
        what = f"JetPack {row.jetpack} is assumed: the L4T release of the host is not given."
        fix = 'Look at /etc/nv_tegra_release, and name base = "nvcr.io/nvidia/l4t-jetpack:rX.Y.Z".'
        found.append((info if capability else warning)("jetpack-assumed", what, fix=fix))
    if driver and not given:
        what = f"Driver {driver} does not say which L4T release the host has: not used."
        found.append(info("driver-not-used", what, fix="Give the L4T release, like 36.4.3."))
    if _major(row) >= _SBSA and capability == "8.7":
        what = "torch on an Orin with JetPack 7.2 is not verified end to end."
        found.append(warning("orin-jetpack7", what, fix="Try it before you rely on it."))
    return tuple(found)


def _about_image(row: Jetpack) -> tuple[Finding, ...]:
    if row.image_confidence != "recollected":
        return ()
    what = f"The tag of {row.image} is recollected: there is no source at hand."
    fix = f"Take the tag of your own L4T release; ubuntu:{row.ubuntu} is without CUDA."
    return (warning("recollected-image", what, fix=fix),)


def _about_version(row: Jetpack) -> tuple[Finding, ...]:
    what = f"Which releases of torch {row.index_url} has is not known to mlbox."
    limit = f"They are below {row.torch_below}." if row.torch_below else ""
    return (warning("release-not-known", what, why=limit, fix="The lock says which it took."),)


def _companions(row: Jetpack) -> dict[str, Companion]:
    if not row.torch:
        return {}
    note = "with wheels of pypi.jetson-ai-lab.io only: to be added by hand"
    return {
        name: Companion(version="*", pinned=False, note=note)
        for name in ("nvpl-blas", "nvpl-lapack", "nvidia-cudss-cu13")
    }


def _major(row: Jetpack) -> int:
    return numbers(row.jetpack)[0]
