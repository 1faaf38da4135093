"""What Compose refuses in the form of a file: keys it does not know, values of the wrong type."""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import takewhile
from typing import TYPE_CHECKING

from mlbox.lint.compose.model import Problem
from mlbox.lint.compose.schema import ROOT, Keys, Many, Named, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.lint.compose.nodes import Entry, Node
    from mlbox.lint.compose.schema import Form

_SPOKEN = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "empty",
    "map": "a map",
    "list": "a list",
    "count": "a whole number",
    "amount": "a number",
    "switch": "true or false",
    "size": "a size as 8gb",
    "whole size": "a size as 8gb",
    "memory": "a size as 8gb, with quotes where it is a number",
    "duration": "a time as 30s",
    "cgroup": "host or private",
    "pull policy": "one of always, never, missing, build, daily, weekly, every_12h",
    "container name": "a name of two or more letters, digits, '_', '.', '-'",
    "date": "a date",
    "gpus": "all",
    "devices": "a whole number or all",
}
_SIZE = re.compile(r"-?\d*\.?\d+\s*(?:[kmgtp]i?)?b?", re.IGNORECASE)
# Types that are also taken from a text: what YAML takes them for, and the texts.
_TEXTS: Mapping[str, tuple[tuple[str, ...], re.Pattern[str]]] = {
    "count": (("int",), re.compile(r"\s*[-+]?\d+\s*")),
    "amount": (
        ("int", "float"),
        re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*", re.IGNORECASE),
    ),
    "switch": (("bool",), re.compile(r"true|false|yes|no|on|off|[yn01]", re.IGNORECASE)),
    "size": (("int", "float"), _SIZE),
    "whole size": (("int",), _SIZE),
    "memory": ((), _SIZE),
    "duration": ((), re.compile(r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|[smhdw]))+)")),
    "cgroup": ((), re.compile(r"host|private")),
    "pull policy": (
        (),
        re.compile(
            r".*(?:always|never|build|if_not_present|missing|refresh|daily|weekly|every_\d+[wdhms]).*"
        ),
    ),
    "container name": ((), re.compile(r".*[a-zA-Z0-9][a-zA-Z0-9_.-].*")),
    "gpus": ((), re.compile("all")),
    "devices": (("int",), re.compile(r"all|-?\d+")),
}
# What people write for a key, and its name.
_ALIASES = {
    "cmd": "command",
    "cwd": "working_dir",
    "env": "environment",
    "envs": "environment",
    "gpu": "gpus",
    "mem": "mem_limit",
    "memory": "mem_limit",
    "shm": "shm_size",
    "workdir": "working_dir",
    "workingdir": "working_dir",
}
_SURE = 0.8  # how alike a key and the one that was meant are
_NAME = re.compile(r"[a-zA-Z0-9._-]+")
_NAMED = ("services", "volumes", "secrets", "configs")  # whose names Compose restricts
_LATELY = frozenset({"limits.devices"})  # MLC107 tells


def problems_of(root: Node) -> Iterator[Problem]:
    """Everything in a document that the specification refuses."""
    if root.kind != "map":
        what = "It is empty" if root.is_null and root.kind == "scalar" else "It is no map of keys"
        yield Problem(
            location=root.location,
            what=f"{what}: a compose file has services, volumes, networks.",
            fix="Begin with `services:`.",
        )
        return
    if _is_version_one(root):
        yield Problem(
            location=root.entries[0].key.location,
            what=f"There is no `services:`; {root.entries[0].name!r} stands at the top level.",
            fix="Put the services beneath `services:`.",
        )
        return
    yield from _fits(root, ROOT, "")


def _is_version_one(root: Node) -> bool:
    """Whether services stand at the top level, as in files of before 2016."""
    return bool(root.entries) and all(
        entry.name not in ROOT.keys
        and not entry.name.startswith("x-")
        and entry.value.kind == "map"
        and bool(entry.value.get("image") or entry.value.get("build"))
        for entry in root.entries
    )


