"""Which build of torch is installed (MLD102, MLD103)."""

from __future__ import annotations

import pytest
from cases import CUDA, SLIM, assert_fixed, in_all_forms, named, of, places, variants

INDEX = "https://download.pytorch.org/whl/"
CPU_INDEX = f"--index-url {INDEX}cpu"

# MLD102

CPU = {
    "index": (f"pip install torch==2.7.1 --index-url {INDEX}cpu", f"{INDEX}cpu"),
    "local version": (
        f"pip install torch==2.7.1+cpu --extra-index-url {INDEX}cpu",
        "torch==2.7.1+cpu",
    ),
    "short option": (f"pip install torch==2.7.1 -i {INDEX}cpu", f"{INDEX}cpu"),
    "unpinned": (f"pip install torch --index-url {INDEX}cpu", f"{INDEX}cpu"),
    "python -m": (f"python3 -m pip install torch==2.7.1 -i {INDEX}cpu", f"{INDEX}cpu"),
    "uv": (
        "uv pip install --system torch==2.7.1 --torch-backend=cpu",
        "--torch-backend=cpu",
    ),
    "uv, apart": ("uv pip install --system torch==2.7.1 --torch-backend cpu", "cpu"),
    "mirror": (
        "pip install torch==2.7.1 -i https://mirror.sjtu.edu.cn/pytorch-wheels/cpu",
        "https://mirror.sjtu.edu.cn/pytorch-wheels/cpu",
    ),
    "by address": (
        f"pip install {INDEX}cpu/torch-2.7.1%2Bcpu-cp310-cp310-manylinux_2_28_x86_64.whl",
        f"{INDEX}cpu/torch-2.7.1%2Bcpu-cp310-cp310-manylinux_2_28_x86_64.whl",
    ),
}
NOT_CPU = {
    "slim": f"{SLIM}RUN pip install torch==2.7.1 {CPU_INDEX}",
    "cuda": f"RUN pip install torch==2.7.1 --index-url {INDEX}cu128",
    "default": "RUN pip install torch==2.7.1",
    "builder": f"{CUDA.strip()} AS test\nRUN pip install torch==2.7.1 {CPU_INDEX}\n"
    f"{CUDA}COPY --from=test /report /report\nRUN pip install torch==2.7.1",
    "unused stage": f"{CUDA.strip()} AS test\nRUN pip install torch==2.7.1 {CPU_INDEX}\n{CUDA}",
    "replaced later": f"RUN pip install torch==2.7.1 {CPU_INDEX}\n"
    f"RUN pip install torch==2.7.1+cu128 --index-url {INDEX}cu128",
    "two environments": f"RUN /opt/a/bin/pip install torch==2.7.1 {CPU_INDEX}\n"
    f"RUN /opt/b/bin/pip install torch==2.7.1 --index-url {INDEX}cu128",
    "not known": "RUN pip install torch==2.7.1 --index-url $INDEX",
    "private mirror of a base": "FROM registry.example.com/team/pytorch:1\n"
    f"RUN pip install torch==2.7.1 {CPU_INDEX}",
    "base by argument": f"ARG BASE\nFROM ${{BASE}}\nRUN pip install torch==2.7.1 {CPU_INDEX}",
    "only downloaded": f"RUN pip download torch==2.7.1 {CPU_INDEX}",
    "not torch": f"RUN pip install torchmetrics==1.4.0 {CPU_INDEX}",
    "only said": f"RUN echo pip install torch {CPU_INDEX}",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(CPU, CUDA))
def test_torch_for_the_cpu_on_an_image_with_cuda_is_found(text: str, word: str) -> None:
    (found,) = of("MLD102", text)
    assert found.severity == "error"
    assert [item.split("=", 1)[-1] for item in places("MLD102", text)] == [word.split("=", 1)[-1]]


@pytest.mark.parametrize(
    ("text", "word"),
    in_all_forms({name: case for name, case in CPU.items() if name != "by address"}, CUDA),
)
def test_torch_for_the_cpu_is_mended_in_every_form(text: str, word: str) -> None:
    del word
    assert_fixed(text, "MLD102")


@pytest.mark.parametrize("text", named(NOT_CPU, CUDA))
def test_torch_for_the_cpu_where_it_may_be_meant_is_no_finding(text: str) -> None:
    assert of("MLD102", text) == []


@pytest.mark.parametrize(
    "base",
    [
        "nvidia/cuda:12.4.1-runtime-ubuntu22.04",
        "docker.io/nvidia/cuda:12.4.1-runtime-ubuntu22.04",
        "nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04",
        "mirror.example.com:5000/nvidia/cuda:12.4.1-base-ubuntu22.04",
        "nvidia/cuda@sha256:" + "0" * 64,
        "nvidia/cuda:12.4-runtime",
    ],
)
def test_every_name_of_nvidias_image_is_an_image_with_cuda(base: str) -> None:
    assert of("MLD102", f"FROM {base}\nRUN pip install torch==2.6.0 {CPU_INDEX}\n")


