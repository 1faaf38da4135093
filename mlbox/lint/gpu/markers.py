"""Whether a requirement counts in an image: its marker, on Linux."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.markers import Marker, UndefinedEnvironmentName

if TYPE_CHECKING:
    from mlbox.lint.commands.model import Wanted

_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 17))
_LINUX = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "sys_platform": "linux",
    "extra": "",
}


def applies(item: Wanted, python: str | None = None) -> bool | None:
    """Whether a requirement is installed; ``None`` if that depends on what is not known.

    Args:
        item: The requirement.
        python: The Python, ``"3.12"``; ``None`` if it is not known.
    """
    marker = item.requirement.marker if item.requirement is not None else None
    if marker is None:
        return True
    answers = {_holds(str(marker), version) for version in ((python,) if python else _PYTHONS)}
    return answers.pop() if len(answers) == 1 else None


@lru_cache(maxsize=1024)
def _holds(marker: str, python: str) -> bool | None:
    values = {**_LINUX, "python_version": python, "python_full_version": f"{python}.0"}
    try:
        return Marker(marker).evaluate(values)
    except UndefinedEnvironmentName:
        return None
