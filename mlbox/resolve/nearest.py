"""For an impossible question: the possible answers that change the least of it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mlbox.facts import numbers
from mlbox.resolve.builds import (
    caveats,
    choose,
    code_of,
    is_cuda,
    preference,
    python_for,
    release_condition,
    releases_of,
    runs,
    tag_condition,
    understand,
)
from mlbox.resolve.resolution import Nearest
from mlbox.resolve.targets import drivers_for, outlived, reaches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.facts import Build, Facts
    from mlbox.resolve.builds import Ask
    from mlbox.resolve.request import Request

AT_MOST = 5
_USUAL = "linux/amd64"  # the platform that everything is built for
# What it takes to change each: a word in a file, another release, the machine.
_WEIGHTS = {"cuda": 10, "python": 11, "version": 15, "driver": 100, "cpu": 150, "platform": 200}


class _Way(NamedTuple):
    """A build that can be had, and what has to change for it."""

    build: Build
    changes: frozenset[str]

    @property
    def weight(self) -> int:
        return sum(_WEIGHTS[change] for change in self.changes)


def nearest(ask: Ask, facts: Facts) -> tuple[Nearest, ...]:
    """Return the closest possible answers, the smallest change first.

    Of the answers that change the same things, the closest; none that changes more things than
    another one of them.
    """
    builds = facts.builds_by.get((ask.framework, ask.request.platform), ())
    ways = _closest(builds, ask, facts)
    elsewhere = ask.request.platform != _USUAL and ask.request.instance is None
    if elsewhere and not any(is_cuda(way.build) for way in ways):
        ways += _closest(facts.builds_by.get((ask.framework, _USUAL), ()), ask, facts)
    smallest = [way for way in ways if not any(other.changes < way.changes for other in ways)]
    smallest.sort(key=lambda way: way.weight)
    return tuple(_answer(way, ask, facts) for way in smallest[:AT_MOST])


def _closest(builds: tuple[Build, ...], ask: Ask, facts: Facts) -> list[_Way]:
    """The closest build for each set of changes."""
    fits, has_tag = release_condition(ask, facts), tag_condition(ask, facts)
    best: dict[frozenset[str], tuple[tuple[int, ...], list[Build]]] = {}
    for build in builds:
        if build.confidence == "unverified" or not (build.is_final or fits(build)):
            continue
        changes = _changes(build, ask, facts, fits=fits(build), has_tag=has_tag(build))
        if changes is None:
            continue
        distance = _distance(build, changes, ask, facts)
        known = best.get(changes)
        if known is None or distance < known[0]:
            best[changes] = (distance, [build])
        elif distance == known[0]:
            known[1].append(build)
    return [
        _Way(max(equal, key=lambda build: preference(build, ask, facts)), changes)
        for changes, (_, equal) in best.items()
    ]


def _changes(
    build: Build, ask: Ask, facts: Facts, *, fits: bool, has_tag: bool
) -> frozenset[str] | None:
    """What has to change for a build; ``None`` if no change of the spec makes it run."""
    changes = set() if build.platform == ask.request.platform else {"platform"}
    if not fits:
        changes.add("version")
    if not has_tag:
        changes.add("cuda" if is_cuda(build) else "cpu")
    if ask.python is not None and ask.python not in build.pythons:
        changes.add("python")
    if is_cuda(build):
        if code_of(build, ask) == "none":
            return None
        if not runs(build, ask, facts):
            if _driver(build, ask, facts) is None:
                return None
            changes.add("driver")
    return frozenset(changes)


def _driver(build: Build, ask: Ask, facts: Facts) -> str | None:
    """The driver to change to; ``None`` if there is none for this GPU."""
    if outlived(ask.driver, ask.gpu, build.platform) and ask.gpu:
        need = drivers_for(build.toolkit or "", ask.gpu, build.platform, facts)
        return ask.gpu.last_driver if reaches(ask.gpu.last_driver, need.minimum) else None
    need = drivers_for(build.toolkit or "", ask.gpu, build.platform, facts)
    wanted = need.exact if code_of(build, ask) == "ptx" else need.minimum
    return None if outlived(wanted, ask.gpu, build.platform) else wanted


def _distance(build: Build, changes: frozenset[str], ask: Ask, facts: Facts) -> tuple[int, ...]:
    """How far the build is from what was asked: in CUDA, Python and releases; newest first."""
    driver = _driver_to_have(build, ask, facts) if "driver" in changes else (0, 0, 0)
    places = _places(ask.framework, facts)
    place = places.get(build.release, len(places))  # a pre-release is after all of them
    wanted = _place_of(ask.request.version, ask.framework, facts)
    away = 0 if wanted is None else abs(place - wanted)
    step = release_step(build.release, ask.request.version)
    return (*driver, *_cuda_distance(build, ask), _python_distance(build, ask), step, away, -place)


@lru_cache(maxsize=4096)
def release_step(release: str, wanted: str | None) -> int:
    """How large a step it is to a release: to one of the same series, or the same major one."""
    if wanted is None:
        return 0
    have, asked = numbers(release), numbers(wanted)
    return next((step for step, size in enumerate((2, 1)) if have[:size] == asked[:size]), 2)


def _driver_to_have(build: Build, ask: Ask, facts: Facts) -> tuple[int, int, int]:
    """The driver to change to, to prefer the smaller step."""
    branch, minor, patch = (*numbers(_driver(build, ask, facts) or "0"), 0, 0)[:3]
    return (branch, minor, patch)


def _cuda_distance(build: Build, ask: Ask) -> tuple[int, int]:
    asked = numbers(ask.tag)
    if ask.tag in {"auto", "cpu"} or not asked or not build.cuda:
        return (0, 0)
    have = numbers(build.tag)
    return (abs(asked[0] // 10 - have[0] // 10), abs(asked[0] - have[0]))


def _python_distance(build: Build, ask: Ask) -> int:
    if ask.python is None or ask.python in build.pythons:
        return 0
    return _steps(ask.python, build.pythons)


@lru_cache(maxsize=1024)
def _steps(asked: str, pythons: tuple[str, ...]) -> int:
    return min(abs(numbers(asked)[1] - numbers(python)[1]) for python in pythons)


@lru_cache(maxsize=16)
def _places(framework: str, facts: Facts) -> Mapping[str, int]:
    return {release: place for place, release in enumerate(releases_of(framework, facts))}


@lru_cache(maxsize=512)
def _place_of(version: str | None, framework: str, facts: Facts) -> int | None:
    """Where a version that need not exist would stand among the releases."""
    if version is None:
        return None
    wanted = numbers(version)
    return sum(numbers(release) < wanted for release in releases_of(framework, facts))


def _answer(way: _Way, ask: Ask, facts: Facts) -> Nearest:
    python = _nearest_python(way.build, ask)
    changes = dict(_settings(way, python, ask, facts))
    changed = understand(_changed(ask.request, changes), facts)
    build = choose(changed, facts).build or way.build  # a newer driver may run a better build
    return Nearest(
        version=build.release,
        cuda_tag=build.tag,
        python=python_for(build, changed),
        changes=changes,
        verdict="warn" if caveats(build, changed, facts) else "ok",
        what=_sentence(build, changes, ask),
    )


def _changed(request: Request, changes: Mapping[str, str]) -> Request:
    """The request, with changes by the spec's keys."""
    names = {key: "version" if key == request.framework else key for key in changes}
    return replace(request, **{names[key]: value for key, value in changes.items()})  # type: ignore[arg-type]  # its fields are texts


