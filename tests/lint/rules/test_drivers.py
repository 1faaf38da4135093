"""The driver in the image (MLD106)."""

from __future__ import annotations

import pytest
from cases import CUDA, assert_fixed, in_all_forms, named, of, places

DRIVERS = {
    "driver": ("apt-get install -y nvidia-driver-550", "nvidia-driver-550"),
    "flag before the verb": ("apt-get -y install nvidia-driver-550", "nvidia-driver-550"),
    "quiet": ("apt-get -qq -y install nvidia-driver-550-server", "nvidia-driver-550-server"),
    "behind an update": ("apt-get update && apt-get install -y cuda-drivers", "cuda-drivers"),
    "branch of cuda-drivers": ("apt-get install -y cuda-drivers-550", "cuda-drivers-550"),
    "utils": ("apt install -y git nvidia-utils-535", "nvidia-utils-535"),
    "library": ("apt-get install -y libnvidia-compute-535 curl", "libnvidia-compute-535"),
    "headless": ("apt-get install -y nvidia-headless-535", "nvidia-headless-535"),
    "dkms": ("apt-get install -y nvidia-dkms-535", "nvidia-dkms-535"),
    "open kernel module": ("apt-get install -y nvidia-open", "nvidia-open"),
    "debian's libcuda": ("apt-get install -y libcuda1", "libcuda1"),
    "debian's nvidia-smi": ("apt-get install -y nvidia-smi", "nvidia-smi"),
    "display": (
        "apt-get install -y xserver-xorg-video-nvidia-535",
        "xserver-xorg-video-nvidia-535",
    ),
    "pinned": ("apt-get install -y nvidia-driver-550=550.54.14-0ubuntu1", None),
    "pattern": ("apt-get install -y 'nvidia-driver-*'", None),
    "variable at its end": (
        "apt-get install -y nvidia-driver-${DRIVER}",
        "nvidia-driver-${DRIVER}",
    ),
    "sudo": ("sudo apt-get install -y nvidia-driver-550", "nvidia-driver-550"),
    "dnf": ("dnf install -y nvidia-driver", "nvidia-driver"),
    "dnf latest": ("dnf -y install nvidia-driver-latest-dkms", "nvidia-driver-latest-dkms"),
    "dnf module": ("dnf -y module install nvidia-driver:latest-dkms", "nvidia-driver:latest-dkms"),
    "yum": ("yum install -y kmod-nvidia", "kmod-nvidia"),
    "zypper": ("zypper --non-interactive install nvidia-compute-G06", "nvidia-compute-G06"),
    "metapackage": ("apt-get install -y cuda", "cuda"),
    "metapackage of a release": ("apt-get install -y cuda-12-8", "cuda-12-8"),
    "metapackage of the runtime": ("apt-get install -y cuda-runtime-12-4", "cuda-runtime-12-4"),
    "run file": (
        "sh NVIDIA-Linux-x86_64-550.54.14.run --silent --no-kernel-module",
        "NVIDIA-Linux-x86_64-550.54.14.run",
    ),
    "run file called": (
        "./NVIDIA-Linux-x86_64-550.54.14.run -s",
        "./NVIDIA-Linux-x86_64-550.54.14.run",
    ),
    "toolkit's run file": (
        "sh cuda_12.4.0_550.54.14_linux.run --silent",
        "cuda_12.4.0_550.54.14_linux.run",
    ),
    "toolkit's run file with the driver": (
        "bash /opt/cuda_12.4.0_550.54.14_linux.run --silent --toolkit --driver",
        "/opt/cuda_12.4.0_550.54.14_linux.run",
    ),
    "package file": (
        "dpkg -i /opt/libnvidia-compute-535_535.104-1_amd64.deb",
        "/opt/libnvidia-compute-535_535.104-1_amd64.deb",
    ),
    "ubuntu-drivers": ("ubuntu-drivers install", "install"),
    "piped": (
        "curl -fsSL https://x.example/NVIDIA-Linux-x86_64-550.54.14.run | sh",
        "https://x.example/NVIDIA-Linux-x86_64-550.54.14.run",
    ),
}
NO_DRIVERS = {
    "toolkit": "RUN apt-get install -y cuda-toolkit-12-8",
    "toolkit of Ubuntu": "RUN apt-get install -y nvidia-cuda-toolkit",
    "compiler": "RUN apt-get install -y cuda-nvcc-12-8 cuda-cudart-dev-12-8",
    "libraries": "RUN apt-get install -y cuda-libraries-12-8 cuda-compat-12-8 cuda-keyring",
    "cudnn": "RUN apt-get install -y libcudnn9-cuda-12 libcublas-12-8 libnccl2",
    "container toolkit": "RUN apt-get install -y nvidia-container-toolkit libnvidia-container1"
    " libnvidia-container-tools",
    "OpenCL": "RUN apt-get install -y nvidia-opencl-dev ocl-icd-opencl-dev libnvidia-egl-wayland1",
    "headers": "RUN apt-get install -y libnvidia-ml-dev libnvidia-compute-535-dev",
    "heredoc of COPY": "COPY <<EOF /help.txt\napt-get install -y nvidia-driver-550\nEOF",
    "only said": 'RUN echo "apt-get install nvidia-driver-550"',
    "comment": "# apt-get install nvidia-driver-550\nRUN true",
    "comment in a continuation": "RUN true && \\\n# apt-get install nvidia-driver-550\n    true",
    "comment in a heredoc": "RUN <<EOF\n# apt-get install nvidia-driver-550\ntrue\nEOF",
    "removed": "RUN apt-get purge -y nvidia-driver-550 'libnvidia-*'",
    "simulated": "RUN apt-get install -s nvidia-driver-550",
    "label": 'LABEL needs="nvidia-driver-550"',
    "monitor": "RUN pip install nvidia-ml-py && apt-get install -y nvtop",
    "toolkit's run file without it": "RUN sh cuda_12.4.0_550.54.14_linux.run --silent --toolkit",
    "run file without a driver in it": "RUN sh cuda_13.4.0_linux.run --silent",
    "run file taken apart": "RUN sh NVIDIA-Linux-x86_64-550.54.14.run --extract-only",
    "downloaded only": "RUN curl -fsSLO https://x.example/NVIDIA-Linux-x86_64-550.54.14.run",
    "conda's cuda": "RUN conda install -y cuda -c nvidia",
    "pip's cuda": "RUN pip install nvidia-cuda-runtime-cu12 cuda-python",
    "repository file": "RUN dpkg -i cuda-repo-ubuntu2204-12-4-local_12.4.0-550.54.14-1_amd64.deb",
    "unused stage": f"{CUDA.strip()} AS docs\nRUN apt-get install -y nvidia-driver-550\n{CUDA}",
    "entrypoint": 'ENTRYPOINT ["apt-get", "install", "-y", "nvidia-driver-550"]',
}


