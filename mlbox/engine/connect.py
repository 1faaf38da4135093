"""Find the Docker Engine to use, fast and without the docker SDK.

The order is the docker CLI's own, and then the private engine of ``mlbox engine up``:
``DOCKER_HOST``, ``DOCKER_CONTEXT`` or the current context, ``/var/run/docker.sock``. An engine
that was named and does not answer is an error: no other one takes its place.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from mlbox.errors import EngineError, EngineNotFoundError

SYSTEM_HOST = "unix:///var/run/docker.sock"
ANSWER_SECONDS = 5.0
_START = "Or run `mlbox engine up` for a private engine (Debian or Ubuntu, as root)."


@dataclass(frozen=True, kw_only=True)
class Connection:
    """An engine that answered.

    Attributes:
        host: Its address: ``"unix:///var/run/docker.sock"``.
        buildx: How to call buildx: the program and its first arguments.
        private: Whether it is the engine that ``mlbox engine up`` started.
    """

    host: str
    buildx: tuple[str, ...]
    private: bool = False


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """What an engine says about itself.

    Attributes:
        version: Of the engine: ``"26.1.5"``.
        api_version: Newest API version it speaks: ``"1.45"``.
        platform: Of the images it runs: ``"linux/amd64"``.
        storage_driver: ``"overlay2"``.
        data_root: Where it keeps images and volumes, on its own machine.
    """

    version: str
    api_version: str
    platform: str
    storage_driver: str
    data_root: str


@dataclass(frozen=True, kw_only=True)
class EngineHome:
    """The places of the private engine; ``MLBOX_ENGINE_HOME`` moves all of them.

    Attributes:
        root: What stays when the engine stops: programs, images, logs.
        runtime: What goes with it: socket, pid files, the state of running containers.
    """

    root: Path
    runtime: Path

    @property
    def tree(self) -> Path:
        """The unpacked packages: dockerd, containerd, runc, docker-buildx."""
        return self.root / "tree"

    @property
    def plugins(self) -> Path:
        """The folder of docker's plugins in them."""
        return self.tree / "usr/libexec/docker/cli-plugins"

    @property
    def socket(self) -> Path:
        """The socket it listens on."""
        return self.runtime / "docker.sock"

    @property
    def host(self) -> str:
        """The socket as ``DOCKER_HOST`` has it."""
        return f"unix://{self.socket}"


def engine_home() -> EngineHome:
    """Return the places of the private engine."""
    moved = os.environ.get("MLBOX_ENGINE_HOME")
    if moved:
        root = Path(moved).absolute()
        return EngineHome(root=root, runtime=root / "run")
    return EngineHome(root=Path("/var/lib/mlbox/engine"), runtime=Path("/run/mlbox"))


def connect() -> Connection:
    """Find the engine to use.

    Returns:
        The first engine that answers, and how to call buildx.

    Raises:
        EngineNotFoundError: No engine answers, or buildx is missing.
    """
    host = find_host()
    return Connection(host=host, buildx=find_buildx(), private=host == engine_home().host)


def find_host() -> str:
    """Return the address of the engine to use.

    Raises:
        EngineNotFoundError: The engine that was named does not answer, or none does.
    """
    named = named_host()
    if named:
        host, named_by = named
        failure = ping(host)
        if failure is not None:
            raise _no_answer(host, failure, named_by) from failure
        return host
    failures: dict[str, OSError] = {}
    for host in (SYSTEM_HOST, engine_home().host):
        failure = ping(host)
        if failure is None:
            return host
        failures[host] = failure
    for host, failure in failures.items():
        if isinstance(failure, PermissionError):
            raise _no_answer(host, failure, "") from failure
    raise _nothing_answers(failures[SYSTEM_HOST])


def ping(host: str) -> OSError | None:
    """Ask an engine for a sign of life.

    Returns:
        ``None`` if it answers, else what went wrong.

    Raises:
        EngineError: The address is not that of a unix socket.
    """
    try:
        get(host, "/_ping")
    except OSError as error:
        return error
    return None


def engine_info(host: str) -> EngineInfo:
    """Ask an engine about itself.

    Raises:
        EngineError: It does not answer.
    """
    try:
        version, info = (json.loads(get(host, path)) for path in ("/version", "/info"))
    except (OSError, ValueError) as error:
        raise _no_answer(host, error, "") from error
    return EngineInfo(
        version=version["Version"],
        api_version=version["ApiVersion"],
        platform=f"{version['Os']}/{version['Arch']}",
        storage_driver=info["Driver"],
        data_root=info["DockerRootDir"],
    )


def find_buildx() -> tuple[str, ...]:
    """Return the program that builds images, found where docker looks for its plugins.

    The plugin's file is called directly: it is a program of its own, and starts faster.

    Raises:
        EngineNotFoundError: There is none.
    """
    for folder in (*_plugin_folders(), engine_home().plugins):
        program = folder / "docker-buildx"
        if os.access(program, os.X_OK):
            return (str(program),)
    docker = shutil.which("docker")
    if docker and _runs(docker, "buildx", "version"):
        return (docker, "buildx")
    raise EngineNotFoundError(
        "buildx, which builds the images, is not installed.",
        why="A Docker Engine answers, but docker has no plugin named docker-buildx.",
        fix="Install the package docker-buildx-plugin (Docker's own packages) or docker-buildx "
        "(Debian 13, Ubuntu). Or run `mlbox engine up` for a private copy (as root).",
    )


