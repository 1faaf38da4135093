from __future__ import annotations

from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest

from mlbox.errors import BuildError, SpecError
from mlbox.record import FileRecord, RunRecord
from mlbox.render import html
from mlbox.spec import BoxSpec

VOID = {"br", "img", "hr", "input"}
HOSTILE = '<img src=x onerror="alert(1)">&\'</pre></code></td>'


class Page(HTMLParser):
    """What a reader sees, and whether every element that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@dataclass(frozen=True)
class Row:
    name: str
    state: str
    seconds: float = 0
    last_line: str = ""


RUN = RunRecord(
    id="20240301-101500-ab12",
    name="digits",
    state="succeeded",
    exit_code=0,
    command=("python", "train.py", "--note=two words"),
    params={"epochs": "5"},
    metrics={"accuracy": 0.97234567, "epoch": 5},
    timings={"build": 2, "run": 12.34},
    outputs=(
        FileRecord(path="out/model.pt", digest="sha256:1", size_bytes=1_234_567),
        FileRecord(path="out/curve.png", digest="sha256:2", size_bytes=900),
    ),
)


def run_html(**changes: Any) -> str:
    return html.run_html(replace(RUN, **changes))


def test_a_run_shows_its_state_metrics_and_artifacts() -> None:
    text = Page(run_html()).text
    assert "Run 20240301-101500-ab12 ✓ succeeded 12 s" in text
    assert "python train.py '--note=two words'" in text
    assert "exit code 0" in text
    assert "params epochs=5" in text
    assert "accuracy 0.972346" in text
    assert "out/model.pt 1.2 MB" in text
    assert "out/curve.png 900 B" in text


def test_a_run_that_still_runs_has_no_exit_code() -> None:
    assert "exit code" not in Page(run_html(state="running", exit_code=None)).text


def test_a_run_without_artifacts_has_no_table_of_them() -> None:
    assert "artifact" not in Page(run_html(outputs=())).text


@pytest.mark.parametrize(
    "change",
    [
        {"id": HOSTILE},
        {"state": HOSTILE},
        {"command": (HOSTILE,)},
        {"error": HOSTILE},
        {"params": {HOSTILE: HOSTILE}},
        {"metrics": {HOSTILE: HOSTILE}},
        {"outputs": (FileRecord(path=HOSTILE, digest="", size_bytes=1),)},
    ],
)
def test_nothing_in_a_run_becomes_markup(change: dict[str, object]) -> None:
    assert "img" not in Page(run_html(**change)).tags


def test_nothing_in_a_build_becomes_markup() -> None:
    page = Page(
        html.build_html(
            name=HOSTILE,
            state="failed",
            steps=[Row(HOSTILE, "failed", 1, HOSTILE)],
            seconds=1,
            image=HOSTILE,
            error=BuildError(HOSTILE, why=HOSTILE, fix=HOSTILE, line=1, log_tail=(f"{HOSTILE}!",)),
            dockerfile=HOSTILE,
        )
    )
    assert "img" not in page.tags
    assert page.text.count("onerror") == 9


def test_nothing_in_a_box_becomes_markup() -> None:
    spec = BoxSpec(name="x", packages=(HOSTILE,), env={HOSTILE: HOSTILE})
    assert "img" not in Page(html.box_html(spec, HOSTILE)).tags


def test_a_box_shows_what_its_spec_says_and_folds_its_dockerfile() -> None:
    spec = BoxSpec(
        name="digits", torch="2.13.0", cuda="cpu", packages=("a>1,<2", "b"), compiles=True
    )
    page = Page(html.box_html(spec, "FROM debian\nRUN true\n"))
    assert "Box digits" in page.text
    assert "torch 2.13.0" in page.text
    assert "packages a>1,<2, b" in page.text
    assert "compiles true" in page.text
    assert "system-packages" not in page.text
    assert "Dockerfile (2 lines) FROM debian RUN true" in page.text
    assert "details" in page.tags


def test_a_box_that_cannot_be_resolved_says_why_and_what_to_do() -> None:
    error = SpecError("No such torch.", why="It was never released.", fix='Set torch = "2.13".')
    text = Page(html.box_html(BoxSpec(name="x"), error)).text
    assert 'No such torch. It was never released. Set torch = "2.13".' in text


def test_a_build_shows_each_step_with_state_and_seconds() -> None:
    steps = [
        Row("FROM debian", "cached", 3),
        Row("RUN apt-get", "done", 65, "Reading package lists"),
        Row("RUN pip", "running", 2.04, "Collecting torch"),
    ]
    text = Page(html.build_html(name="x", state="running", steps=steps, seconds=67)).text
    assert "Build of x ▸ running 1 min 07 s" in text
    assert "= cached FROM debian ✓ done RUN apt-get 1 min 05 s" in text
    assert "▸ running RUN pip Collecting torch 2.0 s" in text
    assert "Reading package lists" not in text


def test_a_build_of_what_was_there_says_so() -> None:
    page = html.build_html(
        name="x", state="done", steps=(), seconds=0.1, image="mlbox/x:latest", reused=True
    )
    assert "image mlbox/x:latest , nothing had changed" in Page(page).text


def test_a_failed_run_says_why() -> None:
    text = Page(run_html(state="failed", exit_code=3, error="It exited with 3.")).text
    assert "✗ failed" in text
    assert "exit code 3" in text
    assert "error It exited with 3." in text


def test_a_step_of_a_canceled_build_is_not_left_running() -> None:
    steps = [Row("RUN sleep", "running", 2)]
    text = Page(html.build_html(name="x", state="canceled", steps=steps, seconds=2)).text
    assert "■ stopped RUN sleep" in text


def test_a_failed_build_marks_the_line_and_shows_the_end_of_the_log() -> None:
    dockerfile = "".join(f"RUN step {number}\n" for number in range(1, 21))
    error = BuildError("It failed.", line=12, log_tail=("one", "no such package"))
    text = Page(
        html.build_html(
            name="x", state="failed", steps=(), seconds=1, error=error, dockerfile=dockerfile
        )
    ).text
    assert "▸ 12 RUN step 12" in text
    assert "RUN step 9 " in text
    assert "RUN step 8 " not in text
    assert "RUN step 16" not in text
    assert "one no such package" in text


def test_the_end_of_the_log_is_not_shown_twice() -> None:
    error = BuildError("It failed.", why="It printed:\n  E: no", log_tail=("one", "E: no"))
    assert Page(html.failure(error)).text.count("E: no") == 1


def test_a_failure_in_the_first_line_shows_the_lines_after_it() -> None:
    text = Page(html.dockerfile_block("FROM nowhere\nRUN true\n", line=1)).text
    assert text == "▸ 1 FROM nowhere 2 RUN true"


def test_a_log_says_how_much_of_it_is_shown() -> None:
    assert "The last 2 of 900 lines." in Page(html.view(html.log_block(["a", "b"], total=900))).text
    assert "lines" not in Page(html.view(html.log_block(["a", "b"], total=2))).text


def test_a_state_is_a_word_and_a_symbol() -> None:
    for state, symbol in html.SYMBOLS.items():
        assert Page(html.state_badge(state)).text == f"{symbol} {state}"


def test_colours_of_text_and_background_come_from_the_theme() -> None:
    for line in html.STYLE.splitlines():
        for word in ("color: #", "background: #"):
            assert word not in line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3720, "1 h 02 min")],
)
def test_a_duration_reads_like_one(seconds: float, text: str) -> None:
    assert html.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (34_000_000, "34 MB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_a_size_reads_like_one(count: int, text: str) -> None:
    assert html.size(count) == text
