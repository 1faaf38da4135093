"""What every signature keeps to."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlbox.diagnosis import SIGNATURES, Signature, manner, text
from mlbox.diagnosis.phrases import Phrases, letters
from mlbox.diagnosis.words import words
from mlbox.lint.compose.rules import COMPOSE_RULES
from mlbox.lint.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
each = pytest.mark.parametrize("signature", SIGNATURES, ids=lambda signature: signature.slug)
CODES = {rule.code for rule in RULES} | {rule.code for rule in COMPOSE_RULES}
FAMILIES = {signature.family for signature in SIGNATURES}


def test_codes_and_slugs_are_not_used_twice() -> None:
    assert len({signature.code for signature in SIGNATURES}) == len(SIGNATURES)
    assert len({signature.slug for signature in SIGNATURES}) == len(SIGNATURES)


@each
def test_the_lint_rules_that_are_named_exist(signature: Signature) -> None:
    assert set(signature.rules) <= CODES
    assert set(signature.follows) <= FAMILIES | {"*"}
    assert re.fullmatch(r"MLR\d{3}", signature.code)
    assert signature.cause.endswith(".")
    assert signature.why.endswith((".", ")."))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@each
@given(data=st.data())
def test_a_word_of_each_pattern_is_in_whatever_it_matches(
    signature: Signature, data: st.DataObject
) -> None:
    ascii_ = st.characters(codec="ascii")
    line = data.draw(st.from_regex(re.compile(signature.pattern), alphabet=ascii_))
    shape = letters("".join(line.splitlines()).encode()).decode()
    assert any(word in shape for word in words(signature.pattern))


@each
def test_the_words_of_a_pattern_are_worth_a_search(signature: Signature) -> None:
    assert min(map(len, words(signature.pattern))) >= 5
    assert not words(signature.pattern) & {"error", "exception", "failed", "warning"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("No space left", {"nospaceleft"}),
        (r"exit (?:code|status):? 137\b", {"exitcode", "exitstatus"}),
        (r"exit(?:ed)? code", {"exitcode", "exitedcode"}),
        (r"\w+ is (?:not )?found", {"isfound", "isnotfound"}),
        (r"one|another \S+", {"one", "another"}),
        (r"a.*bc", {"bc"}),
        (r".*", {""}),
        (r"lib(?P<name>cudart|nccl)\.so\.\d+", {"libcudartso", "libncclso"}),
        (r"(?<!not )(?:lost|lost again)", {"lost"}),
    ],
)  # fmt: skip
def test_the_words_of_a_pattern_are_those_that_are_certain(
    pattern: str, expected: set[str]
) -> None:
    assert words(pattern) == expected


def unbounded(parsed: Any) -> Iterator[str]:
    """Repetitions without an end in a regular expression, by its own parser's tree."""
    for operation, argument in parsed:
        name = str(operation)
        if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            if argument[1] == parser.MAXREPEAT:
                yield str(argument[2])
            yield from unbounded(argument[2])
        elif name == "SUBPATTERN":
            yield from unbounded(argument[3])
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from unbounded(branch)
        elif name in {"ASSERT", "ASSERT_NOT"}:
            yield from unbounded(argument[1])


@each
def test_no_pattern_can_go_on_without_an_end(signature: Signature) -> None:
    for pattern in (signature.pattern, signature.unless):
        assert not list(unbounded(parser.parse(pattern)))


@pytest.mark.parametrize("module", [manner, text], ids=["manner", "text"])
def test_nor_can_the_others(module: Any) -> None:
    for pattern in vars(module).values():
        if isinstance(pattern, re.Pattern):
            assert not list(unbounded(parser.parse(pattern.pattern, pattern.flags)))


def test_what_has_no_end_would_be_noticed() -> None:
    assert list(unbounded(parser.parse(r"a(?:b|(?=c+)d){2}")))


def test_phrases_within_and_at_the_beginning_of_others_are_all_found() -> None:
    found = Phrases([("no space",), ("no space left", "left"), ("space",), ("other",)])
    assert found.found(letters(b"No space left on device")) == (0, 1, 2)
    assert found.found(letters(b"no spaces")) == (0, 2)
    assert found.found(letters(b"nothing")) == ()


def test_the_page_lists_every_signature_with_its_rules() -> None:
    page = (Path(__file__).parents[2] / "docs" / "diagnose.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (MLR\d+) \| `([\w-]+)` \| .+ \| ([\w, ]*) ?\|$", page, re.MULTILINE)
    assert [(code, slug, rules.strip()) for code, slug, rules in rows] == [
        (signature.code, signature.slug, ", ".join(signature.rules))
        for signature in sorted(SIGNATURES, key=lambda signature: signature.code)
    ]
