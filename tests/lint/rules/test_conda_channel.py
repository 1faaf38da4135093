"""conda's channel pytorch (MLD120)."""

from __future__ import annotations

import pytest
from cases import in_all_forms, named, of, places

CONDA = "FROM continuumio/miniconda3:24.7.1-0\n"
ENDED = {
    "newer": ("conda install -y pytorch==2.6.0 -c pytorch", "pytorch==2.6.0"),
    "newer, one sign": ("conda install -y pytorch=2.6 -c pytorch -c nvidia", "pytorch=2.6"),
    "lower bound": ("conda install -y 'pytorch>=2.6' -c pytorch", "'pytorch>=2.6'"),
    "above the last": ("conda install -y 'pytorch>2.5.1' -c pytorch", "'pytorch>2.5.1'"),
    "mamba": ("mamba install -y -c pytorch pytorch==2.7.1", "pytorch==2.7.1"),
    "micromamba": ("micromamba install -y -c pytorch pytorch==2.7.1", "pytorch==2.7.1"),
    "channel in the name": ("conda install -y pytorch::pytorch==2.8.0", "pytorch::pytorch==2.8.0"),
    "channel by address": (
        "conda install -y -c https://conda.anaconda.org/pytorch pytorch==2.6.0",
        "pytorch==2.6.0",
    ),
    "channel by configuration": (
        "conda config --add channels pytorch && conda install -y pytorch==2.6.0",
        "pytorch==2.6.0",
    ),
    "torchvision": ("conda install -y torchvision==0.21.0 -c pytorch", "torchvision==0.21.0"),
    "pytorch-cuda": (
        "conda install -y pytorch-cuda=12.6 -c pytorch -c nvidia",
        "pytorch-cuda=12.6",
    ),
    "create": ("conda create -n x python=3.11 pytorch=2.6.0 -c pytorch", "pytorch=2.6.0"),
}
THERE = {
    "the last": "RUN conda install -y pytorch==2.5.1 pytorch-cuda=12.4 -c pytorch -c nvidia",
    "older": "RUN conda install -y pytorch=2.1 torchvision=0.16 -c pytorch",
    "its minor": "RUN conda install -y pytorch=2.5 -c pytorch",
    "above an older": "RUN conda install -y 'pytorch>2.4' -c pytorch",
    "another channel": "RUN conda install -y pytorch==2.6.0 -c conda-forge",
    "default channel": "RUN conda install -y pytorch==2.6.0",
    "another package": "RUN conda install -y faiss-gpu==1.9.0 -c pytorch",
    "pip": "RUN pip install torch==2.6.0",
    "said only": "RUN echo conda install pytorch==2.6.0 -c pytorch",
    "unused stage": f"{CONDA.strip()} AS x\nRUN conda install pytorch==2.6.0 -c pytorch\n{CONDA}",
    "not known": "ARG V\nRUN conda install -y pytorch==$V -c pytorch",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(ENDED, CONDA))
def test_what_the_channel_has_not_is_a_warning(text: str, word: str) -> None:
    (found,) = of("MLD120", text)
    assert found.severity == "warning"
    assert word.strip("'") in places("MLD120", text)[0]


@pytest.mark.parametrize("text", named(THERE, CONDA))
def test_what_is_there_is_no_finding(text: str) -> None:
    assert of("MLD120", text) == []


def test_no_version_and_another_channel_are_good_to_know() -> None:
    for command in (
        "conda install -y pytorch torchvision -c pytorch",
        "conda install -y pytorch==2.6.0 -c pytorch -c conda-forge",
    ):
        assert [i.severity for i in of("MLD120", f"{CONDA}RUN {command}\n")] == ["info"], command


def test_an_environment_file_counts() -> None:
    text = f"{CONDA}COPY environment.yml .\nRUN conda env create -f environment.yml\n"
    listed = "channels:\n  - pytorch\n  - nvidia\ndependencies:\n  - pytorch=2.6.0\n"
    (found,) = of("MLD120", text, **{"environment.yml": listed})
    assert found.severity == "warning"
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("environment.yml", 5)
    assert found.location.column == len("  - ") + 1
    ours = listed.replace("2.6.0", "2.5.1")
    assert of("MLD120", text, **{"environment.yml": ours}) == []
    bound = "channels: [conda-forge]\ndependencies:\n  - pytorch::pytorch=2.6.0\n"
    assert [i.severity for i in of("MLD120", text, **{"environment.yml": bound})] == ["warning"]
    other = listed.replace("pytorch=2.6.0", "conda-forge::pytorch=2.6.0")
    assert of("MLD120", text, **{"environment.yml": other}) == []


def test_a_channel_of_an_earlier_instruction_counts() -> None:
    text = f"{CONDA}RUN conda config --append channels pytorch\nRUN conda install pytorch=2.6\n"
    assert len(of("MLD120", text)) == 1
    assert of("MLD120", text.replace("--append", "--remove")) == []
