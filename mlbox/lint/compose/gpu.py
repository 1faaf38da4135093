"""Whether a service asks for a GPU, and whether it needs one.

What is not known is neither: a service whose image nobody can know needs none, and one whose
runtime comes from a variable may well ask.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from mlbox.errors import SpecError
from mlbox.lint.compose.built import built_image
from mlbox.lint.compose.words import option
from mlbox.resolve import image_tags as tags
from mlbox.resolve.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.facts import Facts
    from mlbox.findings import Location
    from mlbox.lint.commands.model import PythonInstall
    from mlbox.lint.compose.model import Compose, Service
    from mlbox.lint.compose.nodes import Node
    from mlbox.lint.image import Image

Form = Literal["deploy", "gpus", "device", "node", "runtime", "generic", "unknown"]

# What brings CUDA whatever the tag is, and is for nothing else.
_CUDA_REPOSITORIES = frozenset({tags.NVIDIA_CUDA, tags.PYTORCH, tags.NGC_PYTORCH})
_CUDA_NAMES = re.compile(
    r"(?:^|/)(?:vllm/vllm-openai|lmsysorg/sglang|rapidsai/[\w-]+|nvcr\.io/nvidia/(?:"
    r"pytorch|tensorflow|jax|nemo|cuda|tensorrt|tensorrt-llm/\w+|modulus/\w+|rapidsai/\w+))$"
)
_GPU_TAG = re.compile(r"(?:^|[-_.])(?:cuda(?:\d[\d.]*)?|cu1[0-4]\d|gpu|nvidia)(?=$|[-_.])")
_CPU = re.compile(r"(?:^|[-_.])cpu(?:only)?(?=$|[-_.\d])", re.IGNORECASE)
_CUDA_DEVICE = re.compile(r"(?:cuda|gpu)(?::\d+)?", re.IGNORECASE)
_DEVICE_VARIABLES = ("DEVICE", "TORCH_DEVICE")
_NONE = frozenset({"", "-1", "none", "void", "nodevfiles"})
_CUDA_INDEX = re.compile(r"/whl/(?:nightly/|test/)?cu\d+")
_RUNC = frozenset(
    {"runc", "crun", "youki", "runsc", "kata", "sysbox-runc", "io.containerd.runc.v2"}
)
# Programs of images for GPUs that need none themselves.
_PLAIN_PROGRAMS = frozenset(
    {
        "tensorboard", "mlflow", "dvc", "pytest", "ruff", "mypy", "pip", "wandb", "aim", "echo",
        "ls", "cat", "cp", "mv", "chown", "chmod", "curl", "wget", "git", "aws", "gsutil", "gcloud",
        "rclone", "mc", "optuna-dashboard", "alembic", "prefect", "nginx", "true", "make", "hf",
        "huggingface-cli", "rsync", "tar", "unzip",
    }
)  # fmt: skip
_PLAIN_MODULES = frozenset(
    {
        "pytest", "http.server", "tensorboard.main", "mlflow", "pip", "mypy", "ruff", "dvc",
        "wandb", "unittest",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class GpuRequest:
    """One way in which a service asks for GPUs.

    Attributes:
        form: How: ``"deploy"`` and ``"gpus"`` are device requests, ``"device"`` names CDI devices,
            ``"node"`` device files, ``"generic"`` resources of a swarm; ``"unknown"`` may be one.
        node: Where it stands.
        count: How many; ``"all"``; ``None`` if not known.
        ids: Which; ``None`` if it does not say, or not known.
    """

    form: Form
    node: Node
    count: int | Literal["all"] | None = None
    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class GpuNeed:
    """Why a service needs a GPU.

    Attributes:
        level: ``"insists"``: it fails without; ``"meant"``: it is made for one; ``"hints"``: it is
            named so.
        place: Where that stands.
        evidence: What it is, to follow "the service ...".
        dated: Whether the facts say so.
    """

    level: Literal["insists", "meant", "hints"]
    place: Location
    evidence: str
    dated: bool = False


def requests_of(service: Service) -> tuple[GpuRequest, ...]:
    """Every way in which a service asks for GPUs."""
    return (
        *_gpus(service.node.get("gpus")),
        *_reserved(service.node),
        *_devices(service.node.get("devices")),
        *_runtime(service),
    )


def device_items(service: Service) -> Iterator[tuple[Node, str]]:
    """The maps of ``gpus`` and of reserved devices, each with where it is: ``"gpus"``."""
    for path in (("gpus",), ("deploy", "resources", "reservations", "devices")):
        node = service.node.get(*path)
        for item in node.items if node is not None else ():
            if item.kind == "map":
                yield item, path[-1]


def _gpus(node: Node | None) -> Iterator[GpuRequest]:
    if node is None or node.tag == "!reset":
        return
    if node.kind == "list":
        for item in node.items:
            yield from _request(item, "gpus")
    elif not node.is_fixed:
        yield GpuRequest(form="unknown", node=node)
    elif not node.is_null:
        yield GpuRequest(form="gpus", node=node, count="all")


def _reserved(service: Node) -> Iterator[GpuRequest]:
    reservations = service.get("deploy", "resources", "reservations")
    devices = reservations.get("devices") if reservations is not None else None
    for item in devices.items if devices is not None else ():
        yield from _request(item, "deploy")
    generic = reservations.get("generic_resources") if reservations is not None else None
    for item in generic.items if generic is not None else ():
        if "gpu" in (item.scalar("discrete_resource_spec", "kind") or "gpu").lower():
            yield GpuRequest(form="generic", node=item)
    limits = service.get("deploy", "resources", "limits", "devices")
    if limits is not None:  # MLC107 tells
        yield GpuRequest(form="unknown", node=limits)


def _request(item: Node, form: Form) -> Iterator[GpuRequest]:
    if item.kind != "map":
        yield GpuRequest(form="unknown", node=item)
        return
    capabilities = item.get("capabilities")
    if capabilities is not None and form == "deploy" and _for_another(item, capabilities):
        return
    ids = item.get("device_ids")
    if ids is not None and ids.kind == "list":
        known = tuple(each.text for each in ids.items if each.text is not None)
        complete = len(known) == len(ids.items)
        yield GpuRequest(form=form, node=item, ids=known if complete else None)
        return
    yield GpuRequest(form=form, node=item, count=_count(item.get("count")))


def _for_another(item: Node, capabilities: Node) -> bool:
    """Whether a device is plainly no GPU: a TPU's driver, and no ``gpu`` among its capabilities."""
    named = {each.text for each in capabilities.items}
    driver = item.scalar("driver")
    gpu = {"gpu", "nvidia", "amd", "compute", "utility", None}
    return bool(named) and not named & gpu and driver not in (None, "nvidia", "cdi", "amd")


