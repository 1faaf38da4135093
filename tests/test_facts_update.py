from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlbox.errors import HostError
from mlbox.facts import dated
from mlbox.facts.cached import cached_tables, days, rows, tables
from mlbox.index import IndexFile, index_file
from mlbox.refresh import FRAMEWORKS, Refreshed, bundle, refreshed, restamp, save, table_text
from mlbox.refresh.merge import changes, merge
from mlbox.refresh.published import Statement, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RECORDED = json.loads((Path(__file__).parent / "data" / "package-index.json").read_text("utf-8"))
TODAY = "2026-12-01"
COLUMNS = next(iter(rows(tables(None)[0]["torch"]))).keys()


class RecordedIndex:
    """A package index as it was on 2026-11-24: a few releases of each framework."""

    def __init__(self, *, without: tuple[str, ...] = (), yanked: tuple[str, ...] = ()) -> None:
        self._without = without
        self._yanked = yanked

    def files(self, name: str) -> tuple[IndexFile, ...]:
        releases = {} if name in self._without else RECORDED[name]
        found = (
            index_file(
                filename,
                f"https://index.example/{filename}",
                requires_python=release["requires_python"],
                yanked=f"{name} {version}" in self._yanked,
            )
            for version, release in releases.items()
            for filename in release["files"]
        )
        return tuple(file for file in found if file)

    def metadata(self, file: IndexFile) -> str:
        requires = RECORDED[file.name][file.version]["requires"][file.filename]
        head = f"Metadata-Version: 2.1\nName: {file.name}\n"
        return head + "".join(f"Requires-Dist: {entry}\n" for entry in requires) + "\nText: x\n"


def stated(framework: str, release: str, tag: str | None) -> Statement:
    """The statement about one row."""
    every = statements(framework, RecordedIndex(), oldest="0.4", each=map)
    (found,) = (entry for entry in every if (entry.release, entry.tag) == (release, tag))
    return found


def row(**values: str) -> dict[str, str]:
    return {**dict.fromkeys(COLUMNS, ""), "source": "a page", "confidence": "multi", **values}


def table(*entries: dict[str, str]) -> str:
    return table_text(COLUMNS, entries)


def update(bundled: Mapping[str, str], in_force: Mapping[str, str] | None = None) -> Refreshed:
    return refreshed(RecordedIndex(), bundled, in_force or bundled, as_of=TODAY)


def small_tables() -> dict[str, str]:
    """The bundled tables, with only the releases that were recorded."""
    kept = {name: {*RECORDED[name], "0.7.2"} for name in FRAMEWORKS}
    return {
        name: table(*(entry for entry in rows(tables(None)[0][name]) if entry["release"] in found))
        for name, found in kept.items()
    }


# what an index states


def test_the_default_cuda_of_torch_is_that_of_the_toolkit_it_requires() -> None:
    values = stated("torch", "2.14.1", "cu130").values
    assert values["cuda"] == "13.0.3"
    assert values["default"] == "amd64 arm64"
    assert values["amd64_pythons"] == "3.10 3.11 3.12 3.13 3.14"


def test_before_that_it_is_the_minor_version_of_the_runtime_it_requires() -> None:
    values = stated("torch", "2.10.0", "cu128").values
    assert values["cuda"] == "12.8"
    assert values["default"] == "amd64"
    assert (values["cudnn"], values["nccl"], values["triton"]) == (
        "9.10.2.21",
        "2.27.5",
        "3.6.0",
    )


def test_where_the_requirements_are_for_x86_the_wheel_for_arm_is_for_the_cpu() -> None:
    values = stated("torch", "2.10.0", "cpu").values
    assert values["default"] == "arm64 windows"
    assert "cudnn" not in values


def test_windows_gets_the_cpu_although_its_wheels_list_the_requirements_of_linux() -> None:
    assert stated("torch", "2.15.0", "cpu").values["default"] == "windows"


def test_a_torch_that_requires_no_cuda_has_10_2_inside() -> None:
    assert stated("torch", "1.12.1", "cu102").values == {
        "amd64_pythons": "3.7 3.8 3.9 3.10",
        "default": "amd64",
    }


def test_a_triton_that_may_be_newer_is_loose() -> None:
    found = stated("torch", "2.15.0", "cu132")
    assert found.values["triton"] == "3.9.x"
    assert found.loose == ("triton",)


def test_torchvision_pairs_with_the_torch_it_pins() -> None:
    assert stated("torch", "2.10.0", None).values == {
        "torchvision": "0.25.0",
        "torchaudio": "2.10.0",
    }


