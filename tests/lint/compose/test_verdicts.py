"""What a compose file may say is what Docker Compose takes, key by key and value by value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compose.cases import compose_command, is_refused, real_compose
from compose.grid import VALUES, documents, verdicts

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = dict(documents())
SAID = verdicts()


def test_the_verdicts_are_about_the_keys_that_are_known() -> None:
    assert SAID.keys() == DOCUMENTS.keys()
    assert {len(said) for said in SAID.values()} == {len(VALUES)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_file_is_refused_where_compose_refuses_it_and_that_is_sure(name: str) -> None:
    ours = "".join("x" if is_refused(text) else "." for text in DOCUMENTS[name])
    assert ours == SAID[name].replace("?", ".")


def test_nine_in_ten_refusals_are_found() -> None:
    said = "".join(SAID[name] for name in SAID if not name.endswith("nosuchkey"))
    assert said.count("x") > 9 * said.count("?")


@pytest.mark.engine
@pytest.mark.parametrize("name", list(DOCUMENTS)[::15])
def test_compose_says_what_the_golden_file_says(name: str, tmp_path: Path) -> None:
    if compose_command() is None:
        pytest.skip("there is no Docker Compose here")
    (tmp_path / "x.env").write_text("A=1\n", encoding="utf-8")
    found = ""
    for text in DOCUMENTS[name]:
        (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
        found += "." if real_compose(tmp_path) else "x"
    assert found == SAID[name].replace("?", "x")
