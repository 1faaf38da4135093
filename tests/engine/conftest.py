"""What tests on a real engine share: an image to run, a project to train, the command line."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import docker
import pytest

from mlbox.engine import BuildRequest, Event
from mlbox.engine.base import build_base
from mlbox.engine.docker import DockerEngine
from mlbox.resolve import debian_base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mlbox.engine.connect import Connection

    Cli = Callable[..., subprocess.CompletedProcess[str]]

PYTHON = "3.11"
LABEL = "mlbox.test.engine"


@pytest.fixture(scope="session")
def base(connection: Connection) -> str:
    """The base image from Debian's packages."""
    if DockerEngine(connection).image(debian_base(PYTHON)) is None:
        build_base(PYTHON, connection, print)
    return debian_base(PYTHON)


@pytest.fixture(scope="session")
def client(connection: Connection) -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.DockerClient(base_url=connection.host)) as client:
        yield client


@pytest.fixture(scope="session")
def token(client: docker.DockerClient) -> Iterator[str]:
    """A word for the names of what this session makes; all of it is removed afterwards."""
    word = f"test{secrets.token_hex(3)}"
    yield word
    for image in client.images.list(filters={"label": LABEL}):
        client.images.remove(str(image.id), force=True)
    for image in client.images.list(filters={"label": "mlbox.box"}):  # also those it replaced
        if word in image.labels["mlbox.box"]:
            client.images.remove(str(image.id), force=True)
    for image in client.images.list():
        for tag in image.tags:
            if word in tag:
                client.images.remove(tag, force=True)


@pytest.fixture(scope="session")
def runner(connection: Connection, token: str) -> DockerEngine:
    """The engine; what is built on it is removed in the end."""
    return DockerEngine(connection)


@pytest.fixture(scope="session")
def build(
    runner: DockerEngine, base: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., str]:
    """Build a Dockerfile's text upon the base; the image has a label and no name of its own."""
    context = tmp_path_factory.mktemp("context")

    def build(text: str, on_event: Callable[[Event], None] | None = None, tag: str = "") -> str:
        request = BuildRequest(
            dockerfile=f"FROM {base}\n{text}\n",
            tag=tag or f"mlbox/{LABEL}:latest",
            context=context,
            labels={LABEL: "yes"},
        )
        return runner.build(request, on_event or (lambda _: None))

    return build


@pytest.fixture(scope="session")
def image(build: Callable[..., str], token: str) -> str:
    """An image with Python, an init and a folder to work in."""
    return build('WORKDIR /workspace\nENTRYPOINT ["/usr/bin/tini", "--"]', tag=f"mlbox/{token}:run")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Call `mlbox` as a user does, in a process of its own."""

    def call(
        *arguments: str, cwd: Path = tmp_path, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (sys.executable, "-m", "mlbox", *arguments),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return call


@pytest.fixture
def project(project_folder: Path, token: str, base: str) -> Path:
    """A project without packages, which builds in a second."""
    (project_folder / "mlbox.toml").write_text(
        f'name = "{token}"\npython = "{PYTHON}"\nbase = "debian"\n'
        '[train]\ncommand = ["python", "train.py"]\noutputs = ["out/"]\n'
    )
    (project_folder / "train.py").write_text(
        "import pathlib\npathlib.Path('out/model').write_text('weights')\nprint('trained')\n"
    )
    return project_folder


@pytest.fixture
def start(client: docker.DockerClient) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `mlbox` in a session of its own, and end what a test leaves of it."""
    begun: list[subprocess.Popen[str]] = []

    def start(*arguments: str, cwd: Path, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            (sys.executable, "-m", "mlbox", *arguments),
            cwd=cwd,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def wheel() -> Callable[..., Path]:
    """Write a wheel of one module, `NAME = "name version note"`."""

    def write(folder: Path, name: str, version: str, note: str = "") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        info = f"{name}-{version}.dist-info"
        texts = {
            f"{name}.py": f'NAME = "{name} {version} {note}"\n',
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        digests = {
            path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            for path, text in texts.items()
        }
        lines = [f"{path},sha256={digest.decode()}," for path, digest in digests.items()]
        path = folder / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in texts.items():
                archive.writestr(member, text)
            archive.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,", ""]))
        return path

    return write
