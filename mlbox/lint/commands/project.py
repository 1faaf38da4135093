"""What a project file or its lock makes an installation install."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from mlbox.lint.commands.bindings import Binding, bindings_of, bound
from mlbox.lint.commands.tables import on_linux, table, tables, toml
from mlbox.lint.commands.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlbox.lint.commands.context import Document
    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.shell.model import Argument

_MOST = 20_000


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which parts of a project are installed.

    Attributes:
        extras: Optional dependencies; ``{"*"}`` for all.
        groups: Dependency groups; ``{"*"}`` for all.
        project: Whether its own dependencies are.
        without: Groups that are left out.
    """

    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    project: bool = True
    without: frozenset[str] = frozenset()

    def has_extra(self, name: str) -> bool:
        """Whether an extra is selected."""
        return "*" in self.extras or canonicalize_name(name) in self.extras

    def has_group(self, name: str) -> bool:
        """Whether a group is selected."""
        name = canonicalize_name(name)
        return name not in self.without and ("*" in self.groups or name in self.groups)


@dataclass(frozen=True, kw_only=True)
class Project:
    """A ``pyproject.toml``, read.

    Attributes:
        document: Where it is.
        table: What it says.
        is_valid: Whether it could be read.
    """

    document: Document
    table: Mapping[str, Any] = field(default_factory=dict)
    is_valid: bool = True

    @property
    def uv(self) -> Mapping[str, Any]:
        """``[tool.uv]``."""
        return table(table(self.table, "tool"), "uv")

    @property
    def indexes(self) -> tuple[tuple[str, str, bool, bool], ...]:
        """``[[tool.uv.index]]``: name, URL, whether explicit, whether the default."""
        return tuple(
            (
                str(item.get("name", "")),
                item["url"],
                bool(item.get("explicit")),
                bool(item.get("default")),
            )
            for item in tables(self.uv, "index")
            if isinstance(item.get("url"), str)
        )

    @property
    def is_dynamic(self) -> bool:
        """Whether its dependencies are somewhere else."""
        dynamic = table(self.table, "project").get("dynamic", [])
        return isinstance(dynamic, list) and "dependencies" in dynamic

    @property
    def requirement_files(self) -> tuple[str, ...]:
        """The files that setuptools reads dynamic dependencies from."""
        tool = table(table(self.table, "tool"), "setuptools")
        files = table(table(tool, "dynamic"), "dependencies").get("file", [])
        listed = [files] if isinstance(files, str) else files
        return tuple(item for item in listed if isinstance(item, str)) if self.is_dynamic else ()


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def read_project(document: Document) -> Project:
    """Read a ``pyproject.toml``."""
    found = toml(document.text)
    return Project(document=document, table=found or {}, is_valid=found is not None)


def declared(
    project: Project, selection: Selection, argument: Argument | None, *, is_pip: bool = False
) -> Iterator[Wanted]:
    """What a project's own file names; pip does not heed ``[tool.uv.sources]``."""
    places = _Places(project.document)
    found = [
        wanted(text, text, project.document.location(*places.of(text)), argument=argument)
        for text in list(_declared(project, selection))[:_MOST]
    ]
    yield from bound(found, {} if is_pip else bindings_of(project, selection))
    yield from _poetry(project, argument)


class _Places:
    """Where the strings of a TOML document are."""

    def __init__(self, document: Document) -> None:
        self._text = document.text

    def of(self, said: str) -> tuple[int, int]:
        """The first place where a string stands."""
        for quote in "\"'":
            at = self._text.find(f"{quote}{said}{quote}")
            if at >= 0:
                return at + 1, at + 1 + len(said)
        return 0, 0


def _declared(project: Project, selection: Selection) -> Iterator[str]:
    own = table(project.table, "project")
    if selection.project:
        yield from _texts(own.get("dependencies"))
        for name, listed in table(own, "optional-dependencies").items():
            if selection.has_extra(name):
                yield from _texts(listed)
    groups = table(project.table, "dependency-groups")
    for name in groups:
        if selection.has_group(name):
            yield from _group(groups, name, set())
    if selection.has_group("dev"):
        yield from _texts(project.uv.get("dev-dependencies"))


def _group(groups: Mapping[str, Any], name: str, seen: set[str]) -> Iterator[str]:
    if name in seen:
        return
    seen.add(name)
    entries = groups.get(name)
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
            yield from _group(groups, entry["include-group"], seen)


def _poetry(project: Project, argument: Argument | None) -> Iterator[Wanted]:
    """``[tool.poetry.dependencies]``: an exact version is a pin, any other is not translated."""
    poetry = table(table(project.table, "tool"), "poetry")
    urls = {str(item.get("name")): item.get("url") for item in tables(poetry, "source")}
    location = project.document.location(0, 0)
    for name, entry in table(poetry, "dependencies").items():
        if name.lower() == "python":
            continue
        version = entry.get("version") if isinstance(entry, dict) else entry
        url = urls.get(str(entry.get("source"))) if isinstance(entry, dict) else None
        if isinstance(version, str) and re.fullmatch(r"(==)?\d[\w.+!]*", version):
            text = f"{name}=={version.removeprefix('==')}"
            item = wanted(text, name, location, argument=argument)
        else:
            item = replace(wanted(name, name, location, argument=argument), unknown=True)
        yield replace(item, index=url if isinstance(url, str) else None)


# locks


