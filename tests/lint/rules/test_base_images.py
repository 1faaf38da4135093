"""Images without a version, that do not exist, that are not maintained (MLD201-203, MLD208)."""

from __future__ import annotations

import pytest
from cases import assert_fixed, codes, findings, named, of, places

DIGEST = f"sha256:{'0' * 64}"

UNPINNED = {
    "no tag": ("FROM python\nRUN true", "python"),
    "latest": ("FROM python:latest\nRUN true", "python:latest"),
    "a variant without a version": ("FROM python:slim", "python:slim"),
    "a system without a version": ("FROM python:slim-bookworm", "python:slim-bookworm"),
    "a distribution": ("FROM ubuntu", "ubuntu"),
    "debian's stable": ("FROM debian:stable-slim", "debian:stable-slim"),
    "rolling": ("FROM ubuntu:rolling", "ubuntu:rolling"),
    "a framework's": ("FROM pytorch/pytorch", "pytorch/pytorch"),
    "with a variant": ("FROM tensorflow/tensorflow:latest-gpu", "tensorflow/tensorflow:latest-gpu"),
    "latest at the end": ("FROM acme/base:gpu-latest", "acme/base:gpu-latest"),
    "nightly": ("FROM pytorch/torchserve:nightly", "pytorch/torchserve:nightly"),
    "a private one": (
        "FROM registry.example.com:5000/team/base",
        "registry.example.com:5000/team/base",
    ),
    "a branch": ("FROM ghcr.io/acme/base:main", "ghcr.io/acme/base:main"),
    "with a platform": ("FROM --platform=linux/amd64 python AS x", "python"),
    "in lower case": ("from python as x", "python"),
    "by a default": ("ARG BASE=python\nFROM ${BASE}", "${BASE}"),
    "the earlier of two": (
        "FROM python AS b\nFROM python:3.12-slim\nCOPY --from=b /a /a",
        "python",
    ),
    "copied from": (
        "FROM python:3.12-slim\nCOPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/",
        "ghcr.io/astral-sh/uv:latest",
    ),
    "copied from without a tag": (
        "FROM python:3.12-slim\nCOPY --from=ghcr.io/astral-sh/uv /uv /bin/",
        "ghcr.io/astral-sh/uv",
    ),
    "mounted": (
        "FROM python:3.12-slim\nRUN --mount=from=acme/x:latest,target=/x true",
        "acme/x:latest",
    ),
}
PINNED = {
    "a version": "FROM python:3.12-slim",
    "a codename": "FROM ubuntu:noble",
    "a version of the system": "FROM debian:bookworm-slim",
    "a digest": f"FROM python@{DIGEST}",
    "a tag and a digest": f"FROM python:latest@{DIGEST}",
    "scratch": "FROM scratch\nCOPY a /a",
    "a stage": "FROM python:3.12-slim AS base\nFROM base",
    "a stage in other letters": "FROM python:3.12-slim AS Base\nFROM BASE",
    "an argument without default": "ARG BASE\nFROM $BASE",
    "an argument in the tag": "ARG TAG\nFROM python:$TAG",
    "a default with a version": "ARG TAG=3.12-slim\nFROM python:${TAG}",
    "a private one": "FROM registry.example.com/team/base:2024-06",
    "a name that is nobody's promise": "FROM acme/base:prod",
    "a branch of a version": "FROM acme/base:main-py3.11-cu126",
    "a version of something else": "FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim",
    "a stage that is not needed": "FROM python AS docs\nRUN true\nFROM python:3.12-slim",
    "copied from a stage": "FROM python:3.12-slim AS b\nFROM python:3.12-slim\nCOPY --from=b /a /a",
    "copied from a context": "FROM python:3.12-slim\nCOPY --from=models /a /a",
    "copied from a stage's number": (
        "FROM python:3.12-slim\nFROM python:3.12-slim\nCOPY --from=0 a b"
    ),
}


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(*case, id=name) for name, case in UNPINNED.items()]
)
def test_an_image_without_a_version_is_a_warning(text: str, place: str) -> None:
    assert places("MLD201", text) == [place]
    assert [item.severity for item in of("MLD201", text)] == ["warning"]


