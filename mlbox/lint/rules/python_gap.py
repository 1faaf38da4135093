"""The rule about Pythons that a release has no wheels for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.gpu.markers import applies
from mlbox.lint.gpu.pythons import python_of
from mlbox.lint.gpu.tables import release_of, table_of
from mlbox.lint.gpu.wheels import is_public
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import PythonInstall, Wanted
    from mlbox.lint.gpu import GpuStage
    from mlbox.lint.gpu.tables import Table
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Span

_FRAMEWORKS = {"torch": "torch", "tensorflow": "tensorflow", "jax": "jax", "jaxlib": "jax"}
_IMAGE = re.compile(r"python:(3\.\d{1,2})(?:-slim)?(?:-bookworm)?")


def python_wheel_gap(image: Image) -> Iterator[Hit]:
    """A pinned framework has no wheels for the Python of the image."""
    for stage in image.gpu.used:
        for install in stage.actions.installs:
            if install.verb != "install":
                continue
            for item in install.wanted:
                if item.name in _FRAMEWORKS:
                    hit = _of_item(item, install, stage, image)
                    if hit is not None:
                        yield hit


def _of_item(item: Wanted, install: PythonInstall, stage: GpuStage, image: Image) -> Hit | None:
    version = item.version or dict(install.constrained).get(item.name)
    release, _ = release_of(version)
    if release is None or item.url or item.local or install.is_from_source(item.name):
        return None
    table = table_of(image.facts, _FRAMEWORKS[item.name], stage.platform)
    if release not in table.builds:
        return None
    python = python_of(stage, install)
    if python is None or not applies(item, python) or _may_have(python, release, install, table):
        return None
    pythons = _pythons(release, table)
    best = _nearest(python, pythons)
    sure = is_public(item, install)  # another index may have wheels of its own
    return Hit(
        item.span or item.location,
        what=f"{item.name} {release} has no wheels for Python {python}.",
        why=f"It has them for Python {pythons[0]} to {pythons[-1]}: pip finds no matching "
        "distribution.",
        fix=f"Take Python {best}, or a release that has wheels for {python}"
        f"{_release_for(python, table)}.",
        edits=_other_image(best, python, install, stage),
        severity=None if sure else "info",
        confidence="high" if sure else "medium",
        dated=True,
    )


def _pythons(release: str, table: Table) -> list[str]:
    """The Pythons that any build of a release has wheels for."""
    found = {python for build in table.builds[release].values() for python in build.pythons}
    return sorted(found, key=numbers)


def _may_have(python: str, release: str, install: PythonInstall, table: Table) -> bool:
    """Whether there are wheels, or there may be some that the tables do not know."""
    pythons = _pythons(release, table)
    if not pythons or python in pythons:
        return True
    if numbers(python) < numbers(pythons[0]):
        return False
    newest = table.releases[-1]
    if numbers(release)[:2] == numbers(newest)[:2]:
        return True  # they may come yet
    # an index of PyTorch's may have a new Python a release earlier than the default index
    last = _pythons(newest, table)[-1]
    return python == last and bool(install.indexes.all or install.indexes.torch_backend)


def _nearest(python: str, pythons: list[str]) -> str:
    return pythons[0] if numbers(python) < numbers(pythons[0]) else pythons[-1]


def _release_for(python: str, table: Table) -> str:
    known = [release for release in table.releases if python in _pythons(release, table)]
    return f" (the last is {known[-1]})" if known else ""


def _other_image(
    best: str, python: str, install: PythonInstall, stage: GpuStage
) -> tuple[tuple[Span, str], ...]:
    """Another Python image, where FROM names one that plainly."""
    from mlbox.lint.parse import Span as Place  # noqa: PLC0415

    word = stage.lineage[0].stage.image_word
    if word is None or install.python is not None or not _IMAGE.fullmatch(word.raw):
        return ()
    at = word.span.start + word.raw.index(python)
    return ((Place(at, at + len(python)), best),)
