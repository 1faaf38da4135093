"""A torch that is there is replaced: the base image's (MLD112), an earlier one (MLD114)."""

from __future__ import annotations

import pytest
from cases import CUDA, SLIM, assert_fixed, in_all_forms, named, of, places

INDEX = "https://download.pytorch.org/whl/"
PYTORCH = "FROM pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime\n"
NGC = "FROM nvcr.io/nvidia/pytorch:24.10-py3\n"

OVERWRITTEN = {
    "another release": ("pip install torch==2.6.0", "torch==2.6.0"),
    "from an index": (f"pip install torch==2.4.0 --index-url {INDEX}cu121", "torch==2.4.0"),
    "another build": ("pip install torch==2.5.1+cu118", "torch==2.5.1+cu118"),
    "upgraded": ("pip install --upgrade torch", "torch"),
    "upgraded, short": ("pip install -U torch", "torch"),
    "by force": ("pip install --force-reinstall torch==2.5.1", "torch==2.5.1"),
    "range that excludes it": ("pip install 'torch<2.5'", "'torch<2.5'"),
    "newer range": ("pip install 'torch>=2.6'", "'torch>=2.6'"),
    "torchvision of another": ("pip install torchvision==0.21.0", "torchvision==0.21.0"),
    "torchaudio of another": ("pip install torchaudio==2.4.1", "torchaudio==2.4.1"),
    "wheel": (
        f"pip install {INDEX}cu118/torch-2.5.1%2Bcu118-cp311-cp311-linux_x86_64.whl",
        f"{INDEX}cu118/torch-2.5.1%2Bcu118-cp311-cp311-linux_x86_64.whl",
    ),
    "uv": ("uv pip install --system torch==2.6.0", "torch==2.6.0"),
    "among others": ("pip install timm==1.0.9 torch==2.6.0", "torch==2.6.0"),
    "conda": ("conda install -y pytorch=2.4.0 -c conda-forge", "pytorch=2.4.0"),
}
KEPT = {
    "in a folder": "RUN pip install --target /opt/lib torch==2.6.0",
    "in a folder, uv": "RUN uv pip install --target /opt/lib torch==2.6.0",
    "the same release": "RUN pip install torch==2.5.1",
    "the same build": f"RUN pip install torch==2.5.1+cu124 --index-url {INDEX}cu124",
    "unpinned": "RUN pip install torch torchvision torchaudio",
    "satisfied": "RUN pip install 'torch>=2.0'",
    "torchvision that goes with it": f"RUN pip install torchvision==0.20.1 -i {INDEX}cu124",
    "without dependencies": "RUN pip install --no-deps torchvision==0.21.0",
    "another package": "RUN pip install torchmetrics==1.4.0 pytorch-lightning==2.4.0",
    "another environment": "RUN python -m venv /opt/v && /opt/v/bin/pip install torch==2.6.0",
    "another base": f"{CUDA}RUN pip install torch==2.6.0",
    "private image": "FROM registry.example.com/team/pytorch:2.5.1\nRUN pip install torch==2.6.0",
    "not known": "ARG V\nRUN pip install torch==$V",
    "downloaded": "RUN pip download torch==2.6.0",
    "project": "RUN uv sync",
    "unused stage": f"{PYTORCH.strip()} AS old\nRUN pip install torch==2.6.0\n{PYTORCH}",
    "conda, another environment": "RUN conda create -n x pytorch=2.4.0",
    "conda, the same": "RUN conda install -y pytorch=2.5",
    "base by argument": "ARG T\nFROM pytorch/pytorch:$T\nRUN pip install torch==2.6.0",
}


def test_a_tag_without_the_patch_release_may_be_the_one_that_is_wanted() -> None:
    text = "FROM pytorch/pytorch:1.3-cuda10.1-cudnn7-runtime\nRUN pip install torch=={}\n"
    assert places("MLD112", text.format("1.3.1")) == []
    assert places("MLD112", text.format("1.4.0")) == ["torch==1.4.0"]


@pytest.mark.parametrize(("text", "word"), in_all_forms(OVERWRITTEN, PYTORCH))
def test_the_bases_torch_is_not_replaced(text: str, word: str) -> None:
    (found,) = of("MLD112", text)
    assert found.severity == "error"
    assert word.strip("'") in places("MLD112", text)[0]


