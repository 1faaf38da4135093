"""Steps and logs in the terminal: live where it can redraw, plain lines where it cannot."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from mlbox.engine.protocol import RUN_STEP

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
    display = _Display()
    try:
        yield (lambda _: None) if quiet else display.receive
    finally:
        display.close()


class _Display:
    """Prints a run's lines as they are, and draws the steps of a build if there are any."""

    def __init__(self) -> None:
        self._drawing: _Live | _Plain | None = None

    def receive(self, event: Event) -> None:
        if event.step == RUN_STEP:
            self.close()
            _print_run(event)
        else:
            self._draw(event)

    def close(self) -> None:
        if self._drawing:
            self._drawing.close()
            self._drawing = None

    def _draw(self, event: Event) -> None:
        from rich.console import Console  # noqa: PLC0415  (most builds have nothing to draw)

        from mlbox.engine.steps import is_internal  # noqa: PLC0415

        if is_internal(event.step):
            return
        if self._drawing is None:
            console = Console(stderr=True, highlight=False)
            self._drawing = _Live(console) if console.is_terminal else _Plain(console)
        self._drawing.receive(event)


class _Plain:
    """One line per step that ended; for logs, pipes and CI."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def receive(self, event: Event) -> None:
        if event.kind in {"cached", "finished", "failed"}:
            state = {"finished": "done"}.get(event.kind, event.kind)
            self._console.print(_line(state, event.step, event.seconds), soft_wrap=True)

    def close(self) -> None:
        """Nothing is open."""


class _Live:
    """The steps of a build, redrawn in place with the tail of what they print."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live  # noqa: PLC0415  (loads on use)

        from mlbox.engine.steps import Steps  # noqa: PLC0415

        self._steps = Steps()
        self._live = Live(
            get_renderable=self._render,
            console=console,
            refresh_per_second=REDRAWS_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def receive(self, event: Event) -> None:
        self._steps.apply(event)

    def close(self) -> None:
        self._live.stop()

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
