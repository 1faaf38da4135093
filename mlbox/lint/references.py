"""The images that a Dockerfile names: what their references say, and where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mlbox.lint.parse import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.parse import Flag, Stage

_HUB = frozenset({"docker.io", "index.docker.io"})
_LIBRARIES = ("public.ecr.aws/docker/library/", "mirror.gcr.io/library/")
CODENAMES = {
    "trusty": "ubuntu14.04",
    "xenial": "ubuntu16.04",
    "bionic": "ubuntu18.04",
    "focal": "ubuntu20.04",
    "jammy": "ubuntu22.04",
    "noble": "ubuntu24.04",
    "resolute": "ubuntu26.04",
    "wheezy": "debian7",
    "jessie": "debian8",
    "stretch": "debian9",
    "buster": "debian10",
    "bullseye": "debian11",
    "bookworm": "debian12",
    "trixie": "debian13",
}
_SYSTEM = re.compile(r"(ubuntu|debian|centos|alpine|rockylinux|ubi)(\d[\d.]*)?")
_SYSTEMS = frozenset({"ubuntu", "debian", "centos", "alpine"})
_VERSION = re.compile(r"\d[\d.]*")
_MOVING = frozenset({"latest", "nightly", "edge", "rolling"})
_BRANCHES = frozenset({"stable", "main", "master", "head", "lts", "dev", "develop"})


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An image reference, taken apart.

    Attributes:
        text: All of it.
        registry: Its registry; empty for Docker Hub.
        path: The repository in its registry: ``"nvidia/cuda"``; without ``library/``.
        tag: Its tag; ``None`` without.
        digest: Its digest; ``None`` without.
    """

    text: str
    registry: str
    path: str
    tag: str | None
    digest: str | None

    @property
    def name(self) -> str:
        """The reference without tag and digest, as it was written."""
        bare = self.text.partition("@")[0]
        return bare.removesuffix(f":{self.tag}") if self.tag else bare

    @property
    def tokens(self) -> tuple[str, ...]:
        """The parts of its tag."""
        return tuple((self.tag or "").split("-"))

    @property
    def moves(self) -> bool:
        """Whether it has no tag, or one that goes with the newest: ``latest``, a branch."""
        if self.tag is None or self.tokens[0] in _MOVING:
            return True
        if self.tokens[-1] in ("latest", "nightly"):
            return True
        return self.tokens[0] in _BRANCHES and not re.search(r"\d", self.tag)

    def is_hub(self, *paths: str) -> bool:
        """Whether it is one of these repositories of Docker Hub."""
        return not self.registry and self.path in paths

    @property
    def system(self) -> str | None:
        """The distribution that its name tells: ``"ubuntu22.04"``, ``"debian12"``, ``"alpine"``."""
        if self.is_hub(*_SYSTEMS):
            return _system_of(self.path, self.tag or "latest")
        for token in self.tokens:
            if token in CODENAMES:
                return CODENAMES[token]
            if match := _SYSTEM.fullmatch(token):
                return token if match[2] else match[1]
        return None


def _system_of(distribution: str, tag: str) -> str:
    first = tag.partition("-")[0]
    if first in CODENAMES:
        return CODENAMES[first]
    version = _VERSION.match(first)
    if version is None or distribution == "alpine":
        return distribution
    number = version[0].partition(".")[0] if distribution != "ubuntu" else version[0]
    return f"{distribution}{number}"


@lru_cache(maxsize=4096)
def reference(text: str) -> Reference:
    """Take an image reference apart."""
    bare, at, digest = text.partition("@")
    path, colon, tag = bare.rpartition(":")
    if not colon or "/" in tag:
        path, tag = bare, ""
    host, slash, rest = path.partition("/")
    if not slash or not ({".", ":"} & set(host) or host == "localhost"):
        host, rest = "", path
    if f"{host}/{rest}".startswith(_LIBRARIES):
        host, rest = "", rest.rpartition("/")[2]
    host = "" if host in _HUB else host
    return Reference(
        text=text,
        registry=host,
        path=rest.removeprefix("library/") if not host else rest,
        tag=tag or None,
        digest=digest if at else None,
    )


@dataclass(frozen=True, kw_only=True)
class Named:
    """An image that the Dockerfile names.

    Attributes:
        reference: The reference, variables replaced.
        span: Where it stands.
        literal: Whether it stands there as it is, so that it can be replaced.
        stage: The stage that names it.
        is_base: Whether the stage is built on it; else something is copied from it.
    """

    reference: Reference
    span: Span
    literal: bool
    stage: Stage
    is_base: bool


def bases(image: Image) -> Iterator[Named]:
    """The images that the stages which the final one needs are built on."""
    for item in image.used:
        if found := base(item.stage):
            yield found


def base(stage: Stage) -> Named | None:
    """The image that a stage names; ``None`` for another stage, scratch, or what is not known."""
    word = stage.image_word
    if stage.parent is not None or not stage.image or word is None or stage.image == "scratch":
        return None
    return Named(
        reference=reference(stage.image),
        span=word.span,
        literal=word.raw == stage.image,
        stage=stage,
        is_base=True,
    )


def root(image: Image, stage: Stage) -> Named | None:
    """The image at the root of a stage's lineage."""
    return base(image.dockerfile.base(stage))


def copied(image: Image) -> Iterator[Named]:
    """The images that files are copied from, in stages which the final one needs.

    A bare word may be a build context that the build is given, so it is left out.
    """
    for item in image.used:
        for flag, text in image.dockerfile.references(item.stage):
            if not text or not {"/", ":"} & set(text) or image.dockerfile.stage_named(text):
                continue
            yield Named(
                reference=reference(text),
                span=_inside(image, flag, text),
                literal=text in image.dockerfile.source.text[flag.span.start : flag.span.end],
                stage=item.stage,
                is_base=False,
            )


def _inside(image: Image, flag: Flag, text: str) -> Span:
    """Where a flag names an image."""
    at = image.dockerfile.source.text.find(text, flag.span.start, flag.span.end)
    return Span(at, at + len(text)) if at >= 0 else flag.span
