"""Tools that install a project: ``uv sync``, ``uv add``, poetry, pdm, pipenv, pixi, pipx."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from mlbox.lint.commands.bindings import bindings_of, bound
from mlbox.lint.commands.contents import Contents, contents_of
from mlbox.lint.commands.model import Indexes, PythonInstall
from mlbox.lint.commands.options import read_line, syntax
from mlbox.lint.commands.project import (
    Selection,
    declared,
    locked_by_others,
    locked_by_uv,
    read_project,
)
from mlbox.lint.commands.python import UV_SYNTAX, uv_indexes, uv_install, uv_pip
from mlbox.lint.commands.pythons import is_true
from mlbox.lint.commands.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlbox.lint.commands.here import Here
    from mlbox.lint.commands.options import Line
    from mlbox.lint.commands.project import Project
    from mlbox.lint.shell.model import Command

_SYSTEM = frozenset({"/usr", "/usr/local"})
_OTHERS = syntax(
    "-C/--directory -P/--project -E/--extras --only --with --without -G/--group --source -p"
    " --manifest-path -e/--environment --python --index-url -i --pip-args --index --extra-index-"
    " url",
    "-q/--quiet -v/--verbose -n/--no-interaction",
)
_VERBS = {
    "poetry": ("install", "sync", "add"),
    "pdm": ("install", "sync", "add"),
    "pipenv": ("install", "sync"),
    "pixi": ("install", "add"),
    "pipx": ("install",),
    "rye": ("sync",),
    "hatch": ("env",),
}
_LOCKS = {"poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}


def uv(command: Command, here: Here) -> PythonInstall | None:
    """The verbs of uv that install."""
    line = read_line(command.arguments, UV_SYNTAX)
    verb = line.operands[0].text if line.operands else ""
    if verb == "pip":
        return uv_pip(command, command.arguments, here)
    if verb == "sync":
        return _sync(command, replace(line, operands=()), here)
    if verb == "add":
        return _add(command, replace(line, operands=line.operands[1:]), here)
    if verb == "tool" and [word.text for word in line.operands[1:2]] == ["install"]:
        line = replace(line, operands=line.operands[2:])
        contents = contents_of(command, line, here)
        return uv_install(command, line, here, contents, "uv tool")
    return None


def _folder(line: Line, name: str) -> str:
    folder = line.last("--project", "--directory")
    return f"{folder.rstrip('/')}/{name}" if folder else name


def _selected(line: Line, command: Command, here: Here) -> Selection:
    values = here.variables(command)
    flags = line.flags
    no_dev = "UV_NO_DEV" in values and is_true(values["UV_NO_DEV"])
    only: set[str] = {canonicalize_name(name) for name in line.values("--only-group")}
    groups = only | {canonicalize_name(name) for name in line.values("--group")}
    if "--all-groups" in flags:
        groups.add("*")
    if not only and not flags & {"--no-dev", "--no-default-groups"} and not no_dev:
        groups.add("dev")
    if "--only-dev" in flags:
        groups = {"dev"}
    extras: set[str] = {canonicalize_name(name) for name in line.values("--extra")}
    return Selection(
        extras=frozenset(extras | ({"*"} if "--all-extras" in flags else set())),
        groups=frozenset(groups),
        project=not only and "--only-dev" not in flags,
        without=frozenset(canonicalize_name(name) for name in line.values("--no-group")),
    )


def _project(
    line: Line, command: Command, here: Here, contents: Contents, selection: Selection
) -> Project | None:
    """Read the project's file."""
    name = _folder(line, "pyproject.toml")
    path = here.at(name, command)
    document = here.open(path) if path else None
    found = read_project(document) if document else None
    contents.files.append(name)
    if found is None or not found.is_valid:
        contents.unread.append(name)
        return None
    contents.bindings.update(bindings_of(found, selection))
    return found


