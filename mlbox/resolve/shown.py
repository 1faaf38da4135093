"""A resolution as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlbox.resolve.matrix import Matrix
    from mlbox.resolve.resolution import Companion, Resolution

_GIB = 2**30
_MARKS = {"ok": "✓ ok", "warn": "! warn", "impossible": "✗ impossible"}
_CELLS = {"ok": "ok", "warn": "warn", "no": "no"}


def rows(resolution: Resolution) -> tuple[tuple[str, str], ...]:
    """Return what was decided: labels and values."""
    return tuple((label, value) for label, value in _rows(resolution) if value)


def _rows(resolution: Resolution) -> Iterator[tuple[str, str]]:
    if resolution.verdict == "impossible":
        return
    if resolution.framework:
        yield "framework", f"{resolution.framework} {resolution.version or '(release not known)'}"
    yield "accelerator", resolution.accelerator or ""
    yield "wheel tag", resolution.cuda_tag or ""
    yield "python", resolution.python
    yield "platform", resolution.platform
    yield "install", " ".join(resolution.requirements)
    yield "from", " ".join((resolution.index_url or "", *resolution.extra_index_urls)).strip()
    yield "base image", resolution.base_image
    yield "nvcc from", resolution.devel_image or ""
    yield "driver", _driver(resolution)
    yield "goes with", _companions(resolution.companions)
    yield "devices", " ".join(resolution.device_nodes)
    yield "docker run", " ".join(resolution.docker_flags)
    yield "variables", " ".join(f"{k}={v}" for k, v in resolution.environment.items())
    yield "download", size(resolution.download_bytes)
    yield "image", size(resolution.image_bytes)


def _driver(resolution: Resolution) -> str:
    if not resolution.min_driver:
        return ""
    exact = resolution.exact_driver
    return f"{resolution.min_driver} or newer" + (f"; for all of it {exact}" if exact else "")


def _companions(companions: Mapping[str, Companion]) -> str:
    return ", ".join(
        f"{name} {companion.version}" + ("" if companion.pinned else " (not pinned)")
        for name, companion in companions.items()
    )


def size(count: int | None) -> str:
    """Return a number of bytes as people read it; ``"unknown"`` for ``None``."""
    return "unknown" if count is None else f"{count / _GIB:.2f} GiB"


def text(resolution: Resolution) -> str:
    """Return a resolution for a terminal: the answer, what was decided, why, and what to change."""
    parts = [
        [f"{_MARKS[resolution.verdict]}: {resolution.what}"],
        _aligned(rows(resolution)),
        _bullets("Why", resolution.reasons),
        _bullets("Note", [_finding(f.severity, f.what, f.why, f.fix) for f in resolution.findings]),
        list(_changes(resolution)),
        [f"Facts of {resolution.as_of}."],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _aligned(pairs: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(label) for label, _ in pairs), default=0) + 2
    return [f"  {label:<{width}}{value}" for label, value in pairs]


def _bullets(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}:", *(f"  - {line}" for line in lines)] if lines else []


def _finding(severity: str, *sentences: str) -> str:
    return f"{severity}: {' '.join(sentence for sentence in sentences if sentence)}"


def _changes(resolution: Resolution) -> Iterator[str]:
    """For an impossible request: the lines to put into the spec, smallest change first."""
    for number, near in enumerate(resolution.nearest):
        if number == 0:
            yield "What would do, the smallest change first; put into [tool.mlbox]:"
        yield f"  # {near.verdict}: {near.what}"
        yield from (f'  {key} = "{value}"' for key, value in near.changes.items())


def html(resolution: Resolution) -> str:
    """Return a resolution for a notebook."""
    table = "".join(
        f"<tr><th style='text-align: left'>{escape(label)}</th>"
        f"<td style='text-align: left'>{escape(value)}</td></tr>"
        for label, value in rows(resolution)
    )
    return (
        f"<div class='mlbox-resolution'><p><b>{_MARKS[resolution.verdict]}</b>: "
        f"{escape(resolution.what)}</p>"
        + (f"<table>{table}</table>" if table else "")
        + _list("Why", resolution.reasons)
        + _list("Note", [_finding(f.severity, f.what, f.why, f.fix) for f in resolution.findings])
        + "".join(
            f"<pre>{escape(line)}</pre>" for line in ["\n".join(_changes(resolution))] if line
        )
        + f"<p>Facts of {escape(resolution.as_of)}.</p></div>"
    )


def _list(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p>{title}:</p><ul>{items}</ul>" if items else ""


def matrix_text(grid: Matrix) -> str:
    """Return a grid for a terminal."""
    first = max(len(release) for release in (*grid.cells, grid.framework)) + 2
    header = f"{grid.framework:<{first}}" + "".join(f"{tag:>8}" for tag in grid.tags)
    lines = [
        f"{release:<{first}}"
        + "".join(f"{_CELLS[row[tag]] if tag in row else '-':>8}" for tag in grid.tags)
        for release, row in grid.cells.items()
    ]
    return "\n".join([header, *lines, "", f"- no such build. Facts of {grid.as_of}."])