@pytest.mark.parametrize("text", named(KEPT, PYTORCH))
def test_what_leaves_the_bases_torch_alone_is_no_finding(text: str) -> None:
    assert of("MLD112", text) == []


@pytest.mark.parametrize(
    ("command", "severities"),
    [
        (f"pip install torch==2.4.0 --index-url {INDEX}cu121", ["error"]),
        ("pip install torch==2.5.0", ["error"]),
        ("pip install torchvision==0.20.0", ["error"]),
        ("pip install 'torch>=2.5.0'", ["error"]),
        ("pip install 'torch>=2.4'", []),
        ("pip install torch torchvision", []),
        ("pip install transformers==4.46.0 torchmetrics==1.4.0", []),
        ("pip install --no-deps torchvision==0.20.0", []),
        ("pip install vllm==0.6.3", ["info"]),
    ],
)
def test_ngcs_own_build_satisfies_no_pinned_version(command: str, severities: list[str]) -> None:
    assert [item.severity for item in of("MLD112", f"{NGC}RUN {command}\n")] == severities
    unknown = NGC.replace("24.10", "26.07")
    if "==" in command:
        assert [i.severity for i in of("MLD112", f"{unknown}RUN {command}\n")] == severities


def test_a_torch_taken_out_on_purpose_is_no_error() -> None:
    text = f"{PYTORCH}RUN pip uninstall -y torch\nRUN pip install torch==2.6.0\n"
    assert [item.severity for item in of("MLD112", text)] == ["info"]


def test_requirements_files_count() -> None:
    text = f"{NGC}COPY r.txt .\nRUN pip install -r r.txt\n"
    (found,) = of("MLD112", text, **{"r.txt": "numpy==1.26.4\ntorch==2.4.0\n"})
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("r.txt", 2)
    assert found.autofix is None


def test_a_command_that_replaces_all_three_is_told_once() -> None:
    text = f"{PYTORCH}RUN pip install torchvision==0.21.0 torch==2.6.0 torchaudio==2.6.0\n"
    assert places("MLD112", text) == ["torch==2.6.0"]


def test_torchs_family_is_taken_out_and_nothing_else() -> None:
    assert_fixed(
        f"{NGC}RUN pip install torch==2.4.0 timm==1.0.9 torchvision==0.19.0\n",
        "MLD112",
        expected=f"{NGC}RUN pip install timm==1.0.9\n",
    )
    assert_fixed(
        f"{NGC}RUN pip install torch==2.4.0 && pip install timm==1.0.9\n",
        "MLD112",
        expected=f"{NGC}RUN pip install timm==1.0.9\n",
    )


# MLD114

CHOSEN = f"{CUDA}RUN pip install torch==2.6.0 --index-url {INDEX}cu118\n"
MOVED = {
    "another release": ("pip install torch==2.7.1", "torch==2.7.1"),
    "upgraded": ("pip install --upgrade torch", "torch"),
    "range that excludes it": ("pip install 'torch>=2.7'", "'torch>=2.7'"),
    "another build": ("pip install torch==2.6.0+cu124", "torch==2.6.0+cu124"),
    "by force": ("pip install --force-reinstall torch==2.6.0", "torch==2.6.0"),
    "open torchvision": ("pip install torchvision", "torchvision"),
    "open torchvision, same index": (
        f"pip install torchvision --index-url {INDEX}cu118",
        "torchvision",
    ),
    "among others": ("pip install timm torch==2.7.1", "torch==2.7.1"),
}
NOT_MOVED = {
    "satisfied": f"{CHOSEN}RUN pip install torch==2.6.0",
    "satisfied range": f"{CHOSEN}RUN pip install 'torch>=2.0'",
    "open torchaudio": f"{CHOSEN}RUN pip install torchaudio",
    "torchvision that goes with it": f"{CHOSEN}RUN pip install torchvision==0.21.0",
    "without dependencies": f"{CHOSEN}RUN pip install --no-deps torchvision",
    "upgraded, same index": f"{CHOSEN}RUN pip install -U torch --index-url {INDEX}cu118",
    "another environment": f"{CHOSEN}RUN /opt/v/bin/pip install torch==2.7.1",
    "another package": f"{CHOSEN}RUN pip install torchmetrics lightning",
    "default first": f"{SLIM}RUN pip install torch==2.6.0\nRUN pip install torch==2.7.1",
    "the same command": f"{CUDA}RUN pip install xformers==0.0.29 torch==2.6.0 -i {INDEX}cu124",
    "torchvision was there": f"{CUDA}RUN pip install torch==2.6.0 torchvision==0.21.0"
    f" --index-url {INDEX}cu118\nRUN pip install torchvision",
    "not known": f"ARG V\n{CHOSEN}ARG V\nRUN pip install torch==$V",
    "unread file": f"{CHOSEN}RUN pip install -r requirements.txt",
    "newest torch": f"{CUDA}RUN pip install torch==2.15.0 --index-url {INDEX}cu132\n"
    "RUN pip install torchvision",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(MOVED, CHOSEN))
