"""What is asked of the resolver: a spec's part of it, or the arguments of ``mlbox resolve``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlbox.spec import BoxSpec


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
