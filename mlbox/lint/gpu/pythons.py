"""Which Python an installation is for, where that is surely known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import CondaInstall, Other

if TYPE_CHECKING:
    from mlbox.lint.commands.model import Action, PythonInstall
    from mlbox.lint.gpu import GpuStage

_OTHER_PYTHON = re.compile(r"(?:lib)?python3?\d*\.\d+|python3\d\b|pypy")
_BRINGS = re.compile(r"pyenv|deadsnakes|conda|mamba|Python-\d|cpython|python-build|rye|pixi")
_PYTHONS = re.compile(r"python|conda|mamba")
_MINOR = re.compile(r"3\.\d{1,2}")


def python_of(stage: GpuStage, install: PythonInstall) -> str | None:
    """The Python minor version that a command installs for; ``None`` if it is not surely known."""
    if install.python is not None:
        return install.python if _MINOR.fullmatch(install.python) else None
    if install.tool not in ("pip", "uv pip") or stage.base is None:
        return None
    python = stage.base.python or _of_system(stage)
    return python if python and not _has_another(stage) else None


def _of_system(stage: GpuStage) -> str | None:
    """The Python that apt installs on a base without one."""
    names = ("python3", "python3-pip", "python3-venv", "python3-full", "python3-dev")
    if stage.base is None or not any(name in names for name in stage.system_packages):
        return None
    return stage.base.system_python


def _has_another(stage: GpuStage) -> bool:
    """Whether something may bring another Python."""
    if any(_OTHER_PYTHON.match(name) for name in stage.system_packages):
        return True
    if "UV_PYTHON" in stage.stage.scope.env or "PYTHON_VERSION" in stage.stage.scope.env:
        return True
    for part in stage.lineage:
        for step, actions in part.actions.steps:
            text = step.instruction.arguments.text
            if step.instruction.name in ("COPY", "ADD", "SHELL") and _PYTHONS.search(text):
                return True
            if any(_brings(action) for action in actions):
                return True
    return False


def _brings(action: Action) -> bool:
    if isinstance(action, CondaInstall):
        return True
    words = [word.text for word in action.command.words]
    if words[:1] == ["uv"] and words[1:2] in (["venv"], ["python"], ["sync"], ["run"]):
        return True
    return isinstance(action, Other) and any(_BRINGS.search(word) for word in words)
