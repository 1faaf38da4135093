"""Events folded into the steps of a build or a run: what a terminal and a notebook both show."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlbox.engine.protocol import Event

LOG_LINES = 2000
LINE_CHARACTERS = 2000

StepState = Literal["running", "cached", "done", "failed"]

_INTERNAL = ("[internal]", "[auth]", "[context", "exporting", "importing")
# CSI sequences, OSC sequences (titles, links), and the two-character escapes
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# before the exit code BuildKit repeats the whole instruction
_PROCESS = re.compile(r'process ".*" did not complete successfully: ', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step as it stands now.

    Attributes:
        name: Its text: a Dockerfile instruction, or ``"run"``.
        state: Whether it runs, was taken from the cache, is done, or failed.
        seconds: How long it took, or has been running so far; 0 when it came from the cache.
        last_line: The last line it printed, or the item in transfer, or the reason it failed.
    """

    name: str
    state: StepState = "running"
    seconds: float = 0
    last_line: str = ""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One printed line, without terminal escapes, at most ``LINE_CHARACTERS`` long.

    Attributes:
        step: The step that printed it.
        text: The line.
        stream: 1 for stdout, 2 for stderr.
    """

    step: str
    text: str
    stream: Literal[1, 2] = 1


class Steps:
    """The steps of one build or run, in the order they began, and the end of their log.

    ``apply`` is an ``OnEvent``. Every method may be called from any thread.

    Args:
        clock: Seconds, monotonic; times the steps that still run.
        log_lines: How many lines the log keeps.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, log_lines: int = LOG_LINES
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._steps: dict[str, Step] = {}
        self._began: dict[str, float] = {}
        self._log: deque[LogLine] = deque(maxlen=log_lines)
        self._log_count = 0
        self._revision = 0

    def apply(self, event: Event) -> None:
        """Take one event in."""
        with self._lock:
            self._revision += 1
            step = self._steps.get(event.step, Step(name=event.step))
            if event.step not in self._steps or event.kind == "started":
                self._began[event.step] = self._clock()
            self._steps[event.step] = _after(step, event)
            if event.kind == "log":
                line = LogLine(step=event.step, text=plain(event.text), stream=event.stream)
                self._log.append(line)
                self._log_count += 1

    @property
    def rows(self) -> tuple[Step, ...]:
        """The steps; those that still run have the seconds so far."""
        with self._lock:
            now = self._clock()
            return tuple(
                replace(step, seconds=now - self._began[step.name])
                if step.state == "running"
                else step
                for step in self._steps.values()
            )

    @property
    def log(self) -> tuple[LogLine, ...]:
        """The last lines of the log."""
        return self.tail()

    def tail(self, lines: int | None = None, *, step: str | None = None) -> tuple[LogLine, ...]:
        """Return the last lines of the log, of all steps or of one."""
        with self._lock:
            kept = [line for line in self._log if step is None or line.step == step]
        return tuple(kept if lines is None else kept[max(0, len(kept) - lines) :])

    @property
    def log_count(self) -> int:
        """How many lines were printed in all, kept or not."""
        with self._lock:
            return self._log_count

    @property
    def revision(self) -> int:
        """A number that grows with each event: draw again when it has changed."""
        with self._lock:
            return self._revision

    @property
    def failed(self) -> Step | None:
        """The first step that failed."""
        return next((step for step in self.rows if step.state == "failed"), None)


def is_internal(step: str) -> bool:
    """Whether a step is BuildKit's own business and no line of the Dockerfile."""
    return step.startswith(_INTERNAL)


def plain(text: str) -> str:
    r"""Return a line as a terminal would leave it: no escapes, and of ``10%\r20%`` the ``20%``."""
    for part in reversed(text.rstrip("\r\n").split("\r")):
        # cut before the expressions run: a line may be a megabyte of JSON
        line = _CONTROL.sub("", _ANSI.sub("", part[: 4 * LINE_CHARACTERS]))
        if line:
            return line if len(line) <= LINE_CHARACTERS else f"{line[: LINE_CHARACTERS - 1]}…"
    return ""


def _after(step: Step, event: Event) -> Step:
    """Return the step as it is after the event."""
    if step.state == "cached" and event.kind in {"started", "finished"}:
        return step  # BuildKit starts and finishes what it found in its cache, too
    match event.kind:
        case "started":
            return replace(step, state="running")
        case "log" | "progress":
            return replace(step, last_line=plain(event.text) or step.last_line)
        case "cached":
            return replace(step, state="cached", seconds=0)
        case "finished":
            return replace(step, state="done", seconds=event.seconds)
        case "failed":
            said = _PROCESS.sub("", event.text.strip()).rpartition("\n")[2]
            reason = plain(said) or step.last_line
            return replace(step, state="failed", seconds=event.seconds, last_line=reason)
