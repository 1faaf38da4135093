"""Real indexes, and servers as they come: with ranges, without, slow, and with passwords."""

from __future__ import annotations

import base64
import contextlib
import http.server
import os
import socket
import threading
import zipfile
from functools import partial
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

import mlbox.index
from mlbox.index import IndexUnreachableError, PackageIndex
from mlbox.resolve.resolution import Resolution
from mlbox.sizes import known_sizes, measure
from mlbox.sources import PackageSources, package_sources
from mlbox.spec import Project, parse_box

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.network

WHEEL = "a-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n"
FILES = {
    "a/__init__.py": "#" * 10**6,
    "a-1.0.dist-info/METADATA": METADATA,
    "a-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "a-1.0.dist-info/RECORD": "",
}
UNPACKED = sum(len(text) for text in FILES.values())


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def sources(tmp_path: Path) -> PackageSources:
    """Those of this machine."""
    project = Project(root=tmp_path, source=None, box=parse_box({"name": "a"}))
    return package_sources(project, os.environ)


def question(requirement: str, *, python: str = "3.11", index: str | None = None) -> Resolution:
    return Resolution(
        verdict="ok",
        what="",
        python=python,
        base_image=f"python:{python}-slim",
        as_of="2026-01-01",
        requirements=(requirement,),
        index_url=index,
    )


