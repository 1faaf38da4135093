"""Which releases of a framework run on a target, by CUDA build: the whole grid at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlbox.errors import SpecError
from mlbox.resolve.builds import caveats, conditions, is_cuda, tags_of, understand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.facts import Build, Facts
    from mlbox.resolve.builds import Ask
    from mlbox.resolve.request import Request

Cell = Literal["ok", "warn", "no"]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A grid of releases and CUDA builds.

    Attributes:
        framework: The framework.
        tags: The columns: CUDA wheel tags, oldest first.
        cells: For each release, newest first, what it is worth by tag; a build that does not
            exist has no cell.
        as_of: The day the facts speak of (ISO 8601).
    """

    framework: str
    tags: tuple[str, ...]
    cells: Mapping[str, Mapping[str, Cell]]
    as_of: str


def matrix(request: Request, facts: Facts) -> Matrix:
    """Judge every CUDA build of a framework on the request's target.

    Raises:
        SpecError: A part of the request is malformed.
    """
    request = _for_cuda(replace(request, cuda="auto"), facts)
    ask = understand(request, facts)
    cells: dict[str, dict[str, Cell]] = {}
    for build in reversed(facts.builds_by.get((ask.framework, request.platform), ())):
        if is_cuda(build) and build.is_final and build.confidence != "unverified":
            cells.setdefault(build.release, {})[build.tag] = _cell(build, ask, facts)
    used = {tag for row in cells.values() for tag in row}
    return Matrix(
        framework=ask.framework,
        tags=tuple(tag for tag in tags_of(ask.framework, facts) if tag in used),
        cells=cells,
        as_of=facts.as_of,
    )


def _for_cuda(request: Request, facts: Facts) -> Request:
    """The request, with its machine's GPU and platform."""
    from mlbox.resolve.accelerators import implied  # noqa: PLC0415  (most questions need none)

    accelerator, request = implied(request, facts.accelerators)
    if accelerator in {None, "cuda"}:
        return request
    raise SpecError(
        f"There is no grid for {accelerator}.",
        why="Its columns are the builds for CUDA versions.",
        fix="Leave --matrix out, or name a GPU of NVIDIA's.",
    )


def _cell(build: Build, ask: Ask, facts: Facts) -> Cell:
    if not all(meets(build) for name, meets in conditions(ask, facts).items() if name != "release"):
        return "no"
    return "warn" if caveats(build, ask, facts) else "ok"
