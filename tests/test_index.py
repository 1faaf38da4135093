from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlbox.cache import cache_file, cache_folder, read_json, write_json
from mlbox.index import (
    TAIL_BYTES,
    PackageIndex,
    RangeReader,
    html_page,
    index_file,
    json_page,
    unpacked_size,
)
from mlbox.sources import PackageSources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TORCH = "torch-2.9.1+cu128-cp312-cp312-manylinux_2_28_x86_64.whl"
PAGE = "https://index.example/simple/torch/"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("filename", "version", "tags"),
    [
        (TORCH, "2.9.1+cu128", (("cp312",), "cp312", ("manylinux_2_28_x86_64",))),
        (
            "markupsafe-3.0.4-1-cp313-cp313t-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            "3.0.4",
            (("cp313",), "cp313t", ("manylinux2014_x86_64", "manylinux_2_17_x86_64")),
        ),
        ("six-1.17.0-py2.py3-none-any.whl", "1.17.0", (("py2", "py3"), "none", ("any",))),
        ("a-1.0.0RC1-py3-none-win_amd64.whl", "1.0.0rc1", (("py3",), "none", ("win_amd64",))),
        ("a_b-1.0.tar.gz", "1.0", ((), "", ())),
    ],
)
def test_a_file_s_name_says_its_release_and_what_it_runs_on(
    filename: str, version: str, tags: tuple[tuple[str, ...], str, tuple[str, ...]]
) -> None:
    file = index_file(filename, "https://files.example/f")
    assert file is not None
    assert file.version == version
    assert (file.pythons, file.abi, file.platforms) == tags
    assert file.is_wheel is filename.endswith(".whl")


@pytest.mark.parametrize("filename", ["torch-2.9.1.exe", "a-1.0-py2.7.egg", "b.whl", ""])
def test_what_no_installer_takes_is_left_out(filename: str) -> None:
    assert index_file(filename, "https://files.example/f") is None


def test_a_page_in_json_says_size_hash_python_and_metadata() -> None:
    page = {
        "files": [
            {
                "filename": TORCH,
                "url": "../../files/torch.whl",
                "hashes": {"sha256": "aa"},
                "size": 5,
                "requires-python": ">=3.10",
                "core-metadata": {"sha256": "bb"},
                "yanked": "broken",
            },
            {"filename": "torch-1.0.tar.gz", "url": "https://u:p@files.example/t", "hashes": {}},
            {"filename": "torch-1.0.egg", "url": "e", "hashes": {}},
        ]
    }
    wheel, source = json_page(page, PAGE)
    assert wheel.url == "https://index.example/files/torch.whl"
    assert (wheel.size, wheel.sha256, wheel.requires_python) == (5, "aa", ">=3.10")
    assert wheel.yanked
    assert wheel.has_metadata
    assert (source.url, source.size, source.yanked) == ("https://files.example/t", None, False)


def test_a_page_in_html_says_the_same_but_for_the_size() -> None:
    page = (
        '<!DOCTYPE html><html><head><base href="/whl/"></head><body>'
        '<a href="cu128/torch-2.9.1%2Bcu128-cp312-cp312-manylinux_2_28_x86_64.whl#sha256=aa" '
        'data-requires-python="&gt;=3.10" data-dist-info-metadata="sha256=bb" data-yanked>'
        "torch</a><a name='no link'>x</a>"
        '<A HREF="torch-1.0.tar.gz" data-core-metadata="false">y</A>'
    )
    wheel, source = html_page(page, PAGE)
    assert wheel.filename == TORCH
    assert wheel.url.startswith("https://index.example/whl/cu128/torch-2.9.1%2Bcu128-")
    assert (wheel.size, wheel.sha256, wheel.requires_python) == (None, "aa", ">=3.10")
    assert wheel.yanked
    assert wheel.has_metadata
    assert source.url == "https://index.example/whl/torch-1.0.tar.gz"
    assert not source.yanked
    assert not source.has_metadata