def _count(node: Node | None) -> int | Literal["all"] | None:
    if node is None:
        return "all"
    if not node.is_fixed or node.kind != "scalar":
        return None
    if node.raw.strip() == "all" or node.raw.strip() == "-1":
        return "all"
    return int(node.raw) if node.raw.isascii() and node.raw.isdigit() else None


def _devices(node: Node | None) -> Iterator[GpuRequest]:
    """CDI names, and device files of GPUs of any maker."""
    for item in node.items if node is not None else ():
        source = item if item.kind == "scalar" else item.get("source")
        if source is None or source.kind != "scalar":
            continue
        name = source.raw
        if "/gpu" in name and "=" in name:
            device = name.partition("=")[2]
            ids = (device,) if device != "all" and source.is_fixed else None
            yield GpuRequest(
                form="device", node=item, ids=ids, count="all" if device == "all" else None
            )
        elif name.startswith(("/dev/nvidia", "/dev/dri", "/dev/kfd", "/dev/dxg", "/dev/nvhost")):
            yield GpuRequest(form="node", node=item)
        elif not source.is_fixed or "=" in name:
            yield GpuRequest(form="unknown", node=item)


def _runtime(service: Service) -> Iterator[GpuRequest]:
    node = service.node.get("runtime")
    if node is None or node.is_null or node.kind != "scalar":
        return
    if node.text is None or not node.is_fixed:
        yield GpuRequest(form="unknown", node=node)
    elif "nvidia" in node.text:
        visible = service.variable("NVIDIA_VISIBLE_DEVICES")
        value = visible.value if visible else None
        if visible and value is not None and value.strip().lower() not in ("all", *_NONE):
            ids = tuple(part.strip() for part in value.split(","))
            yield GpuRequest(form="runtime", node=node, ids=ids)
        else:
            yield GpuRequest(form="runtime", node=node, count="all" if value == "all" else None)
    elif node.text not in _RUNC:
        yield GpuRequest(form="unknown", node=node)


# --- needs -------------------------------------------------------------------------------------


def need_of(service: Service, compose: Compose) -> GpuNeed | None:
    """Why a service needs a GPU; ``None`` if nothing says so for sure."""
    if not service.is_whole or service.node.get("provider") is not None or _is_for_cpu(service):
        return None
    return (
        _asked_by_command(service)
        or _asked_by_environment(service)
        or _made_for_it(service, compose)
    )


def _is_for_cpu(service: Service) -> bool:
    """Whether the service says that it does without a GPU."""
    if any(_CPU.search(f"-{name}") for name in (service.name, *service.profiles)):
        return True
    for name in ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"):
        variable = service.variable(name)
        if variable and variable.value is not None and variable.value.strip().lower() in _NONE:
            return True
    platforms = service.variable("JAX_PLATFORMS") or service.variable("JAX_PLATFORM_NAME")
    if platforms and (platforms.value or "").lower() == "cpu":
        return True
    device = option(service.words, "device", "accelerator", "trainer.accelerator")
    if device and device[1].lower().startswith(("cpu", "mps")):
        return True
    flags = {"--cpu", "--no-cuda", "--no_cuda", "--use-cpu", "--use_cpu", "--cpu-only"}
    return any(word.text.partition("=")[0] in flags for word in service.words)


