"""The disk as the linter sees it: texts, folders, and where a Dockerfile is built."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlbox.lint.report import Unreadable
from mlbox.linter.beside import LARGEST, Folder, context_of, read
from mlbox.linter.find import Target

if TYPE_CHECKING:
    from pathlib import Path


def why(path: Path) -> str:
    """Why a file cannot be analysed."""
    answer = read(path, path.name)
    assert isinstance(answer, Unreadable)
    assert answer.fix
    return answer.why


def test_bytes_that_are_no_utf8_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"# caf\xe9\r\nFROM a\r\n")
    text = read(path, "Dockerfile")
    assert isinstance(text, str)
    assert text.encode("utf-8", "surrogateescape") == b"# caf\xe9\r\nFROM a\r\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x7fELF\x02\0\0\0", "NUL bytes"),
        (b"FROM a\nRUN echo \0\n", "NUL bytes"),
        ("FROM a\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "Dockerfile").write_bytes(data)
    assert words in why(tmp_path / "Dockerfile")


def test_a_file_of_50_mb_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "Dockerfile").open("wb") as file:
        file.truncate(50 * 2**20)
    assert "more than 2 MiB" in why(tmp_path / "Dockerfile")


def test_a_lock_beside_it_may_be_larger(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text("#" * (LARGEST + 1), encoding="utf-8")
    assert Folder(tmp_path).text("uv.lock") is not None


def test_links_in_a_circle_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("Dockerfile")
    os.mkfifo(tmp_path / "pipe")
    assert "symbolic links" in why(tmp_path / "Dockerfile")
    assert "no ordinary file" in why(tmp_path / "pipe")
    assert "no ordinary file" in why(tmp_path)
    assert "No such file" in why(tmp_path / "nothing")


def test_a_folder_gives_what_lies_in_it_and_nothing_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/r.txt").write_text("torch\n", encoding="utf-8")
    folder = Folder(tmp_path)
    assert folder.text("a/r.txt") == "torch\n"
    assert folder.text("a") is None
    assert folder.text("b") is None
    assert folder.text(str(tmp_path / "a/r.txt")) is None
    assert folder.exists("a")
    assert folder.exists("") is True
    assert folder.exists("b") is False
    assert folder.exists("/etc") is None
    assert folder.text("a\0") is None


def test_texts_that_are_not_written_yet_are_seen(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {".dockerignore": ".git\n"})
    assert folder.text(".dockerignore") == ".git\n"
    assert folder.exists(".dockerignore")


def context(path: Path, text: str) -> Path:
    """Where a Dockerfile is built."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return context_of(Target(path=path, shown=str(path), kind="dockerfile"), text)


def test_a_dockerfile_is_built_in_its_folder(tmp_path: Path) -> None:
    assert context(tmp_path / "a/Dockerfile", "FROM a\nCOPY . .\n") == tmp_path / "a"
    assert context(tmp_path / "a/Dockerfile", "FROM a\nCOPY nowhere .\n") == tmp_path / "a"


def test_or_above_it_where_what_it_copies_is(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "docker/gpu/src").mkdir(parents=True)
    text = (
        "FROM a AS b\nCOPY --from=b x y\n"
        'COPY ["pyproject.toml", "."]\nCOPY requirements.txt src/ ./\n'
    )
    assert context(tmp_path / "docker/gpu/Dockerfile", text) == tmp_path


def test_but_not_above_the_repository(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "project/.git").mkdir(parents=True)
    text = "FROM a\nCOPY requirements.txt .\n"
    assert context(tmp_path / "project/docker/Dockerfile", text) == tmp_path / "project/docker"


def test_a_folder_tells_what_is_in_it_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/.env").touch()
    (tmp_path / "link").symlink_to("a")
    folder = Folder(tmp_path)
    assert sorted(folder.inside("")) == ["a/", "link"]
    assert sorted(folder.inside("a")) == [".env", "b/"]
    assert folder.inside("nowhere") == folder.inside("a/.env") == folder.inside("\0") == ()
