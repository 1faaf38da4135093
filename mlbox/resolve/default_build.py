"""Where a CUDA build is chosen and the default package index has the one for the CPU: to be told.

PyPI's wheels of torch for Windows, and for arm64 up to 2.10, are CPU builds; those with CUDA are on
PyTorch's own index.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mlbox.findings import Finding
from mlbox.resolve.builds import is_cuda

if TYPE_CHECKING:
    from mlbox.facts import Build, Facts
    from mlbox.resolve.builds import Ask

_FIX = 'for the default one: `--cuda cpu`, or cuda = "cpu" in [tool.mlbox]'


def cpu_default(build: Build, ask: Ask, facts: Facts) -> Build | None:
    """Return the CPU build that the default index gives, where nobody chose the one with CUDA."""
    if ask.tag != "auto" or build.default or build.framework != "torch" or not is_cuda(build):
        return None
    return _cpu_default_of(build.release, build.platform, facts)


@lru_cache(maxsize=256)
def _cpu_default_of(release: str, platform: str, facts: Facts) -> Build | None:
    return next(
        (
            build
            for build in facts.builds_by["torch", platform]
            if build.release == release and build.default and not is_cuda(build)
        ),
        None,
    )


def reason(default: Build) -> str:
    """Say that the answer is not what the default index gives, and how to get that."""
    source = f"(source: {default.source}; {default.confidence})"
    return f"{_what(default)}; {_FIX} {source}."


def finding(default: Build) -> Finding:
    """Say the same among the notes."""
    return Finding(
        code="default-build-is-cpu",
        severity="info",
        what=f"{_what(default)}.",
        why=f"{default.source} ({default.confidence}).",
        fix=f"{_FIX[0].upper()}{_FIX[1:]}.",
    )


def _what(default: Build) -> str:
    return (
        f"On {default.platform} the default package index has the CPU build of torch "
        f"{default.release}; this answer is a CUDA build, from PyTorch's own index"
    )