@pytest.mark.parametrize("text", named(PINNED))
def test_an_image_with_a_version_or_an_unknown_one_is_no_finding(text: str) -> None:
    assert places("MLD201", text) == []


def test_a_major_version_of_python_is_worth_an_info() -> None:
    assert [item.severity for item in of("MLD201", "FROM python:3-slim")] == ["info"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM python\n", "FROM python:3.12-slim\n"),
        ("FROM python:slim-bookworm AS x\n", "FROM python:3.12-slim-bookworm AS x\n"),
        ("FROM docker.io/library/python:latest\n", "FROM docker.io/library/python:3.12-slim\n"),
        ("FROM ubuntu:latest\nRUN true\n", "FROM ubuntu:24.04\nRUN true\n"),
    ],
)
def test_a_version_is_put_there(before: str, after: str) -> None:
    assert_fixed(before, "MLD201", expected=after)


def test_a_release_of_a_framework_is_put_there() -> None:
    after = assert_fixed("FROM pytorch/pytorch:latest\n", "MLD201")
    assert after.startswith("FROM pytorch/pytorch:2.")
    assert "MLD202" not in codes(after)


def test_what_comes_from_a_variable_is_not_rewritten() -> None:
    assert [item.autofix for item in of("MLD201", "ARG B=python\nFROM $B")] == [None]


# --- MLD202 ------------------------------------------------------------------------------------

ABSENT = {
    "latest": "nvidia/cuda:latest",
    "no tag": "nvidia/cuda",
    "two parts": "nvidia/cuda:12.4-runtime-ubuntu22.04",
    "two parts and cuDNN": "nvidia/cuda:11.8-cudnn8-devel-ubuntu22.04",
    "no system": "nvidia/cuda:12.4.1-runtime",
    "no flavor": "nvidia/cuda:12.4.1-ubuntu22.04",
    "the old suffix of cuDNN": "nvidia/cuda:12.4.1-cudnn8-runtime-ubuntu22.04",
    "the new suffix on an old one": "nvidia/cuda:11.8.0-cudnn-runtime-ubuntu22.04",
    "cuDNN in a base image": "nvidia/cuda:12.8.1-cudnn-base-ubuntu22.04",
    "parts in another order": "nvidia/cuda:12.4.1-runtime-cudnn-ubuntu22.04",
    "the system in the middle": "nvidia/cuda:12.4.1-ubuntu22.04-runtime",
    "a release that was not": "nvidia/cuda:12.7.0-base-ubuntu22.04",
    "a patch that was not": "nvidia/cuda:12.4.2-runtime-ubuntu22.04",
    "a system that came later": "nvidia/cuda:11.8.0-runtime-ubuntu24.04",
    "a system that had ended": "nvidia/cuda:12.4.1-runtime-ubuntu18.04",
    "a system misspelt": "nvidia/cuda:12.4.1-runtime-ubuntu2204",
    "Alpine": "nvidia/cuda:12.4.1-base-alpine",
    "another name of the hub": "docker.io/nvidia/cuda:latest",
    "the index": "index.docker.io/nvidia/cuda:12.4-base-ubuntu22.04",
    "NVIDIA's registry": "nvcr.io/nvidia/cuda:12.4-base-ubuntu22.04",
    "a release of torch that was not": "pytorch/pytorch:2.6.1-cuda12.4-cudnn9-runtime",
    "a CUDA that it has none of": "pytorch/pytorch:2.5.1-cuda12.6-cudnn9-runtime",
    "torch alone": "pytorch/pytorch:2.6.0",
    "the cuDNN of older ones": "pytorch/pytorch:2.6.0-cuda12.4-cudnn8-runtime",
    "no flavor of torch": "pytorch/pytorch:2.6.0-cuda12.4-cudnn9",
    "two parts of tensorflow": "tensorflow/tensorflow:2.16-gpu",
    "a release of tensorflow that was not": "tensorflow/tensorflow:2.16.0-gpu",
    "a month that is not": "nvcr.io/nvidia/pytorch:24.13-py3",
    "no -py3": "nvcr.io/nvidia/pytorch:24.10",
}
THERE = {
    "CUDA": "nvidia/cuda:12.8.1-cudnn-devel-ubuntu22.04",
    "CUDA 11": "nvidia/cuda:11.8.0-cudnn8-devel-ubuntu22.04",
    "Red Hat's": "nvidia/cuda:12.4.1-devel-ubi9",
    "Rocky Linux": "nvidia/cuda:12.4.1-cudnn-devel-rockylinux9",
    "newer than the tables": "nvidia/cuda:14.0.0-base-ubuntu24.04",
    "a newer patch": "nvidia/cuda:13.4.9-base-ubuntu24.04",
    "from before the naming": "nvidia/cuda:10.2-base",
    "a mirror": "registry.example.com/nvidia/cuda:latest",
    "another registry": "harbor.local:5000/proxy/nvidia/cuda:12.4-base-ubuntu22.04",
    "another publisher": "acme/cuda:12.4-base",
    "a digest": f"nvidia/cuda@{DIGEST}",
    "a digest with a wrong tag": f"nvidia/cuda:latest@{DIGEST}",
    "torch": "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime",
    "newer torch": "pytorch/pytorch:9.0.0-cuda15.0-cudnn10-runtime",
    "old torch": "pytorch/pytorch:1.4-cuda10.1-cudnn7-runtime",
    "a tag of another form": "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel-custom",
    "tensorflow": "tensorflow/tensorflow:2.16.1-gpu",
    "tensorflow 1": "tensorflow/tensorflow:1.15.5-gpu-py3",
    "newer tensorflow": "tensorflow/tensorflow:9.1.0-gpu",
    "NGC": "nvcr.io/nvidia/pytorch:24.10-py3",
    "NGC later than the tables": "nvcr.io/nvidia/pytorch:31.02-py3",
    "python": "python:3.12.99-slim-bookworm",
}