def _sync(command: Command, line: Line, here: Here) -> PythonInstall:
    contents = Contents()
    selection = _selected(line, command, here)
    project = _project(line, command, here, contents, selection)
    name = _folder(line, "uv.lock")
    path = here.at(name, command)
    document = here.open(path) if path else None
    locked = locked_by_uv(document, project, selection, None) if document else None
    if locked is not None:
        contents.files.append(name)
        contents.wanted += locked
        if "pyproject.toml" in contents.unread[-1:]:
            contents.unread.clear()  # the lock says it all
    else:
        if project is not None:
            contents.wanted += declared(project, selection, None)
        contents.files.append(name)
        contents.unread.append(name)
    found = uv_install(command, line, here, contents, "uv sync")
    return _installed(found, line, here, contents, project)


def _add(command: Command, line: Line, here: Here) -> PythonInstall:
    contents = contents_of(command, line, here, constraints="UV_CONSTRAINT")
    selection = _selected(line, command, here)
    project = _project(line, command, here, contents, selection)
    contents.wanted = list(bound(contents.wanted, contents.bindings))
    if project is not None:
        contents.wanted += declared(project, selection, None)
    found = uv_install(command, line, here, contents, "uv add")
    return _installed(found, line, here, contents, project)


def _installed(
    found: PythonInstall, line: Line, here: Here, contents: Contents, project: Project | None
) -> PythonInstall:
    """The same with what the project says of indexes, and the environment it goes into."""
    command = found.command
    indexes = uv_indexes(command, line, here, contents)
    if project is not None:
        for _, url, explicit, default in project.indexes:
            if default:
                indexes.main = indexes.main or url
            elif not explicit and url not in indexes.extra:
                indexes.extra.append(url)
    values = here.variables(command)
    environment = values.get("UV_PROJECT_ENVIRONMENT", "")
    if environment == "":
        environment = here.at(_folder(line, ".venv"), command)
    system = environment is not None and environment.rstrip("/") in _SYSTEM
    return replace(
        found,
        indexes=indexes.result(),
        environment="" if system else environment,
        system_python=system,
    )


def other(command: Command, here: Here) -> PythonInstall | None:
    """poetry, pdm, pipenv, pixi, pipx."""
    tool = command.program
    line = read_line(command.arguments, _OTHERS)
    verb = line.operands[0].text if line.operands else ""
    if verb not in _VERBS.get(tool, ()):
        return None
    contents = Contents()
    for word in line.operands[1:]:
        if tool != "pixi" and not word.text.startswith("-"):
            item = wanted(
                word.value,
                word.raw,
                here.location(word.span),
                argument=word,
                in_dockerfile=True,
            )
            contents.wanted.append(item)
    if tool != "pipx":
        _locked(tool, line, command, here, contents)
    return PythonInstall(
        command=command,
        tool=tool,
        verb="install",
        wanted=tuple(contents.wanted),
        indexes=Indexes(known=tool == "pipx"),
        files=tuple(contents.files),
        unread=tuple(contents.unread),
        flags=line.flags,
    )


def _locked(tool: str, line: Line, command: Command, here: Here, contents: Contents) -> None:
    name = _folder(line, _LOCKS.get(tool, ""))
    path = here.at(name, command) if tool in _LOCKS else None
    document = here.open(path) if path else None
    items = locked_by_others(document, None) if document else None
    if items is not None:
        contents.files.append(name)
        contents.wanted += items
        return
    chosen = Selection()
    project = _project(line, command, here, contents, chosen) if tool != "pipenv" else None
    if project is not None:
        contents.wanted += declared(project, chosen, None)
    contents.unread.append(name or "pixi.toml")


READERS: dict[str, Callable[[Command, Here], PythonInstall | None]] = {
    "uv": uv,
    "poetry": other,
    "pdm": other,
    "pipenv": other,
    "pixi": other,
    "pipx": other,
    "rye": other,
}
