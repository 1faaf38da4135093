"""The facts about one framework's builds, arranged for the questions of rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from mlbox.facts import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.specifiers import SpecifierSet

    from mlbox.facts import Build, Facts

_CUDA_TAG = re.compile(r"cu(\d{1,2}?)(\d)")
_LOCAL_TAG = re.compile(r"rocm[\d.]*\d|[^.]+")
_FAMILY = ("torchvision", "torchaudio")


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """One framework's builds for one platform.

    Attributes:
        builds: Release -> tag -> build; those that nobody has seen are left out.
        doubtful: Releases and tags that were announced, and never seen.
        as_of: The day the tables speak of.
    """

    builds: Mapping[str, Mapping[str, Build]]
    doubtful: frozenset[tuple[str, str]]
    as_of: str

    @cached_property
    def releases(self) -> tuple[str, ...]:
        """The releases, the oldest first."""
        return tuple(sorted(self.builds, key=numbers))

    @cached_property
    def tags(self) -> frozenset[str]:
        """Every tag that any release has or was to have."""
        seen = {tag for builds in self.builds.values() for tag in builds}
        return frozenset(seen | {tag for _, tag in self.doubtful})

    def has(self, release: str, tag: str) -> bool | None:
        """Whether there is such a build; ``None`` if that is not known."""
        if release not in self.builds or (release, tag) in self.doubtful:
            return None
        if tag in self.builds[release]:
            return True
        return None if release == self.releases[-1] and self._is_new(tag) else False

    def _is_new(self, tag: str) -> bool:
        """Whether a tag is newer than every one that is known: the newest release may get it."""
        return bool(cuda_of(tag)) and _tag_key(tag) > _tag_key(self.all_cuda_tags[-1])

    def default(self, release: str) -> Build | None:
        """The build that the default index gives; ``None`` if it is not known."""
        builds = self.builds.get(release, {}).values()
        return next((build for build in builds if build.default), None)

    def newest(
        self, specifier: SpecifierSet | None, tag: str | None = None, python: str | None = None
    ) -> str | None:
        """The newest release that a requirement allows, with a tag, for a Python."""
        for release in reversed(self.releases):
            build = self.builds[release].get(tag) if tag else self.default(release)
            if build is None or (python and python not in build.pythons):
                continue
            if specifier is None or specifier.contains(release):
                return release
        return None

    def cuda_tags(self, release: str) -> tuple[str, ...]:
        """The tags with CUDA of a release, the oldest first."""
        found = (tag for tag in self.builds.get(release, {}) if cuda_of(tag))
        return tuple(sorted(found, key=_tag_key))

    @cached_property
    def all_cuda_tags(self) -> tuple[str, ...]:
        """The tags with CUDA that any release has, the oldest first."""
        seen = {tag for builds in self.builds.values() for tag in builds if cuda_of(tag)}
        return tuple(sorted(seen, key=_tag_key))

    @cached_property
    def companions(self) -> Mapping[tuple[str, str], tuple[tuple[str, bool], ...]]:
        """Package and its release -> releases of the framework it goes with, and if loosely."""
        found: dict[tuple[str, str], dict[tuple[str, bool], None]] = {}
        for release, builds in self.builds.items():
            for build in builds.values():
                for name in _FAMILY:
                    if version := build.companions.get(name):
                        key = (name, version)
                        found.setdefault(key, {})[release, name in build.loose] = None
        return {key: tuple(value) for key, value in found.items()}

    def companion(self, release: str, name: str) -> str | None:
        """The release of torchvision or torchaudio that goes with a release."""
        builds = self.builds.get(release, {}).values()
        return next((build.companions[name] for build in builds if name in build.companions), None)


@lru_cache(maxsize=16)
def table_of(facts: Facts, framework: str = "torch", platform: str = "linux/amd64") -> Table:
    """The builds of a framework for a platform."""
    builds: dict[str, dict[str, Build]] = {}
    doubtful = set()
    for build in facts.builds:
        if build.framework != framework or build.platform != platform or not build.is_final:
            continue
        if build.confidence == "unverified":
            doubtful.add((build.release, build.tag))
        else:
            builds.setdefault(build.release, {})[build.tag] = build
    return Table(builds=builds, doubtful=frozenset(doubtful), as_of=facts.as_of)


def cuda_of(tag: str | None) -> str | None:
    """``"12.8"`` for ``"cu128"``; ``None`` for what is no tag of CUDA."""
    match = _CUDA_TAG.fullmatch(tag or "")
    return f"{match[1]}.{match[2]}" if match else None


def _tag_key(tag: str) -> tuple[int, ...]:
    return numbers(cuda_of(tag) or "")


def major(cuda: str | None) -> int | None:
    """``12`` for ``"12.8"``."""
    return numbers(cuda)[0] if cuda else None


@lru_cache(maxsize=4096)
def release_of(version: str | None) -> tuple[str | None, str | None]:
    """Release and local part of a pinned version: ``"2.6.0"`` and ``"cu118"``.

    The release is ``None`` for a pre-release and for what is no version.
    """
    if not version:
        return None, None
    try:
        read = Version(version)
    except InvalidVersion:
        return None, None
    local = match[0] if (match := _LOCAL_TAG.match(read.local or "")) else None
    if read.is_prerelease or read.is_postrelease:
        return None, local
    parts = [*read.release, 0, 0]
    return ".".join(str(part) for part in parts[: max(3, len(read.release))]), local
