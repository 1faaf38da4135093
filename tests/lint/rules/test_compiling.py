"""Compiling for GPUs in a build (MLD107, MLD108, MLD109, MLD116)."""

from __future__ import annotations

import pytest
from cases import CUDA, SLIM, assert_fixed, in_all_forms, named, of, places

INDEX = "https://download.pytorch.org/whl/"
DEVEL = "FROM nvidia/cuda:12.8.1-devel-ubuntu22.04\n"
BUILD = "FROM nvidia/cuda:12.8.1-devel-ubuntu22.04 AS build\n"
TORCH = f"RUN pip install torch==2.8.0 --index-url {INDEX}cu128\n"
EXTENSION = (
    "from setuptools import setup\nfrom torch.utils.cpp_extension import CUDAExtension\n"
    "setup(ext_modules=[CUDAExtension('ops', ['ops.cu'])])\n"
)

# MLD107

NEED_NVCC = {
    "from source": ("pip install --no-binary flash-attn flash-attn", "flash-attn"),
    "all from source": ("pip install --no-binary :all: flash-attn", "flash-attn"),
    "forced": (
        "FLASH_ATTENTION_FORCE_BUILD=TRUE pip install flash-attn==2.8.3",
        "flash-attn==2.8.3",
    ),
    "nvcc": ("nvcc -o /app/run kernel.cu", "nvcc"),
    "nvcc by its path": ("/usr/local/cuda/bin/nvcc -c a.cu", "/usr/local/cuda/bin/nvcc"),
    "nvcc asked": ("nvcc --version", "nvcc"),
    "deepspeed's operations": ("DS_BUILD_OPS=1 pip install deepspeed==0.16.0", "deepspeed==0.16.0"),
    "apex": (
        (
            "pip install --config-settings --build-option=--cuda_ext "
            "git+https://github.com/NVIDIA/apex.git"
        ),
        "git+https://github.com/NVIDIA/apex.git",
    ),
    "gaussian splatting": (
        "pip install git+https://github.com/graphdeco-inria/diff-gaussian-rasterization@main",
        "git+https://github.com/graphdeco-inria/diff-gaussian-rasterization@main",
    ),
    "llama.cpp": (
        "CMAKE_ARGS=-DGGML_CUDA=on pip install llama-cpp-python==0.3.2",
        "llama-cpp-python==0.3.2",
    ),
    "cmake": ("cmake -B build -DGGML_CUDA=ON", "-DGGML_CUDA=ON"),
    "detectron2 by force": (
        "FORCE_CUDA=1 pip install git+https://github.com/facebookresearch/detectron2.git",
        "git+https://github.com/facebookresearch/detectron2.git",
    ),
    "setup.py of apex": ("python setup.py install --cpp_ext --cuda_ext", "setup.py"),
    "xformers from source": (
        (
            "TORCH_CUDA_ARCH_LIST=8.0 pip install"
            " git+https://github.com/facebookresearch/xformers.git@main"
        ),
        "git+https://github.com/facebookresearch/xformers.git@main",
    ),
    "flash-attn's clone": (
        (
            "git clone https://github.com/Dao-AILab/flash-attention.git && cd flash-attention"
            " && python setup.py install"
        ),
        "setup.py",
    ),
    "a part of its clone": (
        (
            "git clone --depth 1 https://github.com/Dao-AILab/flash-attention fa"
            " && cd fa/csrc/layer_norm && python setup.py install"
        ),
        "setup.py",
    ),
    "a clone by pip": (
        (
            "git clone https://github.com/graphdeco-inria/diff-gaussian-rasterization /opt/dgr"
            " && pip install /opt/dgr"
        ),
        "/opt/dgr",
    ),
}
NEED_NONE = {
    "devel": f"{DEVEL}RUN pip install --no-binary flash-attn flash-attn",
    "C extension": "RUN apt-get install -y gcc python3-dev && pip install --no-binary numpy numpy",
    "wheels": f"RUN pip install xformers==0.0.29 torch==2.6.0 --index-url {INDEX}cu124",
    "a wheel of flash-attn": "RUN pip install https://github.com/Dao-AILab/flash-attention/releases"
    "/download/v2.8.3/flash_attn-2.8.3%2Bcu12torch2.8-cp310-cp310-linux_x86_64.whl",
    "toolkit of apt": "RUN apt-get install -y cuda-toolkit-12-8\nRUN nvcc --version",
    "compiler of apt": "RUN apt-get install -y cuda-nvcc-12-8 && nvcc -c a.cu",
    "toolkit of conda": "RUN conda install -y nvidia/label/cuda-12.8.1::cuda-toolkit"
    " && nvcc -c a.cu",
    "toolkit of pip": "RUN pip install nvidia-cuda-nvcc-cu12\nRUN nvcc -c a.cu",
    "toolkit of a stage": f"{BUILD}{CUDA}COPY --from=build /usr/local/cuda /usr/local/cuda\n"
    "RUN nvcc -c a.cu",
    "toolkit's installer": "RUN sh cuda_12.4.0_550.54.14_linux.run --toolkit && nvcc -c a.cu",
    "base that is not known": "FROM registry.example.com/cuda:1\nRUN nvcc -c a.cu",
    "base by argument": "ARG B\nFROM $B\nRUN nvcc -c a.cu",
    "tried only": "RUN nvcc --version || true",
    "asked by if": "RUN if command -v nvcc; then nvcc --version; fi",
    "said only": "RUN echo nvcc is not here",
    "label": 'LABEL needs="nvcc"',
    "apex of Python alone": "RUN pip install git+https://github.com/NVIDIA/apex.git",
    "detectron2 for the CPU": f"{SLIM}RUN pip install"
    " git+https://github.com/facebookresearch/detectron2.git",
    "llama.cpp for the CPU": "RUN pip install llama-cpp-python==0.3.2",
    "plain deepspeed": "RUN pip install deepspeed==0.16.0",
    "clone of a project without CUDA": "RUN git clone https://github.com/huggingface/peft"
    " && cd peft && python setup.py install",
    "clone of apex, Python alone": "RUN git clone https://github.com/NVIDIA/apex && cd apex"
    " && pip install .",
    "version of a clone": "RUN git clone https://github.com/Dao-AILab/flash-attention"
    " && cd flash-attention && python setup.py --version",
    "wheels of a folder": "RUN pip install --no-index -f /wheels flash-attn",
    "wheels of another index": "RUN pip install --extra-index-url https://x.example/s flash-attn",
    "wheels alone": "RUN pip install --only-binary=:all: flash-attn",
    "never built": "RUN uv pip install --system --no-build-package flash_attn flash-attn",
    "skipped": "RUN FLASH_ATTENTION_SKIP_CUDA_BUILD=TRUE pip install flash-attn",
    "entrypoint": 'ENTRYPOINT ["nvcc", "--version"]',
    "unused stage": f"{SLIM.strip()} AS x\nRUN nvcc -c a.cu\n{CUDA}",
    "NGC": "FROM nvcr.io/nvidia/pytorch:24.10-py3\nRUN nvcc -c a.cu",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(NEED_NVCC, CUDA))
