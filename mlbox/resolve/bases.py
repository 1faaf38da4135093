"""A base image that is named: is it usable, and does it bring the framework already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.findings import Finding
from mlbox.resolve.answers import refused, why_driver, with_devel
from mlbox.resolve.builds import PREFERRED_PYTHON, is_release, python_minor, wheel_tag
from mlbox.resolve.images import framework_in, through_mirror
from mlbox.resolve.judge import judge
from mlbox.resolve.plain import without_framework
from mlbox.resolve.resolution import Nearest, Resolution
from mlbox.resolve.targets import (
    check_driver,
    code_for,
    drivers_for,
    find_gpu,
    outlived,
    reaches,
    surely_reaches,
)
from mlbox.resolve.wheels import with_wheels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.facts import Facts, Gpu
    from mlbox.resolve.image_report import ImageReport
    from mlbox.resolve.request import Request
    from mlbox.resolve.targets import Drivers

_MUSL = "image-musl"  # fatal to wheels only
_DOUBTS = {_MUSL, "image-not-seen", "image-moving-tag", "image-reported-broken"}
_BEFORE_MANYLINUX_2_28 = "2.6.0"
_MANYLINUX_2_28 = (2, 7)  # torch 2.7's wheels are the first for it; those before run on any glibc


def judged(request: Request, facts: Facts) -> ImageReport:
    """Return what is known of the image that a request names."""
    gpu = None if request.cuda == "cpu" else find_gpu(request, facts)
    if request.driver:
        check_driver(request.driver)
    report = judge(
        request.base,
        facts,
        driver=request.driver,
        gpu_kind=(gpu.kind or None) if gpu else None,
    )
    named = framework_in(request.base)
    return replace(report, framework=named) if named and not report.framework else report


def refuse_image(report: ImageReport, request: Request, facts: Facts) -> Resolution | None:
    """Return the answer where an image cannot be the base, whatever is installed on it."""
    errors = [finding for finding in report.findings if finding.severity == "error"]
    wheels = request.framework and request.framework != report.framework
    fatal = [error for error in errors if error.code != _MUSL or wheels]
    if not fatal:
        return None
    error = fatal[0]
    near = () if report.instead is None else (_instead(report, request, facts),)
    return refused(
        request,
        error.what,
        error.why or error.what,
        facts,
        findings=report.findings,
        image=report,
        nearest=near,
        cuda=cuda_minor(report),
    )


def _instead(report: ImageReport, request: Request, facts: Facts) -> Nearest:
    better = judged(replace(request, base=report.instead or ""), facts)
    cuda = cuda_minor(better)
    return Nearest(
        version=better.release or request.version,
        cuda_tag=wheel_tag(cuda, better.framework or "") if cuda else None,
        python=better.python or python_minor(request.python) or PREFERRED_PYTHON,
        changes={"base": report.instead or ""},
        verdict="ok",
        what=f"base {report.instead} instead of {request.base}.",
    )


def on_image(answer: Resolution, report: ImageReport, request: Request, facts: Facts) -> Resolution:
    """Add what an image means for wheels that are installed on it; or why they cannot be."""
    glibc = next((f for f in report.findings if f.code == "image-old-glibc"), None)
    release = numbers(answer.version or "0")
    if glibc and answer.framework == "torch" and release >= _MANYLINUX_2_28:
        why = f"{glibc.what} {glibc.why}"
        older = with_wheels(replace(request, version=_BEFORE_MANYLINUX_2_28), facts)
        if request.version is not None or older.verdict == "impossible":
            what = f"torch {answer.version} cannot be installed in {request.base}."
            return refused(request, what, why, facts, findings=report.findings, image=report)
        answer = replace(older, reasons=(f"Not torch {answer.version}: {why}", *older.reasons))
    findings = (*answer.findings, *report.findings, *_twice(answer, report, request))
    return _with_doubts(replace(answer, image=report, findings=findings))


def bare(report: ImageReport, request: Request, facts: Facts) -> Resolution:
    """Answer for an image without a framework: its own Python, and its own CUDA."""
    python, why = request.python, None
    if report.python_preinstalled:
        python, why = report.python, "that of the image"
    elif report.python and not python:
        python, why = report.python, "that of the image's system; it is not installed in it"
    cuda = (report.cuda or "auto") if request.cuda == "auto" else request.cuda
    asked = replace(request, python=python, cuda=cuda)
    source = f"{why} (source: {report.source}; {report.confidence})" if why and python else ""
    return on_image(without_framework(asked, facts, why_python=source), report, request, facts)


def _with_doubts(answer: Resolution) -> Resolution:
    """The answer, with a warning where it is not sure that the image will do."""
    doubts = [
        f"{one.what} {one.why}"
        for one in answer.findings
        if one.code in _DOUBTS and one.severity in {"warning", "error"}
    ]
    if not doubts or answer.verdict == "impossible":
        return answer
    return replace(answer, verdict="warn", reasons=(*answer.reasons, *doubts))


def _twice(answer: Resolution, report: ImageReport, request: Request) -> Iterator[Finding]:
    twice = report.cuda and answer.cuda and answer.framework
    if twice and report.flavor in {"runtime", "devel"}:
        yield Finding(
            code="cuda-twice",
            severity="warning",
            what=f"{request.base} has CUDA, and the wheels bring it again.",
            why="About 3.9 GB for nothing (estimated from the wheels of torch 2.9.1+cu128).",
            fix='Set base = "auto"; where something compiles, compiles = true adds a stage.',
        )


def cuda_minor(report: ImageReport) -> str | None:
    """Return ``"12.8"`` of an image with CUDA 12.8.1."""
    return ".".join(report.cuda.split(".")[:2]) if report.cuda else None


def _toolkit(report: ImageReport, facts: Facts) -> str:
    """The CUDA of an image, as exact as the tables know it."""
    exact = any(row.version == report.cuda for row in facts.cudas)
    return (report.cuda if exact else cuda_minor(report)) or ""


def with_brought(report: ImageReport, request: Request, facts: Facts) -> Resolution:
    """Answer with the framework in the base image; nothing is installed over it."""
    base, cuda = request.base, cuda_minor(report)
    gpu = find_gpu(request, facts)
    need = drivers_for(_toolkit(report, facts), gpu, request.platform, facts) if cuda else None
    wrong = _other_release(report, base, request) or _wrong_driver(report, base, request, need)
    if need and request.driver and outlived(request.driver, gpu, request.platform):
        what = f"{base} does not run on driver {request.driver}."
        wrong = what, "That driver dropped this GPU.", "Install an older driver."
    wrong = wrong or _no_code(report, base, gpu, facts)
    python = report.python or python_minor(request.python) or PREFERRED_PYTHON
    if wrong:
        what, why, fix = wrong
        finding = Finding(code="base-image", severity="error", what=what, why=why, fix=fix)
        return refused(request, what, why, facts, python=python, findings=(finding,))
    minor = bool(need and request.driver and not surely_reaches(request.driver, need.exact))
    release = report.release or "(release not known)"
    answer = Resolution(
        verdict="warn" if minor else "ok",
        what=f"{report.framework} {release} as it is in {base}.",
        framework=report.framework,
        version=report.release or None,
        cuda=cuda,
        cuda_tag=wheel_tag(cuda, report.framework or "") if cuda else None,
        python=python,
        platform=request.platform,
        base_image=through_mirror(base, request.registry_mirror),
        min_driver=need.minimum if need else None,
        exact_driver=need.exact or None if need else None,
        accelerator="cuda" if cuda else None,
        docker_flags=("--gpus", "all") if cuda else (),
        reasons=(
            f"Base {base}: as asked.",
            _why_python(report, request, python),
            (
                f"{report.framework} {release}: the base image brings its own build; nothing is "
                f"installed over it (source: {report.source}; {report.confidence})."
            ),
            *([why_driver(need, cuda, request, minor=minor)] if need else []),
        ),
        as_of=facts.as_of,
    )
    answer = _with_doubts(replace(answer, image=report, findings=report.findings))
    compiles = request.compiles and not report.has_nvcc
    return with_devel(answer, request, facts) if compiles else answer


def _no_code(
    report: ImageReport, base: str, gpu: Gpu | None, facts: Facts
) -> tuple[str, str, str] | None:
    """Whether the framework in an image is known to have no code for a GPU."""
    if gpu is None or not report.cuda:
        return None
    tag = wheel_tag(cuda_minor(report) or "", report.framework or "")
    same = [
        build
        for build in facts.builds
        if (build.framework, build.release, build.tag) == (report.framework, report.release, tag)
    ]
    if same and code_for(same[0], gpu) == "none":
        codes = ", ".join(same[0].capabilities)
        why = f"Its {report.framework} {report.release} has machine code for {codes}."
    elif gpu.last_cuda and numbers(report.cuda)[:2] > numbers(gpu.last_cuda):
        why = f"CUDA {gpu.last_cuda} is the last that compiles for {gpu.architecture} GPUs."
    else:
        return None
    return (
        f"{base} has no code for a {gpu.name} (compute capability {gpu.capability}).",
        why,
        "Choose an older image, or another GPU.",
    )


def _other_release(report: ImageReport, base: str, request: Request) -> tuple[str, str, str] | None:
    wanted = request.version
    if wanted and report.release and not is_release(report.release, wanted):
        return (
            f"The base image brings {report.framework} {report.release}; {wanted} is asked for.",
            (
                f"{base} is built around its own {report.framework}; another one installed over "
                "it would break it."
            ),
            f'Remove {report.framework} = "{wanted}", or set base = "auto".',
        )
    cuda = cuda_minor(report)
    asked = None if request.cuda == "auto" else wheel_tag(request.cuda, report.framework or "")
    if cuda and asked and asked != wheel_tag(cuda, report.framework or ""):
        return (
            f"The base image brings CUDA {cuda}; {request.cuda} is asked for.",
            f"The {report.framework} in {base} was built for its own CUDA version.",
            'Set cuda = "auto", or choose another base.',
        )
    return None


def _wrong_driver(
    report: ImageReport, base: str, request: Request, need: Drivers | None
) -> tuple[str, str, str] | None:
    if need is None or request.driver is None or reaches(request.driver, need.minimum):
        return None
    return (
        f"{base} does not run on driver {request.driver}.",
        f"It brings CUDA {cuda_minor(report)}, which needs driver {need.minimum} or newer.",
        "Choose an older base image, or install a newer driver.",
    )


def _why_python(report: ImageReport, request: Request, python: str) -> str:
    if report.python in {"", request.python} or request.python is None:
        return f"Python {python}: the one in the base image, as far as it is known."
    return f"Python {python}: the one in the base image, instead of {request.python}."
