"""Which files a search finds, and what is said of places that lead nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mlbox.linter.find import find, kind_of


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FROM scratch\n", encoding="utf-8")


def found(folder: Path, *exclude: str) -> dict[str, str]:
    """What a search finds: path -> kind."""
    targets, unreadable = find([folder], exclude)
    assert unreadable == ()
    return {item.shown: item.kind for item in targets}


def test_dockerfiles_are_found_by_the_names_that_people_give_them(here: Path) -> None:
    names = ["Dockerfile", "Dockerfile.gpu", "Dockerfile-dev", "Dockerfile_cpu", "gpu.Dockerfile"]
    names += ["train.dockerfile", "Containerfile", "a/b/Containerfile.cuda", "docker/Dockerfile"]
    names += [".devcontainer/Dockerfile", "dockerfile"]
    touch(here, *names)
    assert found(here.relative_to(here)) == dict.fromkeys(sorted(names), "dockerfile") | {}


def test_compose_files_are_found_by_theirs(here: Path) -> None:
    names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.gpu.yaml"]
    names += ["compose.override.yaml", "compose-dev.yml"]
    names += ["gpu.compose.yaml", "train-docker-compose.yml"]
    touch(here, *names, "values.yaml", "ci.yml", "composer.yml")
    assert found(here.relative_to(here)) == dict.fromkeys(sorted(names), "compose")


def test_what_is_only_called_like_one_is_left_alone(here: Path) -> None:
    touch(here, "Dockerfile.dockerignore", "Dockerfile~", "Dockerfile.j2", "Dockerfile.orig")
    touch(here, "dockerfiles.py", "Dockerfile.md", "mydockerfile", "dockerfile.py", "compose.json")
    assert found(here) == {}


def test_folders_that_others_fill_are_not_searched(here: Path) -> None:
    touch(here, ".git/Dockerfile", ".venv/x/Dockerfile", "node_modules/a/Dockerfile")
    touch(here, ".mlbox/runs/1/Dockerfile", "a/__pycache__/Dockerfile", "a/Dockerfile")
    assert list(found(here.relative_to(here))) == ["a/Dockerfile"]


def test_patterns_leave_files_and_folders_out(here: Path) -> None:
    touch(here, "a/Dockerfile", "b/Dockerfile", "b/c/Dockerfile", "Dockerfile.old", "Dockerfile")
    assert list(found(here.relative_to(here), "b/", "*.old")) == ["Dockerfile", "a/Dockerfile"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(here: Path) -> None:
    touch(here, "Dockerfile.j2", "stack.yml", "build.txt")
    targets, _ = find([here / name for name in ("Dockerfile.j2", "stack.yml", "build.txt")])
    assert [item.kind for item in targets] == ["dockerfile", "compose", "dockerfile"]
    assert kind_of("COMPOSE.YML") == "compose"


def test_a_file_is_linted_once_however_often_it_is_named(here: Path) -> None:
    touch(here, "Dockerfile")
    (here / "Dockerfile.link").symlink_to("Dockerfile")
    targets, _ = find([here, here / "Dockerfile", here / "Dockerfile.link"])
    assert len(targets) == 1


def test_paths_are_told_as_they_were_named(here: Path) -> None:
    touch(here, "a/Dockerfile")
    relative, _ = find([here.relative_to(here) / "a/../a"])
    absolute, _ = find([here / "a"])
    assert relative[0].shown == "a/Dockerfile"
    assert absolute[0].shown == (here / "a/Dockerfile").as_posix()


def test_what_is_not_there_is_said(here: Path) -> None:
    targets, unreadable = find([here / "nothing"])
    assert targets == ()
    assert "No such file" in unreadable[0].what
    assert unreadable[0].fix


def test_a_link_back_to_a_folder_above_is_said_and_not_followed(here: Path) -> None:
    touch(here, "a/b/Dockerfile")
    (here / "a/b/up").symlink_to("..")
    (here / "a/self").symlink_to(".")
    targets, unreadable = find([here / "a"])
    assert [item.path.name for item in targets] == ["Dockerfile"]
    assert sorted(item.file.rpartition("/")[2] for item in unreadable) == ["self", "up"]


def test_a_link_to_another_folder_is_not_followed_and_not_worth_a_word(here: Path) -> None:
    touch(here, "data/Dockerfile", "a/Dockerfile")
    (here / "a/data").symlink_to(here / "data")
    assert len(found(here / "a")) == 1


def test_a_link_that_leads_to_itself_is_found_and_fails_when_it_is_read(here: Path) -> None:
    (here / "Dockerfile").symlink_to("Dockerfile")
    targets, unreadable = find([here])
    assert len(targets) == 1
    assert unreadable == ()


def test_the_hooks_of_pre_commit_take_the_files_that_a_search_finds() -> None:
    path = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    hooks = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    assert [hook["entry"] for hook in hooks] == ["mlbox lint", "mlbox lint --fix"]
    for hook in hooks:
        wanted, unwanted = re.compile(hook["files"]), re.compile(hook["exclude"])
        for name in ("Dockerfile", "a/Dockerfile.gpu", "x.dockerfile", "a/docker-compose.dev.yml"):
            assert wanted.search(name), name
            assert not unwanted.search(name), name
        for name in ("mydockerfile", "values.yaml", "a/Dockerfile.dockerignore", "Dockerfile.j2"):
            assert unwanted.search(name) or not wanted.search(name), name
