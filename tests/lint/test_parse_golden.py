"""Tricky Dockerfiles: the parser says what BuildKit said.

The golden files are BuildKit's own words: ``python tests/engine/dockerfiles.py`` asks it, and
``tests/engine/test_lint_buildkit.py`` asks it again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlbox.lint.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.parse import Dockerfile, Heredoc, Instruction

TRICKY = Path(__file__).parent / "tricky"
NAMES = sorted(path.stem for path in TRICKY.glob("*.Dockerfile"))

# BuildKit refuses these, and whether it does depends on more than the file: no problem of the file.
SILENT = {
    "arg-in-from-empty-tag": "the build argument may be given",
    "arg-in-from-no-default": "the build argument may be given",
    "expand-required-empty": "what a variable holds is not followed that far",
    "expand-required-one-word": "the image may set the variable",
    "flag-platform-unknown": "which platforms there are is the engine's to know",
    "stages-case": "versions of BuildKit differ",
}
NEWER = {  # flags that newer versions know; the golden file is of BuildKit 0.13
    "flags-newer-copy": ("parents", "exclude"),
    "flags-newer-run": ("device",),
    "flags-newer-security": ("security",),
}
CRASHES = {"arg-only", "expand-pattern-empty"}  # BuildKit 0.13 itself
# Where BuildKit's mark is at the end of the file, or at the first of two lines.
UNPLACED = (
    "file with no instructions",
    "only one escape parser directive",
    "greater than max allowed size",
)


def dockerfile(name: str) -> Dockerfile:
    return parse((TRICKY / f"{name}.Dockerfile").read_bytes().decode())


def golden(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((TRICKY / f"{name}.json").read_text(encoding="utf-8"))
    return found


def accepted() -> list[str]:
    return [name for name in NAMES if name not in CRASHES and golden(name)["verdict"] == "ok"]


def test_each_file_has_a_golden_file_and_there_are_many() -> None:
    assert len(NAMES) >= 350
    assert {path.stem for path in TRICKY.glob("*.json")} == set(NAMES) - CRASHES


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in {*SILENT, *NEWER, *CRASHES}]
)
def test_a_file_is_refused_as_buildkit_refuses_it(name: str) -> None:
    fatal = [problem.what for problem in dockerfile(name).problems if problem.fatal]
    assert bool(fatal) == (golden(name)["verdict"] == "error"), fatal or golden(name)["message"]


@pytest.mark.parametrize("name", [*SILENT, *NEWER])
def test_what_is_not_known_from_the_file_is_no_problem_of_it(name: str) -> None:
    assert golden(name)["verdict"] == "error"
    assert not [problem for problem in dockerfile(name).problems if problem.fatal]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_where_buildkit_says(name: str) -> None:
    if name in {*SILENT, *NEWER, *CRASHES} or not golden(name).get("lines"):
        return
    if any(words in golden(name)["message"] for words in UNPLACED):
        return
    file = dockerfile(name)
    problem = next(problem for problem in file.problems if problem.fatal)
    assert file.source.line(problem.span.start) in golden(name)["lines"], problem.what


@pytest.mark.parametrize("name", accepted())
def test_instructions_are_where_buildkit_has_them(name: str) -> None:
    theirs = golden(name)["instructions"]
    ours = dockerfile(name).instructions
    assert [(item.line, item.end_line) for item in ours] == [
        (item["line"], item["end_line"]) for item in theirs
    ]
    for item, other in zip(ours, theirs, strict=True):
        assert other["name"] in (item.name, None)  # None: a keyword that is itself continued


@pytest.mark.parametrize("name", accepted())
def test_stages_are_named_and_placed_as_buildkit_has_them(name: str) -> None:
    ours = [
        (stage.name, stage.image_word.raw, stage.start.line)
        for stage in dockerfile(name).stages
        if stage.image_word
    ]
    assert ours == [
        (stage["name"], stage["base"], stage["line"]) for stage in golden(name)["stages"]
    ]


@pytest.mark.parametrize("name", accepted())
def test_values_that_are_known_are_those_in_the_image(name: str) -> None:
    file, config = dockerfile(name), golden(name)["config"]
    assert file.final
    in_image = dict(line.split("=", 1) for line in config.get("Env", ()))
    for key, value in file.final.scope.env.items():
        assert value in (in_image[key], None)
    labels = config.get("Labels", {})
    ours: dict[str | None, str | None] = {}
    for stage in file.lineage(file.final):
        for step in stage.steps:
            for pair in step.instruction.pairs if step.instruction.name == "LABEL" else ():
                ours[step.expand(pair.name)] = step.expand(pair.value or "")
    for label, text in ours.items():
        assert label is None or text is None or text == labels[label]


@pytest.mark.parametrize("name", accepted())
def test_lists_are_those_in_the_image(name: str) -> None:
    file, config = dockerfile(name), golden(name)["config"]
    assert file.final
    last = {item.instruction.name: item.instruction for item in file.final.steps}
    for key, field in (("CMD", "Cmd"), ("ENTRYPOINT", "Entrypoint"), ("SHELL", "Shell")):
        if key not in last:
            continue
        found = last[key].exec_form
        if found is not None:
            assert list(found) == config.get(field, [])
        else:  # the shell's program and option, and the text as it stands
            assert config[field][-1] == last[key].arguments.text


@pytest.mark.parametrize("name", accepted())
def test_a_heredoc_says_what_buildkit_ran_or_wrote(name: str) -> None:
    file, truth = dockerfile(name), golden(name)
    assert file.final
    for item, heredoc in heredocs(file):
        body = heredoc.body.text
        if item.name == "RUN" and not body.startswith("#!"):
            assert any(body.rstrip("\n") in command for command in truth["commands"]), body
        elif body in truth["files"].values():
            continue
        else:  # what is written is expanded first, or is in an image that was not unpacked
            assert "$" in body or not truth["files"] or heredoc.expands


def heredocs(file: Dockerfile) -> Iterator[tuple[Instruction, Heredoc]]:
    for step in file.stages[-1].steps:
        for heredoc in step.instruction.heredocs:
            yield step.instruction, heredoc


def test_variables_are_replaced_as_buildkit_replaces_them() -> None:
    file = dockerfile("expand-patterns")
    assert file.final
    values = file.final.scope.env
    in_image = dict(line.split("=", 1) for line in golden("expand-patterns")["config"]["Env"])
    assert {key: values[key] for key in "ABCDEFGHIJ"} == {
        key: in_image[key] for key in "ABCDEFGHIJ"
    }
