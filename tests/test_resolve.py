from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbox.errors import ResolveError, SpecError
from mlbox.facts import Build, load_facts
from mlbox.resolve import debian_base, request_of, resolve, resolve_box, through_mirror
from mlbox.spec import PLATFORMS, BoxSpec, override

FACTS = load_facts()
BUILDS = [
    build
    for build in FACTS.builds
    if build.confidence != "unverified"
    and build.platform in PLATFORMS
    and (build.cuda or build.tag == "cpu")
]
CARDS = [gpu.name for gpu in FACTS.gpus if gpu.kind != "jetson"]
NGC = "nvcr.io/nvidia/pytorch:26.03-py3"
MIRROR = "mirror.example.com/hub"


def box(**keys: object) -> BoxSpec:
    return BoxSpec(name="box", **keys)  # type: ignore[arg-type]  # each test names real fields


def failure(**keys: object) -> ResolveError:
    with pytest.raises(ResolveError) as caught:
        resolve_box(box(**keys), FACTS)
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
    return caught.value


# --- what a version leads to ------------------------------------------------------------------


def test_cpu_torch_comes_from_its_own_index_with_its_own_tag() -> None:
    resolution = resolve_box(box(python="3.11", torch="2.13.0", cuda="cpu"), FACTS)
    assert resolution.requirements == ("torch==2.13.0+cpu",)
    assert resolution.index_url == "https://download.pytorch.org/whl/cpu"
    assert resolution.base_image == "python:3.11-slim-bookworm"
    assert (resolution.cuda, resolution.min_driver) == (None, None)


@pytest.mark.parametrize("cuda", ["12.8", "cu128"])
def test_a_cuda_version_and_its_tag_mean_the_same(cuda: str) -> None:
    resolution = resolve_box(box(torch="2.8.0", cuda=cuda), FACTS)
    assert resolution.requirements == ("torch==2.8.0+cu128",)
    assert resolution.index_url == "https://download.pytorch.org/whl/cu128"
    assert (resolution.cuda, resolution.min_driver) == ("12.8", "525.60.13")


def test_auto_takes_the_build_the_publisher_gives_by_default() -> None:
    assert resolve_box(box(torch="2.13.0"), FACTS).requirements == ("torch==2.13.0+cu130",)


def test_a_prefix_takes_the_newest_release_that_has_a_wheel_for_the_python() -> None:
    resolution = resolve_box(box(torch="2", python="3.10"), FACTS)
    assert resolution.version == "2.14.1"
    passed_over = "Not torch 2.15.0: it has no wheel for Python 3.10 (source: "
    assert any(reason.startswith(passed_over) for reason in resolution.reasons)


def test_a_release_that_exists_is_taken_exactly() -> None:
    assert resolve_box(box(jax="0.12.0"), FACTS).version == "0.12.0"
    assert resolve_box(box(jax="0.12"), FACTS).version == "0.12.0.1"


@pytest.mark.parametrize(
    ("keys", "requirement"),
    [
        ({"jax": "0.12.0"}, "jax[cuda12]==0.12.0"),
        ({"jax": "0.12.0", "cuda": "cuda13"}, "jax[cuda13]==0.12.0"),
        ({"jax": "0.12.0", "cuda": "12.8"}, "jax[cuda12]==0.12.0"),
        ({"jax": "0.12.0", "cuda": "cpu"}, "jax==0.12.0"),
        ({"jax": "0.7.1"}, "jax[cuda12]==0.7.1"),
        ({"tensorflow": "2.21"}, "tensorflow[and-cuda]==2.21.0"),
        ({"tensorflow": "2.21", "cuda": "cpu"}, "tensorflow-cpu==2.21.0"),
    ],
)
def test_jax_and_tensorflow_name_their_cuda_as_an_extra(
    keys: dict[str, str], requirement: str
) -> None:
    resolution = resolve_box(box(**keys), FACTS)
    assert resolution.requirements == (requirement,)
    assert resolution.index_url is None


def test_without_a_framework_nothing_is_installed_for_one() -> None:
    resolution = resolve_box(box(), FACTS)
    assert resolution.framework is None
    assert resolution.requirements == ()
    assert resolution.cuda is None


def test_a_plain_box_may_name_a_cuda_version() -> None:
    resolution = resolve_box(box(cuda="12.8"), FACTS)
    assert (resolution.cuda, resolution.min_driver) == ("12.8", "525.60.13")
    assert "CUDA 12.7" in failure(cuda="12.7").what


