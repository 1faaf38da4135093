"""TensorFlow and jax without their CUDA (MLD117, MLD118)."""

from __future__ import annotations

import pytest
from cases import CUDA, SLIM, assert_fixed, in_all_forms, named, of, places

CUDNN = "FROM nvidia/cuda:12.8.1-cudnn-runtime-ubuntu22.04\n"

# MLD117

DEPRECATED = {
    "pinned": ("pip install tensorflow-gpu==2.10.0", "tensorflow-gpu==2.10.0"),
    "unpinned": ("pip install tensorflow-gpu", "tensorflow-gpu"),
    "with an underscore": ("pip install tensorflow_gpu==2.11.0", "tensorflow_gpu==2.11.0"),
    "among others": ("pip install numpy tensorflow-gpu==2.8.0 keras", "tensorflow-gpu==2.8.0"),
    "uv": ("uv pip install --system tensorflow-gpu", "tensorflow-gpu"),
    "quoted": ('pip install "tensorflow-gpu==2.10.1"', '"tensorflow-gpu==2.10.1"'),
    "no such release": ("pip install tensorflow-gpu==2.15.0", "tensorflow-gpu==2.15.0"),
}
WITHOUT_CUDA = {
    "no cudnn": ("pip install tensorflow==2.18.0", "tensorflow==2.18.0"),
    "unpinned": ("pip install tensorflow", "tensorflow"),
    "range": ("pip install 'tensorflow>=2.16'", "'tensorflow>=2.16'"),
    "uv": ("uv pip install --system tensorflow==2.18.0", "tensorflow==2.18.0"),
    "among others": ("pip install keras==3.6.0 tensorflow==2.18.0", "tensorflow==2.18.0"),
    "python -m": ("python3 -m pip install tensorflow==2.17.1", "tensorflow==2.17.1"),
}
FINE_TF = {
    "with the extra": f"{CUDA}RUN pip install 'tensorflow[and-cuda]==2.18.0'",
    "datasets": "FROM tensorflow/tensorflow:2.16.1-gpu\nRUN pip install tensorflow-datasets==4.9.6",
    "others": f"{CUDA}RUN pip install tensorflow-hub tensorflow-text tensorflow-probability",
    "slim": f"{SLIM}RUN pip install tensorflow==2.18.0",
    "cpu": f"{SLIM}RUN pip install tensorflow-cpu==2.18.0",
    "its own image": "FROM tensorflow/tensorflow:2.18.0-gpu\nRUN pip install tensorflow==2.18.0",
    "older, with the image's": f"{CUDNN}RUN pip install tensorflow==2.12.0",
    "not known": f"{CUDA}ARG V\nRUN pip install tensorflow==$V",
    "newer than the tables": f"{CUDA}RUN pip install tensorflow==9.1.0",
    "base that is not known": "FROM registry.example.com/cuda:12\nRUN pip install tensorflow",
    "builder": f"{CUDA.strip()} AS b\nRUN pip install tensorflow==2.18.0\n{SLIM}"
    "COPY --from=b /report /report",
    "unused stage": f"{CUDA.strip()} AS b\nRUN pip install tensorflow-gpu\n{SLIM}",
    "said only": f"{CUDA}RUN echo tensorflow-gpu && echo pip install tensorflow",
    "estimator": f"{SLIM}RUN pip install tensorflow-gpu-estimator tensorflow-io",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(DEPRECATED))
def test_the_package_tensorflow_gpu_is_found(text: str, word: str) -> None:
    (found,) = of("MLD117", text)
    assert found.severity == "warning"
    assert word.strip('"') in places("MLD117", text)[0]


@pytest.mark.parametrize(("text", "word"), in_all_forms(WITHOUT_CUDA, CUDA))
def test_tensorflow_that_would_run_on_the_cpu_is_found(text: str, word: str) -> None:
    (found,) = of("MLD117", text)
    assert found.severity == "warning"
    assert word.strip("'") in places("MLD117", text)[0]


@pytest.mark.parametrize(
    ("text", "word"), [*in_all_forms(DEPRECATED), *in_all_forms(WITHOUT_CUDA, CUDA)]
)
def test_tensorflow_is_mended_in_every_form(text: str, word: str) -> None:
    del word
    assert_fixed(text, "MLD117")


@pytest.mark.parametrize("text", named(FINE_TF))
def test_tensorflow_with_its_cuda_or_without_gpus_is_no_finding(text: str) -> None:
    assert of("MLD117", text) == []


@pytest.mark.parametrize(
    "text",
    named(
        {
            "the image's cudnn": f"{CUDNN}RUN pip install tensorflow==2.18.0",
            "cudnn of apt": f"{CUDA}RUN apt-get install -y libcudnn9-cuda-12\n"
            "RUN pip install tensorflow==2.18.0",
            "cudnn of pip": f"{CUDA}RUN pip install nvidia-cudnn-cu12 tensorflow==2.18.0",
            "cudnn of torch": f"{CUDA}RUN pip install torch==2.8.0 tensorflow==2.18.0",
        }
    ),
)
def test_tensorflow_that_finds_cudnn_is_good_to_know(text: str) -> None:
    assert [item.severity for item in of("MLD117", text)] == ["info"]


def test_another_major_version_of_cuda_is_a_warning() -> None:
    for base in ("11.8.0-cudnn8", "13.0.1-cudnn"):
        text = f"FROM nvidia/cuda:{base}-runtime-ubuntu22.04\nRUN pip install tensorflow==2.18.0\n"
        assert [item.severity for item in of("MLD117", text)] == ["warning"], base


