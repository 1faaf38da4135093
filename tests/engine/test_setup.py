"""A second private engine, started and stopped for real beside the one of this machine."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlbox.engine.connect import EngineHome, ping
from mlbox.engine.daemon import bridge_name
from mlbox.engine.packages import this_distribution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.engine.connect import Connection

pytestmark = pytest.mark.engine
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not this_distribution().has_debian_packages,
    reason="a private engine needs root on Debian or Ubuntu",
)


class Second:
    """A private engine in a folder of its own, through the command line."""

    def __init__(self, root: Path) -> None:
        self.home = EngineHome(root=root, runtime=root / "run")
        self.env = os.environ | {"MLBOX_ENGINE_HOME": str(root), "DOCKER_HOST": self.home.host}

    def start(self, *argv: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            (sys.executable, "-m", "mlbox", "engine", *argv),
            env=self.env | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *argv: str, **more: str) -> str:
        process = self.start(*argv, **more)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        return out

    def processes(self) -> list[str]:
        commands = (
            path.read_text().replace("\0", " ") for path in Path("/proc").glob("[0-9]*/cmdline")
        )
        return [command for command in commands if str(self.home.root / "tree") in command]


@pytest.fixture
def second() -> Iterator[Second]:
    with tempfile.TemporaryDirectory(prefix="mlbox ü ") as folder:  # tmp_path is too long a path
        engine = Second(Path(folder))
        yield engine
        engine("down")


def links() -> list[str]:
    return [name for _, name in socket.if_nameindex()]


def mounts() -> str:
    return Path("/proc/self/mounts").read_text().replace("\\040", " ")


@needs_root
def test_up_starts_an_engine_and_down_leaves_nothing_of_it(
    second: Second, connection: Connection
) -> None:
    said = second("up")
    assert (
        f"Unpacking Docker Engine from the distribution's packages into {second.home.tree}" in said
    )
    assert said.splitlines()[-1] == f"export DOCKER_HOST={second.home.host}"
    status: dict[str, Any] = json.loads(second("status", "--json"))
    assert status["private"] is True
    assert status["disk_free_bytes"] > 0
    assert status["data_root"] == str(second.home.root / "data")
    running = second.processes()
    assert len(running) == 2
    assert bridge_name(second.home) in links()

    again = second("up")
    assert "Unpacking" not in again
    assert "Started" not in again
    assert second.processes() == running

    assert "Stopped the private engine" in second("down")
    assert second.processes() == []
    assert bridge_name(second.home) not in links()
    assert str(second.home.root) not in mounts()
    assert "nothing was stopped" in second("down")
    assert ping(connection.host) is None


@needs_root
def test_down_takes_the_containers_along_even_after_the_daemon_was_killed(
    second: Second,
) -> None:
    second("up")
    bridges = {bridge_name(second.home), run_for_long(second.home.host)}
    assert bridges < set(links())
    assert len(second.processes()) == 3
    dockerd = int((second.home.runtime / "dockerd.pid").read_text())
    os.kill(dockerd, signal.SIGKILL)
    assert "Stopped the private engine" in second("down")
    assert second.processes() == []
    assert not bridges & set(links())
    assert str(second.home.root) not in mounts()


@needs_root
def test_a_disk_mounted_for_the_images_stays_mounted(second: Second) -> None:
    data = second.home.root / "data"
    data.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "mlbox-test", data), check=True)
    try:
        second("up")
        bridges = {bridge_name(second.home), run_for_long(second.home.host)}
        os.kill(int((second.home.runtime / "dockerd.pid").read_text()), signal.SIGKILL)
        second("down")
        mounted = [line.split()[0] for line in mounts().splitlines() if str(data) in line]
        assert mounted == ["mlbox-test"]
        assert not bridges & set(links())
    finally:
        subprocess.run(("umount", "--lazy", data), check=True)


@needs_root
def test_an_interrupted_up_is_completed_by_the_next(second: Second) -> None:
    for appears in ("install-*/tree/usr/sbin", "tree", "run/dockerd.pid"):
        process = second.start("up")
        deadline = time.monotonic() + 120
        while not list(second.home.root.glob(appears)) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        process.communicate()
    second("up")
    assert len(second.processes()) == 2
    assert list(second.home.root.glob("install-*")) == []


@needs_root
def test_up_uses_the_engine_that_answers(second: Second, connection: Connection) -> None:
    said = second("up", DOCKER_HOST=connection.host)
    assert f"answers at {connection.host}" in said
    assert "Started" not in said
    assert second.processes() == []


@needs_root
def test_down_never_stops_an_engine_or_a_process_that_is_not_ours(
    second: Second, connection: Connection
) -> None:
    second.home.runtime.mkdir(parents=True)
    with subprocess.Popen(("sleep", "60")) as other:
        for name in ("dockerd", "containerd"):
            (second.home.runtime / f"{name}.pid").write_text(str(other.pid))
        said = second("down", DOCKER_HOST=connection.host)
        alive = other.poll() is None
        other.kill()
    assert "nothing was stopped" in said
    assert alive
    assert ping(connection.host) is None


@needs_root
def test_a_daemon_that_does_not_start_shows_the_end_of_its_log(second: Second) -> None:
    second("up")
    second("down")
    dockerd = second.home.tree / "usr/sbin/dockerd"
    dockerd.write_text("#!/bin/sh\necho the disk is made of cheese\nexit 1\n")
    process = second.start("up")
    _, err = process.communicate(timeout=100)
    assert process.returncode == 5
    assert err.startswith("The private Docker Engine did not start.\n")
    assert "the disk is made of cheese" in err
    assert f"Its whole log is {second.home.root / 'dockerd.log'}" in err
    assert second.processes() == []
    assert bridge_name(second.home) not in links()


@needs_root
def test_a_home_whose_sockets_would_have_too_long_paths_is_refused(tmp_path: Path) -> None:
    long = Second(tmp_path / ("long" * 20))
    process = long.start("up")
    _, err = process.communicate()
    assert process.returncode == 5
    assert "too long for the private engine" in err
    assert "Set MLBOX_ENGINE_HOME to a shorter path." in err
    assert not long.home.root.exists()


def test_an_engine_that_was_named_and_does_not_answer_is_not_replaced(tmp_path: Path) -> None:
    second = Second(tmp_path / "home")
    process = second.start("up", DOCKER_HOST=f"unix://{tmp_path}/nobody.sock")
    _, err = process.communicate()
    assert process.returncode == 5
    assert "It is named by DOCKER_HOST" in err
    assert not second.home.root.exists()


@needs_root
@pytest.mark.parametrize(("action", "place"), [("up", "/proc/mlbox"), ("down", "/proc")])
def test_a_folder_that_cannot_be_written_to_is_named(action: str, place: str) -> None:
    process = Second(Path(place)).start(action)
    _, err = process.communicate()
    assert process.returncode == 4
    assert f"folder {place} cannot be written to" in err


@needs_root
def test_another_distribution_is_told_to_install_docker(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text("ID=fedora\n")
    script = 'mount --bind "$0" /etc/os-release && mount -t tmpfs none /run && exec "$@"'
    done = subprocess.run(
        (
            "unshare",
            "--mount",
            "sh",
            "-c",
            script,
            release,
            sys.executable,
            "-m",
            "mlbox",
            "engine",
            "up",
        ),
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "MLBOX_ENGINE_HOME": str(tmp_path / "engine")},
    )
    assert done.returncode == 5
    assert "on Debian and Ubuntu only" in done.stderr
    assert "Install Docker Engine (or Docker Desktop) and start it." in done.stderr
    assert not (tmp_path / "engine").exists()


def run_for_long(host: str) -> str:
    """Start this machine's `sleep` in a container; the bridge of its network."""
    import docker  # noqa: PLC0415  (only here)

    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    folders = [folder for folder in ("/bin", "/lib", "/lib64", "/usr") if Path(folder).exists()]
    client = docker.DockerClient(host)
    try:
        client.api.import_image_from_data(empty.getvalue(), repository="empty")
        network = client.networks.create("theirs")
        client.containers.run(
            "empty",
            network="theirs",
            command=["/bin/sleep", "900"],
            volumes=[f"{folder}:{folder}:ro" for folder in folders],
            detach=True,
        )
        return f"br-{str(network.id)[:12]}"
    finally:
        client.close()
