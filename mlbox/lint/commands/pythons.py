"""Which Python an installation goes into, and whether its cache stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.lint.commands.environments import CONDA
from mlbox.lint.commands.indexes import PIP_FILES, pip_settings

if TYPE_CHECKING:
    from mlbox.lint.commands.here import Here
    from mlbox.lint.commands.options import Line
    from mlbox.lint.shell.model import Command

_SYSTEM_FOLDERS = frozenset(
    {"/usr/bin", "/usr/local/bin", "/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"}
)
_OWN = re.compile(r"(?:^|/)[^/]*(?:v?env|conda|mamba|miniforge)[^/]*(?:/|$)", re.IGNORECASE)
_FOLDERS = ("--target", "--prefix", "--root")
_PYTHON = re.compile(r"python\d*(?:\.\d+)?")
_FALSE = frozenset({"", "0", "false", "no", "off", "f", "n"})
_CACHE_WORD = re.compile(r"cache|(?:^|[/.])(?:pip|uv)(?:/|$)", re.IGNORECASE)
# Folders of the caches that people mount: one tool does not use another's.
_CACHES = frozenset(
    {"apk", "apt", "archives", "ccache", "conda", "dnf", "huggingface", "npm", "pip", "pkgs"}
    | {"pnpm", "poetry", "torch", "uv", "yarn", "yum"}
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an installation goes.

    Attributes:
        environment: The virtual environment, or the folder of ``--target``; ``""`` for the
            system's Python, ``None`` if unknown.
        is_system: Whether it plainly is the system's Python.
    """

    environment: str | None
    is_system: bool = False


def is_true(value: str | None) -> bool:
    """Whether a variable that is a switch is on; one that is not known counts as on."""
    return value is None or value.strip().lower() not in _FALSE


def pip_target(command: Command, line: Line, here: Here) -> Target:
    """Where pip installs."""
    if here.state.conda or any(word.text in CONDA for word in command.prefix):
        return Target(environment=None)
    values = here.variables(command)
    if line.flags.intersection(_FOLDERS):
        return Target(environment=_at(line.last(*_FOLDERS), command, here))
    if folders := [values[name] for name in ("PIP_TARGET", "PIP_PREFIX") if name in values]:
        return Target(environment=_at(folders[0], command, here))
    environment = _environment(command, here)
    is_user = "--user" in line.flags or "PIP_USER" in values
    return Target(environment=environment, is_system=environment == "" and not is_user)


def _at(folder: str | None, command: Command, here: Here) -> str | None:
    return here.at(folder, command) if folder else None


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
    return parent if parent in here.environments or _OWN.search(parent) else None


def uv_target(command: Command, line: Line, here: Here) -> Target:
    """Where ``uv pip install`` installs."""
    values = here.variables(command)
    system = "--system" in line.flags or (
        "UV_SYSTEM_PYTHON" in values and is_true(values["UV_SYSTEM_PYTHON"])
    )
    if line.flags & {"--target", "--prefix"}:
        return Target(environment=_at(line.last("--target", "--prefix"), command, here))
    if system:
        return Target(environment="", is_system=values.get("UV_SYSTEM_PYTHON", "") is not None)
    if python := line.last("--python"):
        return Target(environment=_of_python(python, command, here))
    if environment := values.get("VIRTUAL_ENV", ""):
        return Target(environment=environment)
    own = None if environment is None else here.at(".venv", command)
    return Target(environment=own if own in here.environments else None)


def _of_python(python: str, command: Command, here: Here) -> str | None:
    """The environment of a Python, or of the folder of one."""
    folder, slash, program = python.rpartition("/")
    if slash and _PYTHON.fullmatch(program):
        return _of_folder(python, folder)
    path = here.at(python, command)
    return path if slash or path in here.environments else None


def keeps_pip_cache(command: Command, line: Line, here: Here) -> bool:
    """Whether pip's cache stays in the layer."""
    values = here.variables(command)
    if "--no-cache-dir" in line.flags or values.get("PIP_NO_CACHE_DIR", "") != "":
        return False
    if here.state.settings.get("no-cache-dir", "") != "" or here.settings.get("no-cache-dir"):
        return False
    if any(_may_turn_off(path, here) for path in (*PIP_FILES, values.get("PIP_CONFIG_FILE"))):
        return False
    return _stays(command, here, "pip", line)


def keeps_uv_cache(command: Command, line: Line, here: Here) -> bool:
    """Whether uv's cache stays in the layer."""
    values = here.variables(command)
    if "--no-cache" in line.flags:
        return False
    if "UV_NO_CACHE" in values and is_true(values["UV_NO_CACHE"]):
        return False
    return _stays(command, here, "uv", line)


def _may_turn_off(path: str | None, here: Here) -> bool:
    """Whether pip's configuration has no cache; of a file that cannot be read, nobody knows."""
    if not path or not any(copy.target == path or copy.into for copy in here.state.copies):
        return False
    document = here.open(path)
    if document is None:
        return any(copy.target == path for copy in here.state.copies)
    return bool(pip_settings(document.text).get("no-cache-dir"))


def _stays(command: Command, here: Here, tool: str, line: Line) -> bool:
    values = here.variables(command)
    variables = (f"{tool.upper()}_CACHE_DIR", "XDG_CACHE_HOME")
    folders = [values[name] for name in variables if name in values]
    folders += line.values("--cache-dir")
    if any(folder is None for folder in folders):
        return False
    if any(
        kind in ("cache", "tmpfs") and _may_hold(target, tool, folders)
        for kind, target, _ in here.mounts
    ):
        return False
    return not any(_removes_cache(other, folders) for other in here.later(command))


def _may_hold(mount: str | None, tool: str, folders: list[str | None]) -> bool:
    """Whether a tool's cache may be inside a mount."""
    if mount is None:
        return True
    mount = mount.rstrip("/")
    if folders:
        return any(folder and f"{folder}/".startswith(f"{mount}/") for folder in folders)
    if mount in ("/root", "/tmp"):  # noqa: S108  (where a mount hides the cache)
        return True
    return bool(_CACHE_WORD.search(mount)) and mount.rpartition("/")[2] not in _CACHES - {tool}


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
