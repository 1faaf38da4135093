"""The rule about caches of Python packages that stay in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.commands.model import PythonInstall
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import added, base_of, is_private, runs, shipped, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image
    from mlbox.lint.shell.model import Argument

_VERBS = ("install", "sync", "add", "download", "wheel")
_TOOLS = frozenset({"build", "pip", "pip-tools", "setuptools", "virtualenv", "wheel"})
_FLAGS = {"pip": "--no-cache-dir", "uv": "--no-cache"}


def kept(image: Image) -> Iterator[Hit]:
    """What was downloaded stays in the layer, beside what was installed from it."""
    for stage in shipped(image):
        for run in runs(stage):
            for action in run.actions:
                if isinstance(action, PythonInstall) and action.keeps_cache:
                    verb = word(action.command, *_VERBS)
                    if verb is not None and not _caches_nothing(action):
                        yield _hit(action, verb, image)


def _caches_nothing(install: PythonInstall) -> bool:
    """Whether nothing is fetched: no index, or a folder without what it depends on."""
    return "--no-index" in install.flags or (
        bool(install.wanted)
        and "--no-deps" in install.flags
        and all(item.local for item in install.wanted)
    )


def _hit(install: PythonInstall, verb: Argument, image: Image) -> Hit:
    text = image.dockerfile.source.text
    base = base_of(image, image.dockerfile.stages[-1])
    tool = install.tool.split()[0]
    name = f"uv pip {verb.text}" if install.tool == "uv pip" else f"{tool} {verb.text}"
    flag = _FLAGS.get(tool, "")
    can_be_off = flag and "--cache-dir" not in install.flags  # which would turn it on again
    mount = f"RUN --mount=type=cache,target=/root/.cache/{tool}"
    return Hit(
        verb.span,
        what=f"{name} leaves its cache of downloaded packages in this layer.",
        why="The wheels stay in the image a second time: gigabytes for a framework with CUDA. "
        "Nothing uses them there.",
        fix=f"Write {name} {flag}, or keep the cache between builds, outside the image: {mount}.",
        edits=(added(verb, flag, install.command, text),) if can_be_off else (),
        # The base may turn the cache off; a tool's wheel is small.
        severity="info" if is_private(base) or _is_small(install) else None,
    )


def _is_small(install: PythonInstall) -> bool:
    """Whether only tools that install packages are installed, of a few MB."""
    names = {item.name for item in install.wanted}
    return bool(names) and names <= _TOOLS and not install.unread
