"""BuildKit's ``--progress=rawjson`` stream -> events.

The stream is concatenated JSON objects, pretty-printed over many lines, and plain text once a
build has failed; it is decoded object by object as it arrives, never line by line.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from mlbox.engine.protocol import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# How a step runs, not what it does: mounts, and what is done where a build secret is there.
_NOISE = re.compile(r"--mount=\S+\s+|if \[ -f \S+ \]; then [^;]+; fi && ")
_FRACTION = re.compile(r"(\.\d{6})\d*")  # datetime reads six digits, BuildKit writes nine


class RawJson:
    """Incremental decoder: feed it text, get the objects and plain lines that are complete."""

    def __init__(self) -> None:
        self._rest = ""
        self._decoder = json.JSONDecoder()

    def feed(self, text: str) -> Iterator[dict[str, Any] | str]:
        """Yield each complete JSON object as a dict, and each line of plain text as a str."""
        self._rest = (self._rest + text).lstrip()
        while self._rest:
            if self._rest[0] == "{":
                try:
                    value, end = self._decoder.raw_decode(self._rest)
                except json.JSONDecodeError:
                    return  # the object is not complete yet
            else:
                end = self._rest.find("\n")
                if end < 0:
                    return
                value = self._rest[:end].rstrip()
            self._rest = self._rest[end:].lstrip()
            yield value

    def close(self) -> Iterator[str]:
        """Yield what is left when the stream has ended, line by line."""
        yield from self._rest.splitlines()
        self._rest = ""


@dataclass
class _Vertex:
    """One step of the build graph, as far as it was reported."""

    step: str
    started: bool = False
    ended: bool = False
    log: list[str] = field(default_factory=list)


class Progress:
    """Turns decoded objects into events, and keeps what an error message needs.

    Attributes:
        failed_step: Text of the step that failed, or ``None``.
        text: Plain lines: the Dockerfile excerpt and BuildKit's error.
    """

    def __init__(self) -> None:
        self.failed_step: str | None = None
        self.text: list[str] = []
        self._vertices: dict[str, _Vertex] = {}

    def events(self, item: Mapping[str, Any] | str) -> Iterator[Event]:
        """Yield the events of one decoded item."""
        if isinstance(item, str):
            self.text.append(item)
            return
        for vertex in item.get("vertexes") or ():
            yield from self._vertex(vertex)
        for status in item.get("statuses") or ():
            yield from self._status(status)
        for log in item.get("logs") or ():
            yield from self._log(log)

    def log_tail(self, lines: int = 20) -> tuple[str, ...]:
        """Return the last lines that the failed step printed."""
        for vertex in self._vertices.values():
            if vertex.step == self.failed_step:
                return tuple(vertex.log[-lines:])
        return ()

    def _vertex(self, raw: Mapping[str, Any]) -> Iterator[Event]:
        name = str(raw.get("name", ""))
        vertex = self._vertices.setdefault(raw["digest"], _Vertex(_step(name)))
        if vertex.ended:
            return
        if raw.get("error"):
            vertex.ended = True
            self.failed_step = self.failed_step or vertex.step
            yield self._ended("failed", vertex, raw, text=str(raw["error"]))
        elif raw.get("cached"):
            vertex.ended = True
            yield Event(kind="cached", step=vertex.step)
        elif raw.get("completed"):
            vertex.ended = True
            yield self._ended("finished", vertex, raw)
        elif raw.get("started") and not vertex.started:
            vertex.started = True
            yield Event(kind="started", step=vertex.step)

    def _ended(
        self,
        kind: Literal["finished", "failed"],
        vertex: _Vertex,
        raw: Mapping[str, Any],
        text: str = "",
    ) -> Event:
        seconds = _seconds(raw.get("started"), raw.get("completed"))
        return Event(kind=kind, step=vertex.step, text=text, seconds=seconds)

    def _status(self, raw: Mapping[str, Any]) -> Iterator[Event]:
        vertex = self._vertices.get(raw.get("vertex", ""))
        if vertex and not vertex.ended:
            yield Event(
                kind="progress",
                step=vertex.step,
                text=str(raw.get("name") or raw.get("id") or ""),
                current=int(raw.get("current") or 0),
                total=int(raw.get("total") or 0),
            )

    def _log(self, raw: Mapping[str, Any]) -> Iterator[Event]:
        vertex = self._vertices.get(raw.get("vertex", ""))
        if vertex is None:
            return
        text = base64.b64decode(raw.get("data") or "").decode("utf-8", "replace")
        stream: Literal[1, 2] = 2 if raw.get("stream") == 2 else 1  # noqa: PLR2004  (stderr)
        for line in text.rstrip("\n").split("\n"):
            vertex.log.append(line)
            yield Event(kind="log", step=vertex.step, text=line, stream=stream)


def _step(name: str) -> str:
    """A vertex's name as a person would call the step."""
    return _NOISE.sub("", name)


def failed_line(text: list[str]) -> int | None:
    """Return the line of the Dockerfile that BuildKit's plain text names, 1-based.

    The excerpt is headed ``Dockerfile:12`` (or the file's own name) and marks lines with ``>>>``.
    """
    for line in text:
        marked = re.match(r"\s*(\d+)\s*\|\s*>>>", line)
        if marked:
            return int(marked[1])
    return None


def _seconds(started: str | None, completed: str | None) -> float:
    if not (started and completed):
        return 0.0
    first, last = (
        datetime.fromisoformat(_FRACTION.sub(r"\1", time.replace("Z", "+00:00")))
        for time in (started, completed)
    )
    return max(0.0, (last - first).total_seconds())
