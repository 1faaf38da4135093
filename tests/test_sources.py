from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlbox.errors import SpecError
from mlbox.sources import PackageSources, package_sources, pip_configuration
from mlbox.spec import Project, parse_box

if TYPE_CHECKING:
    from pathlib import Path


def test_pip_s_files_and_variables_are_read_in_pip_s_order(tmp_path: Path) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = https://user.example/simple\nfind_links = /a\n  /b\n"
        "[install]\nno-index = true\n"
    )
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "none")}
    options = pip_configuration(environment)
    assert options["index-url"] == "https://user.example/simple"
    assert options["find-links"].split() == ["/a", "/b"]
    assert options["no-index"] == "true"
    options = pip_configuration({**environment, "PIP_INDEX_URL": "https://env.example/simple"})
    assert options["index-url"] == "https://env.example/simple"


def test_credentials_go_to_the_netrc_and_nowhere_else() -> None:
    sources = PackageSources(
        index_url="https://me:p%40ss@index.example/simple",
        extra_index_urls=("https://index2.example/simple",),
    )
    options = "\n".join(sources.requirement_options())
    assert "index.example/simple" in options
    assert "p%40ss" not in options
    assert sources.netrc() == "machine index.example login me password p@ss\n"


def test_local_wheels_are_found_in_folders_and_in_local_indexes(tmp_path: Path) -> None:
    folder, index = tmp_path / "wheels", tmp_path / "simple"
    files = tmp_path / "files"
    for made in (folder, index / "my-pkg", files):
        made.mkdir(parents=True)
    (folder / "My_Pkg-1.0+cpu-py3-none-any.whl").touch()
    (folder / "My_Pkg-1.1-py3-none-any.whl").touch()
    (files / "my_pkg-1.0+cpu-cp311-none-any.whl").touch()
    (index / "my-pkg/index.html").write_text(
        '<a href="../../files/my_pkg-1.0%2Bcpu-cp311-none-any.whl#sha256=0">w</a>'
        '<a href="https://example.com/x-1-py3-none-any.whl">far</a>'
    )
    sources = PackageSources(find_links=(str(folder),), extra_index_urls=(index.as_uri(),))
    assert [path.name for path in sources.local_wheels("my.pkg", "1.0+cpu")] == [
        "My_Pkg-1.0+cpu-py3-none-any.whl",
        "my_pkg-1.0+cpu-cp311-none-any.whl",
    ]


def test_what_only_this_machine_sees_is_not_told_to_the_build(tmp_path: Path) -> None:
    sources = PackageSources(
        index_url="file:///srv/simple", find_links=(str(tmp_path), "https://wheels.example/page")
    )
    assert sources.requirement_options() == (
        "--find-links https://wheels.example/page",
        "--find-links /wheelhouse",
    )


def test_a_missing_wheel_folder_is_a_spec_error(tmp_path: Path) -> None:
    box = parse_box({"name": "a", "find-links": "wheels"})
    with pytest.raises(SpecError, match="find-links"):
        package_sources(Project(root=tmp_path, source=None, box=box), {})
