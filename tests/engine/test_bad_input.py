"""Bad input, provoked for real: what happened, why, what to do, and the exit code."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest

from mlbox.engine import BuildRequest
from mlbox.engine.connect import Connection, engine_home, find_buildx
from mlbox.engine.docker import DockerEngine
from mlbox.errors import BuildError
from mlbox.lock import read_lock
from mlbox.record import RunStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.engine
DISK_MIB = 500

# A package whose build never ends; nothing has to be fetched to begin it.
ENDLESS = {
    "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'b'\nbackend-path = ['.']\n",
    "PKG-INFO": "Metadata-Version: 2.2\nName: endless\nVersion: 1.0\n",
    "b.py": "import subprocess\ndef build_wheel(*_, **__):\n    subprocess.run(['sleep', '{}'])\n",
}


def parts(stderr: str) -> tuple[str, str, str]:
    """The first line, what is between, and the last line of an error."""
    what, *why, fix = stderr.strip().split("\n")
    return what, "\n".join(why), fix


def processes(word: str) -> list[str]:
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            commands.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [command for command in commands if word in command]


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def spec(project: Path, **replaced: str) -> None:
    """Replace keys of the project's spec."""
    path = project / "mlbox.toml"
    head, train, tail = path.read_text().partition("[train]")
    kept = [line for line in head.splitlines() if line.partition(" ")[0] not in replaced]
    lines = [*kept, *(f"{key} = {value}" for key, value in replaced.items() if value)]
    path.write_text("\n".join(lines) + f"\n{train}{tail}")


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [
        ({"pyton": '"3"'}, 2, ("unknown key 'pyton'", "The keys are:", "Did you mean 'python'?")),
        ({"python": "3.11.4.5"}, 2, ("mlbox.toml is not valid TOML.", "line", "Correct")),
        ({"requirements": '"no.txt"'}, 2, ("'no.txt' does not exist", "nothing at", "Create it")),
        ({"packages": '["foo>"]'}, 2, ("'foo>' is not a requirement", "Expected", "numpy>=2")),
        ({"packages": '["./folder"]'}, 3, ("./folder has no hash.", "states none", "find-links")),
        (
            {"packages": '["a @ file:///a.whl"]'},
            3,
            ("a @ file:///a.whl has no hash", "", "uv build"),
        ),
        ({"packages": '["git+https://x.invalid/y"]'}, 3, ("has no hash.", "", "find-links")),
        ({"find-links": '"nowhere"'}, 2, ("'nowhere' does not exist", "nothing at", "Correct")),
        ({"ca-bundle": '"no.pem"'}, 2, ("'no.pem' does not exist", "nothing at", "Correct")),
        ({"base": '"Not A Name"'}, 2, ("'Not A Name'", "", "python:3.12")),
        ({"base": '"mlbox/debian:trixie-python3.13"'}, 5, ("not made yet", "", "--python 3.13")),
        ({"base": '"registry.invalid/a:1"'}, 5, ("could not be pulled", "", "mlbox base build")),
    ],
)
def test_a_spec_that_leads_nowhere_is_told_before_anything_is_lost(
    project: Path,
    cli: Callable[..., subprocess.CompletedProcess[str]],
    keys: dict[str, str],
    code: int,
    said: tuple[str, str, str],
) -> None:
    spec(project, **keys)
    before = sorted(path.name for path in project.iterdir())
    done = cli("train", cwd=project)
    assert done.returncode == code, done.stderr
    told = parts(done.stderr)
    for part, words in zip(told, said, strict=True):
        assert part
        assert words in part
    assert RunStore(project).all() == ()
    left = {path.name for path in project.iterdir()} - {".mlbox", "mlbox.lock"}
    assert sorted(left) == before


@pytest.mark.parametrize(
    ("line", "code", "what"),
    [
        ("-e .", 3, "-e . has no hash."),
        ("--editable=./x", 3, "--editable=./x has no hash."),
        ("git+https://example.invalid/x.git", 3, "has no hash."),
        ("--index-url https://example.invalid/", 2, "requirements.txt, line 2"),
        ("numpy=>2", 2, "requirements.txt, line 2: 'numpy=>2' is not a requirement."),
        ("-r more.txt", 2, "'more.txt' cannot be read."),
    ],
)
def test_a_line_of_a_requirements_file_that_cannot_be_locked_is_named(
    project: Path,
    cli: Callable[..., subprocess.CompletedProcess[str]],
    line: str,
    code: int,
    what: str,
) -> None:
    spec(project, requirements='"requirements.txt"')
    (project / "requirements.txt").write_text(f"# comment\n{line}\n")
    done = cli("lock", cwd=project)
    assert done.returncode == code
    told = parts(done.stderr)
    assert what in told[0]
    assert all(told)
    assert not (project / "mlbox.lock").exists()


