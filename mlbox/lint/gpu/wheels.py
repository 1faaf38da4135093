"""Which build of torch and its family an installation gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlbox.facts import numbers
from mlbox.lint.gpu.markers import applies
from mlbox.lint.gpu.tables import release_of, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.facts import Facts
    from mlbox.findings import Location
    from mlbox.lint.commands.model import Indexes, PythonInstall, Wanted
    from mlbox.lint.gpu.tables import Table
    from mlbox.lint.parse import Span, Step

INDEX = "https://download.pytorch.org/whl/"
FAMILY = frozenset({"torch", "torchvision", "torchaudio"})
_TAG = r"(cu\d{2,3}|cpu(?:-cxx11-abi)?|rocm[\d.]+|xpu)"
_INDEX = re.compile(rf"/(?:whl|pytorch-wheels|pytorch)/(?:(nightly|test)/)?{_TAG}(?:/|$)")
_LOCAL = re.compile(rf"\+{_TAG}\b")
_BACKEND = re.compile(_TAG)
_DEFAULT_MIRROR = re.compile(
    r"//(?:pypi\.(?:python\.)?org/|[\w.-]*(?:tuna|aliyun|ustc|tencent|huaweicloud|douban|163|bfsu|sjtug?|nju)\b)"
    r"[\w.:/-]*simple/?$"
)

_PUBLIC = re.compile(r"//(?:pypi\.org|download\.pytorch\.org|pypi\.nvidia\.com)(?:/|$)")

Origin = Literal["version", "url", "index", "extra", "backend", "auto", "default", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One installation of torch, torchvision or torchaudio.

    Attributes:
        at: Its order: stage, instruction, command, place in the command.
        item: What is asked for.
        install: The command.
        step: Its instruction.
        name: ``"torch"``, ``"torchvision"`` or ``"torchaudio"``.
        release: The release it is pinned to, by itself or by a constraint; ``None`` if it is not,
            or to a pre-release.
        likely: The release it would be by the tables: the pinned one, or the newest that fits.
        tag: The build's tag, ``"cu118"`` or ``"cpu"``; ``None`` if it is not known.
        origin: What says so: the version's local part, a URL, the index, an extra index, uv's
            backend, or the default index.
        is_nightly: Whether it is from an index of builds that are no releases.
    """

    at: tuple[int, int, int, int]
    item: Wanted
    install: PythonInstall
    step: Step
    name: str
    release: str | None
    likely: str | None
    tag: str | None
    origin: Origin
    is_nightly: bool = False

    @property
    def place(self) -> Span | Location:
        """Where it is asked for."""
        return self.item.span or self.item.location

    @property
    def index_place(self) -> Span | None:
        """Where its command names an index, if that is what decides which build it is."""
        if self.origin in ("index", "extra", "backend", "auto") and self.item.index is None:
            return self.install.indexes.span
        return None

    @property
    def is_explicit(self) -> bool:
        """Whether something says which build is wanted."""
        return self.origin not in ("default", "unknown")

    @property
    def is_cuda(self) -> bool:
        """Whether the build is for CUDA."""
        return bool(self.tag and self.tag.startswith("cu"))

    @property
    def is_pinned(self) -> bool:
        """Whether the version is fixed, be it known or not."""
        return bool(
            self.release
            or self.item.version
            or self.item.locked
            or self.item.unknown
            or self.item.url
            or self.item.local
        )

    @property
    def said(self) -> str:
        """As a sentence has it: ``torch 2.6.0 (cu118)``."""
        version = f" {self.release}" if self.release else ""
        return f"{self.name}{version} ({self.tag})" if self.tag else f"{self.name}{version}"


def wheels_of(
    install: PythonInstall, step: Step, at: tuple[int, int, int], facts: Facts, platform: str
) -> Iterator[Wheel]:
    """What a command installs of torch's family.

    Args:
        install: The command.
        step: Its instruction.
        at: Its order.
        facts: The tables.
        platform: ``"linux/amd64"`` or ``"linux/arm64"``.
    """
    if install.verb != "install":
        return
    table = table_of(facts, "torch", platform)
    for number, item in enumerate(install.wanted):
        if item.name in FAMILY and applies(item):
            yield _wheel(item, install, step, (*at, number), table)


