"""Steps and logs in the terminal: live where it can redraw, plain lines where it cannot."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from mlbox.engine.protocol import RUN_STEP
from mlbox.engine.steps import Steps, is_internal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from mlbox.engine import Event, OnEvent
    from mlbox.engine.steps import Step

MARKS = {"running": "▸", "cached": "=", "done": "✓", "failed": "✗"}
COLOURS = {"running": "cyan", "cached": "blue", "done": "green", "failed": "red"}
TAIL_LINES = 6
REDRAWS_PER_SECOND = 8


@contextlib.contextmanager
def shown(*, quiet: bool = False) -> Iterator[OnEvent]:
    """Yield a receiver of events that shows the steps of a build and the lines of a run.

    Steps go to stderr, the run's own stdout and stderr to theirs. Steps that are BuildKit's own
    business (``[internal] ...``) are left out.
    """
    if quiet:
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415  (loads on use)

    console = Console(stderr=True, highlight=False)
    display = _Live(console) if console.is_terminal else _Plain(console)
    try:
        yield display.receive
    finally:
        display.close()


class _Plain:
    """One line per step that ended; for logs, pipes and CI."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def receive(self, event: Event) -> None:
        if event.step == RUN_STEP:
            _print_run(event)
        elif not is_internal(event.step) and event.kind in {"cached", "finished", "failed"}:
            state = {"finished": "done"}.get(event.kind, event.kind)
            self._console.print(_line(state, event.step, event.seconds), soft_wrap=True)

    def close(self) -> None:
        pass


class _Live:
    """The steps of a build, redrawn in place with the tail of what they print."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live  # noqa: PLC0415  (loads on use)

        self._steps = Steps()
        self._live = Live(
            get_renderable=self._render,
            console=console,
            refresh_per_second=REDRAWS_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._started = False

    def receive(self, event: Event) -> None:
        if event.step == RUN_STEP:
            self.close()
            _print_run(event)
        elif not is_internal(event.step):
            self._steps.apply(event)
            if not self._started:
                self._started = True
                self._live.start()

    def close(self) -> None:
        if self._started:
            self._live.stop()
            self._started = False

    def _render(self) -> RenderableType:
        from rich.console import Group  # noqa: PLC0415  (loads on use)
        from rich.text import Text  # noqa: PLC0415

        rows = self._steps.rows
        lines = [Text.from_markup(_line(row.state, row.name, row.seconds)) for row in rows]
        lines += [Text(f"    {text}", style="dim") for text in self._tail(rows)]
        for line in lines:
            line.truncate(self._live.console.width - 1, overflow="ellipsis")
        return Group(*lines)

    def _tail(self, rows: tuple[Step, ...]) -> tuple[str, ...]:
        """What the step that began last is printing, or transferring."""
        running = [row for row in rows if row.state == "running"]
        if not running:
            return ()
        printed = self._steps.tail(TAIL_LINES, step=running[-1].name)
        return tuple(entry.text for entry in printed) or (running[-1].last_line,)


def _line(state: str, step: str, seconds: float) -> str:
    from rich.markup import escape  # noqa: PLC0415  (loads on use)

    first = " ".join(step.split())
    shown_step = first if len(first) <= 110 else f"{first[:107]}..."  # noqa: PLR2004  (one line)
    note = "cached" if state == "cached" else f"{seconds:.1f} s"
    return f"[{COLOURS[state]}]{MARKS[state]}[/] [dim]{note:>8}[/]  {escape(shown_step)}"


def _print_run(event: Event) -> None:
    if event.kind == "log":
        print(event.text, file=sys.stderr if event.stream == 2 else sys.stdout, flush=True)  # noqa: PLR2004
