"""Time that grows with the size of a file: what used to cost its square, counted, not timed."""

from __future__ import annotations

import pytest

from mlbox.lint.parse import parse
from mlbox.lint.parse.patterns import BadEscapeError, replaced, tokens, without
from mlbox.lint.parse.ports import port_fault
from mlbox.lint.parse.states import Both, Variables


def test_a_state_of_variables_stays_as_it_was() -> None:
    first = Variables().changed({"a": "1"})
    second = first.changed({"a": "2", "b": None})
    third = second.changed({"c": "3"}, gone={"a": ""})
    assert [dict(one) for one in (first, second, third)] == [
        {"a": "1"},
        {"a": "2", "b": None},
        {"b": None, "c": "3"},
    ]


def test_two_states_may_follow_one() -> None:
    first = Variables().changed({"a": "1"})
    left, right = first.changed({"a": "2"}), first.changed({"b": "3"})
    assert (dict(left), dict(right), dict(first)) == (
        {"a": "2"},
        {"a": "1", "b": "3"},
        {"a": "1"},
    )


def test_of_two_mappings_the_first_is_asked_first() -> None:
    both = Both(Variables().changed({"a": "1"}), Variables().changed({"a": "2", "b": "3"}))
    assert (dict(both), len(both)) == ({"a": "1", "b": "3"}, 2)


def test_the_states_of_a_long_stage_share_what_they_know() -> None:
    file = parse("FROM scratch\n" + "".join(f"ENV A{at}={at}\n" for at in range(300)))
    assert file.final
    scopes = [step.scope.env for step in file.final.steps]
    assert len({id(scope._history) for scope in scopes}) == 1
    assert [len(scope) for scope in scopes] == list(range(300))


@pytest.mark.parametrize(
    ("value", "pattern", "left"),
    [
        ("abcabc", "*b", ("cabc", "c", "abcabc", "abcabc")),
        ("abcabc", "b*", ("abcabc", "abcabc", "abca", "a")),
        ("a[x]", "[a-z]", ("a[x]",) * 4),
        ("a*b", "a\\*", ("b", "b", "a*b", "a*b")),
        ("", "*", ("",) * 4),
    ],
)
def test_a_pattern_takes_off_an_end(value: str, pattern: str, left: tuple[str, ...]) -> None:
    parts = tokens(pattern)
    assert left == tuple(
        without(value, parts, suffix=suffix, longest=longest)
        for suffix in (False, True)
        for longest in (False, True)
    )


def test_a_pattern_is_replaced_once_or_everywhere() -> None:
    assert replaced("abcabc", tokens("b?"), "x", every=False) == "axabc"
    assert replaced("abcabc", tokens("b?"), "x", every=True) == "axax"
    assert replaced("abcabc", tokens("b*"), "x", every=True) == "ax"


def test_an_escape_that_needs_none_is_refused() -> None:
    with pytest.raises(BadEscapeError):
        tokens("\\x")


@pytest.mark.parametrize(
    "port", ["80", "80/udp", "8000-8010/TCP", "127.0.0.1:80:81", "[::1]:80:81", "80:81-81", "80/"]
)
def test_a_port_is_one(port: str) -> None:
    assert port_fault(port) is None


@pytest.mark.parametrize(
    "port", ["", "x", "-1", "65536", "82-80", "80/xyz", "host:80:81", "80:81-82", "1.2.3.4:80"]
)
def test_a_port_is_none(port: str) -> None:
    assert port_fault(port)


@pytest.mark.parametrize(
    "text",
    [
        "FROM scratch\nENV V=" + "a" * 20_000 + "\nENV R=${V//*a*a*a*b/x} S=${V#*a*a*a*a*b}\n",
        "FROM scratch\nHEALTHCHECK --interval=" + "1" * 20_000 + "x CMD a\n",
        "FROM " + "a-" * 20_000 + "\n",
        "FROM scratch\nRUN " + "<<E " * 5_000 + "\n",
        "FROM scratch\nENV A=" + "${a:-" * 20_000 + "\n",
        "FROM scratch\nCMD " + "[" * 60_000 + "\n",
    ],
    ids=["patterns", "duration", "image", "heredocs", "braces", "json"],
)
def test_what_could_take_forever_does_not(text: str) -> None:
    assert parse(text).instructions
