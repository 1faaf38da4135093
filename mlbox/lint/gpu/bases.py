"""What a base image has of CUDA, frameworks and Python, as far as its name says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.lint.references import reference as image_name
from mlbox.resolve import image_tags as tags
from mlbox.resolve.image_contents import SYSTEM_PYTHONS
from mlbox.resolve.judge import judge

if TYPE_CHECKING:
    from mlbox.facts import Facts

_NGC = "nvcr.io/nvidia/"
_NGC_OTHERS = re.compile(r"l4t|jetson|container-toolkit|k8s|driver|igpu|tao|clara-holoscan")
_PLAIN = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?:python|ubuntu|debian|pypy|buildpack-deps|fedora|rockylinux"
    r"|almalinux|centos|continuumio/(?:mini|ana)conda3|condaforge/(?:mini|mamba)forge3?|node"
    r"|mambaorg/micromamba|(?:ghcr\.io/)?astral(?:-sh)?/uv|jupyter/[a-z-]+"
    r"|quay\.io/jupyter/[a-z-]+)"
)
_UV_PYTHON = re.compile(r"python(3\.\d+)\b")


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base image.

    Attributes:
        reference: As FROM has it, variables replaced.
        repository: The publisher's name of its repository; as written if it is none that is known.
        tag: Its tag; empty without.
        is_gpu: Whether it plainly is an image of CUDA.
        cuda: CUDA minor version in it, ``"12.8"``; ``None`` without, or if not known.
        flavor: ``"base"``, ``"runtime"``, ``"devel"``, or ``None``.
        has_nvcc: Whether NVIDIA's compiler is in it; ``None`` if not known.
        has_cudnn: Whether cuDNN is in it, outside of Python's packages; ``None`` if not known.
        framework: ``"torch"`` or ``"tensorflow"``, if it brings one.
        release: The framework's release, ``"2.5.1"``, of NGC's ``"2.5.0a0"``; ``None`` if not
            known.
        python: The Python that is in it; ``None`` without, or if not known.
        system_python: The Python that its system's packages have, where it has none itself.
        require_cuda: The text of its NVIDIA_REQUIRE_CUDA; ``None`` without, or if not known.
    """

    reference: str
    repository: str
    tag: str
    is_gpu: bool = False
    cuda: str | None = None
    flavor: str | None = None
    has_nvcc: bool | None = None
    has_cudnn: bool | None = None
    framework: str | None = None
    release: str | None = None
    python: str | None = None
    system_python: str | None = None
    require_cuda: str | None = None

    @property
    def is_nvidia_cuda(self) -> bool:
        """Whether it is nvidia/cuda."""
        return self.repository == tags.NVIDIA_CUDA

    @property
    def is_ngc_torch(self) -> bool:
        """Whether it is NGC's image of torch."""
        return self.repository == tags.NGC_PYTORCH

    @property
    def is_plain(self) -> bool:
        """Whether it is an image of a system, or of Python, without CUDA."""
        return bool(_PLAIN.fullmatch(self.repository))


@lru_cache(maxsize=1024)
def base_of(reference: str, facts: Facts) -> Base | None:
    """What is known of an image; ``None`` if it is no image reference, or ``scratch``.

    Args:
        reference: ``"nvidia/cuda:12.8.1-devel-ubuntu22.04"``.
        facts: The tables.
    """
    try:
        report = judge(reference, facts)
    except SpecError:
        return None
    tag = report.tag or ""
    base = Base(
        reference=reference,
        repository=report.repository,
        tag=tag,
        cuda=_minor(report.cuda),
        flavor=report.flavor,
        has_nvcc=report.has_nvcc,
        framework=report.framework,
        release=report.release,
        python=report.python if report.python_preinstalled else None,
        system_python=None if report.python_preinstalled else report.python,
        require_cuda=report.require_cuda,
    )
    return _completed(base, has_cudnn=bool(report.cudnn), by_digest="@" in reference)


def _completed(base: Base, *, has_cudnn: bool, by_digest: bool) -> Base:
    """The same with what the kind of image says."""
    fields = dict(base.__dict__)
    if base.repository == tags.NVIDIA_CUDA:
        parts = tags.cuda_tag(base.tag)
        flavor = base.flavor or (parts.flavor if parts else None) or None
        fields |= {
            "is_gpu": True,
            "cuda": base.cuda or (_minor(parts.version) if parts else None),
            "flavor": flavor,
            "has_nvcc": flavor == "devel" if flavor else None,
            "has_cudnn": has_cudnn or "cudnn" in base.tag if flavor or not by_digest else None,
        }
    elif base.repository == tags.PYTORCH:
        fields["is_gpu"] = True
    elif base.repository == tags.TENSORFLOW:
        fields["is_gpu"] = "gpu" in base.tag
    elif base.repository.startswith(_NGC):
        fields["is_gpu"] = not _NGC_OTHERS.search(base.repository.removeprefix(_NGC))
    elif base.is_plain:
        python = _UV_PYTHON.search(base.tag) if "uv" in base.repository else None
        known = image_name(base.reference)
        system = known.system if known.is_hub("ubuntu", "debian") else None
        fields |= {
            "system_python": SYSTEM_PYTHONS.get(system or ""),
            "has_nvcc": False,
            "has_cudnn": False,
            "python": base.python or (python[1] if python else None),
        }
    return Base(**fields)


def _minor(version: str | None) -> str | None:
    return ".".join(version.split(".")[:2]) if version and "." in version else None