def _wheel(
    item: Wanted, install: PythonInstall, step: Step, at: tuple[int, int, int, int], table: Table
) -> Wheel:
    version = item.version or _constraint(install, item.name)
    release, _ = release_of(version)
    tag, origin = _build(item, install, version, table)
    likely = release
    if item.name == "torch" and not version and not (item.unknown or item.url or item.local):
        likely = _likely(item, origin, tag, table)
    if origin == "default" and item.name == "torch" and likely:
        build = table.default(likely)
        tag = build.tag if build else None
    return Wheel(
        at=at,
        item=item,
        install=install,
        step=step,
        name=item.name,
        release=release,
        likely=likely,
        tag=tag,
        origin=origin,
        is_nightly=any(is_nightly(url) for url in (*install.indexes.all, item.index or "")),
    )


def _constraint(install: PythonInstall, name: str) -> str | None:
    return next((version for known, version in install.constrained if known == name), None)


def _likely(item: Wanted, origin: Origin, tag: str | None, table: Table) -> str | None:
    specifier = item.requirement.specifier if item.requirement else None
    return table.newest(specifier, tag if origin != "default" else None)


def _build(
    item: Wanted, install: PythonInstall, version: str | None, table: Table
) -> tuple[str | None, Origin]:
    """Tag, and what says so."""
    local = release_of(version)[1] or (match[1] if (match := _LOCAL.search(item.raw)) else None)
    if local:
        return (local if _BACKEND.fullmatch(local) else None), "version"
    if item.url or item.local:
        return index_tag(item.url or ""), "url"
    if item.index:
        return index_tag(item.index), "index"
    return _by_indexes(item, install, version, table)


def _by_indexes(
    item: Wanted, install: PythonInstall, version: str | None, table: Table
) -> tuple[str | None, Origin]:
    indexes = install.indexes
    if not indexes.known or indexes.no_index or install.tool == "pixi":
        return None, "unknown"
    if backend := indexes.torch_backend:
        if backend == "auto":
            return None, "auto"
        return (backend if _BACKEND.fullmatch(backend) else None), "backend"
    if indexes.main and (tag := index_tag(indexes.main)):
        return tag, "index"
    extra = _extra_tag(indexes)
    if extra is None:
        is_default = not indexes.main or bool(_DEFAULT_MIRROR.search(indexes.main))
        others = indexes.extra or indexes.find_links
        return None, "default" if is_default and not others else "unknown"
    return _with_extra(extra, item, install, version, table)


def _extra_tag(indexes: Indexes) -> str | None:
    """The one tag of the other indexes; ``None`` if there is none, or several."""
    found = {tag for url in (*indexes.extra, *indexes.find_links) if (tag := index_tag(url))}
    return found.pop() if len(found) == 1 else None


def _with_extra(
    tag: str, item: Wanted, install: PythonInstall, version: str | None, table: Table
) -> tuple[str | None, Origin]:
    """Of several indexes pip takes the highest version, uv the first that has the package."""
    if install.tool.startswith("uv"):
        first = index_tag((install.indexes.extra or install.indexes.find_links)[0])
        return (tag, "extra") if first else (None, "unknown")
    if item.name != "torch":
        return (tag, "extra") if version else (None, "unknown")
    release, _ = release_of(version)
    if release:
        has = table.has(release, tag)
        return (tag, "extra") if has else (None, "default" if has is False else "unknown")
    if version or item.requirement is None:
        return None, "unknown"
    there = table.newest(item.requirement.specifier, tag)
    here = table.newest(item.requirement.specifier)
    if there is None or here is None:
        return None, "unknown"
    return (tag, "extra") if numbers(there) >= numbers(here) else (None, "default")


def index_tag(url: str) -> str | None:
    """The tag that an index of PyTorch's wheels is for: ``"cu118"`` of ``.../whl/cu118``."""
    match = _INDEX.search(url)
    return match[2].removesuffix("-cxx11-abi") if match else None


def is_public(item: Wanted, install: PythonInstall) -> bool:
    """Whether a distribution comes from the default index, a mirror of it, or PyTorch's alone."""
    indexes = install.indexes
    if not indexes.known or indexes.no_index:
        return False
    asked = (item.index,) if item.index else indexes.all
    return all(_PUBLIC.search(url) or _DEFAULT_MIRROR.search(url) for url in asked)


def is_nightly(url: str) -> bool:
    """Whether an index has builds that are no releases."""
    match = _INDEX.search(url)
    return bool(match and match[1]) or "/whl/nightly" in url or "/whl/test" in url