def _fits(node: Node, form: Form, path: str, key: Node | None = None) -> Iterator[Problem]:
    """The problems of a value; one that is empty stands at its key."""
    if form == "any" or node.tag == "!reset" or _is_unknown(node):
        return
    where = key if key is not None and node.is_null and not node.raw else node
    if isinstance(form, tuple):
        yield from _fits_one_of(node, form, path, where)
    elif isinstance(form, str):
        if not _is_type(node, form):
            yield _wrong(node, path, form.split("|"), where)
    elif node.kind != _kind(form):
        yield _wrong(node, path, [_kind(form)], where)
    else:
        yield from _inside(node, form, path)


def _inside(node: Node, form: Keys | Named | Many, path: str) -> Iterator[Problem]:
    if isinstance(form, Many):
        for at, item in enumerate(node.items):
            yield from _fits(item, form.form, f"{path}[{at}]")
        yield from _as_a_list(node, form, path)
    elif isinstance(form, Named):
        for entry in node.entries:
            yield from _has_a_name(entry)
            yield from _named_well(entry, path)
            yield from _fits(entry.value, form.form, _below(path, entry.name), entry.key)
    else:
        yield from _fits_keys(node, form, path)


def _as_a_list(node: Node, form: Many, path: str) -> Iterator[Problem]:
    """The problems of items beside each other."""
    first = node.items[0] if node.items else None
    if form.first and first is not None and first.is_fixed and first.raw not in form.first:
        yield Problem(
            location=first.location,
            what=f"{path} begins with {first.raw!r}; a list begins with {', '.join(form.first)}.",
            fix=f"Put {form.first[0]} before it.",
        )
    seen: set[str] = set()
    for item in node.items if form.unique else ():
        if item.kind == "scalar" and item.raw in seen:
            yield Problem(
                location=item.location,
                what=f"{path} has {item.raw!r} twice.",
                fix="Keep one of the two.",
            )
        seen.add(item.raw)


def _is_unknown(node: Node) -> bool:
    return node.kind == "scalar" and not node.is_fixed


def _is_type(node: Node, names: str) -> bool:
    return any(_is_a(node, name) for name in names.split("|"))


def _is_a(node: Node, name: str) -> bool:
    types, pattern = _TEXTS.get(name, ((name,), None))
    fits = node.type == "str" and pattern is not None and bool(pattern.fullmatch(node.raw))
    return node.type in types or fits


def _fits_one_of(node: Node, forms: tuple[Form, ...], path: str, where: Node) -> Iterator[Problem]:
    """The problems of the alternative that is meant: the one of the same kind."""
    for form in forms:
        if _kind(form) == node.kind and not (
            isinstance(form, str) and not _is_type(node, form) and _another(node, form, forms)
        ):
            yield from _fits(node, form, path)
            return
    yield _wrong(node, path, [name for form in forms for name in _names(form)], where)


def _another(node: Node, form: Form, forms: tuple[Form, ...]) -> bool:
    return any(
        other is not form and isinstance(other, str) and _is_type(node, other) for other in forms
    )


def _kind(form: Form) -> str:
    if isinstance(form, Many):
        return "list"
    return "map" if isinstance(form, (Keys, Named)) else "scalar"


def _names(form: Form) -> list[str]:
    return form.split("|") if isinstance(form, str) else [_kind(form)]


def _wrong(node: Node, path: str, wanted: list[str], where: Node) -> Problem:
    plain = ("int", "float", "bool", "null") if "str" in wanted else ()  # a text is any of them
    names = [name for name in dict.fromkeys(wanted) if name in _SPOKEN and name not in plain]
    spoken = " or ".join(_SPOKEN[name] for name in names)
    if node.is_null:
        return Problem(
            location=where.location,
            what=f"{path} is empty; it has to be {spoken}.",
            fix="Give it a value, or remove it.",
        )
    said = f" {node.raw!r}" if node.kind == "scalar" and len(node.raw) < 60 else ""  # noqa: PLR2004
    return Problem(
        location=node.location,
        what=f"{path} is {_SPOKEN[node.type]}{said}; it has to be {spoken}.",
        fix=_remedy(node, path, wanted),
    )


