"""A real registry on this machine, as a site's mirror of Docker Hub."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING

import docker
import pytest

from mlbox.engine.docker import DockerEngine
from mlbox.lock import read_lock
from mlbox.run import train
from mlbox.spec import load_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlbox.engine import Event
    from mlbox.engine.connect import Connection

pytestmark = pytest.mark.engine
BASE = "mlbox/debian:bookworm-python3.11"
CONFIG = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {data}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


def ignore(_: Event) -> None:
    pass


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's docker-registry, unpacked for the test and not installed."""
    if shutil.which("apt-get") is None:
        pytest.skip("the registry comes from Debian's packages")
    folder = tmp_path_factory.mktemp("registry")
    subprocess.run(("apt-get", "download", "-qq", "docker-registry"), cwd=folder, check=True)
    package = next(folder.glob("*.deb"))
    subprocess.run(("dpkg", "-x", package.name, "tree"), cwd=folder, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config.yml").write_text(CONFIG.format(data=folder / "data", port=port))
    program = folder / "tree/usr/bin/docker-registry"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen((program, "serve", "config.yml"), cwd=folder, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/v2/")
        yield f"127.0.0.1:{port}"  # a bare machine may not know the name localhost
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), urllib.request.urlopen(url):  # noqa: S310  (http)
            return
        time.sleep(0.1)
    pytest.fail(f"nothing answers at {url}")


@pytest.fixture
def mirror(registry: str, connection: Connection) -> Iterator[str]:
    """The registry, with an image in it under the name of Docker Hub's python."""
    client = docker.DockerClient(base_url=connection.host)
    name = f"{registry}/library/python"
    client.images.get(BASE).tag(name, "3.11-slim-bookworm")
    client.images.push(name, "3.11-slim-bookworm")
    client.images.remove(f"{name}:3.11-slim-bookworm")
    yield registry
    for image in client.images.list(name="mlbox/mirror-test"):
        client.images.remove(image.tags[0])
    client.close()


def test_a_base_is_pulled_through_the_mirror_and_pinned_by_its_digest(
    mirror: str, project_folder: Path, connection: Connection
) -> None:
    (project_folder / "mlbox.toml").write_text(
        f'name = "mirror-test"\npython = "3.11"\nregistry-mirror = "{mirror}"\n'
        '[train]\ncommand = ["python", "-c", "print(1 + 1)"]\n'
    )
    record = train(load_project(project_folder), DockerEngine(connection), ignore)
    lock = read_lock(project_folder)
    assert lock is not None
    digest = lock.bases[f"{mirror}/library/python:3.11-slim-bookworm"]
    assert record.state == "succeeded"
    assert digest.startswith("sha256:")
    assert f"FROM {mirror}/library/python:3.11-slim-bookworm@{digest} AS base" in record.dockerfile
