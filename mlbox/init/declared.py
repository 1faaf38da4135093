"""The packages that the files of a project name: requirements, pyproject, uv.lock, environment.yml.

``environment.yml`` is read line by line (its ``dependencies:`` list, with a ``pip:`` list in it),
not with a YAML parser: that is all of it that names packages.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.init.folder import Folder

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

CONDA_NAMES = {
    "jaxlib": "jax",
    "matplotlib-base": "matplotlib",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "tensorflow-gpu": "tensorflow",
}
CONDA_ONLY = {"blas", "cuda", "cudatoolkit", "cudnn", "git", "mkl", "nodejs", "pip", "python"}
WHEEL_TAG = re.compile(r"/whl/(?:nightly/)?(cpu|cu\d{3})\b")


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One distribution that a file names.

    Attributes:
        requirement: As the file has it, PEP 508.
        place: Where: ``"requirements.txt, line 3"``.
    """

    requirement: Requirement
    place: str

    @property
    def name(self) -> str:
        """Its normalised name."""
        return canonicalize_name(self.requirement.name)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file that names packages.

    Attributes:
        path: The file.
        packages: What it names, in order.
        python: Versions of Python it asks for, as a specifier: ``">=3.10"``; ``None`` if silent.
        cuda: ``"cpu"`` or a CUDA version it asks for: ``"cu128"``, ``"12.1"``; ``None`` if silent.
        name: Name of the project; ``None`` if silent.
        options: Lines for pip that name no package, each with its place: they cannot be locked.
    """

    path: str
    packages: tuple[Declared, ...] = ()
    python: str | None = None
    cuda: str | None = None
    name: str | None = None
    options: tuple[str, ...] = ()


def sources_of(folder: Folder) -> tuple[Source, ...]:
    """Read every file that names packages; the one that decides is the first with packages."""
    readers = (
        ("uv.lock", _uv_lock),
        ("requirements.txt", _requirements),
        ("pyproject.toml", _pyproject),
        ("environment.yml", _environment),
        ("environment.yaml", _environment),
    )
    return tuple(read(folder, path) for path, read in readers if path in folder.texts)


def _requirements(folder: Folder, path: str) -> Source:
    packages: list[Declared] = []
    options: list[str] = []
    cuda = None
    for number, line in _logical_lines(folder.texts[path]):
        if tag := WHEEL_TAG.search(line):
            cuda = cuda or tag[1]
        if include := re.match(r"(?:-r|--requirement)[ =]*(\S+)", line):
            other = (PurePosixPath(path).parent / include[1]).as_posix()
            if other in folder.texts and other != path:
                rest = {name: text for name, text in folder.texts.items() if name != path}
                included = _requirements(replace(folder, texts=rest), other)
                packages += included.packages
                options += included.options
                cuda = cuda or included.cuda
        elif line.startswith("-"):
            options.append(f"{path}, line {number} ({line})")
        elif found := parse(line, f"{path}, line {number}"):
            packages.append(found)
    return Source(
        path=path,
        packages=tuple(packages),
        cuda=cuda or _cuda_of(packages),
        options=tuple(options),
    )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments and per-requirement options, continuations joined, numbered."""
    begun, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if begun else number
        begun += line
        if begun.endswith("\\"):
            begun = begun[:-1]
            continue
        yield start, re.split(r"(?:^|\s)#", begun)[0].split(" --hash")[0].strip()
        begun = ""


def _pyproject(folder: Folder, path: str) -> Source:
    project = _table(_toml(folder.texts[path]), "project")
    listed = project.get("dependencies", [])
    texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
    packages = [found for text in texts if (found := parse(text, path))]
    python, name = project.get("requires-python"), project.get("name")
    return Source(
        path=path,
        packages=tuple(packages),
        python=python if isinstance(python, str) else None,
        cuda=_cuda_of(packages),
        name=name if isinstance(name, str) else None,
    )


def _uv_lock(folder: Folder, path: str) -> Source:
    document = _toml(folder.texts[path])
    listed = document.get("package", [])
    packages = [
        found
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, dict)
        and not {"virtual", "editable"} & _table(entry, "source").keys()
        and (found := parse(f"{entry.get('name')}=={entry.get('version')}", path))
    ]
    python = document.get("requires-python")
    return Source(
        path=path,
        packages=tuple(packages),
        python=python if isinstance(python, str) else None,
        cuda=_cuda_of(packages),
    )


def _environment(folder: Folder, path: str) -> Source:
    packages: list[Declared] = []
    python = cuda = None
    for number, conda, text in _environment_items(folder.texts[path]):
        found = parse(_from_conda(text) if conda else text, f"{path}, line {number}")
        if found is None:
            continue
        if conda and found.name == "python":
            python = str(found.requirement.specifier) or None
        elif conda and found.name in {"pytorch-cuda", "cuda-version", "cpuonly"}:
            asked = re.search(r"\d+\.\d+", str(found.requirement.specifier))
            cuda = asked[0] if asked else "cpu" if found.name == "cpuonly" else None
        elif not (conda and found.name in CONDA_ONLY):
            packages.append(found)
    return Source(
        path=path, packages=tuple(packages), python=python, cuda=cuda or _cuda_of(packages)
    )


def _environment_items(text: str) -> Iterator[tuple[int, bool, str]]:
    """Items of the ``dependencies:`` list: line, whether conda's (else pip's), text."""
    inside, pip_indent = False, -1
    for number, line in enumerate(text.splitlines(), 1):
        bare = re.split(r"(?:^|\s)#", line)[0].rstrip()
        item = re.match(r"(\s*)-\s+(.*)", bare)
        if bare and not item and not bare[0].isspace():
            inside, pip_indent = bare.startswith("dependencies:"), -1
        if not inside or item is None:
            continue
        indent, value = len(item[1]), item[2].strip().strip("\"'")
        if value == "pip:":
            pip_indent = indent
            continue
        if indent <= pip_indent:
            pip_indent = -1
        yield number, pip_indent < 0, value


def _from_conda(text: str) -> str:
    """``"channel::numpy=1.26=build"`` -> ``"numpy==1.26.*"``."""
    match = re.fullmatch(r"(?:.*::)?([\w.-]+)\s*(.*)", text.strip())
    if match is None:
        return ""
    name, version = CONDA_NAMES.get(match[1].lower(), match[1]), match[2].strip()
    if exact := re.fullmatch(r"=?=?\s*(\d[\w.]*?)(\.\*)?(=\S+)?", version):
        whole = exact[1].count(".") >= 2 or version.startswith("==")  # noqa: PLR2004  (X.Y.Z)
        return f"{name}=={exact[1]}" if whole and not exact[2] else f"{name}=={exact[1]}.*"
    return f"{name}{version}"


def parse(text: str, place: str) -> Declared | None:
    """Read one requirement; ``None`` for an option, a path, or what is not a requirement."""
    try:
        return Declared(requirement=Requirement(text), place=place)
    except InvalidRequirement:
        return None


def _cuda_of(packages: list[Declared]) -> str | None:
    """The CUDA tag in a pinned local version: ``torch==2.13.0+cu128`` -> ``"cu128"``."""
    tags = (re.search(r"\+(cpu|cu\d{3})$", str(found.requirement.specifier)) for found in packages)
    return next((tag[1] for tag in tags if tag), None)


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}
