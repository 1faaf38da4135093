"""Which image of the tables is named most like one that is not in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.resolve import image_tags as tags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlbox.facts import Image

_USUAL_SYSTEM = "ubuntu22.04"  # its glibc is no newer than that of the slim Python images
_USUAL_PYTHON = (3, 12)
_SLIM = "-slim-bookworm"
_FLAVORS = ("base", "runtime", "devel")


def nearest_image(repository: str, tag: str, rows: Sequence[Image]) -> Image | None:
    """Return the image whose tag is most like this one.

    The older of two that are equally near is taken: more drivers run it.

    Args:
        repository: The repository, as the tables name it.
        tag: The tag that was asked for.
        rows: The repository's images that may be proposed.
    """
    choose: dict[str, Callable[[str, Sequence[Image]], Image | None]] = {
        tags.NVIDIA_CUDA: _nearest_cuda,
        tags.PYTORCH: _nearest_torch,
        tags.TENSORFLOW: _nearest_tensorflow,
        tags.NGC_PYTORCH: _nearest_ngc,
        tags.PYTHON: _nearest_python,
    }
    return choose[repository](tag, rows) if rows and repository in choose else None


def _nearest_cuda(tag: str, rows: Sequence[Image]) -> Image | None:
    asked = tags.cuda_tag("0" if tag == "latest" else tag)
    if not asked:
        return None
    version = numbers("" if tag == "latest" else asked.version)
    flavor = asked.flavor or ("devel" if tag == "latest" else "runtime")
    minors = sorted({numbers(row.cuda)[:2] for row in rows})
    system = asked.os if asked.os.startswith("ubuntu") else _USUAL_SYSTEM

    def distance(row: Image) -> tuple[object, ...]:
        return (
            _steps(minors, version[:2], numbers(row.cuda)[:2]),
            numbers(row.cuda)[:2],
            abs(_decimal(system) - _decimal(row.os)),
            bool(row.cudnn) != bool(asked.cudnn),
            abs(_FLAVORS.index(flavor) - _FLAVORS.index(row.flavor)),
            row.status != "kept",
            numbers(row.cuda) != version,
            tuple(-part for part in numbers(row.cuda)),
        )

    return min(rows, key=distance)


def _nearest_torch(tag: str, rows: Sequence[Image]) -> Image | None:
    asked = tags.torch_tag(tag)
    if not asked and tag != "latest":
        return None
    release = numbers(asked.release) if asked else ()
    releases = sorted({numbers(row.release) for row in rows})
    cudas = sorted({numbers(row.cuda) for row in rows})
    cuda = numbers(asked.cuda) if asked and asked.cuda else ()
    flavor = (asked.flavor if asked else "") or "runtime"

    def distance(row: Image) -> tuple[object, ...]:
        return (
            _steps(releases, release, numbers(row.release)),
            _steps(cudas, cuda, numbers(row.cuda)),
            row.flavor != flavor,
            numbers(row.release),
        )

    return min(rows, key=distance)


def _nearest_tensorflow(tag: str, rows: Sequence[Image]) -> Image | None:
    newest = "0" + tag.removeprefix("latest") if tag.startswith("latest") else tag
    asked = tags.tensorflow_tag(newest)
    if not asked:
        return None
    release = () if tag.startswith("latest") else numbers(asked.release)
    releases = sorted({numbers(row.release) for row in rows})
    alike = [row for row in rows if row.tag == f"{row.release}{asked.variant}"]
    return min(alike, key=lambda row: _steps(releases, release, numbers(row.release)), default=None)


def _nearest_ngc(tag: str, rows: Sequence[Image]) -> Image | None:
    asked = tags.ngc_tag(tag)
    if not asked and tag != "latest":
        return None
    months = sorted({numbers(row.tag)[:2] for row in rows})
    month = (asked.year, asked.month) if asked else ()
    return min(rows, key=lambda row: _steps(months, month, numbers(row.tag)[:2]))


def _nearest_python(tag: str, rows: Sequence[Image]) -> Image | None:
    asked = tags.python_tag(tag)
    version = numbers(asked.version)[:2] if asked else _USUAL_PYTHON
    version = version if len(version) > 1 else _USUAL_PYTHON
    system = [row for row in rows if row.tag.endswith(_SLIM)]
    versions = sorted({numbers(row.python) for row in system})
    return min(system, key=lambda row: _steps(versions, version, numbers(row.python)), default=None)


def _steps(known: list[tuple[int, ...]], asked: tuple[int, ...], offered: tuple[int, ...]) -> float:
    """How many versions two are apart; a prefix stands for the newest that begins with it."""
    begin = [version for version in known if version[: len(asked)] == asked]
    if begin:
        return abs(known.index(begin[-1]) - known.index(offered))
    between = sum(version < asked for version in known) - 0.5
    return abs(between - known.index(offered))


def _decimal(system: str) -> int:
    year, month = (*numbers(system), 0, 0)[:2]
    return 100 * year + month