def test_a_torchvision_that_only_allows_a_torch_is_for_new_rows_and_loose() -> None:
    found = stated("torch", "2.15.0", None)
    assert found.values == {}
    assert found.if_new == {"torchvision": "0.29.2", "torchaudio": "", "loose": "torchvision"}


def test_the_cuda_of_tensorflow_is_in_an_extra() -> None:
    values = stated("tensorflow", "2.18.0", "cu125").values
    assert (values["cuda"], values["cudnn"], values["nccl"]) == ("12.5", "9.3.0.75", "2.21.5")


def test_a_range_is_written_lowest_first_and_is_loose() -> None:
    found = stated("tensorflow", "2.21.0", "cu125")
    assert found.values["cudnn"] == ">=9.3.0.75,<10.0"
    assert found.loose == ("cudnn", "nccl")


def test_tensorflow_has_wheels_for_arm_for_the_cpu_alone() -> None:
    assert stated("tensorflow", "2.21.0", "cpu").values["arm64_pythons"]
    assert not stated("tensorflow", "2.21.0", "cu125").values["arm64_pythons"]


def test_tensorflow_2_10_has_cuda_on_windows_and_2_18_has_not() -> None:
    assert stated("tensorflow", "2.10.0", "cu*").values["windows_pythons"] == "3.7 3.8 3.9 3.10"
    assert stated("tensorflow", "2.18.0", "cu125").values["windows_pythons"] == ""


def test_a_pre_release_is_not_stated() -> None:
    releases = {
        entry.release for entry in statements("tensorflow", RecordedIndex(), oldest="2", each=map)
    }
    assert "2.22.0rc0" in RECORDED["tensorflow"]
    assert releases == {"2.10.0", "2.10.1", "2.18.0", "2.21.0"}


def test_a_release_that_was_withdrawn_is_not_stated() -> None:
    index = RecordedIndex(yanked=("torch 2.15.0",))
    found = statements("torch", index, oldest="2", each=map)
    assert {entry.release for entry in found} == {"2.10.0", "2.14.1"}


def test_a_free_threaded_wheel_is_no_wheel_for_that_python() -> None:
    assert any("cp313-cp313t" in name for name in RECORDED["torch"]["2.10.0"]["files"])
    file = index_file("torch-2.10.0-cp313-cp313t-manylinux_2_28_x86_64.whl", "https://x.example")
    wheels = (file,) if file else ()

    class OneWheel(RecordedIndex):
        def files(self, name: str) -> tuple[IndexFile, ...]:
            return wheels if name == "torch" else ()

    (only,) = statements("torch", OneWheel(), oldest="2", each=map)
    assert only.tag is None


def test_jax_has_cuda_where_its_plugin_has_wheels() -> None:
    assert stated("jax", "0.12.0.1", "cuda13").values["arm64_pythons"] == "3.12 3.13 3.14 3.15"
    assert stated("jax", "0.7.0", "cuda12").values["amd64_pythons"] == "3.11 3.12 3.13"


def test_an_extra_of_jax_without_a_plugin_is_no_build() -> None:
    requires = RECORDED["jax"]["0.7.0"]["requires"]["jax-0.7.0-py3-none-any.whl"]
    assert any("jax-cuda13-plugin" in entry for entry in requires)
    assert not any(stated("jax", "0.7.0", "cuda13").values.values())


def test_the_wheels_of_jaxlib_say_where_jax_runs() -> None:
    values = stated("jax", "0.12.0.1", "cpu").values
    assert values["windows_pythons"] == "3.12 3.13 3.14 3.15"


# the table and what is stated


def test_the_bundled_table_of_torch_says_what_the_index_says() -> None:
    """The few recorded releases; the network tier compares with the index of today."""
    assert [change for change in update(small_tables()).changes if change.table == "torch"] == []


def test_a_value_that_the_index_contradicts_is_corrected_and_its_source_says_so() -> None:
    known = row(release="2.14.1", tag="cu130", cudnn="9.1", amd64_pythons="3.10")
    said = Statement(release="2.14.1", tag="cu130", values={"cudnn": "9.2"})
    (merged,) = merge([known], [said], as_of=TODAY)
    assert merged == {**known, "cudnn": "9.2", "source": f"a page; package index {TODAY}"}
    (again,) = merge(
        [merged],
        [Statement(release="2.14.1", tag="cu130", values={"cudnn": "9.3"})],
        as_of="2027-01-01",
    )
    assert again["source"] == "a page; package index 2027-01-01"


