"""GPUs and drivers: which model is meant, which code it runs, which driver that takes."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from mlbox.errors import ResolveError, SpecError

if TYPE_CHECKING:
    from mlbox.facts import Build, Facts, Gpu
    from mlbox.spec import BoxSpec

_BRANDS = {"nvidia", "tesla", "geforce"}


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers in a version, to compare it with another."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def find_gpu(spec: BoxSpec, facts: Facts) -> Gpu | None:
    """Return the model the spec names; brand names and memory sizes may be left out.

    Raises:
        ResolveError: It is not in the tables, or its name fits models that differ in compute
            capability, or no driver as new as the spec's supports it.
    """
    if spec.gpu is None or spec.cuda == "cpu":
        return None
    words = _words(spec.gpu)
    found = [gpu for gpu in facts.gpus if words and words <= _words(gpu.name)]
    found = [gpu for gpu in found if words == _words(gpu.name)] or found
    if len({gpu.capability for gpu in found}) != 1:
        raise _unclear(spec.gpu, found, facts)
    gpu = found[0]
    if spec.driver and gpu.last_driver and numbers(spec.driver) >= (int(gpu.last_driver) + 1,):
        raise ResolveError(
            f"Driver {spec.driver} does not support a {spec.gpu} ({gpu.architecture}).",
            why=f"The last driver branch for {gpu.architecture} is {gpu.last_driver}.",
            fix=f'Set driver = "{gpu.last_driver}" (and install such a driver), or another gpu.',
        )
    return gpu


def has_code(build: Build, gpu: Gpu) -> bool:
    """Whether a build runs on a GPU; a build of which nothing is known passes.

    Machine code runs on the major compute capability it was made for, from its minor one on; from
    ``floor`` on, every newer capability works.
    """
    if not (build.capabilities or build.floor):
        return True
    have = numbers(gpu.capability)
    compiled = any(
        numbers(code)[0] == have[0] and numbers(code) <= have for code in build.capabilities
    )
    return compiled or bool(build.floor and numbers(build.floor) <= have)


def minimum_driver(cuda: str, gpu: Gpu | None, facts: Facts) -> str:
    """Return the oldest driver that runs a CUDA version (on a GPU).

    Raises:
        ResolveError: The tables do not have that CUDA version.
    """
    row = next((row for row in facts.cudas if row.cuda == cuda), None)
    if row is None:
        near = get_close_matches(cuda, [row.cuda for row in facts.cudas], n=1, cutoff=0)
        raise ResolveError(
            f"mlbox knows no CUDA {cuda}.",
            why=f"The tables of {facts.as_of} have no such version.",
            fix=f'Did you mean cuda = "{near[0]}"?',
        )
    first = gpu.first_driver if gpu else ""
    return max(row.minimum_driver, first, key=numbers)


def runs_on(driver: str, minimum: str) -> bool:
    """Whether a driver is new enough; ``"550"`` stands for the newest of its branch.

    Raises:
        SpecError: It is not a driver version.
    """
    if not re.fullmatch(r"\d+(\.\d+){0,2}", driver):
        raise SpecError(
            f"driver = {driver!r} is not a driver version.",
            why="NVIDIA's driver versions are numbers with dots between.",
            fix='Write it as nvidia-smi prints it, like driver = "550.54.14".',
        )
    return numbers(driver) >= numbers(minimum)[: len(numbers(driver))]


def _words(name: str) -> set[str]:
    return set(_plain(name).split())


def _plain(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", name.lower())
    return " ".join(word for word in words if word not in _BRANDS)


def _unclear(name: str, found: list[Gpu], facts: Facts) -> ResolveError:
    if found:
        return ResolveError(
            f"gpu = {name!r} fits several GPUs.",
            why="They differ in compute capability.",
            fix=f"Write one of: {', '.join(gpu.name for gpu in found)}.",
        )
    names = {_plain(gpu.name): gpu.name for gpu in facts.gpus}
    near = [names[match] for match in get_close_matches(_plain(name), names, n=3, cutoff=0.5)]
    return ResolveError(
        f"mlbox knows no GPU {name!r}.",
        why=f"The tables of {facts.as_of} have {len(facts.gpus)} NVIDIA models, not this one.",
        fix=f"Did you mean {' or '.join(near)}?" if near else "Write it as nvidia-smi prints it.",
    )
