"""What buildx printed on a real engine, fed in any pieces."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbox.engine.progress import Progress, RawJson

if TYPE_CHECKING:
    from mlbox.engine import Event

DATA = Path(__file__).parent / "data"
RECORDED = {
    name: (DATA / f"buildx-{name}.json").read_text(encoding="utf-8")
    for name in ("good", "cached", "failed")
}


def read(*chunks: str) -> tuple[Progress, list[Event]]:
    raw, progress = RawJson(), Progress()
    items = [item for chunk in chunks for item in raw.feed(chunk)]
    events = [event for item in (*items, *raw.close()) for event in progress.events(item)]
    return progress, events


def of_step(events: list[Event], word: str) -> list[tuple[str, str]]:
    return [(event.kind, event.text) for event in events if word in event.step]


def vertex(digest: str, **fields: Any) -> str:
    entry = {"digest": digest, "name": f"step {digest}", **fields}
    return json.dumps({"vertexes": [entry]})


def log(digest: str, data: bytes, stream: int = 1) -> str:
    entry = {"vertex": digest, "stream": stream, "data": base64.b64encode(data).decode()}
    return json.dumps({"logs": [entry]})


def test_a_step_starts_prints_and_ends_in_that_order() -> None:
    _, events = read(RECORDED["good"])
    step = of_step(events, "half")
    assert step[0] == ("started", "")
    assert step[2:] == [("log", "half and half"), ("log", "grüße"), ("finished", "")]
    assert [event.stream for event in events if event.text == "grüße"] == [2]
    assert of_step(events, "newline") == [
        ("started", ""),
        ("log", "no newline"),
        ("finished", ""),
    ]


def test_seconds_are_those_that_the_engine_measured() -> None:
    _, events = read(RECORDED["good"])
    slept = [event.seconds for event in events if "half" in event.step and event.seconds]
    assert slept == [pytest.approx(0.542, abs=0.001)]


def test_what_came_from_the_cache_is_said_once_and_not_as_work() -> None:
    _, events = read(RECORDED["cached"])
    for word in ("[2/4] RUN", "[3/4] COPY", "[4/4] RUN"):
        assert of_step(events, word) == [("cached", "")]


def test_a_failed_step_is_known_with_its_line_its_excerpt_and_its_log() -> None:
    progress, events = read(RECORDED["failed"])
    assert progress.failed_step is not None
    assert progress.failed_step.startswith("[fast 2/2] RUN printf 'it '")
    assert progress.failed_line() == 5
    assert progress.excerpt()[0] == "   4 |     FROM mlbox/debian:bookworm-python3.11 AS fast"
    assert progress.excerpt()[-2] == "   7 | >>>     exit 3"
    assert progress.log_tail() == ("it begins", "no such package")
    assert progress.log_tail(1) == ("no such package",)
    failed = [event for event in events if event.kind == "failed"]
    assert failed[0].step == progress.failed_step
    assert "exit code: 3" in failed[0].text


def test_the_step_that_was_canceled_with_it_is_not_the_one_to_blame() -> None:
    progress, events = read(RECORDED["failed"])
    canceled = [event for event in events if event.kind == "failed"][1]
    assert "context canceled" in canceled.text
    assert canceled.step != progress.failed_step


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(sorted(RECORDED)), data=st.data())
def test_the_pieces_it_arrives_in_make_no_difference(name: str, data: st.DataObject) -> None:
    text = RECORDED[name]
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=40).map(sorted))
    whole, events = read(text)
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    progress, cut_events = read(*pieces)
    assert cut_events == events
    assert progress.text == whole.text


@settings(max_examples=50, deadline=None)
@given(printed=st.text(st.sampled_from("aä🌍 \n"), max_size=30), data=st.data())
def test_a_line_is_a_line_in_whatever_pieces_it_was_written(
    printed: str, data: st.DataObject
) -> None:
    raw = printed.encode()
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=8).map(sorted))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    _, events = read(
        vertex("a", started="2026-01-01T00:00:00Z"),
        *(log("a", piece) for piece in pieces),
        vertex("a", started="2026-01-01T00:00:00Z", completed="2026-01-01T00:00:02.5Z"),
    )
    lines = printed.split("\n")
    expected = lines[:-1] if lines[-1] == "" else lines
    assert [event.text for event in events if event.kind == "log"] == expected
    assert events[-1].kind == "finished"
    assert events[-1].seconds == 2.5


def test_a_base_image_that_is_looked_up_and_pulled_later_is_shown_while_it_is_pulled() -> None:
    pulled = {"vertex": "a", "id": "sha256:layer", "current": 5, "total": 9}
    _, events = read(
        vertex("a", started="2026-01-01T00:00:00Z", completed="2026-01-01T00:00:01Z"),
        vertex("a", started="2026-01-01T00:00:02Z"),
        json.dumps({"statuses": [pulled]}),
        vertex("a", started="2026-01-01T00:00:02Z", completed="2026-01-01T00:00:05Z"),
    )
    assert [event.kind for event in events] == ["finished", "started", "progress", "finished"]
    assert (events[2].current, events[2].total) == (5, 9)
    assert events[3].seconds == 4


def test_mounts_are_no_part_of_a_step_s_name() -> None:
    name = (
        "[a 1/1] RUN --mount=type=bind,from=uv,target=/uv if [ -f /ca.pem ]; "
        "then export SSL_CERT_FILE=/ca.pem; fi && uv pip install x"
    )
    _, events = read(vertex("a", name=name, started="2026-01-01T00:00:00Z"))
    assert events[0].step == "[a 1/1] RUN uv pip install x"