def _cases() -> dict[str, tuple[str, str]]:
    """The word that is pointed at, where it is not the plain one."""
    said = {"pinned": "nvidia-driver-550=550.54.14-0ubuntu1", "pattern": "'nvidia-driver-*'"}
    return {name: (command, word or said[name]) for name, (command, word) in DRIVERS.items()}


@pytest.mark.parametrize(("text", "word"), in_all_forms(_cases(), CUDA))
def test_a_driver_in_the_image_is_found(text: str, word: str) -> None:
    assert places("MLD106", text) == [word]


@pytest.mark.parametrize("text", named(NO_DRIVERS, CUDA))
def test_what_is_no_driver_is_no_finding(text: str) -> None:
    assert places("MLD106", text) == []


def test_a_driver_is_found_in_exec_form() -> None:
    text = f'{CUDA}RUN ["apt-get","install","-y","nvidia-driver-550"]\nRUN true\n'
    assert places("MLD106", text) == ["nvidia-driver-550"]
    assert_fixed(text, "MLD106", expected=f"{CUDA}RUN true\n")


def test_a_driver_in_a_builder_is_no_error() -> None:
    text = (
        f"{CUDA.strip()} AS build\nRUN apt-get install -y libnvidia-compute-550\n"
        f"{CUDA}COPY --from=build /out /out\n"
    )
    assert [item.severity for item in of("MLD106", text)] == ["info"]


