from __future__ import annotations

import threading
from typing import TYPE_CHECKING, get_args

import pytest

from mlbox.engine import Event
from mlbox.errors import BuildError, MlboxError
from mlbox.notebook.activity import ACTIVE, TRANSITIONS, Activity, Happening, State, as_error

if TYPE_CHECKING:
    from mlbox.engine import OnEvent

SOON = 10  # seconds; only a test that fails waits that long


def printing_until_stopped(on_event: OnEvent, begun: threading.Event) -> None:
    while True:
        on_event(Event(kind="log", step="run", text="still here"))
        begun.set()


def test_work_that_ends_is_done_and_has_its_result() -> None:
    activity: Activity[int] = Activity()
    assert activity.start(lambda _: 42)
    assert activity.wait(SOON)
    assert (activity.state, activity.result, activity.error) == ("done", 42, None)


def test_the_work_begins_in_another_thread() -> None:
    activity: Activity[str] = Activity()
    go = threading.Event()

    def work(_: OnEvent) -> str:
        go.wait(SOON)
        return threading.current_thread().name

    activity.start(work)
    assert activity.state == "running"
    go.set()
    activity.wait(SOON)
    assert activity.result == "mlbox"


def test_events_become_steps() -> None:
    activity: Activity[None] = Activity()
    activity.start(lambda on_event: on_event(Event(kind="cached", step="FROM debian")))
    activity.wait(SOON)
    assert [row.state for row in activity.steps.rows] == ["cached"]


def test_an_error_of_mlbox_is_kept_as_it_is() -> None:
    activity: Activity[None] = Activity()
    error = BuildError("No.", line=3)

    def work(_: OnEvent) -> None:
        raise error

    activity.start(work)
    activity.wait(SOON)
    assert (activity.state, activity.error) == ("failed", error)


def test_any_other_error_is_told_in_three_parts_and_keeps_its_cause() -> None:
    activity: Activity[None] = Activity()
    activity.start(lambda _: next(iter([])))
    activity.wait(SOON)
    assert activity.state == "failed"
    assert isinstance(activity.error, MlboxError)
    assert activity.error.why == "StopIteration: "
    assert activity.error.fix
    assert isinstance(activity.error.__cause__, StopIteration)


def test_a_cancel_interrupts_the_work_at_its_next_event() -> None:
    activity: Activity[None] = Activity()
    begun = threading.Event()
    activity.start(lambda on_event: printing_until_stopped(on_event, begun))
    begun.wait(SOON)
    assert activity.cancel()
    assert activity.wait(SOON)
    assert (activity.state, activity.error) == ("canceled", None)


def test_last_words_after_a_cancel_are_kept_and_interrupt_nothing() -> None:
    activity: Activity[None] = Activity()
    begun = threading.Event()

    def work(on_event: OnEvent) -> None:
        try:
            printing_until_stopped(on_event, begun)
        finally:
            on_event(Event(kind="log", step="run", text="saved a checkpoint"))

    activity.start(work)
    begun.wait(SOON)
    activity.cancel()
    activity.wait(SOON)
    assert activity.steps.log[-1].text == "saved a checkpoint"
    assert activity.state == "canceled"


def test_an_engine_that_turns_a_cancel_into_an_error_is_canceled_not_failed() -> None:
    activity: Activity[None] = Activity()
    begun = threading.Event()

    def work(on_event: OnEvent) -> None:
        try:
            printing_until_stopped(on_event, begun)
        except KeyboardInterrupt:
            raise BuildError("The build was canceled.") from None

    activity.start(work)
    begun.wait(SOON)
    activity.cancel()
    activity.wait(SOON)
    assert (activity.state, activity.error) == ("canceled", None)


def test_a_second_start_does_nothing_while_the_first_goes_on() -> None:
    activity: Activity[int] = Activity()
    go = threading.Event()
    activity.start(lambda _: int(go.wait(SOON)))
    assert not activity.start(lambda _: 2)
    go.set()
    activity.wait(SOON)
    assert activity.result == 1


def test_what_has_ended_can_be_started_again_and_forgets_the_last_time() -> None:
    activity: Activity[None] = Activity()
    activity.start(lambda _: next(iter([])))
    activity.wait(SOON)
    assert activity.start(lambda _: None)
    activity.wait(SOON)
    assert (activity.state, activity.error) == ("done", None)


def test_what_is_not_under_way_cannot_be_canceled() -> None:
    activity: Activity[None] = Activity()
    assert not activity.cancel()
    assert activity.state == "idle"


@pytest.mark.parametrize("happening", get_args(Happening))
@pytest.mark.parametrize("state", get_args(State))
def test_work_starts_only_from_rest_and_ends_only_from_activity(
    state: State, happening: Happening
) -> None:
    after = TRANSITIONS.get((state, happening))
    if happening == "start":
        assert after == (None if state in ACTIVE else "running")
    elif happening == "cancel":
        assert after == ("canceling" if state == "running" else None)
    else:
        assert (after is not None) == (state in ACTIVE)
        assert after not in ACTIVE


def test_it_draws_at_the_end_even_when_an_earlier_drawing_failed() -> None:
    activity: Activity[None] = Activity()
    drawn: list[State] = []
    final = threading.Event()
    failed_once = threading.Event()

    def work(on_event: OnEvent) -> None:
        on_event(Event(kind="started", step="run"))
        failed_once.wait(SOON)

    def draw() -> None:
        drawn.append(activity.state)
        if activity.state == "done":
            final.set()
        failed_once.set()
        raise RuntimeError("the page was closed")

    activity.start(work)
    activity.watch(draw)
    assert final.wait(SOON)
    assert drawn[-1] == "done"
    assert "running" in drawn


def test_an_error_in_three_parts_stays_as_it_is() -> None:
    error = MlboxError("a", why="b", fix="c")
    assert as_error(error) is error
