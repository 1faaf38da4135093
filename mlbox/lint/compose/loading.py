"""Texts -> a Compose: read, unfolded, extended, overridden."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlbox.lint.compose.interpolation import assignments
from mlbox.lint.compose.merging import Unfolder, combined
from mlbox.lint.compose.model import Compose, Problem, Service
from mlbox.lint.compose.nodes import Entry, Node
from mlbox.lint.compose.paths import MAIN, is_override, joined, overrides_of
from mlbox.lint.compose.reading import Failed, Malformed, read
from mlbox.lint.parse import Source, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.facts import Facts
    from mlbox.lint.compose.reading import Document
    from mlbox.lint.files import Files

_FILES = 20  # of one project; more are not followed
_LONGEST_CHAIN = 50  # of services that extend each other


@dataclass
class _Loader:
    facts: Facts
    files: Files
    variables: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    aliased: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    roots: dict[str, Node | None] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)  # services that extend what is not known

    def root(self, source: Source) -> Node | Malformed | None:
        """A file's documents as one: each is laid over those before it."""
        documents = self.documents(source)
        return documents if isinstance(documents, Malformed) else _as_one(documents)

    def documents(self, source: Source) -> tuple[Node, ...] | Malformed:
        """A file's documents with merge keys and variables replaced."""
        document = read(source)
        if isinstance(document, Malformed):
            return document
        self.sources[source.file] = source
        self.aliased[source.file] = document.aliased
        self._repeated(document)
        unfolder = Unfolder(self.variables)
        roots = tuple(map(unfolder.unfolded, document.roots))
        for node in unfolder.bad:
            what = f"A ${{ in {_short(node.raw)} begins no variable."
            fix = "Write ${NAME}, ${NAME:-default} or ${NAME:?message}; $$ for a plain $."
            self.problems.append(Problem(location=node.location, what=what, fix=fix))
        for node in unfolder.unmergeable:
            what = "The merge key << takes a map, or a list of maps, and this is none."
            fix = "Name a map, or a list of maps."
            self.problems.append(Problem(location=node.location, what=what, fix=fix))
        return roots

    def _repeated(self, document: Document) -> None:
        for item in document.repeated:
            line = item.first.location.line
            self.problems.append(
                Problem(
                    location=item.again.location,
                    what=f"The key {item.name!r} is there already, in line {line}.",
                    fix="Keep one of the two.",
                )
            )


def load(
    text: str,
    facts: Facts,
    files: Files,
    *,
    file: str,
    overrides: tuple[tuple[str, str], ...] = (),
) -> Compose | Failed:
    """Read a compose file and what is laid over it.

    Args:
        text: All of the file.
        facts: The tables.
        files: What lies beside it, by paths relative to its folder.
        file: Its path.
        overrides: Further files, path and text, in the order of ``-f``.
    """
    loader = _Loader(facts, files, assignments(files.text(".env") or ""))
    source = Source(text, file)
    documents = loader.documents(source)
    if isinstance(documents, Malformed):
        return Failed(source=source, malformed=documents)
    root = _as_one(documents)
    if not overrides and root is not None:
        root = _upon_its_base(root, file, loader)
    further = overrides or _beside(file, files)
    own, failed = documents, []
    for name, body in further:
        each = Source(body, name)
        parts = loader.documents(each)
        if isinstance(parts, Malformed):
            failed.append(Failed(source=each, malformed=parts))
            continue
        over = _as_one(parts)
        if over is not None and root is not None and over.kind == root.kind == "map":
            root = combined(root, over)
        own += parts if overrides else ()
    whole = root or Node(kind="scalar", source=source, span=Span(0, 0))
    services = _Services(loader, whole, documents).all() if whole.kind == "map" else ()
    return Compose(
        source=source,
        root=whole,
        documents=own,
        failed=tuple(failed),
        services=services,
        facts=facts,
        files=files,
        problems=tuple(loader.problems),
        sources=loader.sources,
        aliased=loader.aliased,
        is_alone=not further and not is_override(file) and whole.get("include") is None,
    )


def _as_one(documents: tuple[Node, ...]) -> Node | None:
    root: Node | None = None
    for each in documents:
        both = root is not None and root.kind == each.kind == "map"
        root = combined(root, each) if both and root is not None else each
    return root


def _upon_its_base(root: Node, file: str, loader: _Loader) -> Node:
    """An override laid over the main file beside it, where it plainly is one."""
    if not is_override(file) or root.kind != "map":
        return root
    if ".override." not in file and not _is_partial(root):
        return root
    for name in MAIN:
        text = loader.files.text(name)
        if text is not None:
            base = loader.root(Source(text, posixpath.join(posixpath.dirname(file), name)))
            usable = isinstance(base, Node) and base.kind == "map"
            return combined(base, root) if usable and isinstance(base, Node) else root
    return root


