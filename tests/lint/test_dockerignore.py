"""What a .dockerignore leaves out, as BuildKit decides it."""

from __future__ import annotations

import pytest

from mlbox.lint.dockerignore import Ignored

CASES = [
    ("", "a", False),
    ("a", "a", True),
    ("a", "a/b", True),
    ("a", "b/a", False),
    ("a/", "a/b", True),
    ("/a", "a", True),
    ("./a", "a", True),
    ("a/../b", "b", True),
    ("*.log", "x.log", True),
    ("*.log", "a/x.log", False),
    ("*/*.log", "a/x.log", True),
    ("**/*.log", "x.log", True),
    ("**/*.log", "a/b/x.log", True),
    ("**", "a/b", True),
    ("a/**", "a", False),
    ("a/**", "a/b/c", True),
    ("a/**/c", "a/c", True),
    ("a/**/c", "a/b/b/c", True),
    ("a**c", "ac", True),
    ("a?c", "abc", True),
    ("a?c", "a/c", False),
    ("[ab]c", "ac", True),
    ("[^ab]c", "ac", False),
    ("[a-c]", "b", True),
    ("*\n!a", "a", False),
    ("*\n!a", "a/b", False),
    ("*\n!a", "b", True),
    ("!a\n*", "a", True),
    ("a\n!a/b", "a/b", False),
    ("a\n!a/b", "a/c", True),
    (".*\n!.dvc\n.dvc/cache", ".dvc/config", False),
    (".*\n!.dvc\n.dvc/cache", ".dvc/cache/x", True),
    ("# a\nb", "b", True),
    ("#a", "#a", False),
    ("  a  ", "a", True),
    ("! a", "a", False),
    ("a\r\nb\r\n", "b", True),
    ("\ufeffa", "a", True),
    ("a.b", "aXb", False),
    ("a+b", "a+b", True),
    ("\\*a", "*a", True),
    ("\\*a", "xa", False),
    ("[", "[", False),
    ("a" * 2000, "a", False),
    (".", "a", False),
]


@pytest.mark.parametrize(("patterns", "path", "ignored"), CASES)
def test_the_last_pattern_that_matches_decides(patterns: str, path: str, ignored: bool) -> None:  # noqa: FBT001  (a parameter)
    assert Ignored(patterns).ignores(path) is ignored