def test_arm_gets_the_builds_for_arm() -> None:
    resolution = resolve_box(box(torch="2.7.1", platform="linux/arm64"), FACTS)
    assert resolution.requirements == ("torch==2.7.1+cu128",)  # cu126 exists for amd64 only


def test_every_decision_has_a_sentence() -> None:
    resolution = resolve_box(box(torch="2.8.0", compiles=True), FACTS)
    assert all(reason.endswith(".") for reason in resolution.reasons)
    for word in ("Base", "Python", "torch 2.8.0", "CUDA 12.8", "Driver", "nvcc"):
        assert any(reason.startswith(word) for reason in resolution.reasons), word


# --- targets ----------------------------------------------------------------------------------


def test_an_older_driver_gets_an_older_cuda() -> None:
    resolution = resolve_box(box(torch="2.13.0", driver="550.54.14"), FACTS)
    assert resolution.cuda == "12.9"


def test_an_older_gpu_gets_an_older_cuda() -> None:
    resolution = resolve_box(box(torch="2.14.1", gpu="Tesla V100"), FACTS)
    assert resolution.requirements == ("torch==2.14.1+cu126",)
    assert resolution.capabilities == ("7.0",)


def test_a_gpu_too_old_for_the_release_is_an_error_with_the_nearest_that_works() -> None:
    error = failure(torch="2.15", gpu="Tesla V100")
    assert str(error) == (
        "No GPU build of torch 2.15 supports a Tesla V100 (compute capability 7.0).\n"
        "torch 2.15 comes for cu132, with machine code for 7.5, 8.0, 8.6, 9.0, 10.0 and 12.0: "
        "none for Volta GPUs (facts of 2026-11-21).\n"
        'Set torch = "2.14.1" and cuda = "cu126" in [tool.mlbox].'
    )
    assert resolve_box(box(torch="2.14.1", cuda="12.6", gpu="Tesla V100"), FACTS).cuda == "12.6"


def test_a_driver_too_old_for_the_release_is_an_error_with_the_nearest_that_works() -> None:
    error = failure(torch="2.15.0", driver="550")
    assert error.what == "No GPU build of torch 2.15.0 runs on driver 550."
    assert "needs driver 580.65.06 or newer" in error.why
    assert error.fix == 'Set torch = "2.14.1" and cuda = "cu126" in [tool.mlbox].'


def test_a_new_gpu_needs_a_driver_that_knows_it() -> None:
    assert resolve_box(box(torch="2.8.0", gpu="RTX 5090"), FACTS).min_driver == "570"
    assert "driver 550" in failure(torch="2.8.0", gpu="RTX 5090", driver="550").what


def test_a_driver_that_dropped_the_gpu_is_an_error() -> None:
    assert 'driver = "580"' in failure(torch="2.14.1", gpu="V100", driver="590.44.01").fix


def test_a_gpu_is_found_without_its_brand_or_memory_and_never_guessed() -> None:
    assert resolve_box(box(torch="2.8.0", gpu="a100"), FACTS).capabilities == ("8.0",)
    with pytest.raises(SpecError, match="Ada"):
        resolve_box(box(torch="2.8.0", gpu="RTX 6000"), FACTS)
    with pytest.raises(SpecError, match="RTX 4090"):
        resolve_box(box(torch="2.8.0", gpu="RTX 4091"), FACTS)


def test_a_target_does_not_matter_to_a_cpu_box() -> None:
    keys = {"torch": "2.15.0", "cuda": "cpu", "gpu": "V100", "driver": "390"}
    assert resolve_box(box(**keys), FACTS).version == "2.15.0"


def test_a_driver_that_is_no_version_is_a_spec_error() -> None:
    with pytest.raises(SpecError, match=r"550\.54\.14"):
        resolve_box(box(torch="2.13.0", driver="newest"), FACTS)


# --- what cannot be ---------------------------------------------------------------------------


def test_a_release_that_is_not_known_names_the_newest() -> None:
    assert failure(torch="2.99").fix == 'Set torch = "2.15.0" in [tool.mlbox].'


def test_a_python_without_a_wheel_names_what_has_one() -> None:
    error = failure(torch="2.13", python="3.8")
    assert error.what == "torch 2.13 has no wheel for Python 3.8."
    assert error.fix == 'Set python = "3.10" in [tool.mlbox].'


