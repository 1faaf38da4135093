"""``mlbox lint`` as it is called: exit codes, forms, choices, and files that are none."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlbox.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Output = pytest.CaptureFixture[str]

GOOD = (
    "FROM python:3.12.7-slim-bookworm@sha256:" + "a" * 64 + "\n"
    "RUN useradd --create-home app\nUSER app\nWORKDIR /home/app\n"
    "COPY --chown=app train.py ./\n"
    'CMD ["python", "train.py"]\n'
)
BAD = (
    "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
    "RUN apt-get update && apt-get install -y nvidia-utils-550 && rm -rf /var/lib/apt/lists/*\n"
)
COMPOSE = """\
services:
  train:
    image: x:1
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: 1
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**texts: str) -> None:
    for name, text in texts.items():
        Path(name.replace("__", ".")).write_text(text, encoding="utf-8")


def rows(capsys: Output, *words: str) -> list[dict[str, object]]:
    """What a call says in JSON."""
    capsys.readouterr()
    main(["lint", "--format", "json", *words])
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def codes(capsys: Output, *words: str) -> set[object]:
    return {row["code"] for row in rows(capsys, *words)}


def test_a_good_file_is_clean(capsys: Output) -> None:
    write(Dockerfile=GOOD)
    assert main(["lint", "Dockerfile"]) == 0
    assert capsys.readouterr().out == "Nothing found in 1 file.\n"


def test_a_bad_one_is_not_and_the_current_folder_is_searched(capsys: Output) -> None:
    write(Dockerfile=BAD, compose__yaml=COMPOSE)
    assert main(["lint"]) == 1
    out = capsys.readouterr().out
    assert "Dockerfile:2:42: error: MLD106 driver-in-image: " in out
    assert "compose.yaml:8:" in out
    assert "in 2 files." in out


def test_the_threshold_decides_what_fails(capsys: Output) -> None:
    write(Dockerfile="FROM python:3.12-slim\nRUN pip install numpy==2.0.0\n")
    assert {row["severity"] for row in rows(capsys)} == {"warning", "info"}
    assert main(["lint"]) == 1
    assert main(["lint", "--threshold", "error"]) == 0
    write(Dockerfile=GOOD.replace("USER app\n", ""))
    assert main(["lint"]) == 0
    assert main(["lint", "--threshold", "info"]) == 1


def test_rules_are_chosen_by_code_beginning_and_slug(capsys: Output) -> None:
    write(Dockerfile=BAD)
    assert codes(capsys, "--select", "driver-in-image") == {"MLD106"}
    assert codes(capsys, "--select", "mld1") == {"MLD106", "MLD115"}
    assert codes(capsys, "--select", "MLD1,MLD5", "--ignore", "MLD106,MLD115") == {"MLD501"}
    assert codes(capsys, "--select", "MLD501", "--select", "MLD106") == {"MLD106", "MLD501"}
    assert main(["lint", "--select", "driver-in-imag"]) == 2
    assert "Did you mean 'driver-in-image'?" in capsys.readouterr().err


def test_settings_of_the_project_count_and_flags_count_more(capsys: Output) -> None:
    write(
        Dockerfile=BAD, pyproject__toml='[tool.mlbox.lint]\nselect = ["MLD5"]\nthreshold = "info"\n'
    )
    assert codes(capsys) == {"MLD501"}
    assert main(["lint"]) == 1
    assert main(["lint", "--threshold", "warning"]) == 0
    assert codes(capsys, "--select", "MLD106") == {"MLD106"}


def test_comments_silence_a_line_or_a_file(capsys: Output) -> None:
    run = BAD.splitlines()[1]
    write(
        Dockerfile=f"{BAD.splitlines()[0]}\n# mlbox: ignore=MLD106 the stub is not enough\n{run}\n"
    )
    assert "MLD106" not in codes(capsys)
    assert "1 not shown" in out_of(capsys)
    write(Dockerfile=f"# mlbox: ignore-file=driver-in-image,MLD115 reason\n{BAD}")
    assert codes(capsys).isdisjoint({"MLD106", "MLD115"})
    write(Dockerfile=f"# mlbox: ignore=MLD999 another\n{BAD}")
    assert "MLD106" in codes(capsys)


def out_of(capsys: Output, *words: str) -> str:
    capsys.readouterr()
    main(["lint", *words])
    return capsys.readouterr().out


def test_what_a_baseline_has_is_not_told_again(capsys: Output) -> None:
    write(Dockerfile=BAD)
    write(base__json=out_of(capsys, "--format", "json"))
    assert main(["lint", "--baseline", "base.json"]) == 0
    assert "Nothing found in 1 file. " in capsys.readouterr().out
    write(
        Dockerfile=f"# lines move\n\n{BAD}RUN apt-get update && apt-get install -y cuda-drivers\n"
    )
    new = rows(capsys, "--baseline", "base.json")
    assert "MLD106" in {row["code"] for row in new}
    assert {row["line"] for row in new} == {5}


@pytest.mark.parametrize("text", ["{}", "[1]", "nothing", '[{"file": 1}]', "[" * 100_000])
def test_a_baseline_that_is_none_is_an_error(capsys: Output, text: str) -> None:
    write(Dockerfile=BAD, base__json=text)
    if text == "{}":
        assert main(["lint", "--baseline", "no.json"]) == 2
        assert "There is no baseline" in capsys.readouterr().err
        return
    assert main(["lint", "--baseline", "base.json"]) == 2
    assert "is no baseline" in capsys.readouterr().err


