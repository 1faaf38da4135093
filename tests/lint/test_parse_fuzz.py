"""Any text at all: the parser never raises, and what it says is in the text.

The long runs are marked ``thorough``; ``python benchmarks/fuzz_lint.py`` lets a coverage-guided
fuzzer look for more.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbox.lint import lint_dockerfile
from mlbox.lint.parse import Dockerfile, Instruction, parse

TRICKY = Path(__file__).parent / "tricky"
FRAGMENTS = (
    *("FROM ", "from a AS b", "FROM --platform=$X ", "RUN ", "run", "COPY --from=b ", "ADD "),
    *("ENV ", "ARG ", "LABEL ", "ONBUILD ", "HEALTHCHECK ", "SHELL ", "CMD ", "EXPOSE "),
    *("STOPSIGNAL ", "VOLUME ", "USER ", "WORKDIR ", "MAINTAINER ", "ENTRYPOINT ", "RUM "),
    *("--mount=type=cache,target=/x ", "--mount=from=a,", "--", "-- ", "--x", "--retries="),
    *("=-1s", "<<EOF", "<<-EOF", "<<'A B'", '<<"E"O', "3<<x", "<<<", "<<", "\nEOF\n", "\nEOF"),
    *("\n\tEOF\n", '["a", "b"]', "['a']", "[1]", "[", "]", '["', "[[[[", '"\\u00e9"', "{", "NaN"),
    *("a=b", "a", "=", '"', "'", "\\", "`", "$", "${", "${x", "${x:-", "${x#", "${x//a/b}", "}"),
    *("/", ":", "#", "# ", "# escape=`\n", "# escape=\\\n", "#escape=x\n", "# syntax=a\n"),
    *("# check=b\n", "\n", "\r\n", "\r", "\\\n", "\\ \n", "`\n", "\\\r\n", "\\\\\n", "\n\n", " "),
    *("\t", "\x0b", "\x0c", "\ufeff", "\xa0", "\u2028", "\x85", "\x00", "\xe9", "\u4e16\u754c"),
    *("\U0001f600", "\x1c", "\ud800", "0", "999999999999999999999999999999"),
    *("apt-get install -y x", "pip install torch==2.9.1 ", "&& ", "; ", "| ", "$(", "( ", "if "),
    *("bash -c '", "python3 - ", "-r requirements.txt ", "uv pip install ", "conda install "),
    *("\\n"),
)
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=40).map("".join)
KNOWN = [path.read_bytes().decode() for path in sorted(TRICKY.glob("*.Dockerfile"))]
CUT = st.builds(
    lambda text, start, end, middle: (
        text[: start % (len(text) + 1)] + middle + text[end % (len(text) + 1) :]
    ),
    st.sampled_from(KNOWN),
    st.integers(0, 500),
    st.integers(0, 500),
    st.sampled_from(FRAGMENTS) | st.just(""),
)


def check(text: str) -> None:
    """All that holds of any text."""
    file = parse(text)
    assert parse(text) == file
    end = 0
    for item in file.instructions:
        assert end <= item.span.start <= item.span.end <= len(text)  # in order, and apart
        end = item.span.end
        assert 1 <= item.line <= item.end_line <= text.count("\n") + 1
        assert file.source.line(item.span.start) >= item.line
        check_instruction(text, item)
    check_places(text, file)
    check_stages(file)


def check_instruction(text: str, item: Instruction) -> None:
    keyword = text[item.keyword.start : item.keyword.end]
    if "\n" not in keyword:  # else it is itself continued
        assert keyword.upper() == item.name
    for position, character in enumerate(item.arguments.text):
        assert text[item.arguments.offset(position)] == character
    for heredoc in item.heredocs:
        assert item.span.start <= heredoc.span.start <= heredoc.span.end <= item.span.end
        for position, character in enumerate(heredoc.body.text):
            assert text[heredoc.body.offset(position)] == character
    for span in (part.span for parts in (item.words, item.flags, item.pairs) for part in parts):
        assert item.span.start <= span.start <= span.end <= item.span.end
    if item.trigger:
        check_instruction(text, item.trigger)


def check_places(text: str, file: Dockerfile) -> None:
    parts = (file.problems, file.comments, file.directives)
    for span in (item.span for items in parts for item in items):
        assert 0 <= span.start <= span.end <= len(text)
        place = file.source.location(span)
        assert min(place.line, place.column) >= 1
        assert (place.line, place.column) <= (place.end_line, place.end_column)


def check_stages(file: Dockerfile) -> None:
    for stage in file.stages:
        assert stage.parent is None or stage.parent < stage.index
        assert file.lineage(stage)[-1] is stage
        for step in stage.all_steps:
            for word in step.instruction.words:
                step.expand(word.raw)
    assert file.used <= {stage.index for stage in file.stages}
    steps = sum(len(stage.steps) + 1 for stage in file.stages)
    assert steps + len(file.head) == len(file.instructions)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_any_text_is_parsed_and_each_place_is_in_it(text: str) -> None:
    check(text)


@settings(max_examples=150, deadline=None)
@given(CUT)
def test_a_tricky_file_with_a_piece_changed_is_parsed(text: str) -> None:
    check(text)


@settings(max_examples=60, deadline=None)
@given(TEXTS | CUT)
def test_any_text_is_linted(text: str) -> None:
    for finding in lint_dockerfile(text).findings:
        assert finding.location


@pytest.mark.thorough
@settings(max_examples=20_000, deadline=None)
@given(TEXTS | CUT)
def test_twenty_thousand_texts_are_parsed(text: str) -> None:
    check(text)


@pytest.mark.thorough
@settings(max_examples=5_000, deadline=None)
@given(TEXTS | CUT)
def test_five_thousand_texts_are_linted(text: str) -> None:
    lint_dockerfile(text)


@pytest.mark.parametrize("name", [path.stem for path in sorted(TRICKY.glob("*.Dockerfile"))])
def test_places_in_a_tricky_file_are_right(name: str) -> None:
    check((TRICKY / f"{name}.Dockerfile").read_bytes().decode())
