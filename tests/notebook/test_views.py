from __future__ import annotations

from typing import Any

import pytest

from mlbox.engine import Event
from mlbox.errors import BuildError, SpecError
from mlbox.notebook import views
from mlbox.notebook.activity import Activity

SOON = 10
HOSTILE = "<img src=x onerror=alert(1)>"


def ended(*events: Event, error: Exception | None = None) -> Activity[Any]:
    """An activity that had these events and ended so."""
    activity: Activity[Any] = Activity()

    def work(on_event: object) -> None:
        assert callable(on_event)
        for event in events:
            on_event(event)
        if error:
            raise error

    activity.start(work)
    assert activity.wait(SOON)
    return activity


def log(text: str, step: str = "run") -> Event:
    return Event(kind="log", step=step, text=text)


def test_a_pane_is_empty_before_anything_began() -> None:
    assert views.build_pane(Activity(), name="x", dockerfile="") == ""
    assert views.train_pane(Activity(), name="x", dockerfile="") == ""


def test_a_build_that_ended_keeps_its_log_folded() -> None:
    pane = views.build_pane(ended(log("one", "RUN pip")), name="x", dockerfile="FROM debian")
    assert "<details><summary>Log (1 lines)" in pane
    assert "✓</b> done" in pane


def test_a_failed_build_shows_the_line_that_failed() -> None:
    error = BuildError("No such package.", line=2, log_tail=("E: Unable to locate",))
    pane = views.build_pane(
        ended(error=error), name="x", dockerfile="FROM debian\nRUN apt-get install nope\n"
    )
    assert "<mark>▸   2  RUN apt-get install nope</mark>" in pane
    assert "E: Unable to locate" in pane


def test_a_training_that_failed_before_it_ran_says_why() -> None:
    error = SpecError("No command.", why="There is none.", fix="Write one.")
    pane = views.train_pane(ended(error=error), name="x", dockerfile="")
    for part in ("No command.", "There is none.", "Write one."):
        assert part in pane


def test_what_a_run_prints_is_text_and_bounded() -> None:
    many = (log(f"\x1b[31m{HOSTILE}\x1b[0m line {number}") for number in range(1000))
    pane = views.train_pane(ended(*many, error=BuildError("x")), name="x", dockerfile="")
    assert "<img" not in pane
    assert "\x1b" not in pane
    assert "line 999" in pane
    assert "line 799\n" not in pane
    assert "The last 200 of 1000 lines." in pane


def test_the_header_says_when_the_image_is_not_that_of_the_form() -> None:
    assert "changed" in views.header("x", build="done", train="idle", changed=True)
    assert "changed" not in views.header("x", build="done", train="idle", changed=False)
    assert "changed" not in views.header("x", build="running", train="idle", changed=True)


@pytest.mark.parametrize("busy", ["running", "canceling"])
def test_one_thing_goes_on_at_a_time(busy: str) -> None:
    for build, train in ((busy, "idle"), ("idle", busy)):
        can = views.buttons(valid=True, trainable=True, build=build, train=train)
        assert not can.build
        assert not can.train


@pytest.mark.parametrize("rest", ["idle", "done", "failed", "canceled"])
def test_buttons_follow_the_form_when_nothing_goes_on(rest: str) -> None:
    can = views.buttons(valid=True, trainable=True, build=rest, train=rest)
    assert (can.build, can.train) == (True, True)
    can = views.buttons(valid=True, trainable=False, build=rest, train=rest)
    assert (can.build, can.train) == (True, False)
    can = views.buttons(valid=False, trainable=True, build=rest, train=rest)
    assert (can.build, can.train) == (False, False)


def test_only_what_runs_can_be_canceled_and_only_once() -> None:
    can = views.buttons(valid=True, trainable=True, build="running", train="idle")
    assert (can.cancel_build, can.cancel_train) == (True, False)
    can = views.buttons(valid=True, trainable=True, build="idle", train="canceling")
    assert (can.cancel_build, can.cancel_train) == (False, False)
