"""Brute force: every row of the tables, every rule as the sources word it, no cleverness.

It shares nothing with the resolver, not even the loader: two readings of the same rules have
to agree. It reads the tables once, then tries every build of a framework with every Python.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "mlbox" / "facts"
PYTHON_COLUMNS = {
    "linux/amd64": "amd64_pythons",
    "linux/arm64": "arm64_pythons",
    "windows/amd64": "windows_pythons",
}
CAPABILITY_COLUMNS = {
    "linux/amd64": "amd64_capabilities",
    "linux/arm64": "arm64_capabilities",
    "windows/amd64": "amd64_capabilities",
}
DEFAULT_WORDS = {"linux/amd64": "amd64", "linux/arm64": "arm64", "windows/amd64": "windows"}
RANK = {"ok": 0, "warn": 1, "impossible": 2}
USUAL_PYTHON = "3.12"

Row = dict[str, str]
Numbers = tuple[int, ...]


def table(name: str) -> list[Row]:
    """Return the rows of a table as they are written."""
    with (TABLES / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@functools.cache
def numbers(text: str) -> Numbers:
    return tuple(int(part) for part in text.replace("rc", ".").split("."))


BUILDS = {name: table(name) for name in ("torch", "tensorflow", "jax")}
TOOLKITS = table("cuda")
GPUS = table("gpus")


@dataclass(frozen=True, kw_only=True)
class Question:
    framework: str
    version: str | None = None
    python: str | None = None
    cuda: str = "auto"
    driver: str | None = None
    gpu: str | None = None
    compute_capability: str | None = None
    platform: str = "linux/amd64"


@dataclass(frozen=True, kw_only=True)
class Answer:
    verdict: str
    version: str | None = None
    cuda_tag: str | None = None
    python: str | None = None
    min_driver: str | None = None
    exact_driver: str | None = None
    default_is_cpu: bool = False


IMPOSSIBLE = Answer(verdict="impossible")


# --- what a row is -----------------------------------------------------------------------------


def is_cpu(row: Row) -> bool:
    return row["tag"] == "cpu"


def is_cuda(row: Row) -> bool:
    """Tell a CUDA build from one for the CPU, for ROCm or for XPU."""
    return row["tag"].startswith("cu")


def pythons_of(row: Row, platform: str) -> list[str]:
    return row[PYTHON_COLUMNS[platform]].split()


@functools.cache
def toolkit(version: str) -> Row:
    """Return a toolkit's row; that of its newest patch, where only X.Y is known."""
    wanted = numbers(version)
    return max(
        (kit for kit in TOOLKITS if numbers(kit["version"])[: len(wanted)] == wanted),
        key=lambda kit: numbers(kit["version"]),
    )


def minor_of(row: Row) -> Numbers:
    return numbers(row["cuda"])[:2]


def gpu_of(question: Question) -> Row | None:
    return find_gpu(question.gpu, question.compute_capability)


@functools.cache
def find_gpu(name: str | None, capability: str | None) -> Row | None:
    """Return a GPU; any one with the capability, where that is all that is known."""
    if name is not None:
        return next(gpu for gpu in GPUS if gpu["name"] == name)
    if capability is not None:
        return next(gpu for gpu in GPUS if gpu["capability"] == capability)
    return None


# --- driver floors -----------------------------------------------------------------------------


def floors(row: Row, platform: str) -> tuple[str, str | None]:
    """Return a build's family floor and exact floor, as the tables write them."""
    kit = toolkit(row["cuda"])
    windows = platform.startswith("windows")
    family = kit["family_windows_driver" if windows else "family_driver"]
    exact = kit["windows_driver" if windows else "driver"] or None
    if not family:  # before CUDA 11 there is no minor-version compatibility
        assert exact, kit
        family = exact
    return family, exact


def newer(one: str, other: str) -> str:
    """Return the later of two drivers; 580.65.06 is later than its branch, 580."""
    return max(one, other, key=numbers)


def min_driver(row: Row, gpu: Row | None, platform: str) -> str:
    family, _ = floors(row, platform)
    return newer(family, gpu["first_driver"]) if gpu and gpu["first_driver"] else family


def exact_driver(row: Row, gpu: Row | None, platform: str) -> str | None:
    _, exact = floors(row, platform)
    if exact is None:
        return None
    return newer(exact, gpu["first_driver"]) if gpu and gpu["first_driver"] else exact


def at_least(driver: str, floor: str) -> bool | None:
    """Compare a driver to a floor; None: the driver is a branch, and the floor lies in it."""
    have, need = numbers(driver), numbers(floor)
    if len(have) < len(need) and need[: len(have)] == have:
        return None
    return have >= need


# --- the verdict on one build ------------------------------------------------------------------


def code_for(row: Row, gpu: Row, platform: str) -> str:
    """Tell how a build's kernels reach a GPU: "native", "ptx" or "none"."""
    if gpu["last_cuda"] and minor_of(row) > numbers(gpu["last_cuda"]):
        return "none"
    listed = row[CAPABILITY_COLUMNS[platform]].split()
    return code_listed(row, gpu, listed) if listed else code_unlisted(row, gpu)


def code_listed(row: Row, gpu: Row, listed: list[str]) -> str:
    """Judge torch, whose kernels are known."""
    if gpu["capability"] == "10.7":  # Rubin: no torch wheel is known for it
        return "none"
    major, minor = numbers(gpu["capability"])
    for code_major, code_minor in map(numbers, listed):
        if code_major == major and code_minor <= minor:
            return "native"
    ptx = map(numbers, row["ptx"].split())
    return "ptx" if any(code <= (major, minor) for code in ptx) else "none"


