"""Builds, through ``docker buildx build``: docker's SDK has only the builder of long ago."""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbox.engine.failures import build_failure
from mlbox.engine.polling import polled
from mlbox.engine.progress import Progress, RawJson
from mlbox.engine.protocol import HEARTBEAT_SECONDS, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.engine.connect import Connection
    from mlbox.engine.protocol import BuildRequest, OnEvent

GRACE_SECONDS = 10  # between asking buildx to cancel and killing it
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def build(connection: Connection, request: BuildRequest, on_event: OnEvent) -> str:
    """Build an image and return its digest.

    Raises:
        BuildError: The build failed.
    """
    progress = Progress()
    step = ""
    with tempfile.TemporaryDirectory(prefix="mlbox-build-") as name:
        folder = Path(name)
        # a file: what comes on stdin, buildx copies to a temporary folder that it leaves behind
        (folder / "Dockerfile").write_text(request.dockerfile, encoding="utf-8")
        process = _start(connection, request, folder)
        with _cancelled_with(process):
            for item in polled(_decode(process), every=HEARTBEAT_SECONDS):
                if item is None:
                    on_event(Event(kind="progress", step=step))
                    continue
                for event in progress.events(item):
                    step = event.step
                    on_event(event)
        if process.wait() != 0:
            raise build_failure(progress, request)
        return (folder / "iid").read_text(encoding="utf-8").strip()


def _start(connection: Connection, request: BuildRequest, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (*connection.buildx, *_arguments(request, folder)),
        env={**os.environ, "DOCKER_HOST": connection.host},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches us alone; we pass it on, once
    )


def _arguments(request: BuildRequest, folder: Path) -> tuple[str, ...]:
    """Return the arguments after ``docker buildx``; the folder has the Dockerfile."""
    target = ("--target", request.target) if request.target else ()
    pairs = (
        *(("--label", f"{key}={value}") for key, value in request.labels.items()),
        *(("--build-context", f"{name}={place}") for name, place in request.contexts.items()),
        *(
            ("--secret", _csv(f"id={name}", f"src={path}"))
            for name, path in request.secrets.items()
        ),
        *(("--build-arg", name) for name in _PROXIES if name in os.environ),
    )
    return (
        "build",
        "--progress=rawjson",
        "--builder=default",  # the engine's own, which sees its images, whatever `buildx use` says
        "--provenance=false",  # its time stamp would change the digest of an unchanged image
        f"--iidfile={folder / 'iid'}",
        f"--platform={request.platform}",
        f"--tag={request.tag}",
        *target,
        *(word for pair in pairs for word in pair),
        f"--file={folder / 'Dockerfile'}",
        str(request.context),
    )


def _csv(*fields: str) -> str:
    """One line of CSV, as buildx reads it: a path may have a comma or a quote in it."""
    return ",".join('"{}"'.format(field.replace('"', '""')) for field in fields)


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


def _decode(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any] | str]:
    """Yield buildx's stderr, decoded as it arrives."""
    assert process.stderr is not None  # noqa: S101  (asked for when it was started)
    raw, text = RawJson(), codecs.getincrementaldecoder("utf-8")("replace")
    with process.stderr as stderr:
        while chunk := os.read(stderr.fileno(), 1 << 16):
            yield from raw.feed(text.decode(chunk))
    yield from raw.close()
