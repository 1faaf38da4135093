from __future__ import annotations

import re
from importlib.resources import files

import pytest

from mlbox.facts import PLATFORMS, load_facts

FACTS = load_facts()
TABLES = (FACTS.builds, FACTS.cudas, FACTS.gpus, FACTS.images)
CONFIDENCES = {"multi", "single", "inferred", "observed", "derived", "recollected", "unverified"}


def test_every_row_has_a_source_and_says_how_far_to_trust_it() -> None:
    for table in TABLES:
        assert table
        for row in table:
            assert row.source
            assert row.confidence in CONFIDENCES


def test_the_tables_are_read_once() -> None:
    assert load_facts() is FACTS


def test_the_tables_name_no_host_but_where_they_were_read_and_images_are() -> None:
    known = {
        "developer.nvidia.com",
        "docs.nvidia.com",
        "nvcr.io",
        "download.pytorch.org",
        "developer.download.nvidia.com",
        "pypi.jetson-ai-lab.io",
        "aspire.dev",
        "storage.googleapis.com",
        "pip.repos.neuron.amazonaws.com",
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


def test_no_release_is_a_pre_release() -> None:
    for build in FACTS.builds:
        assert re.fullmatch(r"\d+(\.\d+)+", build.release)


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