def test_a_package_that_does_not_exist_is_named(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    spec(project, packages='["no-such-package-of-mlbox-tests"]')
    (project / "wheels").mkdir()
    for env in ({}, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "./wheels"}):
        done = cli("lock", cwd=project, env=env)
        assert done.returncode == 3
        what, why, fix = parts(done.stderr)
        assert what == "There is no package named no-such-package-of-mlbox-tests.", why
        assert "No index or folder of wheels" in why
        assert "spelling" in fix


def test_an_index_that_cannot_be_reached_is_told_as_such(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    spec(project, packages='["numpy"]')
    index = "http://me:geheim@127.0.0.1:9/simple"
    done = cli("lock", cwd=project, env={"PIP_INDEX_URL": index, "UV_HTTP_RETRIES": "0"})
    assert done.returncode == 3
    what, why, fix = parts(done.stderr)
    assert what == "A package index, or a folder of wheels, cannot be reached."
    assert "127.0.0.1:9" in why
    assert "geheim" not in done.stderr
    assert "find-links" in fix


def test_a_folder_of_wheels_that_cannot_be_read_is_told_as_such(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    spec(project, packages='["numpy"]')
    done = cli("lock", cwd=project, env={"PIP_FIND_LINKS": "/nowhere/at/all"})
    assert done.returncode == 3
    what, why, _ = parts(done.stderr)
    assert what == "A package index, or a folder of wheels, cannot be reached."
    assert "/nowhere/at/all" in why


def test_a_stale_lock_is_refused_by_name_and_can_be_updated(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert cli("lock", cwd=project).returncode == 0
    before = (project / "mlbox.lock").read_text()
    spec(project, python='"3.13"', base='"debian"')
    done = cli("build", cwd=project)
    assert done.returncode == 3
    what, why, fix = parts(done.stderr)
    assert what == "mlbox.lock is stale."
    assert "python was 3.11, is 3.13" in why
    assert "--update-lock" in fix
    assert (project / "mlbox.lock").read_text() == before
    spec(project, python='"3.11"', packages="[]")
    (project / "mlbox.lock").write_text(before.replace('python = "3.11"', 'python = "3.12"'))
    assert cli("build", cwd=project).returncode == 3
    assert cli("build", "--update-lock", cwd=project).returncode == 0
    lock = read_lock(project)
    assert lock is not None
    assert lock.inputs.python == "3.11"


def test_a_damaged_lock_is_told_as_one(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (project / "mlbox.lock").write_text("<<<<<<< HEAD\n")
    done = cli("build", cwd=project)
    assert done.returncode == 3
    what, _, fix = parts(done.stderr)
    assert what == "mlbox.lock cannot be read."
    assert "git checkout mlbox.lock" in fix


def test_an_output_outside_of_the_project_is_refused(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for path in ("../out", "/etc", "~/x", "."):
        done = cli("train", "--outputs", path, cwd=project)
        assert done.returncode == 2, done.stderr
        what, why, fix = parts(done.stderr)
        assert f"outputs: {path!r} is outside of the project." in what
        assert why
        assert "relative" in fix


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_no_engine_means_no_change(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]], host: str
) -> None:
    before = sorted(project.rglob("*"))
    done = cli("train", cwd=project, env={"DOCKER_HOST": host})
    assert done.returncode == 5
    what, why, fix = parts(done.stderr)
    assert host in what
    assert why
    assert "DOCKER_HOST" in fix
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_build_that_is_interrupted_leaves_nothing_running(
    project: Path,
    start: Callable[..., subprocess.Popen[str]],
    number: signal.Signals,
    code: int,
) -> None:
    seconds = f"300.{os.getpid()}{code}"
    _archive(project / "wheels" / "endless-1.0.tar.gz", seconds)
    spec(project, packages='["endless"]', **{"find-links": '"wheels"'})
    process = start("build", cwd=project, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    wait_until(lambda: bool(processes(f"sleep {seconds}")) or process.poll() is not None)
    assert process.poll() is None, process.communicate()[1]
    os.kill(process.pid, number)
    process.communicate(timeout=15)
    assert process.returncode == code
    wait_until(lambda: not processes(f"sleep {seconds}"), 5)
    assert not processes(str(project / ".mlbox"))


def _archive(path: Path, seconds: str) -> None:
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as archive:
        for name, text in ENDLESS.items():
            data = text.replace("{}", seconds).encode()
            entry = tarfile.TarInfo(f"endless-1.0/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def test_two_builds_at_the_same_time_wait_for_each_other(
    project: Path, start: Callable[..., subprocess.Popen[str]], token: str
) -> None:
    for number in range(300):
        (project / f"{number}.txt").write_text(str(number))
    builds = [start("build", "--name", f"{token}{word}", cwd=project) for word in "abc"]
    for build in builds:
        _, err = build.communicate(timeout=60)
        assert build.returncode == 0, err


def test_a_full_disk_under_the_project_is_told_and_loses_nothing(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    state = project / ".mlbox"
    state.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(state))
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        (state / "filling").write_bytes(b"0" * 180_000)
        (project / "code.bin").write_bytes(b"0" * 100_000)
        done = cli("build", cwd=project)
    finally:
        subprocess.run(("umount", "--lazy", state), check=True)
    assert done.returncode == 4
    what, why, fix = parts(done.stderr)
    assert what.startswith(f"This machine refused {project}")
    assert why == "No space left on device."
    assert "Make room" in fix
    assert cli("train", cwd=project).returncode == 0


# A disk of its own that can be filled, and an engine of its own that can be killed.


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, client: docker.DockerClient, base: str
) -> Iterator[Small]:
    """A second engine, whose images are on a small disk of their own."""
    if os.geteuid() != 0 or not engine_home().tree.exists():
        pytest.skip("a second engine needs root, and the programs of `mlbox engine up`")
    home = tmp_path_factory.mktemp("small")
    (home / "data").mkdir()
    size = f"size={DISK_MIB}m"
    mount = ("mount", "-t", "tmpfs", "-o", size, "tmpfs", str(home / "data"))
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    subprocess.run(("cp", "-a", engine_home().tree, home / "tree"), check=True)
    second = Small(home)
    try:
        (home / "data" / "ballast").write_bytes(bytes(40 * 2**20))
        second.command("up")
        with contextlib.closing(docker.DockerClient(base_url=second.host)) as own:
            own.images.load(b"".join(client.images.get(base).save(named=True)))
        yield second
    finally:
        second.command("down")
        subprocess.run(("umount", "--lazy", home / "data"), check=False, capture_output=True)
        shutil.rmtree(home)


class Small:
    """The second engine and its command line."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.host = f"unix://{home}/run/docker.sock"
        self.env = {"MLBOX_ENGINE_HOME": str(home), "DOCKER_HOST": self.host}

    def command(self, *words: str) -> None:
        # in a network of its own: daemons that start at once get into each other's iptables
        argv = ("unshare", "--net", sys.executable, "-m", "mlbox", "engine", *words)
        env = {**os.environ, **self.env}
        done = subprocess.run(argv, env=env, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    @property
    def engine(self) -> DockerEngine:
        return DockerEngine(Connection(host=self.host, buildx=find_buildx()))


def test_a_full_disk_during_a_build_is_told_and_the_next_build_works(
    small: Small, base: str, tmp_path: Path
) -> None:
    def request(text: str) -> BuildRequest:
        return BuildRequest(dockerfile=f"FROM {base}\n{text}\n", tag="mlbox/x", context=tmp_path)

    with pytest.raises(BuildError) as caught:
        small.engine.build(
            request("RUN dd if=/dev/zero of=/filling bs=1M count=9999"), lambda _: None
        )
    error = caught.value
    assert error.what == "The disk of the Docker Engine is full."
    assert "RUN dd" in error.why
    assert "docker builder prune" in error.fix
    assert error.line == 2
    assert any("No space left on device" in line for line in error.log_tail)
    assert small.engine.image(base) is not None
    assert small.engine.build(request("RUN echo small > /file"), lambda _: None)


def test_a_full_disk_fails_mlbox_build_and_loses_nothing(
    small: Small, project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    with (project / "big").open("wb") as file:
        file.truncate((DISK_MIB + 100) * 2**20)
    done = cli("build", cwd=project, env=small.env)
    assert done.returncode == 5
    assert "The disk of the Docker Engine is full." in done.stderr
    assert "docker builder prune" in done.stderr
    (project / "big").unlink()
    (small.home / "data" / "ballast").unlink()  # what the error says to do
    small.command("up")  # BuildKit can crash when its disk is full
    with contextlib.closing(docker.DockerClient(base_url=small.host)) as own:
        own.api.prune_builds()
    assert cli("train", cwd=project, env=small.env).returncode == 0


def test_an_engine_that_stops_during_a_run_is_an_error_and_the_run_is_recorded(
    small: Small, project: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    (project / "train.py").write_text(
        "import pathlib, time\npathlib.Path('out/half').write_text('half')\n"
        "print('begun', flush=True); time.sleep(300)\n"
    )
    process = start("train", cwd=project, **small.env)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    os.kill(int((small.home / "run/dockerd.pid").read_text()), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    what, why, fix = err.strip().split("\n")[-3:]
    assert what == "The Docker Engine stopped while the container ran."
    assert why
    assert "mlbox engine up" in fix
    record = RunStore(project).read("last")
    assert (record.state, record.error) == ("failed", what)
    assert [Path(entry.path).name for entry in record.outputs] == ["half"]