@pytest.mark.parametrize("image", [pytest.param(text, id=name) for name, text in ABSENT.items()])
def test_an_image_that_cannot_be_pulled_is_an_error(image: str) -> None:
    text = f"FROM {image} AS train\nRUN true\n"
    assert places("MLD202", text) == [image]
    assert [item.severity for item in of("MLD202", text)] == ["error"]
    assert of("MLD201", text) == []  # said once


@pytest.mark.parametrize("image", [pytest.param(text, id=name) for name, text in THERE.items()])
def test_an_image_that_may_exist_is_no_finding(image: str) -> None:
    assert of("MLD202", f"FROM {image}\nRUN true\n") == []


@pytest.mark.parametrize(
    ("image", "instead"),
    [
        ("nvidia/cuda:12.4-runtime-ubuntu22.04", "nvidia/cuda:12.4.1-runtime-ubuntu22.04"),
        (
            "nvidia/cuda:12.4.1-runtime-cudnn-ubuntu22.04",
            "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04",
        ),
        (
            "docker.io/nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04",
            "docker.io/nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04",
        ),
        ("tensorflow/tensorflow:2.16-gpu", "tensorflow/tensorflow:2.16.1-gpu"),
        ("nvcr.io/nvidia/pytorch:24.10", "nvcr.io/nvidia/pytorch:24.10-py3"),
    ],
)
def test_the_nearest_image_that_exists_is_put_there(image: str, instead: str) -> None:
    after = assert_fixed(f"FROM {image} AS x\n", "MLD202", expected=f"FROM {instead} AS x\n")
    assert "MLD201" not in codes(after)


