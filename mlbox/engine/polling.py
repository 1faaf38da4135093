"""Reading what may be silent for hours without being deaf meanwhile."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Item = TypeVar("Item")


def polled(source: Iterator[Item], *, every: float) -> Iterator[Item | None]:
    """Yield the items of a blocking iterator, and ``None`` whenever none came for a while.

    The source is read in a thread of its own, to its end, whether or not somebody still listens.

    Args:
        source: What to read.
        every: Seconds of silence after which ``None`` is yielded.

    Raises:
        Exception: What reading the source raised.
    """
    arrived: queue.SimpleQueue[tuple[Item] | Exception | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(source, arrived), daemon=True).start()
    while True:
        try:
            entry = arrived.get(timeout=every)
        except queue.Empty:
            yield None
            continue
        match entry:
            case None:
                return
            case Exception():
                raise entry
            case (item,):
                yield item


def _read(
    source: Iterator[Item], arrived: queue.SimpleQueue[tuple[Item] | Exception | None]
) -> None:
    try:
        for item in source:
            arrived.put((item,))
    except Exception as error:  # noqa: BLE001  (raised again where it is waited for)
        arrived.put(error)
    else:
        arrived.put(None)
