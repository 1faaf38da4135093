from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import mlbox
from mlbox.errors import MissingExtraError, SpecError
from mlbox.notebook import find_project

if TYPE_CHECKING:
    from pathlib import Path


def test_the_panel_without_its_extra_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mlbox.notebook.widgets", raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(MissingExtraError, match=r"mlbox\.panel\(\)") as caught:
        mlbox.panel()
    assert ".[notebook]" in caught.value.fix


def test_a_folder_without_a_spec_gives_a_plain_box_with_its_name(project_folder: Path) -> None:
    found = find_project(project_folder)
    assert found.box.name == "ein-projekt"
    assert (found.source, found.job) == (None, None)


def test_a_pyproject_that_is_not_about_mlbox_is_no_spec(project_folder: Path) -> None:
    (project_folder / "pyproject.toml").write_text('[project]\nname = "other"\n')
    assert find_project(project_folder).source is None


def test_a_spec_is_read(project_folder: Path) -> None:
    (project_folder / "pyproject.toml").write_text('[tool.mlbox]\nname = "digits"\n')
    assert find_project(project_folder).box.name == "digits"


def test_a_spec_with_a_mistake_is_an_error_and_not_a_plain_box(project_folder: Path) -> None:
    (project_folder / "mlbox.toml").write_text('name = "x"\ntorhc = "2"\n')
    with pytest.raises(SpecError, match="unknown key 'torhc'"):
        find_project(project_folder)
