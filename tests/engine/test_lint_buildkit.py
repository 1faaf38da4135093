"""The golden files of tricky Dockerfiles are BuildKit's own words: it is asked again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from engine.dockerfiles import TRICKY, UNASKED, BuildKit, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

    from mlbox.engine.connect import Connection

pytestmark = pytest.mark.engine

NAMES = sorted(path.stem for path in TRICKY.glob("*.Dockerfile") if path.stem not in UNASKED)


@pytest.fixture(scope="module")
def tag(base: str, client: docker.DockerClient, token: str) -> Iterator[str]:
    """A name for what is built; the files name the base image of Debian's packages."""
    assert base == "mlbox/debian:bookworm-python3.11"
    name = f"mlbox/{token}:tricky"
    yield name
    client.images.remove(name, force=True)


@pytest.mark.parametrize("name", NAMES)
def test_buildkit_says_what_the_golden_file_says(
    name: str, connection: Connection, tag: str
) -> None:
    golden = json.loads((TRICKY / f"{name}.json").read_text(encoding="utf-8"))
    found = truth(BuildKit(connection), (TRICKY / f"{name}.Dockerfile").read_bytes(), tag)
    if name.startswith("flags-newer-") and found["verdict"] == "ok":
        return  # a newer BuildKit than the one that was asked first
    golden.pop("message", None)
    found.pop("message", None)  # its words may change
    assert found == golden
