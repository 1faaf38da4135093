"""The CUDA of torch beside that of the image (MLD101, MLD105)."""

from __future__ import annotations

import pytest
from cases import assert_fixed, findings, in_all_forms, named, of, places

INDEX = "https://download.pytorch.org/whl/"
DEVEL = "FROM nvidia/cuda:12.8.1-devel-ubuntu22.04\n"
RUNTIME = "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
CU118 = f"RUN pip install torch==2.6.0 --index-url {INDEX}cu118\n"
FLASH = "RUN pip install flash-attn --no-build-isolation\n"

COMPILED = {
    "index": (f"pip install torch==2.6.0 --index-url {INDEX}cu118", f"{INDEX}cu118"),
    "local version": ("pip install torch==2.6.0+cu118", "torch==2.6.0+cu118"),
    "unpinned": (f"pip install torch -i {INDEX}cu118", f"{INDEX}cu118"),
    "uv": ("uv pip install --system torch==2.6.0 --torch-backend=cu118", "--torch-backend=cu118"),
    "default, of another major": ("pip install torch==2.12.0", "torch==2.12.0"),
    "newer major": (f"pip install torch==2.9.1 --index-url {INDEX}cu130", f"{INDEX}cu130"),
    "extra index": (f"pip install torch==2.6.0 --extra-index-url {INDEX}cu118", f"{INDEX}cu118"),
}
FINE = {
    "another minor": f"{DEVEL}RUN pip install torch==2.5.1 --index-url {INDEX}cu121\n{FLASH}",
    "the same": f"{DEVEL}RUN pip install torch==2.8.0 --index-url {INDEX}cu128\n{FLASH}",
    "default of the same major": f"{DEVEL}RUN pip install torch==2.8.0\n{FLASH}",
    "cuda 12.2 has no index": "FROM nvidia/cuda:12.2.2-runtime-ubuntu22.04\n"
    f"RUN pip install torch==2.5.1 --index-url {INDEX}cu121",
    "no cuda in the base": f"FROM python:3.12-slim\n{CU118}",
    "base that is not known": f"FROM registry.example.com/ml:1\n{CU118}{FLASH}",
    "default, nothing compiled": f"{RUNTIME}RUN pip install torch==2.12.0",
    "cpu": f"{DEVEL}RUN pip install torch==2.6.0 --index-url {INDEX}cpu\n{FLASH}",
    "rocm": f"{DEVEL}RUN pip install torch==2.6.0 --index-url {INDEX}rocm6.2.4",
    "index not known": f"ARG INDEX\n{DEVEL}RUN pip install torch==2.6.0 -i $INDEX\n{FLASH}",
    "unused stage": f"{DEVEL.strip()} AS old\n{CU118}{FLASH}{RUNTIME}",
    "the base's own torch": "FROM pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel\n"
    f"RUN pip install torch==2.6.0+cu118 --index-url {INDEX}cu118\n{FLASH}",
    "base by digest": f"FROM nvidia/cuda@sha256:{'0' * 64}\n{CU118}{FLASH}",
    "torch in another command": f"{DEVEL}RUN echo torch==2.6.0+cu118\n{FLASH}",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(COMPILED, DEVEL, but=("onbuild",)))
def test_an_extension_for_another_cuda_than_torchs_is_an_error(text: str, word: str) -> None:
    (found,) = of("MLD101", text + FLASH)
    assert found.severity == "error"
    assert word in places("MLD101", text + FLASH)[0]


@pytest.mark.parametrize("text", named(FINE))
def test_cudas_that_go_together_or_never_meet_are_no_finding(text: str) -> None:
    assert of("MLD101", text) == []


@pytest.mark.parametrize(
    "compiles",
    [
        "RUN pip install --no-binary flash-attn flash-attn --no-build-isolation\n",
        "ENV DS_BUILD_OPS=1\nRUN pip install deepspeed==0.16.0\n",
        "RUN FORCE_CUDA=1 pip install git+https://github.com/facebookresearch/detectron2.git\n",
        "RUN pip install git+https://github.com/graphdeco-inria/diff-gaussian-rasterization\n",
    ],
)
def test_whatever_is_compiled_for_torch_counts(compiles: str) -> None:
    assert [item.severity for item in of("MLD101", DEVEL + CU118 + compiles)] == ["error"]