def test_an_image_by_a_default_is_judged_and_not_rewritten() -> None:
    (found,) = of("MLD202", "ARG CUDA=12.4\nFROM nvidia/cuda:${CUDA}-base-ubuntu22.04\n")
    assert found.severity == "error"
    assert found.autofix is None


def test_an_image_in_a_stage_that_is_not_needed_is_not_pulled() -> None:
    assert of("MLD202", "FROM nvidia/cuda AS x\nRUN true\nFROM python:3.12-slim\n") == []


# --- MLD203 ------------------------------------------------------------------------------------

ENDED = {
    "Ubuntu 18.04": ("ubuntu:18.04", "warning"),
    "its codename": ("ubuntu:bionic-20230530", "warning"),
    "Ubuntu 16.04": ("ubuntu:16.04", "warning"),
    "of CUDA": ("nvidia/cuda:11.4.3-base-ubuntu18.04", "warning"),
    "of another image": ("acme/base:1.2-ubuntu18.04", "warning"),
    "Debian 10": ("debian:10-slim", "warning"),
    "Debian 10 by name": ("debian:buster-slim", "warning"),
    "Debian 9": ("python:3.11-slim-stretch", "warning"),
    "CentOS": ("centos:7", "warning"),
    "CentOS 8": ("centos:8.4.2105", "warning"),
    "Python 2": ("python:2.7", "warning"),
    "Python 3.6": ("python:3.6-slim", "warning"),
    "Python 3.7": ("python:3.7.17", "warning"),
    "Python 3.8": ("docker.io/library/python:3.8-slim", "warning"),
    "of a mirror of the library": ("public.ecr.aws/docker/library/python:3.8-slim", "warning"),
    "Python 3.9": ("python:3.9-slim-bookworm", "warning"),
    "CUDA 10": ("nvidia/cuda:10.2-cudnn7-devel", "warning"),
    "Ubuntu 20.04, with longer support": ("ubuntu:20.04", "info"),
    "its CUDA images": ("nvidia/cuda:12.1.1-base-ubuntu20.04", "info"),
    "Python 3.10, which ended lately": ("python:3.10-slim", "info"),
}
MAINTAINED = {
    "Ubuntu 22.04": "ubuntu:22.04",
    "Ubuntu 24.04": "ubuntu:noble",
    "Debian 12": "debian:12",
    "Python 3.12": "python:3.12-slim",
    "CUDA 11.8": "nvidia/cuda:11.8.0-base-ubuntu22.04",
    "CUDA 12": "nvidia/cuda:12.8.1-runtime-ubuntu24.04",
    "no version": "python",
    "a digest": f"ubuntu:18.04@{DIGEST}",
    "somebody's": "acme/app:18.04",
    "a mirror's python": "registry.example.com/team/python:3.6",
    "a version that looks like one": "acme/centos-tools:7",
    "CentOS Stream": "quay.io/centos/centos:stream9",
}


@pytest.mark.parametrize(
    ("image", "severity"), [pytest.param(*case, id=name) for name, case in ENDED.items()]
)
def test_an_image_that_gets_no_fixes_is_said(image: str, severity: str) -> None:
    text = f"FROM --platform=linux/amd64 {image}\nRUN true\n"
    assert places("MLD203", text) == [image]
    assert [item.severity for item in of("MLD203", text)] == [severity]


@pytest.mark.parametrize(
    "image", [pytest.param(text, id=name) for name, text in MAINTAINED.items()]
)
def test_an_image_that_is_maintained_is_no_finding(image: str) -> None:
    assert of("MLD203", f"FROM {image}\nRUN true\n") == []


