"""Builds and containers on a real engine."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlbox.engine import BuildRequest, Event, ExitState
from mlbox.engine.containers import creation
from mlbox.errors import BuildError, EngineError, HostError
from mlbox.plan import WORKSPACE, Mount, RunPlan

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

    from mlbox.engine.docker import DockerEngine

pytestmark = pytest.mark.engine
MiB = 2**20


class StopError(Exception):
    """What a receiver of events raises to cancel."""


def plan(image: str, code: str, **changes: object) -> RunPlan:
    name = f"mlbox-test-{secrets.token_hex(4)}"
    argv = ("python3", "-u", "-c", code)
    return RunPlan(image=image, argv=argv, name=name, network="none", **changes)  # type: ignore[arg-type]  # mypy: one **


def processes(word: str) -> list[str]:
    """The command lines on this machine, in containers too, that have this word in them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if word in line]


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def log(events: list[Event], stream: int) -> list[str]:
    return [event.text for event in events if event.kind == "log" and event.stream == stream]


# Builds


def test_a_build_tells_its_steps_in_order_and_a_second_one_that_nothing_changed(
    build: Callable[..., str],
) -> None:
    text = f"RUN echo {secrets.token_hex(4)} && sleep 0.5 && echo error >&2 && printf half"
    first: list[Event] = []
    second: list[Event] = []
    made = build(text, first.append)
    step = [event for event in first if "RUN" in event.step and event.kind != "progress"]
    assert [event.kind for event in step] == ["started", "log", "log", "log", "finished"]
    assert log(step, 1) == [text.split()[2], "half"]
    assert log(step, 2) == ["error"]
    assert 0.5 <= step[-1].seconds < 60
    assert made.startswith("sha256:")
    assert build(text, second.append) == made
    assert [event.kind for event in second if "RUN" in event.step] == ["cached"]


def test_a_build_that_fails_says_where_and_what_was_printed_last(
    build: Callable[..., str],
) -> None:
    text = "RUN true\nRUN echo begun && \\\n    echo 'no such thing' >&2 && exit 3"
    with pytest.raises(BuildError) as caught:
        build(text)
    error = caught.value
    assert error.line == 3
    assert sorted(error.log_tail) == ["begun", "no such thing"]  # two streams, either first
    marked = [line.strip() for line in error.excerpt if ">>>" in line]
    assert marked == [
        "3 | >>> RUN echo begun && \\",
        "4 | >>>     echo 'no such thing' >&2 && exit 3",
    ]
    assert "exited with code 3" in error.why
    assert "no such thing" in error.why


@pytest.mark.parametrize("flood", ["", "yes abcdefghijklmnopqrstuvwxyz & "])
def test_a_build_that_is_canceled_stops_within_seconds_and_leaves_no_process(
    build: Callable[..., str], flood: str
) -> None:
    seconds = f"300.{secrets.randbelow(10**6)}"

    def cancel(event: Event) -> None:
        if event.kind == "log":
            assert processes(f"sleep {seconds}")
            raise StopError

    began = time.monotonic()
    with pytest.raises(StopError):
        build(f"RUN sleep {seconds} & sleep 0.3 && echo begun && {flood}wait", cancel)
    assert time.monotonic() - began < 15
    wait_until(lambda: not processes(f"sleep {seconds}"))
    assert not processes("buildx build --progress=rawjson --builder=default")


def test_paths_with_commas_quotes_and_letters_from_afar_reach_the_build(
    runner: DockerEngine, base: str, token: str, tmp_path: Path
) -> None:
    folder = tmp_path / 'a, "b" = ж'
    (folder / "more").mkdir(parents=True)
    (folder / "secret").write_text("whispered")
    (folder / "more" / "file").write_text("in another context")
    request = BuildRequest(
        dockerfile=f"FROM {base}\n"
        "RUN --mount=type=secret,id=word --mount=type=bind,from=more,target=/more "
        "cat /run/secrets/word /more/file | sha256sum\n",
        tag=f"mlbox/{token}:paths",
        context=folder,
        contexts={"more": str(folder / "more")},
        secrets={"word": folder / "secret"},
    )
    assert runner.build(request, lambda _: None)


