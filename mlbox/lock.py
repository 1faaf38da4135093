"""Exact, hashed packages (through uv) and the digests of base images: ``mlbox.lock``."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlbox.errors import LockError, SpecError, StaleLockError
from mlbox.record import write_atomically
from mlbox.resolve import Resolution
from mlbox.sources import PackageSources
from mlbox.spec import Project, tomllib

LOCK_FILE = "mlbox.lock"
LAYERS = ("framework", "dependencies")
_HEADER = """\
# The exact packages and base images of this project. Made by `mlbox lock`: commit it, do not edit it.
"""
# Packages that come with the framework: from its own index, and never over a base that has them.
_FAMILY = re.compile(r"torch|torchvision|torchaudio|triton|pytorch-triton|nvidia-.*")
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s\\;]+)[^\\]*")
_HASH = re.compile(r"--hash=(\w+:[0-9a-f]+)")
_TRIPLES = {"linux/amd64": "x86_64-manylinux_2_28", "linux/arm64": "aarch64-manylinux_2_28"}


@dataclass(frozen=True, kw_only=True)
class LockInputs:
    """What a lock was made from; another value means a stale lock.

    Attributes:
        python: Python minor version.
        platform: ``"linux/amd64"``.
        framework: Exact requirements of the framework.
        requirements: All other requirements, sorted.
        constraints: Digest of the project's uv.lock, if that is used.
    """

    python: str
    platform: str
    framework: tuple[str, ...]
    requirements: tuple[str, ...]
    constraints: str = ""


@dataclass(frozen=True, kw_only=True)
class Package:
    """One locked package.

    Attributes:
        name: As its index writes it.
        version: Exact, with its local part: ``"2.13.0+cpu"``.
        layer: ``"framework"`` or ``"dependencies"``: the image layer it is installed in.
        hashes: ``"sha256:..."`` of every file it may be installed from.
    """

    name: str
    version: str
    layer: str
    hashes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The contents of ``mlbox.lock``.

    Attributes:
        inputs: What it was made from.
        packages: Sorted by name.
        bases: Digest of each base image whose registry could be asked.
    """

    inputs: LockInputs
    packages: tuple[Package, ...]
    bases: Mapping[str, str] = field(default_factory=dict)

    def requirements(self, layer: str, options: Sequence[str] = ()) -> str:
        """Return the requirements file of one layer; empty when the layer has no package."""
        pins = [package for package in self.packages if package.layer == layer]
        if not pins:
            return ""
        return "\n".join((*options, *map(_pin_line, pins))) + "\n"

    @property
    def digest(self) -> str:
        """``"sha256:..."`` of the lock's text."""
        return "sha256:" + hashlib.sha256(render_lock(self).encode()).hexdigest()


def lock_inputs(project: Project, resolution: Resolution) -> LockInputs:
    """Collect what a lock has to be made from.

    Raises:
        SpecError: A requirements file is missing, or has a line that cannot be locked.
    """
    requirements = list(project.box.packages)
    constraints = ""
    if project.box.requirements:
        path = project.root / project.box.requirements
        if not path.is_file():
            raise _missing(project, path)
        if path.name == "uv.lock":
            requirements += _project_dependencies(project)
            constraints = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            requirements += _requirement_lines(path)
    return LockInputs(
        python=resolution.python,
        platform=project.box.platform,
        framework=resolution.requirements,
        requirements=tuple(sorted(set(requirements))),
        constraints=constraints,
    )