def _is_partial(root: Node) -> bool:
    """Whether it has a service that only another file can complete."""
    services = root.get("services")
    return any(
        entry.value.kind == "map"
        and not any(entry.value.get(name) for name in ("image", "build", "extends", "provider"))
        for entry in (services.entries if services is not None else ())
    )


def _beside(file: str, files: Files) -> tuple[tuple[str, str], ...]:
    """What Compose lays over a main file by itself."""
    folder = posixpath.dirname(file)
    for name in overrides_of(file):
        text = files.text(name)
        if text is not None:
            return ((posixpath.join(folder, name), text),)
    return ()


class _Services:
    def __init__(self, loader: _Loader, root: Node, documents: tuple[Node, ...]) -> None:
        self.loader = loader
        self.services = root.get("services")
        self.own = [services for each in documents if (services := each.get("services"))]
        self.done: dict[str, Node] = {}
        self.whole: dict[str, bool] = {}

    def all(self) -> tuple[Service, ...]:
        if self.services is None or self.services.kind != "map":
            return ()
        found = []
        for entry in self.services.entries:
            if entry.value.kind != "map":
                continue
            node = self._extended(entry, ())
            found.append(
                Service(
                    name=entry.name,
                    key=self._key(entry),
                    node=node,
                    own=self._own(entry.name),
                    is_whole=self.whole.get(entry.name, True),
                )
            )
        return tuple(found)

    def _key(self, entry: Entry) -> Node:
        mine = self._mine(entry.name)
        return mine.key if mine else entry.key

    def _mine(self, name: str) -> Entry | None:
        """A service as the first file itself has it."""
        return next((mine for each in self.own if (mine := each.entry(name))), None)

    def _own(self, name: str) -> Node | None:
        mine = self._mine(name)
        if mine is None or mine.is_inherited or mine.value.is_alias or mine.value.kind != "map":
            return None
        return mine.value

    def _extended(self, entry: Entry, chain: tuple[str, ...]) -> Node:
        """A service with what it extends beneath it."""
        if entry.name in self.done:
            return self.done[entry.name]
        node = entry.value
        extends = node.get("extends")
        if extends is not None and not extends.is_null:
            base = self._base(entry, extends, (*chain, entry.name))
            if base is None:
                self.whole[entry.name] = False
            else:
                rest = tuple(item for item in node.entries if item.name != "extends")
                own = Node(kind="map", source=node.source, span=node.span, entries=rest)
                node = combined(base, own)
        self.done[entry.name] = node
        return node

    def _base(self, entry: Entry, extends: Node, chain: tuple[str, ...]) -> Node | None:
        name_node = extends.get("service") if extends.kind == "map" else extends
        name = name_node.text if name_node is not None and name_node.kind == "scalar" else None
        if name is None or name_node is None or len(chain) > _LONGEST_CHAIN:
            return None
        if extends.kind == "map" and extends.get("file") is not None:
            return self._elsewhere(extends.scalar("file"), name)
        if name in chain:
            self._refuse(name_node, f"The service {name!r} extends itself.")
            return None
        other = self.services.entry(name) if self.services is not None else None
        if other is None:
            self._refuse(name_node, f"There is no service {name!r} to extend.")
            return None
        if other.value.kind != "map":
            return None
        base = self._extended(other, chain)
        if not self.whole.get(name, True):
            self.whole[entry.name] = False
        return base

    def _elsewhere(self, file: str | None, name: str) -> Node | None:
        """A service of another file; ``None`` if that is not to be read here."""
        if file is None or len(self.loader.sources) > _FILES:
            return None
        path = joined("", file)
        if path not in self.loader.roots:
            text = self.loader.files.text(path)
            before = len(self.loader.problems)
            root = self.loader.root(Source(text, path)) if text is not None else None
            del self.loader.problems[before:]  # they are of that file, and told when it is linted
            self.loader.roots[path] = root if isinstance(root, Node) else None
        found = self.loader.roots[path]
        services = found.get("services") if found is not None else None
        if services is None or services.get(name) is None or services.get(name, "extends"):
            return None
        return services.get(name)

    def _refuse(self, node: Node, what: str) -> None:
        self.loader.problems.append(
            Problem(location=node.location, what=what, fix="Name another service of this file.")
        )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 40 else f"{line[:37]}...")  # noqa: PLR2004  (of a sentence)
