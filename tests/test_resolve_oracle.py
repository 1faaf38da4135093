"""The resolver against brute force: ten thousands of questions, and the same answers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

import oracle
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlbox.facts import load_facts
from mlbox.resolve import Request, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlbox.resolve.resolution import Resolution

Test = TypeVar("Test", bound="Callable[..., None]")

FACTS = load_facts()
PLATFORMS = ("linux/amd64", "linux/arm64", "windows/amd64")
FRAMEWORKS = ("torch", "tensorflow", "jax")
JETSON = {"5.3", "6.2", "7.2", "8.7"}  # they need NVIDIA's own wheels: another accelerator
GPUS = [gpu for gpu in oracle.GPUS if gpu["kind"] != "jetson"]
CAPABILITIES = sorted({gpu["capability"] for gpu in oracle.GPUS} - JETSON)
PYTHONS = [None, None, None, "3.12.4", "3.9.18", *(f"3.{minor}" for minor in range(7, 17))]
NEVER = {"torch": ["2.99", "3", "0.4", "2.16.0"], "tensorflow": ["1", "2.22"], "jax": ["0.13", "1"]}
OTHER_CUDA = {
    "torch": ["cu120", "cu122", "cu127", "10.2", "11.8", "12.0", "12.6", "12.8", "13.0", "13.2"],
    "tensorflow": ["cu128", "11.8", "12.5", "13.0"],
    "jax": ["12.8", "13.0"],
}
EDGES = {
    "linux": ["390.157", "440", "470.256.02", "515.105.01", "550", "580.126.09", "610.43.02"],
    "windows": ["391.35", "452", "528", "537.58", "551.23", "572", "580.88", "610.47"],
}


# --- what is asked -----------------------------------------------------------------------------


def versions(framework: str) -> list[str | None]:
    releases = sorted({row["release"] for row in oracle.BUILDS[framework]})
    prefixes = {release.rsplit(".", cut)[0] for release in releases for cut in (1, 2)}
    return [*[None] * (len(releases) // 2), *releases, *sorted(prefixes), *NEVER[framework]]


def cudas(framework: str) -> list[str]:
    tags = sorted({row["tag"] for row in oracle.BUILDS[framework] if oracle.is_cuda(row)})
    return [*["auto"] * (len(tags) * 2), "cpu", *tags, *OTHER_CUDA[framework]]


def neighbours(driver: str) -> list[str]:
    """Return a driver, the ones just before and just after it, and its branch."""
    head, _, last = driver.rpartition(".")
    if not head:
        return [str(int(driver) + step) for step in (-1, 0, 1)]
    around = [
        f"{head}.{int(last) + step:0{len(last)}}" for step in (-1, 0, 1) if int(last) + step > 0
    ]
    return [*around, driver.split(".", maxsplit=1)[0]]


def drivers(system: str) -> list[str | None]:
    prefix = "windows_" if system == "windows" else ""
    floors = {kit[f"{prefix}driver"] for kit in oracle.TOOLKITS}
    floors |= {kit[f"family_{prefix}driver"] for kit in oracle.TOOLKITS}
    floors |= {gpu[edge] for gpu in GPUS for edge in ("first_driver", "last_driver")}
    near = {driver for floor in floors - {""} for driver in neighbours(floor)}
    return [*[None] * (len(near) // 4), *sorted(near), *EDGES[system] * 4]


def question_of(
    framework: str,
    wanted: tuple[str | None, str | None, str],
    gpu_named_by: tuple[oracle.Row | None, str],
    platform: str,
    drivers: tuple[str | None, str | None],
) -> oracle.Question:
    """Put a question together.

    On Windows a branch's releases run over several first numbers (R580: 580 to 582), and no
    table says where the last one ends; there, a GPU with a last branch is asked its edges only.
    """
    gpu, named_by = gpu_named_by
    windows = platform.startswith("windows")
    driver = drivers[1 if windows else 0]
    if windows and driver and gpu and gpu["last_driver"]:
        first = int(driver.split(".", maxsplit=1)[0])
        driver = None if 470 < first < 495 or 580 < first < 590 else driver
    version, python, cuda = wanted
    return oracle.Question(
        framework=framework,
        version=version,
        python=python,
        cuda=cuda,
        driver=driver,
        gpu=gpu["name"] if gpu and named_by == "name" else None,
        compute_capability=gpu["capability"] if gpu and named_by == "capability" else None,
        platform=platform,
    )


def gpus() -> list[tuple[oracle.Row | None, str]]:
    by_capability = {gpu["capability"]: gpu for gpu in oracle.GPUS}
    return [
        *[(None, "name")] * (len(GPUS) // 4),
        *((gpu, "name") for gpu in GPUS),
        *((by_capability[capability], "capability") for capability in CAPABILITIES),
    ]


def questions(framework: str) -> st.SearchStrategy[oracle.Question]:
    wanted: tuple[list[str | None], ...] = (versions(framework), PYTHONS, [*cudas(framework)])
    return st.builds(
        question_of,
        st.just(framework),
        st.tuples(*map(st.sampled_from, wanted)),
        st.sampled_from(gpus()),
        st.sampled_from([*PLATFORMS, PLATFORMS[0]]),
        st.tuples(st.sampled_from(drivers("linux")), st.sampled_from(drivers("windows"))),
    )


QUESTIONS = {framework: questions(framework) for framework in FRAMEWORKS}


def thorough(examples: int) -> Callable[[Test], Test]:
    """Try that many examples, the same every time, in the tier that takes a minute."""
    many = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    return lambda test: pytest.mark.thorough(many(test))


def ask(question: oracle.Question) -> Resolution:
    return resolve(Request(**dataclasses.asdict(question)), FACTS)


# --- the same answers --------------------------------------------------------------------------


def compare(question: oracle.Question) -> None:
    resolution = ask(question)
    expected = oracle.answer(question)
    assert resolution.verdict == expected.verdict, (question, expected, resolution.reasons)
    if expected.verdict == "impossible":
        return
    given = oracle.Answer(
        verdict=resolution.verdict,
        version=resolution.version,
        cuda_tag=resolution.cuda_tag,
        python=resolution.python,
        min_driver=resolution.min_driver,
        exact_driver=resolution.exact_driver,
        default_is_cpu=any(f.code == "default-build-is-cpu" for f in resolution.findings),
    )
    assert given == expected, question


@thorough(14_500)
@given(QUESTIONS["torch"])
def test_the_resolver_agrees_with_brute_force_on_torch(question: oracle.Question) -> None:
    compare(question)


@thorough(3_000)
@given(QUESTIONS["tensorflow"])
def test_the_resolver_agrees_with_brute_force_on_tensorflow(question: oracle.Question) -> None:
    compare(question)


@thorough(3_000)
@given(QUESTIONS["jax"])
def test_the_resolver_agrees_with_brute_force_on_jax(question: oracle.Question) -> None:
    compare(question)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("gpu", [None, *(gpu["name"] for gpu in GPUS)])
def test_the_resolver_agrees_with_brute_force_on_every_gpu(
    framework: str, platform: str, gpu: str | None
) -> None:
    compare(oracle.Question(framework=framework, platform=platform, gpu=gpu))


# --- no "ok" breaks a rule ---------------------------------------------------------------------


def row_of(resolution: Resolution) -> oracle.Row:
    (row,) = [
        row
        for row in oracle.BUILDS[str(resolution.framework)]
        if (row["release"], row["tag"]) == (resolution.version, resolution.cuda_tag)
    ]
    return row


def broken_by_the_wheel(question: oracle.Question, resolution: Resolution) -> list[str]:
    row = row_of(resolution)
    rules = {
        "nobody has seen the build": row["confidence"] != "unverified",
        "no wheel for the Python": resolution.python
        in row[oracle.PYTHON_COLUMNS[question.platform]].split(),
        "another Python than asked for": (question.python or resolution.python).startswith(
            resolution.python
        ),
        "another version than asked for": f"{resolution.version}.".startswith(
            f"{question.version or resolution.version}."
        ),
        "a CPU build where CUDA was asked for, or the other way round": (row["tag"] == "cpu")
        == (question.cuda == "cpu")
        or (question.cuda == "auto" and oracle.is_all_there_is(row, question)),
        "ROCm or XPU where CUDA was asked for": row["tag"].startswith(("cu", "cpu")),
    }
    return [rule for rule, holds in rules.items() if not holds]


def broken_by_the_driver(question: oracle.Question, resolution: Resolution) -> list[str]:
    if question.driver is None or resolution.cuda_tag == "cpu":
        return []
    have = [int(part) for part in question.driver.split(".")]
    gpu = next((gpu for gpu in GPUS if gpu["name"] == question.gpu), None)
    first, last = (gpu["first_driver"], gpu["last_driver"]) if gpu else ("", "")
    floor = resolution.exact_driver
    rules = {
        "no exact floor is known": floor is not None,
        "below the exact floor": have >= [int(part) for part in (floor or "0").split(".")],
        "before the GPU's first branch": have[0] >= int(first or 0),
        "past the GPU's last branch": have[0] <= int(last or 9999),
    }
    return [rule for rule, holds in rules.items() if not holds]


def broken_by_the_gpu(question: oracle.Question, resolution: Resolution) -> list[str]:
    asked = {question.gpu, question.compute_capability} - {None}
    if not asked or resolution.cuda_tag == "cpu":
        return []
    gpu = next(gpu for gpu in oracle.GPUS if asked & {gpu["name"], gpu["capability"]})
    row = row_of(resolution)
    major, minor = (int(part) for part in gpu["capability"].split("."))
    kernels = row[oracle.CAPABILITY_COLUMNS[question.platform]].split()
    native = {f"{major}.{below}" for below in range(minor + 1)}
    cuda = tuple(int(part) for part in row["cuda"].split(".")[:2])
    ends = tuple(int(part) for part in (gpu["last_cuda"] or "99.0").split("."))
    starts = tuple(int(part) for part in gpu["first_cuda"].split("."))
    rules = {
        "no native kernel": not kernels or bool(native & set(kernels)),
        "below the publisher's lowest capability": float(row["floor"] or 0)
        <= float(gpu["capability"]),
        "CUDA has dropped the GPU": cuda <= ends,
        "CUDA did not know the GPU yet": bool(kernels) or cuda >= starts,
        "Triton has dropped Turing": not (
            question.framework == "torch"
            and gpu["capability"] == "7.5"
            and question.platform.startswith("linux")
            and oracle.numbers(row["release"]) >= (2, 7)
        ),
    }
    return [rule for rule, holds in rules.items() if not holds]


@thorough(2_500)
@given(st.sampled_from(FRAMEWORKS).flatmap(QUESTIONS.__getitem__))
def test_no_ok_breaks_a_rule(question: oracle.Question) -> None:
    resolution = ask(question)
    if resolution.verdict != "ok":
        return
    assert not broken_by_the_wheel(question, resolution), (question, resolution)
    assert not broken_by_the_driver(question, resolution), (question, resolution)
    assert not broken_by_the_gpu(question, resolution), (question, resolution)


# --- what is proposed works --------------------------------------------------------------------


def changed(question: oracle.Question, changes: dict[str, str]) -> oracle.Question:
    """Return the question with a proposal's changes, which go by the spec's keys."""
    fields = {"version" if key == question.framework else key: changes[key] for key in changes}
    return oracle.Question(**{**dataclasses.asdict(question), **fields})


@thorough(2_500)
@given(st.sampled_from(FRAMEWORKS).flatmap(QUESTIONS.__getitem__))
def test_every_nearest_answer_is_possible(question: oracle.Question) -> None:
    resolution = ask(question)
    if resolution.verdict != "impossible":
        assert resolution.nearest == ()
        return
    for nearest in resolution.nearest:
        assert nearest.changes, (question, nearest)
        again = ask(changed(question, dict(nearest.changes)))
        assert again.verdict != "impossible", (question, nearest, again.reasons)
        answered = (again.verdict, again.version, again.cuda_tag, again.python)
        proposed = (nearest.verdict, nearest.version, nearest.cuda_tag, nearest.python)
        assert answered == proposed, (question, nearest)


@thorough(1_500)
@given(st.sampled_from(FRAMEWORKS).flatmap(QUESTIONS.__getitem__))
def test_where_one_change_is_enough_the_first_proposal_is_one_change(
    question: oracle.Question,
) -> None:
    resolution = ask(question)
    if resolution.verdict != "impossible":
        return
    relaxed = [
        oracle.answer(dataclasses.replace(question, **change))
        for change in ({"version": None}, {"python": None}, {"cuda": "auto"})
    ]
    # who asked for CUDA is offered another release with it before the CPU
    enough = [other for other in relaxed if other.verdict != "impossible"]
    if any(other.cuda_tag != "cpu" or question.cuda == "cpu" for other in enough):
        assert resolution.nearest, question
        first = resolution.nearest[0].changes
        changed = [key for key in first if key != "cuda" or question.cuda != "auto"]
        assert len(changed) == 1, (question, resolution.nearest)
