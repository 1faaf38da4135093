"""The base image from Debian's packages: decided as values, made twice, loaded for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlbox.engine.base import (
    Layer,
    build_base,
    image_config,
    mmdebstrap_command,
    registry_answers,
)
from mlbox.engine.docker import DockerEngine
from mlbox.engine.packages import AptSource, this_distribution
from mlbox.errors import HostError, ResolveError

if TYPE_CHECKING:
    from mlbox.engine.connect import Connection

SOURCES = (AptSource(uri="http://mirror.example/debian", suite="bookworm", component="main"),)
LAYER = Layer(path=Path("layer.tar"), digest="ab" * 32)
REFERENCE = "mlbox/debian:bookworm-python3.11"
needs_debian = pytest.mark.skipif(
    this_distribution().id != "debian", reason="needs apt configured with a Debian mirror"
)


def test_without_root_a_user_namespace_is_used() -> None:
    as_root, as_user = (
        mmdebstrap_command("bookworm", SOURCES, Path("layer.tar"), root=root)
        for root in (True, False)
    )
    assert "--mode=root" in as_root
    assert "--mode=unshare" in as_user
    assert len(set(as_root) ^ set(as_user)) == 2


def test_the_sources_of_the_packages_are_those_the_image_keeps() -> None:
    command = mmdebstrap_command("bookworm", SOURCES, Path("layer.tar"), root=True)
    line = "deb http://mirror.example/debian bookworm main"
    assert command[-1] == line
    assert any(line in part and "etc/apt/sources.list" in part for part in command)


def test_an_image_is_described_the_same_each_time_and_without_the_clock() -> None:
    config = image_config(LAYER, codename="bookworm", python="3.11")
    assert config == image_config(LAYER, codename="bookworm", python="3.11")
    assert config["created"] == "2023-06-10T00:00:00+00:00"
    assert config["rootfs"]["diff_ids"] == [f"sha256:{LAYER.digest}"]
    assert config["config"]["Labels"]["mlbox.base"] == "debian-bookworm-python3.11"


@pytest.mark.engine
@needs_debian
def test_the_same_packages_make_the_same_image(connection: Connection) -> None:
    said: list[str] = []
    ids = {build_base("3.11", connection, said.append) for _ in range(2)}
    assert len(ids) == 1
    assert DockerEngine(connection).image(REFERENCE) is not None
    assert said[0].startswith(f"Making {REFERENCE} from Debian's packages (")
    assert said[1].startswith(f"Made {REFERENCE} ({ids.pop()[:19]})")


@pytest.mark.engine
@needs_debian
def test_the_image_has_python_with_venv_and_nothing_of_this_machine(
    connection: Connection,
) -> None:
    import docker  # noqa: PLC0415  (only here)

    if DockerEngine(connection).image(REFERENCE) is None:
        build_base("3.11", connection, print)
    script = (
        "import venv, ensurepip, sys, os, json, pathlib;"
        "print(json.dumps([sys.executable, sys.version_info[:2], os.path.exists('/usr/bin/tini'),"
        " pathlib.Path('/etc/ssl/certs/ca-certificates.crt').read_text().count('BEGIN')]))"
    )
    client = docker.DockerClient(connection.host)
    try:
        out = client.containers.run(REFERENCE, ["python3", "-c", script], remove=True)
    finally:
        client.close()
    program, version, tini, certificates = json.loads(out)
    assert (program, version, tini) == ("/usr/bin/python3", [3, 11], True)
    packaged = Path("/usr/share/ca-certificates/mozilla")
    assert abs(certificates - len(list(packaged.glob("*.crt")))) < 10


@pytest.mark.engine
@needs_debian
def test_a_mirror_that_does_not_answer_is_the_reason(connection: Connection) -> None:
    with pytest.raises(HostError) as caught:
        build_base("3.11", connection, print, mirror="http://127.0.0.1:9/debian")
    assert caught.value.what == "The base image cannot be made from Debian's packages."
    assert "127.0.0.1" in caught.value.why
    assert "--mirror" in caught.value.fix


@pytest.mark.engine
def test_a_python_debian_does_not_have_is_refused_before_anything_is_done(
    connection: Connection,
) -> None:
    with pytest.raises(ResolveError, match=r"has no Python 3\.12"):
        build_base("3.12", connection, pytest.fail)


@pytest.mark.engine
def test_ensure_prints_one_word_on_stdout(connection: Connection) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "mlbox", "base", "ensure", "--python", "3.11"),
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"DOCKER_HOST": connection.host},
    )
    assert done.stdout in {"auto\n", "debian\n"}
    assert done.stdout == "auto\n" or "does not answer" in done.stderr


MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [],
    }
).encode()


class Registry(BaseHTTPRequestHandler):
    """A registry that has every image but those tagged c."""

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(MANIFEST)

    def do_HEAD(self) -> None:
        self.send_response(404 if self.path.endswith("/c") else 200)
        self.send_header("Content-Type", "application/vnd.oci.image.index.v1+json")
        self.send_header("Content-Length", str(len(MANIFEST)))
        self.send_header("Docker-Content-Digest", f"sha256:{sha256(MANIFEST).hexdigest()}")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.engine
def test_a_registry_answers_for_the_images_it_has_and_no_others(connection: Connection) -> None:
    with HTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert registry_answers(f"127.0.0.1:{server.server_port}/a:b", connection)
            assert not registry_answers(f"127.0.0.1:{server.server_port}/a:c", connection)
        finally:
            server.shutdown()
            thread.join()
    assert not registry_answers(f"127.0.0.1:{server.server_port}/a:b", connection)