def code_unlisted(row: Row, gpu: Row) -> str:
    """Judge jax and tensorflow, which name a lowest capability at most."""
    if row["floor"] and numbers(gpu["capability"]) < numbers(row["floor"]):
        return "none"
    return "ptx" if minor_of(row) < numbers(gpu["first_cuda"]) else "native"


def gpu_verdict(row: Row, gpu: Row, question: Question) -> str:
    code = code_for(row, gpu, question.platform)
    if code == "none":
        return "impossible"
    exact = exact_driver(row, gpu, question.platform)
    if code == "ptx":
        below = exact and question.driver and at_least(question.driver, exact) is False
        return "impossible" if below else "warn"
    last = gpu["last_driver"]
    if last and exact and numbers(exact)[0] > int(last):
        return "warn"  # no driver that knows the GPU reaches the exact floor
    turing = gpu["capability"] == "7.5" and question.platform.startswith("linux")
    if turing and question.framework == "torch" and numbers(row["release"]) >= (2, 7):
        return "warn"  # Triton 3.3 dropped it
    return "ok"


def driver_verdict(row: Row, gpu: Row | None, question: Question) -> str:
    driver = question.driver
    if driver is None:
        return "ok"
    if at_least(driver, min_driver(row, gpu, question.platform)) is False:
        return "impossible"
    if gpu and gpu["last_driver"] and numbers(driver)[0] > int(gpu["last_driver"]):
        return "impossible"
    exact = exact_driver(row, gpu, question.platform)
    return "ok" if exact and at_least(driver, exact) else "warn"


def verdict(row: Row, question: Question) -> str:
    """Judge one build on the question's target."""
    if is_cpu(row):
        return "ok"
    gpu = gpu_of(question)
    verdicts = [driver_verdict(row, gpu, question)]
    if gpu:
        verdicts.append(gpu_verdict(row, gpu, question))
    return max(verdicts, key=RANK.__getitem__)


# --- what was asked for ------------------------------------------------------------------------


def has_version(row: Row, question: Question) -> bool:
    asked = question.version
    if row["release"] != asked and "rc" in row["release"]:
        return False  # a pre-release has to be asked for by its name
    if asked is None:
        return True
    if any(other["release"] == asked for other in BUILDS[question.framework]):
        return row["release"] == asked
    return (row["release"] + ".").startswith(asked + ".")


def has_cuda(row: Row, question: Question) -> bool:
    asked = question.cuda
    if asked == "cpu":
        return is_cpu(row)
    if is_cpu(row):
        return asked == "auto" and is_all_there_is(row, question)
    if not is_cuda(row):
        return False
    if asked in {"auto", row["tag"]}:
        return True
    if question.framework == "jax":  # its builds serve a major version
        return "." in asked and row["tag"] == f"cuda{numbers(asked)[0]}"
    return "." in asked and minor_of(row) == numbers(asked)


def is_all_there_is(row: Row, question: Question) -> bool:
    """Tell whether the release has no CUDA build for the platform, and no GPU is asked for."""
    if question.driver or question.gpu or question.compute_capability:
        return False
    return not any(
        is_cuda(other) and pythons_of(other, question.platform)
        for other in BUILDS[question.framework]
        if other["release"] == row["release"]
    )


def has_python(row: Row, question: Question) -> bool:
    pythons = pythons_of(row, question.platform)
    if question.python is None:
        return bool(pythons)
    return ".".join(question.python.split(".")[:2]) in pythons


def candidates(question: Question) -> list[Row]:
    """Return every row that was asked for, whatever the GPU and the driver say to it."""
    return [
        row
        for row in BUILDS[question.framework]
        if row["confidence"] != "unverified"
        and has_version(row, question)
        and has_cuda(row, question)
        and has_python(row, question)
    ]


# --- the choice --------------------------------------------------------------------------------


def preference(row: Row, question: Question) -> tuple[Numbers, int, bool, Numbers]:
    """Return what the best row has the greatest of."""
    return (
        numbers(row["release"]),
        -RANK[verdict(row, question)],
        DEFAULT_WORDS[question.platform] in row["default"].split(),
        minor_of(row) if row["cuda"] else (),
    )


def default_is_cpu(row: Row, question: Question) -> bool:
    """Tell whether `pip install torch` gives the CPU build where this one is for CUDA, unasked."""
    if question.framework != "torch" or question.cuda != "auto" or not is_cuda(row):
        return False
    word = DEFAULT_WORDS[question.platform]
    return any(
        is_cpu(other) and word in other["default"].split()
        for other in BUILDS["torch"]
        if other["release"] == row["release"]
    )


def python_for(row: Row, question: Question) -> str:
    if question.python is not None:
        return ".".join(question.python.split(".")[:2])
    pythons = sorted(pythons_of(row, question.platform), key=numbers)
    not_newer = [python for python in pythons if numbers(python) <= numbers(USUAL_PYTHON)]
    return not_newer[-1] if not_newer else pythons[0]


def answer(question: Question) -> Answer:
    """Answer a question by trying everything."""
    possible = [row for row in candidates(question) if verdict(row, question) != "impossible"]
    if not possible:
        return IMPOSSIBLE
    best = max(possible, key=lambda row: preference(row, question))
    gpu = gpu_of(question)
    return Answer(
        verdict=verdict(best, question),
        version=best["release"],
        cuda_tag=best["tag"],
        python=python_for(best, question),
        min_driver=None if is_cpu(best) else min_driver(best, gpu, question.platform),
        exact_driver=None if is_cpu(best) else exact_driver(best, gpu, question.platform),
        default_is_cpu=default_is_cpu(best, question),
    )