@pytest.mark.parametrize(
    ("column", "known", "said"),
    [
        ("cuda", "12.8.1", "12.8"),
        ("default", "windows arm64", "arm64 windows"),
        ("cudnn", ">=9.1,<10", "<10.0,>=9.1"),
    ],
)
def test_the_same_in_other_words_is_no_change(column: str, known: str, said: str) -> None:
    every = {f"{name}_pythons": "3.12" for name in ("amd64", "arm64", "windows")}
    before = row(release="2.14.1", tag="cu130", **every, **{column: known})
    statement = Statement(
        release="2.14.1", tag="cu130", values={column: said}, loose=("cudnn",) * (column == "cudnn")
    )
    before["loose"] = "cudnn" if column == "cudnn" else ""
    assert merge([before], [statement], as_of=TODAY) == [before]


def test_cuda_12_1_is_not_12_10() -> None:
    before = row(release="2.1.0", tag="cu121", cuda="12.1", amd64_pythons="3.10")
    said = Statement(release="2.1.0", tag="cu121", values={"cuda": "12.10"})
    assert merge([before], [said], as_of=TODAY)[0]["cuda"] == "12.10"


def test_a_platform_has_one_default() -> None:
    old = row(release="2.14.0", tag="cu130", default="amd64 arm64", amd64_pythons="3.12")
    new = row(release="2.14.0", tag="cu132", amd64_pythons="3.12")
    said = Statement(release="2.14.0", tag="cu132", values={"default": "amd64"})
    merged = merge([old, new], [said], as_of=TODAY)
    assert [entry["default"] for entry in merged] == ["", "amd64"]  # no wheel for arm64


def test_what_an_index_cannot_know_stays() -> None:
    result = update(small_tables())
    before = {(e["release"], e["tag"]): e for e in rows(small_tables()["torch"])}
    after = {(e["release"], e["tag"]): e for e in rows(result.tables["torch"])}
    assert after.keys() == before.keys()
    for key, entry in after.items():
        for column in ("amd64_capabilities", "ptx", "floor", "confidence", "notes"):
            assert entry[column] == before[key][column]


def without(release: str, framework: str) -> dict[str, str]:
    """Tables that do not know a release."""
    known = small_tables()
    left = [entry for entry in rows(known[framework]) if entry["release"] != release]
    return {**known, framework: table(*left)}


def test_a_new_release_takes_capabilities_from_its_series_and_says_inferred() -> None:
    tables_before = without("2.14.1", "torch")
    sibling = row(
        release="2.14.0",
        tag="cu130",
        cuda="13.0.3",
        amd64_pythons="3.12",
        amd64_capabilities="7.5 8.0",
        default="amd64",
        torchvision="0.29.0",
        notes="of 2.14.0",
    )
    tables_before["torch"] += table(sibling).partition("\n")[2]
    found = {
        entry["tag"]: entry
        for entry in rows(update(tables_before).tables["torch"])
        if entry["release"] == "2.14.1"
    }
    assert set(found) == {"cu130", "cpu"}
    new = found["cu130"]
    assert (new["amd64_capabilities"], new["confidence"]) == ("7.5 8.0", "inferred")
    assert new["source"] == f"as 2.14.0 cu130; package index {TODAY}"
    assert (new["torchvision"], new["loose"], new["notes"]) == ("0.29.2", "torchvision triton", "")
    assert new["default"] == "amd64 arm64"


def test_a_build_that_a_known_release_did_not_have_becomes_a_row() -> None:
    known = small_tables()
    left = [e for e in rows(known["torch"]) if (e["release"], e["tag"]) != ("2.14.1", "cu130")]
    assert any(entry["release"] == "2.14.1" for entry in left)
    result = update({**known, "torch": table(*left)})
    found = [e["tag"] for e in rows(result.tables["torch"]) if e["release"] == "2.14.1"]
    assert sorted(found) == sorted({"cu130", *(e["tag"] for e in left if e["release"] == "2.14.1")})
    assert ("2.14.1", "cu130") in {(change.release, change.tag) for change in result.changes}


