from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from mlbox.errors import FactsError
from mlbox.facts import AS_OF, PLATFORMS, Facts, check, dated, load_facts
from mlbox.resolve import Request, resolve

if TYPE_CHECKING:
    from pathlib import Path

FACTS = load_facts()
TABLES = (FACTS.builds, FACTS.cudas, FACTS.gpus, FACTS.images)
CONFIDENCES = {"multi", "single", "inferred", "observed", "derived", "recollected", "unverified"}


def test_every_row_has_a_source_and_says_how_far_to_trust_it() -> None:
    for table in TABLES:
        assert table
        for row in table:
            assert row.source
            assert row.confidence in CONFIDENCES


def test_a_table_does_not_change_without_its_day() -> None:
    assert dated.check() == ()
    assert min(stamp.as_of for stamp in dated.manifest().values()) == AS_OF


def test_the_tables_are_read_once() -> None:
    assert load_facts() is FACTS


def test_the_tables_name_no_host_but_where_they_were_read_and_images_are() -> None:
    known = {
        "aspire.dev",
        "aws.amazon.com",
        "developer.download.nvidia.com",
        "developer.nvidia.com",
        "docker.io",
        "docs.cloud.google.com",
        "docs.nvidia.com",
        "download.pytorch.org",
        "nvcr.io",
        "pypi.jetson-ai-lab.io",
        "pytorch.org",
        "rocm.docs.amd.com",
        "storage.googleapis.com",
        *("amd.com", "google.com", "nvidia.com"),  # of Kubernetes' resources
    }
    for table in files("mlbox.facts").iterdir():
        if table.name.endswith(".csv"):
            text = table.read_text(encoding="utf-8")
            hosts = set(re.findall(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|io|net|dev)\b", text))
            assert hosts <= known, table.name


def test_a_build_is_told_apart_by_framework_release_tag_and_platform() -> None:
    keys = [(b.framework, b.release, b.tag, b.platform) for b in FACTS.builds]
    assert len(keys) == len(set(keys))
    assert {build.platform for build in FACTS.builds} == set(PLATFORMS.values())


def test_a_tag_and_its_cuda_version_agree() -> None:
    for build in FACTS.builds:
        match = re.fullmatch(r"cu(\d+)(\d)", build.tag)
        if match:
            assert build.cuda == f"{match[1]}.{match[2]}"
        assert build.tag.startswith(("cpu", "rocm", "xpu")) == (build.cuda is None)


def test_a_release_has_at_most_one_default_build_per_platform() -> None:
    keys = [(b.framework, b.release, b.platform) for b in FACTS.builds if b.default]
    assert len(keys) == len(set(keys))


def test_a_release_is_final_or_a_pre_release_and_nothing_else() -> None:
    for build in FACTS.builds:
        assert re.fullmatch(r"\d+(\.\d+)+((a|b|rc)\d+)?", build.release)
        assert build.is_final == ("rc" not in build.release)


def test_every_cuda_version_of_a_verified_build_has_a_minimum_driver() -> None:
    known = {".".join(row.version.split(".")[:2]) for row in FACTS.cudas}
    used = {b.cuda for b in FACTS.builds if b.cuda and b.confidence != "unverified"}
    assert used <= known


@pytest.mark.parametrize(
    ("cuda", "driver"), [("11.8", "450.80.02"), ("12.8", "525.60.13"), ("13.0", "580.65.06")]
)
def test_the_minimum_driver_is_that_of_the_major_version(cuda: str, driver: str) -> None:
    rows = [row for row in FACTS.cudas if row.version.startswith(f"{cuda}.")]
    assert {row.family_driver for row in rows} == {driver}


def test_an_image_is_known_by_repository_and_tag() -> None:
    for image in FACTS.images:
        assert image.reference.endswith(image.tag)


# --- what the loader refuses ------------------------------------------------------------------


def changed(**tables: object) -> Facts:
    return replace(FACTS, **tables)  # type: ignore[arg-type]  # each test names real tables


def refusal(facts: Facts) -> str:
    with pytest.raises(FactsError) as caught:
        check(facts)
    assert caught.value.why
    assert caught.value.fix
    return caught.value.what


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tag": "cu129"}, "another CUDA than its tag"),
        ({"tag": "x", "toolkit": "12.7.0"}, "a CUDA that the table of CUDA lacks"),
        ({"source": ""}, "no source"),
        ({"confidence": "certain"}, "no such confidence"),
        ({"pythons": ("3.12", "3.9")}, "Pythons in order"),
        ({"loose": ("torchtext",)}, "loose companion"),
    ],
)
def test_a_build_that_contradicts_itself_is_refused(values: dict[str, Any], words: str) -> None:
    build = next(b for b in FACTS.builds if b.tag == "cu128")
    assert words in refusal(changed(builds=(replace(build, **values),)))


def test_a_build_that_stands_there_twice_is_refused() -> None:
    assert "twice" in refusal(changed(builds=(FACTS.builds[0], FACTS.builds[0])))


def test_a_gpu_that_ends_before_it_begins_is_refused() -> None:
    gpu = replace(FACTS.gpus[0], first_driver="570", last_driver="470")
    assert "ends before it begins" in refusal(changed(gpus=(gpu,)))
    assert "X.Y" in refusal(changed(gpus=(replace(gpu, capability="70"),)))


def test_a_cuda_that_needs_less_than_its_family_is_refused() -> None:
    row = replace(FACTS.cudas[-5], driver="450.80.02", family_driver="525.60.13")
    assert "less than its family" in refusal(changed(cudas=(*FACTS.cudas, row)))


def test_an_image_without_a_source_is_refused() -> None:
    assert "no source" in refusal(changed(images=(replace(FACTS.images[0], source=""),)))


# --- what an update saved ---------------------------------------------------------------------


def test_saved_facts_that_are_corrupt_are_not_used_and_the_answer_says_so(tmp_path: Path) -> None:
    saved = tmp_path / "tables.json"
    table = '{"torch": {"as_of": "2027-01-01", "sha256": "", "table": "release\\n2.99.0\\n"}}'
    saved.write_text(table, encoding="utf-8")
    facts = load_facts(saved)
    assert [b.release for b in facts.builds] == [b.release for b in FACTS.builds]
    answer = resolve(Request(framework="torch"), facts)
    assert answer.version == "2.15.0"
    assert [f.code for f in answer.findings if f.severity == "warning"] == ["facts-cache"]
