"""Programs behind a shell (MLD408)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, named, of, places

SHELL_FORM = {
    "CMD": ("CMD python -m train", "python -m train"),
    "ENTRYPOINT": ("ENTRYPOINT python -m train", "python -m train"),
    "of the stage below": (
        f"{SLIM.strip()} AS base\nCMD python -m train\nFROM base\n",
        "python -m train",
    ),
    "a variable": ("CMD python -m serve --port $PORT", "python -m serve --port $PORT"),
    "two commands": ("CMD python prepare.py && python train.py", "python prepare.py && "),
    "a list that is none": ("CMD ['python', 'x.py']", "['python', 'x.py']"),
    "the last counts": ('CMD ["a"]\nCMD python train.py', "python train.py"),
    "exec, but not first": ("CMD python a.py; true", "python a.py; true"),
    "in a child image": ('ONBUILD CMD python x.py\nCMD ["a"]', "python x.py"),
}
FINE = {
    "exec form": 'CMD ["python", "-m", "train"]',
    "both in exec form": 'ENTRYPOINT ["python"]\nCMD ["-m", "train"]',
    "exec": "CMD exec python -m serve --port $PORT",
    "exec after something": "CMD cd /app && exec python -m serve",
    "none": "RUN true",
    "the last counts": 'CMD python x.py\nCMD ["python", "x.py"]',
    "a shell of its own": 'SHELL ["conda", "run", "-n", "x", "/bin/bash", "-c"]\nCMD python x.py',
    "of a builder": f"{SLIM.strip()} AS a\nCMD python x.py\n{SLIM}COPY --from=a /a /a",
    "in a child image": 'ONBUILD CMD ["python", "x.py"]',
    "HEALTHCHECK": "HEALTHCHECK CMD curl -f http://localhost/ || exit 1",
    "RUN": "RUN python x.py",
}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(text if text.startswith("FROM") else SLIM + text, place, id=name)
        for name, (text, place) in SHELL_FORM.items()
    ],
)
def test_a_shell_in_front_of_the_program_is_found(text: str, place: str) -> None:
    (found,) = places("MLD408", text)
    assert found.startswith(place)


@pytest.mark.parametrize("text", named(FINE))
def test_a_program_without_a_shell_in_front_is_no_finding(text: str) -> None:
    assert places("MLD408", text) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("CMD python -m train --lr=0.1", '["python", "-m", "train", "--lr=0.1"]'),
        ("CMD python train.py 'a b' \"c\"", '["python", "train.py", "a b", "c"]'),
        ("ENTRYPOINT /opt/run.sh", '["/opt/run.sh"]'),
        ("CMD python \\\n  # the task\n  train.py", '["python", "train.py"]'),
    ],
)
def test_words_that_need_no_shell_become_a_list(before: str, after: str) -> None:
    name = before.split(maxsplit=1)[0]
    assert_fixed(f"{SLIM}{before}\nUSER x\n", "MLD408", expected=f"{SLIM}{name} {after}\nUSER x\n")


@pytest.mark.parametrize(
    "text",
    [
        "CMD python -m serve --port $PORT",
        "CMD python a.py && python b.py",
        "CMD python a.py > log",
        "CMD python *.py",
        "CMD A=1 python a.py",
        "CMD cd /app",
        "CMD source env.sh",
        "CMD python 'a",
    ],
)
def test_words_that_need_a_shell_are_left(text: str) -> None:
    (found,) = of("MLD408", f"{SLIM}{text}\n")
    assert found.autofix is None


@pytest.mark.parametrize(("entry_point", "safe"), [("", True), ('ENTRYPOINT ["python"]\n', False)])
def test_a_list_for_an_entry_point_changes_what_it_is_given(
    entry_point: str, *, safe: bool
) -> None:
    (found,) = of("MLD408", f"{SLIM}{entry_point}CMD train.py\n")
    assert found.autofix is not None
    assert found.autofix.safe is safe


def test_an_entry_point_whose_arguments_would_come_back_is_left() -> None:
    text = f'{SLIM}ENTRYPOINT python train.py\nCMD ["--epochs", "3"]\n'
    (found,) = of("MLD408", text)
    assert found.autofix is None


def test_a_list_in_the_wrong_quotes_is_a_warning_and_gets_the_right_ones() -> None:
    text = f"{SLIM}CMD ['python', 'train.py']\n"
    assert [item.severity for item in of("MLD408", text)] == ["warning"]
    assert_fixed(text, "MLD408", expected=f'{SLIM}CMD ["python", "train.py"]\n')


@pytest.mark.parametrize("text", ["CMD [python, train.py]", 'CMD ["python", train.py]'])
def test_a_list_without_quotes_is_a_warning_and_left(text: str) -> None:
    (found,) = of("MLD408", f"{SLIM}{text}\n")
    assert found.severity == "warning"
    assert found.autofix is None
