from __future__ import annotations

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pytest

from mlbox.cli import main
from mlbox.cli.facts import matches
from mlbox.facts.cached import names, tables
from mlbox.refresh import save

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an empty cache of the user's, and no index that may be asked."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return tmp_path / "mlbox" / "facts" / "tables.json"


def facts(*words: str) -> int:
    return main(["facts", *words])


def shown(capsys: Output, *words: str) -> list[str]:
    assert facts(*words) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("name", names())
def test_every_table_is_printed_with_its_day(name: str, capsys: Output) -> None:
    lines = shown(capsys, name)
    assert "confidence" in lines[0] or name == "require_cuda"
    assert ", as of 20" in lines[-1]
    assert len(lines) == tables(None)[0][name].count("\n") + 1


def test_without_a_table_all_of_them_are_listed(capsys: Output) -> None:
    assert [line.split()[0] for line in shown(capsys)] == list(names())


def test_words_choose_rows(capsys: Output) -> None:
    lines = shown(capsys, "torch", "2.9", "cu128")
    assert [line.split()[:2] for line in lines[1:-1]] == [["2.9.0", "cu128"], ["2.9.1", "cu128"]]
    assert lines[-1].startswith("2 rows with 2.9 cu128, as of ")


def test_a_gpu_is_found_in_lower_case(capsys: Output) -> None:
    lines = shown(capsys, "gpu", "a100", "80gb")
    assert len(lines) > 2
    assert all("A100" in line and "80GB" in line for line in lines[1:-1])


def test_no_row_is_said(capsys: Output) -> None:
    (line,) = shown(capsys, "cuda", "99.9")
    assert line.startswith("No row with 99.9, as of ")


@pytest.mark.parametrize(
    ("word", "value", "expected"),
    [
        ("2.1", "2.1.2", True),
        ("2.1", "2.10.0", False),
        ("2.1", "12.1", False),
        ("2.1.2", "2.1.2", True),
        ("cu128", "cu128", True),
        ("cu12", "cu128", False),
        ("cu", "cu128", True),
        ("4090", "NVIDIA GeForce RTX 4090", True),
        ("rtx", "NVIDIA GeForce RTX 4090", True),
        ("h100*", "NVIDIA H100 PCIe", False),
        (">=9.1", ">=9.1,<10", True),
    ],
)
def test_a_number_is_found_as_a_whole(word: str, value: str, *, expected: bool) -> None:
    assert matches({"name": value}, [word]) is expected


def test_sources_are_not_searched() -> None:
    row = {"release": "2.9.0", "source": "page of 2.8.0", "notes": "not in 2.7.0"}
    assert not matches(row, ["2.8.0"])
    assert not matches(row, ["2.7.0"])


def test_sources_are_shown_when_asked_for(capsys: Output) -> None:
    short, long = shown(capsys, "cuda", "12.8.1"), shown(capsys, "cuda", "12.8.1", "--long")
    assert "source" not in short[0]
    assert "source" in long[0].split()


def test_columns_without_a_value_are_left_out(capsys: Output) -> None:
    (header, _, _) = shown(capsys, "torch", "2.15.0", "xpu")
    assert "cudnn" not in header.split()


def test_json_has_everything(capsys: Output) -> None:
    answer = json.loads("\n".join(shown(capsys, "torch", "2.14.1", "cu130", "--json")))
    assert answer["table"] == "torch"
    assert answer["as_of"] >= "2026-11-21"
    (row,) = answer["rows"]
    assert row["source"]
    assert row["confidence"] == "multi"


def test_csv_is_the_table(capsys: Output) -> None:
    assert facts("cuda", "--csv") == 0
    printed = capsys.readouterr().out
    bundled = tables(None)[0]["cuda"]
    assert list(csv.reader(io.StringIO(printed))) == list(csv.reader(io.StringIO(bundled)))


def test_saved_tables_are_printed(cache: Path, capsys: Output) -> None:
    text = tables(None)[0]["torch"].replace("9.26.0.51", "9.99.9.99")
    save(cache, {"torch": text}, as_of="2027-01-01")
    lines = shown(capsys, "torch", "9.99.9.99")
    assert lines[-1] == "1 row with 9.99.9.99, as of 2027-01-01"


def test_damaged_saved_tables_are_told_and_those_of_mlbox_printed(
    cache: Path, capsys: Output
) -> None:
    save(cache, {"torch": tables(None)[0]["torch"]}, as_of="2027-01-01")
    cache.write_text("release", encoding="utf-8")
    assert facts("torch", "2.15.0", "cu132") == 0
    captured = capsys.readouterr()
    assert "cu132" in captured.out
    assert "2027-01-01" not in captured.out.splitlines()[-1]
    assert captured.err.count("\n") == 1
    assert str(cache) in captured.err


def test_an_update_without_an_index_keeps_the_facts_and_exits_with_4(
    cache: Path, capsys: Output
) -> None:
    save(cache, {"torch": tables(None)[0]["torch"]}, as_of="2027-01-01")
    before = cache.read_bytes()
    assert facts("update") == 4
    told = capsys.readouterr().err.strip().splitlines()
    assert told[-3:][0] == "The facts were not updated; those in force stay as they are."
    assert len(told[-3:]) == 3
    assert cache.read_bytes() == before
    assert list(cache.parent.iterdir()) == [cache]


def test_a_day_that_is_none_is_refused(capsys: Output) -> None:
    assert facts("update", "--as-of", "yesterday") == 2
    assert "YYYY-MM-DD" in capsys.readouterr().err


def test_a_folder_without_tables_is_refused(tmp_path: Path, capsys: Output) -> None:
    assert facts("update", "--bundled", str(tmp_path)) == 2
    assert "has no tables" in capsys.readouterr().err


def test_tables_of_a_checkout_are_dated_again(tmp_path: Path, capsys: Output) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(Path("mlbox", "facts"), checkout, ignore=shutil.ignore_patterns("*.py"))
    (checkout / "cuda.csv").write_text("version\n", encoding="utf-8")
    restamp = ("update", "--restamp", str(checkout), "--as-of", "2027-01-01")
    assert shown(capsys, *restamp) == ["Dated 2027-01-01: cuda"]
    assert shown(capsys, *restamp) == ["No table changed."]


def test_an_unknown_table_is_refused_with_all_of_them(capsys: Output) -> None:
    with pytest.raises(SystemExit, match="2"):
        facts("pytorch")
    assert "tensorflow" in capsys.readouterr().err


def test_a_terminal_gets_a_drawn_table(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setitem(os.environ, "COLUMNS", "200")
    lines = shown(capsys, "cuda", "12.8.1")
    assert any("──" in line for line in lines)
    assert any("570.124.06" in line for line in lines)
