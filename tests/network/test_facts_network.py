"""The bundled facts beside the package index of today."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from mlbox.cli import main
from mlbox.cli.facts import configured_index
from mlbox.facts.cached import rows, tables
from mlbox.refresh import refreshed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlbox.refresh import Refreshed

pytestmark = pytest.mark.network
COMPARED = ("amd64_pythons", "default", "cuda", "cudnn", "nccl", "triton")


@pytest.fixture(scope="module")
def bundled() -> Mapping[str, str]:
    return tables(None)[0]


@pytest.fixture(scope="module")
def live(bundled: Mapping[str, str]) -> Refreshed:
    index = configured_index(os.environ)
    return refreshed(index, bundled, bundled, as_of="2100-01-01")


def newest(text: str, count: int) -> list[str]:
    return sorted({row["release"] for row in rows(text)}, key=Version)[-count:]


@pytest.mark.parametrize("back", range(1, 6))
def test_the_newest_torch_releases_are_as_the_index_says(
    back: int, bundled: Mapping[str, str], live: Refreshed
) -> None:
    release = newest(bundled["torch"], back)[0]
    known = {row["tag"]: row for row in rows(bundled["torch"]) if row["release"] == release}
    for row in rows(live.tables["torch"]):
        if row["release"] == release and "amd64" in row["default"]:
            before = known[row["tag"]]
            assert {name: before[name] for name in COMPARED} == {
                name: row[name] for name in COMPARED
            }


def test_no_value_of_any_framework_is_contradicted(live: Refreshed) -> None:
    """A release that came after the tables is no contradiction; `mlbox facts update` adds it."""
    assert [change for change in live.changes if change.column] == []


def test_an_update_is_saved_and_then_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout = tmp_path / "facts"
    checkout.mkdir()
    kept = tables(None)[0]
    for name in ("torch", "tensorflow", "jax"):
        (checkout / f"{name}.csv").write_text(kept[name].replace("2.30.7", "2.0.0"), "utf-8")
    assert main(["facts", "update", "--bundled", str(checkout)]) == 0
    assert "2.30.7" in capsys.readouterr().out
    assert "2.30.7" in (checkout / "torch.csv").read_text("utf-8")
    assert main(["facts", "update", "--bundled", str(checkout)]) == 0
    assert capsys.readouterr().out == "Nothing new.\n"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["facts", "update", "--json"]) == 0
    changed = bool(json.loads(capsys.readouterr().out))
    assert (tmp_path / "mlbox" / "facts" / "tables.json").exists() is changed


def test_an_index_that_does_not_answer_leaves_the_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert main(["facts", "update"]) == 4
    told = capsys.readouterr().err.splitlines()
    assert told[-3] == "The facts were not updated; those in force stay as they are."
    assert not (tmp_path / "mlbox" / "facts").exists()
