"""A GPU that a build does not have (MLD110)."""

from __future__ import annotations

import pytest
from cases import CUDA, in_all_forms, named, of, places

ASSERTED = '"import torch; assert torch.cuda.is_available()"'
NEEDED = {
    "nvidia-smi": ("nvidia-smi", "nvidia-smi"),
    "nvidia-smi with options": ("nvidia-smi -L", "nvidia-smi"),
    "by its path": ("/usr/bin/nvidia-smi", "/usr/bin/nvidia-smi"),
    "assertion": (f"python -c {ASSERTED}", ASSERTED),
    "assertion, python3": (f"python3 -u -c {ASSERTED}", ASSERTED),
    "assertion in a venv": (f"/opt/venv/bin/python -c {ASSERTED}", ASSERTED),
    "count": (
        'python -c "import torch; assert torch.cuda.device_count() > 0"',
        '"import torch; assert torch.cuda.device_count() > 0"',
    ),
    "name": (
        'python -c "import torch; print(torch.cuda.get_device_name(0))"',
        '"import torch; print(torch.cuda.get_device_name(0))"',
    ),
    "tensor": (
        "python -c \"import torch; torch.zeros(1).to('cuda')\"",
        "\"import torch; torch.zeros(1).to('cuda')\"",
    ),
    "method": (
        'python -c "import torch; torch.zeros(1).cuda()"',
        '"import torch; torch.zeros(1).cuda()"',
    ),
    "exit": (
        'python -c "import sys, torch; sys.exit(not torch.cuda.is_available())"',
        '"import sys, torch; sys.exit(not torch.cuda.is_available())"',
    ),
    "jax": (
        "python -c \"import jax; assert jax.devices('gpu')\"",
        "\"import jax; assert jax.devices('gpu')\"",
    ),
}
NOT_NEEDED = {
    "tried": "RUN nvidia-smi || true",
    "tried, with a word": "RUN nvidia-smi || echo no GPU here",
    "asked": "RUN if nvidia-smi; then echo yes; fi",
    "not the last of a list": "RUN nvidia-smi; true",
    "in a pipe": "RUN nvidia-smi | head -1",
    "with a GPU": "RUN --device=nvidia.com/gpu=all nvidia-smi",
    "when it runs": 'CMD ["nvidia-smi"]',
    "entrypoint": "ENTRYPOINT nvidia-smi",
    "health": "HEALTHCHECK CMD nvidia-smi || exit 1",
    "version of CUDA": 'RUN python -c "import torch; assert torch.version.cuda"',
    "guarded": "RUN python -c \"import torch; d = 'cuda' if torch.cuda.is_available() else 'cpu'; "
    'torch.zeros(1).to(d)"',
    "guarded by if": 'RUN python -c "import torch\nif torch.cuda.is_available(): '
    'print(torch.cuda.get_device_name())"',
    "said only": "RUN echo nvidia-smi && echo 'assert torch.cuda.is_available()' > /check.py",
    "nvcc": "RUN nvcc --version",
    "comment in Python": "RUN python <<EOF\nimport torch\n# assert torch.cuda.is_available()\nEOF",
    "unused stage": f"{CUDA.strip()} AS x\nRUN nvidia-smi\n{CUDA}",
    "a tool of that name": "RUN pip install nvidia-smi-exporter",
    "import": 'RUN python -c "import torch, torchvision"',
    "copied text": "COPY <<EOF /check.sh\nnvidia-smi\nEOF",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(NEEDED, CUDA, but=("exec-bash", "bash -c")))
def test_a_build_that_needs_a_gpu_is_an_error(text: str, word: str) -> None:
    (found,) = of("MLD110", text)
    assert found.severity == "error"
    assert places("MLD110", text) == [word]


@pytest.mark.parametrize("text", named(NOT_NEEDED, CUDA))
def test_a_build_that_does_without_is_no_finding(text: str) -> None:
    assert of("MLD110", text) == []


@pytest.mark.parametrize("text", ['RUN ["nvidia-smi"]', "RUN bash -c 'nvidia-smi'"])
def test_the_exec_form_and_a_shell_in_it_count(text: str) -> None:
    assert places("MLD110", f"{CUDA}{text}\n") == ["nvidia-smi"]


def test_python_in_a_heredoc_counts() -> None:
    for text in (
        "RUN python3 <<EOF\nimport torch\nassert torch.cuda.is_available(), 'no GPU'\nEOF\n",
        "RUN <<EOF python3\nimport torch\nassert torch.cuda.is_available()\nEOF\n",
        "RUN <<EOF\n#!/usr/bin/env python3\nimport torch\nassert torch.cuda.is_available()\nEOF\n",
        "RUN <<EOF\n#!/usr/bin/python3\nimport torch\nprint(torch.cuda.get_device_name(0))\nEOF\n",
    ):
        assert [item.severity for item in of("MLD110", CUDA + text)] == ["error"], text


def test_a_question_that_stops_nothing_is_good_to_know() -> None:
    text = f'{CUDA}RUN python -c "import torch; print(torch.cuda.is_available())"\n'
    assert [item.severity for item in of("MLD110", text)] == ["info"]


def test_a_long_stretch_of_white_space_is_read_once() -> None:
    text = f"{CUDA}RUN python -c 'import torch; assert{' ' * 20_000}torch.cuda'\n"
    assert of("MLD110", text) == []  # three stretches in a row would take for ever
