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

# How a step runs, not what it does: mounts, settings, and what is done where a secret is there.
_NOISE = re.compile(
    r"--mount=\S+\s+|if \[ -f \S+ \]; then [^;]+; fi && |(?<=\s)[A-Z][A-Z0-9_]*=\S+\s+"
)
# The excerpt of the Dockerfile in its plain text: number, bar, and ">>>" where it failed.
_EXCERPT = re.compile(r"\s*(\d+) \|(?: (>>>))?")
_FRACTION = re.compile(r"(\.\d{6})\d*")  # datetime reads six digits, BuildKit writes nine


class RawJson:
    """Incremental decoder: feed it text, get the objects and plain lines that are complete."""

    def __init__(self) -> None:
        self._rest = ""
        self._decoder = json.JSONDecoder()

    def feed(self, text: str) -> Iterator[dict[str, Any] | str]:
        """Yield each complete JSON object as a dict, and each line of plain text as a str."""
        self._rest = (self._rest + text).lstrip("\n")
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
            self._rest = self._rest[end:].lstrip("\n")
            yield value

    def close(self) -> Iterator[str]:
        """Yield what is left when the stream has ended, line by line."""
        yield from self._rest.splitlines()
        self._rest = ""


@dataclass
class _Vertex:
    """One step of the build graph, as far as it was reported.

    A step can begin and end more than once: a base image is looked up, and pulled later.
    """

    step: str
    began: str | None = None
    ended: str | None = None
    over: bool = False  # failed or cached: whatever else is reported is no news
    seconds: float = 0
    log: list[str] = field(default_factory=list)
    unfinished: dict[Literal[1, 2], bytes] = field(default_factory=dict)


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
        vertices = {raw["digest"]: raw for raw in item.get("vertexes") or ()}  # its last word
        for raw in vertices.values():
            yield from self._begun(raw)
        for status in item.get("statuses") or ():
            yield from self._status(status)
        for log in item.get("logs") or ():
            yield from self._log(log)
        for raw in vertices.values():
            yield from self._ended(raw)

    def log_tail(self, lines: int = 20) -> tuple[str, ...]:
        """Return the last lines that the failed step printed."""
        for vertex in self._vertices.values():
            if vertex.step == self.failed_step:
                return tuple(vertex.log[-lines:])
        return ()

    def excerpt(self) -> tuple[str, ...]:
        """Return the lines of the Dockerfile around the one that failed, numbered and marked."""
        return tuple(line for line in self.text if _EXCERPT.match(line))

    def failed_line(self) -> int | None:
        """Return the line of the Dockerfile that failed, 1-based."""
        numbered = (_EXCERPT.match(line) for line in self.text)
        return next((int(match[1]) for match in numbered if match and match[2]), None)

    def _begun(self, raw: Mapping[str, Any]) -> Iterator[Event]:
        vertex = self._vertices.setdefault(raw["digest"], _Vertex(_step(str(raw.get("name", "")))))
        began = raw.get("started")
        over = vertex.over or raw.get("error") or raw.get("cached") or raw.get("completed")
        if began and began != vertex.began and not over:
            vertex.began = began
            yield Event(kind="started", step=vertex.step)

    def _ended(self, raw: Mapping[str, Any]) -> Iterator[Event]:
        vertex = self._vertices[raw["digest"]]
        error, cached, completed = raw.get("error"), raw.get("cached"), raw.get("completed")
        if vertex.over or not (error or cached or completed):
            return
        yield from _flushed(vertex)
        vertex.over = bool(error or cached)
        if cached:
            yield Event(kind="cached", step=vertex.step)
        elif error or completed != vertex.ended:
            vertex.ended = completed
            vertex.seconds += _seconds(raw.get("started"), completed)
            if error and self.failed_step is None:
                self.failed_step = vertex.step
            kind: Literal["failed", "finished"] = "failed" if error else "finished"
            text = str(error or "")
            yield Event(kind=kind, step=vertex.step, text=text, seconds=vertex.seconds)

    def _status(self, raw: Mapping[str, Any]) -> Iterator[Event]:
        vertex = self._vertices.get(raw.get("vertex", ""))
        if vertex and not vertex.over:
            yield Event(
                kind="progress",
                step=vertex.step,
                text=str(raw.get("name") or raw.get("id") or ""),
                current=int(raw.get("current") or 0),
                total=int(raw.get("total") or 0),
            )

    def _log(self, raw: Mapping[str, Any]) -> Iterator[Event]:
        """What a step prints arrives as it was written, which need not be by lines."""
        vertex = self._vertices.get(raw.get("vertex", ""))
        if vertex is None:
            return
        stream: Literal[1, 2] = 2 if raw.get("stream") == 2 else 1  # noqa: PLR2004  (stderr)
        data = vertex.unfinished.pop(stream, b"") + base64.b64decode(raw.get("data") or "")
        *lines, rest = data.split(b"\n")
        if rest:
            vertex.unfinished[stream] = rest
        for line in lines:
            yield _logged(vertex, line, stream)
        if vertex.over:
            yield from _flushed(vertex)


def _flushed(vertex: _Vertex) -> Iterator[Event]:
    """The last line of each stream, if no line feed ended it."""
    for stream, line in vertex.unfinished.items():
        yield _logged(vertex, line, stream)
    vertex.unfinished.clear()


def _logged(vertex: _Vertex, line: bytes, stream: Literal[1, 2]) -> Event:
    text = line.decode("utf-8", "replace").rstrip("\r")
    vertex.log.append(text)
    return Event(kind="log", step=vertex.step, text=text, stream=stream)


def _step(name: str) -> str:
    """A vertex's name as a person would call the step."""
    return _NOISE.sub("", name)


def _seconds(started: str | None, completed: str | None) -> float:
    if not (started and completed):
        return 0.0
    first, last = (
        datetime.fromisoformat(_FRACTION.sub(r"\1", time.replace("Z", "+00:00")))
        for time in (started, completed)
    )
    return max(0.0, (last - first).total_seconds())