def _nearest_python(build: Build, ask: Ask) -> str:
    if ask.python is None or ask.python in build.pythons:
        return python_for(build, ask)
    asked = numbers(ask.python)[1]
    return min(build.pythons, key=lambda p: (abs(asked - numbers(p)[1]), -numbers(p)[1]))


def _settings(way: _Way, python: str, ask: Ask, facts: Facts) -> Iterator[tuple[str, str]]:
    """The keys of the spec to set, and their values."""
    build = way.build
    if "version" in way.changes:
        yield build.framework, build.release
    if {"cuda", "cpu"} & way.changes or _needs_tag(way, ask):
        yield "cuda", build.tag
    if "python" in way.changes:
        yield "python", python
    if "driver" in way.changes:
        yield "driver", _driver(build, ask, facts) or ""
    if "platform" in way.changes:
        yield "platform", build.platform


def _needs_tag(way: _Way, ask: Ask) -> bool:
    """Whether the tag is worth saying too: a spec without the target would get another one."""
    targeted = ask.gpu is not None or ask.driver is not None
    return "version" in way.changes and ask.tag == "auto" and targeted and not way.build.default


def _sentence(build: Build, changes: Mapping[str, str], ask: Ask) -> str:
    had = {
        build.framework: ask.request.version,
        "cuda": ask.request.cuda if ask.tag != "auto" else None,
        "python": ask.request.python,
        "driver": ask.request.driver,
        "platform": ask.request.platform,
    }
    parts = [
        f"{key} {value}" + (f" instead of {had[key]}" if had.get(key) else "")
        for key, value in changes.items()
    ]
    return f"{', '.join(parts)}: {build.framework} {build.release} for {build.tag}."
