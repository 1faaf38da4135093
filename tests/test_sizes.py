from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mlbox.sizes as sizes_module
from mlbox.cache import cache_folder
from mlbox.cli._progress import progress_bar
from mlbox.resolve.resolution import Resolution
from mlbox.sizes import Sizes, UnknownSizeError, chosen_wheels, known_sizes, measure
from mlbox.sources import PackageSources

if TYPE_CHECKING:
    from pathlib import Path

RESOLUTION = Resolution(
    verdict="ok",
    what="torch 2.9.1",
    python="3.12",
    base_image="python:3.12-slim",
    as_of="2026-01-01",
    requirements=("torch==2.9.1+cu128",),
)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def no_progress(_done: int, _total: int, _what: str) -> None:
    """Nobody watches."""


def package(*tags: str) -> dict[str, Any]:
    wheels = [{"url": f"https://files.example/a-1.0-{tag}.whl", "size": 5} for tag in tags]
    return {"packages": [{"name": "a", "version": "1.0", "wheels": wheels}]}


@pytest.mark.parametrize(
    ("platform", "tags", "chosen"),
    [
        ("linux/amd64", ("py3-none-any", "cp312-cp312-manylinux_2_28_x86_64"), 1),
        ("linux/amd64", ("cp311-cp311-manylinux_2_28_x86_64", "py3-none-any"), 1),
        ("linux/amd64", ("cp312-cp312-win_amd64", "cp312-cp312-manylinux1_x86_64"), 1),
        ("linux/amd64", ("cp313-cp313t-linux_x86_64", "cp38-abi3-manylinux2014_x86_64"), 1),
        ("linux/amd64", ("py3-none-manylinux2014_x86_64", "py3-none-manylinux_2_27_x86_64"), 1),
        ("linux/amd64", ("cp312-cp312-linux_x86_64", "cp312-cp312-linux_aarch64"), 0),
        ("linux/arm64", ("py3-none-manylinux_2_28_x86_64", "py3-none-manylinux_2_28_aarch64"), 1),
        ("windows/amd64", ("cp312-cp312-win32", "cp312-cp312-win_amd64"), 1),
        ("windows/amd64", ("cp312-cp312-manylinux_2_28_x86_64", "py3-none-any"), 1),
    ],
    ids=[
        "native before pure",
        "not that of another Python",
        "not that of another system",
        "the stable ABI of an older Python",
        "the newest glibc that is there",
        "a wheel that says only linux",
        "arm64",
        "Windows of 64 bits",
        "a pure one on Windows",
    ],
)
def test_the_wheel_is_the_one_an_installer_takes(
    platform: str, tags: tuple[str, ...], chosen: int
) -> None:
    (file,) = chosen_wheels(package(*tags), python="3.12", platform=platform)
    assert file.filename == f"a-1.0-{tags[chosen]}.whl"


@pytest.mark.parametrize("tags", [(), ("cp312-cp312-manylinux_2_34_x86_64",)])
def test_a_package_without_a_wheel_is_unknown(tags: tuple[str, ...]) -> None:
    with pytest.raises(UnknownSizeError, match=r"a 1\.0 has no wheel"):
        chosen_wheels(package(*tags), python="3.12", platform="linux/amd64")


def test_what_was_never_measured_is_unknown_and_not_nothing() -> None:
    sizes = known_sizes(RESOLUTION)
    assert sizes.download_bytes is None
    assert sizes.unpacked_bytes is None
    assert sizes.why


def test_nothing_to_install_is_no_question_for_an_index() -> None:
    nothing = Resolution(
        verdict="ok", what="", python="3.12", base_image="python:3.12-slim", as_of="2026-01-01"
    )
    sizes = measure(nothing, PackageSources(), no_progress)
    assert sizes == Sizes(why="There is nothing to install for a framework.")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"packages": [["a"]]}', '{"packages": []}'])
def test_a_corrupt_memory_of_sizes_is_none(text: str) -> None:
    path = sizes_module._cache_of(RESOLUTION)
    assert path.is_relative_to(cache_folder())
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert known_sizes(RESOLUTION).download_bytes is None


def test_where_nobody_watches_no_bar_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("sizes") as on_progress:
        on_progress(0, 0, "resolving")
        on_progress(1, 2, "torch")
    assert capsys.readouterr() == ("", "")


def test_where_somebody_watches_the_bar_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_bar("sizes") as on_progress:
        on_progress(0, 0, "resolving")
        on_progress(1, 2, "torch")
    out, err = capsys.readouterr()
    assert out == ""
    assert "1/2" in err
    assert "torch" in err
