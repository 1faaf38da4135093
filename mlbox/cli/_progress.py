"""A bar for what takes a while, on stderr, where somebody watches."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    OnProgress = Callable[[int, int, str], None]


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[OnProgress]:
    """Yield a receiver of (done, of how many, what) that draws a bar; gone when it ends.

    Where stderr is no terminal nothing is drawn. A total of 0 means that it is not known yet.
    """
    from rich.console import Console  # noqa: PLC0415  (loads on use)

    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with _drawn(title, console) as receive:
            yield receive
    else:
        yield lambda _done, _total, _what: None


@contextlib.contextmanager
def _drawn(title: str, console: Console) -> Iterator[OnProgress]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[what]}", markup=True),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=None, what="")
        yield lambda done, total, what: progress.update(
            task, completed=done, total=total or None, what=what
        )
