"""What was asked + facts -> exact versions, or why there are none. Pure: no files, no network.

The same spec resolves the same everywhere: a driver or a GPU counts only if the spec names it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.errors import ResolveError
from mlbox.findings import Finding
from mlbox.resolve.explain import settings_toml
from mlbox.resolve.images import debian_base, made_here, through_mirror
from mlbox.resolve.matrix import matrix
from mlbox.resolve.plain import without_framework
from mlbox.resolve.request import Request, check, request_of
from mlbox.resolve.resolution import Companion, Nearest, Resolution, Verdict
from mlbox.resolve.shown import matrix_text
from mlbox.resolve.shown import text as resolution_text
from mlbox.resolve.targets import is_card
from mlbox.resolve.wheels import with_wheels

if TYPE_CHECKING:
    from mlbox.facts import Facts
    from mlbox.spec import BoxSpec

__all__ = [
    "Companion",
    "Nearest",
    "Request",
    "Resolution",
    "Verdict",
    "debian_base",
    "made_here",
    "matrix",
    "matrix_text",
    "possible",
    "request_of",
    "resolution_text",
    "resolve",
    "resolve_box",
    "settings_toml",
    "through_mirror",
]


def resolve_box(spec: BoxSpec, facts: Facts) -> Resolution:
    """Choose the newest versions that satisfy a box's spec.

    Raises:
        SpecError: A part of the spec is malformed, or two parts contradict each other.
        ResolveError: Nothing in the tables satisfies it.
    """
    return possible(resolve(request_of(spec), facts))


def possible(resolution: Resolution) -> Resolution:
    """Return a resolution that is not impossible.

    Raises:
        ResolveError: It is; the error says why and names the nearest that is not.
    """
    if resolution.verdict != "impossible":
        return resolution
    first = next(iter(resolution.nearest), None)
    settings = " and ".join(settings_toml(first.changes).splitlines()) if first else ""
    errors = [finding.fix for finding in resolution.findings if finding.severity == "error"]
    raise ResolveError(
        resolution.what,
        why=" ".join(resolution.reasons[:1]),
        fix=f"Set {settings} in [tool.mlbox]." if settings else " ".join(errors),
    )


def resolve(request: Request, facts: Facts) -> Resolution:
    """Answer a request, whatever the answer is.

    Raises:
        SpecError: A part of the request is malformed, or two parts contradict each other.
    """
    check(request)
    answer = _resolved(request, facts)
    if facts.problem is None:
        return answer
    told = Finding(code="facts-cache", severity="warning", what=facts.problem)
    return replace(answer, findings=(*answer.findings, told))


def _resolved(request: Request, facts: Facts) -> Resolution:
    """Answer; what most questions do not need is loaded on use: it takes longer than they do."""
    plain = request.instance is None and request.accelerator in {None, "cuda"}
    if plain and is_card(request, facts):
        return _answer(request, facts)
    from mlbox.resolve.accelerators import explained, implied, resolve_accelerator  # noqa: PLC0415

    accelerator, request = implied(request, facts.accelerators)
    if accelerator not in {None, "cuda", "cpu"}:
        return resolve_accelerator(accelerator or "", request, facts.accelerators, facts.as_of)
    answer = _answer(request, facts)
    reasons, findings = explained(request, facts.accelerators)
    other = answer.verdict == "ok" and any(one.code == "no-mps" for one in findings)
    return replace(
        answer,
        verdict="warn" if other else answer.verdict,  # not what was asked for
        reasons=(*answer.reasons, *reasons),
        findings=(*answer.findings, *findings),
    )


def _answer(request: Request, facts: Facts) -> Resolution:
    """Answer a request for NVIDIA's cards, or for the CPU."""
    if request.base in {"auto", "debian"}:
        return _from_wheels(request, facts)
    from mlbox.resolve.bases import (  # noqa: PLC0415
        bare,
        judged,
        on_image,
        refuse_image,
        with_brought,
    )

    report = judged(request, facts)
    refusal = refuse_image(report, request, facts)
    if refusal:
        return refusal
    if report.framework and request.framework in {None, report.framework}:
        return with_brought(report, request, facts)
    if request.framework is None:
        return bare(report, request, facts)
    python = report.python if report.python_preinstalled else None
    asked = replace(request, python=python or request.python)
    return on_image(_from_wheels(asked, facts), report, request, facts)


def _from_wheels(request: Request, facts: Facts) -> Resolution:
    if request.framework is None:
        return without_framework(request, facts)
    return with_wheels(request, facts)
