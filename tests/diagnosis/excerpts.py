"""Excerpts of logs, each with the slug of what is its cause, and the shapes logs come in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "logs"
NOTHING = "nothing"
"""What stands for the cause where a log has none."""


@dataclass(frozen=True)
class Excerpt:
    """A piece of a log.

    Attributes:
        name: Where it stands.
        slug: Of its cause.
        lines: What it says.
    """

    name: str
    slug: str
    lines: tuple[str, ...]


def excerpts() -> tuple[Excerpt, ...]:
    """Return those of all files: each begins with a line ``=== slug # note``."""
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        for number, part in enumerate(re.split(r"(?m)^=== ", path.read_text())[1:], 1):
            head, _, body = part.partition("\n")
            slug = head.split()[0]
            name = f"{path.stem}-{number}-{slug}"
            found.append(Excerpt(name, slug, tuple(body.splitlines())))
    return tuple(found)


def _timed(line: str) -> str:
    return f"2025-03-01T12:00:00.123456789Z {line}"


def _compose(line: str) -> str:
    return f"\x1b[36mtrainer-1  | \x1b[0m{line}"


def _ranked(line: str) -> str:
    return f"[rank0]: {line}"


def _ray(line: str) -> str:
    return f"\x1b[36m(TrainWorker pid=812, ip=10.0.0.3)\x1b[0m {line}"


def _buildkit(line: str) -> str:
    return f"#12 31.42 {line}"


def _red(line: str) -> str:
    words = [f"\x1b[1;31m{word}\x1b[0m" if index == 1 else word
             for index, word in enumerate(line.split(" "))]  # fmt: skip
    return " ".join(words)


def _json(line: str) -> str:
    return json.dumps({"log": f"{line}\n", "stream": "stderr", "time": "2025-03-01T12:00:00Z"})


def _drawn(line: str) -> str:
    return f"  3%|▎         | 12/400 [00:03<01:40,  3.86it/s]\r{line}"


def _kubernetes(line: str) -> str:
    return f"2025-03-01T12:00:00.123456789+01:00 stderr F {line}"


def _slurm(line: str) -> str:
    return f"0: {line}"


SHAPES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "with times": _timed,
    "of compose": _compose,
    "of torchrun": _ranked,
    "of ray": _ray,
    "of a build": _buildkit,
    "with colours": _red,
    "as JSON": _json,
    "with a bar": _drawn,
    "of Kubernetes": _kubernetes,
    "of srun": _slurm,
}


EXCERPTS = excerpts()
