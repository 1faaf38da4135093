"""The doctor with a real engine, and one real container."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlbox.probe.trial import LABEL

if TYPE_CHECKING:
    from pathlib import Path

    import docker

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
