"""Builds and runs beside plain Docker: ``python benchmarks/engine.py [--base debian]``.

Needs a Docker Engine (``mlbox engine up``). Works on a copy of ``examples/digits``; the first
build downloads torch.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import seconds_of, side_by_side

from mlbox.engine.connect import connect
from mlbox.record import RunStore
from mlbox.spec import load_project

MLBOX = str(Path(sys.executable).with_name("mlbox"))
EXAMPLE = Path(__file__).parent.parent / "examples/digits"
ROUNDS = 15
FIRST_LINE = 'print("first line", flush=True)\n'


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="auto", help="base image, as in the spec")
    args = parser.parse_args()
    box = f"benchmark-{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="mlbox-benchmark-") as name:
        project = Path(name) / "digits"
        shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns(".mlbox", "out"))
        # a name of its own: an image of the same content would be reused, and no context written
        spec = ("--project", str(project), "--base", args.base, "--name", box)
        _compare_builds(project, spec)
        _compare_first_lines(project, spec)
        _remove_images(box)


def _remove_images(name: str) -> None:
    tags = (f"mlbox/{name}:latest", f"mlbox/{name}:runtime", "mlbox/benchmark:plain")
    host = {**os.environ, "DOCKER_HOST": connect().host}
    _silent("docker", "rmi", *tags, environment=host)


def _compare_builds(project: Path, spec: tuple[str, ...]) -> None:
    """A second build with nothing changed, beside buildx on the same Dockerfile and context."""
    build = (MLBOX, "build", "--quiet", *spec)
    _silent(*build)
    plain = _plain_build(project, spec)
    plain()
    side_by_side(
        "a second build, nothing changed (digits)",
        ("mlbox build", lambda: seconds_of(lambda: _silent(*build))),
        ("docker buildx build", lambda: seconds_of(plain)),
        rounds=ROUNDS,
        target="ratio at most 1",
    )


def _plain_build(project: Path, spec: tuple[str, ...]):  # noqa: ANN202  (a function of no arguments)
    """The same build without mlbox: same Dockerfile, same context, same engine."""
    state = project / ".mlbox/build"
    render = (MLBOX, "render", *spec)
    dockerfile = project / ".mlbox/Dockerfile"
    text = subprocess.run(render, check=True, capture_output=True, text=True).stdout
    dockerfile.write_text(text, encoding="utf-8")
    argv = (
        *("docker", "buildx", "build", "--quiet", "--provenance=false"),
        *("--build-context", f"uv={state / 'uv'}"),
        *("--build-context", f"wheelhouse={state / 'wheelhouse'}"),
        *("--tag", "mlbox/benchmark:plain", "--file", str(dockerfile), str(state / "context")),
    )
    environment = _docker_environment(project)
    return lambda: subprocess.run(
        argv, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _docker_environment(project: Path) -> dict[str, str]:
    """An environment in which ``docker buildx`` is what mlbox uses, also with a private engine."""
    connection = connect()
    plugins = project / ".mlbox/docker/cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    if len(connection.buildx) == 1:
        (plugins / "docker-buildx").symlink_to(connection.buildx[0])
    return {**os.environ, "DOCKER_HOST": connection.host, "DOCKER_CONFIG": str(plugins.parent)}


def _compare_first_lines(project: Path, spec: tuple[str, ...]) -> None:
    """From an edit of the code to the first line of its log, beside docker run of that image."""
    script = project / "train.py"
    original = script.read_text(encoding="utf-8")
    # the example's own imports, torch among them, and then one line
    imports = original.split("\ndef ")[0]
    train = (MLBOX, "train", *spec, "--command")
    command = "python -c 'import runpy; runpy.run_path(\"train.py\")'"
    count = 0

    def edited() -> float:
        nonlocal count
        count += 1
        script.write_text(f"{imports}\n# edit {count}\n{FIRST_LINE}", encoding="utf-8")
        return _until_first_line(*train, command, allowed=(0, 6))

    edited()
    image = RunStore(load_project(project).root).read("last").image
    work = f"{project}:/workspace"
    plain = ("docker", "run", "--rm", "--init", "--volume", work, str(image), "python", "train.py")
    side_by_side(
        "code edit -> first log line (digits, torch imported)",
        ("mlbox train", edited),
        ("docker run of the same image", lambda: _until_first_line(*plain)),
        rounds=ROUNDS,
        target="ratio at most 1.5",
    )


def _until_first_line(*argv: str, allowed: tuple[int, ...] = (0,)) -> float:
    """Return the seconds from the start of a process to the first line it prints on stdout."""
    environment = {**os.environ, "DOCKER_HOST": connect().host}
    began = time.perf_counter()
    process = subprocess.Popen(
        argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None  # noqa: S101  (asked for)
    line = process.stdout.readline()
    seconds = time.perf_counter() - began
    process.communicate()
    if process.returncode not in allowed or "first line" not in line:
        message = f"{argv[0]} ended with {process.returncode} after {line!r}"
        raise RuntimeError(message)
    return seconds


def _silent(*argv: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=environment)


if __name__ == "__main__":
    main()
