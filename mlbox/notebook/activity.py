"""A build or a run that goes on while the notebook stays usable. No widgets here."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from mlbox.engine.steps import Steps
from mlbox.errors import MlboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlbox.engine import Event, OnEvent

Result = TypeVar("Result")
State = Literal["idle", "running", "canceling", "done", "failed", "canceled"]
Happening = Literal["start", "cancel", "finish", "fail", "interrupt"]

# What is not in here does not happen: a second start while it runs, a cancel of what has ended.
TRANSITIONS: Mapping[tuple[State, Happening], State] = {
    ("idle", "start"): "running",
    ("done", "start"): "running",
    ("failed", "start"): "running",
    ("canceled", "start"): "running",
    ("running", "cancel"): "canceling",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("running", "interrupt"): "canceled",
    ("canceling", "finish"): "done",  # it was faster than the cancel
    ("canceling", "fail"): "canceled",
    ("canceling", "interrupt"): "canceled",
}
ACTIVE: tuple[State, ...] = ("running", "canceling")
DRAW_SECONDS = 0.1  # the front end takes ten updates a second well, and nobody reads faster
TICK_SECONDS = 0.5  # a step's seconds are drawn anew even when it prints nothing


class Activity(Generic[Result]):
    """Work in a thread of its own, its steps, and how it ended.

    Attributes:
        steps: Its steps and log, those of the latest start.
        result: What the work returned; ``None`` until it is done.
        error: Why it failed; ``None`` otherwise.
    """

    def __init__(self) -> None:
        self.steps = Steps()
        self.result: Result | None = None
        self.error: MlboxError | None = None
        self._state: State = "idle"
        self._lock = threading.RLock()  # a click may be handled on another thread than the cell's
        self._ended = threading.Event()
        self._interrupted = False
        self._began = self._took = 0.0

    @property
    def seconds(self) -> float:
        """How long it has been going on, or took."""
        return time.monotonic() - self._began if self.active else self._took

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._state

    @property
    def active(self) -> bool:
        """Whether it has begun and not ended."""
        return self._state in ACTIVE

    def start(self, work: Callable[[OnEvent], Result]) -> bool:
        """Begin the work in a thread; ``False`` if it is under way already."""
        with self._lock:
            if not self._happen("start"):
                return False
            self.steps, self.result, self.error = Steps(), None, None
            self._interrupted = False
            self._began = time.monotonic()
            self._ended.clear()
        threading.Thread(target=self._work, args=(work,), name="mlbox", daemon=True).start()
        return True

    def cancel(self) -> bool:
        """Ask it to stop; ``False`` if nothing is under way."""
        with self._lock:
            return self._happen("cancel")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, at most that long; whether it has ended."""
        return self._ended.wait(seconds)

    def watch(self, draw: Callable[[], None]) -> None:
        """Call ``draw`` from a thread: when there is news, at most 10 times a second; at the end.

        An error in ``draw`` (a page that was closed) does not disturb the work.
        """
        threading.Thread(target=self._watch, args=(draw,), name="mlbox-draw", daemon=True).start()

    def _work(self, work: Callable[[OnEvent], Result]) -> None:
        happening: Happening = "finish"
        try:
            self.result = work(self._on_event)
        except KeyboardInterrupt:
            happening = "interrupt"
        except BaseException as error:  # noqa: BLE001  (nobody sees a thread's traceback)
            happening, self.error = "fail", as_error(error)
        with self._lock:
            self._took = self.seconds
            self._happen(happening)
            if self._state != "failed":
                self.error = None
            self._ended.set()

    def _on_event(self, event: Event) -> None:
        self.steps.apply(event)
        if self._state == "canceling" and not self._interrupted:
            self._interrupted = True  # once: what it prints while it stops is still welcome
            raise KeyboardInterrupt

    def _watch(self, draw: Callable[[], None]) -> None:
        drawn, quiet = -1, 0.0
        while not self.wait(DRAW_SECONDS):
            quiet += DRAW_SECONDS
            if self.steps.revision == drawn and quiet < TICK_SECONDS:
                continue
            drawn, quiet = self.steps.revision, 0.0
            with contextlib.suppress(Exception):
                draw()
        with contextlib.suppress(Exception):
            draw()

    def _happen(self, happening: Happening) -> bool:
        state = TRANSITIONS.get((self._state, happening))
        self._state = state or self._state
        return state is not None


def as_error(error: BaseException) -> MlboxError:
    """Return the error in three parts, whatever it was."""
    if isinstance(error, MlboxError):
        return error
    wrapped = MlboxError(
        "mlbox failed by a fault of its own.",
        why=f"{type(error).__name__}: {error}",
        fix="Please report it with what you did; the Python API shows the whole traceback.",
    )
    wrapped.__cause__ = error
    return wrapped