def test_compiling_for_cuda_without_nvcc_is_an_error(text: str, word: str) -> None:
    (found,) = of("MLD107", text)
    assert found.severity == "error"
    assert places("MLD107", text) == [word]


@pytest.mark.parametrize("text", named(NEED_NONE, CUDA))
def test_what_needs_no_nvcc_or_has_it_is_no_finding(text: str) -> None:
    assert of("MLD107", text) == []


@pytest.mark.parametrize(
    "package", ["flash-attn", "flash_attn==2.8.3", "mamba-ssm", "causal-conv1d"]
)
@pytest.mark.parametrize("base", [CUDA, SLIM])
def test_a_setup_that_asks_for_nvcc_before_it_looks_for_a_wheel_is_an_error(
    base: str, package: str
) -> None:
    text = f"{base}{TORCH}RUN pip install {package} --no-build-isolation\n"
    (found,) = of("MLD107", text)
    assert (found.severity, found.confidence) == ("error", "high")
    assert "_SKIP_CUDA_BUILD=TRUE" in found.fix
    assert of("MLD107", text.replace(base, DEVEL)) == []


def test_an_extension_without_its_cuda_code_is_a_warning_on_a_gpu_image() -> None:
    text = f"{CUDA}RUN pip install git+https://github.com/facebookresearch/pytorch3d.git\n"
    assert [item.severity for item in of("MLD107", text)] == ["warning"]


