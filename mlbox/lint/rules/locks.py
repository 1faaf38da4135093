"""The rule about releases that are chosen anew with every build."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import PythonInstall
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import listed, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.image import Image

# Tools of the build, and what another rule is about.
_EXEMPT = frozenset(
    {
        "build",
        "cmake",
        "cython",
        "hatch",
        "hatchling",
        "ninja",
        "packaging",
        "pdm",
        "pip",
        "pip-tools",
        "pipenv",
        "pipx",
        "poetry",
        "setuptools",
        "setuptools-scm",
        "torch",
        "torchaudio",
        "torchvision",
        "twine",
        "uv",
        "virtualenv",
        "wheel",
    }
)
_COMMIT = re.compile(r"@[0-9a-f]{7,64}(?:#|$)")
_TAG = re.compile(r"@[^@/#]*\d[^@/#]*(?:#|$)")
_GIT = re.compile(r"git\+|\.git(?:@|#|$)")
_TOOLS = frozenset({"pip", "uv pip"})  # the others make a lock, or read one
_DATED = frozenset({"--exclude-newer", "--uploaded-prior-to"})


def unpinned(image: Image) -> Iterator[Hit]:
    """What is installed has no release of its own: one finding, at the first place."""
    found: dict[str, tuple[list[Wanted], Hit]] = {}
    for install in _installs(image):
        for where, loose, hit in _of_install(install):
            found.setdefault(where, (loose, hit))
    if not found:
        return
    _, *others = found
    _, first = next(iter(found.values()))
    is_bounded = all(_is_bounded(item) for loose, _ in found.values() for item in loose)
    yield replace(
        first, what=f"{first.what}{_also(others)}", severity="info" if is_bounded else None
    )


def _installs(image: Image) -> Iterator[PythonInstall]:
    """What the image is made of, in order."""
    for stage in image.used:
        for run in runs(stage):
            for action in run.actions:
                if isinstance(action, PythonInstall):
                    yield action


def _also(others: list[str]) -> str:
    """Where there are more of them."""
    return f" So it is with {listed(others)}." if others else ""


def _of_install(install: PythonInstall) -> Iterator[tuple[str, list[Wanted], Hit]]:
    """What names them, they, and the finding: for the command itself, and for each file."""
    if install.tool not in _TOOLS or install.verb != "install" or install.flags & _DATED:
        return
    if install.constraints and not install.constrained:
        return  # what they pin is not known
    pinned = {name for name, _ in install.constrained}
    loose = [item for item in install.wanted if _is_loose(item) and item.name not in pinned]
    direct = [item for item in loose if item.span is not None]
    if direct:
        yield ", ".join(_name(item) for item in direct), direct, _hit_direct(install, direct)
    yield from _in_files([item for item in loose if item.span is None])


def _is_loose(item: Wanted) -> bool:
    """Whether a later build may get another release."""
    if item.locked or item.unknown or item.local or item.editable or item.name in _EXEMPT:
        return False
    if item.url:
        return bool(_GIT.search(item.url)) and not (
            _COMMIT.search(item.url) or _TAG.search(item.url)
        )
    if item.requirement is None:
        return False
    return item.version is None


def _is_bounded(item: Wanted) -> bool:
    """Whether the next big release cannot come."""
    return item.requirement is not None and any(
        clause.operator in ("<", "<=", "~=", "==") for clause in item.requirement.specifier
    )


def _name(item: Wanted) -> str:
    return item.name or item.raw[:60]


_WHY = (
    "The same Dockerfile gives another image next month, and nobody can build today's again; a "
    "release that breaks the project arrives unasked."
)


def _hit_direct(install: PythonInstall, loose: list[Wanted]) -> Hit:
    first = loose[0]
    assert first.span is not None  # noqa: S101  (only those were taken)
    verb = "has" if len(loose) == 1 else "have"
    return Hit(
        first.span,
        what=f"{listed([_name(item) for item in loose])} {verb} no exact release.",
        why=_WHY,
        fix=f"Write {_name(first)}==... with the release that you tested, or install from a lock "
        "(uv sync --locked, or a requirements file made by uv pip compile).",
        confidence="high" if install.indexes.known else "medium",
    )


def _in_files(loose: list[Wanted]) -> Iterator[tuple[str, list[Wanted], Hit]]:
    """The same for files, at the word of the Dockerfile that names one, or at its first line."""
    files: dict[str, list[Wanted]] = {}
    for item in loose:
        files.setdefault(item.location.file, []).append(item)
    for file, items in files.items():
        argument = items[0].argument
        hit = Hit(
            argument.span if argument else items[0].location,
            what=f"{file} names {len(items)} package{'s' if len(items) > 1 else ''} without an "
            f"exact release: {listed([_name(item) for item in items])}.",
            why=_WHY,
            fix=f"Make a lock of it and install that: uv pip compile {file} -o requirements.lock "
            "--generate-hashes.",
        )
        yield file, items, hit
