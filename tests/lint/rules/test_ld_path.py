"""LD_LIBRARY_PATH hides the driver, or the CUDA of the wheels (MLD111)."""

from __future__ import annotations

import pytest
from cases import CUDA, assert_fixed, named, of, places

TORCH = "RUN pip install torch==2.6.0 --index-url https://download.pytorch.org/whl/cu124\n"
OLDER = "FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\n"
SHADOWS = {
    "stubs": ("ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs", "/usr/local/cuda/lib64/stubs"),
    "stubs first": (
        "ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs:$LD_LIBRARY_PATH",
        "/usr/local/cuda/lib64/stubs",
    ),
    "stubs last": (
        "ENV LD_LIBRARY_PATH=${LD_LIBRARY_PATH}:/usr/local/cuda-12.8/lib64/stubs/",
        "/usr/local/cuda-12.8/lib64/stubs/",
    ),
    "quoted": (
        'ENV LD_LIBRARY_PATH="/opt/lib:/usr/local/cuda/lib64/stubs"',
        "/usr/local/cuda/lib64/stubs",
    ),
    "old form": (
        "ENV LD_LIBRARY_PATH /usr/local/cuda/lib64/stubs:$LD_LIBRARY_PATH",
        "/usr/local/cuda/lib64/stubs",
    ),
    "by variable": (
        (
            "ENV CUDA_HOME=/usr/local/cuda\n"
            "ENV LD_LIBRARY_PATH=$CUDA_HOME/lib64/stubs:$LD_LIBRARY_PATH"
        ),
        "$CUDA_HOME/lib64/stubs",
    ),
    "targets": (
        "ENV A=b LD_LIBRARY_PATH=/usr/local/cuda/targets/x86_64-linux/lib/stubs",
        "/usr/local/cuda/targets/x86_64-linux/lib/stubs",
    ),
    "compat": ("ENV LD_LIBRARY_PATH=/usr/local/cuda/compat:/x", "/usr/local/cuda/compat"),
    "compat of a release": (
        "ENV LD_LIBRARY_PATH=/usr/local/cuda-12.8/compat",
        "/usr/local/cuda-12.8/compat",
    ),
    "onbuild": (
        "ONBUILD ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs",
        "/usr/local/cuda/lib64/stubs",
    ),
    "default expansion": (
        "ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}",
        None,
    ),
}
FINE = {
    "for the linker": "ENV LIBRARY_PATH=/usr/local/cuda/lib64/stubs",
    "in a build command": "RUN export LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs && make",
    "for one command": "RUN LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs make",
    "in a builder": "FROM nvidia/cuda:12.8.1-devel-ubuntu22.04 AS build\n"
    f"ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs\n{CUDA}COPY --from=build /a /a",
    "replaced later": "ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs\n"
    "ENV LD_LIBRARY_PATH=/opt/lib",
    "plain": "ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64:$LD_LIBRARY_PATH",
    "the runtime's own": "ENV LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64",
    "something else's": "ENV LD_LIBRARY_PATH=/opt/stubs-of-tests:/opt/compat",
    "a folder beside": "ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs2",
    "another variable": "ENV CUDA_STUBS=/usr/local/cuda/lib64/stubs",
    "slim": f"FROM python:3.12-slim\nENV LD_LIBRARY_PATH=/usr/local/cuda/lib64\n{TORCH}",
}


@pytest.mark.parametrize(("text", "word"), SHADOWS.values(), ids=list(SHADOWS))
def test_stubs_and_compat_before_the_driver_are_an_error(text: str, word: str | None) -> None:
    (found,) = of("MLD111", f"{CUDA}{text}\n")
    assert found.severity == "error"
    if word is not None:
        assert places("MLD111", f"{CUDA}{text}\n") == [word]


@pytest.mark.parametrize("text", named(FINE, CUDA))
def test_what_hides_nothing_is_no_finding(text: str) -> None:
    assert places("MLD111", text) == []


def test_an_older_cuda_before_that_of_the_wheels_is_a_warning() -> None:
    text = f"{OLDER}{TORCH}ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64:$LD_LIBRARY_PATH\n"
    (found,) = of("MLD111", text)
    assert found.severity == "warning"
    assert_fixed(text, "MLD111", expected=f"{OLDER}{TORCH}ENV LD_LIBRARY_PATH=$LD_LIBRARY_PATH\n")


def test_a_newer_cuda_before_that_of_the_wheels_is_good_to_know() -> None:
    text = f"{CUDA}{TORCH}ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64\n"
    assert [item.severity for item in of("MLD111", text)] == ["info"]


def test_another_major_version_hides_nothing() -> None:
    text = (
        f"FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04\n{TORCH}"
        "ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64\n"
    )
    assert of("MLD111", text) == []


def test_the_loaders_configuration_is_looked_at() -> None:
    text = f"{CUDA}RUN echo /usr/local/cuda/lib64/stubs > /etc/ld.so.conf.d/z.conf && ldconfig\n"
    assert places("MLD111", text) == ["/usr/local/cuda/lib64/stubs"]


def test_the_folder_is_taken_out_of_the_list() -> None:
    for before, after in (
        ("/usr/local/cuda/lib64/stubs:$LD_LIBRARY_PATH", "$LD_LIBRARY_PATH"),
        ("/opt/a:/usr/local/cuda/lib64/stubs", "/opt/a"),
        ('"/opt/a:/usr/local/cuda/compat:/opt/b"', '"/opt/a:/opt/b"'),
    ):
        assert_fixed(
            f"{CUDA}ENV LD_LIBRARY_PATH={before}\n",
            "MLD111",
            expected=f"{CUDA}ENV LD_LIBRARY_PATH={after}\n",
        )


def test_two_folders_are_taken_out_together() -> None:
    assert_fixed(
        f"{CUDA}ENV LD_LIBRARY_PATH=/usr/local/cuda/compat:/usr/local/cuda/lib64/stubs:/opt/a\n",
        "MLD111",
        expected=f"{CUDA}ENV LD_LIBRARY_PATH=/opt/a\n",
    )


def test_the_only_folder_goes_with_its_variable() -> None:
    assert_fixed(
        f"{CUDA}ENV A=b LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs\nRUN true\n",
        "MLD111",
        expected=f"{CUDA}ENV A=b\nRUN true\n",
    )


def test_the_cuda_that_torch_has_too_is_good_to_know() -> None:
    path = "ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64:$LD_LIBRARY_PATH\n"
    text = f"FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n{TORCH}{path}"
    assert [item.severity for item in of("MLD111", text)] == ["info"]
    assert of("MLD111", text.replace(TORCH, "")) == []