def test_a_later_installation_that_moves_torch_is_found(text: str, word: str) -> None:
    (found,) = of("MLD114", text)
    assert found.severity == "warning"
    assert word.strip("'") in places("MLD114", text)[0]


@pytest.mark.parametrize("text", named(NOT_MOVED, CUDA))
def test_a_later_installation_that_leaves_torch_alone_is_no_warning(text: str) -> None:
    assert {item.severity for item in of("MLD114", text)} <= {"info"}


def test_torch_named_again_in_a_file_is_good_to_know() -> None:
    text = f"{CHOSEN}COPY r.txt .\nRUN pip install -r r.txt\n"
    (found,) = of("MLD114", text, **{"r.txt": "numpy==2.1.0\ntorch\n"})
    assert found.severity == "info"
    assert found.location is not None
    assert found.location.file == "r.txt"
    text = text.replace("install -r", "install -U -r")
    (found,) = of("MLD114", text, **{"r.txt": "numpy==2.1.0\ntorch\n"})
    assert found.severity == "warning"


def test_an_index_that_gets_no_more_releases_says_which_torch_is_there() -> None:
    chosen = f"{CUDA}RUN pip install torch --index-url {INDEX}cu121\n"
    for command in ("torch==2.9.1", "torchvision", "'torch>=2.6'"):
        found = of("MLD114", f"{chosen}RUN pip install {command}\n")
        assert [item.severity for item in found] == ["warning"], command
    assert of("MLD114", f"{chosen}RUN pip install torch==2.5.1\n") == []
    newest = chosen.replace("cu121", "cu132")
    assert of("MLD114", f"{newest}RUN pip install torchvision\n") == []


def test_torchvision_is_pinned_to_what_goes_with_torch() -> None:
    assert_fixed(
        f"{CHOSEN}RUN pip install torchvision\n",
        "MLD114",
        expected=f"{CHOSEN}RUN pip install torchvision==0.21.0\n",
    )


def test_a_torch_of_an_earlier_stage_counts() -> None:
    text = CHOSEN.replace("\n", " AS base\n", 1) + "FROM base\nRUN pip install torch==2.7.1\n"
    assert len(of("MLD114", text)) == 1


def test_a_package_that_pins_torch_is_good_to_know() -> None:
    text = f"{CHOSEN}RUN pip install vllm\n"
    assert [item.severity for item in of("MLD114", text)] == ["info"]
    assert places("MLD114", text) == ["vllm"]
    assert of("MLD114", text.replace("vllm", "vllm==0.8.5")) == []
    assert of("MLD114", f"{CUDA}RUN pip install vllm\n") == []


def test_a_package_that_is_known_to_ask_for_another_torch_replaces_it() -> None:
    text = f"{PYTORCH}RUN pip install xformers==0.0.29.post3\n"
    (found,) = of("MLD112", text)
    assert (found.severity, bool(found.as_of)) == ("error", True)
    assert of("MLD112", text.replace("0.0.29.post3", "0.0.28.post3")) == []
    assert of("MLD112", text.replace("install", "install --no-deps")) == []
    unknown = of("MLD112", text.replace("0.0.29.post3", "0.0.31"))
    assert [(item.severity, item.confidence) for item in unknown] == [("info", "low")]
    torch = f"RUN pip install torch==2.6.0 -i {INDEX}cu126\n"
    text = f"{SLIM}{torch}RUN pip install xformers==0.0.28.post3\n"
    assert [item.severity for item in of("MLD114", text)] == ["warning"]
    assert of("MLD114", text.replace("0.0.28.post3", "0.0.29.post3")) == []
    assert of("MLD114", text.replace("xformers", "--no-deps xformers")) == []
