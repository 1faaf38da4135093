"""What the spec of a folder should say, and why. Pure: a listing and texts in, values out."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from mlbox.init.code import Output, entry_of, imports_of, is_inside, outputs_of
from mlbox.init.declared import Source, sources_of
from mlbox.init.distributions import SYSTEM_PACKAGES, distributions_of, is_brought
from mlbox.spec import FRAMEWORKS, BoxSpec, slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.facts import Facts
    from mlbox.init.folder import Folder

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
DEFAULT_PYTHON = next(str(entry.default) for entry in fields(BoxSpec) if entry.name == "python")
BY_DEFAULT = "the default: nothing names another"
FRAMEWORK_DISTRIBUTIONS = {
    "torch": "torch",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "jax": "jax",
}


@dataclass(frozen=True, kw_only=True)
class Inference:
    """One key of the spec, and why it has its value.

    Attributes:
        key: As the TOML file spells it.
        value: A string or a tuple of strings.
        why: The reason, one phrase, naming the file it was read from.
    """

    key: str
    value: str | tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A spec to be written.

    Attributes:
        box: Keys of ``[tool.mlbox]``, in order.
        train: Keys of ``[tool.mlbox.train]``; empty when nothing says what to train.
        notes: What was seen and not decided: for the user to look at.
    """

    box: tuple[Inference, ...]
    train: tuple[Inference, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Framework:
    """A framework the project uses: its exact version, or what it may be, and who says so."""

    name: str
    asked: SpecifierSet
    why: str


def infer(folder: Folder, facts: Facts) -> Draft:
    """Decide on the spec of a folder."""
    sources = sources_of(folder)
    chosen = next((source for source in sources if source.packages), None)
    imports = imports_of(folder)
    frameworks = tuple(_frameworks(sources, imports))
    python = _python(folder, sources)
    box = [_name(folder, sources)]
    notes = [
        f"The packages of {source.path} are not used: {chosen.path} comes first."
        for source in sources
        if chosen and source.packages and source is not chosen
    ]
    notes += [
        f"{option} is for pip and cannot be locked: remove it (indexes: pip's configuration)."
        for option in (chosen.options if chosen else ())
    ]
    if frameworks:
        release, python = _release(frameworks[0], python, facts)
        box += [python, release, _cuda(sources)] if release else [python]
        notes += [] if release else [_unknown_release(frameworks[0])]
        notes += [_second(frameworks[0], other) for other in frameworks[1:]]
    else:
        box.append(python)
    brought = frameworks[0].name if frameworks else None
    box += _dependencies(chosen, imports, brought)
    notes += _unknown_imports(chosen, imports)
    box += _system_packages(chosen)
    return Draft(box=tuple(box), train=tuple(_train(folder)), notes=tuple(notes))


def _name(folder: Folder, sources: tuple[Source, ...]) -> Inference:
    named = next((source for source in sources if source.name), None)
    if named and named.name:
        return Inference(
            key="name", value=slug(named.name), why=f"the project's name in {named.path}"
        )
    return Inference(key="name", value=slug(folder.name), why="the folder's name")


# --- Python and the framework ----------------------------------------------------------------


def _python(folder: Folder, sources: tuple[Source, ...]) -> Inference:
    """The Python the project asks for; ``mlbox``'s default where nothing does."""
    lines = folder.texts.get(".python-version", "").split()
    if lines and (version := _version(lines[0])) and f"3.{version.minor}" in PYTHONS:
        return Inference(key="python", value=f"3.{version.minor}", why=".python-version")
    for source in sources:
        asked = _specifier(source.python or "")
        fitting = tuple(python for python in PYTHONS if _admits(asked, python))
        if source.python and fitting:
            value = DEFAULT_PYTHON if DEFAULT_PYTHON in fitting else fitting[-1]
            why = f"{source.path} asks for {source.python}"
            return Inference(key="python", value=value, why=why)
    return Inference(key="python", value=DEFAULT_PYTHON, why=BY_DEFAULT)


def _frameworks(sources: tuple[Source, ...], imports: Mapping[str, str]) -> Iterator[_Framework]:
    """The frameworks in use, those that the code imports first."""
    found: dict[str, _Framework] = {}
    for source in sources:
        for declared in source.packages:
            name = FRAMEWORK_DISTRIBUTIONS.get(declared.name)
            if name and name not in found:
                asked = declared.requirement.specifier
                found[name] = _Framework(name=name, asked=asked, why=f"{declared.place}")
    for name in FRAMEWORKS:
        if name in imports and name not in found:
            why = f"imported in {imports[name]}"
            found[name] = _Framework(name=name, asked=SpecifierSet(), why=why)
    yield from sorted(found.values(), key=lambda framework: framework.name not in imports)


def _release(
    framework: _Framework, python: Inference, facts: Facts
) -> tuple[Inference | None, Inference]:
    """The framework's release and the Python that go together; no release if none is known."""
    pythons: dict[str, set[str]] = {}
    for build in facts.builds:
        if build.framework == framework.name and build.confidence != "unverified":
            pythons.setdefault(build.release, set()).update(build.pythons)
    if exact := _exact(framework.asked):
        inference = Inference(key=framework.name, value=exact, why=f"{framework.why}, pins it")
        return inference, _python_for(inference, python, pythons.get(exact, set()))
    newest_first = sorted(pythons, key=Version, reverse=True)
    fitting = [
        release for release in newest_first if framework.asked.contains(release, prereleases=False)
    ]
    release = next((one for one in fitting if python.value in pythons[one]), None) or next(
        iter(fitting), None
    )
    if release is None:
        return None, python
    asks = f" asks for {framework.asked}" if str(framework.asked) else ""
    why = f"{framework.why}{asks}; the newest release known on {facts.as_of} that fits"
    inference = Inference(key=framework.name, value=release, why=why)
    return inference, _python_for(inference, python, pythons[release])


def _python_for(framework: Inference, python: Inference, pythons: set[str]) -> Inference:
    """The Python, changed only if it was nobody's wish and the framework has no wheel for it."""
    usable = [one for one in PYTHONS if one in pythons]
    if not usable or python.value in usable or python.why != BY_DEFAULT:
        return python
    why = f"the newest that {framework.key} {framework.value} has wheels for"
    return replace(python, value=usable[-1], why=why)


def _exact(asked: SpecifierSet) -> str | None:
    """``"2.13.0"`` for ``==2.13.0+cpu``, ``"2.13"`` for ``==2.13.*``; ``None`` for a range."""
    for clause in asked:
        if clause.operator == "==" and len(asked) == 1:
            version = _version(clause.version.removesuffix(".*"))
            return version.public if version else None
    return None


def _cuda(sources: tuple[Source, ...]) -> Inference:
    named = next((source for source in sources if source.cuda), None)
    if named and named.cuda:
        return Inference(key="cuda", value=named.cuda, why=f"{named.path} asks for this build")
    why = 'the newest the release is built for; "cpu" makes a small image without GPU'
    return Inference(key="cuda", value="auto", why=why)


def _unknown_release(framework: _Framework) -> str:
    return (
        f"{framework.why} asks for {framework.name}{framework.asked}, and mlbox knows no such"
        f" release: it is installed like any other package. Set {framework.name} = to choose one."
    )


def _second(first: _Framework, other: _Framework) -> str:
    return (
        f"{other.name} is used too ({other.why}). A box has one framework; this one's is"
        f" {first.name}, and {other.name} is installed only if the dependencies name it."
    )


# --- dependencies ----------------------------------------------------------------------------


def _dependencies(
    source: Source | None, imports: Mapping[str, str], framework: str | None
) -> Iterator[Inference]:
    declared = frozenset(found.name for found in source.packages) if source else frozenset()
    missing = {
        distributions_of(module)[0]: f"{module} is imported in {place}"
        for module, place in imports.items()
        if module not in FRAMEWORKS
        and distributions_of(module)
        and not is_brought(module, declared)
    }
    packages: list[str] = []
    reasons: list[str] = []
    if source and source.path in {"uv.lock", "requirements.txt"}:
        why = "found in the folder"
        if framework in declared and source.path == "requirements.txt":
            why += f"; {framework} may stay in it as long as both agree"
        yield Inference(key="requirements", value=source.path, why=why)
    elif source:
        packages += (
            str(found.requirement)
            for found in source.packages
            if FRAMEWORK_DISTRIBUTIONS.get(found.name) != framework or framework is None
        )
        reasons += [f"from {source.path}"] if packages else []
    if missing:
        packages += sorted(missing)
        whys = ", ".join(missing[name] for name in sorted(missing))
        reasons.append(f"named by no file, but {whys}")
    if packages:
        yield Inference(key="packages", value=tuple(packages), why="; ".join(reasons))


def _unknown_imports(source: Source | None, imports: Mapping[str, str]) -> Iterator[str]:
    declared = frozenset(found.name for found in source.packages) if source else frozenset()
    for module, place in imports.items():
        if not distributions_of(module) and not is_brought(module, declared):
            yield (
                f"{module} is imported in {place}, and no file names a package for it."
                " If it is not yours, add its distribution to packages."
            )


def _system_packages(source: Source | None) -> Iterator[Inference]:
    found: dict[str, str] = {}
    for declared in source.packages if source else ():
        for name in SYSTEM_PACKAGES.get(declared.name, ()):
            found.setdefault(name, f"{declared.name} loads them at import")
        if (declared.requirement.url or "").startswith("git+"):
            found.setdefault("git", f"{declared.place}, installs from git")
    if found:
        whys = ", ".join(dict.fromkeys(found.values()))
        yield Inference(key="system-packages", value=tuple(found), why=whys)


# --- training --------------------------------------------------------------------------------


def _train(folder: Folder) -> Iterator[Inference]:
    entry = entry_of(folder)
    if entry is None:
        return
    script, why = entry
    yield Inference(key="command", value=("python", script), why=why)
    inputs = tuple(path for path in folder.paths if path.endswith(".dvc") and is_inside(path))
    if inputs:
        yield Inference(key="inputs", value=inputs, why="data under DVC")
    outputs: tuple[Output, ...] = outputs_of(folder, script)
    if outputs:
        paths = tuple(output.path for output in outputs)
        yield Inference(key="outputs", value=paths, why=", ".join(output.why for output in outputs))


# --- versions --------------------------------------------------------------------------------


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _specifier(text: str) -> SpecifierSet:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return SpecifierSet()


def _admits(asked: SpecifierSet, python: str) -> bool:
    """Whether some patch release of a Python minor version satisfies the specifier."""
    return any(asked.contains(f"{python}.{patch}") for patch in (0, 5, 10, 15, 20))
