"""Packages from folders and from indexes that the test serves itself, locked, built and run."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import certifi
import pytest

from mlbox.facts import load_facts
from mlbox.lock import lock_inputs, make_lock, read_lock
from mlbox.record import RunStore
from mlbox.resolve import resolve_box
from mlbox.sources import PackageSources
from mlbox.spec import load_project

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    import docker

    Cli = Callable[..., subprocess.CompletedProcess[str]]
    Wheel = Callable[..., Path]

pytestmark = pytest.mark.engine
TRAIN = "import hello, pathlib; print(hello.NAME); pathlib.Path('out/x').write_text('')"


class Index:
    """A package index (PEP 503) over a folder of wheels; it remembers what it was asked for.

    Args:
        folder: The wheels.
        credentials: ``"user:password"`` it insists on; empty for nobody's.
        hashes: Whether it states the hashes of its files.
    """

    def __init__(self, folder: Path, credentials: str = "", *, hashes: bool = True) -> None:
        self.folder = folder
        self.basic = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        self.open = not credentials
        self.hashes = hashes
        self.asked: list[str] = []

    def answer(self, path: str, authorization: str | None) -> tuple[int, bytes]:
        if not self.open and authorization != self.basic:
            return 401, b""
        self.asked.append(path)
        wheels = {wheel.name: wheel for wheel in self.folder.glob("*.whl")}
        name = path.rstrip("/").rpartition("/")[2]
        if unquote(name) in wheels:
            return 200, wheels[unquote(name)].read_bytes()
        links = [
            f'<a href="/files/{wheel.name}{self._fragment(wheel)}">{wheel.name}</a>'
            for wheel in wheels.values()
            if wheel.name.startswith(f"{name}-")
        ]
        return (200, "".join(links).encode()) if links else (404, b"")

    def _fragment(self, wheel: Path) -> str:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        return f"#sha256={digest}" if self.hashes else ""


@contextmanager
def served(index: Index, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve an index at an address of this machine; yields ``host:port``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = index.answer(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Type", "text/html" if b"<a" in body else "binary/octet")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  (http.server's own name)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"{host}:{server.server_port}"
        finally:  # else a test that fails never ends
            server.shutdown()
            thread.join()


@pytest.fixture
def gateway(client: docker.DockerClient) -> str:
    """The address at which builds see this machine."""
    settings = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    return str(settings.get("Gateway") or re.sub(r"\.0/\d+$", ".1", settings["Subnet"]))


@pytest.fixture
def needing(project: Path) -> Path:
    """The project, which needs the package hello."""
    path = project / "mlbox.toml"
    path.write_text(path.read_text().replace("[train]", 'packages = ["hello"]\n[train]'))
    (project / "train.py").write_text(TRAIN)
    return project


def test_a_folder_of_wheels_is_enough_where_no_index_is(
    needing: Path, cli: Cli, wheel: Wheel
) -> None:
    found = wheel(needing / "räder", "hello", "1.0", "from a folder")
    path = needing / "mlbox.toml"
    path.write_text(path.read_text().replace("[train]", 'find-links = "räder"\n[train]'))
    done = cli("train", cwd=needing, env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""})
    assert done.returncode == 0, done.stderr
    assert done.stdout == "hello 1.0 from a folder\n"
    lock = read_lock(needing)
    assert lock is not None
    digest = hashlib.sha256(found.read_bytes()).hexdigest()
    assert [(entry.name, entry.hashes) for entry in lock.packages] == [
        ("hello", (f"sha256:{digest}",))
    ]


@pytest.fixture
def private(wheel: Wheel, tmp_path: Path) -> Path:
    """The folder of an index with the package hello."""
    return wheel(tmp_path / "index", "hello", "1.0", "from a private index").parent


def test_pip_s_index_is_used_and_its_credentials_are_left_nowhere(
    needing: Path, cli: Cli, private: Path, gateway: str, client: docker.DockerClient
) -> None:
    secret, marker = f"geheim{os.getpid()}", f"certificate-of-test-{os.getpid()}"
    bundle = private / "ca, own.pem"
    bundle.write_text(f"# {marker}\n{Path(certifi.where()).read_text()}")
    path = needing / "mlbox.toml"
    path.write_text(path.read_text().replace("[train]", f'ca-bundle = "{bundle}"\n[train]'))
    index = Index(private, f"me:{secret}")
    with served(index, gateway) as address:
        url = f"http://me:{secret}@{address}/simple/"
        env = {"PIP_INDEX_URL": url, "PIP_EXTRA_INDEX_URL": "", "PIP_CONFIG_FILE": os.devnull}
        done = cli("train", cwd=needing, env=env)
        assert done.returncode == 0, done.stderr
        built = cli("build", cwd=needing, env=env)
    assert built.returncode == 0, built.stderr
    assert done.stdout == "hello 1.0 from a private index\n"
    assert [name for name in index.asked if name.endswith(".whl")]
    image = client.images.get(built.stdout.strip())
    words = (secret.encode(), marker.encode(), b"from a private index")
    assert found_in(image.save(), words) == {b"from a private index"}
    assert not found_in([json.dumps(image.history()).encode()], words)
    kept = [file for file in needing.rglob("*") if file.is_file()]
    assert not found_in((file.read_bytes() for file in kept), (secret.encode(),))
    assert secret not in done.stderr + built.stderr + RunStore(needing).read("last").to_json()


def found_in(chunks: Iterator[bytes] | list[bytes], words: tuple[bytes, ...]) -> set[bytes]:
    """The words that occur in a stream."""
    found: set[bytes] = set()
    end = b""
    for chunk in chunks:
        text = end + chunk
        found |= {word for word in words if word in text}
        end = text[-max(map(len, words)) :]
    return found


def test_an_index_with_wrong_credentials_is_told_without_them(
    needing: Path, cli: Cli, wheel: Wheel, tmp_path: Path
) -> None:
    wheel(tmp_path / "index", "hello", "1.0")
    with served(Index(tmp_path / "index", "me:right")) as address:
        url = f"http://me:falsch@{address}/simple/"
        done = cli("lock", cwd=needing, env={"PIP_INDEX_URL": url, "PIP_EXTRA_INDEX_URL": ""})
    assert done.returncode == 3
    assert "falsch" not in done.stderr
    assert len(done.stderr.strip().split("\n")) >= 3


def test_torch_comes_from_its_own_index_and_everything_else_does_not(
    project: Path, wheel: Wheel, tmp_path: Path
) -> None:
    for name, version, note in (("torch", "2.13.0", "no"), ("hello", "1.0", "yes")):
        wheel(tmp_path / "default", name, version, note)
    for name, version in (("torch", "2.13.0+cpu"), ("hello", "9.9")):
        wheel(tmp_path / "framework", name, version)
    path = project / "mlbox.toml"
    keys = 'torch = "2.13.0"\ncuda = "cpu"\npackages = ["hello"]\n[train]'
    path.write_text(path.read_text().replace("[train]", keys))
    loaded = load_project(project)
    resolution = resolve_box(loaded.box, load_facts())
    default, framework = Index(tmp_path / "default"), Index(tmp_path / "framework")
    with served(default) as first, served(framework) as second:
        resolution = replace(resolution, index_url=f"http://{second}/whl/cpu")
        sources = PackageSources(index_url=f"http://{first}/simple")
        lock = make_lock(lock_inputs(loaded, resolution), resolution, sources, loaded)
    locked = {(entry.name, entry.version, entry.layer) for entry in lock.packages}
    assert locked == {
        ("torch", "2.13.0+cpu", "framework"),
        ("hello", "1.0", "dependencies"),
    }
    assert all(entry.hashes for entry in lock.packages)
    assert not any("hello" in path for path in framework.asked)
    assert not any("torch" in path for path in default.asked)


def test_an_index_that_states_no_hashes_has_its_files_hashed(
    needing: Path, wheel: Wheel, tmp_path: Path
) -> None:
    found = wheel(tmp_path / "index", "hello", "1.0")
    loaded = load_project(needing)
    resolution = resolve_box(loaded.box, load_facts())
    with served(Index(tmp_path / "index", hashes=False)) as address:
        sources = PackageSources(index_url=f"http://{address}/simple")
        lock = make_lock(lock_inputs(loaded, resolution), resolution, sources, loaded)
    digest = hashlib.sha256(found.read_bytes()).hexdigest()
    assert lock.packages[0].hashes == (f"sha256:{digest}",)
