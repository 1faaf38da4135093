"""Which Python an installation goes into, and whether its cache stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.lint.commands.here import Here
    from mlbox.lint.commands.options import Line
    from mlbox.lint.shell.model import Command

_SYSTEM_FOLDERS = frozenset(
    {"/usr/bin", "/usr/local/bin", "/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"}
)
_OWN = re.compile(r"(?:^|/)[^/]*(?:v?env|conda|mamba|miniforge)[^/]*(?:/|$)", re.IGNORECASE)
_ELSEWHERE = frozenset({"--user", "--target", "--prefix", "--root"})
_CONDA = frozenset({"conda", "mamba", "micromamba"})
_FALSE = frozenset({"", "0", "false", "no", "off", "f", "n"})
_CACHE_WORD = re.compile(r"cache|(?:^|[/.])(?:pip|uv)(?:/|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an installation goes.

    Attributes:
        environment: The virtual environment; ``""`` for the system's Python, ``None`` if unknown.
        is_system: Whether it plainly is the system's Python.
    """

    environment: str | None
    is_system: bool = False


def is_true(value: str | None) -> bool:
    """Whether a variable that is a switch is on; one that is not known counts as on."""
    return value is None or value.strip().lower() not in _FALSE


def pip_target(command: Command, line: Line, here: Here) -> Target:
    """Where pip installs."""
    if any(word.text in _CONDA for word in command.prefix):
        return Target(environment=None)
    environment = _environment(command, here)
    if environment is None:
        return Target(environment=None)
    return Target(
        environment=environment,
        is_system=not environment and not (line.flags & _ELSEWHERE) and not _user(command, here),
    )


def _user(command: Command, here: Here) -> bool:
    values = here.variables(command)
    return any(name in values for name in ("PIP_USER", "PIP_TARGET", "PIP_PREFIX"))


def _environment(command: Command, here: Here) -> str | None:
    """The environment of the program that is called."""
    program = command.words[0].text
    folder, slash, _ = program.strip("\"'").rpartition("/")
    if slash:
        return _of_folder(command.words[0].value, folder)
    values = here.variables(command)
    if "VIRTUAL_ENV" in command.exported:
        return values["VIRTUAL_ENV"]
    if "PATH" in command.exported or "PATH" in command.variables:
        return None
    if (base := here.step.scope.env.get("VIRTUAL_ENV", "")) is None:
        return None
    for entry in here.state.path:
        if own := _own_environment(entry, here):
            return own
    return base or ""


def _of_folder(value: str | None, folder: str) -> str | None:
    if value is None:
        return None
    return "" if folder in _SYSTEM_FOLDERS else folder.removesuffix("/bin")


def _own_environment(folder: str, here: Here) -> str | None:
    parent = folder.rstrip("/").removesuffix("/bin")
    if folder.rstrip("/") in _SYSTEM_FOLDERS or not folder.rstrip("/").endswith("/bin"):
        return None
    return parent if parent in here.state.environments or _OWN.search(parent) else None


def uv_target(command: Command, line: Line, here: Here) -> Target:
    """Where ``uv pip install`` installs."""
    values = here.variables(command)
    system = "--system" in line.flags or (
        "UV_SYSTEM_PYTHON" in values and is_true(values["UV_SYSTEM_PYTHON"])
    )
    if line.flags & {"--target", "--prefix"}:
        return Target(environment=None)
    if system:
        return Target(environment="", is_system=values.get("UV_SYSTEM_PYTHON", "") is not None)
    if python := line.last("--python"):
        folder, slash, _ = python.rpartition("/")
        return Target(environment=_of_folder(python, folder) if slash else None)
    return Target(environment=values.get("VIRTUAL_ENV") or None)


def keeps_pip_cache(command: Command, line: Line, here: Here) -> bool:
    """Whether pip's cache stays in the layer."""
    values = here.variables(command)
    if "--no-cache-dir" in line.flags or values.get("PIP_NO_CACHE_DIR", "") != "":
        return False
    if here.state.settings.get("no-cache-dir", "") != "" or here.settings.get("no-cache-dir"):
        return False
    return _stays(command, here, values, ("PIP_CACHE_DIR", "XDG_CACHE_HOME"), line)


def keeps_uv_cache(command: Command, line: Line, here: Here) -> bool:
    """Whether uv's cache stays in the layer."""
    values = here.variables(command)
    if "--no-cache" in line.flags:
        return False
    if "UV_NO_CACHE" in values and is_true(values["UV_NO_CACHE"]):
        return False
    return _stays(command, here, values, ("UV_CACHE_DIR", "XDG_CACHE_HOME"), line)


def _stays(
    command: Command,
    here: Here,
    values: Mapping[str, str | None],
    variables: tuple[str, ...],
    line: Line,
) -> bool:
    folders = [values[name] for name in variables if name in values]
    folders += line.values("--cache-dir")
    if any(folder is None for folder in folders):
        return False
    for kind, target, _ in here.mounts:
        if kind in ("cache", "tmpfs") and (
            target is None
            or _CACHE_WORD.search(target)
            or target in ("/root", "/tmp")  # noqa: S108  (where a mount hides the cache)
            or any(folder and f"{folder}/".startswith(f"{target}/") for folder in folders)
        ):
            return False
    return not any(_removes_cache(other, folders) for other in here.later(command))


def _removes_cache(command: Command, folders: list[str | None]) -> bool:
    words = [word.text for word in command.words]
    if command.program == "rm":
        return any(
            word.rstrip("/*").endswith((".cache", ".cache/pip", ".cache/uv")) or word in folders
            for word in words[1:]
        )
    if command.program == "uv":
        return words[1:2] == ["cache"] and words[2:3] in (["clean"], ["prune"])
    return "cache" in words and ("purge" in words or "remove" in words)


def environments_made(commands: tuple[Command, ...]) -> Iterator[str]:
    """The virtual environments that commands make, as they are named."""
    for command in commands:
        words = [word.value for word in command.words[1:]]
        makes = (
            command.program == "virtualenv"
            or (command.program.startswith("python") and words[:2] == ["-m", "venv"])
            or (command.program == "uv" and words[:1] == ["venv"])
            or (command.program.startswith("python") and words[:2] == ["-m", "virtualenv"])
        )
        if makes:
            yield from (word for word in words[1:] if word and not word.startswith("-"))