def wheel_bytes(files: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(files):
            archive.writestr(f"package/module_{number:05}.py", b"x" * number)
    return buffer.getvalue()


def reader_of(content: bytes, fetched: list[tuple[int, int]]) -> RangeReader:
    def read_range(first: int, end: int) -> bytes:
        fetched.append((first, end))
        return content[first:end]

    return RangeReader(read_range, len(content))


@pytest.mark.parametrize(
    ("files", "requests"),
    [(0, 1), (3, 1), (3000, 2)],
    ids=["an empty archive", "a small one, in one request", "a large directory, in two"],
)
def test_the_size_is_read_from_the_end_of_the_archive_alone(files: int, requests: int) -> None:
    content, fetched = b"#" * 10**6 + wheel_bytes(files), list[tuple[int, int]]()
    with zipfile.ZipFile(reader_of(content, fetched)) as directory:
        assert unpacked_size(directory) == files * (files - 1) // 2
    assert len(fetched) == requests
    assert fetched[0] == (len(content) - TAIL_BYTES, len(content))


def test_an_archive_of_more_files_than_zip_had_room_for_is_read_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)  # so that zip64 is needed soon
    content = wheel_bytes(3)
    assert b"PK\x06\x06" in content
    with zipfile.ZipFile(reader_of(content, [])) as directory:
        assert unpacked_size(directory) == 3


def test_reading_by_range_is_reading(tmp_path: Path) -> None:
    content = wheel_bytes(2000)
    reader, file = reader_of(content, []), io.BytesIO(content)
    moves: list[Callable[[io.RawIOBase | io.BytesIO], object]] = [
        lambda f: f.seek(-22, io.SEEK_END),
        lambda f: f.read(),
        lambda f: f.seek(10),
        lambda f: f.read(100),
        lambda f: f.seek(5, io.SEEK_CUR),
        lambda f: f.read(TAIL_BYTES + 1),
        lambda f: f.seek(10**9),
        lambda f: f.read(1),
        lambda f: f.tell(),
    ]
    for move in moves:
        assert move(reader) == move(file)
    with pytest.raises(ValueError, match="negative"):
        reader.seek(-1)


def test_a_size_once_read_is_never_asked_for_again() -> None:
    file = index_file(TORCH, "https://files.example/t.whl", sha256="aa")
    assert file is not None
    write_json(cache_file("index/unpacked", "aa"), {"unpacked": 17})
    index = PackageIndex(PackageSources(index_url="https://index.example/simple"))
    assert index.unpacked_bytes(file) == 17
    assert index.unpacked_bytes(replace(file, url="https://mirror.example/t.whl")) == 17


def test_a_fresh_page_is_not_asked_for_again() -> None:
    write_json(cache_file("index/pages", PAGE), {"read": time.time(), "files": []})
    sources = PackageSources(index_url="https://u:secret@index.example/simple/")
    assert PackageIndex(sources).files("Torch") == ()


@pytest.mark.parametrize(
    "sources",
    [
        PackageSources(no_index=True),
        PackageSources(index_url="file:///srv/simple"),
        PackageSources(index_url="file:///srv/simple", extra_index_urls=("/srv/more",)),
    ],
    ids=["no index", "a folder", "folders"],
)
def test_where_there_is_no_index_to_ask_nobody_is_asked(sources: PackageSources) -> None:
    assert PackageIndex(sources).files("torch") == ()


def test_the_cache_is_where_the_user_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == tmp_path / "cache/mlbox"
    monkeypatch.setenv("HOME", str(tmp_path))
    for not_a_place in ("", "relative/folder"):
        monkeypatch.setenv("XDG_CACHE_HOME", not_a_place)
        assert cache_folder() == tmp_path / ".cache/mlbox"


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\udcff", '{"a": 1'])
def test_a_corrupt_file_of_the_cache_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    path = cache_file("kind", "a key with / and ö")
    assert read_json(path) is None
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_json(path) is None
    write_json(path, {"a": 1})
    assert read_json(path) == {"a": 1}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_file_and_nothing_else() -> None:
    path = cache_file("kind", "key")
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
