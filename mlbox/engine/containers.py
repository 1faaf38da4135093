"""Containers, through the engine's API."""

from __future__ import annotations

import codecs
import contextlib
import threading
from typing import TYPE_CHECKING, Any, Literal

from mlbox.engine.failures import start_failure
from mlbox.engine.polling import polled
from mlbox.engine.protocol import HEARTBEAT_SECONDS, RUN_STEP, Event, ExitState
from mlbox.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient

    from mlbox.engine.protocol import OnEvent
    from mlbox.plan import RunPlan

NETWORK = "mlbox"
NEVER = 10 * 365 * 86400  # seconds; the SDK's annotations know no other way to say it
GRACE_SECONDS = 10  # between SIGTERM and SIGKILL, for a program to save what it has


def run(host: str, plan: RunPlan, on_event: OnEvent) -> ExitState:
    """Run a container to its end, stream its output, remove it, and say how it ended.

    Raises:
        EngineError: It could not be started.
        HostError: This machine lacks what it asks for.
    """
    from docker import APIClient  # noqa: PLC0415  (150 ms: loads on use)
    from docker.errors import APIError  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415  (docker's own way to the engine)

    # no timeout: a run may be silent for hours
    with contextlib.closing(APIClient(base_url=host, timeout=NEVER)) as api:
        container = None
        try:
            _ensure_network(api, plan.network)
            container = api.create_container(**creation(api, plan))["Id"]
            return _run(api, container, plan, on_event)
        except APIError as error:
            raise start_failure(error.explanation or str(error), plan) from error
        except RequestException as error:
            raise EngineError(
                "The Docker Engine stopped while the container ran.",
                why=f"{error}.",
                fix="Start it again (`mlbox engine up` for the private one), then train again.",
            ) from error
        finally:
            if container:  # not auto_remove: it would take exit code and OOM flag with it
                with contextlib.suppress(APIError, RequestException):
                    api.remove_container(container, v=True, force=True)


def creation(api: APIClient, plan: RunPlan) -> dict[str, Any]:
    """Return what the engine is asked to create for a plan."""
    from docker.types import Mount  # noqa: PLC0415  (loads on use)

    host = api.create_host_config(
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


def _ensure_network(api: APIClient, network: str) -> None:
    """Make mlbox's own bridge: another daemon on the host can take the default one away."""
    if network == NETWORK and not api.networks(names=[f"^{NETWORK}$"]):
        api.create_network(NETWORK, driver="bridge", labels={"mlbox": "network"})


def _run(api: APIClient, container: str, plan: RunPlan, on_event: OnEvent) -> ExitState:
    with _output(api, container) as frames, _limited(api, container, plan) as timed_out:
        lines = polled(_lines(frames), every=HEARTBEAT_SECONDS)
        on_event(Event(kind="started", step=RUN_STEP))
        api.start(container)
        try:
            for event in lines:
                on_event(event or Event(kind="progress", step=RUN_STEP))
            api.wait(container)
        except BaseException:
            api.stop(container, timeout=GRACE_SECONDS)
            for event in lines:  # its last words, while it was stopping
                with contextlib.suppress(BaseException):  # who asked to stop may ask again
                    on_event(event or Event(kind="progress", step=RUN_STEP))
            raise
    state = api.inspect_container(container)["State"]
    return ExitState(
        exit_code=state["ExitCode"],
        oom_killed=bool(state.get("OOMKilled")),
        timed_out=timed_out.is_set(),
    )


@contextlib.contextmanager
def _output(api: APIClient, container: str) -> Iterator[Iterator[tuple[int, bytes]]]:
    """Attach to a container: (stream, bytes) as they come, 1 for stdout and 2 for stderr."""
    from docker.utils.socket import frames_iter  # noqa: PLC0415  (loads on use)

    # not "logs": attached before the start, it has all there will be, and would print it twice
    wanted = {"stdout": 1, "stderr": 1, "stream": 1}
    channel = api.attach_socket(container, params=wanted)
    try:
        yield frames_iter(channel, tty=False)  # type: ignore[no-untyped-call]  # half of the stubs
    finally:
        channel._response.close()  # noqa: SLF001  (docker's SDK has no other way to close it)
        channel.close()


@contextlib.contextmanager
def _limited(api: APIClient, container: str, plan: RunPlan) -> Iterator[threading.Event]:
    """Stop the container when its time is up; the event says whether it was."""
    timed_out = threading.Event()

    def stop() -> None:
        timed_out.set()
        api.stop(container, timeout=GRACE_SECONDS)

    timer = threading.Timer(plan.timeout_seconds, stop)
    timer.daemon = True
    if plan.timeout_seconds:
        timer.start()
    try:
        yield timed_out
    finally:
        timer.cancel()


class _Stream:
    """One stream of a container, cut into lines as it arrives."""

    def __init__(self, number: Literal[1, 2]) -> None:
        self._number = number
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        *lines, self._rest = (self._rest + self._decoder.decode(chunk)).split("\n")
        yield from map(self._event, lines)

    def close(self) -> Iterator[Event]:
        if self._rest:
            yield self._event(self._rest)

    def _event(self, line: str) -> Event:
        return Event(kind="log", step=RUN_STEP, text=line.rstrip("\r"), stream=self._number)


def _lines(frames: Iterator[tuple[int, bytes]]) -> Iterator[Event]:
    """Yield one event per line, of stdout and stderr in the order they were printed."""
    streams = {1: _Stream(1), 2: _Stream(2)}
    for number, chunk in frames:
        yield from streams[number].feed(chunk)
    for stream in streams.values():
        yield from stream.close()


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