def test_an_index_by_variable_counts() -> None:
    text = f"{CUDA}ENV PIP_INDEX_URL={INDEX}cpu\nRUN pip install torch==2.6.0\n"
    assert places("MLD102", text) == ["torch==2.6.0"]
    text = f"{CUDA}ENV UV_TORCH_BACKEND=cpu\nRUN uv pip install --system torch==2.6.0\n"
    assert places("MLD102", text) == ["torch==2.6.0"]


def test_a_requirements_file_and_a_project_count() -> None:
    text = f"{CUDA}COPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    listed = f"--index-url {INDEX}cpu\nnumpy==2.1.0\ntorch==2.6.0\n"
    (found,) = of("MLD102", text, **{"requirements.txt": listed})
    assert found.severity == "error"
    project = (
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["torch==2.6.0"]\n'
        '[tool.uv.sources]\ntorch = { index = "cpu" }\n'
        f'[[tool.uv.index]]\nname = "cpu"\nurl = "{INDEX}cpu"\nexplicit = true\n'
    )
    text = f"{CUDA}COPY pyproject.toml .\nRUN uv sync\n"
    assert len(of("MLD102", text, **{"pyproject.toml": project})) == 1


def test_pip_does_not_heed_uvs_sources_and_poetry_heeds_its_own() -> None:
    project = (
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["torch==2.9.1"]\n'
        '[tool.uv.sources]\ntorch = { index = "cpu" }\n'
        f'[[tool.uv.index]]\nname = "cpu"\nurl = "{INDEX}cpu"\nexplicit = true\n'
    )
    text = f"{CUDA}COPY pyproject.toml .\nRUN pip install .\n"
    assert of("MLD102", text, **{"pyproject.toml": project}) == []
    text = text.replace("pip install", "uv pip install --system")
    assert len(of("MLD102", text, **{"pyproject.toml": project})) == 1
    poetry = (
        '[tool.poetry.dependencies]\ntorch = { version = "2.9.1", source = "cpu" }\n'
        f'[[tool.poetry.source]]\nname = "cpu"\nurl = "{INDEX}cpu"\npriority = "explicit"\n'
    )
    text = f"{CUDA}COPY pyproject.toml .\nRUN poetry install\n"
    assert len(of("MLD102", text, **{"pyproject.toml": poetry})) == 1


def test_the_build_for_the_extra_that_is_taken_counts() -> None:
    project = (
        '[project]\nname = "x"\nversion = "1"\ndependencies = []\n'
        '[project.optional-dependencies]\ncpu = ["torch==2.9.1"]\ngpu = ["torch==2.9.1"]\n'
        '[tool.uv.sources]\ntorch = [{ index = "cpu", extra = "cpu" }, '
        '{ index = "gpu", extra = "gpu" }]\n'
        f'[[tool.uv.index]]\nname = "cpu"\nurl = "{INDEX}cpu"\nexplicit = true\n'
        f'[[tool.uv.index]]\nname = "gpu"\nurl = "{INDEX}cu128"\nexplicit = true\n'
    )
    text = f"{CUDA}COPY pyproject.toml .\nRUN uv sync --extra cpu\n"
    assert len(of("MLD102", text, **{"pyproject.toml": project})) == 1
    text = text.replace("--extra cpu", "--extra gpu")
    assert of("MLD102", text, **{"pyproject.toml": project}) == []


def test_an_environment_that_is_copied_counts() -> None:
    text = (
        f"{SLIM.strip()} AS build\nRUN python -m venv /opt/venv && /opt/venv/bin/pip install "
        f"torch==2.6.0 {CPU_INDEX}\n{CUDA}COPY --from=build /opt/venv /opt/venv\n"
    )
    assert len(of("MLD102", text)) == 1
    assert of("MLD102", text.replace("--from=build /opt/venv", "--from=build /opt/other")) == []


def test_uv_that_asks_the_builders_driver_is_a_warning() -> None:
    text = f"{CUDA}RUN uv pip install --system torch==2.6.0 --torch-backend=auto\n"
    assert [item.severity for item in of("MLD102", text)] == ["warning"]
    told = text.replace("RUN", "ENV UV_CUDA_DRIVER_VERSION=550\nRUN", 1)
    assert of("MLD102", told) == []
    assert of("MLD102", text.replace("auto", "cu124")) == []


