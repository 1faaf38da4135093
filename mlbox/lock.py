"""Exact, hashed packages (through uv) and the digests of base images: ``mlbox.lock``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlbox.errors import LockError, SpecError, StaleLockError
from mlbox.record import write_atomically
from mlbox.spec import Project, read_toml
from mlbox.uv import FAMILY, compile_pins, exported_versions, no_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mlbox.resolve import Resolution
    from mlbox.sources import PackageSources

LOCK_FILE = "mlbox.lock"
LAYERS = ("framework", "dependencies")
# A name and versions: what most requirements are, and surely one.
_VERSION = r"[<>=!~]=\d[\w.]*"
_PLAIN = re.compile(
    rf"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?(\[\w+\])?({_VERSION}(,{_VERSION})*)?", re.ASCII
)
_HEADER = """\
# The exact packages and base images of this project.
# Made by `mlbox lock`: commit it, do not edit it.
"""


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
        SpecError: A requirements file is missing, or a requirement is none.
        LockError: A requirement is a place that states no hash: a folder, a URL.
    """
    requirements = [_checked(text, "packages") for text in project.box.packages]
    constraints = ""
    if project.box.requirements:
        path = project.root / project.box.requirements
        if not path.is_file():
            raise _missing(project, path)
        if path.name == "uv.lock":
            listed = _project_dependencies(project)
            requirements += [_checked(text, "pyproject.toml") for text in listed]
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
        lock = parse_lock(read_toml(path))
    except (KeyError, TypeError, SpecError) as error:
        reason = error.why if isinstance(error, SpecError) else f"{error!r}."
        raise LockError(
            f"{LOCK_FILE} cannot be read.",
            why=reason,
            fix=f"Restore it (git checkout {LOCK_FILE}), or make it anew: mlbox lock.",
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
    index = framework_index(resolution, sources)
    target = {"python": inputs.python, "platform": inputs.platform}
    everything = compile_pins(
        (*inputs.framework, *inputs.requirements),
        sources,
        constraints=exported_versions(project.root) if inputs.constraints else "",
        framework_index=index,
        **target,
    )
    versions = "".join(f"{name}=={version}\n" for name, (version, _) in everything.items())
    framework = compile_pins(
        inputs.framework, sources, constraints=versions, framework_index=index, **target
    )
    brought = resolution.framework is not None and not inputs.framework
    packages = tuple(
        Package(
            name=name,
            version=version,
            layer="framework" if name in framework else "dependencies",
            hashes=hashes,
        )
        for name, (version, hashes) in sorted(everything.items())
        if not (brought and FAMILY.fullmatch(name))
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


def parse_lock(raw: Mapping[str, Any]) -> Lock:
    """Return the lock that a TOML document holds; the inverse of ``render_lock``."""
    packages = (
        Package(**{key: _tuple(value) for key, value in entry.items()})
        for entry in raw.get("package", ())
    )
    return Lock(
        inputs=LockInputs(**{key: _tuple(value) for key, value in raw["inputs"].items()}),
        packages=tuple(packages),
        bases=raw.get("bases", {}),
    )


def framework_index(resolution: Resolution, sources: PackageSources) -> tuple[str, ...]:
    """Return the framework's own index, or nothing where a local folder has its wheel."""
    if resolution.index_url is None or sources.no_index:
        return ()
    pins = (text.partition("==") for text in resolution.requirements if "==" in text)
    if all(any(sources.local_wheels(name, version)) for name, _, version in pins):
        return ()
    return (resolution.index_url,)


def _requirement_lines(path: Path) -> Iterator[str]:
    """Yield the requirements of a file and of the files it includes; hashes are made anew."""
    for number, raw in enumerate(_requirements_text(path).splitlines(), start=1):
        line = re.sub(r"(^|\s)#.*|\s--hash=\S+", "", raw).strip()
        include = re.fullmatch(r"(?:-r|--requirement)[ =]?(\S+)", line)
        if include:
            yield from _requirement_lines(path.parent / include[1])
        elif re.match(r"-e\b|--editable\b", line):
            raise no_hash(line)
        elif line.startswith("-"):
            raise _option_line(path, number, line)
        elif line:
            yield _checked(line, f"{path.name}, line {number}")


def _requirements_text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"The requirements file {path.name!r} cannot be read.",
            why=f"{path}: {getattr(error, 'strerror', None) or error}.",
            fix="Correct the line that includes it, or the file itself (it has to be UTF-8).",
        ) from error
    return re.sub(r"\\\n", " ", text)


def _checked(text: str, place: str) -> str:
    """Refuse what is no requirement, and what comes from a place that states no hash."""
    if _PLAIN.fullmatch(text):
        return text
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415  (50 ms)

    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        if "/" in text or text == "." or text.endswith((".whl", ".tar.gz", ".zip")):
            raise no_hash(text) from error
        raise SpecError(
            f"{place}: {text!r} is not a requirement.",
            why=f"{str(error).splitlines()[0]}.",
            fix='Write a name and versions, like "numpy>=2" (PEP 508).',
        ) from error
    if requirement.url:
        raise no_hash(text)
    return text


def _project_dependencies(project: Project) -> list[str]:
    document = read_toml(project.root / "pyproject.toml")
    return list(document.get("project", {}).get("dependencies", ()))


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
        fix="Remove the line; set indexes in pip's configuration, and find-links for wheels.",
    )


def _require_hash(package: Package) -> None:
    if not package.hashes:
        raise no_hash(f"{package.name}=={package.version}")


def _pin_line(package: Package) -> str:
    hashes = "".join(f" \\\n    --hash={value}" for value in package.hashes)
    return f"{package.name}=={package.version}{hashes}"


def _toml(value: Any) -> str:  # noqa: ANN401
    """A string or list of strings as TOML, which shares JSON's notation for them."""
    text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")  # the one character JSON allows and TOML does not


def _tuple(value: Any) -> Any:  # noqa: ANN401
    return tuple(value) if isinstance(value, list) else value