def _plugin_folders() -> tuple[Path, ...]:
    """Where docker looks for plugins, in its order."""
    system = ("local/lib", "local/libexec", "lib", "libexec")
    return (
        _docker_config() / "cli-plugins",
        *(Path("/usr") / folder / "docker/cli-plugins" for folder in system),
    )


def _docker_config() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _runs(*argv: str) -> bool:
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def named_host() -> tuple[str, str] | None:
    """Return the address the user chose, and by what; ``None`` if no choice was made.

    Raises:
        EngineNotFoundError: A docker context is chosen that does not exist.
    """
    host = os.environ.get("DOCKER_HOST")
    if host:
        return host, f"DOCKER_HOST={host}"
    context = os.environ.get("DOCKER_CONTEXT") or _docker_json("config.json").get("currentContext")
    if not context or context == "default":
        return None
    digest = sha256(context.encode()).hexdigest()
    meta = _docker_json(f"contexts/meta/{digest}/meta.json")
    host = meta.get("Endpoints", {}).get("docker", {}).get("Host")
    if host:
        return host, f"the docker context {context!r}"
    raise EngineNotFoundError(
        f"The docker context {context!r} does not exist.",
        why="DOCKER_CONTEXT, or docker's config.json, names it as the current one.",
        fix="Choose another: docker context ls; docker context use NAME.",
    )


def _docker_json(name: str) -> dict[str, Any]:
    """One of the docker CLI's files; empty if there is none or it cannot be read."""
    try:
        content = json.loads((_docker_config() / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def get(host: str, path: str) -> bytes:
    """GET a path of the engine's API, over its unix socket.

    Raises:
        LookupError: The engine has nothing at that path.
        OSError: No answer, or another status than success.
    """
    from socket import AF_UNIX, socket  # noqa: PLC0415  (loads on use)

    scheme, _, address = host.partition("://")
    if scheme != "unix":
        raise _not_local(host)
    with socket(AF_UNIX) as channel:
        channel.settimeout(ANSWER_SECONDS)
        channel.connect(address)
        # HTTP/1.0: the answer comes in one piece and ends with the connection. http.client would
        # take longer to load than the engine takes to answer.
        channel.sendall(f"GET {path} HTTP/1.0\r\nHost: engine\r\n\r\n".encode())
        answer = b"".join(iter(lambda: channel.recv(1 << 16), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    version, _, status = head.partition(b"\r\n")[0].partition(b" ")
    if not version.startswith(b"HTTP/"):
        raise OSError(errno.EPROTO, "What listens there is not an engine")
    if status.startswith(b"404"):
        raise LookupError(path)
    if not status.startswith(b"200"):
        raise OSError(errno.EPROTO, f"It answers with status {status.decode()}")
    return body


def _not_local(host: str) -> EngineError:
    return EngineError(
        f"mlbox cannot use the engine at {host}.",
        why="A run mounts folders of this machine, so the engine must be on it, at a unix socket.",
        fix="Unset DOCKER_HOST, or set it to unix:///path/of/docker.sock.",
    )


def _no_answer(host: str, failure: Exception, named_by: str) -> EngineNotFoundError:
    """The error for one address."""
    named = f" It is named by {named_by}." if named_by else ""
    if isinstance(failure, PermissionError):
        return EngineNotFoundError(
            f"You may not use the Docker Engine at {host}.",
            why=f"Permission denied on its socket.{named}",
            fix=_permission(Path(host.removeprefix("unix://"))),
        )
    choose = "Start that engine, or choose another: unset DOCKER_HOST, docker context use default."
    return EngineNotFoundError(
        f"No Docker Engine answers at {host}.",
        why=f"{_reason(failure)}.{named}",
        fix=choose if named_by else f"Start it. {_START}",
    )


def _permission(socket: Path) -> str:
    """How to be allowed: the members of the socket's group are."""
    import grp  # noqa: PLC0415  (only Unix has it)

    try:
        group = grp.getgrgid(socket.stat().st_gid).gr_name
    except (OSError, KeyError):
        group = "docker"
    if group == "root":
        return "Run this as root (sudo)."
    join = f"sudo usermod -aG {group} $USER"
    return f"Join the group {group} and log in again: {join}. Or run this as root (sudo)."


def _nothing_answers(failure: OSError) -> EngineNotFoundError:
    """The error when nothing was named and nothing answers."""
    docker = shutil.which("docker")
    if docker is None:
        return EngineNotFoundError(
            "Docker is not installed.",
            why=f"There is no docker on the PATH, and nothing answers at {SYSTEM_HOST}.",
            fix=f"Install Docker Engine or Docker Desktop. {_START}",
        )
    return EngineNotFoundError(
        "Docker is installed, but its daemon is not running.",
        why=f"{docker} is there, and nothing answers at {SYSTEM_HOST}: {_reason(failure)}.",
        fix=f"Start it: sudo systemctl start docker. {_START}",
    )


def _reason(failure: Exception) -> str:
    if isinstance(failure, TimeoutError):
        return f"It accepts connections and gives no answer within {ANSWER_SECONDS:g} s"
    return str(getattr(failure, "strerror", None) or failure)