def test_a_project_with_an_extension_of_cuda_counts() -> None:
    text = f"{CUDA}COPY . .\nRUN pip install --no-build-isolation .\n"
    assert [i.severity for i in of("MLD107", text, **{"setup.py": EXTENSION})] == ["error"]
    plain = "from setuptools import setup\nsetup()\n"
    assert of("MLD107", text, **{"setup.py": plain}) == []
    text = f"{CUDA}COPY . .\nRUN cd ops && python setup.py install\n"
    assert len(of("MLD107", text, **{"ops/setup.py": EXTENSION})) == 1


@pytest.mark.parametrize(
    "command",
    [
        "cd /opt/ops && python setup.py install",
        "pip install /opt/ops",
        "pip install -e /opt/ops[x]",
    ],
)
def test_a_project_is_found_where_it_was_copied_to(command: str) -> None:
    text = f"{CUDA}COPY csrc/ops /opt/ops\nRUN {command}\n"
    assert len(of("MLD107", text, **{"csrc/ops/setup.py": EXTENSION})) == 1
    assert of("MLD107", text, **{"opt/ops/setup.py": EXTENSION}) == []


# MLD108


def test_a_devel_image_that_is_shipped_is_good_to_know() -> None:
    (found,) = of("MLD108", f"{DEVEL}{TORCH}")
    assert found.severity == "info"
    assert places("MLD108", f"{DEVEL}{TORCH}") == ["nvidia/cuda:12.8.1-devel-ubuntu22.04"]
    for text in (
        "FROM pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel\n",
        "ARG CUDA=12.8.1\nFROM nvidia/cuda:${CUDA}-devel-ubuntu22.04\n",
        "FROM nvcr.io/nvidia/cuda:12.8.1-cudnn-devel-ubuntu22.04\nRUN make\n",
        f"{BUILD}RUN make\nFROM build\n",
        "FROM --platform=linux/amd64 nvidia/cuda:12.8.1-devel-ubuntu22.04\n",
    ):
        assert [item.severity for item in of("MLD108", text)] == ["info"], text


@pytest.mark.parametrize(
    "text",
    named(
        {
            "runtime": CUDA,
            "builder alone": f"{BUILD}{CUDA}COPY --from=build /a /a",
            "slim": SLIM,
            "NGC": "FROM nvcr.io/nvidia/pytorch:24.10-py3",
            "compiles when it runs": f"{DEVEL}RUN pip install deepspeed==0.16.0",
            "serves with vllm": f"{DEVEL}RUN pip install vllm==0.10.0",
            "not known": "FROM registry.example.com/cuda:12.8-devel",
        }
    ),
)
def test_what_ships_no_compiler_or_needs_it_is_no_finding(text: str) -> None:
    assert of("MLD108", text) == []


# MLD109