def test_a_cuda_version_without_a_build_names_those_that_have_one() -> None:
    error = failure(torch="2.13", cuda="12.8")
    assert "cu126, cu129, cu130, cu132 and the CPU" in error.why
    assert error.fix == 'Set cuda = "cu129" in [tool.mlbox].'


def test_a_build_nobody_has_seen_is_not_used() -> None:
    announced = [b for b in FACTS.builds if b.confidence == "unverified"]
    assert announced
    for build in announced:
        assert "announced" in failure(torch=build.release, cuda=build.cuda or "").what


def test_a_platform_without_builds_names_one_that_has() -> None:
    spec = box(tensorflow="2.21", platform="linux/arm64", gpu="GH200")
    answer = resolve(request_of(spec), FACTS)
    assert answer.what == "tensorflow 2.21 has no CUDA build for linux/arm64."
    assert [dict(near.changes) for near in answer.nearest] == [
        {"cuda": "cpu"},
        {"platform": "linux/amd64"},
    ]


# --- images -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("python", "image"),
    [
        ("3.11", "mlbox/debian:bookworm-python3.11"),
        ("3.13", "mlbox/debian:trixie-python3.13"),
    ],
)
def test_debian_has_one_python_per_release(python: str, image: str) -> None:
    assert debian_base(python) == image
    assert resolve_box(box(base="debian", python=python), FACTS).base_image == image


def test_debian_without_that_python_names_the_two_it_has() -> None:
    error = failure(base="debian", python="3.12")
    assert '"3.11"' in error.fix
    assert '"3.13"' in error.fix


def test_an_image_that_brings_a_framework_keeps_it() -> None:
    resolution = resolve_box(box(base=NGC), FACTS)
    assert resolution.framework == "torch"
    assert resolution.version == "2.11.0a0"
    assert resolution.requirements == ()
    assert any("nothing is installed over it" in reason for reason in resolution.reasons)


def test_an_image_that_brings_another_release_is_an_error() -> None:
    assert "brings torch 2.11.0a0" in failure(base=NGC, torch="2.13").what
    assert "brings CUDA 13.2" in failure(base=NGC, cuda="12.8").what
    assert "driver 550" in failure(base=NGC, driver="550").what


def test_what_an_image_brings_can_be_in_its_name_alone() -> None:
    resolution = resolve_box(box(base="pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime"), FACTS)
    assert (resolution.version, resolution.cuda) == ("2.13.0", "13.0")
    unknown = resolve_box(box(base="nvcr.io/nvidia/pytorch:99.01-py3"), FACTS)
    assert (unknown.framework, unknown.version) == ("torch", None)


def test_the_python_in_the_image_counts() -> None:
    assert resolve_box(box(base="python:3.10-slim", torch="2"), FACTS).version == "2.14.1"
    assert resolve_box(box(base="nvcr.io/nvidia/pytorch:24.01-py3"), FACTS).python == "3.10"


def test_nvcc_comes_in_the_cuda_version_of_the_framework() -> None:
    resolution = resolve_box(box(torch="2.9.1", compiles=True), FACTS)
    assert resolution.devel_image == "nvidia/cuda:12.8.1-devel-ubuntu22.04"
    assert set(resolution.requirements) >= {"torch==2.9.1+cu128", "setuptools", "ninja"}


def test_an_image_that_has_nvcc_needs_no_other() -> None:
    assert resolve_box(box(base=NGC, compiles=True), FACTS).devel_image is None


def test_compiling_without_cuda_is_an_error() -> None:
    assert "CUDA" in failure(torch="2.13.0", cuda="cpu", compiles=True).what
    assert "CUDA" in failure(compiles=True).what
    old = failure(torch="1.12", python="3.9", cuda="10.2", compiles=True)
    assert "nvcc for CUDA 10.2" in old.what


