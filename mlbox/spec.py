"""What the user asked for: parsed, checked, and nothing decided yet.

One vocabulary: the keyword of ``BoxSpec``/``JobSpec``, the key in ``[tool.mlbox]`` and the flag
of the command line are the same word (``system_packages``, ``system-packages``,
``--system-packages``).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping  # noqa: TC003  (get_type_hints reads it)
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, get_type_hints

from mlbox.errors import SpecError
from mlbox.values import convert

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

SPEC_FILES = ("mlbox.toml", "pyproject.toml")


@dataclass(frozen=True, kw_only=True)
class BoxSpec:
    """The contents of a box; the keys of ``[tool.mlbox]``, one for one.

    Attributes:
        name: Name of the box and of its image: lower-case letters, digits, ``.``, ``_``, ``-``.
        python: Python minor version, ``"3.12"``.
        torch: torch release or prefix of one (``"2.13.0"``, ``"2.13"``); at most one of torch,
            tensorflow and jax; none of them for a plain box.
        tensorflow: TensorFlow release or prefix of one.
        jax: JAX release or prefix of one.
        cuda: ``"auto"`` (the newest the framework ships), ``"cpu"``, ``"12.8"`` or ``"cu128"``.
        base: ``"auto"``, ``"debian"`` (made here by ``mlbox base build``), or an image reference.
        requirements: A requirements file, or ``"uv.lock"``, relative to the project.
        packages: PEP 508 requirements, added to those of ``requirements``.
        system_packages: Names of apt packages.
        compiles: Whether a dependency compiles CUDA code (adds a build stage with nvcc).
        env: Environment variables of the image.
        include: Glob patterns of the files that are code; empty for all that is not ignored.
        platform: ``"linux/amd64"`` or ``"linux/arm64"``.
        driver: NVIDIA driver version the box must run on, ``"550.54.14"``; ``None`` for any.
        gpu: GPU the box must run on, ``"Tesla V100"``; ``None`` for any.
        registry_mirror: Registry to pull every base image through, ``"mirror.example.com/hub"``.
        find_links: Local folder of wheels that is searched beside the package index.
        ca_bundle: PEM file of the certificate authorities to trust while locking and building.
    """

    name: str
    python: str = "3.12"
    torch: str | None = None
    tensorflow: str | None = None
    jax: str | None = None
    cuda: str = "auto"
    base: str = "auto"
    requirements: str | None = None
    packages: tuple[str, ...] = ()
    system_packages: tuple[str, ...] = ()
    compiles: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    platform: str = "linux/amd64"
    driver: str | None = None
    gpu: str | None = None
    registry_mirror: str | None = None
    find_links: str | None = None
    ca_bundle: str | None = None

    def __post_init__(self) -> None:
        _check_box(self)

    @property
    def framework(self) -> str | None:
        """``"torch"``, ``"tensorflow"``, ``"jax"``, or ``None``."""
        return next((name for name in FRAMEWORKS if getattr(self, name) is not None), None)

    @property
    def framework_version(self) -> str | None:
        """The release asked for, or ``None`` without a framework."""
        return getattr(self, self.framework) if self.framework else None


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """What to run in a box; the keys of ``[tool.mlbox.train]``, one for one.

    Attributes:
        command: The program and its arguments; runs in the project's folder.
        params: Hyperparameters, appended to the command as ``--name=value``.
        inputs: Data the command reads, relative to the project: a path, or a ``.dvc`` file.
        outputs: What the command writes and you want back, relative to the project; a folder
            ends in ``/``.
        gpus: Number of GPUs, or ``"all"``.
        shm_bytes: Size of ``/dev/shm`` in bytes; 0 for half of the machine's memory.
        cpus: Number of CPUs; 0 for no limit.
        memory_bytes: Memory limit in bytes; 0 for no limit.
        timeout_seconds: Seconds after which the run is stopped; 0 for never.
        network: ``"mlbox"`` (a bridge of mlbox's own), ``"none"`` or ``"host"``.
    """

    command: tuple[str, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    gpus: int | str = 0
    shm_bytes: int = 0
    cpus: float = 0
    memory_bytes: int = 0
    timeout_seconds: float = 0
    network: str = "mlbox"

    def __post_init__(self) -> None:
        _check_job(self)


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder with a spec in it.

    Attributes:
        root: The project's folder, absolute.
        source: The file the spec was read from; ``None`` when it was written in Python.
        box: The spec of its box.
        job: The spec of its training run, if it has one.
    """

    root: Path
    source: Path | None
    box: BoxSpec
    job: JobSpec | None = None


FRAMEWORKS = ("torch", "tensorflow", "jax")
NETWORKS = ("mlbox", "none", "host")
PLATFORMS = ("linux/amd64", "linux/arm64")
TABLES = ("train", "lint")  # beside the keys of the box

Spec = TypeVar("Spec", BoxSpec, JobSpec)
Keys = TypeVar("Keys")


def load_project(folder: Path) -> Project:
    """Read the spec of a project: ``mlbox.toml``, else ``[tool.mlbox]`` in ``pyproject.toml``.

    Raises:
        SpecError: There is no spec, it is not TOML, or it is not valid.
    """
    root = folder.resolve()
    found = _find_spec(root)
    if found:
        return parse_project(found[1], root=root, source=found[0])
    raise SpecError(
        f"There is no mlbox spec in {root}.",
        why="Neither mlbox.toml nor a [tool.mlbox] table in pyproject.toml was found.",
        fix="Run `mlbox init` to write one, or change to the project's folder (or use --project).",
    )


def has_spec(folder: Path) -> bool:
    """Whether a folder has a spec, right or wrong."""
    return _find_spec(folder) is not None


def _find_spec(root: Path) -> tuple[Path, dict[str, Any]] | None:
    for name in SPEC_FILES:
        source = root / name
        if not source.is_file():
            continue
        document = read_toml(source)
        if name != "pyproject.toml":
            return source, document
        table = document.get("tool", {}).get("mlbox", {})
        if table.keys() - {"lint"}:  # the linter's settings alone make no box
            return source, table
    return None


def parse_project(table: Mapping[str, Any], *, root: Path, source: Path | None) -> Project:
    """Turn the contents of ``[tool.mlbox]`` into a project."""
    place = f"{source.name}: [tool.mlbox]" if source else "[tool.mlbox]"
    if source and source.name == "mlbox.toml":
        place = "mlbox.toml"
    box_table = {key: value for key, value in table.items() if key not in TABLES}
    box = parse_box(box_table, place=place, also=TABLES)
    job_place = f"{source.name if source else ''} [tool.mlbox.train]".strip()
    if source and source.name == "mlbox.toml":
        job_place = "mlbox.toml: [train]"
    job = parse_job(table["train"], place=job_place) if "train" in table else None
    return Project(root=root, source=source, box=box, job=job)


def parse_box(
    table: Mapping[str, Any], *, place: str = "[tool.mlbox]", also: tuple[str, ...] = ()
) -> BoxSpec:
    """Turn a table of TOML keys, or of keyword arguments, into a checked BoxSpec.

    Raises:
        SpecError: A key is unknown, missing, of the wrong type, or has an impossible value.
    """
    return parse_table(BoxSpec, table, place, also)


def parse_job(table: Mapping[str, Any], *, place: str = "[tool.mlbox.train]") -> JobSpec:
    """Turn a table of TOML keys, or of keyword arguments, into a checked JobSpec.

    Raises:
        SpecError: A key is unknown, missing, of the wrong type, or has an impossible value.
    """
    return parse_table(JobSpec, table, place)


def override(spec: Spec, changes: Mapping[str, Any]) -> Spec:
    """Return the spec with some of its fields replaced, parsed and checked like the file's."""
    hints = get_type_hints(type(spec))
    parsed = {
        name: convert(value, hints[name], f"--{name.replace('_', '-')}")
        for name, value in changes.items()
    }
    return replace(spec, **parsed)


_REFERENCE = re.compile(
    r"([\w.-]+(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?",
    re.ASCII,
)


def _check_box(spec: BoxSpec) -> None:
    """Refuse values that make no sense, each by itself or together."""
    if not re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", spec.name):
        raise SpecError(
            f"{spec.name!r} cannot be the name of a box.",
            why="It names the image: lower-case letters and digits, with single . _ or - between.",
            fix=f"Set name = {slug(spec.name)!r}.",
        )
    if not re.fullmatch(r"3\.\d{1,2}", spec.python):
        raise SpecError(
            f"python = {spec.python!r} is not a Python minor version.",
            why="Base images and wheels are chosen by minor version.",
            fix='Write it like python = "3.12".',
        )
    asked = [name for name in FRAMEWORKS if getattr(spec, name) is not None]
    if len(asked) > 1:
        raise SpecError(
            f"A box has one framework; this one asks for {' and '.join(asked)}.",
            why="Their CUDA libraries contradict each other in one environment.",
            fix="Keep one, or make two boxes.",
        )
    _choice("platform", spec.platform, PLATFORMS)
    if not _REFERENCE.fullmatch(spec.base):
        raise SpecError(
            f"base = {spec.base!r} is not the name of an image.",
            why="That is a lower-case name, with or without a registry, a tag and a digest.",
            fix='Write "auto", "debian", or a reference like "python:3.12-slim".',
        )
    if spec.cuda not in {"auto", "cpu"} and not re.fullmatch(
        r"cu\d{3}|\d+\.\d+|cuda1\d", spec.cuda
    ):
        raise SpecError(
            f"cuda = {spec.cuda!r} is not a CUDA version.",
            why="It is an X.Y version, a wheel tag, or one of two words.",
            fix='Write "auto", "cpu", "12.8" or "cu128" (for jax, "cuda12").',
        )


def _check_job(spec: JobSpec) -> None:
    """Refuse values that make no sense."""
    if not spec.command:
        raise SpecError(
            "The training command is empty.",
            why="A run needs a program to start.",
            fix='Set command = ["python", "train.py"].',
        )
    for key, paths in (("inputs", spec.inputs), ("outputs", spec.outputs)):
        for path in paths:
            check_inside(path, key)
    _choice("network", spec.network, NETWORKS)
    if isinstance(spec.gpus, str) and spec.gpus != "all":
        raise SpecError(
            f"gpus = {spec.gpus!r} is not a number of GPUs.",
            why='It is a whole number, or "all".',
            fix='Set gpus = 1 or gpus = "all".',
        )


def check_inside(path: str, key: str) -> None:
    """Refuse a path that is absolute or leaves the project."""
    parts = PurePosixPath(path).parts
    if path.startswith(("/", "~")) or ".." in parts or not parts:
        raise SpecError(
            f"{key}: {path!r} is outside of the project.",
            why="Only paths below the project's folder are mounted into a run or brought back.",
            fix="Use a path relative to the project, without '..'.",
        )


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        SpecError: It is not TOML.
    """
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(
            f"{path.name} is not valid TOML.",
            why=f"{error}.",
            fix=f"Correct {path}.",
        ) from error


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML, on every Python that mlbox runs on."""
    return tomllib.loads(text)


def slug(text: str) -> str:
    """Return the text as a valid name of a box."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "box"


def key_of(name: str) -> str:
    """The TOML key of a field: ``system_packages`` is written ``system-packages``."""
    return name.replace("_", "-")


def parse_table(
    kind: type[Keys], table: Mapping[str, Any], place: str, also: tuple[str, ...] = ()
) -> Keys:
    """Turn a table of TOML keys into the dataclass whose fields they are.

    Args:
        kind: The dataclass.
        table: The keys and their values.
        place: Where it stands, for errors.
        also: Keys that may stand beside them, for errors.

    Raises:
        SpecError: A key is unknown, missing, of the wrong type, or has an impossible value.
    """
    hints = get_type_hints(kind)
    known: dict[str, str] = {key_of(name): name for name in hints}
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = known.get(key_of(key))
        if name is None:
            raise _unknown_key(key, (*known, *also), place)
        values[name] = convert(value, hints[name], f"{place} {key_of(key)}")
    for entry in fields(kind):  # type: ignore[arg-type]  # it is one
        if entry.name in {"name", "command"} and entry.name not in values:
            raise SpecError(
                f"{place} has no {entry.name!r}.",
                why=f"{entry.name!r} is the one key without a default.",
                fix='Add name = "my-box".'
                if entry.name == "name"
                else 'Add command = ["python", "train.py"].',
            )
    return kind(**values)


def _unknown_key(key: str, known: tuple[str, ...], place: str) -> SpecError:
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    return SpecError(
        f"{place} has an unknown key {key!r}.",
        why=f"The keys are: {', '.join(sorted(known))}.",
        fix=f"Did you mean {near[0]!r}?" if near else "Remove it.",
    )


def _choice(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        near = get_close_matches(value, allowed, n=1)
        raise SpecError(
            f"{key} = {value!r} is not one of {', '.join(allowed)}.",
            why="Nothing else is supported.",
            fix=f"Did you mean {near[0]!r}?" if near else f"Set {key} = {allowed[0]!r}.",
        )