def read_lock(root: Path) -> Lock | None:
    """Read the project's lock; ``None`` if there is none.

    Raises:
        LockError: It is damaged, or a package in it has no hash.
    """
    path = root / LOCK_FILE
    if not path.is_file():
        return None
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        inputs = {key: _tuple(value) for key, value in raw["inputs"].items()}
        lock = Lock(
            inputs=LockInputs(**inputs),
            packages=tuple(
                Package(**{key: _tuple(value) for key, value in entry.items()})
                for entry in raw.get("package", ())
            ),
            bases=raw.get("bases", {}),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise LockError(
            f"{LOCK_FILE} cannot be read.",
            why=f"{error}.",
            fix="Restore it (git checkout mlbox.lock), or make it anew: mlbox lock.",
        ) from error
    for package in lock.packages:
        _require_hash(package)
    return lock


def check_current(lock: Lock, inputs: LockInputs) -> None:
    """Refuse a lock that was made from something else.

    Raises:
        StaleLockError: It was; the error says what changed.
    """
    changes = tuple(_changes(lock.inputs, inputs))
    if changes:
        raise StaleLockError(
            f"{LOCK_FILE} is stale.",
            why=f"The spec changed since it was made: {'; '.join(changes)}.",
            fix="Run `mlbox lock`, or use --update-lock.",
        )


def make_lock(
    inputs: LockInputs, resolution: Resolution, sources: PackageSources, project: Project
) -> Lock:
    """Lock all packages, through uv.

    Raises:
        LockError: Nothing satisfies the requirements, or a package cannot be hashed.
    """
    constraints = _exported(project) if inputs.constraints else ""
    everything = _compile(
        (*inputs.framework, *inputs.requirements), constraints, inputs, resolution, sources
    )
    if inputs.framework:
        pins = "".join(f"{name}=={version}\n" for name, (version, _) in everything.items())
        framework = _compile(inputs.framework, pins, inputs, resolution, sources).keys()
    else:
        framework = set()
    brought = resolution.framework is not None and not inputs.framework
    packages = tuple(
        Package(
            name=name,
            version=version,
            layer="framework" if name in framework else "dependencies",
            hashes=hashes,
        )
        for name, (version, hashes) in sorted(everything.items())
        if not (brought and _FAMILY.fullmatch(name))
    )
    for package in packages:
        _require_hash(package)
    return Lock(inputs=inputs, packages=packages)


def write_lock(root: Path, lock: Lock) -> Path:
    """Write the lock beside the spec and return its path."""
    path = root / LOCK_FILE
    write_atomically(path, render_lock(lock))
    return path


def render_lock(lock: Lock) -> str:
    """Return the lock as TOML; reading it back gives the same lock."""
    inputs = lock.inputs
    lines = [_HEADER, "[inputs]"]
    lines += [
        f"python = {_toml(inputs.python)}",
        f"platform = {_toml(inputs.platform)}",
        f"framework = {_toml(inputs.framework)}",
        f"requirements = {_toml(inputs.requirements)}",
        f"constraints = {_toml(inputs.constraints)}",
        "",
        "[bases]",
        *(f"{_toml(name)} = {_toml(digest)}" for name, digest in sorted(lock.bases.items())),
    ]
    for package in lock.packages:
        lines += [
            "",
            "[[package]]",
            f"name = {_toml(package.name)}",
            f"version = {_toml(package.version)}",
            f"layer = {_toml(package.layer)}",
            "hashes = [",
            *(f"  {_toml(value)}," for value in package.hashes),
            "]",
        ]
    return "\n".join(lines) + "\n"


def framework_index(resolution: Resolution, sources: PackageSources) -> tuple[str, ...]:
    """Return the framework's own index, unless a local folder has its wheel: then nothing is asked."""
    if resolution.index_url is None or sources.no_index:
        return ()
    pins = (text.partition("==") for text in resolution.requirements if "==" in text)
    if all(any(sources.local_wheels(name, version)) for name, _, version in pins):
        return ()
    return (resolution.index_url,)


def _compile(
    requirements: Sequence[str],
    constraints: str,
    inputs: LockInputs,
    resolution: Resolution,
    sources: PackageSources,
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Resolve requirements with uv: name -> (version, hashes)."""
    if not requirements:
        return {}
    with tempfile.TemporaryDirectory(prefix="mlbox-lock-") as name:
        folder = Path(name)
        index = framework_index(resolution, sources)
        (folder / "pyproject.toml").write_text(
            _pyproject(requirements, inputs.python, index), encoding="utf-8"
        )
        (folder / "constraints.txt").write_text(constraints, encoding="utf-8")
        result = subprocess.run(
            (
                uv_program(),
                *("pip", "compile", "pyproject.toml", "--constraints", "constraints.txt"),
                *("--python", sys.executable, "--python-version", inputs.python),
                *("--python-platform", _TRIPLES[inputs.platform]),
                *("--generate-hashes", "--no-header", "--no-annotate", "--quiet"),
                *sources.uv_arguments(),
            ),
            cwd=folder,
            env={**os.environ, **sources.uv_environment(), "UV_PYTHON_DOWNLOADS": "never"},
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode != 0:
        raise _compile_error(result.stderr, requirements)
    return dict(_parse_pins(result.stdout))


def uv_program() -> str:
    """Return the path of the uv that mlbox depends on."""
    import uv  # noqa: PLC0415  (loads on use)

    return uv.find_uv_bin()


def _pyproject(requirements: Sequence[str], python: str, index: Sequence[str]) -> str:
    """A project with these dependencies, whose torch comes from torch's own index and no other."""
    lines = [
        "[project]",
        'name = "mlbox-lock"',
        'version = "0"',
        f'requires-python = "=={python}.*"',
        f"dependencies = {_toml(list(requirements))}",
    ]
    for url in index:
        lines += ["[[tool.uv.index]]", 'name = "framework"', f"url = {_toml(url)}", "explicit = true"]
        lines += ["[tool.uv.sources]"]
        names = sorted({_name(text) for text in requirements})
        lines += [f'{name} = {{ index = "framework" }}' for name in names if _FAMILY.fullmatch(name)]
    return "\n".join(lines) + "\n"


def _parse_pins(text: str) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """Yield what ``uv pip compile --generate-hashes`` printed."""
    for entry in re.split(r"\n(?=\S)", text.strip()):
        if not entry or entry.startswith("#"):
            continue
        pin = _PIN.match(entry)
        if pin is None:
            raise _no_hash(entry.split("\n")[0].strip())
        yield pin[1], (pin[2], tuple(_HASH.findall(entry)))


def _requirement_lines(path: Path) -> Iterator[str]:
    """Yield the requirements of a file and of the files it includes; hashes are made anew."""
    text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
    for number, line in enumerate(text.splitlines(), start=1):
        line = re.sub(r"(^|\s)#.*", "", line)
        line = re.sub(r"\s--hash=\S+", "", line).strip()
        include = re.fullmatch(r"(?:-r|--requirement)[ =]?(\S+)", line)
        if include:
            yield from _requirement_lines(path.parent / include[1])
        elif line.startswith("-"):
            raise _option_line(path, number, line)
        elif line:
            yield line


def _project_dependencies(project: Project) -> list[str]:
    document = tomllib.loads((project.root / "pyproject.toml").read_text(encoding="utf-8"))
    return list(document.get("project", {}).get("dependencies", ()))


def _exported(project: Project) -> str:
    """The versions in the project's uv.lock, as constraints."""
    result = subprocess.run(
        (
            *(uv_program(), "export", "--frozen", "--no-emit-project", "--no-hashes"),
            *("--no-annotate", "--no-header", "--quiet"),
        ),
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise LockError(
            "The project's uv.lock cannot be read.",
            why=result.stderr.strip(),
            fix="Run `uv lock` in the project.",
        )
    # the framework's own packages are pinned by the spec, from another index
    return "\n".join(
        line for line in result.stdout.splitlines() if not _FAMILY.fullmatch(_name(line))
    )


def _changes(old: LockInputs, new: LockInputs) -> Iterator[str]:
    for key in ("python", "platform"):
        if getattr(old, key) != getattr(new, key):
            yield f"{key} was {getattr(old, key)}, is {getattr(new, key)}"
    for key in ("framework", "requirements"):
        before, after = set(getattr(old, key)), set(getattr(new, key))
        yield from (f"{text} is new" for text in sorted(after - before))
        yield from (f"{text} is gone" for text in sorted(before - after))
    if old.constraints != new.constraints:
        yield "uv.lock is another one"


def _compile_error(stderr: str, requirements: Sequence[str]) -> LockError:
    """What uv's message means."""
    lines = [line.strip() for line in stderr.strip().splitlines() if line.strip()]
    reason = " ".join(lines).removeprefix("error: ")
    absent = re.search(r"Because (\S+) was not found in the (?:package registry|provided)", stderr)
    if absent:
        return LockError(
            f"There is no package named {absent[1]}.",
            why=f"No index or folder of wheels that this machine knows has it: {reason}",
            fix="Check its spelling; a private package needs its index in pip's configuration, "
            "or find-links.",
        )
    if "Failed to fetch" in stderr or "Request failed" in stderr or "error sending" in stderr:
        return LockError(
            "A package index cannot be reached.",
            why=reason,
            fix="Check the network. Without one: set index-url or find-links in pip's configuration, "
            "or find-links in the spec; behind a TLS proxy, ca-bundle.",
        )
    return LockError(
        "The requirements cannot be satisfied together.",
        why=reason or "uv gave no reason.",
        fix=f"Loosen one of: {', '.join(requirements)}.",
    )


def _missing(project: Project, path: Path) -> SpecError:
    source = project.source.name if project.source else "the spec"
    return SpecError(
        f"The requirements file {project.box.requirements!r} does not exist.",
        why=f"{source} names it, and there is nothing at {path}.",
        fix="Create it, or correct requirements (packages = [...] needs no file).",
    )


def _option_line(path: Path, number: int, line: str) -> SpecError:
    return SpecError(
        f"{path.name}, line {number}: {line!r} cannot be locked.",
        why="Only named packages have a version and a hash; where they come from is pip's "
        "configuration, not the project's.",
        fix="Remove the line; set indexes in pip's configuration, a folder of wheels in find-links.",
    )


def _require_hash(package: Package) -> None:
    if not package.hashes:
        raise _no_hash(f"{package.name}=={package.version}")


def _no_hash(requirement: str) -> LockError:
    return LockError(
        f"{requirement} has no hash.",
        why="It comes from a place that states none (a folder of source, a URL, a repository), so "
        "nobody could tell whether the next build installs the same thing.",
        fix="Build a wheel of it (`uv build`), put it in a folder, and name that in find-links.",
    )


def _pin_line(package: Package) -> str:
    hashes = "".join(f" \\\n    --hash={value}" for value in package.hashes)
    return f"{package.name}=={package.version}{hashes}"


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][\w.-]*", requirement)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""


def _toml(value: Any) -> str:  # noqa: ANN401
    """A string or list of strings as TOML, which shares JSON's notation for them."""
    text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")  # the one character JSON allows and TOML does not


def _tuple(value: Any) -> Any:  # noqa: ANN401
    return tuple(value) if isinstance(value, list) else value
