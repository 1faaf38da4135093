"""Image references: the base of a box, where nvcc comes from, and the way through a mirror."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mlbox.errors import ResolveError
from mlbox.facts import numbers

if TYPE_CHECKING:
    from mlbox.facts import Facts, Image

DEBIAN_RELEASES = {"3.11": "bookworm", "3.13": "trixie"}
_OLD_ENOUGH = ("ubuntu20.04", "ubuntu22.04")
_FRAMEWORK_IMAGES = {
    "nvidia/pytorch": "torch",
    "pytorch/pytorch": "torch",
    "nvidia/tensorflow": "tensorflow",
    "tensorflow/tensorflow": "tensorflow",
    "nvidia/jax": "jax",
}


def base_reference(base: str, python: str) -> str:
    """Return the image a box is built on, before any mirror."""
    if base == "auto":
        return f"python:{python}-slim-bookworm"
    return debian_base(python) if base == "debian" else base


def debian_base(python: str) -> str:
    """Return the base image made from Debian's packages that has this Python.

    Raises:
        ResolveError: No Debian release has it.
    """
    if python not in DEBIAN_RELEASES:
        raise ResolveError(
            f'base = "debian" has no Python {python}.',
            why="Debian has one Python per release: 3.11 in bookworm, 3.13 in trixie.",
            fix='Set python = "3.11" or python = "3.13", or base = "auto".',
        )
    return f"mlbox/debian:{DEBIAN_RELEASES[python]}-python{python}"


def made_here(reference: str) -> bool:
    """Whether an image is one that mlbox makes, so that no registry has it."""
    return reference.startswith("mlbox/")


def through_mirror(reference: str, mirror: str | None) -> str:
    """Return the reference of the same image behind a registry mirror.

    Docker Hub's images stand directly below the mirror (``python:3.11`` becomes
    ``MIRROR/library/python:3.11``), those of other registries below their registry's name
    (``nvcr.io/nvidia/cuda:X`` becomes ``MIRROR/nvcr.io/nvidia/cuda:X``). Images that mlbox makes
    on this machine (``mlbox/...``), and what is behind the mirror already, stay as they are.
    """
    mirror = (mirror or "").rstrip("/")
    if not mirror or made_here(reference) or reference.startswith(f"{mirror}/"):
        return reference
    for hub in ("docker.io/", "index.docker.io/"):
        reference = reference.removeprefix(hub)
    official = "" if "/" in reference else "library/"
    return f"{mirror}/{official}{reference}"


def framework_in(reference: str) -> str | None:
    """Return the framework that images of this name bring, whatever their tag."""
    repository, _ = split(reference)
    return _FRAMEWORK_IMAGES.get("/".join(repository.split("/")[-2:]))


@lru_cache(maxsize=64)
def devel_image(cuda: str, facts: Facts) -> Image | None:
    """Return the newest ``nvidia/cuda`` image with nvcc for a CUDA minor version, if there is one.

    Only those on Ubuntu 22.04 or older: their glibc is not newer than Debian bookworm's, so that
    their programs run in the slim base images.
    """
    found = [
        image
        for image in facts.images
        if image.repository == "nvidia/cuda"
        and image.cuda_minor == cuda
        and image.has_nvcc
        and not image.cudnn
        and image.os in _OLD_ENOUGH
        and image.status != "absent"
    ]
    return max(found, key=lambda image: (numbers(image.cuda), image.os), default=None)


def split(reference: str) -> tuple[str, str]:
    """Return repository and tag of a reference; a colon before a slash belongs to a port."""
    name = reference.partition("@")[0]
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "latest")
