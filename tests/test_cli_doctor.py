"""``mlbox doctor`` on a machine where nothing may be started."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlbox.cli import doctor
from mlbox.errors import SpecError
from mlbox.testing import make_host

if TYPE_CHECKING:
    from mlbox.host import Host

Output = pytest.CaptureFixture[str]


def called(host: Host, folder: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    return doctor.tell(parser.parse_args(["--project", str(folder), *words]), host)


def test_json_is_all_there_is(tmp_path: Path, capsys: Output) -> None:
    assert called(make_host(), tmp_path, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "ok"
    assert document.keys() == {
        "verdict",
        "host",
        "checks",
        "stack",
        "first_broken",
        "findings",
    }


def test_json_is_as_documented(tmp_path: Path, capsys: Output) -> None:
    page = (Path(__file__).parents[1] / "docs/doctor.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page.partition("## JSON")[2], re.MULTILINE))
    called(make_host(gpus=1, runtime=False), tmp_path, "--json")
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == rows.keys()
    for key in ("checks", "stack", "findings"):
        names = set(document[key][0])
        assert names <= set(re.findall(r"`(\w+)`", rows[key]))
    assert document["first_broken"] == "runtime hook"


def test_a_remark_is_not_marked_as_a_fault(tmp_path: Path, capsys: Output) -> None:
    assert called(make_host(), tmp_path) == 0
    assert "\ni   NVIDIA" in capsys.readouterr().out


def test_a_box_that_cannot_run_here_is_an_error(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "mlbox.toml").write_text('name = "b"\ntorch = "2.9.1"\ncuda = "12.8"\n')
    host = make_host(gpus=2, driver="390.48")
    assert called(host, tmp_path, "--json") == 4
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [one["slug"] for one in found] == ["box-impossible-here"]
    assert found[0]["fix"]


def test_the_same_box_runs_with_a_new_driver(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "mlbox.toml").write_text('name = "b"\ntorch = "2.9.1"\ncuda = "12.8"\n')
    assert called(make_host(gpus=1), tmp_path) == 0
    assert "box here" in capsys.readouterr().out


def test_the_script_names_what_it_mends_and_nothing_is_run(tmp_path: Path, capsys: Output) -> None:
    called(make_host(gpus=1, runtime=False), tmp_path, "--print-fix")
    script = capsys.readouterr().out
    assert script.startswith("#!/bin/sh\n")
    assert "\nsudo nvidia-ctk runtime configure --runtime=docker\n" in script


def test_a_budget_that_is_no_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cache-budget"):
        called(make_host(), tmp_path, "--cache-budget", "much")