def test_a_registry_that_cannot_be_reached_leads_to_a_base_of_one_s_own(
    runner: DockerEngine, tmp_path: Path
) -> None:
    text = "FROM registry.invalid/some/python:3.11\n"
    request = BuildRequest(dockerfile=text, tag="mlbox/nothing", context=tmp_path)
    with pytest.raises(BuildError) as caught:
        runner.build(request, lambda _: None)
    assert caught.value.what == (
        "The base image registry.invalid/some/python:3.11 could not be pulled."
    )
    assert caught.value.why
    assert "mlbox base build" in caught.value.fix
    assert caught.value.exit_code == 5


def test_an_image_that_is_not_there_is_no_error(runner: DockerEngine, image: str) -> None:
    assert runner.image("mlbox/nosuch:image") is None
    found = runner.image(image)
    assert found is not None
    assert found.id == image


def test_a_name_that_is_none_is_an_error_in_three_parts(runner: DockerEngine) -> None:
    with pytest.raises(EngineError) as caught:
        runner.image("No Such Name!")
    assert "No Such Name!" in caught.value.what
    assert caught.value.fix


# Runs


def test_stdout_and_stderr_arrive_apart_while_the_container_still_runs(
    runner: DockerEngine, image: str, tmp_path: Path
) -> None:
    """The program ends only after both of its lines were seen here."""
    code = (
        "import pathlib, sys, time\n"
        "print('to stdout'); print('to stderr', file=sys.stderr)\n"
        "while not pathlib.Path('seen').exists(): time.sleep(0.02)\n"
        "sys.stdout.buffer.write(b'caf\\xc3\\xa9 \\xff\\r\\nno newline')"
    )
    tmp_path.chmod(0o777)
    events: list[Event] = []

    def receive(event: Event) -> None:
        events.append(event)
        if log(events, 1) and log(events, 2):
            (tmp_path / "seen").touch()

    mounts = (Mount(source=str(tmp_path), target=WORKSPACE, read_only=False),)
    state = runner.run(plan(image, code, mounts=mounts, timeout_seconds=30), receive)
    assert state == ExitState(exit_code=0)
    assert log(events, 1) == ["to stdout", "café \ufffd", "no newline"]
    assert log(events, 2) == ["to stderr"]


def test_the_exit_code_is_kept_and_the_container_is_not(
    runner: DockerEngine, image: str, client: docker.DockerClient
) -> None:
    asked = plan(image, "raise SystemExit(3)")
    assert runner.run(asked, lambda _: None) == ExitState(exit_code=3)
    assert client.containers.list(all=True, filters={"name": asked.name}) == []


def test_a_program_without_enough_memory_is_reported_as_such(
    runner: DockerEngine, image: str, client: docker.DockerClient
) -> None:
    if not client.info()["MemoryLimit"]:
        pytest.skip("this kernel does not limit memory")
    state = runner.run(plan(image, "bytearray(2**30)", memory_bytes=64 * MiB), lambda _: None)
    assert state == ExitState(exit_code=137, oom_killed=True)


def test_a_run_ends_when_its_time_is_up(runner: DockerEngine, image: str) -> None:
    code = "import time; print('begun'); time.sleep(300)"
    began = time.monotonic()
    state = runner.run(plan(image, code, timeout_seconds=1), lambda _: None)
    assert state.timed_out
    assert state.signal == 15
    assert time.monotonic() - began < 9


def test_a_program_that_is_canceled_has_time_to_save_what_it_has(
    runner: DockerEngine, image: str, client: docker.DockerClient, tmp_path: Path
) -> None:
    code = (
        "import pathlib, signal, sys, time\n"
        "def save(*_):\n"
        "    pathlib.Path('checkpoint').write_text('weights'); print('saved'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        "print('ready'); time.sleep(300)"
    )
    tmp_path.chmod(0o777)
    events: list[Event] = []

    def cancel(event: Event) -> None:
        events.append(event)
        if event.text == "ready":
            raise StopError

    mounts = (Mount(source=str(tmp_path), target=WORKSPACE, read_only=False),)
    asked = plan(image, code, mounts=mounts)
    with pytest.raises(StopError):
        runner.run(asked, cancel)
    assert (tmp_path / "checkpoint").read_text() == "weights"
    assert log(events, 1) == ["ready", "saved"]
    assert client.containers.list(all=True, filters={"name": asked.name}) == []


def test_a_container_that_is_killed_from_outside_ends_the_run(
    runner: DockerEngine, image: str, client: docker.DockerClient
) -> None:
    asked = plan(image, "import time; print('begun'); time.sleep(300)")

    def kill(event: Event) -> None:
        if event.kind == "log":
            client.containers.get(asked.name).kill()

    state = runner.run(asked, kill)
    assert (state.exit_code, state.signal, state.oom_killed) == (137, 9, False)


