"""``mlbox diagnose``, and where else a failed run says why."""

from __future__ import annotations

import gzip
import io
import json
import os
from typing import TYPE_CHECKING

import pytest

import mlbox
from mlbox.cli import main
from mlbox.engine import ExitState
from mlbox.errors import RunError
from mlbox.record import RunRecord, RunStore
from mlbox.run import run_error
from mlbox.testing import FakeEngine

if TYPE_CHECKING:
    from pathlib import Path

LOG = """\
Traceback (most recent call last):
  File "/workspace/train.py", line 3, in <module>
    import sklearn
ModuleNotFoundError: No module named 'sklearn'
"""
NVCC = (
    "OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install root."
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "train.log"
    path.write_text(LOG)
    return path


@pytest.fixture
def failed(project_folder: Path) -> RunStore:
    """A project with two runs: one that failed, one that did not."""
    (project_folder / "mlbox.toml").write_text('name = "a"\n')
    store = RunStore(project_folder)
    store.write(RunRecord(id="20250101-000000-000aa", name="a", state="succeeded", exit_code=0))
    record = RunRecord(
        id="20250102-000000-000bb",
        name="a",
        state="failed",
        exit_code=1,
        error="The command exited with code 1.",
    )
    store.write(record)
    store.log_path(record.id).write_text(LOG)
    return store


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_a_log_is_told_with_cause_evidence_reason_and_fix(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", str(log)]) == 0
    out = told(capsys)
    assert "cause The Python module sklearn is not installed. (MLR412 missing-module)" in out
    assert "evidence ModuleNotFoundError: No module named 'sklearn' line 4" in out
    assert "fix Add its package" in out


def test_the_lint_rules_that_would_have_said_so_are_named(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(NVCC)
    assert main(["diagnose", str(log)]) == 0
    assert "lint MLD107 would have said so before the run" in told(capsys)


def test_a_program_reads_json(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(log), "--json", "--exit-code", "1"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["recognised"], read["failed"], read["lines"]) == (True, True, 4)
    (cause,) = read["causes"]
    assert (cause["code"], cause["slug"]) == ("MLR412", "missing-module")
    assert cause["evidence"] == {
        "text": "ModuleNotFoundError: No module named 'sklearn'",
        "line": 4,
    }
    assert cause["fix"]


def test_what_is_not_recognised_says_so_and_shows_the_last_error(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text("KeyError: 'lr'\n")
    assert main(["diagnose", str(log), "--exit-code", "1"]) == 0
    assert told(capsys) == (
        "The cause was not recognised. (exit code 1) last error KeyError: 'lr' line 1"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_log_is_read_in_each_form_it_may_have(
    encoding: str, ends: str, log: Path, capsys: pytest.CaptureFixture[str], *, packed: bool
) -> None:
    data = ("é\n" + LOG).replace("\n", ends).encode(encoding)
    half = len(data) // 2
    log.write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]) if packed else data)
    assert main(["diagnose", str(log)]) == 0
    out = told(capsys)
    assert "MLR412" in out
    assert "line 5" in out


def test_a_log_comes_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(LOG.encode()))))
    assert main(["diagnose", "-"]) == 0
    assert "MLR412" in told(capsys)


def test_how_it_ended_can_be_said_of_a_log_that_says_nothing(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text("")
    assert main(["diagnose", str(log), "--exit-code", "137", "--oom-killed"]) == 0
    assert "MLR202 memory-limit" in told(capsys)
    assert main(["diagnose", str(log), "--timed-out"]) == 0
    assert "MLR251 time-limit" in told(capsys)


def test_nul_bytes_of_a_log_that_was_cut_short_are_passed_over(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_bytes(bytes(100_000) + LOG.encode())
    assert main(["diagnose", str(log)]) == 0
    assert "MLR412" in told(capsys)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (bytes(5000), "is empty"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 20, "is no log"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "is no log"),
        (gzip.compress(LOG.encode())[:40], "cannot be read"),
        (b"\x1f\x8b" + bytes(50), "cannot be read"),
        (gzip.compress(b""), "is empty"),
    ],
)
def test_what_is_no_log_is_an_error_in_three_parts(
    data: bytes, said: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_bytes(data)
    assert main(["diagnose", str(log)]) == 2
    what, why, fix = capsys.readouterr().err.strip().split("\n")
    assert said in what
    assert why
    assert fix


@pytest.mark.parametrize("target", ["no.log", "no/such", "20990101", "."])
def test_what_is_not_there_is_an_error_in_three_parts(
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["diagnose", target]) == 2
    what, _, fix = capsys.readouterr().err.strip().split("\n")
    assert what == f"There is no log {target}."
    assert "mlbox runs list" in fix


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_log_that_may_not_be_read_is_an_error(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.chmod(0)
    assert main(["diagnose", str(log)]) == 2
    assert "Permission denied" in capsys.readouterr().err


def test_a_file_that_the_system_does_not_read_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diagnose", "/proc/self/mem"]) == 2
    assert "The log /proc/self/mem cannot be read." in capsys.readouterr().err


def test_the_last_run_is_diagnosed_if_none_is_named(
    failed: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(failed.folder.parent.parent)
    for target in ([], ["20250102"], [str(failed.path("20250102-000000-000bb"))]):
        assert main(["diagnose", *target]) == 0
        out = told(capsys)
        assert out.startswith("Run 20250102-000000-000bb failed: The command exited with code 1.")
        assert "MLR412" in out


def test_a_run_that_did_not_fail_is_not_diagnosed(
    failed: RunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    project = str(failed.folder.parent.parent)
    assert main(["diagnose", "20250101", "--project", project]) == 0
    assert told(capsys) == "Run 20250101-000000-000aa succeeded"


def test_a_run_that_is_not_there_is_an_error(
    failed: RunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    project = str(failed.folder.parent.parent)
    assert main(["diagnose", "2031", "--project", project]) == 2
    assert "There is no run '2031'" in capsys.readouterr().err


def test_runs_show_says_the_cause(failed: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    project = str(failed.folder.parent.parent)
    assert main(["runs", "show", "--project", project]) == 0
    assert "cause The Python module sklearn is not installed." in told(capsys)


def test_the_error_of_a_run_has_cause_evidence_fix_and_rule(failed: RunStore) -> None:
    record = failed.read("last")
    failed.log_path(record.id).write_text(f"step 1\n{NVCC}\n")
    error = run_error(record, ("step 1", NVCC), failed.diagnosis(record))
    assert isinstance(error, RunError)
    cause, evidence, *_ = error.why.splitlines()
    assert "MLR501 nvcc-missing" in cause
    assert evidence == f"  line 2: {NVCC}"
    assert "MLD107" in error.fix
    assert f"mlbox runs logs {record.id}" in error.fix


def test_a_run_in_python_and_in_a_notebook_says_why_it_failed(project_folder: Path) -> None:
    engine = FakeEngine(exit_state=ExitState(exit_code=137, oom_killed=True), log=("step 1",))
    box = mlbox.Box(
        "a",
        python="3.11",
        base="debian",
        train={"command": ["python", "train.py"]},
        project=project_folder,
        engine=engine,
    )
    with pytest.raises(RunError, match="out of memory") as caught:
        box.train()
    assert "MLR202 memory-limit" in caught.value.why
    assert "memory-bytes" in caught.value.fix
    (run,) = box.runs()
    assert run.diagnosis.recognised
    assert "MLR202" in run._repr_html_()