def test_a_new_series_is_unverified_and_its_cpu_build_is_not() -> None:
    result = update(without("2.15.0", "torch"))
    found = {e["tag"]: e for e in rows(result.tables["torch"]) if e["release"] == "2.15.0"}
    assert found["cu132"]["confidence"] == "unverified"
    assert found["cu132"]["amd64_capabilities"] == ""
    assert found["cpu"]["confidence"] == "single"
    assert found["cpu"]["amd64_pythons"] == ""  # the index states nothing of it
    new = [(change.release, change.tag) for change in result.changes if change.table == "torch"]
    assert new == [("2.15.0", "cu132"), ("2.15.0", "cpu")]


def test_new_rows_stand_between_those_of_older_and_newer_releases() -> None:
    found = [entry["release"] for entry in rows(update(without("2.14.1", "torch")).tables["torch"])]
    assert found == sorted(found, key=lambda release: [int(part) for part in release.split(".")])


def test_a_tensorflow_whose_cuda_is_not_stated_has_that_of_its_series() -> None:
    found = [
        e for e in rows(update(small_tables()).tables["tensorflow"]) if e["release"] == "2.10.1"
    ]
    assert {(entry["tag"], entry["cuda"], entry["confidence"]) for entry in found} == {
        ("cu112", "11.2", "inferred"),
        ("cpu", "", "inferred"),
    }


def test_nothing_is_new_after_an_update() -> None:
    before = without("2.14.1", "torch")
    first = update(before)
    assert first.changes
    assert update({**before, **first.tables}).changes == ()


def test_an_update_is_compared_with_what_is_in_force() -> None:
    first = update(small_tables())
    assert update(small_tables(), first.tables).changes == ()


def test_a_row_that_is_gone_is_a_change() -> None:
    (change,) = changes("torch", [row(release="2.0.0", tag="cu117")], [])
    assert (change.release, change.tag, change.column) == ("2.0.0", "cu117", "")


def test_an_index_without_a_framework_changes_nothing() -> None:
    with pytest.raises(HostError, match="has no tensorflow"):
        refreshed(
            RecordedIndex(without=("tensorflow",)), small_tables(), small_tables(), as_of=TODAY
        )


# saved tables


def saved_tables(tmp_path: Path) -> Path:
    """Tables that an update saved: torch with one value that the bundled one does not have."""
    saved = tmp_path / "facts" / "tables.json"
    text = tables(None)[0]["torch"].replace("9.26.0.51", "9.99.9.99")
    save(saved, {"torch": text}, as_of=TODAY)
    return saved


def edited(saved: Path, edit: Callable[[dict[str, dict[str, object]]], object]) -> None:
    entries = json.loads(saved.read_text("utf-8"))
    edit(entries)
    saved.write_text(json.dumps(entries), "utf-8")


def test_saved_tables_replace_bundled_ones(tmp_path: Path) -> None:
    saved = saved_tables(tmp_path)
    found, problem = tables(saved)
    assert problem is None
    assert "9.99.9.99" in found["torch"]
    assert found["cuda"] == tables(None)[0]["cuda"]
    assert days(saved)["torch"] == TODAY


def test_no_saved_tables_is_no_problem(tmp_path: Path) -> None:
    assert tables(tmp_path / "none") == (tables(None)[0], None)


def test_saved_tables_older_than_mlbox_are_passed_over_silently(tmp_path: Path) -> None:
    saved = tmp_path / "tables.json"
    save(saved, {"torch": tables(None)[0]["torch"]}, as_of="2020-01-01")
    assert cached_tables(saved) == {}
    assert tables(saved) == (tables(None)[0], None)
    assert days(saved) == days(None)


@pytest.mark.parametrize(
    "damage",
    [
        lambda saved: saved.write_text(saved.read_text("utf-8")[:1000], "utf-8"),
        lambda saved: saved.write_bytes(b"\xff\xfe"),
        lambda saved: saved.write_bytes(b""),
        lambda saved: saved.write_text("[]", "utf-8"),
        lambda saved: saved.write_text("[" * 100_000, "utf-8"),
        lambda saved: edited(saved, lambda all_: all_["torch"].update(table="release,tag\n")),
        lambda saved: edited(saved, lambda all_: all_["torch"].pop("table")),
        lambda saved: edited(saved, lambda all_: all_["torch"].pop("sha256")),
        lambda saved: edited(saved, lambda all_: all_["torch"].update(as_of=3)),
        lambda saved: edited(saved, lambda all_: all_["torch"].update(as_of="yesterday")),
        lambda saved: (saved.unlink(), saved.mkdir()),
        lambda saved: save(saved, {"torch": "release,tag\n1,2\n"}, as_of=TODAY),
        lambda saved: save(saved, {"mystery": "a\n1\n"}, as_of=TODAY),
        lambda saved: save(
            saved, {"torch": tables(None)[0]["torch"] + "2.16.0,cu140\n"}, as_of=TODAY
        ),
    ],
    ids=[
        "cut short",
        "no text",
        "empty",
        "something else",
        "too deep",
        "another table",
        "table missing",
        "hash missing",
        "no day",
        "another word than a day",
        "a folder",
        "other columns",
        "unknown table",
        "a short row",
    ],
)
def test_damaged_saved_tables_are_not_used_and_it_is_said(damage: object, tmp_path: Path) -> None:
    saved = saved_tables(tmp_path)
    damage(saved)  # type: ignore[operator]
    found, problem = tables(saved)
    assert found == tables(None)[0]
    assert problem
    assert str(saved) in problem
    assert "`mlbox facts update`" in problem


