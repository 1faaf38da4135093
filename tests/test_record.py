from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from mlbox.errors import BusyError, HostError, SpecError
from mlbox.record import FileRecord, RunRecord, RunStore, parse_record

if TYPE_CHECKING:
    from pathlib import Path

RECORD = RunRecord(
    id="20260101-000000-abcd",
    name="a",
    state="succeeded",
    command=("python", "train.py", "--lr=0.1"),
    params={"lr": "0.1"},
    exit_code=0,
    inputs=(FileRecord(path="data", digest="sha256:1", size_bytes=1),),
    metrics={"accuracy": 0.5},
)


def test_a_record_survives_being_written_and_read(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.write(RECORD)
    assert store.read(RECORD.id) == RECORD
    assert store.all() == (RECORD,)


def test_the_json_of_a_run_has_what_scripts_rely_on() -> None:
    keys = json.loads(RECORD.to_json()).keys()
    assert {
        *("id", "state", "exit_code", "started_at", "finished_at"),
        *("command", "params", "image", "outputs", "metrics"),
    } <= keys


def test_a_record_of_a_newer_mlbox_can_still_be_read() -> None:
    newer = {**json.loads(RECORD.to_json()), "carbon_grams": 3}
    assert parse_record(json.dumps(newer)) == RECORD


def test_a_run_is_found_by_the_beginning_of_its_id_and_as_the_last(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.write(RECORD)
    assert store.read("20260101").id == RECORD.id
    assert store.read("last").id == RECORD.id


def test_an_unknown_run_names_those_there_are(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    with pytest.raises(SpecError, match="no run 'x'") as error:
        store.read("x")
    assert "Nothing was run" in error.value.why
    store.write(RECORD)
    with pytest.raises(SpecError) as error:
        store.read("x")
    assert RECORD.id in error.value.why


def test_a_damaged_record_is_named_with_its_file(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.write(RECORD)
    (store.path(RECORD.id) / "record.json").write_text("{")
    with pytest.raises(HostError, match=RECORD.id):
        store.all()


def test_a_run_whose_process_is_gone_is_lost_and_not_running(tmp_path: Path) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from mlbox.record import RunRecord, RunStore
        store = RunStore(Path({str(tmp_path)!r}))
        with store.exclusively():
            store.write(RunRecord(id="1", name="a"))
            assert store.read("1").state == "running"
            os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run((sys.executable, "-c", textwrap.dedent(script)), check=False)
    assert ended.returncode == -signal.SIGKILL
    assert RunStore(tmp_path).read("1").state == "lost"


def test_two_runs_at_once_in_one_project_are_refused(tmp_path: Path) -> None:
    first, second = RunStore(tmp_path), RunStore(tmp_path)
    with first.exclusively():
        with pytest.raises(BusyError) as error, second.exclusively():
            pass
        assert str(os.getpid()) in error.value.why
    with second.exclusively():
        pass


def test_the_state_folder_ignores_itself_in_git(tmp_path: Path) -> None:
    with RunStore(tmp_path).exclusively():
        assert (tmp_path / ".mlbox/.gitignore").read_text() == "*\n"