def test_tensorflow_is_written_with_what_its_release_has() -> None:
    for before, after in (
        ("tensorflow-gpu==2.10.0", "tensorflow==2.10.0"),
        ("tensorflow-gpu", "tensorflow[and-cuda]"),
        ("'tensorflow-gpu==2.15.0'", "'tensorflow[and-cuda]==2.15.0'"),
        ("numpy tensorflow_gpu==2.12.0 keras", "numpy tensorflow==2.12.0 keras"),
    ):
        assert_fixed(
            f"{SLIM}RUN pip install {before}\n",
            "MLD117",
            expected=f"{SLIM}RUN pip install {after}\n",
        )
    assert_fixed(
        f"{CUDA}RUN pip install 'tensorflow==2.18.0'\n",
        "MLD117",
        expected=f"{CUDA}RUN pip install 'tensorflow[and-cuda]==2.18.0'\n",
    )


def test_requirements_and_environment_files_count() -> None:
    text = f"{SLIM}COPY r.txt .\nRUN pip install -r r.txt\n"
    (found,) = of("MLD117", text, **{"r.txt": "keras\ntensorflow-gpu==2.10.0\n"})
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("r.txt", 2)
    text = "FROM condaforge/miniforge3:24.9.2-0\nCOPY environment.yml .\nRUN conda env create\n"
    listed = "dependencies:\n  - python=3.10\n  - pip:\n    - tensorflow-gpu==2.10.0\n"
    assert len(of("MLD117", text, **{"environment.yml": listed})) == 1


# MLD118

PLAIN_JAX = {
    "unpinned": ("pip install jax", "jax"),
    "pinned": ("pip install jax==0.8.1", "jax==0.8.1"),
    "with jaxlib": ("pip install jax==0.8.1 jaxlib==0.8.1", "jax==0.8.1"),
    "among others": ("pip install flax optax jax", "jax"),
    "uv": ("uv pip install --system jax==0.8.1", "jax==0.8.1"),
    "upgraded": ("pip install --upgrade jax", "jax"),
}
FINE_JAX = {
    "cuda12": f"{CUDA}RUN pip install 'jax[cuda12]==0.8.1'",
    "cuda13": f"{CUDA}RUN pip install 'jax[cuda13]'",
    "cuda": f"{CUDA}RUN pip install -U 'jax[cuda]'",
    "cuda12_pip": f"{CUDA}RUN pip install 'jax[cuda12_pip]==0.4.20' -f"
    " https://storage.googleapis.com/jax-releases/jax_cuda_releases.html",
    "local": f"{CUDA}RUN pip install 'jax[cuda12-local]'",
    "cpu": f"{CUDA}RUN pip install 'jax[cpu]'",
    "tpu": f"{SLIM}RUN pip install 'jax[tpu]'",
    "plugin": f"{CUDA}RUN pip install jax==0.8.1 jax-cuda12-plugin==0.8.1",
    "plugin later": f"{CUDA}RUN pip install jax==0.8.1\nRUN pip install jax-cuda12-plugin==0.8.1",
    "with the extra later": f"{CUDA}RUN pip install jax\nRUN pip install 'jax[cuda12]'",
    "jaxlib for CUDA": f"{CUDA}RUN pip install jax==0.4.13 jaxlib==0.4.13+cuda12.cudnn89",
    "slim": f"{SLIM}RUN pip install jax==0.8.1",
    "others": f"{CUDA}RUN pip install flax jaxtyping jax-md",
    "base that is not known": "FROM registry.example.com/jax:1\nRUN pip install jax",
    "jax's own image": "FROM ghcr.io/nvidia/jax:base\nRUN pip install jax",
    "builder": f"{CUDA.strip()} AS b\nRUN pip install jax\n{SLIM}COPY --from=b /a /a",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(PLAIN_JAX, CUDA))
def test_jax_without_its_plugin_is_found(text: str, word: str) -> None:
    (found,) = of("MLD118", text)
    assert found.severity == "warning"
    assert places("MLD118", text) == [word]


@pytest.mark.parametrize(("text", "word"), in_all_forms(PLAIN_JAX, CUDA))
def test_jax_is_mended_in_every_form(text: str, word: str) -> None:
    del word
    assert_fixed(text, "MLD118")


@pytest.mark.parametrize("text", named(FINE_JAX))
def test_jax_with_its_plugin_or_without_gpus_is_no_finding(text: str) -> None:
    assert of("MLD118", text) == []


def test_jax_beside_torch_with_cuda_is_good_to_know() -> None:
    text = f"{CUDA}RUN pip install torch==2.8.0 jax==0.8.1\n"
    assert [item.severity for item in of("MLD118", text)] == ["info"]


def test_the_extra_of_the_images_cuda_is_written() -> None:
    assert_fixed(
        f"{CUDA}RUN pip install jax==0.8.1 flax\n",
        "MLD118",
        expected=f"{CUDA}RUN pip install jax[cuda12]==0.8.1 flax\n",
    )
    thirteen = "FROM nvidia/cuda:13.0.1-runtime-ubuntu24.04\n"
    assert_fixed(
        f"{thirteen}RUN pip install 'jax'\n",
        "MLD118",
        expected=f"{thirteen}RUN pip install 'jax[cuda13]'\n",
    )
