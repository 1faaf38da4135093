"""A word or a line that names a Python distribution -> ``Wanted``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mlbox.lint.commands.model import Wanted

if TYPE_CHECKING:
    from mlbox.findings import Location
    from mlbox.lint.shell.model import Argument

_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(\s*\[[^]]*\])?")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9][\w.-]*)")
_DIRECT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*@\s*(\S+)")
_WHEEL = re.compile(r"([A-Za-z0-9_.]+)-([^-/]+)(?:-\d[^-/]*)?-[^-/]+-[^-/]+-[^-/]+\.whl")
_SDIST = re.compile(r"([A-Za-z0-9][\w.-]*?)-(\d[^-/]*)(?:\.tar\.gz|\.zip|\.tgz)")
_LONGEST = 2_000


@lru_cache(maxsize=4096)
def requirement_of(text: str) -> Requirement | None:
    """A requirement as ``packaging`` reads it; ``None`` if it is none."""
    if len(text) > _LONGEST:
        return None
    try:
        return Requirement(text)
    except (InvalidRequirement, ValueError, RecursionError):
        return None


def is_local(text: str) -> bool:
    """Whether a word names a folder or an archive, not a distribution."""
    if "://" in text and not text.startswith("file:"):
        return False
    bare = re.sub(r"\[[\w\s,.-]*\]$", "", text)
    if bare.startswith((".", "/", "~", "file:")) or bare.endswith(_ARCHIVES):
        return True
    return "/" in bare and "@" not in bare and not re.search(r"[=<>!;\s]", bare)


def wanted(
    text: str | None,
    raw: str,
    location: Location,
    *,
    argument: Argument | None = None,
    editable: bool = False,
    locked: bool = False,
    index: str | None = None,
    in_dockerfile: bool = False,
) -> Wanted:
    """What a word names.

    Args:
        text: What the word says; ``None`` if that is not known.
        raw: As it stands.
        location: Where.
        argument: The word of the Dockerfile it comes from.
        editable: Whether it is given with ``-e``.
        locked: Whether its release and its files are fixed.
        index: The index it is bound to.
        in_dockerfile: Whether it stands in the Dockerfile itself.
    """
    name, requirement, url, local = _read(text, raw)
    return Wanted(
        name=name,
        requirement=requirement,
        raw=raw if text is None else text,
        location=location,
        argument=argument,
        url=url,
        local=local,
        editable=editable,
        index=index,
        locked=locked,
        unknown=text is None,
        span=argument.span if argument is not None and in_dockerfile else None,
    )


def _read(text: str | None, raw: str) -> tuple[str, Requirement | None, str | None, str | None]:
    """Name, requirement, URL and path."""
    if text is None:
        return _name_before_variable(raw), None, None, None
    text = text.strip()
    if match := _DIRECT.fullmatch(text.split(" ;")[0]):
        return canonicalize_name(match[1]), _of_archive(match[2]), match[2], None
    if "://" in text or text.startswith("git+"):
        requirement = _of_archive(text)
        egg = _EGG.search(text)
        name = egg[1] if egg else requirement.name if requirement else ""
        return canonicalize_name(name), requirement, text, None
    if is_local(text):
        requirement = _of_archive(text)
        return canonicalize_name(requirement.name) if requirement else "", requirement, None, text
    requirement = requirement_of(text)
    if requirement is not None:
        return canonicalize_name(requirement.name), requirement, None, None
    match = _NAME.match(text)
    return canonicalize_name(match[1]) if match else "", None, None, None


def _name_before_variable(raw: str) -> str:
    """``torch`` in ``"torch==${VERSION}"``: the name ends before the variable begins."""
    match = _NAME.match(raw.strip("\"'"))
    rest = raw.strip("\"'")[match.end() :] if match else ""
    return canonicalize_name(match[1]) if match and re.match(r"\s*[=<>!~@;]", rest) else ""


def _of_archive(path: str) -> Requirement | None:
    """What the name of a wheel or an archive says of its content."""
    path = path.partition("#")[0].partition("?")[0].replace("%2B", "+").replace("%2b", "+")
    file = path.rsplit("/", 1)[-1]
    match = _WHEEL.fullmatch(file) or ("://" in path and _SDIST.fullmatch(file)) or None
    return requirement_of(f"{match[1]}=={match[2]}") if match else None