def test_saving_again_replaces_all_and_leaves_nothing_behind(tmp_path: Path) -> None:
    saved = saved_tables(tmp_path)
    save(saved, {"jax": tables(None)[0]["jax"]}, as_of=TODAY)
    assert cached_tables(saved) == {"jax": tables(None)[0]["jax"]}
    assert list(saved.parent.iterdir()) == [saved]


KILLED_WHILE_SAVING = """
import os, signal, sys
from pathlib import Path

from mlbox.facts.cached import tables
from mlbox.refresh import save

new = tables(None)[0]["torch"].replace("9.26.0.51", "9.88.8.88")
folder, left = str(Path(sys.argv[1]).parent), int(sys.argv[2])

def die_at_the_last_step(event, args):  # of those that touch the folder
    global left
    if any(folder in str(arg) for arg in args):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die_at_the_last_step)
save(Path(sys.argv[1]), {"torch": new}, as_of=sys.argv[3])
"""


def test_whenever_an_update_is_killed_the_old_tables_or_the_new_are_in_force(
    tmp_path: Path,
) -> None:
    seen = []
    for step in range(1, 50):
        saved = saved_tables(tmp_path / str(step))
        done = subprocess.run(
            [sys.executable, "-c", KILLED_WHILE_SAVING, saved, str(step), TODAY], check=False
        )
        found, problem = tables(saved)
        assert problem is None, step
        seen.append("9.88.8.88" in found["torch"])
        assert seen[-1] != ("9.99.9.99" in found["torch"]), step
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    assert seen[0] is False  # killed before the first step
    assert seen[-1] is True  # not killed at all
    assert len(seen) > 3


def test_saving_where_it_cannot_be_keeps_the_old(tmp_path: Path) -> None:
    saved = saved_tables(tmp_path)
    with pytest.raises(OSError, match="File name too long"):
        save(saved.with_name("x" * 300), {"torch": ""}, as_of=TODAY)
    with pytest.raises(AttributeError):
        save(saved, {"torch": None}, as_of=TODAY)  # type: ignore[dict-item]
    assert "9.99.9.99" in tables(saved)[0]["torch"]
    assert list(saved.parent.iterdir()) == [saved]


# the manifest


def test_every_bundled_table_has_its_day() -> None:
    """Fails when a table is changed: ``mlbox facts update --restamp mlbox/facts`` dates it."""
    assert dated.check() == ()


def test_a_table_that_changed_without_a_new_day_is_found(tmp_path: Path) -> None:
    (tmp_path / "cuda.csv").write_text("version\n12.8\n", encoding="utf-8")
    assert restamp(tmp_path, as_of="2026-11-21") == ("cuda",)
    assert dated.check(tmp_path) == ()
    (tmp_path / "cuda.csv").write_text("version\n12.9\n", encoding="utf-8")
    (tmp_path / "new.csv").write_text("a\n", encoding="utf-8")
    assert dated.check(tmp_path) == (
        "cuda.csv changed after 2026-11-21, its as_of in manifest.json.",
        "new.csv has no as_of in manifest.json.",
    )


def test_a_table_that_did_not_change_keeps_its_day(tmp_path: Path) -> None:
    (tmp_path / "cuda.csv").write_text("version\n12.8\n", encoding="utf-8")
    (tmp_path / "gpus.csv").write_text("name\nH100\n", encoding="utf-8")
    restamp(tmp_path, as_of="2026-11-21")
    bundle(tmp_path, {"gpus": "name\nB200\n"}, as_of=TODAY)
    known = dated.manifest(tmp_path)
    assert (known["cuda"].as_of, known["gpus"].as_of) == ("2026-11-21", TODAY)
