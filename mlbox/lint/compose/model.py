"""What a rule sees of a compose file: its services, after merging; each value knows its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.lint.compose.merging import as_map
from mlbox.lint.compose.paths import is_path, is_windows
from mlbox.lint.compose.words import words_of
from mlbox.lint.parse import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.facts import Facts
    from mlbox.findings import Location, Severity
    from mlbox.lint.compose.nodes import Node
    from mlbox.lint.compose.reading import Failed
    from mlbox.lint.compose.words import Word
    from mlbox.lint.files import Files
    from mlbox.lint.parse import Source


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that Compose refuses in the form of the files."""

    location: Location
    what: str
    fix: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Variable:
    """One environment variable of a service.

    Attributes:
        name: Its name.
        value: Its value; ``None`` if it is passed through, or not known.
        passes: Whether it is taken from the shell that starts Compose.
        key: Where its name stands.
        node: Where its value stands.
        in_list: Whether it is written ``NAME=value``.
    """

    name: str
    value: str | None
    passes: bool
    key: Node
    node: Node
    in_list: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Mount:
    """One entry of ``volumes``.

    Attributes:
        node: Where it stands.
        source: The host's path or a volume's name, as written; ``None`` without.
        target: The path in the container; ``None`` if not known.
        is_bind: Whether the source is a path; ``None`` if not known.
        read_only: Whether the container may only read it; ``None`` if not known.
        place: Where the source stands.
    """

    node: Node
    source: str | None
    target: str | None
    is_bind: bool | None
    read_only: bool | None
    place: Location


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """One service, as all files together have it.

    Attributes:
        name: Its name.
        key: Where its name stands.
        node: What it has.
        own: What the first file itself writes of it, where a fix can be written; ``None`` if that
            is an alias, or in another file.
        is_whole: Whether all of it is known: nothing is extended that could not be read.
    """

    name: str
    key: Node
    node: Node
    own: Node | None
    is_whole: bool = True

    @cached_property
    def environment(self) -> tuple[Variable, ...]:
        """Its variables, those of ``env_file`` not among them."""
        return variables_of(self.node.get("environment"))

    def variable(self, name: str) -> Variable | None:
        """A variable by its name."""
        return next((item for item in self.environment if item.name == name), None)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words of its entrypoint and command, those inside of ``sh -c`` among them."""
        return (*words_of(self.node.get("entrypoint")), *words_of(self.node.get("command")))

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        """Its volumes."""
        volumes = self.node.get("volumes")
        if volumes is None or volumes.kind != "list":
            return ()
        found = (_mount(item) for item in volumes.items)
        return tuple(item for item in found if item is not None)

    @property
    def profiles(self) -> frozenset[str]:
        """The profiles that start it; none for always."""
        node = self.node.get("profiles")
        items = node.items if node is not None else ()
        return frozenset(item.raw for item in items)

    @property
    def image(self) -> Node | None:
        """Its image, if it says one."""
        node = self.node.get("image")
        return node if node is not None and node.kind == "scalar" and not node.is_null else None

    @property
    def build(self) -> Node | None:
        """How it is built."""
        node = self.node.get("build")
        return node if node is not None and not node.is_null else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Compose:
    """A compose file and what is laid over it, read.

    Attributes:
        source: The file that is linted.
        root: All of it, merged.
        documents: What the file itself, and those that are named to be laid over it, have.
        failed: What is to be laid over it, and cannot be read.
        services: Its services, in order; those that are no map are not among them.
        facts: The tables that rules about images ask.
        files: What lies beside the file, by paths relative to its folder.
        problems: What Compose refuses.
        sources: Every file that was read, the first one first.
        aliased: What ``*name`` stands for elsewhere, of each file.
        is_alone: Whether no other file can change what is in it, as far as is known.
    """

    source: Source
    root: Node
    documents: tuple[Node, ...]
    services: tuple[Service, ...]
    facts: Facts
    files: Files
    problems: tuple[Problem, ...] = ()
    failed: tuple[Failed, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    aliased: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    is_alone: bool = True

    def service(self, name: str) -> Service | None:
        """A service by its name."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Service]:
        return {item.name: item for item in self.services}

    def is_shared(self, node: Node) -> bool:
        """Whether a value is also there elsewhere, by an alias or a merge key."""
        return any(
            span.start <= node.span.start and node.span.end <= span.end
            for span in self.aliased.get(node.source.file, ())
        )

    def has_heirs(self, service: Service) -> bool:
        """Whether what a service has is also had by others: a change of it is one of theirs."""
        if service.own is not None and self.is_shared(service.own):
            return True
        return service.name in self._extended

    @cached_property
    def _extended(self) -> frozenset[str | None]:
        services = self.root.get("services")
        bases = [entry.value.get("extends") for entry in (services.entries if services else ())]
        return frozenset(
            name for base in bases if base for name in (base.text, base.scalar("service")) if name
        )


def variables_of(node: Node | None) -> tuple[Variable, ...]:
    """The variables of an ``environment`` or of build ``args``."""
    if node is None or node.kind == "scalar":
        return ()
    return tuple(
        Variable(
            name=entry.name,
            value=None if entry.value.is_null else entry.value.text,
            passes=entry.value.is_null,
            key=entry.key,
            node=entry.value,
            in_list=entry.is_pair,
        )
        for entry in as_map(node).entries
        if entry.value.kind == "scalar"
    )


def _mount(node: Node) -> Mount | None:
    if node.kind == "map":
        return _long_mount(node)
    if node.kind != "scalar":
        return None
    parts = _split(node.raw)
    source = parts[0] if len(parts) > 1 else None
    options = parts[2].split(",") if len(parts) > 2 else []  # noqa: PLR2004  (source:target:options)
    where = node.source.location(_first(node, source)) if source else node.location
    return Mount(
        node=node,
        source=source,
        target=parts[1] if len(parts) > 1 else parts[0],
        is_bind=False if source is None else None if source.startswith("$") else is_path(source),
        read_only=None if any("$" in item for item in options) else "ro" in options,
        place=where,
    )


def _long_mount(node: Node) -> Mount:
    kind = node.scalar("type")
    source = node.get("source")
    raw = source.raw if source is not None and source.kind == "scalar" else None
    read_only = node.get("read_only")
    return Mount(
        node=node,
        source=raw,
        target=node.scalar("target"),
        is_bind=None if kind is None else kind == "bind",
        read_only=False if read_only is None else (read_only.text or "").lower() == "true",
        place=(source or node).location,
    )


def _split(text: str) -> list[str]:
    """``SOURCE:TARGET:OPTIONS``; the colons of variables and drives are no separators."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        if character == "{" and text[at - 1 : at] == "$":
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif character == ":" and depth == 0 and not _is_of_a_drive(text, start, at):
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _is_of_a_drive(text: str, start: int, at: int) -> bool:
    return at == start + 1 and is_windows(text[start : at + 2])


def _first(node: Node, word: str) -> Span:
    at = node.source.text.find(word, node.span.start, node.span.end)
    return Span(at, at + len(word)) if at >= 0 else node.span