FIXES = {
    "all of the packages": (
        "RUN apt-get update && apt-get install -y nvidia-driver-550 && rm -rf /x\n",
        "RUN apt-get update && rm -rf /x\n",
    ),
    "the last command": (
        "RUN apt-get update && apt-get install -y nvidia-driver-550\n",
        "RUN apt-get update\n",
    ),
    "the only command": ("RUN apt-get install -y nvidia-driver-550\nRUN true\n", "RUN true\n"),
    "under ONBUILD": ("ONBUILD RUN apt-get install -y nvidia-smi\nRUN true\n", "RUN true\n"),
    "some of the packages": (
        "RUN apt-get install -y git nvidia-utils-535 curl libnvidia-gl-535\n",
        "RUN apt-get install -y git curl\n",
    ),
    "the first package": (
        "RUN apt-get install -y nvidia-utils-535 curl\n",
        "RUN apt-get install -y curl\n",
    ),
    "packages on lines": (
        (
            "RUN apt-get install -y \\\n    git \\\n    # for nvidia-smi\n    nvidia-utils-535 \\\n"
            "    curl && \\\n    true\n"
        ),
        "RUN apt-get install -y \\\n    git \\\n    curl && \\\n    true\n",
    ),
    "heredoc": (
        "RUN <<EOF\nset -e\napt-get update\napt-get install -y nvidia-driver-550\ntrue\nEOF\n",
        "RUN <<EOF\nset -e\napt-get update\ntrue\nEOF\n",
    ),
    "heredoc with others": (
        "RUN <<EOF\napt-get install -y nvidia-driver-550 git\nEOF\n",
        "RUN <<EOF\napt-get install -y git\nEOF\n",
    ),
    "exec form with others": (
        'RUN ["apt-get", "install", "-y", "git", "nvidia-driver-550"]\n',
        'RUN ["apt-get", "install", "-y", "git"]\n',
    ),
    "metapackages": (
        "RUN apt-get install -y cuda-12-8 git cuda-runtime-12-8\n",
        "RUN apt-get install -y cuda-toolkit-12-8 git cuda-libraries-12-8\n",
    ),
    "metapackage with its version": (
        "RUN apt-get install -y cuda=12.8.1-1\n",
        "RUN apt-get install -y cuda-toolkit=12.8.1-1\n",
    ),
    "metapackage beside a driver": (
        "RUN apt-get install -y cuda-12-8 nvidia-driver-570\n",
        "RUN apt-get install -y cuda-toolkit-12-8\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), FIXES.values(), ids=list(FIXES))
def test_a_driver_is_taken_out_and_nothing_else(before: str, after: str) -> None:
    assert_fixed(CUDA + before, "MLD106", expected=CUDA + after)


def test_a_driver_that_cannot_be_taken_out_surely_is_left_to_people() -> None:
    for command in (
        "RUN apt-get install -y nvidia-driver-550 || true\n",
        "RUN if true; then apt-get install -y nvidia-driver-550; fi\n",
        "RUN bash -c 'apt-get install -y nvidia-driver-550'\n",
        "RUN apt-get install -y nvidia-driver-550 $MORE\n",
        "RUN apt-get install -y nvidia-driver-550 | tee log\n",
    ):
        (found,) = of("MLD106", CUDA + command)
        assert found.autofix is None, command
