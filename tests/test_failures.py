"""What engines said, and what mlbox makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlbox.engine import BuildRequest
from mlbox.engine.failures import build_failure, start_failure
from mlbox.engine.progress import Progress, RawJson
from mlbox.errors import BuildError, EngineError, HostError
from mlbox.plan import RunPlan

RECORDED = Path(__file__).parent / "data" / "buildx-failed.json"
REQUEST = BuildRequest(dockerfile="", tag="mlbox/box:latest", context=Path())
PLAN = RunPlan(image="sha256:0", argv=("python", "train.py"), name="box", gpus=2)

# As Engine 26.1.5 and buildx 0.13.1 printed them.
NO_REGISTRY = """\
Dockerfile:1
--------------------
   1 | >>> FROM registry.invalid/python:3.11
   2 |     RUN true
   3 |     
--------------------
ERROR: failed to solve: registry.invalid/python:3.11: failed to resolve source metadata for \
registry.invalid/python:3.11: failed to do request: Head \
"https://registry.invalid/v2/python/manifests/3.11": dial tcp: lookup registry.invalid: no such host
"""  # noqa: W291  (as it was printed)
NOT_MADE = """\
ERROR: failed to solve: mlbox/debian:trixie-python3.13: failed to resolve source metadata for \
docker.io/mlbox/debian:trixie-python3.13: pull access denied, repository does not exist or may \
require authorization
"""
DISK_FULL = """\
ERROR: failed to solve: process "/bin/sh -c dd if=/dev/zero of=/fill" did not complete \
successfully: exit code: 1
"""
NO_FILE = """\
Dockerfile:2
--------------------
   1 |     FROM scratch
   2 | >>> COPY nothing /
--------------------
ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref \
x::y: "/nothing": not found
"""


def failed(text: str, step: str | None, *log: str) -> BuildError:
    progress = Progress()
    raw = RawJson()
    for item in (*raw.feed(text), *raw.close()):
        list(progress.events(item))
    progress.failed_step = progress.failed_step or step
    if step:
        vertex = {"digest": "a", "name": step, "started": "2026-01-01T00:00:00Z"}
        list(progress.events(json.loads(json.dumps({"vertexes": [vertex]}))))
        progress._vertices["a"].log.extend(log)
    return build_failure(progress, REQUEST)


def test_a_step_that_failed_is_told_with_its_line_and_its_last_words() -> None:
    error = failed(RECORDED.read_text(encoding="utf-8"), None)
    assert error.what.startswith("The build of mlbox/box:latest failed at: [fast 2/2] RUN printf")
    assert error.what.endswith("(line 5 of the Dockerfile).")
    assert "\n" not in error.what
    assert error.why == "It exited with code 3 after it printed:\n  it begins\n  no such package"
    assert "cached" in error.fix
    assert error.line == 5
    assert error.excerpt[1].startswith("   5 | >>> RUN")
    assert error.log_tail == ("it begins", "no such package")


def test_a_registry_that_cannot_be_reached_leads_to_the_base_of_one_s_own() -> None:
    error = failed(NO_REGISTRY, "[internal] load metadata for registry.invalid/python:3.11")
    assert error.what == "The base image registry.invalid/python:3.11 could not be pulled."
    assert "no such host" in error.why
    assert "mlbox base build" in error.fix
    assert error.line == 1


def test_a_base_of_one_s_own_that_was_not_made_is_no_registry_s_fault() -> None:
    step = "[internal] load metadata for docker.io/mlbox/debian:trixie-python3.13"
    error = failed(NOT_MADE, step)
    assert error.what == "The base image mlbox/debian:trixie-python3.13 was not made yet."
    assert "mlbox base build --python 3.13" in error.fix


def test_a_full_disk_is_told_as_one_whoever_noticed_it() -> None:
    log = "dd: error writing '/fill': No space left on device"
    error = failed(DISK_FULL, "[2/2] RUN dd if=/dev/zero of=/fill", log)
    assert error.what == "The disk of the Docker Engine is full."
    assert "RUN dd" in error.why
    assert "docker builder prune" in error.fix


def test_a_step_without_a_log_is_told_by_the_engine_s_own_reason() -> None:
    error = failed(NO_FILE, "[1/1] COPY nothing /")
    assert error.why.endswith('"/nothing": not found')
    assert error.line == 2


def test_trouble_with_the_network_in_a_run_is_not_a_missing_base() -> None:
    text = 'ERROR: failed to solve: process "/bin/sh -c x" did not complete: exit code: 2\n'
    error = failed(text, "[2/2] RUN x", "curl: dial tcp: no such host")
    assert "failed at: [2/2] RUN x" in error.what


def test_a_build_that_says_nothing_is_an_error_in_three_parts_all_the_same() -> None:
    error = failed("", None)
    assert error.what
    assert error.why == "buildx gave no reason."
    assert error.fix


@pytest.mark.parametrize(
    ("explanation", "kind", "word"),
    [
        ('could not select device driver "nvidia" with capabilities: [[gpu]]', HostError, "nvidia"),
        ('exec: "nosuch": executable file not found in $PATH', EngineError, "train.command"),
        ("No such image: sha256:0", EngineError, "built anew"),
        ("anything else", EngineError, "mlbox engine status"),
    ],
)
def test_a_container_that_does_not_start_is_explained(
    explanation: str, kind: type[EngineError], word: str
) -> None:
    error = start_failure(explanation, PLAN)
    assert isinstance(error, kind)
    assert error.what
    assert error.why
    assert word in error.fix
