"""Any text at all: nothing raises, each place and each fix is in the text, no file is a bomb."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compose.test_files import FILES, case
from mlbox.lint import LintReport, lint_compose
from mlbox.lint.parse import Source
from mlbox.testing import FakeFiles

FRAGMENTS = (
    *("services:\n", "  a:\n", "  a: &a\n", "  b:\n", "    image: python\n", "    build: .\n"),
    *("    build: {context: ., target: x}\n", "    gpus: all\n", "    gpus: "),
    *("    runtime: nvidia\n", "    deploy: "),
    *("    deploy: {resources: {reservations: {devices: [{count: 1}]}}}\n", " ", " ", " ", " "),
    *("d", "e", "p", "l", "o", "y", ":", "\n", " ", " ", " ", " ", " ", " ", "r", "e", "s", "o"),
    *("u", "r", "c", "e", "s", ":", "\n", " ", " ", " ", " ", " ", " ", " ", " ", "r", "e", "s"),
    *("e", "r", "v", "a", "t", "i", "o", "n", "s", ":", "\n", " ", " ", " ", " ", " ", " ", " "),
    *(" ", " ", " ", "d", "e", "v", "i", "c", "e", "s", ":", "\n", " ", " ", " ", " ", " ", " "),
    *(" ", " ", " ", " ", " ", " ", "-", " ", "driver: nvidia\n", "count: 1\n"),
    *("device_ids: ['0']\n", "capabilities: [gpu]\n", "limits: ", "    environment:\n"),
    *("      HF_TOKEN: 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\n", "      - A=1\n"),
    *("    environment: [CUDA_VISIBLE_DEVICES=3, A]\n", "    volumes:\n", "      - ./a:/b\n"),
    *("- ", "    volumes: ['C:\\a:/b', '${X:-/x}:/y:ro', ':', '']\n", "    command: ", 'sh -c "'),
    *("dvc pull", "python train.py --num-workers 8\n", "nvidia-smi\n", "    shm_size: ", "8gb\n"),
    *("    <<: *a\n", "    extends: a\n", "    extends: {file: x.yaml, service: a}\n"),
    *("    depends_on: [a, b]\n", "    profiles: [x]\n", "    env_file: x.env\n"),
    *("    ulimits: {memlock: -1}\n", "    user: root\n", "include: [x.yaml]\n"),
    *("version: '3'\n", "version: 3\n", "x-a: &x {a: b}\n", "volumes: {a: }\n", "*a", "&a "),
    *("*x", "<<: ", "<<: [*a, *x]", "!reset ", "!override ", "!!str ", "! ", "? ", ": ", "{"),
    *("}", "[", "]", ",", "'", '"', "|\n", ">-\n", "|2\n", "#", " # mlbox: ignore=MLC101\n"),
    *("---\n", "...\n", "%YAML 1.1\n", "\n", "\r\n", "\r", "\t", " ", "  ", "${", "$", "$$", "}"),
    *("\\", "\x00", "\x85", "\u2028", "\ufeff", "\ud800", "\U0001f600", "\x1b", "\xe9", "~"),
    *("2024-01-01", "1e3"),
)
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=40).map("".join)
KNOWN = [case(path).text for path in FILES]
CUT = st.builds(
    lambda text, start, end, middle: (
        text[: start % (len(text) + 1)] + middle + text[end % (len(text) + 1) :]
    ),
    st.sampled_from(KNOWN),
    st.integers(0, 700),
    st.integers(0, 700),
    st.sampled_from(FRAGMENTS) | st.just(""),
)
BESIDE = st.dictionaries(
    st.sampled_from(
        ("Dockerfile", "x.yaml", "x.env", ".env", ".gitignore", "compose.override.yml")
    ),
    TEXTS,
)


def check(text: str, report: LintReport) -> None:
    """All that holds of any text."""
    source = Source(text)
    lines = len(source.line_starts)
    for item in report:
        where = item.location
        assert where is not None
        assert item.what
        assert item.why
        assert (where.line, where.column) <= (where.end_line, where.end_column)
        assert 1 <= where.line <= where.end_line <= lines
        edits = sorted(item.autofix.edits if item.autofix else ())
        assert all(0 <= edit.start <= edit.end <= len(text) for edit in edits)
        assert all(one.end <= other.start for one, other in pairwise(edits))
    for failed in report.unreadable:
        assert failed.what
        assert failed.why
        assert failed.fix


@given(TEXTS, BESIDE)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_said_to_be_unreadable(text: str, beside: dict[str, str]) -> None:
    files = FakeFiles({**beside, "compose.override.yml": ""})
    check(text, lint_compose(text, files=files))
    lint_compose(text, overrides=(("over.yaml", beside.get("x.yaml", text)),))
    lint_compose("services: {a: {image: x, extends: {file: x.yaml, service: a}}}", files=files)
    lint_compose("services: {a: {build: .}}", files=FakeFiles(beside))


@given(CUT)
@settings(max_examples=300, deadline=None)
def test_a_file_that_is_cut_is_read_or_said_to_be_unreadable(text: str) -> None:
    check(text, lint_compose(text))


@pytest.mark.thorough
@given(TEXTS | CUT, BESIDE)
@settings(max_examples=30_000, deadline=None)
def test_any_text_at_length(text: str, beside: dict[str, str]) -> None:
    report = lint_compose(text, files=FakeFiles(beside))
    if "compose.override.yml" not in beside:
        check(text, report)


def _laughs(first: str, next_one: str) -> str:
    """A text whose aliases unfold to a billion values."""
    levels = [f"b{level}: &a{level} {next_one.format(level - 1)}\n" for level in range(1, 40)]
    return f"a: &a0 {first}\n" + "".join(levels)


UNREADABLE = {
    "laughs of lists": (_laughs("[x]", "[*a{0}, *a{0}, *a{0}]"), "more than 50,000 values"),
    "laughs of maps": (_laughs("{x: y}", "{{p: *a{0}, q: *a{0}}}"), "more than 50,000 values"),
    "laughs of merge keys": (
        _laughs("{x: y}", "{{<<: [*a{0}, *a{0}]}}"),
        "more than 50,000 values",
    ),
    "nested lists": ("[" * 100_000, "nested more than 100 levels deep"),
    "nested maps": ("{a: " * 100_000, "nested more than 100 levels deep"),
    "nested blocks": ("".join(" " * n + "a:\n" for n in range(600)), "nested more than 100"),
    "nested dashes": ("- " * 10_000, "nested more than 100 levels deep"),
    "a huge list": ("a: [" + "x," * 200_000 + "]", "more than 50,000 values"),
    "a huge map": ("\n".join(f"{n}: " for n in range(55_000)), "more than 50,000 values"),
    "50 MB": ("a: b\n" * 10_000_000, "more than 500,000 are not read"),
    "NUL": ("services:\n  a: \x00\n", "U+0000"),
    "a binary file": ("\x7fELF\x02\x01\x01\x00\x00\x00", "U+007F"),
    "bytes that were no UTF-8": ("services:\n  a: \udcff\n", "U+DCFF"),
    "a tab": ("services:\n\ta:\n", "a tab cannot indent"),
    "an alias of itself": ("a: &a [*a]\n", "inside of what it names"),
    "an alias of nothing": ("a: *b\n", "no anchor &b"),
    "an open quote": ("services:\n  a:\n    image: 'x\n", "a quote is never closed"),
    "a second colon": ("services:\n  a: b: c\n", "a second ':' on a line"),
    "an open bracket": ("services: [a\n", ""),
    "HTML": ("<!DOCTYPE html>\n<html>\n  <head>: <x\n", "a second ':' on a line"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_analysed_is_said_with_its_reason(name: str) -> None:
    text, reason = UNREADABLE[name]
    report = lint_compose(text, file="a/compose.yaml")
    assert report.findings == ()
    (failed,) = report.unreadable
    assert failed.file == "a/compose.yaml"
    assert reason in failed.what


def test_the_place_of_what_cannot_be_read_is_said() -> None:
    (failed,) = lint_compose("services:\n  a:\n\t  image: x\n").unreadable
    assert (failed.line, failed.column) == (3, 1)


CIRCLES = {
    "of a service": {"compose.yaml": "services: {a: {extends: a, image: x}}"},
    "of two services": {
        "compose.yaml": "services: {a: {extends: b, image: x}, b: {extends: a, image: x}}"
    },
    "of a file": {
        "compose.yaml": "services: {a: {image: x, extends: {file: compose.yaml, service: a}}}"
    },
    "of two files": {
        "compose.yaml": "services: {a: {image: x, extends: {file: b.yaml, service: b}}}",
        "b.yaml": "services: {b: {extends: {file: compose.yaml, service: a}}}",
    },
    "of includes": {
        "compose.yaml": "include: [b.yaml]\nservices: {a: {image: x}}",
        "b.yaml": "include: [compose.yaml]",
    },
    "of a long chain": {
        "compose.yaml": "services:\n"
        + "".join(f"  s{n}: {{image: x, extends: s{n + 1}}}\n" for n in range(3_000))
    },
    "of a long chain of what is waited for": {
        "compose.yaml": "services:\n"
        + "".join(
            f"  s{n}: {{image: x, gpus: all, depends_on: {{s{n + 1}: "
            "{condition: service_completed_successfully}}}\n"
            for n in range(1_000)
        )
    },
}


@pytest.mark.parametrize("name", CIRCLES)
def test_a_circle_ends(name: str) -> None:
    texts = CIRCLES[name]
    report = lint_compose(texts["compose.yaml"], files=FakeFiles(texts))
    assert report.unreadable == ()


def test_files_that_are_no_yaml_beside_it_are_not_followed() -> None:
    text = "services: {a: {image: x:1, extends: {file: b.yaml, service: a}, env_file: c.env}}"
    for body in ("\x00", "[" * 1_000, "a: *b", "x" * 600_000, "services: 1", ""):
        files = FakeFiles({"b.yaml": body, "c.env": body, ".gitignore": body, ".env": body})
        assert lint_compose(text, files=files).findings == ()


def test_an_override_that_is_no_yaml_changes_nothing_and_is_told_where_it_was_named() -> None:
    text = "services: {a: {image: 'python:3.12'}}"
    for body in ("\x00", "[", "a: *b"):
        report = lint_compose(text, overrides=(("over.yaml", body),))
        assert report.findings == ()
        assert [item.file for item in report.unreadable] == ["over.yaml"]
        beside = lint_compose(text, files=FakeFiles({"compose.override.yaml": body}))
        assert (beside.findings, beside.unreadable) == ((), ())  # told where that one is linted
    for body in ("1", ""):
        report = lint_compose(text, overrides=(("over.yaml", body),))
        assert (report.findings, report.unreadable) == ((), ())
