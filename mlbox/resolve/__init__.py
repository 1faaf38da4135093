"""What was asked + facts -> exact versions, or why there are none. Pure: no files, no network.

The same spec resolves the same everywhere: a driver or a GPU counts only if the spec names it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.errors import ResolveError
from mlbox.resolve.brought import with_brought
from mlbox.resolve.builds import PREFERRED_PYTHON, python_minor
from mlbox.resolve.explain import settings_toml
from mlbox.resolve.images import (
    base_reference,
    debian_base,
    describe,
    made_here,
    through_mirror,
)
from mlbox.resolve.matrix import matrix
from mlbox.resolve.request import Request, check, request_of
from mlbox.resolve.resolution import Companion, Nearest, Resolution, Verdict
from mlbox.resolve.shown import matrix_text
from mlbox.resolve.shown import text as resolution_text
from mlbox.resolve.wheels import with_cuda_only, with_wheels

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
    base = base_reference(request.base, python_minor(request.python) or PREFERRED_PYTHON)
    image = describe(base, facts)
    if image.framework and request.framework in {None, image.framework}:
        return with_brought(image, base, request, facts)
    if image.python and request.base not in {"auto", "debian"}:
        request = replace(request, python=image.python)
    if request.framework is None:
        return with_cuda_only(request, facts)
    return with_wheels(request, facts)
