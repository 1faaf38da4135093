"""Finding the engine, with real sockets, real permissions and a PATH without docker."""

from __future__ import annotations

import grp
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlbox.engine import connect as connect_module
from mlbox.engine.connect import connect, engine_home, engine_info, find_buildx, find_host, ping
from mlbox.errors import EngineError, EngineNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.engine.connect import Connection

pytestmark = pytest.mark.engine
REPOSITORY = Path(__file__).parents[2]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@contextmanager
def listening(path: Path, answer: bytes | None) -> Iterator[str]:
    """A real unix socket that says the same to everybody, or nothing at all."""
    done = threading.Event()

    def serve(server: socket.socket) -> None:
        while not done.is_set():
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                if answer is None:
                    done.wait(10)
                else:
                    client.recv(1000)
                    client.sendall(answer)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield f"unix://{path}"
        done.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def on_a_machine_without(hidden: tuple[str, ...], path: Path, *argv: str) -> str:
    """Run mlbox where folders are empty and the PATH is one folder; what it says on stderr."""
    present = [folder for folder in hidden if Path(folder).is_dir()]
    mounts = "".join(f"mount -t tmpfs none {folder} && " for folder in present)
    namespaces = ("--mount",) if os.geteuid() == 0 else ("--mount", "--user", "--map-root-user")
    script = f'{mounts}PATH="$0" exec "$@"'
    done = subprocess.run(
        ("unshare", *namespaces, "sh", "-c", script, str(path), sys.executable, *argv),
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={"HOME": str(path), "MLBOX_ENGINE_HOME": str(path / "engine")},
    )
    if "unshare" in done.stderr:
        pytest.skip(f"no mount namespaces here: {done.stderr}")
    assert done.returncode == 5, done
    return done.stderr


def test_the_engine_of_this_machine_answers_without_the_docker_sdk(connection: Connection) -> None:
    assert ping(connection.host) is None
    code = (
        "import sys; from mlbox.engine.connect import connect; connect(); "
        "sys.exit('docker' in sys.modules)"
    )
    assert subprocess.run((sys.executable, "-c", code), check=False).returncode == 0


def test_an_engine_tells_about_itself(connection: Connection) -> None:
    info = engine_info(connection.host)
    assert int(info.version.split(".")[0]) >= 23
    assert info.platform.startswith("linux/")
    assert info.data_root.startswith("/")


def test_buildx_runs(connection: Connection) -> None:
    done = subprocess.run((*connection.buildx, "version"), check=True, capture_output=True)
    assert b"buildx" in done.stdout


def test_the_engine_docker_host_names_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: Connection
) -> None:
    with listening(tmp_path / "engine.sock", OK) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        assert find_host() == host
        assert connect().host == host


def test_an_engine_docker_host_names_that_does_not_answer_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(EngineNotFoundError) as caught:
        connect()
    assert caught.value.what == f"No Docker Engine answers at unix://{tmp_path}/nobody.sock."
    assert "DOCKER_HOST" in caught.value.why
    assert "unset DOCKER_HOST" in caught.value.fix


def test_an_engine_on_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2375")
    with pytest.raises(EngineError, match="cannot use the engine at tcp://") as caught:
        connect()
    assert "mounts folders of this machine" in caught.value.why


def test_the_current_docker_context_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text('{"currentContext": "work"}')
    with pytest.raises(EngineNotFoundError, match="context 'work' does not exist"):
        find_host()
    with listening(tmp_path / "work.sock", OK) as host:
        meta = tmp_path / "contexts/meta" / sha256(b"work").hexdigest() / "meta.json"
        meta.parent.mkdir(parents=True)
        meta.write_text(json.dumps({"Name": "work", "Endpoints": {"docker": {"Host": host}}}))
        assert find_host() == host


def test_a_socket_that_may_not_be_used_says_how_to_be_allowed(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    unprivileged = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")
    with listening(path, OK) as host:
        if os.geteuid() == 0:
            os.chown(path, -1, grp.getgrnam("users").gr_gid)
        group = grp.getgrgid(path.stat().st_gid).gr_name
        path.chmod(0)
        done = subprocess.run(
            (
                *(unprivileged if os.geteuid() == 0 else ()),
                *(sys.executable, "-m", "mlbox", "engine", "status"),
            ),
            check=False,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env=os.environ | {"DOCKER_HOST": host},
        )
    assert done.returncode == 5
    what, why, fix = done.stderr.splitlines()
    assert what == f"You may not use the Docker Engine at {host}."
    assert "Permission denied" in why
    assert f"sudo usermod -aG {group} $USER" in fix


def test_an_engine_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect_module, "ANSWER_SECONDS", 0.2)
    with listening(tmp_path / "engine.sock", None) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(EngineNotFoundError) as caught:
            connect()
    assert "gives no answer within 0.2 s" in caught.value.why


def test_something_else_that_listens_is_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(tmp_path / "engine.sock", b"220 mail.example ESMTP\r\n") as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(EngineNotFoundError) as caught:
            connect()
    assert "not an engine" in caught.value.why


def test_no_docker_and_no_daemon_says_what_to_install(tmp_path: Path) -> None:
    said = on_a_machine_without(("/run",), tmp_path, "-m", "mlbox", "engine", "status")
    what, why, fix = said.splitlines()
    assert what == "Docker is not installed."
    assert "no docker on the PATH" in why
    assert "mlbox engine up" in fix


def test_docker_without_its_daemon_says_how_to_start_it(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    said = on_a_machine_without(("/run",), tmp_path, "-m", "mlbox", "engine", "status")
    what, why, fix = said.splitlines()
    assert what == "Docker is installed, but its daemon is not running."
    assert f"{tmp_path}/docker is there" in why
    assert "systemctl start docker" in fix


def test_a_missing_buildx_names_the_package(tmp_path: Path) -> None:
    places = tuple(f"/usr/{folder}/docker" for folder in ("lib", "libexec", "local/lib"))
    code = (
        "import sys; from mlbox.cli import show_error; from mlbox.engine import connect\n"
        "try: connect.find_buildx()\n"
        "except connect.EngineNotFoundError as error: show_error(error); sys.exit(error.exit_code)"
    )
    what, _, fix = on_a_machine_without(places, tmp_path, "-c", code).splitlines()
    assert what == "buildx, which builds the images, is not installed."
    assert "docker-buildx-plugin" in fix


def test_the_buildx_of_the_users_own_plugins_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    program = tmp_path / "cli-plugins/docker-buildx"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_buildx() == (str(program),)


def test_one_variable_moves_the_private_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine_home().socket == Path("/run/mlbox/docker.sock")
    monkeypatch.setenv("MLBOX_ENGINE_HOME", str(tmp_path))
    home = engine_home()
    assert all(tmp_path in path.parents for path in (home.socket, home.tree, home.plugins))
