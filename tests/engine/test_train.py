"""`mlbox train` as a user calls it, from the spec to the outputs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlbox.engine.connect import find_host
from mlbox.record import RunStore

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

pytestmark = pytest.mark.engine

WAITING = """\
import pathlib, time
print("begun", flush=True)
while not pathlib.Path("data/go").exists():
    time.sleep(0.02)
print(pathlib.Path("module.txt").read_text())
pathlib.Path("out/model").write_text("weights")
"""
NOBODY = 65534


def script(project: Path, text: str) -> None:
    (project / "train.py").write_text(text)


def job(project: Path, more: str) -> None:
    with (project / "mlbox.toml").open("a") as spec:
        spec.write(more + "\n")


def containers(client: docker.DockerClient, run_id: str) -> list[Any]:
    return list(client.containers.list(all=True, filters={"label": f"mlbox.run={run_id}"}))


def begun(process: subprocess.Popen[str]) -> None:
    """Wait for the first line that the command prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if line != "begun\n":
        pytest.fail(f"{line!r}: {process.communicate()[1]}")


def test_a_run_comes_back_whole_and_belongs_to_who_called(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    script(
        project,
        "import json, os, pathlib, sys\n"
        "print(os.getuid() != 0, open('/proc/1/comm').read().strip(), sys.argv[1:])\n"
        "print(os.getcwd(), file=sys.stderr)\n"
        "out = pathlib.Path('out/unter ordner'); out.mkdir()\n"
        "(out / 'модель').write_text('weights')\n"
        "pathlib.Path('out/metrics.json').write_text(json.dumps({'test': {'accuracy': 0.5}}))\n",
    )
    done = cli("train", "--param", "lr=0.1", "--param", "name=a b", cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "True tini ['--lr=0.1', '--name=a b']\n"
    assert "/workspace\n" in done.stderr
    assert "metric     test.accuracy = 0.5" in done.stderr
    record = RunStore(project).read("last")
    paths = [entry.path for entry in record.outputs]
    assert paths == ["out/metrics.json", "out/unter ordner/модель"]
    folder = RunStore(project).path(record.id)
    assert {path.lstat().st_uid for path in folder.rglob("*")} == {os.getuid()}
    assert (record.state, record.exit_code, record.undeclared) == ("succeeded", 0, ())
    shown = json.loads(cli("runs", "show", "--json", cwd=project).stdout)
    assert shown["params"] == {"lr": "0.1", "name": "a b"}
    logged = cli("runs", "logs", cwd=project).stdout.splitlines()
    assert sorted(logged) == ["/workspace", done.stdout.strip()]
    assert record.id in cli("runs", "list", cwd=project).stdout


def test_another_user_gets_outputs_of_his_own(project: Path, tmp_path: Path) -> None:
    """As somebody who may read everything, as a socket's group may, and write only his own."""
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become somebody else, with setpriv")
    for path in (project, *project.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    group = Path(find_host().removeprefix("unix://")).stat().st_gid
    script(
        project,
        "import os, pathlib\nprint(os.getuid())\n"
        "pathlib.Path('out/x').write_text('')\npathlib.Path('kept').write_text('')\n",
    )
    done = subprocess.run(
        (
            *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={group}"),
            *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
            "--bounding-set=-all,+dac_read_search",
            *(sys.executable, "-m", "mlbox", "train"),
        ),
        cwd=project,
        env={**os.environ, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{NOBODY}\n"
    record = RunStore(project).read("last")
    assert record.undeclared == ("kept",)
    owners = {path.lstat().st_uid for path in (project / ".mlbox").rglob("*")}
    assert owners == {NOBODY}


def test_edits_during_a_run_do_not_reach_it(
    project: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    script(project, WAITING)
    job(project, 'inputs = ["data/"]')
    (project / "data").mkdir()
    (project / "module.txt").write_text("as it was")
    process = start("train", cwd=project)
    begun(process)
    (project / "module.txt").write_text("edited")
    (project / "data/go").touch()  # data is mounted, not copied
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out == "as it was\n"


def test_inputs_can_be_read_and_not_be_written(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (project / "data").mkdir(mode=0o777)
    (project / "data/train.csv").write_text("1,2,3")
    (project / "data/train.csv").chmod(0o666)
    job(project, 'inputs = ["data/train.csv"]')
    script(
        project,
        "import pathlib\n"
        "data = pathlib.Path('data/train.csv')\n"
        "print(data.read_text())\n"
        "try: data.write_text('changed')\n"
        "except OSError as error: print(error.strerror)\n"
        "pathlib.Path('out/x').write_text('')\n",
    )
    done = cli("train", cwd=project)
    assert done.stdout.splitlines() == ["1,2,3", "Read-only file system"], done.stderr
    assert (project / "data/train.csv").read_text() == "1,2,3"
    record = RunStore(project).read("last")
    assert [entry.path for entry in record.inputs] == ["data/train.csv"]
    assert record.undeclared == ()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_interrupted_stops_its_container_and_says_so(
    project: Path,
    start: Callable[..., subprocess.Popen[str]],
    client: docker.DockerClient,
    number: signal.Signals,
    code: int,
) -> None:
    script(
        project,
        "import pathlib, signal, sys, time\n"
        "def save(*_):\n"
        "    pathlib.Path('out/checkpoint').write_text('half'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        "print('begun', flush=True); time.sleep(300)\n",
    )
    process = start("train", cwd=project)
    begun(process)
    os.kill(process.pid, number)
    process.communicate(timeout=30)
    assert process.returncode == code
    record = RunStore(project).read("last")
    assert record.state == "canceled"
    assert [Path(entry.path).name for entry in record.outputs] == ["checkpoint"]
    assert containers(client, record.id) == []


def test_a_run_whose_mlbox_was_killed_is_lost_and_the_next_one_works(
    project: Path,
    start: Callable[..., subprocess.Popen[str]],
    cli: Callable[..., subprocess.CompletedProcess[str]],
    client: docker.DockerClient,
) -> None:
    script(project, "import time; print('begun', flush=True); time.sleep(300)")
    process = start("train", cwd=project)
    begun(process)
    assert json.loads(cli("runs", "list", "--json", cwd=project).stdout)[0]["state"] == "running"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    lost = RunStore(project).read("last")
    try:
        assert lost.state == "lost"
        assert f"docker rm -f mlbox-{lost.id}" in str(lost.error)
        assert lost.id in cli("runs", "list", cwd=project).stdout
        script(project, "import pathlib; pathlib.Path('out/x').write_text('')")
        assert cli("train", cwd=project).returncode == 0
        assert [record.state for record in RunStore(project).all()] == ["lost", "succeeded"]
    finally:
        for container in containers(client, lost.id):
            container.remove(force=True)


def test_a_second_run_at_the_same_time_is_refused_and_the_first_unharmed(
    project: Path,
    start: Callable[..., subprocess.Popen[str]],
    cli: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    script(project, WAITING)
    job(project, 'inputs = ["data/"]')
    (project / "data").mkdir()
    (project / "module.txt").write_text("first")
    process = start("train", cwd=project)
    begun(process)
    (running,) = RunStore(project).all()
    second = cli("train", cwd=project)
    assert second.returncode == 4
    what, why, fix = second.stderr.strip().split("\n")
    assert what == "Another `mlbox train` is in progress in this project."
    assert str(process.pid) in why
    assert running.id in why
    assert "Wait for it" in fix
    (project / "data/go").touch()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "first\n"), err
    assert [record.state for record in RunStore(project).all()] == ["succeeded"]


def test_a_run_that_is_killed_keeps_its_log_and_its_outputs(
    project: Path,
    start: Callable[..., subprocess.Popen[str]],
    client: docker.DockerClient,
) -> None:
    script(
        project,
        "import pathlib, time\npathlib.Path('out/half').write_text('half')\n"
        "print('begun', flush=True); time.sleep(300)\n",
    )
    process = start("train", cwd=project)
    begun(process)
    (container,) = containers(client, RunStore(project).read("last").id)
    container.kill()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 6
    record = RunStore(project).read("last")
    assert (record.state, record.exit_code, record.signal) == ("failed", 137, 9)
    assert [Path(entry.path).name for entry in record.outputs] == ["half"]
    assert "killed by signal 9" in err
    assert RunStore(project).log_tail(record.id, 5) == ("begun",)


def test_a_command_that_exits_with_3_is_told_with_its_last_words(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    script(project, "import sys; print('my last words', file=sys.stderr); sys.exit(3)")
    done = cli("train", cwd=project)
    record = RunStore(project).read("last")
    assert done.returncode == 6
    assert (record.state, record.exit_code) == ("failed", 3)
    what, *why, fix = done.stderr[done.stderr.index(f"Run {record.id}") :].strip().split("\n")
    assert what == f"Run {record.id} failed: The command exited with code 3."
    assert why == ["The last it printed:", "  my last words"]
    assert f"mlbox runs logs {record.id}" in fix


def test_an_output_that_was_not_written_fails_the_run(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    script(project, "print('done')")
    done = cli("train", cwd=project)
    assert done.returncode == 6
    assert "The output 'out' was not written." in done.stderr
    assert RunStore(project).read("last").exit_code == 0


def test_an_output_that_leaves_the_project_by_a_link_is_not_followed(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    script(project, "import os; os.rmdir('out'); os.symlink('/etc', 'out')")
    done = cli("train", cwd=project)
    record = RunStore(project).read("last")
    assert done.returncode == 6
    assert "leaves the project" in str(record.error)
    assert record.outputs == ()


def test_a_link_among_the_outputs_stays_a_link(
    project: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    script(project, "import os; os.symlink('/', 'out/everything')")
    done = cli("train", cwd=project)
    assert done.returncode == 0, done.stderr
    (output,) = RunStore(project).read("last").outputs
    assert output.digest == "link:/"
    assert output.size_bytes == 1