def test_a_container_gets_what_its_plan_says(
    runner: DockerEngine, image: str, client: docker.DockerClient, token: str
) -> None:
    code = (
        "import os\n"
        "shm = os.statvfs('/dev/shm')\n"
        "print(shm.f_blocks * shm.f_frsize, os.environ['WORD'], os.getuid(), os.getgid())\n"
        "print(open('/proc/1/comm').read().strip())"
    )
    asked = plan(
        image,
        code,
        env={"WORD": "grüße $HOME"},
        user="4321:1234",
        shm_bytes=123 * MiB,
        cpus=1.5,
        labels={"mlbox.test": token},
    )
    seen: list[Event] = []
    settings: list[dict[str, object]] = []

    def inspect(event: Event) -> None:
        seen.append(event)
        if event.kind == "started":
            settings.append(client.api.inspect_container(asked.name))

    assert runner.run(asked, inspect).exit_code == 0
    assert log(seen, 1) == [f"{123 * MiB} grüße $HOME 4321 1234", "tini"]
    config, host = settings[0]["Config"], settings[0]["HostConfig"]
    assert config["Labels"]["mlbox.test"] == token  # type: ignore[index]  # the SDK has no types for it
    assert host["NanoCpus"] == 1_500_000_000  # type: ignore[index]


def test_runs_have_a_network_of_their_own(
    runner: DockerEngine, image: str, client: docker.DockerClient
) -> None:
    asked = RunPlan(
        image=image,
        argv=("python3", "-c", "import os; print(sorted(os.listdir('/sys/class/net')))"),
        name=f"mlbox-test-{secrets.token_hex(4)}",
    )
    events: list[Event] = []
    assert runner.run(asked, events.append).exit_code == 0
    assert log(events, 1) == ["['eth0', 'lo']"]
    networks = client.networks.list(filters={"label": "mlbox=network"})
    assert [network.name for network in networks] == ["mlbox"]
    assert runner.run(plan(image, "import os; os.listdir('/')"), events.append).exit_code == 0


@pytest.mark.parametrize(("gpus", "count"), [("all", -1), (2, 2)])
def test_gpus_are_requested_as_docker_does_it(
    runner: DockerEngine, image: str, client: docker.DockerClient, gpus: int | str, count: int
) -> None:
    asked = plan(image, "pass", gpus=gpus)
    container = client.api.create_container(**creation(client.api, asked))["Id"]
    try:
        host = client.api.inspect_container(container)["HostConfig"]
    finally:
        client.api.remove_container(container)
    (request,) = host["DeviceRequests"]
    assert (request["Driver"], request["Count"]) == ("nvidia", count)
    assert (request["Capabilities"], request["DeviceIDs"] or []) == ([["gpu"]], [])
    assert {limit["Name"]: limit["Hard"] for limit in host["Ulimits"]} == {
        "memlock": -1,
        "stack": 64 * MiB,
    }


def test_a_machine_without_gpus_says_so(
    runner: DockerEngine, image: str, client: docker.DockerClient
) -> None:
    if "nvidia" in client.info()["Runtimes"]:
        pytest.skip("this machine has NVIDIA's runtime")
    asked = plan(image, "pass", gpus="all")
    with pytest.raises(HostError) as caught:
        runner.run(asked, lambda _: None)
    assert caught.value.what == "This machine cannot give a container all GPU(s)."
    assert "could not select device driver" in caught.value.why
    assert "NVIDIA Container Toolkit" in caught.value.fix
    assert caught.value.exit_code == 4
    assert client.containers.list(all=True, filters={"name": asked.name}) == []


def test_a_program_or_an_image_that_is_not_there_is_named(runner: DockerEngine, base: str) -> None:
    missing = RunPlan(image=base, argv=("nosuch",), name="mlbox-test-missing", network="none")
    with pytest.raises(EngineError, match="'nosuch' could not be started"):
        runner.run(missing, lambda _: None)
    gone = plan("sha256:" + "0" * 64, "pass")
    with pytest.raises(EngineError, match="is gone"):
        runner.run(gone, lambda _: None)


def test_a_build_leaves_nothing_in_the_folder_for_temporary_files(
    build: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    build("RUN true")
    assert list(tmp_path.iterdir()) == []
