"""The resolver's rules, one case each, with the sentence that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from mlbox.facts import load_facts
from mlbox.resolve import Request, Resolution, resolve

FACTS = load_facts()
OK, WARN, NO = "ok", "warn", "impossible"
ARM, WINDOWS = "linux/arm64", "windows/amd64"


@dataclass(frozen=True)
class Case:
    """What is asked, and what the answer has to be as far as the sentence is about it.

    Attributes:
        why: The sentence that explains it.
        asked: Fields of the request; torch if no framework is named.
        verdict: The verdict.
        says: Words that occur in the reasons or findings.
        fields: Fields of the resolution.
        first: Changes of the nearest possible answer.
    """

    why: str
    asked: dict[str, Any]
    verdict: str
    says: str
    fields: dict[str, Any]
    first: dict[str, str] | None


def case(
    why: str,
    verdict: str,
    asked: dict[str, Any],
    *,
    says: str = "",
    first: dict[str, str] | None = None,
    **fields: Any,
) -> Case:
    return Case(why, asked, verdict, says, fields, first)


def torch(version: str | None = None, **more: Any) -> dict[str, Any]:
    return {"framework": "torch", "version": version, **more}


def jax(version: str | None = None, **more: Any) -> dict[str, Any]:
    return {"framework": "jax", "version": version, **more}


def tensorflow(version: str | None = None, **more: Any) -> dict[str, Any]:
    return {"framework": "tensorflow", "version": version, **more}


DEFAULTS = [
    case(f"{release}: the package index gives {tag}", OK, torch(release), cuda_tag=tag)
    for release, tag in {
        "1.11.0": "cu102",
        "1.12.1": "cu102",
        "1.13.1": "cu117",
        "2.0.1": "cu117",
        "2.1.2": "cu121",
        "2.4.1": "cu121",
        "2.5.1": "cu124",
        "2.6.0": "cu124",
        "2.7.1": "cu126",
        "2.8.0": "cu128",
        "2.10.0": "cu128",
        "2.11.0": "cu130",
        "2.14.1": "cu130",  # the plan said cu132; the wheel wins
        "2.15.0": "cu132",
    }.items()
]

PYTHONS = [
    case("2.5 says >=3.8 and has no cp38 wheel", NO, torch("2.5.1", python="3.8"),
         says="3.9, 3.10", first={"python": "3.9"}),
    case("3.8 ends with 2.4.1", OK, torch(python="3.8"), version="2.4.1"),
    case("3.9 ends with 2.8.0", OK, torch(python="3.9"), version="2.8.0"),
    case("2.15 drops 3.10", OK, torch(python="3.10"), version="2.14.1"),
    case("3.15 begins with 2.15", OK, torch(python="3.15"), version="2.15.0"),
    case("there is no wheel for 3.16 yet", NO, torch(python="3.16"), first={"python": "3.15"}),
    case("1.13 has cp311", OK, torch("1.13.1"), python="3.11"),
    case("2.2 has cp312, whatever its notes call experimental", OK, torch("2.2.0"), python="3.12"),
    case("on Windows 1.13 ends with 3.10", OK, torch("1.13.1", platform=WINDOWS), python="3.10"),
    case("a patch release stands for its minor", OK, torch(python="3.12.4"), python="3.12"),
    case("jax 0.11 drops 3.11", OK, jax(python="3.11"), version="0.10.2"),
    case("tensorflow has no wheel for 3.14", NO, tensorflow(python="3.14"),
         first={"python": "3.13"}),
]  # fmt: skip

TAGS = [
    case("cu120 never existed", NO, torch(cuda="cu120"), says="never had a cu120",
         first={"cuda": "cu121"}),
    case("cu127 never existed: there was no CUDA 12.7", NO, torch(cuda="cu127"),
         says="never had a cu127", first={"cuda": "cu126"}),
    case("cu118 ends at 2.7.1", OK, torch(cuda="cu118"), version="2.7.1"),
    case("cu121 ends at 2.5.1", OK, torch(cuda="cu121"), version="2.5.1"),
    case("cu124 ends at 2.6.0", OK, torch(cuda="12.4"), version="2.6.0"),
    case("cu128 ends at 2.11.0", OK, torch(cuda="12.8"), version="2.11.0"),
    case("cu126 ends at 2.14.1", OK, torch(cuda="cu126"), version="2.14.1"),
    case("there is no 2.8.0+cu118", NO, torch("2.8.0", cuda="cu118"), first={"cuda": "cu126"}),
    case("cu129 is there for 2.13.0", OK, torch("2.13.0", cuda="cu129"), cuda_tag="cu129"),
    case("cu129 is there for 2.9.1", OK, torch("2.9.1", cuda="cu129"), cuda_tag="cu129"),
    case("cu129 is not there for 2.12.0", NO, torch("2.12.0", cuda="cu129")),
    case("cu129 is not there for 2.14", NO, torch("2.14.1", cuda="cu129")),
    case("cu129 is Linux only from 2.9.1 on", NO,
         torch("2.9.1", cuda="cu129", platform=WINDOWS)),
    case("2.15+cu130 was planned and never seen", NO, torch("2.15.0", cuda="cu130"),
         says="unverified", first={"cuda": "cu132"}),
    case("2.15+cu134 was planned and never seen", NO, torch("2.15.0", cuda="13.4"),
         says="unverified", first={"cuda": "cu132"}),
    case("the index is named by the tag", OK, torch("2.9.1", cuda="12.6"),
         index_url="https://download.pytorch.org/whl/cu126",
         requirements=("torch==2.9.1+cu126",)),
    case("a release that nobody knows is not guessed", NO, torch("2.99"),
         first={"torch": "2.15.0"}),
    case("the nearest to a patch that never was is its series", NO, torch("2.8.1"),
         first={"torch": "2.8.0"}),
    case("of AMD's builds too", NO, torch("2.8.1", accelerator="rocm"),
         first={"torch": "2.8.0"}),
]  # fmt: skip

PLATFORMS = [
    case("on arm64 the default index is CPU until 2.10", OK, torch("2.10.0", platform=ARM),
         cuda_tag="cu130", says="the default package index has the CPU build"),
    case("on arm64 the default index has CUDA from 2.11 on", OK, torch("2.11.0", platform=ARM),
         cuda_tag="cu130", says="the build that the package index gives by default"),
    case("2.8.0 on arm64 is cu129 alone", OK, torch("2.8.0", platform=ARM), cuda_tag="cu129"),
    case("2.7.1 on arm64 is cu128 alone", OK, torch("2.7.1", platform=ARM), cuda_tag="cu128"),
    case("before 2.4 there is no CUDA on arm64", NO,
         torch("2.3.1", platform=ARM, gpu="GH200")),
    case("where there is no CUDA build and no GPU, the CPU build will do", OK,
         torch("2.3.1", platform=ARM), cuda_tag="cpu", says="nothing asks for a GPU"),
    case("a driver asks for a GPU", NO, torch("2.3.1", platform=ARM, driver="580.95.05")),
    case("so does compiling", NO, torch("2.3.1", platform=ARM, compiles=True)),
    case("so does the accelerator", NO, torch("2.3.1", platform=ARM, accelerator="cuda")),
    case("arm64's list has no 7.5", NO, torch(platform=ARM, gpu="T4G"), first={"cuda": "cpu"}),
    case("GH200 is 9.0, which arm64 builds have", OK,
         torch("2.6.0", platform=ARM, gpu="GH200"), cuda_tag="cu126"),
    case("arm64 cu124 was not confirmed, and that is said", OK,
         torch("2.5.1", platform=ARM, gpu="GH200"), says="not confirmed"),
    case("on Windows the default index is CPU", OK, torch("2.14.1", platform=WINDOWS),
         says="the default package index has the CPU build"),
    case("CUDA 13 on Windows has no exact driver", WARN,
         torch("2.13.0", platform=WINDOWS, driver="581.29", cuda="13.0"),
         exact_driver=None, min_driver="580", says="no exact driver"),
    case("Windows has a floor of its own", OK,
         torch("2.7.1", platform=WINDOWS, driver="561.17"), min_driver="528.33"),
    case("jax has no GPU on Windows", NO, jax(platform=WINDOWS, gpu="RTX 4090"),
         first={"cuda": "cpu"}),
    case("and is for the CPU there", OK, jax(platform=WINDOWS), cuda_tag="cpu"),
    case("tensorflow has no GPU on Windows after 2.10", NO,
         tensorflow("2.11.0", platform=WINDOWS, gpu="RTX 3090"),
         first={"tensorflow": "2.10.1", "cuda": "cu112"}),
    case("tensorflow on arm64 has no GPU", NO, tensorflow(platform=ARM, gpu="GH200"),
         first={"cuda": "cpu"}),
    case("and is for the CPU there, its newest release", OK, tensorflow(platform=ARM),
         version="2.21.0", cuda_tag="cpu"),
]  # fmt: skip

GPUS = [
    case("sm_86 serves 8.9", OK, torch("1.13.1", gpu="RTX 4090"), says="compute capability 8.9"),
    case("sm_60 serves 6.1", OK, torch("2.7.1", gpu="GTX 1080 Ti"), cuda_tag="cu126"),
    case("sm_100 serves 10.3", OK, torch(gpu="B300"), version="2.15.0"),
    case("sm_120 serves 12.1, with a warning that torch prints", OK,
         torch(gpu="GB10", platform=ARM), says="compute capability 12.1"),
    case("11.0 is in arm64 builds from cu130 on", OK,
         torch("2.9.1", platform=ARM, compute_capability="11.0"), cuda_tag="cu130"),
    case("11.0 is in no amd64 build", NO, torch(compute_capability="11.0")),
    case("RTX 50 needs 2.7 with cu128", NO, torch("2.6.0", gpu="RTX 5090"),
         first={"torch": "2.7.0", "cuda": "cu128"}),
    case("RTX 50 runs on 2.7 with cu128, which is not the default", OK,
         torch("2.7.1", gpu="RTX 5090"), cuda_tag="cu128"),
    case("B200 is native from cu128 on", OK, torch("2.7.0", gpu="B200"), cuda_tag="cu128"),
    case("3.5 was never in a wheel", NO, torch(gpu="Tesla K40m"), first={"cuda": "cpu"}),
    case("3.7 ends with cu118 of 2.7.1", WARN, torch(gpu="K80"), version="2.7.1",
         cuda_tag="cu118"),
    case("Kepler's last driver has no CUDA 11.8 of its own", WARN,
         torch("2.0.1", gpu="K80", cuda="cu118", driver="470.256.02"),
         says="minor-version compatibility"),
    case("cuDNN 9 drops Kepler, as far as it is recollected", WARN,
         torch("2.4.1", gpu="K80"), says="cuDNN 9 dropped Kepler (recollected"),
    case("Pascal keeps to cu126", OK, torch(gpu="Tesla P100-PCIE-16GB"), version="2.14.1",
         cuda_tag="cu126"),
    case("cu128 of 2.7 has no Volta", NO, torch("2.7.1", gpu="V100", cuda="cu128"),
         first={"cuda": "cu126"}),
    case("cu128 of 2.8 to 2.10 has Volta", OK, torch("2.8.0", gpu="V100"), cuda_tag="cu128"),
    case("cu128 of 2.11 has no Volta", OK, torch("2.11.0", gpu="V100"), cuda_tag="cu126"),
    case("2.15 has nothing before Turing", NO, torch("2.15.0", gpu="V100"),
         first={"torch": "2.14.1", "cuda": "cu126"}),
    case("Triton 3.3 drops Turing: torch.compile", WARN, torch("2.7.0", gpu="T4"),
         says="torch.compile will not work"),
    case("Triton before 3.3 has Turing", OK, torch("2.6.0", gpu="T4")),
    case("on Windows there is no Triton to drop Turing", OK,
         torch("2.7.1", gpu="RTX 2080 Ti", platform=WINDOWS)),
    case("PTX 12.0 compiles for what is newer", WARN,
         torch("2.9.1", compute_capability="13.0", cuda="cu129"), says="compiles its PTX"),
    case("no default build has PTX", NO,
         torch("2.9.1", compute_capability="13.0", cuda="cu128")),
    case("there is no torch wheel for Rubin", NO, torch(gpu="Rubin"), says="has been seen"),
    case("a Jetson needs NVIDIA's own wheels", WARN, torch(gpu="Jetson AGX Orin"),
         accelerator="jetson", says="never work on JetPack 6"),
    case("tensorflow's CUDA 12 has no Kepler", WARN, tensorflow(gpu="K80"), version="2.14.1"),
    case("tensorflow's CUDA 12.5 is older than Blackwell", WARN, tensorflow(gpu="RTX 5090"),
         says="compiles its PTX"),
    case("jax's cuda13 asks for 7.5", NO, jax(gpu="V100", cuda="cuda13"),
         first={"cuda": "cuda12"}),
    case("jax's cuda12 asks for 5.2", NO, jax(gpu="K80"), first={"cuda": "cpu"}),
    case("and says so of a Maxwell that has less", NO, jax(gpu="GTX 750 Ti"),
         says="needs compute capability 5.2"),
    case("which GPUs 2.7 on arm64 has code for is recollected, and that is said", OK,
         torch("2.7.1", platform=ARM, gpu="GB200"), cuda_tag="cu128", says="recollected"),
    case("cuDNN 9.11 asks for 7.5: an open range is closed for Volta", OK, jax(gpu="V100"),
         requirements=("jax[cuda12]==0.12.0.1", "nvidia-cudnn-cu12==9.10.2.21")),
]  # fmt: skip

DRIVERS = [
    case("exact is exact", OK, torch("2.9.1", driver="570.124.06"), exact_driver="570.124.06"),
    case("one before exact is minor-version compatibility", WARN,
         torch("2.9.1", cuda="12.8", driver="570.124.05"), says="CUDA error 222"),
    case("12.8 runs on any R525", WARN, torch("2.8.0", cuda="12.8", driver="525.60.13"),
         min_driver="525.60.13"),
    case("and not on R520", NO, torch("2.8.0", cuda="12.8", driver="520.61.05"),
         first={"torch": "2.7.1", "cuda": "cu118"}),
    case("11.x begins with 450.80.02", WARN, torch("2.0.1", driver="450.80.02"),
         cuda_tag="cu117", min_driver="450.80.02"),
    case("before CUDA 11 there is no minor-version compatibility", NO,
         torch("1.12.1", cuda="10.2", driver="440.32"), first={"driver": "440.33"}),
    case("13.x begins with 580.65.06", WARN, torch("2.13.0", cuda="13.0", driver="580.65.06"),
         min_driver="580.65.06", exact_driver="580.95.05"),
    case("a major version up fails", NO, torch("2.13.0", cuda="13.0", driver="575.57.08"),
         first={"cuda": "cu129"}),
    case("an ok of the same release comes before the default", OK,
         torch("2.9.1", driver="565.57.01"), cuda_tag="cu126"),
    case("the newest release comes before an ok", WARN, torch(driver="580.95.05"),
         version="2.15.0"),
    case("a branch alone may be older than the exact driver", WARN,
         torch("2.13.0", cuda="13.0", driver="580"), says="names a branch"),
    case("H100 needs R520, whatever the wheel", NO,
         torch("2.0.1", gpu="H100", driver="515.105.01"), first={"driver": "520"}),
    case("RTX 50 needs R570, whatever the wheel", NO,
         torch("2.8.0", gpu="RTX 5090", driver="565.77"), min_driver=None,
         first={"driver": "570"}),
    case("R580 is the last for Volta", NO, torch(gpu="V100", driver="590.44.01"),
         says="R580", first={"driver": "580"}),
    case("R580 runs Volta", OK, torch(gpu="V100", driver="580.95.05"), version="2.14.1"),
    case("R470 is the last for Kepler", NO, torch(gpu="K80", driver="510.47.03"), says="R470"),
    case("jax's cuda12 begins with R525", OK, jax(driver="550.54.14"), cuda_tag="cuda12"),
    case("jax's cuda13 begins with R580", NO, jax(cuda="cuda13", driver="570.26"),
         first={"cuda": "cuda12"}),
    case("tensorflow before CUDA 12 runs on R520", OK, tensorflow(driver="520.61.05"),
         version="2.14.1"),
    case("a CPU build does not care", OK,
         torch(cuda="cpu", gpu="V100", driver="390.157"), version="2.15.0", min_driver=None),
]  # fmt: skip

COMPANIONS = [
    case("jax[cuda] still means cuda12", OK, jax(), cuda_tag="cuda12"),
    case("cuda13's plugin begins with 0.7.2", NO, jax("0.7.0", cuda="cuda13"),
         says="no jax-cuda13-plugin 0.7.0 wheel"),
    case("jax 0.7.2 is the first with cuda13", OK, jax("0.7.2", cuda="13.0"),
         cuda_tag="cuda13"),
    case("tensorflow's GPU comes as an extra from 2.14 on", OK, tensorflow("2.14.0"),
         requirements=("tensorflow[and-cuda]==2.14.0",)),
    case("tensorflow before 2.14 brings no CUDA", OK, tensorflow("2.13.0"),
         says="nothing of CUDA in it, and none in the wheels"),
    case("tensorflow's pins became ranges", OK, tensorflow("2.20.0"), says="ranges"),
    case("a pre-release is never chosen", OK, tensorflow(), version="2.21.0"),
    case("not even by the beginning of its name", NO, tensorflow("2.22"),
         first={"tensorflow": "2.21.0"}),
    case("but when it is named: what is pinned never moves", OK, tensorflow("2.22.0rc0"),
         version="2.22.0rc0", says="is a pre-release"),
    case("a pre-release is no way out", NO, tensorflow("2.21.0", python="3.14"),
         first={"python": "3.13"}),
    case("torchaudio ended at 2.11.0", WARN, torch("2.12.0", packages=("torchaudio",)),
         says="torchaudio ended at 2.11.0"),
    case("torchaudio goes with 2.11.0", OK, torch("2.11.0", packages=("torchaudio",))),
    case("torchtext ended with torch 2.3", WARN, torch("2.4.0", packages=("torchtext",)),
         says="torchtext ended"),
    case("xformers 0.0.34 is for torch 2.10.0 alone", WARN,
         torch("2.9.1", packages=("xformers==0.0.34",)), says="0.0.34 for 2.10.0"),
    case("and goes with that", OK, torch("2.10.0", packages=("xformers==0.0.34",))),
    case("flash-attn is compiled where it is installed", OK,
         torch("2.9.1", packages=("flash-attn",)), says="source only: it needs nvcc"),
    case("torchvision excludes Python 3.14.1", WARN, torch("2.13.0", python="3.14.1"),
         says="exclude Python 3.14.1"),
    case("and no other 3.14", OK, torch("2.13.0", python="3.14.2")),
    case("2.15 has no torchvision of its own", OK, torch("2.15.0"),
         says="is not pinned to this torch"),
]  # fmt: skip

CONTAINERS = [
    case("wheels bring CUDA: the base is slim", OK, torch("2.9.1"),
         base_image="python:3.12-slim-bookworm", devel_image=None, says="3.9 GB more"),
    case("nvcc in the CUDA of the wheel, as a stage", OK, torch("2.9.1", compiles=True),
         base_image="python:3.12-slim-bookworm",
         devel_image="nvidia/cuda:12.8.1-devel-ubuntu22.04"),
    case("where something compiles, a CUDA with an image that has nvcc comes before the default",
         OK, torch("1.12.1", compiles=True), cuda_tag="cu116",
         devel_image="nvidia/cuda:11.6.2-devel-ubuntu20.04"),
    case("musl has no wheels", NO, torch(base="python:3.12-alpine"), says="musl"),
    case("an old glibc has no torch 2.7", NO,
         torch("2.7.0", base="nvidia/cuda:11.8.0-runtime-ubuntu18.04"), says="manylinux_2_28"),
    case("and has torch 2.6", OK, torch(base="nvidia/cuda:11.8.0-runtime-ubuntu18.04"),
         version="2.6.0"),
    case("CUDA in the image and in the wheels is twice", OK,
         torch("2.9.1", base="nvidia/cuda:12.8.1-runtime-ubuntu22.04"), says="bring it again"),
    case("a tag needs X.Y.Z", NO, {"base": "nvidia/cuda:12.8-devel-ubuntu22.04"},
         first={"base": "nvidia/cuda:12.8.1-devel-ubuntu22.04"}),
    case("there was no CUDA 12.7", NO, {"base": "nvidia/cuda:12.7.1-base-ubuntu22.04"}),
    case("cudnn9 begins with torch 2.4.0", NO,
         {"base": "pytorch/pytorch:2.3.1-cuda12.1-cudnn9-runtime"},
         first={"base": "pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime"}),
    case("NGC's torch is its own; nothing goes over it", NO,
         torch("2.13.0", base="nvcr.io/nvidia/pytorch:26.03-py3"), says="would break it"),
    case("NVIDIA_REQUIRE_CUDA refuses a consumer GPU on an old driver", NO,
         {"base": "nvidia/cuda:12.9.1-base-ubuntu22.04", "gpu": "RTX 4090",
          "driver": "535.183.01"}, says="NVIDIA_DISABLE_REQUIRE=1"),
    case("and lets a data-center GPU of its branches start", WARN,
         {"base": "nvidia/cuda:12.8.1-base-ubuntu22.04", "gpu": "A100",
          "driver": "550.54.14"}),
    case("an image's own patch release decides the driver", OK,
         {"base": "nvidia/cuda:13.0.0-base-ubuntu24.04", "driver": "580.65.06"},
         exact_driver="580.65.06"),
    case("its system's Python is said, and that it is not there", OK,
         {"base": "nvidia/cuda:12.8.1-devel-ubuntu22.04"}, python="3.10", cuda="12.8",
         says="it is not installed in it"),
    case("a tag that moves is not sure to do", WARN, {"base": "pytorch/pytorch:latest"},
         says="is another image after every release"),
    case("a tag that nobody has seen is not sure to do", WARN,
         {"base": "pytorch/pytorch:2.15.0-cuda13.2-cudnn9-runtime"}, says="exists is not known"),
    case("an image that is reported broken is not sure to do", WARN,
         {"base": "tensorflow/tensorflow:2.21.0-gpu"}, says="broken cuDNN"),
    case("without a framework musl is a warning", WARN, {"base": "python:3.12-alpine"},
         says="musl"),
    case("an image that mlbox does not know is not judged", OK,
         torch(base="registry.example.com/team/base:1"), says="knows nothing of the images"),
]  # fmt: skip

CASES = [
    *DEFAULTS, *PYTHONS, *TAGS, *PLATFORMS, *GPUS, *DRIVERS, *COMPANIONS, *CONTAINERS
]  # fmt: skip


def told(answer: Resolution) -> str:
    findings = [f"{finding.what} {finding.why} {finding.fix}" for finding in answer.findings]
    return "\n".join((answer.what, *answer.reasons, *findings))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_a_rule_is_followed(case: Case) -> None:
    answer = resolve(Request(**case.asked), FACTS)
    assert answer.verdict == case.verdict, told(answer)
    assert {name: getattr(answer, name) for name in case.fields} == case.fields
    assert case.says in told(answer)
    if case.first is not None:
        assert dict(answer.nearest[0].changes) == case.first


def test_there_are_many_cases_each_with_its_own_sentence() -> None:
    assert len({case.why for case in CASES}) == len(CASES) >= 80


@pytest.mark.parametrize(
    "asked",
    [torch(platform=WINDOWS), torch("2.10.0", platform=ARM), torch(platform=WINDOWS, gpu="L4")],
    ids=["Windows", "arm64 until 2.10", "Windows with a GPU"],
)
def test_where_the_default_index_has_the_cpu_build_that_is_said_first(
    asked: dict[str, Any],
) -> None:
    answer = resolve(Request(**asked), FACTS)
    default = resolve(Request(**asked, cuda="cpu"), FACTS)
    about, source = (
        f"CPU build of torch {default.version}",
        default.reasons[0].split("(source: ")[1],
    )
    first = answer.reasons[0]
    assert answer.cuda is not None
    assert about in first
    assert "from PyTorch's own index" in first
    assert "`--cuda cpu`" in first
    assert first.endswith(source)  # that of the row of the CPU build
    finding = answer.findings[0]
    assert (finding.code, finding.severity) == ("default-build-is-cpu", "info")
    assert about in finding.what
    assert "`--cuda cpu`" in finding.fix


@pytest.mark.parametrize(
    "asked",
    [
        torch(),
        torch("2.11.0", platform=ARM),
        torch(platform=WINDOWS, cuda="cpu"),
        torch(platform=WINDOWS, cuda="13.2"),
        torch("2.9.1", driver="565.57.01"),  # takes a build that is not the default: also CUDA
        tensorflow(platform=WINDOWS, gpu="RTX 3090"),  # has no index of its own
        jax(platform=WINDOWS),
    ],
    ids=lambda asked: " ".join(str(value) for value in asked.values() if value),
)
def test_of_the_default_index_nothing_else_is_said(asked: dict[str, Any]) -> None:
    answer = resolve(Request(**asked), FACTS)
    assert answer.verdict != NO
    assert "default-build-is-cpu" not in {finding.code for finding in answer.findings}
    assert "has the CPU build" not in told(answer)


def test_what_is_for_linux_alone_does_not_go_with_a_build_for_windows() -> None:
    assert {"nccl", "triton"} <= resolve(Request(**torch("2.15.0")), FACTS).companions.keys()
    windows = resolve(Request(**torch("2.15.0", platform=WINDOWS)), FACTS).companions
    assert not {"nccl", "triton"} & windows.keys()


@pytest.mark.parametrize(
    ("release", "companion", "version", "pinned"),
    [
        ("2.13.0", "torchvision", "0.28.0", True),
        ("2.14.0", "torchvision", "0.29.0", True),
        ("2.14.1", "torchvision", "0.29.1", False),
        ("2.15.0", "torchvision", "0.29.2", False),
        ("2.10.0", "torchaudio", "2.10.0", True),
        ("2.11.0", "torchaudio", "2.11.0", False),
        ("2.13.0", "torchaudio", "2.11.0", False),
        ("2.7.1", "triton", "3.3.1", True),
        ("2.15.0", "triton", "3.9.x", False),
        ("2.11.0", "cudnn", "9.19.0.56", True),  # metadata, not the release notes
        ("2.15.0", "nccl", "2.30.7", True),
    ],
)
def test_what_goes_with_a_release_and_whether_metadata_ties_it(
    release: str, companion: str, version: str, *, pinned: bool
) -> None:
    found = resolve(Request(**torch(release)), FACTS).companions[companion]
    assert (found.version, found.pinned) == (version, pinned)


@pytest.mark.parametrize(
    "name",
    [
        "RTX 4090", "rtx4090", "NVIDIA GeForce RTX 4090", "a100 80gb", "A100-SXM4-80GB",
        "Tesla V100-SXM2-16GB", "V100 32GB", "gtx 1080ti", "H100 SXM5", "rtx 4090 laptop gpu",
        "L4", "t4", "NVIDIA A10G", "RTX A6000", "RTX 6000 Ada", "GH200", "B200",
    ],
)  # fmt: skip
def test_a_gpu_is_found_as_people_write_it(name: str) -> None:
    assert resolve(Request(framework="torch", gpu=name), FACTS).verdict != NO
