"""The doctor with a real engine, and one real container."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from machines import write

from mlbox.doctor import Case, examine
from mlbox.engine.connect import engine_home
from mlbox.probe import Machine, look, run_program
from mlbox.probe.trial import LABEL, try_container

if TYPE_CHECKING:
    from pathlib import Path

    import docker

    from mlbox.engine.connect import Connection

    from .conftest import Cli

pytestmark = pytest.mark.engine


def test_one_real_container_runs_and_is_removed(
    cli: Cli, base: str, client: docker.DockerClient
) -> None:
    done = cli("doctor", "--probe", "--json")
    document = json.loads(done.stdout)
    trial = document["host"]["trial"]
    assert (trial["problem"], trial["uid"]) == ("", 0)
    assert trial["shm_bytes"] == 64 * 2**20
    assert trial["gateway"] is True
    assert not client.containers.list(all=True, filters={"label": LABEL})


def test_without_an_engine_the_rest_is_still_reported(cli: Cli, tmp_path: Path) -> None:
    done = cli("doctor", "--json", env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    document = json.loads(done.stdout)
    assert done.returncode == 4
    assert [one["slug"] for one in document["findings"] if one["severity"] == "error"] == [
        "engine-unreachable"
    ]
    assert document["host"]["shm_bytes"]


def test_with_an_empty_path_it_answers(cli: Cli) -> None:
    assert json.loads(cli("doctor", "--json", env={"PATH": ""}).stdout)["checks"]


def test_a_container_with_a_gpu_fails_in_the_engines_own_words(
    base: str, connection: Connection, client: docker.DockerClient
) -> None:
    host = look()
    if host.nvidia.hook or host.nvidia.gpus:
        pytest.skip("this machine has NVIDIA's toolkit")
    trial = try_container(connection.host, gpus=True)
    assert (trial.problem, trial.image) == ("", base)
    assert "could not select device driver" in trial.gpu_problem
    found = [
        one for done in examine(Case(host=replace(host, trial=trial))) for one in done.findings
    ]
    fix = next(one.fix for one in found if one.slug == "probe-gpu-failed")
    assert "nvidia-ctk runtime configure" in fix
    assert not client.containers.list(all=True, filters={"label": LABEL})


@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="asks for root")
def test_with_the_network_cut_it_says_the_same(cli: Cli, tmp_path: Path) -> None:
    argv = ("unshare", "--net", sys.executable, "-m", "mlbox", "doctor", "--json")
    cut = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    names = {one["code"] for one in json.loads(cut.stdout)["findings"]}
    assert names == {one["code"] for one in json.loads(cli("doctor", "--json").stdout)["findings"]}


@pytest.mark.skipif(not shutil.which("setpriv") or os.geteuid() != 0, reason="asks for root")
def test_an_ordinary_user_is_told_who_may_use_the_engine(
    tmp_path: Path, connection: Connection
) -> None:
    closed = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(closed))
        closed.chmod(0o660)
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_mode & 0o001 == 0:
                folder.chmod(0o711)
        drop = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        ran = subprocess.run(
            (*drop, sys.executable, "-m", "mlbox", "doctor", "--json"),
            cwd="/",
            env={**os.environ, "HOME": str(tmp_path), "DOCKER_HOST": f"unix://{closed}"},
            capture_output=True,
            text=True,
            check=False,
        )
    document = json.loads(ran.stdout)
    errors = [one["code"] for one in document["findings"] if one["severity"] == "error"]
    assert (ran.returncode, errors) == (4, ["MLH102"])
    assert document["host"]["socket"]["mode"] == "0660"


def test_an_engine_that_hangs_costs_its_own_checks_alone(cli: Cli, tmp_path: Path) -> None:
    place = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        done = cli("doctor", "--json", env={"DOCKER_HOST": f"unix://{place}"})
    document = json.loads(done.stdout)
    assert "gives no answer within" in document["findings"][0]["why"]
    assert document["host"]["shm_bytes"]


def test_the_script_of_this_machine_is_valid_shell(cli: Cli) -> None:
    done = cli("doctor", "--print-fix", "--cache-budget", "1B")
    subprocess.run(["sh", "-n"], input=done.stdout, text=True, check=True)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (b"", True),
        (b"null", True),
        (b"\xef\xbb\xbf{}", True),
        (b'{"runtimes": {"nvidia": {"path": "nvidia-container-runtime", "args": []}}}', True),
        (b'{"runtimes": {},}', False),
        (b'{"debug": tru', False),
        (b"[]", False),
        (b'{"runtimes": []}', False),
        (b'{"default-runtim": "nvidia"}', False),
    ],
)
def test_a_configuration_is_valid_where_dockerd_takes_it(
    tmp_path: Path, text: bytes, *, valid: bool
) -> None:
    private = engine_home().tree / "usr/sbin/dockerd"
    dockerd = str(private) if private.exists() else shutil.which("dockerd")
    if not dockerd:
        pytest.skip("no dockerd to ask")
    write(tmp_path, {"etc/docker/daemon.json": text, "usr/bin/dockerd": b""}, {})
    asked = (dockerd, "--validate", "--config-file", str(tmp_path / "etc/docker/daemon.json"))
    host = look(Machine(root=tmp_path, run=lambda _: run_program(asked)))
    assert (host.daemon_json_problem == "") == valid, host.daemon_json_problem
