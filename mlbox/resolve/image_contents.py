"""What is in an image: its Python, compiler, C library and framework."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.findings import Finding
from mlbox.resolve import image_tags as tags
from mlbox.resolve.image_report import added

if TYPE_CHECKING:
    from mlbox.resolve.image_report import ImageReport


SYSTEM_PYTHONS = {  # of package python3: packages.ubuntu.com, packages.debian.org
    "ubuntu16.04": "3.5",
    "ubuntu18.04": "3.6",
    "ubuntu20.04": "3.8",
    "ubuntu22.04": "3.10",
    "ubuntu23.04": "3.11",
    "ubuntu23.10": "3.11",
    "ubuntu24.04": "3.12",
    "ubuntu24.10": "3.12",
    "ubuntu25.04": "3.13",
    "ubuntu25.10": "3.13",
    "ubuntu26.04": "3.14",
    "debian10": "3.7",
    "debian11": "3.9",
    "debian12": "3.11",
    "debian13": "3.13",
}
_OLD_GLIBC = {"ubuntu16.04": "2.23", "ubuntu18.04": "2.27", "centos7": "2.17", "ubi7": "2.17"}
_SLIM_SYSTEM = "bookworm"


def with_contents(report: ImageReport) -> ImageReport:
    """Add what follows from the kind of image: its Python, compiler and C library."""
    if report.exists is False:
        return report
    report = replace(report, has_nvcc=_has_nvcc(report))
    if report.repository == tags.NVIDIA_CUDA:
        python = SYSTEM_PYTHONS.get(report.os or "")
        report = added(replace(report, python=python), _without_python(python))
    else:
        report = replace(report, python_preinstalled=True)
    return added(report, *_about_libraries(report), *_about_framework(report))


def _has_nvcc(report: ImageReport) -> bool | None:
    if report.flavor:
        return report.flavor == "devel"
    return False if report.repository == tags.PYTHON else None


def _without_python(python: str | None) -> Finding:
    system = f"its system's packages have {python}" if python else "it has to be installed"
    return Finding(
        code="image-without-python",
        severity="info",
        what=f"There is no Python in it: {system}.",
        why="The images of nvidia/cuda have CUDA alone.",
    )


def _about_libraries(report: ImageReport) -> tuple[Finding, ...]:
    system = report.os or ""
    if system.startswith("alpine"):
        return (
            Finding(
                code="image-musl",
                severity="error",
                what="Alpine has no glibc: the wheels of torch, tensorflow and jax do not install.",
                why="They are manylinux wheels, made for glibc; Alpine's C library is musl.",
                fix="Take an image on Debian: the same tag with -slim-bookworm.",
            ),
        )
    if system in _OLD_GLIBC:
        return (
            Finding(
                code="image-old-glibc",
                severity="warning",
                what=f"Its glibc {_OLD_GLIBC[system]} is too old for torch 2.7.0 and newer.",
                why=f"Their wheels are manylinux_2_28; {system} is older.",
                fix="Take an image on Ubuntu 20.04 or newer, or torch 2.6.0 or older.",
            ),
        )
    if report.repository == tags.PYTHON and not system and report.exists:
        return (
            Finding(
                code="image-moving-system",
                severity="info",
                what="Its Debian release changes with time.",
                why="Its tag names none.",
                fix=f"Name one: -{_SLIM_SYSTEM}.",
            ),
        )
    return ()


def _about_framework(report: ImageReport) -> tuple[Finding, ...]:
    if not report.framework:
        return ()
    what = f"It brings its own {report.framework}, over which none is installed."
    why = "Another build over it would not fit its other libraries."
    if report.repository == tags.NGC_PYTORCH:
        why = "It is a pre-release build of NVIDIA's, not the release on the package index."
    return (Finding(code="image-brings-framework", severity="info", what=what, why=why),)
