"""What is said of an image by its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlbox.errors import SpecError
from mlbox.facts import Image, load_facts, numbers
from mlbox.resolve import image_tags
from mlbox.resolve.judge import judge

if TYPE_CHECKING:
    from mlbox.resolve.image_report import ImageReport

STATUSES = {"kept", "may be deleted", "absent", "moving", "end of life", "broken"}
DIGEST = "sha256:" + "a" * 64


FACTS = load_facts()


def judged(reference: str, driver: str | None = None, gpu_kind: str | None = None) -> ImageReport:
    return judge(
        reference,
        FACTS,
        driver=driver,
        gpu_kind=gpu_kind,
    )


def codes(report: ImageReport) -> set[str]:
    return {finding.code for finding in report.findings}


EXISTING = [
    ("nvidia/cuda:12.8.1-devel-ubuntu22.04", "a tag of the list"),
    ("nvidia/cuda:12.8.1-base-ubuntu24.04", "base images exist beside devel ones"),
    ("nvidia/cuda:12.6.0-cudnn-devel-ubuntu24.04", "cuDNN on Ubuntu 24.04 begins with 12.6.0"),
    ("nvidia/cuda:12.3.2-cudnn9-devel-ubuntu22.04", "12.3.2 is the one with cudnn9"),
    ("nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04", "up to 12.2.2 the suffix is cudnn8"),
    ("nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04", "from 12.4.1 the suffix has no digit"),
    ("nvidia/cuda:12.0.1-devel-ubuntu18.04", "Ubuntu 18.04 is there until 12.0.1"),
    ("nvidia/cuda:12.9.2-devel-ubuntu20.04", "Ubuntu 20.04 is there until 12.9"),
    ("nvidia/cuda:13.4.1-cudnn-devel-ubuntu26.04", "Ubuntu 26.04 is there from 13.4.1"),
    ("docker.io/nvidia/cuda:12.8.1-devel-ubuntu22.04", "Docker Hub may be named"),
    ("index.docker.io/nvidia/cuda:12.8.1-devel-ubuntu22.04", "by its other name, too"),
    ("nvcr.io/nvidia/cuda:12.8.1-devel-ubuntu22.04", "NGC has the same images"),
    ("mirror.example:5000/nvidia/cuda:12.8.1-devel-ubuntu22.04", "a mirror may be in front"),
    ("pytorch/pytorch:2.10.0-cuda12.8-cudnn9-devel", "a tag of the list"),
    ("pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime", "cudnn8 before 2.4.0"),
    ("pytorch/pytorch:2.4.0-cuda12.1-cudnn9-runtime", "cudnn9 from 2.4.0 on"),
    ("tensorflow/tensorflow:2.19.0-gpu-jupyter", "a tag of the list"),
    ("nvcr.io/nvidia/pytorch:25.06-py3", "a tag of the list"),
    ("mirror.example/nvcr.io/nvidia/pytorch:25.06-py3", "a mirror keeps the registry's name"),
    ("mirror.example/nvidia/pytorch:25.06-py3", "or leaves it out"),
    ("python:3.12-slim-bookworm", "a tag of the list"),
    ("library/python:3.12-slim-bookworm", "official images are in library"),
    ("docker.io/library/python:3.12-slim-bookworm", "with the registry in front"),
    ("python:3.12-bookworm", "the full image stands beside the slim one"),
    ("python:3.12", "whatever Debian it is on"),
]


@pytest.mark.parametrize(("reference", "sentence"), EXISTING)
def test_an_image_of_the_tables_exists(reference: str, sentence: str) -> None:
    report = judged(reference)
    assert report.exists is True, sentence
    assert report.instead is None, sentence


ABSENT = [
    (
        "nvidia/cuda:12.8-devel-ubuntu22.04",
        "nvidia/cuda:12.8.1-devel-ubuntu22.04",
        "a tag names the whole version, and the newest patch release is nearest",
    ),
    (
        "docker.io/nvidia/cuda:12.8-devel-ubuntu22.04",
        "docker.io/nvidia/cuda:12.8.1-devel-ubuntu22.04",
        "what stands in front stays",
    ),
    (
        "mirror.example:5000/nvidia/cuda:12.8-devel-ubuntu22.04",
        "mirror.example:5000/nvidia/cuda:12.8.1-devel-ubuntu22.04",
        "so does a mirror",
    ),
    (
        "nvidia/cuda:12.7.0-devel-ubuntu22.04",
        "nvidia/cuda:12.6.3-devel-ubuntu22.04",
        "there is no CUDA 12.7",
    ),
    (
        "nvidia/cuda:12.7.1-cudnn-runtime-ubuntu24.04",
        "nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04",
        "no patch release of it either",
    ),
    (
        "nvidia/cuda:12.10.0-devel-ubuntu22.04",
        "nvidia/cuda:12.9.2-devel-ubuntu22.04",
        "13.0 follows 12.9",
    ),
    (
        "nvidia/cuda:11.8.1-cudnn8-devel-ubuntu22.04",
        "nvidia/cuda:11.8.0-cudnn8-devel-ubuntu22.04",
        "11.8.0 is the only 11.8",
    ),
    (
        "nvidia/cuda:12.1.1-cudnn-devel-ubuntu22.04",
        "nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04",
        "up to 12.2.2 the suffix is cudnn8",
    ),
    (
        "nvidia/cuda:12.2.2-cudnn9-devel-ubuntu22.04",
        "nvidia/cuda:12.2.2-cudnn8-devel-ubuntu22.04",
        "12.2.2 has no cudnn9",
    ),
    (
        "nvidia/cuda:12.3.2-cudnn8-runtime-ubuntu20.04",
        "nvidia/cuda:12.3.2-cudnn9-runtime-ubuntu20.04",
        "12.3.2 is cudnn9",
    ),
    (
        "nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04",
        "nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04",
        "from 12.4.1 the suffix has no digit",
    ),
    (
        "nvidia/cuda:12.6.3-cudnn9-runtime-ubuntu24.04",
        "nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04",
        "nor has it later",
    ),
    (
        "nvidia/cuda:12.6.3-cudnn-base-ubuntu22.04",
        "nvidia/cuda:12.6.3-cudnn-runtime-ubuntu22.04",
        "base images have no cuDNN",
    ),
    (
        "nvidia/cuda:12.6.3-devel-ubuntu18.04",
        "nvidia/cuda:12.6.3-devel-ubuntu20.04",
        "Ubuntu 18.04 ended with 12.0.1",
    ),
    (
        "nvidia/cuda:13.0.2-devel-ubuntu20.04",
        "nvidia/cuda:13.0.2-devel-ubuntu22.04",
        "Ubuntu 20.04 ended with 12.9",
    ),
    (
        "nvidia/cuda:12.4.1-cudnn-devel-ubuntu24.04",
        "nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04",
        "cuDNN on Ubuntu 24.04 begins with 12.6.0",
    ),
    (
        "nvidia/cuda:13.3.0-devel-ubuntu26.04",
        "nvidia/cuda:13.3.0-devel-ubuntu24.04",
        "Ubuntu 26.04 begins with 13.4.1",
    ),
    (
        "nvidia/cuda:12.8.1-cudnn-devel-centos7",
        "nvidia/cuda:12.8.1-cudnn-devel-ubuntu22.04",
        "CentOS 7 was dropped at 12.4.1",
    ),
    (
        "nvidia/cuda:12.4.1-devel-ubi7",
        "nvidia/cuda:12.4.1-devel-ubuntu22.04",
        "UBI 7 was dropped at 12.4.1",
    ),
    (
        "nvidia/cuda:12.8.1-devel",
        "nvidia/cuda:12.8.1-devel-ubuntu22.04",
        "a tag names the system",
    ),
    (
        "nvidia/cuda:12.8.1-ubuntu24.04",
        "nvidia/cuda:12.8.1-runtime-ubuntu24.04",
        "a tag names the flavor",
    ),
    (
        "nvidia/cuda:12.4.0-cudnn-devel-ubuntu22.04",
        "nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04",
        "it was looked for and is not there",
    ),
    (
        "pytorch/pytorch:2.3.1-cuda12.1-cudnn9-runtime",
        "pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime",
        "cudnn9 begins with 2.4.0",
    ),
    (
        "pytorch/pytorch:2.5.1-cuda12.4-cudnn8-devel",
        "pytorch/pytorch:2.5.1-cuda12.4-cudnn9-devel",
        "cudnn8 ends before 2.4.0",
    ),
    (
        "pytorch/pytorch:2.6.0-cuda12.8-cudnn9-devel",
        "pytorch/pytorch:2.6.0-cuda12.6-cudnn9-devel",
        "2.6.0 has no CUDA 12.8",
    ),
    (
        "pytorch/pytorch:2.5.1-cuda12.4-devel",
        "pytorch/pytorch:2.5.1-cuda12.4-cudnn9-devel",
        "a tag names cuDNN",
    ),
    (
        "pytorch/pytorch:2.5.1",
        "pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime",
        "a release alone is no tag",
    ),
    (
        "nvcr.io/nvidia/pytorch:25.06",
        "nvcr.io/nvidia/pytorch:25.06-py3",
        "NGC's tags end in -py3",
    ),
    (
        "nvcr.io/nvidia/pytorch:25.13-py3",
        "nvcr.io/nvidia/pytorch:25.12-py3",
        "a year has twelve months",
    ),
]


@pytest.mark.parametrize(("reference", "instead", "sentence"), ABSENT)
def test_a_tag_that_cannot_exist_has_a_neighbour_that_does(
    reference: str, instead: str, sentence: str
) -> None:
    report = judged(reference)
    assert report.exists is False, sentence
    assert report.instead == instead, sentence
    assert report.cuda is None, "nothing is in what does not exist"
    (finding,) = report.findings
    assert finding.severity == "error"
    assert finding.why
    assert instead in finding.fix
    assert judged(instead).exists is True


def test_nvidia_cuda_has_no_latest() -> None:
    for reference in ("nvidia/cuda", "nvidia/cuda:latest"):
        report = judged(reference)
        assert report.exists is False
        assert report.tag == "latest"
        assert "removed" in report.findings[0].why
        assert report.instead == "nvidia/cuda:13.4.2-devel-ubuntu24.04"


def test_instead_of_latest_is_an_image_that_starts_with_the_driver() -> None:
    report = judged("nvidia/cuda", driver="560.35.05")
    assert report.instead == "nvidia/cuda:12.6.3-devel-ubuntu24.04"


NOT_KNOWN = [
    ("nvidia/cuda:13.9.0-devel-ubuntu24.04", "it may have been published since"),
    ("nvidia/cuda:12.2.0-devel-ubuntu22.04", "a superseded patch release may still be there"),
    ("nvidia/cuda:12.5.1-base-ubuntu24.04", "sources differ on Ubuntu 24.04 without cuDNN"),
    ("nvidia/cuda:12.8.1-devel-rockylinux9", "the tables have Ubuntu alone"),
    ("nvidia/cuda:10.2-cudnn7-devel-ubuntu18.04", "older than the tables, and named otherwise"),
    ("nvidia/cuda:experimental", "of no known form"),
    ("pytorch/pytorch:2.15.0-cuda13.2-cudnn9-runtime", "extrapolated, never seen"),
    ("pytorch/pytorch:2.5.2-cuda12.4-cudnn9-runtime", "no such release is in the tables"),
    ("pytorch/pytorch:1.9.0-cuda10.2-cudnn7-runtime", "older than the tables"),
    ("tensorflow/tensorflow:2.16.2-gpu", "no such release is in the tables"),
    ("nvcr.io/nvidia/pytorch:24.06-py3", "the tables do not have every month"),
    ("python:3.12.4-slim", "the tables have no patch releases"),
]


@pytest.mark.parametrize(("reference", "sentence"), NOT_KNOWN)
def test_what_is_neither_seen_nor_excluded_is_not_known(reference: str, sentence: str) -> None:
    report = judged(reference)
    assert report.exists is None, sentence
    assert "image-not-seen" in codes(report)
    assert all(finding.severity != "error" for finding in report.findings)
    assert any("2026-11-21" in finding.what for finding in report.findings)


def test_the_nearest_of_two_equally_near_is_the_older() -> None:
    report = judged("pytorch/pytorch:2.5.2-cuda12.4-cudnn9-runtime")
    assert report.instead == "pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime"


def test_an_unverified_image_is_never_proposed() -> None:
    report = judged("pytorch/pytorch:2.15.0-cuda13.2-cudnn9-runtime")
    assert report.instead == "pytorch/pytorch:2.14.1-cuda13.2-cudnn9-runtime"


@pytest.mark.parametrize(
    "reference",
    [
        "ubuntu:22.04",
        "ghcr.io/acme/thing:1.0",
        "acme/python:3.12",
        "quay.io/acme/python:3.12",
        "nvidia/pytorch:25.06-py3",
        "nvcr.io/nvidia/nemo:25.02",
        f"ghcr.io/acme/thing@{DIGEST}",
    ],
)
def test_of_an_unknown_repository_nothing_is_claimed(reference: str) -> None:
    report = judged(reference, driver="535.183.01")
    assert report.exists is None
    assert report.refuses_driver is None
    assert report.has_nvcc is None
    assert report.instead is None
    assert [(f.code, f.severity) for f in report.findings] == [("image-unknown-repository", "info")]


def test_what_is_in_a_cuda_image() -> None:
    report = judged("nvidia/cuda:12.8.1-cudnn-devel-ubuntu22.04")
    assert (report.cuda, report.os, report.flavor, report.cudnn) == (
        "12.8.1",
        "ubuntu22.04",
        "devel",
        "9",
    )
    assert report.has_nvcc is True
    assert report.framework is None


def test_a_cuda_image_has_no_python_until_its_package_manager_installs_one() -> None:
    pythons = {"20.04": "3.8", "22.04": "3.10", "24.04": "3.12"}
    for ubuntu, python in pythons.items():
        report = judged(f"nvidia/cuda:12.8.1-runtime-ubuntu{ubuntu}")
        assert report.python == python
        assert report.python_preinstalled is False
        assert report.has_nvcc is False
        assert "image-without-python" in codes(report)


def test_what_is_in_a_pytorch_image() -> None:
    report = judged("pytorch/pytorch:2.10.0-cuda12.8-cudnn9-runtime")
    assert (report.framework, report.release, report.cuda) == ("torch", "2.10.0", "12.8")
    assert report.has_nvcc is False
    assert report.python is None, "which Python it has is not in the tables"
    assert report.python_preinstalled is True


def test_what_is_in_an_ngc_image_is_a_pre_release() -> None:
    report = judged("nvcr.io/nvidia/pytorch:26.03-py3")
    assert (report.framework, report.release) == ("torch", "2.11.0a0")
    assert (report.cuda, report.python, report.has_nvcc) == ("13.2.0", "3.12", True)
    (finding,) = [f for f in report.findings if f.code == "image-brings-framework"]
    assert "pre-release" in finding.why


def test_what_is_in_a_tensorflow_image() -> None:
    gpu = judged("tensorflow/tensorflow:2.19.0-gpu")
    assert (gpu.framework, gpu.release, gpu.cuda) == ("tensorflow", "2.19.0", "12.5")
    assert judged("tensorflow/tensorflow:2.19.0", driver="525.60.13").refuses_driver is False
    assert judged("tensorflow/tensorflow:2.19.0").cuda is None


def test_what_is_in_a_python_image() -> None:
    report = judged("python:3.13-slim-trixie", driver="535.183.01", gpu_kind="consumer")
    assert (report.python, report.python_preinstalled, report.os) == ("3.13", True, "trixie")
    assert (report.cuda, report.has_nvcc, report.refuses_driver) == (None, False, False)


def test_what_is_recollected_says_so() -> None:
    assert "image-recollected" in codes(judged("python:3.12-slim-bookworm"))
    assert "image-recollected" in codes(judged("nvcr.io/nvidia/pytorch:25.06-py3"))
    assert "image-recollected" not in codes(judged("nvidia/cuda:12.8.1-devel-ubuntu22.04"))


def test_wheels_do_not_install_on_alpine() -> None:
    report = judged("python:3.12-alpine3.20")
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.code == "image-musl"
    assert report.instead == "python:3.12-slim-bookworm"


def test_ubuntu_18_is_too_old_for_the_wheels_of_torch_2_7() -> None:
    report = judged("nvidia/cuda:11.8.0-cudnn8-devel-ubuntu18.04")
    (finding,) = [f for f in report.findings if f.code == "image-old-glibc"]
    assert "2.27" in finding.what
    assert "image-old-glibc" not in codes(judged("nvidia/cuda:11.8.0-devel-ubuntu20.04"))


def test_a_python_image_without_a_debian_release_moves() -> None:
    assert "image-moving-system" in codes(judged("python:3.12-slim"))
    assert "image-moving-system" not in codes(judged("python:3.12-slim-bookworm"))


def test_a_python_at_its_end_of_life_is_told() -> None:
    report = judged("python:3.9-slim-bookworm")
    assert report.exists is True
    assert report.status == "end of life"
    assert "image-end-of-life" in codes(report)


@pytest.mark.parametrize(
    ("reference", "instead"),
    [
        ("pytorch/pytorch", "pytorch/pytorch:2.14.1-cuda13.2-cudnn9-runtime"),
        (
            "tensorflow/tensorflow:latest-gpu",
            "tensorflow/tensorflow:2.20.0-gpu",
        ),  # 2.21.0's: broken
        ("tensorflow/tensorflow", "tensorflow/tensorflow:2.21.0"),
        ("nvcr.io/nvidia/pytorch", "nvcr.io/nvidia/pytorch:26.07-py3"),
        ("python", "python:3.12-slim-bookworm"),
        ("python:3", "python:3.12-slim-bookworm"),
    ],
)
def test_a_tag_that_moves_is_replaced_by_one_that_does_not(reference: str, instead: str) -> None:
    report = judged(reference)
    assert report.status == "moving"
    assert "image-moving-tag" in codes(report)
    assert report.instead == instead


def test_an_image_of_a_driver_branch_that_ended_may_be_deleted() -> None:
    report = judged("nvidia/cuda:12.4.1-devel-ubuntu22.04")
    assert report.exists is True
    (finding,) = [f for f in report.findings if f.code == "image-may-be-deleted"]
    assert "digest" in finding.fix


def test_a_digest_decides_whatever_the_tag_says() -> None:
    report = judged(f"nvidia/cuda:12.8-devel-ubuntu22.04@{DIGEST}")
    assert report.exists is None
    assert report.instead is None
    assert all(finding.severity == "info" for finding in report.findings)
    tagged = judged(f"nvidia/cuda:12.8.1-devel-ubuntu22.04@{DIGEST}")
    assert tagged.cuda == "12.8.1"
    assert judged(f"nvidia/cuda@{DIGEST}").tag is None


CUDA_12_9 = "nvidia/cuda:12.9.1-devel-ubuntu22.04"

REFUSALS = [
    (CUDA_12_9, "575.57.08", None, False, "the driver has CUDA 12.9 itself"),
    (CUDA_12_9, "580.65.06", "consumer", False, "so has every newer one"),
    (CUDA_12_9, "575.51.02", "consumer", True, "one below the floor has not"),
    (CUDA_12_9, "535.183.01", "data center", False, "branch 535 is accepted for tesla and nvidia"),
    (CUDA_12_9, "535.183.01", "workstation", False, "and for quadro and nvidiartx"),
    (CUDA_12_9, "535.183.01", "consumer", True, "there is no geforce in the list"),
    (CUDA_12_9, "535.183.01", None, None, "without the GPU it depends on its brand"),
    (CUDA_12_9, "545.23.08", "data center", True, "branch 545 is in no list"),
    (CUDA_12_9, "545.23.08", None, True, "then for no GPU"),
    (CUDA_12_9, "535", "data center", False, "a branch alone is enough for the list"),
    (CUDA_12_9, "575", "consumer", None, "only some releases of branch 575 have 12.9"),
    (CUDA_12_9, "580", "consumer", False, "all of branch 580 have"),
    (
        "nvidia/cuda:12.8.1-devel-ubuntu22.04",
        "560.35.05",
        "data center",
        False,
        "12.8 accepts branch 560",
    ),
    (
        "nvidia/cuda:12.6.3-devel-ubuntu22.04",
        "555.42.06",
        "data center",
        True,
        "12.6 does not accept branch 555",
    ),
    (
        "nvidia/cuda:12.6.3-devel-ubuntu22.04",
        "560.28.03",
        "consumer",
        False,
        "the floor is that of the minor version's first release",
    ),
    (
        "nvidia/cuda:12.4.1-devel-ubuntu22.04",
        "535.183.01",
        "consumer",
        False,
        "12.4 still accepts geforce",
    ),
    (
        "nvidia/cuda:12.1.1-devel-ubuntu22.04",
        "515.48.07",
        "consumer",
        False,
        "12.1 accepts branch 515, too",
    ),
    (
        "nvidia/cuda:11.8.0-devel-ubuntu22.04",
        "515.48.07",
        "consumer",
        None,
        "copies of the text for 11.8 differ in branch 515",
    ),
    (
        "nvidia/cuda:11.8.0-devel-ubuntu22.04",
        "470.57.02",
        "consumer",
        False,
        "they agree on branch 470",
    ),
    (
        "nvidia/cuda:12.5.1-devel-ubuntu22.04",
        "555.42.06",
        "consumer",
        False,
        "the first condition is known without the text",
    ),
    (
        "nvidia/cuda:12.5.1-devel-ubuntu22.04",
        "550.54.15",
        "consumer",
        None,
        "of 12.5 the text is not known",
    ),
    (
        "nvidia/cuda:13.3.0-devel-ubuntu24.04",
        "595.58.03",
        "data center",
        False,
        "13.3 accepts branch 595",
    ),
    (
        "nvidia/cuda:13.4.2-cudnn-devel-ubuntu24.04",
        "615.71.09",
        "consumer",
        False,
        "branch 615 has 13.4",
    ),
    (
        "pytorch/pytorch:2.10.0-cuda12.8-cudnn9-devel",
        "550.54.15",
        "consumer",
        True,
        "devel images of torch are made from nvidia/cuda",
    ),
    (
        "pytorch/pytorch:2.10.0-cuda12.8-cudnn9-runtime",
        "550.54.15",
        "consumer",
        False,
        "its runtime images are not",
    ),
    ("nvcr.io/nvidia/pytorch:25.06-py3", "550.54.15", None, None, "what NGC asks is not known"),
]


@pytest.mark.parametrize(("reference", "driver", "kind", "refuses", "sentence"), REFUSALS)
def test_whether_an_image_starts_with_a_driver(
    reference: str, driver: str, kind: str | None, *, refuses: bool | None, sentence: str
) -> None:
    report = judged(reference, driver=driver, gpu_kind=kind)
    assert report.refuses_driver is refuses, sentence
    assert ("image-refuses-driver" in codes(report)) is (refuses is True)


def test_without_a_driver_nothing_is_refused() -> None:
    report = judged(CUDA_12_9)
    assert report.refuses_driver is None
    assert report.require_cuda is not None
    assert report.require_cuda.startswith("cuda>=12.9 brand=")
    assert not {"image-refuses-driver", "image-may-refuse-driver"} & codes(report)


def test_instead_of_an_image_that_refuses_is_the_newest_alike_that_does_not() -> None:
    report = judged(CUDA_12_9, driver="535.183.01", gpu_kind="consumer")
    assert report.instead == "nvidia/cuda:12.4.1-devel-ubuntu22.04"
    kept = judged(CUDA_12_9, driver="570.133.20", gpu_kind="consumer")
    assert kept.instead == "nvidia/cuda:12.8.1-devel-ubuntu22.04"


def test_instead_of_a_torch_image_that_refuses_has_the_same_torch() -> None:
    reference = "pytorch/pytorch:2.10.0-cuda12.8-cudnn9-devel"
    report = judged(reference, driver="550.54.15", gpu_kind="consumer")
    assert report.instead == "pytorch/pytorch:2.10.0-cuda12.8-cudnn9-runtime"
    (finding,) = [f for f in report.findings if f.code == "image-refuses-driver"]
    assert "derived" in finding.why


def test_the_check_can_be_skipped_where_the_programs_may_run() -> None:
    report = judged(CUDA_12_9, driver="535.183.01", gpu_kind="consumer")
    (finding,) = [f for f in report.findings if f.code == "image-refuses-driver"]
    assert "set NVIDIA_DISABLE_REQUIRE=1" in finding.fix


def test_skipping_the_check_does_not_help_a_driver_of_an_older_family() -> None:
    report = judged("nvidia/cuda:13.0.2-devel-ubuntu22.04", "535.183.01", "consumer")
    (finding,) = [f for f in report.findings if f.code == "image-refuses-driver"]
    assert "does not help" in finding.fix


def test_a_driver_accepted_by_name_may_still_need_forward_compatibility() -> None:
    newer = judged("nvidia/cuda:13.0.2-devel-ubuntu22.04", "535.183.01", "data center")
    assert newer.refuses_driver is False
    assert "image-needs-forward-compatibility" in codes(newer)
    same = judged(CUDA_12_9, "535.183.01", "data center")
    assert "image-needs-forward-compatibility" not in codes(same)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "nvidia/cuda:",
        "NVIDIA/cuda:12.8.1",
        "nvidia/cuda:a b",
        "nvidia//cuda",
        "python@sha256:1",
    ],
)
def test_what_is_no_reference_is_an_error_in_three_parts(reference: str) -> None:
    with pytest.raises(SpecError) as raised:
        judged(reference)
    assert raised.value.what
    assert raised.value.why
    assert raised.value.fix


@pytest.mark.parametrize("driver", ["abc", "", "535.", "v535"])
def test_what_is_no_driver_is_an_error(driver: str) -> None:
    with pytest.raises(SpecError):
        judged(CUDA_12_9, driver=driver)


@pytest.mark.parametrize("row", FACTS.images, ids=lambda row: f"{row.repository}:{row.tag}")
def test_a_row_is_what_its_name_says(row: Image) -> None:
    assert row.status in STATUSES
    assert row.source
    rules = {
        image_tags.NVIDIA_CUDA: image_tags.cuda_tag,
        image_tags.PYTORCH: image_tags.torch_tag,
        image_tags.TENSORFLOW: image_tags.tensorflow_tag,
        image_tags.NGC_PYTORCH: image_tags.ngc_tag,
        image_tags.PYTHON: image_tags.python_tag,
    }
    assert row.status == "moving" or row.tag == "latest" or rules[row.repository](row.tag)
    report = judged(f"{row.repository}:{row.tag}")
    if row.status == "absent":
        assert report.exists is False
    elif row.confidence != "unverified":
        assert report.exists is True, "no rule of the naming excludes what was seen"


def test_what_is_required_begins_with_the_version_itself() -> None:
    for row in FACTS.requires:
        first, *others = row.clauses.split()
        assert first == f"cuda>={row.cuda}"
        assert set(row.varies.split()).isdisjoint({first})
        assert all(clause.count("driver") for clause in others)
        assert len(set(others)) == len(others)


def test_a_newer_driver_is_never_refused_where_an_older_one_has_the_cuda_itself() -> None:
    floors = {row.version: row.driver for row in FACTS.cudas if row.driver}
    for image in FACTS.images:
        if image.repository == "nvidia/cuda" and image.status != "absent" and image.cuda in floors:
            driver = str(numbers(floors[image.cuda])[0] + 1)
            report = judged(f"nvidia/cuda:{image.tag}", driver=driver, gpu_kind="consumer")
            assert report.refuses_driver is False