def test_a_python_and_a_system_that_ended_are_one_finding() -> None:
    (found,) = of("MLD203", "FROM python:3.7-slim-buster\n")
    assert "Python 3.7" in found.what
    assert "Debian 10" in found.what


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM ubuntu:18.04\n", "FROM ubuntu:22.04\n"),
        ("FROM debian:buster-slim\n", "FROM debian:bookworm-slim\n"),
        ("FROM python:3.12-slim-buster\n", "FROM python:3.12-slim-bookworm\n"),
        (
            "FROM nvidia/cuda:11.8.0-cudnn8-devel-ubuntu18.04\n",
            "FROM nvidia/cuda:11.8.0-cudnn8-devel-ubuntu22.04\n",
        ),
    ],
)
def test_the_same_image_on_a_newer_system_is_put_there(before: str, after: str) -> None:
    assert_fixed(before, "MLD203", expected=after)
    assert "MLD202" not in codes(after)


# --- MLD208 ------------------------------------------------------------------------------------

UNDEFINED = {
    "nowhere": ("FROM nvidia/cuda:$CUDAV", "$CUDAV"),
    "in braces": ("FROM nvidia/cuda:${CUDAV}", "${CUDAV}"),
    "all of it": ("FROM ${BASE} AS x", "${BASE}"),
    "misspelt": ("ARG CUDA=12.4.1\nFROM nvidia/cuda:${CUDDA}", "${CUDDA}"),
    "declared in a stage": ("FROM a:1 AS a\nARG TAG=1\nFROM b:$TAG", "$TAG"),
    "declared after": ("FROM nvidia/cuda:$TAG\nARG TAG=1", "$TAG"),
    "in a later stage": ("ARG A=1\nFROM a:$A AS a\nFROM b:${B}", "${B}"),
}
DEFINED = {
    "a default": "ARG TAG=3.12-slim\nFROM python:${TAG}",
    "no default, in a tag of which something is left": "ARG TAG\nFROM python:3.12${TAG}",
    "another value if unset": "FROM python:${TAG:-3.12-slim}",
    "without a colon": "FROM python:${TAG-3.12-slim}",
    "the platform": "FROM --platform=$BUILDPLATFORM python:3.12-slim",
    "the target": "FROM --platform=${TARGETPLATFORM} python:3.12-slim",
    "the architecture": "FROM acme/base:1-$TARGETARCH",
    "a stage by a name in part": (
        "ARG KIND=gpu\nFROM python:3.12-slim AS base-gpu\nFROM base-${KIND}"
    ),
    "from another argument": "ARG V=3.12\nARG TAG=${V}-slim\nFROM python:$TAG",
    "no variable": "FROM python:3.12-slim",
    "several in one ARG": "ARG A=3.12 B=slim\nFROM python:${A}-${B}",
}


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(*case, id=name) for name, case in UNDEFINED.items()]
)
def test_a_variable_that_is_declared_nowhere_is_an_error(text: str, place: str) -> None:
    assert places("MLD208", text) == [place]
    assert [item.severity for item in of("MLD208", text)] == ["error"]


@pytest.mark.parametrize("text", named(DEFINED))
def test_a_variable_with_a_value_is_no_finding(text: str) -> None:
    assert of("MLD208", text) == []


def test_an_argument_that_has_to_be_given_is_worth_an_info() -> None:
    assert [item.severity for item in of("MLD208", "ARG BASE\nFROM $BASE\n")] == ["info"]


def test_a_name_that_is_right_without_its_variable_is_a_warning() -> None:
    assert [item.severity for item in of("MLD208", "FROM python:3.12$VARIANT\n")] == ["warning"]


def test_where_an_argument_of_a_stage_stands_is_said() -> None:
    (found,) = of("MLD208", UNDEFINED["declared in a stage"][0])
    assert "line 2" in found.what


def test_a_platform_that_is_a_variable_nobody_declares_is_found() -> None:
    text = "FROM --platform=$PLATFORM python:3.12-slim\n"
    assert places("MLD208", text) == ["$PLATFORM"]
    assert findings("FROM --platform=$PLATFORM python:3.12-slim\n")


def test_an_image_is_not_replaced_by_itself() -> None:
    (found,) = of("MLD203", "FROM python:3.10-slim-bookworm\n")
    assert found.autofix is None
