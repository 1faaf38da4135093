"""The Docker Engine: buildx for builds, its API for containers."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlbox.engine.connect import Connection, get
from mlbox.engine.failures import build_failure, start_failure
from mlbox.engine.progress import Progress, RawJson
from mlbox.engine.protocol import BuildRequest, Event, ExitState, Image, OnEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

    from mlbox.plan import RunPlan

RUN_STEP = "run"
NETWORK = "mlbox"
GRACE_SECONDS = 10  # between SIGTERM and SIGKILL, for a program to save what it has
REGISTRY_SECONDS = 20
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class DockerEngine:
    """An ``Engine`` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._sdk: docker.DockerClient | None = None

    def image(self, reference: str) -> Image | None:
        """Return the local image of that name or digest, or ``None``."""
        try:
            raw = json.loads(get(self.connection.host, f"/images/{reference}/json"))
        except LookupError:
            return None
        return Image(id=raw["Id"], labels=(raw.get("Config") or {}).get("Labels") or {})

    def remote_digest(self, reference: str) -> str | None:
        """Ask an image's registry for its digest; ``None`` when it does not answer."""
        form = ("--format", "{{.Manifest.Digest}}")
        try:
            result = subprocess.run(
                (*self.connection.buildx, "imagetools", "inspect", *form, reference),
                env={**os.environ, "DOCKER_HOST": self.connection.host},
                capture_output=True,
                text=True,
                check=False,
                timeout=REGISTRY_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return None
        digest = result.stdout.strip()
        return digest if result.returncode == 0 and digest.startswith("sha256:") else None

    def build(self, request: BuildRequest, on_event: OnEvent) -> str:
        """Build an image and return its digest."""
        progress = Progress()
        with tempfile.TemporaryDirectory(prefix="mlbox-build-") as folder:
            digest_file = Path(folder) / "iid"
            process = self._start_build(request, digest_file)
            with _cancelled_with(process):
                for item in _decode(process):
                    for event in progress.events(item):
                        on_event(event)
            if process.wait() != 0:
                raise build_failure(progress, request)
            return digest_file.read_text(encoding="utf-8").strip()

    def run(self, plan: RunPlan, on_event: OnEvent) -> ExitState:
        """Run a container to its end, stream its output, remove it, and say how it ended."""
        from docker.errors import APIError  # noqa: PLC0415  (150 ms: loads on use)

        try:
            self._ensure_network(plan.network)
            container = self._client.api.create_container(**self._creation(plan))["Id"]
        except APIError as error:
            raise start_failure(error.explanation or str(error), plan) from error
        try:
            return self._run_created(container, plan, on_event)
        except APIError as error:
            raise start_failure(error.explanation or str(error), plan) from error
        finally:
            with contextlib.suppress(APIError):
                self._client.api.remove_container(container, v=True, force=True)

    def creation(self, plan: RunPlan) -> dict[str, Any]:
        """Return what the engine is asked to create for a plan."""
        return self._creation(plan)

    def _start_build(self, request: BuildRequest, digest_file: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            (*self.connection.buildx, *_build_arguments(request, digest_file)),
            env={**os.environ, "DOCKER_HOST": self.connection.host},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches us alone; we pass it on, once
        )
        assert process.stdin is not None  # noqa: S101  (asked for above)
        with process.stdin as stdin, contextlib.suppress(BrokenPipeError):
            stdin.write(request.dockerfile.encode())
        return process

    @property
    def _client(self) -> docker.DockerClient:
        if self._sdk is None:
            import docker  # noqa: PLC0415  (150 ms: loads on use)

            self._sdk = docker.DockerClient(base_url=self.connection.host, timeout=60)
        return self._sdk

    def _ensure_network(self, network: str) -> None:
        """Make mlbox's own bridge: another daemon on the host can take the default one away."""
        if network == NETWORK and not self._client.networks.list(names=[f"^{NETWORK}$"]):
            self._client.networks.create(NETWORK, driver="bridge", labels={"mlbox": "network"})

    def _creation(self, plan: RunPlan) -> dict[str, Any]:
        from docker.types import Mount  # noqa: PLC0415  (loads on use)

        host = self._client.api.create_host_config(
            mounts=[
                Mount(mount.target, mount.source, type="bind", read_only=mount.read_only)
                for mount in plan.mounts
            ],
            network_mode=plan.network,
            shm_size=plan.shm_bytes or None,
            nano_cpus=int(plan.cpus * 1e9) or None,
            mem_limit=plan.memory_bytes or None,
            memswap_limit=plan.memory_bytes or None,  # swap would hide that it does not fit
            device_requests=_gpu_requests(plan.gpus),
            ulimits=_gpu_limits(plan.gpus),
        )
        return {
            "image": plan.image,
            "command": list(plan.argv),
            "name": plan.name,
            "user": plan.user,
            "environment": dict(plan.env),
            "working_dir": plan.workdir,
            "labels": dict(plan.labels),
            "host_config": host,
        }

    def _run_created(self, container: str, plan: RunPlan, on_event: OnEvent) -> ExitState:
        api = self._client.api
        output = api.attach(container, stream=True, demux=True, logs=True)
        on_event(Event(kind="started", step=RUN_STEP))
        api.start(container)
        with self._stopped_after(container, plan.timeout_seconds) as timed_out:
            try:
                for event in _log_events(output):
                    on_event(event)
                api.wait(container)
            except BaseException:
                api.stop(container, timeout=GRACE_SECONDS)
                with contextlib.suppress(Exception):  # its last words, while it was stopping
                    for event in _log_events(output):
                        on_event(event)
                raise
        state = api.inspect_container(container)["State"]
        return ExitState(
            exit_code=state["ExitCode"],
            oom_killed=bool(state.get("OOMKilled")),
            timed_out=timed_out.is_set(),
        )

    @contextlib.contextmanager
    def _stopped_after(self, container: str, seconds: float) -> Iterator[threading.Event]:
        """Stop the container when its time is up; the event says whether it was."""
        timed_out = threading.Event()

        def stop() -> None:
            timed_out.set()
            self._client.api.stop(container, timeout=GRACE_SECONDS)

        timer = threading.Timer(seconds, stop)
        if seconds:
            timer.start()
        try:
            yield timed_out
        finally:
            timer.cancel()


def _build_arguments(request: BuildRequest, digest_file: Path) -> tuple[str, ...]:
    """Return the arguments after ``docker buildx``; the Dockerfile comes on stdin."""
    target = ("--target", request.target) if request.target else ()
    pairs = (
        *(("--label", f"{key}={value}") for key, value in request.labels.items()),
        *(("--build-context", f"{name}={place}") for name, place in request.contexts.items()),
        *(("--secret", f"id={name},src={path}") for name, path in request.secrets.items()),
        *(("--build-arg", name) for name in _PROXIES if name in os.environ),
    )
    return (
        "build",
        "--progress=rawjson",
        "--builder=default",  # the engine's own, which sees its images, whatever `buildx use` says
        "--provenance=false",  # its time stamp would change the digest of an unchanged image
        f"--iidfile={digest_file}",
        f"--platform={request.platform}",
        f"--tag={request.tag}",
        *target,
        *(word for pair in pairs for word in pair),
        "--file=-",
        str(request.context),
    )


@contextlib.contextmanager
def _cancelled_with(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Cancel the build if what goes on beside it fails: SIGINT, as Ctrl-C in a terminal would."""
    try:
        yield
    except BaseException:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    finally:
        if process.stderr:
            process.stderr.close()


def _decode(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any] | str]:
    """Yield buildx's stderr, decoded as it arrives."""
    assert process.stderr is not None  # noqa: S101  (asked for when it was started)
    raw, text = RawJson(), codecs.getincrementaldecoder("utf-8")("replace")
    while chunk := os.read(process.stderr.fileno(), 1 << 16):
        yield from raw.feed(text.decode(chunk))
    yield from raw.close()


class _Lines:
    """One stream of a container, cut into lines as it arrives."""

    def __init__(self, stream: Literal[1, 2]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        *lines, self._rest = (self._rest + self._decoder.decode(chunk)).split("\n")
        yield from map(self._event, lines)

    def close(self) -> Iterator[Event]:
        if self._rest:
            yield self._event(self._rest)

    def _event(self, line: str) -> Event:
        return Event(kind="log", step=RUN_STEP, text=line.rstrip("\r"), stream=self._stream)


def _log_events(output: Iterator[tuple[bytes | None, bytes | None]]) -> Iterator[Event]:
    """Yield one event per line, of stdout and stderr in the order they were printed."""
    streams = (_Lines(1), _Lines(2))
    for chunks in output:
        for lines, chunk in zip(streams, chunks, strict=True):
            yield from lines.feed(chunk or b"")
    for lines in streams:
        yield from lines.close()


def _gpu_requests(gpus: int | str) -> list[Any]:
    """Return the request for NVIDIA GPUs, as ``docker run --gpus`` makes it."""
    from docker.types import DeviceRequest  # noqa: PLC0415  (loads on use)

    if not gpus:
        return []
    count = -1 if gpus == "all" else int(gpus)
    return [DeviceRequest(driver="nvidia", count=count, capabilities=[["gpu"]])]


def _gpu_limits(gpus: int | str) -> list[Any]:
    """Return what NVIDIA asks for its containers: pinned memory and NCCL need it.

    Not for others: an engine that is itself in a container may not be allowed to raise limits.
    """
    from docker.types import Ulimit  # noqa: PLC0415  (loads on use)

    if not gpus:
        return []
    stack_bytes = 64 * 2**20
    return [
        Ulimit(name="memlock", soft=-1, hard=-1),
        Ulimit(name="stack", soft=stack_bytes, hard=stack_bytes),
    ]


def docker_engine() -> DockerEngine:
    """Return the engine that answers on this machine.

    Raises:
        EngineNotFoundError: None does.
    """
    from mlbox.engine.connect import connect  # noqa: PLC0415

    return DockerEngine(connect())