NO_ARCHS = {
    "deepspeed's operations": ("DS_BUILD_OPS=1 pip install deepspeed==0.16.0", "deepspeed==0.16.0"),
    "gaussian splatting": (
        "pip install git+https://github.com/graphdeco-inria/diff-gaussian-rasterization",
        "git+https://github.com/graphdeco-inria/diff-gaussian-rasterization",
    ),
    "detectron2": (
        "pip install git+https://github.com/facebookresearch/detectron2.git",
        "git+https://github.com/facebookresearch/detectron2.git",
    ),
    "detectron2 by force": (
        "FORCE_CUDA=1 pip install git+https://github.com/facebookresearch/detectron2.git",
        "git+https://github.com/facebookresearch/detectron2.git",
    ),
    "detectron2's clone": (
        (
            "git clone https://github.com/facebookresearch/detectron2"
            " && python -m pip install -e ./detectron2"
        ),
        "./detectron2",
    ),
    "pytorch3d": (
        "pip install 'git+https://github.com/facebookresearch/pytorch3d.git@stable'",
        "'git+https://github.com/facebookresearch/pytorch3d.git@stable'",
    ),
    "torch-scatter from source": ("pip install torch-scatter==2.1.2", "torch-scatter==2.1.2"),
    "xformers from source": ("pip install --no-binary xformers xformers", "xformers"),
}
DETECTRON = "RUN pip install git+https://github.com/facebookresearch/detectron2.git"
ARCHS = {
    "by ENV": f"{DEVEL}ENV TORCH_CUDA_ARCH_LIST=8.0;9.0 FORCE_CUDA=1\n{DETECTRON}",
    "by ARG": f"{DEVEL}ARG TORCH_CUDA_ARCH_LIST\n{DETECTRON}",
    "by the command": f"{DEVEL}RUN TORCH_CUDA_ARCH_LIST=8.0 pip install"
    " git+https://github.com/facebookresearch/detectron2.git",
    "by export": f"{DEVEL}RUN export TORCH_CUDA_ARCH_LIST=8.0 && pip install"
    " git+https://github.com/facebookresearch/detectron2.git",
    "by an earlier stage": f"{BUILD}ENV TORCH_CUDA_ARCH_LIST=8.0\nFROM build\n{DETECTRON}",
    "wheels": f"{DEVEL}RUN pip install xformers==0.0.29 deepspeed==0.16.0",
    "flash-attn has its own": f"{DEVEL}RUN pip install flash-attn --no-build-isolation",
    "flash-attn from source": f"{DEVEL}RUN pip install --no-binary flash-attn flash-attn",
    "apex has its own": f"{DEVEL}RUN pip install --config-settings --build-option=--cuda_ext"
    " git+https://github.com/NVIDIA/apex.git",
    "wheels of PyG": f"{DEVEL}RUN pip install torch-scatter -f"
    " https://data.pyg.org/whl/torch-2.6.0+cu124.html",
    "NGC sets it": f"FROM nvcr.io/nvidia/pytorch:24.10-py3\n{DETECTRON}",
    "base that may set it": f"FROM registry.example.com/ml:1\n{DETECTRON}",
    "no compiler": f"{CUDA}{DETECTRON}",
    "a GPU is given": f"{DEVEL}RUN --device=nvidia.com/gpu=all pip install"
    " git+https://github.com/facebookresearch/detectron2.git",
    "program": f"{DEVEL}RUN nvcc -o run a.cu",
    "unused stage": f"{BUILD}{DETECTRON}\n{CUDA}",
    "said only": f"{DEVEL}RUN echo 'pip install git+https://github.com/f/detectron2.git'",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(NO_ARCHS, DEVEL))
def test_an_extension_for_no_named_gpus_is_a_warning(text: str, word: str) -> None:
    (found,) = of("MLD109", text)
    assert found.severity == "warning"
    assert word.strip("'") in places("MLD109", text)[0]


@pytest.mark.parametrize("text", named(ARCHS))
def test_an_extension_for_named_gpus_or_none_is_no_finding(text: str) -> None:
    assert of("MLD109", text) == []


def test_the_gpus_are_named_before_the_instruction() -> None:
    line = 'ENV TORCH_CUDA_ARCH_LIST="8.0;8.6;9.0+PTX"'
    run = "RUN DS_BUILD_OPS=1 pip install deepspeed==0.16.0\n"
    assert_fixed(DEVEL + run, "MLD109", expected=f"{DEVEL}{line}\n{run}")
    assert_fixed(
        f"{DEVEL}{DETECTRON}\n", "MLD109", expected=f"{DEVEL}{line} FORCE_CUDA=1\n{DETECTRON}\n"
    )
    assert_fixed(
        f"{DEVEL}RUN <<EOF\nset -e\n{DETECTRON[4:]}\nEOF\n",
        "MLD109",
        expected=f"{DEVEL}{line} FORCE_CUDA=1\nRUN <<EOF\nset -e\n{DETECTRON[4:]}\nEOF\n",
    )


# MLD116

