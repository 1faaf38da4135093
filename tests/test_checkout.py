"""The checkout itself: its lock fits its dependencies and names no place of this machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

tomllib = pytest.importorskip("tomllib")  # Python 3.11

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()


def test_everything_pyproject_asks_for_is_locked_in_a_version_that_fits() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *pyproject["build-system"]["requires"],
        *pyproject["project"]["dependencies"],
        *(
            line
            for lines in pyproject["project"]["optional-dependencies"].values()
            for line in lines
        ),
        *pyproject["dependency-groups"]["dev"],
    ]
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE)
    locked = {canonicalize_name(name): version for name, version in pins}
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        if name != "mlbox":
            assert locked[name] in requirement.specifier, f"{requirement}: run `make lock`"


def test_the_lock_has_a_hash_per_package_and_no_place() -> None:
    for entry in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in entry, entry
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK
