import threading
from typing import Literal

import pytest

from mlbox.engine import Event
from mlbox.engine.steps import LINE_CHARACTERS, Step, Steps, is_internal, plain


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def steps(clock: Clock) -> Steps:
    return Steps(clock=clock)


def test_a_step_that_runs_counts_its_seconds(steps: Steps, clock: Clock) -> None:
    steps.apply(Event(kind="started", step="RUN sleep"))
    clock.now = 2.5
    assert steps.rows == (Step(name="RUN sleep", state="running", seconds=2.5),)


def test_a_step_that_finished_keeps_the_seconds_of_its_event(steps: Steps, clock: Clock) -> None:
    steps.apply(Event(kind="started", step="RUN sleep"))
    steps.apply(Event(kind="finished", step="RUN sleep", seconds=1.2))
    clock.now = 60
    assert steps.rows == (Step(name="RUN sleep", state="done", seconds=1.2),)


def test_steps_keep_the_order_in_which_they_began(steps: Steps) -> None:
    for event in (
        Event(kind="started", step="a"),
        Event(kind="cached", step="b"),
        Event(kind="finished", step="a", seconds=1),
    ):
        steps.apply(event)
    assert [(row.name, row.state) for row in steps.rows] == [("a", "done"), ("b", "cached")]


@pytest.mark.parametrize("kind", ["started", "finished"])
def test_a_cached_step_stays_cached(steps: Steps, kind: Literal["started", "finished"]) -> None:
    steps.apply(Event(kind="cached", step="a"))
    steps.apply(Event(kind=kind, step="a", seconds=9))
    assert steps.rows == (Step(name="a", state="cached", seconds=0),)


def test_a_step_that_starts_again_runs_again(steps: Steps) -> None:
    steps.apply(Event(kind="finished", step="[internal] load", seconds=0.1))
    steps.apply(Event(kind="started", step="[internal] load"))
    assert steps.rows[0].state == "running"


def test_a_failure_shows_the_last_line_of_its_reason(steps: Steps) -> None:
    steps.apply(Event(kind="failed", step="a", text="while building\nexit code: 3\n", seconds=4))
    assert steps.failed == Step(name="a", state="failed", seconds=4, last_line="exit code: 3")


def test_a_failure_does_not_repeat_the_instruction(steps: Steps) -> None:
    text = 'process "/bin/sh -c a &&\n b" did not complete successfully: exit code: 100'
    steps.apply(Event(kind="failed", step="RUN a", text=text))
    assert steps.rows[0].last_line == "exit code: 100"


def test_a_failure_without_a_reason_keeps_the_last_line(steps: Steps) -> None:
    steps.apply(Event(kind="log", step="a", text="No space left on device", stream=2))
    steps.apply(Event(kind="failed", step="a"))
    assert steps.rows[0].last_line == "No space left on device"


def test_progress_shows_what_is_in_transfer_and_is_no_log(steps: Steps) -> None:
    steps.apply(Event(kind="progress", step="a", text="sha256:1f", current=1, total=2))
    assert steps.rows[0].last_line == "sha256:1f"
    assert steps.log == ()


def test_the_log_keeps_its_end_and_counts_everything(clock: Clock) -> None:
    steps = Steps(clock=clock, log_lines=3)
    for number in range(10):
        steps.apply(Event(kind="log", step="ab"[number % 2], text=str(number)))
    assert [line.text for line in steps.log] == ["7", "8", "9"]
    assert steps.log_count == 10
    assert [line.text for line in steps.tail(1)] == ["9"]
    assert [line.text for line in steps.tail(step="b")] == ["7", "9"]
    assert steps.tail(0) == ()


def test_every_event_changes_the_revision(steps: Steps) -> None:
    before = steps.revision
    steps.apply(Event(kind="started", step="a"))
    assert steps.revision > before


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("10%\r50%\r100%\r\n", "100%"),
        ("bell\x07 and\x00 nul", "bell and nul"),
        ("tab\tstays", "tab\tstays"),
        ("<b>&", "<b>&"),
        ("50%\r\x1b[K", "50%"),
        ("", ""),
    ],
)
def test_a_line_is_shown_as_a_terminal_would_leave_it(raw: str, shown: str) -> None:
    assert plain(raw) == shown


def test_a_line_of_a_megabyte_is_cut() -> None:
    assert len(plain("x" * 1_000_000)) == LINE_CHARACTERS


def test_events_may_come_from_several_threads(steps: Steps) -> None:
    def send(step: str) -> None:
        for number in range(500):
            steps.apply(Event(kind="log", step=step, text=str(number)))

    threads = [threading.Thread(target=send, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert steps.log_count == 2000
    assert {row.last_line for row in steps.rows} == {"499"}


def test_what_buildkit_does_for_itself_is_no_step_of_the_dockerfile() -> None:
    assert is_internal("[internal] load build context")
    assert is_internal("exporting to image")
    assert not is_internal("RUN echo [internal]")