BASE = "FROM nvidia/cuda:12.8.1-base-ubuntu22.04\n"
COMPILE = "RUN nvcc -o /app/solve solve.cu -lcublas\n"
DROPPED = {
    "onto base": f"{BUILD}{COMPILE}{BASE}COPY --from=build /app/solve /app/solve",
    "its folder": f"{BUILD}{COMPILE}{BASE}COPY --from=build /app /app",
    "onto slim": f"{BUILD}{COMPILE}{SLIM}COPY --from=build /app /app",
    "onto a system": f"{BUILD}{COMPILE}FROM ubuntu:22.04\nCOPY --from=build /app /app",
    "by number": f"{BUILD}{COMPILE}{BASE}COPY --from=0 /app /app",
    "llama.cpp": f"{BUILD}RUN cmake -B b -DGGML_CUDA=ON && cmake --build b\n"
    f"{BASE}COPY --from=build /b/bin /usr/local/bin",
    "llama-cpp-python": f"{BUILD}RUN CMAKE_ARGS=-DGGML_CUDA=on /v/bin/pip install"
    f" llama-cpp-python==0.3.2\n{SLIM}COPY --from=build /v /v",
    "cudnn onto runtime": f"{BUILD}RUN nvcc -o /app/net net.cu -lcudnn\n"
    f"{CUDA}COPY --from=build /app /app",
}
NOT_DROPPED = {
    "onto runtime": f"{BUILD}{COMPILE}{CUDA}COPY --from=build /app /app",
    "onto devel": f"{BUILD}{COMPILE}{DEVEL}COPY --from=build /app /app",
    "nothing linked": f"{BUILD}RUN nvcc -o /app/solve solve.cu\n{BASE}COPY --from=build /app /app",
    "cudart is in base": f"{BUILD}RUN nvcc -o /app/s s.cu -lcudart\n{BASE}"
    "COPY --from=build /app /app",
    "torch's wheels bring theirs": f"{BUILD}RUN python3 -m venv /v && /v/bin/pip install"
    f" torch==2.8.0 && /v/bin/pip install flash-attn\n{BASE}COPY --from=build /v /v",
    "something else": f"{BUILD}{COMPILE}{BASE}COPY --from=build /etc/app.toml /etc/app.toml",
    "libraries installed": f"{BUILD}{COMPILE}{BASE}RUN apt-get install -y libcublas-12-8\n"
    "COPY --from=build /app /app",
    "libraries copied": f"{BUILD}{COMPILE}{BASE}"
    "COPY --from=build /usr/local/cuda/lib64 /usr/local/cuda/lib64\nCOPY --from=build /app /app",
    "libraries of pip": f"{BUILD}{COMPILE}{SLIM}RUN pip install nvidia-cublas-cu12\n"
    "COPY --from=build /app /app",
    "base that is not known": f"{BUILD}{COMPILE}FROM registry.example.com/a:1\n"
    "COPY --from=build /app /app",
    "from the context": f"{BUILD}{COMPILE}{BASE}COPY app /app",
    "from an image": f"{BASE}COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv",
}


@pytest.mark.parametrize("text", named(DROPPED))
def test_a_program_without_its_libraries_is_a_warning(text: str) -> None:
    assert [item.severity for item in of("MLD116", text)] == ["warning"]


@pytest.mark.parametrize("text", named(NOT_DROPPED))
def test_a_program_that_has_its_libraries_is_no_finding(text: str) -> None:
    assert of("MLD116", text) == []


def test_a_source_of_uvs_says_what_a_package_is_fetched_from_and_how_it_is_built() -> None:
    text = f"{SLIM}COPY pyproject.toml .\nRUN uv sync\n"
    project = '[project]\nname = "x"\nversion = "1"\ndependencies = ["flash-attn"]\n'
    assert len(of("MLD107", text, **{"pyproject.toml": project})) == 1
    wheel = '"https://x.example/flash_attn-2.8.3-cp312-cp312-linux_x86_64.whl"'
    for more in (
        f"[tool.uv.sources]\nflash-attn = {{ url = {wheel} }}\n",
        '[tool.uv.sources]\nflash-attn = { path = "wheels/flash_attn-2.8.3-py3-none-any.whl" }\n',
        '[tool.uv]\nextra-build-variables.flash-attn.FLASH_ATTENTION_SKIP_CUDA_BUILD = "TRUE"\n',
    ):
        assert of("MLD107", text, **{"pyproject.toml": project + more}) == [], more
    clone = (
        '[tool.uv.sources]\nflash-attn = { git = "https://github.com/Dao-AILab/flash-attention" }\n'
    )
    assert len(of("MLD107", text, **{"pyproject.toml": project + clone})) == 1


