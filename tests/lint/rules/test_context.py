"""What the build context brings along unasked (MLD303)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import SLIM, of, places

from mlbox.lint import lint_dockerfile
from mlbox.testing import FakeFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL = f"{SLIM}COPY . .\n"
ENV = {".env": "HF_TOKEN=abc\n"}
GIT = {".git/HEAD": "ref: x", ".git/config": ""}

LEAKS: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "variables": (ALL, ENV, "."),
    "with an ignore file that names others": (ALL, {**ENV, ".dockerignore": "*.pyc\n"}, "."),
    "taken back": (ALL, {**ENV, ".dockerignore": ".*\n!.env\n"}, "."),
    "DVC's cache": (ALL, {".dvc/cache/a": "", ".dvc/config": ""}, "."),
    "DVC's credentials": (ALL, {".dvc/config.local": "[x]"}, "."),
    "history": (ALL, GIT, "."),
    "an environment": (ALL, {".venv/pyvenv.cfg": ""}, "."),
    "keys": (ALL, {".ssh/id_rsa": ""}, "."),
    "Kaggle": (f"{SLIM}COPY ./ /app/\n", {"kaggle.json": "{}"}, "./"),
    "ADD": (f"{SLIM}ADD . /x\n", ENV, "."),
    "all of a pattern": (f"{SLIM}COPY * /x/\n", ENV, "*"),
    "the root": (f"{SLIM}COPY / /x/\n", ENV, "/"),
    "a folder": (f"{SLIM}COPY app /app\n", {"app/.env": "HF_TOKEN=abc"}, "app"),
    "DVC's folder": (f"{SLIM}COPY .dvc .dvc\n", {".dvc/config.local": "[x]"}, ".dvc"),
    "beside others": (f"{SLIM}COPY a.txt app /app/\n", {"app/.env": "A_TOKEN=abc"}, "app"),
    "with flags": (f"{SLIM}COPY --chown=1000:1000 . .\n", ENV, "."),
    "a list": (f'{SLIM}COPY ["app", "/app"]\n', {"app/.env": "HF_TOKEN=abc"}, "app"),
    "in a child image": (f"{SLIM}ONBUILD COPY . .\n", ENV, "."),
    "deeper": (ALL, {"services/api/.env": "HF_TOKEN=abc"}, "."),
    "deeper than the pattern": (
        ALL,
        {"services/api/.env": "HF_TOKEN=abc", ".dockerignore": ".env\n"},
        ".",
    ),
    "a key in a folder of a folder": (
        f"{SLIM}COPY app /app\n",
        {"app/deploy/id_ed25519": "x"},
        "app",
    ),
    "a pattern for another level": (ALL, {**ENV, ".dockerignore": "*/.env\n"}, "."),
}
CLEAN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "nothing there": (ALL, {"train.py": ""}),
    "ignored": (ALL, {**ENV, ".dockerignore": ".env\n"}),
    "deeper, without a secret": (ALL, {"services/api/.env": "PORT=80\n"}),
    "deeper, ignored": (ALL, {"services/api/.env": "HF_TOKEN=a", ".dockerignore": "**/.env\n"}),
    "in a folder that is ignored": (ALL, {"a/b/id_rsa": "", ".dockerignore": "a\n"}),
    "in other people's code": (ALL, {"app/node_modules/x/.env": "HF_TOKEN=abc"}),
    "in another folder": (f"{SLIM}COPY app /app\n", {"app/a.py": "", "b/c/id_rsa": ""}),
    "ignored at every level": (ALL, {**ENV, ".dockerignore": "**/.env\n"}),
    "ignored by a pattern": (ALL, {**ENV, **GIT, ".dockerignore": ".*\n"}),
    "all but some": (ALL, {**ENV, **GIT, ".dockerignore": "*\n!src\n!pyproject.toml\n"}),
    "ignored from the root": (ALL, {**ENV, ".dockerignore": "/.env\n"}),
    "ignored with white space": (ALL, {**ENV, ".dockerignore": "# secrets\n  .env  \n"}),
    "what is in a folder": (ALL, {**GIT, ".dockerignore": ".git/*\n"}),
    "everything in a folder": (ALL, {**GIT, ".dockerignore": ".git/**\n"}),
    "DVC but its configuration": (
        ALL,
        {".dvc/cache/a": "", ".dvc/config": "", ".dockerignore": ".dvc/*\n!.dvc/config\n"},
    ),
    "by the Dockerfile's own file": (ALL, {**ENV, "Dockerfile.dockerignore": ".env\n"}),
    "excluded": (f"{SLIM}COPY --exclude=.env . .\n", ENV),
    "settings without secrets": (ALL, {".env": "MODEL=bert\nMAX_TOKENS=5\n"}),
    "an example": (ALL, {".env.example": "HF_TOKEN=abc\n"}),
    "another folder": (f"{SLIM}COPY src /app\n", {**ENV, "src/a.py": ""}),
    "a file": (f"{SLIM}COPY train.py .\n", {**ENV, "train.py": ""}),
    "from a stage": (f"{SLIM.strip()} AS b\n{SLIM}COPY --from=b . .\n", ENV),
    "a mount": (f"{SLIM}RUN --mount=type=bind,target=. ls\n", ENV),
    "history that gives the version": (
        ALL,
        {**GIT, "pyproject.toml": "requires=['setuptools_scm']"},
    ),
    "history that DVC needs": (f"{ALL}RUN dvc pull\n", GIT),
    "a stage that is not needed": (f"{SLIM.strip()} AS x\nCOPY . .\n{SLIM}RUN true\n", ENV),
}


@pytest.mark.parametrize(
    ("text", "files", "place"), [pytest.param(*case, id=name) for name, case in LEAKS.items()]
)
def test_what_ought_not_to_be_copied_is_a_warning(
    text: str, files: Mapping[str, str], place: str
) -> None:
    assert places("MLD303", text, **files) == [place]
    assert [item.severity for item in of("MLD303", text, **files)] == ["warning"]


@pytest.mark.parametrize(
    ("text", "files"), [pytest.param(*case, id=name) for name, case in CLEAN.items()]
)
def test_what_is_left_out_or_harmless_is_no_finding(text: str, files: Mapping[str, str]) -> None:
    assert of("MLD303", text, **files) == []


def test_nothing_is_said_of_a_context_that_is_not_known() -> None:
    assert of("MLD303", ALL) == []


def test_the_same_thing_is_said_once() -> None:
    text = f"{SLIM}COPY . .\nRUN true\nCOPY . /again\n"
    assert len(of("MLD303", text, **ENV)) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, ".env\n.git\n"),
        ("", ".env\n.git\n"),
        ("*.pyc\n", "*.pyc\n.env\n.git\n"),
        ("*.pyc", "*.pyc\n.env\n.git\n"),
        (".*\n!.env\n", ".*\n!.env\n.env\n"),
    ],
)
def test_the_ignore_file_is_made_or_grows(before: str | None, after: str) -> None:
    files = {**ENV, **GIT} | ({} if before is None else {".dockerignore": before})
    (found,) = of("MLD303", ALL, **files)
    assert found.autofix is not None
    assert found.autofix.safe
    (edit,) = found.autofix.edits
    old = before or ""
    assert edit.file == ".dockerignore"
    assert old[: edit.start] + edit.text + old[edit.end :] == after
    assert of("MLD303", ALL, **{**files, ".dockerignore": after}) == []


def test_the_ignore_file_of_a_dockerfile_is_the_one_that_grows() -> None:
    files = FakeFiles(
        {**ENV, "docker/gpu.Dockerfile.dockerignore": "a\n", ".dockerignore": ".env\n"}
    )
    report = lint_dockerfile(ALL, file="docker/gpu.Dockerfile", files=files)
    (found,) = [item for item in report.findings if item.code == "MLD303"]
    assert found.autofix is not None
    assert found.autofix.edits[0].file == "docker/gpu.Dockerfile.dockerignore"


def test_a_history_in_a_builder_stage_is_an_info() -> None:
    text = f"FROM python:3.12-slim AS build\nCOPY . .\n{SLIM}COPY --from=build /x /x\n"
    (found,) = of("MLD303", text, **GIT)
    assert (found.severity, "a builder stage" in found.what) == ("info", True)
    (found,) = of(
        "MLD303", text, **GIT, **{".env": "TOKEN=hf_abcdefghij0123456789abcdefghij0123\n"}
    )
    assert found.severity == "warning"