def test_fix_mends_and_tells_how_much(capsys: Output) -> None:
    write(Dockerfile=BAD)
    assert main(["lint", "--fix"]) == 0
    captured = capsys.readouterr()
    assert "nvidia-utils" not in Path("Dockerfile").read_text(encoding="utf-8")
    assert captured.err == "1 fixed.\n"
    assert main(["lint", "--fix"]) == 0
    assert capsys.readouterr().err == "0 fixed.\n"


def test_unsafe_fixes_are_made_when_they_are_asked_for(capsys: Output) -> None:
    write(Dockerfile=BAD)
    main(["lint", "--fix"])
    assert "USER" not in Path("Dockerfile").read_text(encoding="utf-8")
    main(["lint", "--unsafe-fixes"])
    assert "USER" in Path("Dockerfile").read_text(encoding="utf-8")
    assert capsys.readouterr().err.endswith("1 fixed.\n")


def test_standard_input_is_a_dockerfile(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    assert main(["lint", "-"]) == 1
    assert "-:2:42: error: MLD106" in capsys.readouterr().out
    assert main(["lint", "-", "--fix"]) == 2
    assert "cannot be fixed" in capsys.readouterr().err


def test_files_beside_the_dockerfile_are_followed_and_told_by_their_path(capsys: Output) -> None:
    Path("app/docker").mkdir(parents=True)
    Path("app/requirements.txt").write_text("torch==2.9.1+cu121\n", encoding="utf-8")
    text = "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    Path("app/docker/Dockerfile").write_text(text, encoding="utf-8")
    found = [row for row in rows(capsys, "app") if row["code"] == "MLD103"]
    assert [(row["file"], row["line"], row["column"]) for row in found] == [
        ("app/requirements.txt", 1, 1)
    ]


BROKEN: Mapping[str, Callable[[Path], object]] = {
    "binary": lambda path: path.write_bytes(b"\x7fELF\0\0\1" * 99),
    "large": lambda path: path.write_bytes(b"# x\n" * (50 * 2**18)),
    "nul": lambda path: path.write_bytes(b"FROM a\nRUN x\0\n"),
    "utf-16": lambda path: path.write_bytes("FROM a\n".encode("utf-16")),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "pipe": os.mkfifo,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_analysed_is_said_and_the_others_are_linted(
    name: str, capsys: Output
) -> None:
    write(Dockerfile=BAD)
    BROKEN[name](Path("Dockerfile.broken"))
    assert main(["lint"]) == 2
    captured = capsys.readouterr()
    assert "Dockerfile.broken: It cannot be analysed.\n" in captured.err
    assert "Dockerfile:2:42: error: MLD106" in captured.out
    assert "Traceback" not in captured.err


def test_requirements_that_include_each_other_are_said(capsys: Output) -> None:
    write(
        Dockerfile="FROM python:3.12-slim\nCOPY *.txt ./\nRUN pip install -r a.txt\n",
        a__txt="-r b.txt\nnumpy==2.0.0\n",
        b__txt="-r a.txt\ntorch==2.9.1+cu121\n",
    )
    assert main(["lint"]) == 2
    captured = capsys.readouterr()
    assert "a.txt: It includes itself" in captured.err
    assert "MLD103" in captured.out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services:\n  a:\n  b:\n    image: x:1\n", "compose.yaml:2:3: services.a is empty"),
        ("services:\n\t- x: [\n", "compose.yaml:2:1"),
        (
            "a: &a [x]\n"
            + "".join(
                f"{c}: &{c} [{','.join([f'*{p}'] * 9)}]\n"
                for p, c in zip("abcdefgh", "bcdefghi", strict=True)
            )
            + "services: {x: {image: y, command: *i}}\n",
            "compose.yaml",
        ),
    ],
    ids=["null service", "no yaml", "bomb"],
)
def test_compose_files_that_cannot_be_analysed_are_said(
    text: str, words: str, capsys: Output
) -> None:
    write(compose__yaml=text, Dockerfile=BAD)
    assert main(["lint"]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert "MLD106" in captured.out


def test_what_is_not_there_is_said(capsys: Output) -> None:
    write(Dockerfile=GOOD)
    assert main(["lint", "Dockerfile", "nothing/Dockerfile"]) == 2
    captured = capsys.readouterr()
    assert "nothing/Dockerfile: No such file or folder." in captured.err
    assert "Nothing found in 1 file." in captured.out


def test_a_rule_explains_itself(capsys: Output) -> None:
    assert main(["lint", "--explain", "MLD106"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# MLD106 driver-in-image\n")
    assert main(["lint", "--explain", "driver-in-image"]) == 0
    assert capsys.readouterr().out == page
    assert main(["lint", "--explain"]) == 0
    assert "MLC101" in capsys.readouterr().out
    assert main(["lint", "--explain", "MLD16"]) == 2


def test_nothing_to_lint_is_said(capsys: Output) -> None:
    assert main(["lint"]) == 0
    assert "No Dockerfile and no compose file was found" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_what_may_not_be_read_is_said_and_the_others_are_linted(
    capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="mlbox-test-") as name:
        Path(name).chmod(0o755)
        monkeypatch.chdir(name)
        write(Dockerfile=BAD)
        Path("Dockerfile.closed").touch(mode=0)
        Path("closed").mkdir(mode=0)
        os.seteuid(65534)
        try:
            assert main(["lint"]) == 2
        finally:
            os.seteuid(0)
            monkeypatch.undo()
    captured = capsys.readouterr()
    assert "Dockerfile.closed: It cannot be analysed.\nPermission denied." in captured.err
    assert "closed: The folder cannot be searched.\nPermission denied." in captured.err
    assert "MLD106" in captured.out