def test_a_lock_says_what_a_package_is_fetched_from() -> None:
    text = f"{SLIM}COPY uv.lock .\nRUN uv sync --frozen\n"
    lock = 'version = 1\n[[package]]\nname = "flash-attn"\nversion = "2.8.3"\nsource = {}\n'
    index = lock.format('{ registry = "https://index.example/simple" }')
    wheel = lock.format('{ url = "https://x.example/flash_attn-2.8.3-py3-none-linux_x86_64.whl" }')
    clone = lock.format('{ git = "https://github.com/Dao-AILab/flash-attention?rev=v2#ab" }')
    assert len(of("MLD107", text, **{"uv.lock": index})) == 1
    assert of("MLD107", text, **{"uv.lock": wheel}) == []
    assert len(of("MLD107", text, **{"uv.lock": clone})) == 1


@pytest.mark.parametrize(
    ("base", "other"),
    [
        ("nvidia/cuda:12.8.1-cudnn-runtime-ubuntu22.04", "12.8.1-cudnn-devel-ubuntu22.04"),
        ("nvidia/cuda:12.8.1-base-ubuntu22.04", "12.8.1-devel-ubuntu22.04"),
        ("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", "2.6.0-cuda12.4-cudnn9-devel"),
    ],
)
def test_the_image_with_nvcc_is_taken_where_there_is_one(base: str, other: str) -> None:
    text = f"FROM {base}\nRUN pip install flash-attn\n"
    name = base.partition(":")[0]
    assert_fixed(text, "MLD107", expected=text.replace(base, f"{name}:{other}"))


@pytest.mark.parametrize(
    "base", ["python:3.12-slim", "nvidia/cuda:99.9.9-runtime-ubuntu22.04", "$X-runtime-ubuntu22.04"]
)
def test_no_image_is_made_up(base: str) -> None:
    text = f"ARG X=nvidia/cuda:99.9.9\nFROM {base}\nRUN pip install flash-attn\n"
    assert [item.autofix for item in of("MLD107", text)] == [None]


def test_the_image_without_compilers_is_taken_where_nothing_is_compiled() -> None:
    text = f"{DEVEL}RUN pip install transformers==4.46.0\n"
    assert_fixed(text, "MLD108", expected=text.replace("-devel", "-runtime"))
    for command in ("make", "pip install flash-attn", "pip install .", "./build.sh", "A=b"):
        found = of("MLD108", f"{DEVEL}RUN {command}\n")
        assert [bool(item.autofix) for item in found] == [command == "A=b"], command


def test_the_image_with_cudas_libraries_is_taken() -> None:
    text = f"{DEVEL.strip()} AS b\nRUN nvcc -lcublas -o /app a.cu\n{BASE}COPY --from=b /app /app\n"
    assert_fixed(text, "MLD116", expected=text.replace("-base", "-runtime"))


FLASH = """RUN git clone https://github.com/Dao-AILab/flash-attention.git
RUN cd flash-attention && python3 setup.py bdist_wheel
"""


@pytest.mark.parametrize(
    "before",
    [
        "ENV PYTORCH_ROCM_ARCH=gfx942\n",
        "ARG AITER_ROCM_ARCH\nENV ROCM_PATH=/opt/rocm\n",
        f"RUN pip install torch==2.8.0 --index-url {INDEX}rocm6.4\n",
    ],
)
def test_what_is_compiled_for_gpus_of_amd_lacks_no_nvcc(before: str) -> None:
    assert places("MLD107", f"{SLIM}{FLASH}") == ["setup.py"]
    assert places("MLD107", f"{SLIM}{before}{FLASH}") == []


def test_a_condition_about_a_base_that_may_be_another_is_no_finding() -> None:
    asked = (
        'RUN if [ "$IMAGE" != python:3.12-slim ]; then '
        "CMAKE_ARGS=-DGGML_CUDA=on pip install llama-cpp-python==0.3.2; fi\n"
    )
    assert places("MLD107", f"{SLIM}{asked}") == ["llama-cpp-python==0.3.2"]
    assert places("MLD107", f"ARG IMAGE=python:3.12-slim\nFROM $IMAGE\nARG IMAGE\n{asked}") == []