def test_tensorflow_for_the_cpu_is_a_warning_where_nothing_is_for_gpus() -> None:
    text = f"{CUDA}RUN pip install tensorflow-cpu==2.16.1\n"
    assert [item.severity for item in of("MLD102", text)] == ["warning"]
    assert of("MLD102", f"{text}RUN pip install torch==2.8.0\n") == []
    assert of("MLD102", text.replace(CUDA, SLIM)) == []


def test_the_default_wheel_for_arm_was_for_the_cpu() -> None:
    arm = CUDA.replace("FROM ", "FROM --platform=linux/arm64 ")
    assert [item.severity for item in of("MLD102", f"{arm}RUN pip install torch==2.8.0\n")] == [
        "warning"
    ]
    assert of("MLD102", f"{arm}RUN pip install torch==2.12.0\n") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"torch==2.7.1 --index-url {INDEX}cpu", f"torch==2.7.1 --index-url {INDEX}cu128"),
        (f"torch==2.6.0 --index-url {INDEX}cpu", f"torch==2.6.0 --index-url {INDEX}cu126"),
        (
            f"torch==2.7.1+cpu torchvision==0.22.1+cpu --extra-index-url {INDEX}cpu",
            f"torch==2.7.1+cu128 torchvision==0.22.1+cu128 --extra-index-url {INDEX}cu128",
        ),
    ],
)
def test_the_build_for_the_images_cuda_is_taken_instead(before: str, after: str) -> None:
    for form in ("plain", "heredoc", "onbuild", "continued", "bash -c"):
        fixed = variants(f"pip install {after}")[form]
        assert_fixed(
            CUDA + variants(f"pip install {before}")[form], "MLD102", expected=CUDA + fixed
        )


def test_uvs_backend_is_changed() -> None:
    for before, after in (("=cpu", "=cu128"), (" cpu", " cu128")):
        text = f"{CUDA}RUN uv pip install --system torch==2.8.0 --torch-backend{before}\n"
        assert_fixed(text, "MLD102", expected=text.replace(before, after))


# MLD103

NONEXISTENT = {
    "local version": ("pip install torch==2.9.1+cu121", "torch==2.9.1+cu121"),
    "local version and index": (
        f"pip install torch==2.9.1+cu121 --extra-index-url {INDEX}cu121",
        "torch==2.9.1+cu121",
    ),
    "index": (f"pip install torch==2.9.1 --index-url {INDEX}cu121", f"{INDEX}cu121"),
    "index that never was": (f"pip install torch --index-url {INDEX}cu122", f"{INDEX}cu122"),
    "index that never was, pinned": (
        f"pip install torch==2.4.0 --index-url {INDEX}cu123",
        f"{INDEX}cu123",
    ),
    "index that never was, of torchvision": (
        f"pip install torchvision --index-url {INDEX}cu120",
        f"{INDEX}cu120",
    ),
    "ended cu118": (f"pip install torch==2.8.0 -i {INDEX}cu118", f"{INDEX}cu118"),
    "too old for cu128": ("pip install torch==2.6.0+cu128", "torch==2.6.0+cu128"),
    "quoted": ("pip install 'torch==2.9.1+cu121'", "'torch==2.9.1+cu121'"),
    "two parts": (f"pip install torch==2.1 -i {INDEX}cu124", f"{INDEX}cu124"),
    "uv's backend": (
        "uv pip install --system torch==2.9.1 --torch-backend cu121",
        "cu121",
    ),
    "torchvision": ("pip install torchvision==0.24.1+cu121", "torchvision==0.24.1+cu121"),
    "torchaudio": ("pip install torchaudio==2.5.1+cu126", "torchaudio==2.5.1+cu126"),
    "release that never was": ("pip install torch==2.5.2", "torch==2.5.2"),
    "uv's first index": (
        f"uv pip install --system torch==2.9.1 --extra-index-url {INDEX}cu121",
        f"{INDEX}cu121",
    ),
}
EXISTENT = {
    "index": f"RUN pip install torch==2.9.1 --index-url {INDEX}cu128",
    "local": f"RUN pip install torch==2.6.0+cu118 --index-url {INDEX}cu118",
    "cu129 of 2.8": f"RUN pip install torch==2.8.0 --index-url {INDEX}cu129",
    "cpu": f"RUN pip install torch==2.9.1+cpu --index-url {INDEX}cpu",
    "unpinned": f"RUN pip install torch --index-url {INDEX}cu118",
    "newer than the tables": f"RUN pip install torch==9.0.0 --index-url {INDEX}cu118",
    "index newer than the tables": f"RUN pip install torch==2.15.0 --index-url {INDEX}cu151",
    "announced only": f"RUN pip install torch==2.15.0 --index-url {INDEX}cu130",
    "older than the tables": "RUN pip install torch==1.8.1+cu111 "
    "-f https://download.pytorch.org/whl/torch_stable.html",
    "older index": f"RUN pip install torch --index-url {INDEX}cu110",
    "nightly": f"RUN pip install --pre torch --index-url {INDEX}nightly/cu127",
    "nightly, pinned": f"RUN pip install torch==2.9.0.dev20250801+cu122 -i {INDEX}nightly/cu122",
    "rocm": f"RUN pip install torch==2.6.0 --index-url {INDEX}rocm6.2.4",
    "rocm by version": f"RUN pip install torch==2.9.0+rocm6.4 --index-url {INDEX}rocm6.4",
    "private index": "RUN pip install torch==2.5.2 --index-url https://pkgs.example.com/simple",
    "version by argument": f"ARG V\nRUN pip install torch==${{V}} --index-url {INDEX}cu121",
    "range": "RUN pip install 'torch>=2.5.2'",
    "torchvision": f"RUN pip install torchvision==0.20.1+cu121 --index-url {INDEX}cu121",
    "another package": "RUN pip install mypackage==1.0+cu122",
    "post release": "RUN pip install torch==2.5.1.post1",
    "prefix": "RUN pip install 'torch==2.5.*'",
    "comment": "# pip install torch==2.9.1+cu121\nRUN true",
    "for another system": "RUN pip install 'torch==2.9.1+cu121; sys_platform == \"win32\"'",
    "for some Pythons": "RUN pip install 'torch==2.9.1+cu121; python_version < \"3.9\"'",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(NONEXISTENT))
