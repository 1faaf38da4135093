"""Whether an image starts with a driver: the conditions of NVIDIA_REQUIRE_CUDA.

The container runtime reads the variable before it starts a container: what a space separates are
alternatives, what a comma separates must hold together. ``cuda>=12.8`` asks for a driver that
itself has CUDA 12.8, whatever the programs inside would run with.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.facts import numbers

if TYPE_CHECKING:
    from mlbox.facts import Cuda, RequireCuda

BRANDS = {
    "data center": ("tesla", "nvidia"),
    "workstation": ("quadro", "quadrortx", "nvidiartx"),
    "consumer": ("geforce", "geforcertx", "titan", "titanrtx"),
}
_ALL_BRANDS = tuple(brand for brands in BRANDS.values() for brand in brands)
_CONDITION = re.compile(r"(brand|cuda|driver)(>=|<|=)(.+)")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Whether a driver is refused.

    Attributes:
        refuses: ``None`` if it depends on something, or is not known.
        why: What decides it, one sentence.
        by_brand: Whether an alternative for a branch of drivers lets an older driver pass.
    """

    refuses: bool | None
    why: str
    by_brand: bool = False


@dataclass(frozen=True, kw_only=True)
class _Alternative:
    """One alternative of the variable; ``None`` or empty where it does not ask."""

    cuda: str | None
    brand: str | None
    driver: tuple[tuple[str, tuple[int, ...]], ...]
    sure: bool


def minor(version: str) -> str:
    """``"12.8"`` of ``"12.8.1"``."""
    return ".".join(version.split(".")[:2])


def has_cuda(driver: str, cuda: str, cudas: tuple[Cuda, ...]) -> bool | None:
    """Say whether a driver itself has a CUDA minor version; ``None`` if that is not known."""
    floors = _floors(cudas)
    floor = floors.get(cuda)
    asked = numbers(driver)
    if floor is None:
        older = [known for name, known in floors.items() if numbers(name) < numbers(cuda)]
        return False if older and asked < max(older) else None
    if len(asked) == 1 and len(floor) > 1 and asked[0] == floor[0]:
        return None  # a branch stands for any release of it
    return asked >= floor


def runs_by_family(driver: str, cuda: str, cudas: tuple[Cuda, ...]) -> bool:
    """Say whether a driver may run programs of a CUDA version by minor-version compatibility."""
    major = cuda.partition(".")[0]
    family = [floor for known, floor in _floors(cudas).items() if known.split(".")[0] == major]
    return bool(family) and numbers(driver)[0] >= min(family)[0]


def refusal(
    row: RequireCuda | None,
    *,
    cuda: str,
    driver: str,
    gpu_kind: str | None,
    cudas: tuple[Cuda, ...],
) -> Refusal:
    """Decide whether images of a CUDA minor version refuse a driver.

    Args:
        row: What is known of the variable's text; without, its first condition (``cuda>=``) is
            taken, which every such image has.
        cuda: ``"12.8"``.
        driver: As nvidia-smi prints it, or its branch.
        gpu_kind: ``"data center"``, ``"workstation"`` or ``"consumer"``; else any.
        cudas: The releases of CUDA, with their drivers.
    """
    has = has_cuda(driver, cuda, cudas)
    if has:
        return Refusal(refuses=False, why=f"Driver {driver} has CUDA {cuda} itself.")
    if row is None:
        return Refusal(
            refuses=None,
            why=f"Which drivers older than those of CUDA {cuda} its images accept is not known.",
        )
    brands = BRANDS.get(gpu_kind or "", _ALL_BRANDS)
    accepted = {brand: _accepts(row, brand, numbers(driver), has=has) for brand in brands}
    return _summed_up(accepted, cuda=cuda, driver=driver, depends=has is None)


def _summed_up(
    accepted: dict[str, bool | None], *, cuda: str, driver: str, depends: bool
) -> Refusal:
    yes = [brand for brand, answer in accepted.items() if answer]
    no = [brand for brand, answer in accepted.items() if answer is False]
    if len(yes) == len(accepted):
        why = f"It accepts drivers of branch {driver.partition('.')[0]} for these GPUs by name."
        return Refusal(refuses=False, why=why, by_brand=True)
    if len(no) == len(accepted):
        why = (
            f"It asks for cuda>={cuda}; driver {driver} is older than that and of no branch that "
            "it accepts for these GPUs."
        )
        return Refusal(refuses=True, why=why)
    if yes and no:
        why = (
            f"It depends on the GPU: drivers of branch {driver.partition('.')[0]} are accepted for "
            f"the brands {', '.join(yes)}, not for {', '.join(no)}."
        )
    elif depends:
        why = f"It depends on the release of the driver: only newer ones of {driver} have {cuda}."
    else:
        why = f"Copies of the condition differ in whether they accept driver {driver}."
    return Refusal(refuses=None, why=why)


def _accepts(
    row: RequireCuda, brand: str, driver: tuple[int, ...], *, has: bool | None
) -> bool | None:
    """Whether any alternative holds for a GPU of this brand."""
    answer: bool | None = False
    for alternative in _alternatives(row.clauses, row.varies):
        held = _holds(alternative, brand, driver, has=has)
        if held:
            return True
        if held is None:
            answer = None
    return answer


def _holds(
    alternative: _Alternative, brand: str, driver: tuple[int, ...], *, has: bool | None
) -> bool | None:
    if alternative.brand not in {None, brand}:
        return False
    if not all(_compares(driver, *condition) for condition in alternative.driver):
        return False
    answer = has if alternative.cuda else True
    return None if answer and not alternative.sure else answer


def _compares(driver: tuple[int, ...], operator: str, bound: tuple[int, ...]) -> bool:
    return driver < bound if operator == "<" else driver >= bound


@functools.cache
def _alternatives(clauses: str, varies: str) -> tuple[_Alternative, ...]:
    """The variable's alternatives, and those that only some copies of it have."""
    unsure = varies.split()
    texts = dict.fromkeys((*clauses.split(), *unsure))
    return tuple(_alternative(text, sure=text not in unsure) for text in texts)


def _alternative(text: str, *, sure: bool) -> _Alternative:
    found = [_CONDITION.fullmatch(condition) for condition in text.split(",")]
    parts = [(match[1], match[2], match[3]) for match in found if match]
    return _Alternative(
        cuda=next((value for key, _, value in parts if key == "cuda"), None),
        brand=next((value for key, _, value in parts if key == "brand"), None),
        driver=tuple((op, numbers(value)) for key, op, value in parts if key == "driver"),
        sure=sure and len(found) == len(parts),
    )


@functools.cache
def _floors(cudas: tuple[Cuda, ...]) -> dict[str, tuple[int, ...]]:
    """The oldest driver of each CUDA minor version."""
    floors: dict[str, tuple[int, ...]] = {}
    for row in cudas:
        if row.driver:
            floor = numbers(row.driver)
            floors[minor(row.version)] = min(floor, floors.get(minor(row.version), floor))
    return floors
