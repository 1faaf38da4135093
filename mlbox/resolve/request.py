"""What is asked of the resolver: a spec's part of it, or the arguments of ``mlbox resolve``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from mlbox.errors import SpecError

if TYPE_CHECKING:
    from mlbox.spec import BoxSpec

FRAMEWORKS = ("torch", "tensorflow", "jax")
PLATFORMS = ("linux/amd64", "linux/arm64", "windows/amd64")
ACCELERATORS = ("cuda", "cpu", "rocm", "tpu", "neuron", "jetson")
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """A question to the resolver. What is ``None`` does not constrain the answer.

    Attributes:
        framework: ``"torch"``, ``"tensorflow"``, ``"jax"``, or ``None``.
        version: Release or prefix of one (``"2.13.0"``, ``"2.13"``); ``None`` for the newest.
        python: Python version, ``"3.12"`` or ``"3.12.4"``; ``None`` for any.
        cuda: ``"auto"``, ``"cpu"``, ``"12.8"``, ``"cu128"``, or jax's ``"cuda12"``.
        driver: NVIDIA driver, as nvidia-smi prints it: ``"535.183.01"``; ``"535"`` for its branch.
        gpu: Model of GPU, as nvidia-smi prints it or as people write it.
        compute_capability: That of the GPU, instead of its name: ``"8.0"``.
        platform: ``"linux/amd64"``, ``"linux/arm64"`` or ``"windows/amd64"``.
        base: ``"auto"``, ``"debian"``, or the reference of an image, which is judged.
        compiles: Whether CUDA code is compiled.
        packages: PEP 508 requirements that have to work with the framework.
        accelerator: ``"cuda"``, ``"cpu"``, ``"rocm"``, ``"tpu"``, ``"neuron"`` or ``"jetson"``;
            ``None`` for what the GPU or the instance implies.
        instance: A cloud's name for a machine type: ``"p5.48xlarge"``.
        registry_mirror: Registry to pull every base image through.
    """

    framework: str | None = None
    version: str | None = None
    python: str | None = None
    cuda: str = "auto"
    driver: str | None = None
    gpu: str | None = None
    compute_capability: str | None = None
    platform: str = "linux/amd64"
    base: str = "auto"
    compiles: bool = False
    packages: tuple[str, ...] = ()
    accelerator: str | None = None
    instance: str | None = None
    registry_mirror: str | None = None


def request_of(spec: BoxSpec) -> Request:
    """Return what a box's spec asks of the resolver."""
    return Request(
        framework=spec.framework,
        version=spec.framework_version,
        python=spec.python,
        cuda=spec.cuda,
        driver=spec.driver,
        gpu=spec.gpu,
        platform=spec.platform,
        base=spec.base,
        compiles=spec.compiles,
        packages=spec.packages,
        registry_mirror=spec.registry_mirror,
    )


def parse_framework(text: str) -> tuple[str, str | None]:
    """Return framework and version of ``"torch"``, ``"torch==2.13"`` or ``"torch==2.13.*"``.

    Raises:
        SpecError: It is no framework that mlbox knows, or no version.
    """
    name, equals, version = (part.strip() for part in text.partition("=="))
    if name not in FRAMEWORKS:
        near = get_close_matches(name.lower(), FRAMEWORKS, n=1)
        raise SpecError(
            f"{text!r} is not a framework that mlbox knows.",
            why=f"It knows {', '.join(FRAMEWORKS)}, each with ==VERSION or without.",
            fix=f"Did you mean {near[0]!r}?" if near else 'Write it like "torch==2.13.0".',
        )
    if equals and not re.fullmatch(r"\d+(\.\d+)*(\.\*)?((a|b|rc)\d+)?", version):
        raise SpecError(
            f"{version!r} is not a version of {name}.",
            why="It is a release, or the beginning of one, without a CUDA tag.",
            fix=f'Write it like "{name}==2.13.0" or "{name}==2.13"; the CUDA tag is --cuda.',
        )
    return name, version.removesuffix(".*") if equals else None


def parse_platform(text: str) -> str:
    """Return a platform as Docker writes it.

    Raises:
        SpecError: It is none that there are wheels for.
    """
    system, _, machine = text.partition("/")
    platform = f"{system}/{_MACHINES.get(machine, machine)}"
    if platform not in PLATFORMS:
        raise SpecError(
            f"platform = {text!r} is not one of {', '.join(PLATFORMS)}.",
            why="mlbox has no tables for another one.",
            fix='Write "linux/amd64" for usual machines.',
        )
    return platform


def check(request: Request) -> None:
    """Refuse what is malformed, or contradicts itself.

    Raises:
        SpecError: It does.
    """
    if not re.fullmatch(r"auto|cpu|cu\d{2,4}|cuda\d{2}|\d{1,2}\.\d(\.\d)?", request.cuda):
        raise SpecError(
            f"cuda = {request.cuda!r} is not a CUDA version.",
            why="It is an X.Y version, a wheel tag, or one of two words.",
            fix='Write "auto", "cpu", "12.8" or "cu128" (for jax, "cuda12").',
        )
    for_cpu = request.cuda == "cpu"
    if request.accelerator and request.cuda != "auto":
        fits = {"cuda": not for_cpu, "cpu": for_cpu}.get(request.accelerator, False)
        if not fits:
            raise SpecError(
                f"accelerator = {request.accelerator!r} and cuda = {request.cuda!r} contradict "
                "each other.",
                why="A build is for one of them.",
                fix="Leave one of them out.",
            )
