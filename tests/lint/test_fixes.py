"""Fixes: which can be made together, and what a text is after them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbox.findings import Autofix, Edit
from mlbox.lint import lint_dockerfile
from mlbox.lint.fixes import compatible, fixes_of, mended
from mlbox.lint.parse import parse

HERE = Path(__file__).parent
TEXTS = {
    f"{kind}-{path.parent.name}": path.read_bytes().decode("utf-8", "surrogateescape")
    for kind in ("corpus", "probes")
    for path in sorted(HERE.glob(f"{kind}/*/Dockerfile"))
} | {
    f"tricky-{path.stem}": path.read_bytes().decode("utf-8", "surrogateescape")
    for path in sorted(HERE.glob("tricky/*.Dockerfile"))
}


def fix(*edits: tuple[int, int, str], safe: bool = True, file: str = "f") -> Autofix:
    """A fix of some edits: start, end, text."""
    return Autofix(
        safe=safe, edits=tuple(Edit(file=file, start=a, end=b, text=t) for a, b, t in edits)
    )


def test_fixes_that_overlap_are_not_made_together() -> None:
    first, second, third = fix((0, 3, "x")), fix((2, 4, "y")), fix((4, 5, "z"))
    assert compatible([first, second, third]) == (first, third)


def test_a_fix_is_made_whole_or_not_at_all() -> None:
    first, second = fix((0, 3, "x")), fix((1, 2, "y"), (8, 9, "z"))
    assert compatible([first, second, fix((8, 9, "w"))]) == (first, fix((8, 9, "w")))


def test_two_insertions_at_one_place_wait_for_each_other_unless_they_are_one() -> None:
    one, other = fix((5, 5, "a")), fix((5, 5, "b"))
    assert compatible([one, other]) == (one,)
    twin = fix((5, 5, "a"), (9, 9, "c"))
    assert compatible([one, twin]) == (one, twin)
    assert mended((one, twin), lambda _: "0123456789") == {"f": "01234a5678c9"}


def test_the_same_place_in_two_files_is_two_places() -> None:
    here, there = fix((0, 1, "x")), fix((0, 1, "y"), file="g")
    assert mended(compatible([here, there]), lambda _: "ab") == {"f": "xb", "g": "yb"}


def test_a_file_that_is_not_there_is_made() -> None:
    assert mended((fix((0, 0, "new\n")),), lambda _: None) == {"f": "new\n"}


def test_new_lines_end_as_the_files_do() -> None:
    assert mended((fix((0, 0, "a\nb\r\n")),), lambda _: "x\r\n") == {"f": "a\r\nb\r\nx\r\n"}


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("name", TEXTS)
def test_fixing_comes_to_an_end_and_leaves_a_file_that_is_as_good(name: str, unsafe: bool) -> None:  # noqa: FBT001
    text = TEXTS[name]
    before = len(parse(text).problems)
    for _ in range(12):
        offered = fixes_of(lint_dockerfile(text).findings, unsafe=unsafe)
        after = mended(compatible(offered), {"Dockerfile": text}.get)
        if after.get("Dockerfile", text) == text:
            break
        text = after["Dockerfile"]
        assert len(parse(text).problems) <= before, text
    else:
        pytest.fail(f"it never ends: {text}")