def locked_by_uv(
    document: Document, project: Project | None, selection: Selection, argument: Argument | None
) -> tuple[Wanted, ...] | None:
    """What ``uv sync`` installs by a ``uv.lock``; ``None`` if it cannot be read."""
    found = toml(document.text)
    if found is None:
        return None
    packages = tables(found, "package")[:_MOST]
    chosen = _reached(packages, project, selection)
    default = _usual_registry(packages)
    places = _lock_places(document)
    items = (
        _locked(item, document, places, default, argument)
        for number, item in enumerate(packages)
        if number in chosen
        and not {"virtual", "editable", "directory"} & table(item, "source").keys()
    )
    return tuple(bound(items, bindings_of(project, selection) if project else {}))


def _lock_places(document: Document) -> dict[str, int]:
    return {
        match[1]: match.start()
        for match in re.finditer(r'^name = "([^"\n]+)"$', document.text, re.MULTILINE)
    }


def _locked(
    item: dict[str, Any],
    document: Document,
    places: Mapping[str, int],
    default: str | None,
    argument: Argument | None,
) -> Wanted:
    name, version = str(item.get("name", "")), item.get("version")
    text = f"{name}=={version}" if version else name
    start = places.get(name, 0)
    end = document.text.find("\n", start)
    registry = table(item, "source").get("registry")
    index = registry if isinstance(registry, str) and registry != default else None
    location = document.location(start, max(start, end))
    found = wanted(text, text, location, argument=argument, locked=True, index=index)
    return Binding(index=index, address=_address(table(item, "source"))).of(found)


def _address(source: Mapping[str, Any]) -> str | None:
    """What a lock fetches a distribution from, if not from an index."""
    git, url, kind = source.get("git"), source.get("url"), source.get("type", "url")
    if kind == "git" or isinstance(git, str):
        return f"git+{str(git or url).partition('?')[0]}"
    return url if kind == "url" and isinstance(url, str) else None


def _usual_registry(packages: Iterable[dict[str, Any]]) -> str | None:
    """The registry of most packages that is no index of one project's wheels: the default one."""
    seen = Counter(
        registry
        for item in packages
        if isinstance(registry := table(item, "source").get("registry"), str)
        and "/whl/" not in registry
    )
    return seen.most_common(1)[0][0] if seen else None


def _reached(
    packages: list[dict[str, Any]], project: Project | None, selection: Selection
) -> set[int]:
    """Numbers of the packages that a selection installs."""
    by_name: dict[str, list[int]] = {}
    for number, item in enumerate(packages):
        by_name.setdefault(str(item.get("name", "")), []).append(number)
    own = canonicalize_name(str(table(project.table, "project").get("name", ""))) if project else ""
    roots = [
        number
        for number, item in enumerate(packages)
        if table(item, "source").get("virtual") == "."
        or table(item, "source").get("editable") == "."
        or (own and item.get("name") == own)
    ]
    if not roots:
        return set(range(len(packages)))
    pending: list[tuple[int, frozenset[str]]] = [(root, selection.extras) for root in roots]
    seen: dict[int, set[str]] = {}
    while pending:
        number, extras = pending.pop()
        known = seen.get(number)
        if known is not None and extras <= known:
            continue
        seen[number] = (known or set()) | extras
        item = packages[number]
        for entry in _edges(item, extras, selection if number in roots else None):
            if on_linux(entry.get("marker")):
                wants = frozenset(_texts(entry.get("extra")))
                pending += [(at, wants) for at in _targets(entry, by_name, packages)]
    return set(seen)


def _edges(
    item: dict[str, Any], extras: frozenset[str], root: Selection | None
) -> Iterator[dict[str, Any]]:
    if root is None or root.project:
        yield from tables(item, "dependencies")
        for extra, entries in table(item, "optional-dependencies").items():
            if (extra in extras or "*" in extras) and isinstance(entries, list):
                yield from (entry for entry in entries if isinstance(entry, dict))
    if root is not None:
        for group, entries in table(item, "dev-dependencies").items():
            if root.has_group(group) and isinstance(entries, list):
                yield from (entry for entry in entries if isinstance(entry, dict))


def _targets(
    entry: dict[str, Any], by_name: Mapping[str, list[int]], packages: list[dict[str, Any]]
) -> list[int]:
    found = by_name.get(str(entry.get("name", "")), [])
    if "version" in entry:
        found = [at for at in found if packages[at].get("version") == entry["version"]]
    if "source" in entry:
        found = [at for at in found if packages[at].get("source") == entry["source"]]
    return found


def locked_by_others(document: Document, argument: Argument | None) -> tuple[Wanted, ...] | None:
    """What a ``poetry.lock``, ``pdm.lock`` or ``Pipfile.lock`` fixes; ``None`` if unreadable."""
    if document.path.endswith("Pipfile.lock"):
        return _pipfile(document, argument)
    found = toml(document.text)
    if found is None:
        return None
    places = _lock_places(document)
    items = []
    for entry in tables(found, "package")[:_MOST]:
        groups = entry.get("groups", ["main"])
        if entry.get("optional") or not {"main", "default"} & set(_texts(groups)):
            continue
        item = _locked(entry, document, places, None, argument)
        url = table(entry, "source").get("url")
        is_index = isinstance(url, str) and not (item.url or item.local)
        items.append(replace(item, index=url) if is_index else item)
    return tuple(items)


def _pipfile(document: Document, argument: Argument | None) -> tuple[Wanted, ...] | None:
    try:
        found = json.loads(document.text)
    except (ValueError, RecursionError):
        return None
    location = document.location(0, 0)
    return tuple(
        wanted(f"{name}{entry['version']}", name, location, argument=argument, locked=True)
        for name, entry in table(found if isinstance(found, dict) else {}, "default").items()
        if isinstance(entry, dict) and isinstance(entry.get("version"), str)
    )