@pytest.mark.parametrize(
    ("reference", "mirrored"),
    [
        ("python:3.11", f"{MIRROR}/library/python:3.11"),
        ("docker.io/python:3.11", f"{MIRROR}/library/python:3.11"),
        ("docker.io/library/python:3.11", f"{MIRROR}/library/python:3.11"),
        ("nvidia/cuda:12.8.1-devel-ubuntu22.04", f"{MIRROR}/nvidia/cuda:12.8.1-devel-ubuntu22.04"),
        (NGC, f"{MIRROR}/{NGC}"),
        ("localhost:5000/a/b@sha256:12", f"{MIRROR}/localhost:5000/a/b@sha256:12"),
        ("mlbox/debian:bookworm-python3.11", "mlbox/debian:bookworm-python3.11"),
        (f"{MIRROR}/library/python:3.11", f"{MIRROR}/library/python:3.11"),
    ],
)
def test_a_mirror_has_docker_hub_at_its_root_and_other_registries_by_name(
    reference: str, mirrored: str
) -> None:
    assert through_mirror(reference, MIRROR) == mirrored
    assert through_mirror(reference, f"{MIRROR}/") == mirrored
    assert through_mirror(reference, None) == reference


def test_every_image_goes_through_the_mirror() -> None:
    resolution = resolve_box(box(torch="2.9.1", compiles=True, registry_mirror=MIRROR), FACTS)
    assert resolution.base_image.startswith(MIRROR)
    assert (resolution.devel_image or "").startswith(MIRROR)
    assert resolve_box(box(base=NGC, registry_mirror=MIRROR), FACTS).framework == "torch"


# --- properties -------------------------------------------------------------------------------


def box_of(build: Build, **keys: object) -> BoxSpec:
    asked: dict[str, object] = {
        build.framework: build.release,
        "python": build.pythons[-1],
        "platform": build.platform,
        "cuda": "cpu" if build.cuda is None else "auto",
    }
    return box(**{**asked, **keys})


@given(st.sampled_from(BUILDS))
def test_every_verified_release_resolves_to_a_row_of_the_tables(build: Build) -> None:
    resolution = resolve_box(box_of(build), FACTS)
    assert any(
        (row.framework, row.release, row.cuda, row.platform)
        == (build.framework, resolution.version, resolution.cuda, build.platform)
        for row in BUILDS
    )


@given(st.sampled_from([build for build in BUILDS if build.framework == "torch"]))
def test_every_verified_torch_build_can_be_asked_for(build: Build) -> None:
    resolution = resolve_box(box_of(build, cuda=build.tag), FACTS)
    assert resolution.requirements == (f"torch=={build.release}+{build.tag}",)
    assert resolution.index_url == f"https://download.pytorch.org/whl/{build.tag}"


@given(st.sampled_from([build for build in BUILDS if build.is_final]), st.integers(1, 3))
def test_a_prefix_resolves_to_a_release_that_begins_with_it(build: Build, length: int) -> None:
    prefix = ".".join(build.release.split(".")[:length])
    resolution = resolve_box(box_of(build, **{build.framework: prefix}), FACTS)
    assert f"{resolution.version}.".startswith(f"{prefix}.")


def follow(fix: str, spec: BoxSpec) -> None:
    """What an error says to set has to resolve."""
    if "in [tool.mlbox]" not in fix:  # no release has such a build; or the driver lacks the GPU
        assert "cuda" in fix or "driver" in fix
        return
    settings = dict(re.findall(r'(\w+) = "([^"]+)"', fix.partition(", or")[0]))
    assert resolve_box(override(spec, settings), FACTS).version


@given(
    torch=st.sampled_from(["2", "2.5", "2.7", "2.9", "2.13.0", "2.15"]),
    gpu=st.none() | st.sampled_from(CARDS),
    driver=st.none() | st.sampled_from(["450", "525.60.13", "550", "575", "580", "610.43.02"]),
    python=st.sampled_from(["3.8", "3.11", "3.14"]),
)
def test_a_target_gives_what_runs_on_it_or_an_error_with_a_way_out(
    torch: str, gpu: str | None, driver: str | None, python: str
) -> None:
    spec = box(torch=torch, gpu=gpu, driver=driver, python=python)
    try:
        resolution = resolve_box(spec, FACTS)
    except ResolveError as error:
        follow(error.fix, spec)
        return
    assert resolution == resolve_box(spec, FACTS)
    needed = [int(part) for part in (resolution.min_driver or "").split(".")]
    if driver:
        given_driver = [int(part) for part in driver.split(".")]
        assert given_driver >= needed[: len(given_driver)]


@given(st.sampled_from(["python:3.11", "docker.io/a/b", NGC, "a/b:c", "quay.io/a/b@sha256:1"]))
def test_through_a_mirror_twice_is_through_it_once(reference: str) -> None:
    once = through_mirror(reference, MIRROR)
    assert through_mirror(once, MIRROR) == once
