"""Tables of TOML documents, as people write them: what is not as it should be counts as absent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

from mlbox.spec import parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINUX = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
_OTHER_SYSTEMS = re.compile(r"win32|darwin|Windows|Darwin|cygwin")


def table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A table of a document; an empty one if there is none."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def tables(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The tables of a list; none if there is no list."""
    value = document.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def toml(text: str) -> dict[str, Any] | None:
    """A TOML document; ``None`` if it is none."""
    try:
        return parse_toml(text)
    except (RecursionError, ValueError):  # what is no TOML is a ValueError too
        return None


def on_linux(marker: object) -> bool:
    """Whether a marker may hold in a Linux container."""
    if not isinstance(marker, str) or not marker:
        return True
    if "python" in marker and not _OTHER_SYSTEMS.search(marker):
        return True
    try:
        return Marker(marker).evaluate({**_LINUX, "extra": ""})
    except (InvalidMarker, UndefinedEnvironmentName, ValueError, RecursionError):
        return True