def _asked_by_command(service: Service) -> GpuNeed | None:
    for word in service.words:
        if word.starts and word.text.rsplit("/", 1)[-1] == "nvidia-smi":
            return GpuNeed(level="insists", place=word.location, evidence="runs nvidia-smi")
    device = option(service.words, "device", "accelerator", "trainer.accelerator")
    if device and _CUDA_DEVICE.fullmatch(device[1]):
        word, value = device
        name = word.text.partition("=")[0]
        said = f"{name}={value}" if "=" in word.text else f"{name} {value}"
        return GpuNeed(
            level="insists", place=word.location, evidence=f"is told {said} by its command"
        )
    return None


def _asked_by_environment(service: Service) -> GpuNeed | None:
    for name in _DEVICE_VARIABLES:
        device = service.variable(name)
        if device and device.node.is_fixed and re.fullmatch(r"cuda(:\d+)?", device.value or ""):
            said = f"is told {name}={device.value} by its environment"
            return GpuNeed(level="meant", place=device.node.location, evidence=said)
    visible = service.variable("NVIDIA_VISIBLE_DEVICES")
    if visible is None or visible.value is None or not visible.node.is_fixed:
        return None
    return GpuNeed(
        level="hints",
        place=visible.node.location,
        evidence=f"sets NVIDIA_VISIBLE_DEVICES={visible.value}",
    )


def _made_for_it(service: Service, compose: Compose) -> GpuNeed | None:
    if _runs_something_plain(service):
        return None
    if service.build is not None:
        return _built_for_it(service, service.build, compose)
    image = service.image
    if image is None or image.text is None:
        return None
    level, dated = image_is_for_gpus(image.text, compose.facts)
    if level is None:
        return None
    return GpuNeed(
        level=level if image.is_fixed else "hints",  # a variable may name another
        place=image.location,
        evidence=f"runs {image.text}, an image for GPUs",
        dated=dated,
    )


def _runs_something_plain(service: Service) -> bool:
    """Whether its command is one that never uses a GPU: tensorboard in the image of training."""
    starts = [at for at, word in enumerate(service.words) if word.starts]
    for at in starts:
        program = service.words[at].text.rsplit("/", 1)[-1]
        rest = [word.text for word in service.words[at + 1 : at + 3]]
        if program in _PLAIN_PROGRAMS:
            return True
        if program.startswith("python") and rest[:1] == ["-m"] and rest[1:2]:
            return rest[1] in _PLAIN_MODULES
    return False


@lru_cache(maxsize=512)
def image_is_for_gpus(
    reference: str, facts: Facts
) -> tuple[Literal["meant", "hints"] | None, bool]:
    """Whether an image is one for GPUs, and whether the facts say so.

    Args:
        reference: The image.
        facts: The tables.
    """
    try:
        report = judge(reference, facts)
    except SpecError:
        return None, False
    tag = report.tag or ""
    if _CPU.search(tag) or _CPU.search(report.repository):
        return None, False
    if report.cuda is not None or report.repository in _CUDA_REPOSITORIES:
        return "meant", True
    if _CUDA_NAMES.search(report.repository):
        return "meant", False
    return ("hints", False) if _GPU_TAG.search(tag) else (None, False)


def _built_for_it(service: Service, build: Node, compose: Compose) -> GpuNeed | None:
    built = built_image(service, compose)
    if built is None or built.stage is None:
        return None
    place = build.location if build.kind == "scalar" else service.key.location
    for node in (build.get("dockerfile"), build.get("context")):
        if node is not None:
            place = node.location
            break
    if built.base:
        level, dated = image_is_for_gpus(built.base, compose.facts)
        if level:
            evidence = f"is built on {built.base}, an image for GPUs"
            return GpuNeed(level=level, place=place, evidence=evidence, dated=dated)
    found = next(_cuda_installs(built.image, built.stage), None)
    if found:
        return GpuNeed(level="meant", place=place, evidence=f"is built with {found}")
    return None


def _cuda_installs(image: Image, stage: int) -> Iterator[str]:
    """What the image's stages install that is plainly for CUDA."""
    for part in image.lineage(image.dockerfile.stages[stage]):
        for install in part.installs:
            yield from _of_install(install)


def _of_install(install: PythonInstall) -> Iterator[str]:
    for wanted in install.named("torch", "tensorflow", "jax"):
        if "+cu" in (wanted.version or ""):
            yield wanted.raw
        elif wanted.name == "torch" and any(map(_CUDA_INDEX.search, install.indexes.all)):
            yield f"{wanted.raw} for CUDA"
        elif wanted.extras & {"and-cuda", "cuda", "cuda12", "cuda13"}:
            yield wanted.raw
