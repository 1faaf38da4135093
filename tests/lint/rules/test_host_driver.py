"""What the image tells the host (MLD115, MLD121)."""

from __future__ import annotations

import pytest
from cases import CUDA, SLIM, assert_fixed, named, of, places

TORCH = "RUN pip install torch==2.9.1\n"
REFUSING = {
    "runtime": CUDA,
    "devel": "FROM nvidia/cuda:12.8.1-devel-ubuntu22.04\n",
    "mirror": "FROM mirror.example.com/nvidia/cuda:12.4.1-base-ubuntu22.04\n",
    "with docker.io": "FROM docker.io/nvidia/cuda:12.4.1-base-ubuntu22.04\n",
    "argument": "ARG V=12.8.1\nFROM nvidia/cuda:${V}-runtime-ubuntu22.04\n",
    "in an earlier stage": CUDA.replace("\n", " AS base\n") + "FROM base\n",
}
NOT_REFUSING = {
    "slim": SLIM,
    "builder": CUDA.replace("\n", " AS build\n") + f"{SLIM}COPY --from=build /a /a",
    "check off": f"{CUDA}ENV NVIDIA_DISABLE_REQUIRE=1",
    "condition set": f'{CUDA}ENV NVIDIA_REQUIRE_CUDA="cuda>=12.0"',
    "digest": f"FROM nvidia/cuda@sha256:{'0' * 64}",
    "not known": "FROM registry.example.com/cuda:12.8.1",
    "runtime of PyTorch": "FROM pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime",
    "a CUDA without a known condition": "FROM nvidia/cuda:12.2.2-runtime-ubuntu22.04",
}


@pytest.mark.parametrize("text", named(REFUSING))
def test_an_image_that_refuses_older_drivers_is_good_to_know(text: str) -> None:
    (found,) = of("MLD115", text)
    assert found.severity == "info"
    assert "cuda>=" in found.why
    assert found.as_of


@pytest.mark.parametrize("text", named(NOT_REFUSING))
def test_an_image_that_refuses_none_is_no_finding(text: str) -> None:
    assert of("MLD115", text) == []


def test_the_oldest_driver_is_named() -> None:
    (found,) = of("MLD115", CUDA)
    assert "570." in found.what
    assert places("MLD115", CUDA) == ["nvidia/cuda:12.8.1-runtime-ubuntu22.04"]


# MLD121

HALVES = {
    "devices alone": ("ENV NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_VISIBLE_DEVICES=all"),
    "capabilities alone": (
        "ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        "NVIDIA_DRIVER_CAPABILITIES=compute,utility",
    ),
    "old form": ("ENV NVIDIA_VISIBLE_DEVICES all", "NVIDIA_VISIBLE_DEVICES all"),
    "among others": (
        "ENV A=b NVIDIA_DRIVER_CAPABILITIES=all C=d",
        "NVIDIA_DRIVER_CAPABILITIES=all",
    ),
    "in an earlier stage": (
        f"ENV NVIDIA_VISIBLE_DEVICES=0\nRUN true\n{TORCH}",
        "NVIDIA_VISIBLE_DEVICES=0",
    ),
    "on a system": ("ENV NVIDIA_VISIBLE_DEVICES='all'", "NVIDIA_VISIBLE_DEVICES='all'"),
}
WHOLE = {
    "both": "ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility",
    "both, apart": "ENV NVIDIA_VISIBLE_DEVICES=all\nENV NVIDIA_DRIVER_CAPABILITIES=compute",
    "neither": TORCH,
    "NVIDIA's image": f"{CUDA}ENV NVIDIA_VISIBLE_DEVICES=all",
    "not known": "FROM registry.example.com/a:1\nENV NVIDIA_VISIBLE_DEVICES=all",
    "no GPU is meant": "ENV NVIDIA_VISIBLE_DEVICES=void",
    "in the build alone": "ARG NVIDIA_VISIBLE_DEVICES=all",
    "builder": f"{SLIM.strip()} AS b\nENV NVIDIA_VISIBLE_DEVICES=all\n{SLIM}COPY --from=b /a /a",
    "capabilities with compute": f"{CUDA}{TORCH}"
    "ENV NVIDIA_DRIVER_CAPABILITIES=compute,video,utility",
    "no torch": f"{CUDA}ENV NVIDIA_DRIVER_CAPABILITIES=video",
}


@pytest.mark.parametrize(("text", "word"), HALVES.values(), ids=list(HALVES))
def test_one_variable_of_the_two_is_good_to_know(text: str, word: str) -> None:
    (found,) = of("MLD121", f"{SLIM}{text}\n")
    assert found.severity == "info"
    assert places("MLD121", f"{SLIM}{text}\n") == [word]
    assert_fixed(f"{SLIM}{text}\nRUN true\n", "MLD121")


@pytest.mark.parametrize("text", named(WHOLE))
def test_both_variables_or_none_are_no_finding(text: str) -> None:
    assert of("MLD121", text) == []


def test_capabilities_without_compute_are_found() -> None:
    for before, after in (
        ("graphics,utility", "graphics,utility,compute"),
        ('"video"', '"video,compute"'),
    ):
        assert_fixed(
            f"{CUDA}{TORCH}ENV NVIDIA_DRIVER_CAPABILITIES={before}\n",
            "MLD121",
            expected=f"{CUDA}{TORCH}ENV NVIDIA_DRIVER_CAPABILITIES={after}\n",
        )


def test_the_missing_variable_is_added_beside_the_other() -> None:
    assert_fixed(
        f"{SLIM}ENV NVIDIA_VISIBLE_DEVICES=all A=b\n",
        "MLD121",
        expected=f"{SLIM}ENV NVIDIA_VISIBLE_DEVICES=all "
        "NVIDIA_DRIVER_CAPABILITIES=compute,utility A=b\n",
    )


def test_a_kernel_module_alone_hides_no_library_and_is_a_warning() -> None:
    text = f"{CUDA}RUN apt-get update && apt-get install -y git nvidia-dkms-550\n"
    assert [item.severity for item in of("MLD106", text)] == ["warning"]
    both = text.replace("git", "nvidia-utils-550")
    assert [item.severity for item in of("MLD106", both)] == ["error"]


def test_a_kernel_module_is_not_taken_out_unasked() -> None:
    text = f"{CUDA}RUN apt-get update && apt-get install -y git nvidia-dkms-550\n"
    (found,) = of("MLD106", text)
    assert found.autofix is not None
    assert not found.autofix.safe
