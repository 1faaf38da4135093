"""Accelerators other than NVIDIA's cards: the rules, one case each, with its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from mlbox.errors import SpecError
from mlbox.facts import load_facts
from mlbox.resolve import Request, Resolution, resolve

FACTS = load_facts()
OK, WARN, NO = "ok", "warn", "impossible"
NEURON_INDEX = "https://pip.repos.neuron.amazonaws.com"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


@dataclass(frozen=True)
class Case:
    """What is asked, and what the answer has to be as far as the sentence is about it."""

    why: str
    asked: dict[str, Any]
    verdict: str
    says: str
    fields: dict[str, Any]


def case(why: str, verdict: str, asked: dict[str, Any], says: str = "", **fields: Any) -> Case:
    return Case(why, asked, verdict, says, fields)


def torch(version: str | None = None, **more: Any) -> dict[str, Any]:
    return {"framework": "torch", "version": version, **more}


def jax(version: str | None = None, **more: Any) -> dict[str, Any]:
    return {"framework": "jax", "version": version, **more}


ROCM = [
    case("an AMD GPU means ROCm", OK, torch(gpu="MI300X"), accelerator="rocm"),
    case("so does its gfx target", OK, torch(gpu="gfx942"), accelerator="rocm"),
    case("the index is named by the tag", OK, torch("2.9.1", gpu="MI300X"), cuda_tag="rocm6.4",
         index_url="https://download.pytorch.org/whl/rocm6.4",
         requirements=("torch==2.9.1+rocm6.4",)),
    case("a patch is in the tag only for 6.2.4", OK,
         torch("2.7.0", gpu="MI300X", cuda="auto", accelerator="rocm"), cuda_tag="rocm6.3"),
    case("tags of 2.14 and 2.15 are not verified", OK, torch(accelerator="rocm"),
         "not verified", version="2.13.0"),
    case("ROCm wheels are for x86_64 alone", NO,
         torch(accelerator="rocm", platform="linux/arm64")),
    case("gfx950 needs ROCm 7.0", NO, torch("2.9.1", gpu="MI355X")),
    case("gfx950 has ROCm 7.0 with torch 2.10", OK, torch("2.10.0", gpu="MI350X")),
    case("gfx1151 needs ROCm 7.0", NO, torch("2.9.1", gpu="gfx1151")),
    case("gfx1031 is in no wheel: an unofficial override", WARN, torch(gpu="RX 6700 XT"),
         "unofficial", environment={"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}),
    case("gfx1030 is served as it is", OK, torch(gpu="RX 6800 XT"), environment={}),
    case("gfx1011 is in no wheel, and no override helps", NO, torch(instance="g4ad.xlarge")),
    case("gfx906 stays through rocm7.2", WARN, torch(gpu="Radeon VII"), version="2.13.0"),
    case("a container gets the device nodes", OK, torch(gpu="MI300X"),
         device_nodes=("/dev/kfd", "/dev/dri")),
    case("Triton comes from torch's own index", OK, torch(gpu="MI300X"), "Triton"),
    case("jax for ROCm is 0.12.0, not 0.12.0.1", WARN, jax(gpu="MI300X"), version="0.12.0"),
    case("the extra of jax 0.8.3 cannot be satisfied", NO, jax("0.8.3", gpu="MI300X")),
    case("nobody states ROCm for tensorflow", NO,
         {"framework": "tensorflow", "accelerator": "rocm"}, "no verified facts for this"),
]  # fmt: skip

TPU = [
    case("jax pins libtpu", OK, jax(accelerator="tpu"), version="0.12.0.1",
         requirements=("jax[tpu]==0.12.0.1",)),
    case("a TPU is named by its generation", OK, jax(gpu="TPU v5e"), accelerator="tpu"),
    case("or by its size", OK, jax(gpu="v5litepod-8"), accelerator="tpu"),
    case("or by a cloud's machine", OK, jax(instance="ct6e-standard-4t"), accelerator="tpu"),
    case("up to v4 the devices are /dev/accel", OK, jax(gpu="TPU v4"), "/dev/accel"),
    case("from v5e on they are /dev/vfio", OK, jax(gpu="TPU v6e"), "/dev/vfio"),
    case("the flags are the documented ones", OK, jax(accelerator="tpu"),
         docker_flags=("--privileged", "--net=host", "--shm-size=16G")),
    case("jax 0.11 needs Python 3.12", OK, jax(accelerator="tpu", python="3.11"),
         version="0.10.2"),
    case("torch_xla ends at 2.9.0", OK, torch(accelerator="tpu"), version="2.9.0"),
    case("torch_xla does not bring torch", OK, torch(accelerator="tpu"),
         index_url=CPU_INDEX),
    case("torch_xla has no Python 3.14", NO, torch(accelerator="tpu", python="3.14")),
    case("torch_xla 2.7 has no Python 3.12", NO,
         torch("2.7.0", accelerator="tpu", python="3.12")),
    case("nobody states TPUs for tensorflow", NO,
         {"framework": "tensorflow", "accelerator": "tpu"}, "no verified facts for this"),
]  # fmt: skip

NEURON = [
    case("inf2 with torch is SDK 2.31 and torch 2.9", OK, torch(instance="inf2.xlarge"),
         "SDK 2.31", version="2.9.0"),
    case("so is trn1", OK, torch(instance="trn1.2xlarge"), version="2.9.0"),
    case("XLA training ended", OK, torch(instance="trn1.2xlarge"), "2.30"),
    case("both indexes are needed", OK, torch(instance="inf2.xlarge"),
         index_url=NEURON_INDEX, extra_index_urls=(CPU_INDEX,)),
    case("a name on PyPI is a stub", OK, torch(instance="inf2.xlarge"), "stub"),
    case("nodes are chips, not cores", OK, torch(instance="inf2.48xlarge"), "per chip",
         device_nodes=tuple(f"/dev/neuron{chip}" for chip in range(12))),
    case("inf1 is frozen", WARN, torch(instance="inf1.xlarge"), version="1.13.1"),
    case("inf1's driver has two versions in its sources", WARN, torch(instance="inf1.xlarge"),
         "2.24"),
    case("native torch is not for inf2", NO, torch("2.14", instance="inf2.xlarge")),
    case("nobody states Neuron for tensorflow", NO,
         {"framework": "tensorflow", "accelerator": "neuron"}, "no verified facts for this"),
]  # fmt: skip

JETSON = [
    case("Orin is JetPack 6, with an index of its own", WARN, torch(gpu="Jetson AGX Orin"),
         cuda_tag="cu126", python="3.10", platform="linux/arm64"),
    case("so is its compute capability", WARN, torch(compute_capability="8.7"),
         accelerator="jetson"),
    case("usual wheels never work there", WARN, torch(gpu="Jetson Orin Nano"),
         "never work on JetPack 6"),
    case("it takes NVIDIA's runtime", WARN, torch(gpu="Jetson AGX Orin"),
         docker_flags=("--runtime=nvidia",)),
    case("Xavier is JetPack 5", WARN, torch(gpu="Jetson AGX Xavier"), "JetPack 5",
         python="3.8"),
    case("Thor needs cu130", OK, torch(gpu="Jetson T5000"), cuda_tag="cu130"),
    case("the tag of a base image is recollected, which is said", WARN,
         torch(gpu="Jetson AGX Orin"), "recollected"),
]  # fmt: skip

MACHINES = [
    case("p5 has H100s", OK, torch(instance="p5.48xlarge"), "H100", accelerator="cuda"),
    case("g5g is arm64, whose wheels have no 7.5", NO, torch(instance="g5g.xlarge"),
         platform="linux/arm64"),
    case("a4x is arm64 with GB200", OK, torch(instance="a4x-highgpu-4g"),
         platform="linux/arm64"),
    case("Azure's MI300X means ROCm", OK, torch(instance="Standard_ND96isr_MI300X_v5"),
         accelerator="rocm"),
    case("a fraction is no whole GPU", OK, torch(instance="g6f.large"), "no whole GPU"),
    case("there is no MPS in a container: the CPU", WARN, torch(accelerator="mps"), "MPS",
         cuda_tag="cpu"),
    case("nobody states which wheel has gfx1250", NO, torch(gpu="MI450X"),
         "no verified facts for this"),
    case("a laptop's chip is known by its name", OK, torch(gpu="Strix Halo"), version="2.13.0"),
    case("nobody states Intel GPUs", NO, torch(accelerator="xpu"), "no verified facts for this"),
    case("nobody states Gaudi", NO, torch(accelerator="gaudi"), "no verified facts for this"),
    case("the CPU can be named", OK, torch(accelerator="cpu"), cuda_tag="cpu"),
]  # fmt: skip

CASES = [*ROCM, *TPU, *NEURON, *JETSON, *MACHINES]


def told(answer: Resolution) -> str:
    findings = [f"{finding.what} {finding.why} {finding.fix}" for finding in answer.findings]
    return "\n".join((answer.what, *answer.reasons, *findings, *answer.device_nodes))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_a_rule_is_followed(case: Case) -> None:
    answer = resolve(Request(**case.asked), FACTS)
    assert answer.verdict == case.verdict, told(answer)
    assert {name: getattr(answer, name) for name in case.fields} == case.fields
    assert case.says in told(answer)
    assert all(answer.reasons)


def test_there_are_many_cases_each_with_its_own_sentence() -> None:
    assert len({case.why for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (torch(accelerator="tpu", gpu="A100"), "A100"),
        (torch(accelerator="rocm", gpu="RTX 4090"), "RTX 4090"),
        (torch(accelerator="cuda", gpu="MI300X"), "MI300X"),
        (torch(accelerator="neuron", instance="p5.48xlarge"), "H100"),
        (torch(instance="p5.49xlarge"), "p5.48xlarge"),
        (torch(instance="inf2.xlarge", platform="linux/arm64"), "linux/arm64"),
        (torch(accelerator="gpu"), "cuda"),
        (torch(gpu="MI300Y"), "MI300X"),
    ],
)
def test_what_contradicts_itself_or_is_unknown_is_told(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError) as caught:
        resolve(Request(**asked), FACTS)
    assert says in str(caught.value)
    assert caught.value.why
    assert caught.value.fix


def test_an_impossible_answer_names_what_would_do() -> None:
    answer = resolve(Request(**torch("2.9.1", gpu="MI355X")), FACTS)
    assert answer.nearest
    again = resolve(Request(**torch(answer.nearest[0].version, gpu="MI355X")), FACTS)
    assert again.verdict != NO


def test_every_known_machine_gets_an_answer() -> None:
    for machine in FACTS.accelerators.instances:
        answer = resolve(Request(framework="torch", instance=machine.name), FACTS)
        assert answer.reasons, machine.name