class Handler(http.server.BaseHTTPRequestHandler):
    """An index in HTML and its one wheel; what it can do is in its class."""

    content = b""
    ranges = True
    login = ""
    log: list[tuple[str, str, str]]

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._answer()

    def do_GET(self) -> None:
        """Answer."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(self._answer())

    def _answer(self) -> bytes:
        self.log.append((self.command, self.path, self.headers.get("Range", "")))
        state, body = self._found()
        self.send_response(state)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return body

    def _found(self) -> tuple[int, bytes]:
        wanted = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        if self.login and self.headers.get("Authorization") != wanted:
            return 401, b""
        if self.path == "/simple/a/":
            return 200, f'<a href="../../files/{WHEEL}">{WHEEL}</a>'.encode()
        if self.path != f"/files/{WHEEL}":
            return 404, b""
        first, _, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        if self.ranges and first:
            return 206, self.content[int(first) : int(last) + 1]
        return 200, self.content

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextlib.contextmanager
def served(folder: Path, **abilities: object) -> Iterator[tuple[str, type[Handler]]]:
    """Serve an index on this machine; yield its address and what it was asked."""
    path = folder / WHEEL
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    kind = type("Asked", (Handler,), {"content": path.read_bytes(), "log": [], **abilities})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(kind))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", kind
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_wheel_is_measured_and_its_metadata_read_without_a_download(tmp_path: Path) -> None:
    with served(tmp_path) as (address, server):
        index = PackageIndex(PackageSources(index_url=f"http://{address}/simple"))
        (file,) = index.files("A")
        assert file.size is None
        assert index.download_bytes(file) == len(server.content)
        assert index.unpacked_bytes(file) == UNPACKED
        assert index.metadata(file) == METADATA
        assert not [
            entry
            for entry in server.log
            if entry[1].startswith("/files") and not any((entry[0] == "HEAD", entry[2]))
        ]
        asked = len(server.log)
        (again,) = index.files("a")
        assert (again, index.unpacked_bytes(again), index.metadata(again)) == (
            file,
            UNPACKED,
            METADATA,
        )
        assert len(server.log) == asked


def test_a_server_without_ranges_is_an_error_and_not_a_download(tmp_path: Path) -> None:
    with served(tmp_path, ranges=False) as (address, _):
        index = PackageIndex(PackageSources(index_url=f"http://{address}/simple"))
        (file,) = index.files("a")
        with pytest.raises(IndexUnreachableError, match="does not send parts"):
            index.unpacked_bytes(file)


def test_a_damaged_wheel_is_an_error(tmp_path: Path) -> None:
    with served(tmp_path, content=b"no zip" * 100) as (address, _):
        index = PackageIndex(PackageSources(index_url=f"http://{address}/simple"))
        (file,) = index.files("a")
        with pytest.raises(IndexUnreachableError, match="no zip file"):
            index.unpacked_bytes(file)


def test_a_password_opens_the_index_and_its_files_and_is_told_to_nobody(tmp_path: Path) -> None:
    with served(tmp_path, login="me:p@ss") as (address, _):
        open_index = PackageIndex(PackageSources(index_url=f"http://me:p%40ss@{address}/simple"))
        (file,) = open_index.files("a")
        assert "p%40ss" not in file.url
        assert open_index.unpacked_bytes(file) == UNPACKED
        closed = PackageIndex(PackageSources(index_url=f"http://me:wr0ng@{address}/simple"))
        with pytest.raises(IndexUnreachableError, match="401") as error:
            closed.files("b")
        assert "wr0ng" not in str(error.value)
    kept = "".join(path.read_text() for path in (tmp_path / "cache").rglob("*.json"))
    assert "p%40ss" not in kept


def test_a_package_that_no_index_has_has_no_files(tmp_path: Path) -> None:
    with served(tmp_path) as (address, _):
        index = PackageIndex(PackageSources(index_url=f"http://{address}/simple"))
        assert index.files("no-such-package") == ()


def test_nobody_there_is_an_error_in_three_parts() -> None:
    index = PackageIndex(PackageSources(index_url="http://127.0.0.1:9/simple"))
    with pytest.raises(IndexUnreachableError) as error:
        index.files("a")
    assert error.value.what
    assert error.value.why
    assert error.value.fix


def test_a_server_that_says_nothing_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlbox.index, "TIMEOUT", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = PackageIndex(
            PackageSources(index_url=f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        )
        with pytest.raises(IndexUnreachableError, match=r"(?i)timed? ?out"):
            index.files("a")


def test_wheels_in_a_folder_are_measured_without_an_index(tmp_path: Path) -> None:
    with served(tmp_path):
        pass
    sources = PackageSources(find_links=(str(tmp_path),), no_index=True)
    progress: list[tuple[int, int, str]] = []
    sizes = measure(question("a==1.0"), sources, lambda *step: progress.append(step))
    assert sizes.why == ""
    assert sizes.download_bytes == (tmp_path / WHEEL).stat().st_size
    assert sizes.unpacked_bytes == UNPACKED
    assert progress == [(0, 0, "resolving"), (1, 1, "a")]
    assert known_sizes(question("a==1.0")) == sizes
    assert known_sizes(question("a==1.0", index="https://other.example")).download_bytes is None


def test_a_framework_s_own_index_out_of_reach_is_unknown_with_the_reason(tmp_path: Path) -> None:
    resolution = question("a==1.0+cu128", index="http://127.0.0.1:9/whl/cu128")
    with served(tmp_path) as (address, _):
        sources = PackageSources(index_url=f"http://{address}/simple")
        unknown = measure(resolution, sources, lambda *_: None)
        assert unknown.download_bytes is None
        assert unknown.unpacked_bytes is None
        assert "127.0.0.1:9" in unknown.why
        assert known_sizes(resolution).download_bytes is None
        known = measure(resolution, sources, lambda *_: None, default_build=True)
        assert known.unpacked_bytes == UNPACKED
        assert known_sizes(resolution) == known


def test_a_real_small_wheel_has_the_size_its_index_says(sources: PackageSources) -> None:
    index = PackageIndex(sources)
    (file,) = (f for f in index.files("six") if f.is_wheel and f.version == "1.17.0")
    assert (file.size, file.pythons, file.platforms) == (11050, ("py2", "py3"), ("any",))
    assert index.unpacked_bytes(file) == 37_975
    assert "Name: six" in index.metadata(file)


def test_torch_and_what_it_needs_is_as_large_as_measured_by_hand(sources: PackageSources) -> None:
    sizes = measure(question("torch==2.9.1+cu128"), sources, lambda *_: None, default_build=True)
    assert sizes.why == ""
    own = [
        size
        for size in sizes.packages
        if size.name in {"torch", "triton"} or size.name.startswith("nvidia-")
    ]
    assert round(sum(size.download_bytes or 0 for size in own) / 10**6) == 4058
    assert round(sum(size.unpacked_bytes or 0 for size in own) / 10**6) == 6916
    assert sizes.unpacked_bytes is not None
    assert 6916 < sizes.unpacked_bytes // 10**6 < 7100


def test_the_newest_torch_of_the_index_can_be_measured(sources: PackageSources) -> None:
    index = PackageIndex(sources)
    wheels = [file for file in index.files("torch") if file.is_wheel and not file.yanked]
    newest = max((file for file in wheels), key=lambda file: Version(file.version))
    assert index.unpacked_bytes(newest) > (newest.size or 0) > 0
    assert f"Version: {newest.version}" in index.metadata(newest)
