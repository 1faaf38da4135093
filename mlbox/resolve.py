"""Spec + facts -> exact versions. Pure: no files, no network, no clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The versions chosen, and why.

    Attributes:
        base_image: Reference of the image the box is built on (registry mirror applied).
        devel_image: Reference of the image nvcc comes from, when the box compiles CUDA code.
        python: Python minor version.
        framework: ``"torch"``, ``"tensorflow"``, ``"jax"``, or ``None``.
        version: Exact release of the framework, without local part: ``"2.13.0"``.
        cuda: CUDA minor version the framework was built with, ``"12.8"``; ``None`` for CPU.
        requirements: What to install for the framework, exact: ``("torch==2.13.0+cpu",)``;
            empty without a framework or where the base image brings it.
        index_url: Package index of these requirements; ``None`` for the default index.
        minimum_driver: Oldest NVIDIA driver that runs it, ``"525.60.13"``; ``None`` for CPU.
        reasons: One sentence per decision, in the order they were taken.
    """

    base_image: str
    python: str
    devel_image: str | None = None
    framework: str | None = None
    version: str | None = None
    cuda: str | None = None
    requirements: tuple[str, ...] = ()
    index_url: str | None = None
    minimum_driver: str | None = None
    reasons: tuple[str, ...] = ()