def test_nothing_compiled_is_good_to_know() -> None:
    assert [item.severity for item in of("MLD101", RUNTIME + CU118)] == ["info"]
    text = f"{RUNTIME}COPY r.txt .\nRUN pip install -r r.txt\n"
    listed = f"--index-url {INDEX}cu118\ntorch==2.6.0+cu118\n"
    (found,) = of("MLD101", text, **{"r.txt": listed})
    assert found.severity == "info"
    assert found.location is not None
    assert found.location.file == "r.txt"


def test_an_unpinned_default_is_never_an_error() -> None:
    text = f"{DEVEL}RUN pip install torch\n{FLASH}"
    assert {item.severity for item in of("MLD101", text)} <= {"info"}


def test_a_mismatch_is_told_once_for_two_extensions_and_two_stages() -> None:
    base = DEVEL.replace("\n", " AS base\n")
    text = f"{base}{CU118}{FLASH}RUN pip install --no-build-isolation mamba-ssm\nFROM base\n{FLASH}"
    assert len(of("MLD101", text)) == 1


def test_torch_of_an_earlier_stage_counts() -> None:
    base = DEVEL.replace("\n", " AS base\n")
    assert [item.severity for item in of("MLD101", f"{base}{CU118}FROM base\n{FLASH}")] == ["error"]


def test_a_toolkit_that_apt_installs_counts() -> None:
    text = (
        f"FROM ubuntu:22.04\nRUN apt-get install -y cuda-toolkit-12-8 python3-pip\n{CU118}{FLASH}"
    )
    assert [item.severity for item in of("MLD101", text)] == ["error"]


def test_the_build_of_the_images_cuda_is_taken_instead() -> None:
    assert_fixed(
        DEVEL + CU118 + FLASH, "MLD101", expected=DEVEL + CU118.replace("cu118", "cu126") + FLASH
    )
    text = f"{DEVEL}RUN pip install torch==2.7.1+cu118 torchvision==0.22.1+cu118 -i {INDEX}cu118\n"
    assert_fixed(text + FLASH, "MLD101", expected=text.replace("cu118", "cu128") + FLASH)


# MLD105

JUMPS = {
    "pinned": ("pip install torch==2.12.0", "torch==2.12.0"),
    "unpinned": ("pip install torch", "torch"),
    "lower bound": ("pip install 'torch>=2.11'", "'torch>=2.11'"),
    "among others": ("pip install numpy torch==2.11.0 tqdm", "torch==2.11.0"),
    "uv": ("uv pip install --system torch==2.15.0", "torch==2.15.0"),
    "mirror": (
        "pip install -i https://pypi.tuna.tsinghua.edu.cn/simple torch==2.12.0",
        "torch==2.12.0",
    ),
}
NO_JUMPS = {
    "older torch": f"{RUNTIME}RUN pip install torch==2.9.1",
    "upper bound": f"{RUNTIME}RUN pip install 'torch<2.11'",
    "index": f"{RUNTIME}RUN pip install torch==2.12.0 --index-url {INDEX}cu126",
    "slim": "FROM python:3.12-slim\nRUN pip install torch==2.12.0",
    "image of CUDA 13": "FROM nvidia/cuda:13.0.1-runtime-ubuntu24.04\n"
    "RUN pip install torch==2.12.0",
    "version not known": f"ARG V\n{RUNTIME}RUN pip install torch==$V",
    "base that is not known": "FROM registry.example.com/cuda-12:1\nRUN pip install torch==2.12.0",
    "there already": f"{RUNTIME}RUN pip install torch==2.6.0 -i {INDEX}cu124\n"
    "RUN pip install torch",
    "newer than the tables": f"{RUNTIME}RUN pip install torch==9.9.0",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(JUMPS, RUNTIME))
def test_a_default_torch_for_newer_drivers_is_good_to_know(text: str, word: str) -> None:
    (found,) = of("MLD105", text)
    assert found.severity == "info"
    assert word.strip("'") in places("MLD105", text)[0]


@pytest.mark.parametrize("text", named(NO_JUMPS))
def test_a_torch_for_the_images_drivers_is_no_finding(text: str) -> None:
    assert of("MLD105", text) == []


def test_the_text_names_the_release_and_the_driver() -> None:
    (found,) = [
        item
        for item in findings(f"{RUNTIME}RUN pip install torch==2.12.0\n")
        if item.code == "MLD105"
    ]
    assert "torch 2.12.0" in found.what
    assert "580" in found.what
    assert "cu126" in found.fix
    assert found.as_of