def _remedy(node: Node, path: str, wanted: list[str]) -> str:
    key = path.rpartition(".")[2].partition("[")[0]
    if "str" in wanted and node.type in ("int", "float", "bool", "date"):
        return f'Write it with quotes: "{node.raw}".'
    if "list" in wanted and node.kind == "scalar":
        return f"Write {key}: [{node.raw}]."
    return "Write it in the form of the Compose specification."


def _has_a_name(entry: Entry) -> Iterator[Problem]:
    if entry.key.type != "str":
        said = repr(entry.name) if entry.key.kind == "scalar" else "this"
        yield Problem(
            location=entry.key.location,
            what=f"A key is a text, and {said} is {_SPOKEN[entry.key.type]}.",
            fix=f'Write it with quotes: "{entry.name}".',
        )


def _named_well(entry: Entry, path: str) -> Iterator[Problem]:
    name = entry.name
    if path in _NAMED and not name.startswith("x-") and not _NAME.fullmatch(name):
        yield Problem(
            location=entry.key.location,
            what=f"{name!r} is no name for one of the {path}.",
            fix="Use letters, digits, '.', '_' and '-'.",
        )


def _fits_keys(node: Node, form: Keys, path: str) -> Iterator[Problem]:
    for entry in node.entries:
        if entry.name in form.keys:
            yield from _fits(
                entry.value, form.keys[entry.name], _below(path, entry.name), entry.key
            )
        elif form.strict and not entry.name.startswith("x-") and entry.value.tag != "!reset":
            yield from _stranger(entry, form, path)
    for name in form.required:
        if node.entry(name) is None:
            yield Problem(
                location=node.location,
                what=f"{path} has no {name!r}.",
                fix=f"Add {name}: to it.",
            )


def _stranger(entry: Entry, form: Keys, path: str) -> Iterator[Problem]:
    """A key that is not known: refused where it is plain what was meant, else it may be new."""
    name = entry.name
    if any(f"{path}.{name}".endswith(each) for each in _LATELY):
        return
    where = path or "the top level"
    meant = name.lower().replace("-", "_")
    meant = _ALIASES.get(meant, meant)
    close = [meant] if meant in form.keys else get_close_matches(meant, form.keys, 1, _SURE)
    place = _elsewhere(name, path)
    yield Problem(
        location=entry.key.location,
        what=f"There is no key {name!r} in {where}.",
        fix=f"Write {close[0]}: instead."
        if close
        else f"Put it into {place}."
        if place
        else "Remove it, or let its name begin with x- if it is your own.",
        severity=None if close or place or (not path and _is_a_template(entry)) else "info",
    )


def _elsewhere(name: str, path: str) -> str | None:
    """Where a key belongs that stands in the wrong place of a service: the nearest one."""
    if path.startswith("services."):
        here = path.split(".")[2:]
        places = sorted(
            (place.split(".") if place else [] for place in places_of(name)),
            key=lambda place: (-_alike(here, place), len(place)),
        )
        return (".".join(places[0]) or "the service itself") if places else None
    is_of_services = not path and "" in places_of(name)
    return "a service" if is_of_services else None


def _alike(one: list[str], other: list[str]) -> int:
    """How many steps two paths have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other)))  # noqa: B905  (the shorter one ends it)


def _is_a_template(entry: Entry) -> bool:
    """Whether a value has an anchor: ``common: &common``, meant for others to merge."""
    text = entry.key.source.text[entry.key.span.end : entry.value.span.start]
    return "&" in text


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
