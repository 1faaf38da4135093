"""What BuildKit refuses in an instruction's flags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse.lines import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.parse.instructions import Flag, Instruction

_FLAGS = {
    "ADD": {"chown", "chmod", "link", "keep-git-dir", "checksum", "exclude", "unpack"},
    "COPY": {"from", "chown", "chmod", "link", "parents", "exclude"},
    "FROM": {"platform"},
    "HEALTHCHECK": {"interval", "timeout", "start-period", "start-interval", "retries"},
    "RUN": {"mount", "network", "security", "device"},
}
_SEVERAL = {"device", "exclude", "mount"}  # may be given more than once
_SWITCHES = {"keep-git-dir", "link", "parents", "unpack"}
_OPTIONAL_VALUE = _SWITCHES | {"device"}
_DURATION = re.compile(r"[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|[-+]?0")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_NUMBER = re.compile(r"[-+]?\d+")
_ALLOWED = {
    ("RUN", "network"): ("default", "host", "none"),
    ("RUN", "security"): ("insecure", "sandbox"),
}
_MOUNT_TYPES = ("bind", "cache", "secret", "ssh", "tmpfs")
_MOUNT_KEYS = {
    *("dst", "env", "from", "gid", "id", "mode", "readonly", "readwrite", "required", "ro", "rw"),
    *("destination", "sharing", "size", "source", "src", "target", "type", "uid"),
}
_MOUNT_SWITCHES = {"readonly", "readwrite", "required", "ro", "rw"}


def flag_problems(item: Instruction) -> Iterator[Problem]:
    """Each flag for which BuildKit refuses the file."""
    seen: set[str] = set()
    for flag in item.flags:
        what = _fault(item.name, flag, seen)
        seen.add(flag.name)
        if what:
            yield Problem(kind="syntax", what=what, span=flag.span)


def _fault(instruction: str, flag: Flag, seen: set[str]) -> str | None:
    name, value = flag.name, flag.value
    if name not in _FLAGS.get(instruction, ()):
        return f"{instruction} has no flag --{name[:40]}."
    if name in seen and name not in _SEVERAL:
        return f"The flag --{name} is given twice."
    if value is None:
        return None if name in _OPTIONAL_VALUE else f"The flag --{name} needs a value."
    if name in _SWITCHES and value.lower() not in ("true", "false"):
        return f"The flag --{name} is true or false, not {value[:40]!r}."
    return _value_fault(instruction, name, value)


def _value_fault(instruction: str, name: str, value: str) -> str | None:
    if instruction == "HEALTHCHECK":
        return _healthcheck_fault(name, value)
    allowed = _ALLOWED.get((instruction, name))
    if allowed and value not in allowed:
        return f"--{name} is one of {', '.join(allowed)}, not {value[:40]!r}."
    if name == "mount":
        return _mount_fault(value)
    if name == "from" and "$" in value:
        return "--from takes no variable: name a stage that is FROM the variable, and copy from it."
    return None


def _healthcheck_fault(name: str, value: str) -> str | None:
    if name == "retries":
        if not _NUMBER.fullmatch(value) or int(value[:9]) < 0:
            return f"--retries is a number of 0 or more, not {value[:40]!r}."
    elif not _DURATION.fullmatch(value):
        return f"--{name} is a duration such as 30s, not {value[:40]!r}."
    elif _is_too_short(value):
        return f"--{name} is 1ms or longer, or 0, not {value[:40]!r}."
    return None


def _is_too_short(duration: str) -> bool:
    """Whether it is not 0 and below 1 ms."""
    parts = re.findall(r"([\d.]+)([a-zµμ]+)", duration)
    total = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return total > 0 and (duration.startswith("-") or round(total, 9) < _SECONDS["ms"])


def _mount_fault(value: str) -> str | None:
    if '"' in value:
        return None  # CSV with quotes: rare
    fields = {}
    for field in value.split(","):
        name, equals, content = field.partition("=")
        key = name.strip().lower()
        if key not in _MOUNT_KEYS or not (equals or key in _MOUNT_SWITCHES):
            return f"{field[:40]!r} is no option of a mount."
        fields[key] = content
    return _mount_fields_fault(fields)


def _mount_fields_fault(fields: dict[str, str]) -> str | None:
    kind = fields.get("type", "bind").lower()
    if kind not in _MOUNT_TYPES:
        return f"The mount's type is one of {', '.join(_MOUNT_TYPES)}, not {kind[:40]!r}."
    if "$" in fields.get("from", ""):
        return "A mount's from takes no variable: name a stage that is FROM the variable."
    if kind in ("bind", "cache", "tmpfs") and not fields.keys() & {"target", "dst", "destination"}:
        return f"A mount of type {kind} needs a target."
    return None
