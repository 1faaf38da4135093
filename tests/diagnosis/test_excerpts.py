"""What logs say: real wordings, in the shapes logs come in."""

from __future__ import annotations

from collections import Counter

import pytest
from excerpts import EXCERPTS, NOTHING, SHAPES, Excerpt

from mlbox.diagnosis import SIGNATURES, Diagnosis, diagnose

SLUGS = {signature.slug for signature in SIGNATURES}
each = pytest.mark.parametrize("excerpt", EXCERPTS, ids=lambda excerpt: excerpt.name)


def first(diagnosis: Diagnosis) -> str:
    return diagnosis.cause.finding.slug if diagnosis.cause else NOTHING


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_first_cause_is_the_right_one_in_each_shape_a_log_has(shape: str) -> None:
    confused = [
        (excerpt.name, found)
        for excerpt in EXCERPTS
        if (found := first(diagnose(map(SHAPES[shape], excerpt.lines)))) != excerpt.slug
    ]
    assert not confused


@each
def test_the_evidence_is_a_line_of_the_log(excerpt: Excerpt) -> None:
    for cause in diagnose(excerpt.lines).causes:
        line = cause.evidence.line
        assert line is not None
        assert letters(cause.evidence.text) in letters(excerpt.lines[line - 1].replace("\\n", ""))
        assert "{" not in cause.finding.what + cause.finding.fix.replace("env = {", "")


@pytest.mark.parametrize("slug", sorted(SLUGS))
def test_every_signature_has_two_excerpts(slug: str) -> None:
    assert Counter(excerpt.slug for excerpt in EXCERPTS)[slug] >= 2


def test_no_excerpt_is_of_an_unknown_signature() -> None:
    assert {excerpt.slug for excerpt in EXCERPTS} <= SLUGS | {NOTHING}


@each
def test_what_a_run_that_ended_well_printed_is_no_cause(excerpt: Excerpt) -> None:
    assert not diagnose(excerpt.lines, exit_state=0).causes


@each
def test_a_run_that_went_on_for_long_did_not_fail_of_it(excerpt: Excerpt) -> None:
    on = (f"epoch {number} loss {1 / number:.3f}" for number in range(1, 9))
    assert not diagnose((*excerpt.lines, *on, "Training finished.")).causes


@each
def test_a_text_that_is_trained_on_is_no_cause(excerpt: Excerpt) -> None:
    told = (f"sample {number}: {line}" for number, line in enumerate(excerpt.lines))
    slugs = {cause.finding.slug for cause in diagnose(told).causes}
    assert not slugs


def test_the_lines_of_one_log_in_windows_line_ends_are_those_of_the_other() -> None:
    for excerpt in EXCERPTS:
        assert diagnose("\r\n".join(excerpt.lines)) == diagnose("\n".join(excerpt.lines))
