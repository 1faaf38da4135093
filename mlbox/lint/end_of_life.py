"""When systems, Pythons and CUDA releases that images are made of got their last fixes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlbox.findings import Severity
    from mlbox.lint.references import Reference

_UBUNTU = "Ubuntu's release cycle: five years of standard support"
_DEBIAN = "Debian's LTS calendar"
_PYTHON = "status of Python versions, Python developer's guide"
_CENTOS = "CentOS' end dates"
_CUDA = "NVIDIA's support policy of CUDA images: deleted after their end of life"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Something that gets no more fixes.

    Attributes:
        name: What it is: ``"Ubuntu 18.04"``.
        end: The day of the last fixes.
        source: Who says so.
        instead: What to build on.
        severity: ``"info"`` while it is long in use, or can be had with longer support.
    """

    name: str
    end: str
    source: str
    instead: str
    severity: Severity = "warning"


_SYSTEMS = {
    "ubuntu14.04": Ended(
        name="Ubuntu 14.04", end="2019-04-25", source=_UBUNTU, instead="Ubuntu 22.04 or 24.04"
    ),
    "ubuntu16.04": Ended(
        name="Ubuntu 16.04", end="2021-04-30", source=_UBUNTU, instead="Ubuntu 22.04 or 24.04"
    ),
    "ubuntu18.04": Ended(
        name="Ubuntu 18.04", end="2023-05-31", source=_UBUNTU, instead="Ubuntu 22.04 or 24.04"
    ),
    "ubuntu20.04": Ended(
        name="Ubuntu 20.04",
        end="2025-05-31",
        source=_UBUNTU,
        instead="Ubuntu 22.04 or 24.04",
        severity="info",
    ),
    "debian7": Ended(
        name="Debian 7", end="2018-05-31", source=_DEBIAN, instead="Debian 12 (bookworm)"
    ),
    "debian8": Ended(
        name="Debian 8", end="2020-06-30", source=_DEBIAN, instead="Debian 12 (bookworm)"
    ),
    "debian9": Ended(
        name="Debian 9", end="2022-06-30", source=_DEBIAN, instead="Debian 12 (bookworm)"
    ),
    "debian10": Ended(
        name="Debian 10", end="2024-06-30", source=_DEBIAN, instead="Debian 12 (bookworm)"
    ),
    "debian11": Ended(
        name="Debian 11",
        end="2026-08-31",
        source=_DEBIAN,
        instead="Debian 12 (bookworm)",
        severity="info",
    ),
    "centos6": Ended(
        name="CentOS 6", end="2020-11-30", source=_CENTOS, instead="Ubuntu 22.04 or Rocky Linux 9"
    ),
    "centos7": Ended(
        name="CentOS 7", end="2024-06-30", source=_CENTOS, instead="Ubuntu 22.04 or Rocky Linux 9"
    ),
    "centos8": Ended(
        name="CentOS 8", end="2021-12-31", source=_CENTOS, instead="Ubuntu 22.04 or Rocky Linux 9"
    ),
}
_PYTHONS = {
    "2": ("2020-01-01", "warning"),
    "2.7": ("2020-01-01", "warning"),
    "3.4": ("2019-03-18", "warning"),
    "3.5": ("2020-09-30", "warning"),
    "3.6": ("2021-12-23", "warning"),
    "3.7": ("2023-06-27", "warning"),
    "3.8": ("2024-10-07", "warning"),
    "3.9": ("2025-10-31", "warning"),
    "3.10": ("2026-10-31", "info"),
}
_CUDA_END = "2022-12-31"  # 10.2 was the last release before 11
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


@lru_cache(maxsize=1024)
def ended(reference: Reference, today: str) -> tuple[Ended, ...]:
    """What of an image got its last fixes before a day.

    Args:
        reference: The image.
        today: The day, as ISO 8601 has it.
    """
    if reference.digest:
        return ()
    system = _SYSTEMS.get(reference.system or "")
    found = (system, _python(reference), _cuda(reference))
    return tuple(item for item in found if item is not None and item.end < today)


def _python(reference: Reference) -> Ended | None:
    if not reference.is_hub("python") or not reference.tag:
        return None
    match = _VERSION.match(reference.tokens[0])
    if match is None:
        return None
    minor = f"{match[1]}.{match[2]}" if match[2] else match[1]
    if minor not in _PYTHONS:
        return None
    end, severity = _PYTHONS[minor]
    return Ended(
        name=f"Python {minor}",
        end=end,
        source=_PYTHON,
        instead="python:3.12-slim",
        severity="info" if severity == "info" else "warning",
    )


def _cuda(reference: Reference) -> Ended | None:
    if reference.path != "nvidia/cuda" or not reference.tag:
        return None
    match = _VERSION.match(reference.tokens[0])
    if match is None or int(match[1]) >= 11:  # noqa: PLR2004  (the oldest with images)
        return None
    version = f"{match[1]}.{match[2]}" if match[2] else match[1]
    return Ended(
        name=f"CUDA {version}",
        end=_CUDA_END,
        source=_CUDA,
        instead="an image of CUDA 11.8 or 12",
    )
