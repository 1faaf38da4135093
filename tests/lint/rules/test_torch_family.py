"""torch, torchvision and torchaudio that do not go together (MLD113)."""

from __future__ import annotations

import pytest
from cases import CUDA, SLIM, assert_fixed, in_all_forms, named, of, places

INDEX = "https://download.pytorch.org/whl/"
WRONG = {
    "newer torch": ("pip install torch==2.9.1 torchvision==0.21.0", "torchvision==0.21.0"),
    "older torch": ("pip install torch==2.5.1 torchvision==0.21.0", "torchvision==0.21.0"),
    "another patch": ("pip install torch==2.7.0 torchvision==0.22.1", "torchvision==0.22.1"),
    "torchaudio": ("pip install torch==2.6.0 torchaudio==2.5.1", "torchaudio==2.5.1"),
    "local versions": (
        f"pip install torch==2.6.0+cu124 torchvision==0.20.1+cu124 -i {INDEX}cu124",
        "torchvision==0.20.1+cu124",
    ),
    "in two commands": (
        "pip install torch==2.9.1 && pip install torchvision==0.21.0",
        "torchvision==0.21.0",
    ),
    "torchvision first": (
        "pip install torchvision==0.21.0 && pip install torch==2.9.1",
        "torchvision==0.21.0",
    ),
    "torchvision for a newer torch": (
        "pip install torch==2.13.0 torchvision==0.29.2",
        "torchvision==0.29.2",
    ),
    "builds of two CUDAs": (
        "pip install torch==2.6.0+cu118 torchvision==0.21.0+cu124",
        "torchvision==0.21.0+cu124",
    ),
    "build for the CPU": (
        "pip install torch==2.6.0+cu124 torchvision==0.21.0+cpu",
        "torchvision==0.21.0+cpu",
    ),
    "default torchvision for cu118": (
        f"pip install torch==2.6.0 -i {INDEX}cu118 && pip install torchvision==0.21.0",
        "torchvision==0.21.0",
    ),
    "ended torchaudio": ("pip install torch==2.13.0 torchaudio==2.9.1", "torchaudio==2.9.1"),
}
NO_RELEASE = {  # nothing goes with it, or it is another build that is wanted
    "builds of two CUDAs",
    "build for the CPU",
    "default torchvision for cu118",
    "ended torchaudio",
}
RIGHT = {
    "the pair": "RUN pip install torch==2.9.1 torchvision==0.24.1 torchaudio==2.9.1",
    "local versions": "RUN pip install torch==2.6.0+cu118 torchvision==0.21.0+cu118"
    f" -i {INDEX}cu118",
    "unpinned torchvision": "RUN pip install torch==2.9.1 torchvision",
    "unpinned torch": "RUN pip install torch torchvision==0.21.0",
    "loose": "RUN pip install torch==2.14.0 torchvision==0.29.1",
    "loose, older torch": "RUN pip install torch==2.14.1 torchvision==0.29.2",
    "loose, newer torch": "RUN pip install torch==2.15.0 torchvision==0.29.2",
    "the last torchaudio": "RUN pip install torch==2.14.1 torchaudio==2.11.0",
    "newer than the tables": "RUN pip install torch==9.0.0 torchvision==0.24.1",
    "torchvision newer than the tables": "RUN pip install torch==2.15.0 torchvision==0.40.0",
    "argument": "ARG V\nRUN pip install torch==2.9.1 torchvision==$V",
    "two environments": "RUN /a/bin/pip install torch==2.9.1\n"
    "RUN /b/bin/pip install torchvision==0.21.0",
    "both replaced": "RUN pip install torch==2.5.1 torchvision==0.20.1\n"
    "RUN pip install torch==2.6.0 torchvision==0.21.0",
    "another minor of CUDA": f"RUN pip install torch==2.5.1 -i {INDEX}cu121\n"
    "RUN pip install torchvision==0.20.1",
    "a patch that is not listed": "RUN pip install torch==2.9.1 torchvision==0.24.9",
    "unused stage": f"{SLIM.strip()} AS x\n"
    f"RUN pip install torch==2.9.1 torchvision==0.21.0\n{SLIM}",
    "nightly": f"RUN pip install --pre torch torchvision -i {INDEX}nightly/cu128",
    "base's own": "FROM pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime\n"
    f"RUN pip install torchvision==0.20.1 -i {INDEX}cu124",
    "only said": "RUN echo torch==2.9.1 torchvision==0.21.0",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(WRONG))
def test_releases_that_do_not_go_together_are_found(text: str, word: str) -> None:
    (found,) = of("MLD113", text)
    assert found.severity == "error"
    assert places("MLD113", text) == [word]


@pytest.mark.parametrize(
    ("text", "word"),
    in_all_forms({name: case for name, case in WRONG.items() if name not in NO_RELEASE}),
)
def test_a_wrong_release_is_mended_in_every_form(text: str, word: str) -> None:
    del word
    assert_fixed(text, "MLD113")


@pytest.mark.parametrize("text", named(RIGHT))
def test_releases_that_go_together_or_may_are_no_finding(text: str) -> None:
    assert of("MLD113", text) == []


def test_two_files_and_two_instructions_are_compared() -> None:
    text = f"{SLIM}COPY a.txt b.txt ./\nRUN pip install -r a.txt\nRUN pip install -r b.txt\n"
    (found,) = of("MLD113", text, **{"a.txt": "torch==2.9.1\n", "b.txt": "torchvision==0.21.0\n"})
    assert found.location is not None
    assert found.location.file == "b.txt"


def test_a_pair_that_was_right_before_a_later_torch_is_left_to_people() -> None:
    text = (
        f"{SLIM}RUN pip install torch==2.3.1 torchvision==0.18.1\nRUN pip install torch==2.15.0\n"
    )
    (found,) = of("MLD113", text)
    assert found.autofix is None


def test_beside_the_bases_torch_it_is_an_error_without_dependencies_alone() -> None:
    base = "FROM pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime\n"
    alone = f"{base}RUN pip install --no-deps torchvision==0.21.0\n"
    assert [item.severity for item in of("MLD113", alone)] == ["error"]
    moved = f"{base}RUN pip install torchvision==0.21.0\n"
    assert [item.severity for item in of("MLD113", moved)] == ["info"]


def test_the_release_that_goes_with_torch_is_written() -> None:
    for before, after in (
        ("torch==2.9.1 torchvision==0.21.0", "torch==2.9.1 torchvision==0.24.1"),
        ("torch==2.9.1 'torchaudio==2.5.1'", "torch==2.9.1 'torchaudio==2.9.1'"),
        (
            "torch==2.6.0+cu124 torchvision==0.20.1+cu124",
            "torch==2.6.0+cu124 torchvision==0.21.0+cu124",
        ),
    ):
        assert_fixed(
            f"{CUDA}RUN pip install {before}\n",
            "MLD113",
            expected=f"{CUDA}RUN pip install {after}\n",
        )