def test_a_build_that_never_was_is_found(text: str, word: str) -> None:
    (found,) = of("MLD103", text)
    assert found.severity == "error"
    assert found.as_of
    assert word.strip("'") in places("MLD103", text)[0]


@pytest.mark.parametrize("text", named(EXISTENT))
def test_a_build_that_exists_or_may_is_no_finding(text: str) -> None:
    assert of("MLD103", text) == []


def test_an_index_has_the_builds_for_one_cuda_alone() -> None:
    text = f"{SLIM}RUN pip install torch==2.7.0+cu126 --index-url {INDEX}cu128\n"
    assert [item.severity for item in of("MLD103", text)] == ["error"]
    assert of("MLD103", text.replace("cu128", "cu126")) == []
    assert of("MLD103", f"{text[:-1]} --extra-index-url {INDEX}cu126\n") == []


def test_a_default_that_steps_in_for_an_extra_index_is_a_warning() -> None:
    text = f"{SLIM}RUN pip install torch==2.9.1 --extra-index-url {INDEX}cu121\n"
    assert [item.severity for item in of("MLD103", text)] == ["warning"]
    assert of("MLD103", text.replace("cu121", "cu126")) == []


def test_a_requirements_file_is_looked_at_where_it_is() -> None:
    text = f"{SLIM}COPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    (found,) = of("MLD103", text, **{"requirements.txt": "numpy\ntorch==2.9.1+cu121\n"})
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("requirements.txt", 2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"torch==2.9.1 --index-url {INDEX}cu121", f"torch==2.9.1 --index-url {INDEX}cu126"),
        (f"torch==2.8.0 --index-url {INDEX}cu118", f"torch==2.8.0 --index-url {INDEX}cu126"),
        ("torch==2.6.0+cu128", "torch==2.6.0+cu126"),
        (f"torch --index-url {INDEX}cu122", f"torch --index-url {INDEX}cu121"),
    ],
)
def test_the_nearest_build_is_taken_instead(before: str, after: str) -> None:
    text = f"{SLIM}RUN pip install {before}\n"
    assert_fixed(text, "MLD103", expected=f"{SLIM}RUN pip install {after}\n")


def test_the_pip_part_of_an_environment_file_is_looked_at_where_it_is() -> None:
    listed = (
        "channels:\n  - conda-forge\ndependencies:\n  - python=3.12\n  - pip:\n"
        f"    - --extra-index-url {INDEX}cu121\n    - torch==2.9.1+cu121\n"
    )
    text = f"{SLIM}COPY e.yml /e.yml\nRUN micromamba create -y -n x -f /e.yml\n"
    (found,) = of("MLD103", text, **{"e.yml": listed})
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("e.yml", 7)
    good = listed.replace("cu121", "cu128")
    assert of("MLD103", text, **{"e.yml": good}) == []


def test_all_of_a_wheels_address_is_changed() -> None:
    wheel = f"{INDEX}cpu/torch-2.5.1%2Bcpu-cp310-cp310-linux_x86_64.whl"
    text = f"FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN pip install {wheel}\n"
    assert_fixed(text, "MLD102", expected=text.replace("cpu", "cu124"))
