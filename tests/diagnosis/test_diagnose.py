"""The function: its input, how it ended, which cause is the first, what is not one."""

from __future__ import annotations

import itertools
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlbox
from mlbox.diagnosis import Diagnosis, Ended, diagnose, diagnose_stream
from mlbox.record import RunRecord

STEPS = ("step 1 loss 2.5", "step 2 loss 2.25", "step 3 loss 2.125")
OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
UNKNOWN = ("Traceback (most recent call last):", '  File "a.py", line 1, in f', "KeyError: 'lr'")


def slugs(diagnosis: Diagnosis) -> list[str]:
    return [cause.finding.slug for cause in diagnosis.causes]


@pytest.mark.parametrize(
    ("ended", "lines", "expected"),
    [
        (Ended(exit_code=137, oom_killed=True), STEPS, "memory-limit"),
        (Ended(exit_code=137), STEPS, "killed"),
        (Ended(exit_code=-9), STEPS, "killed"),
        (Ended(exit_code=139), STEPS, "segmentation-fault"),
        (Ended(exit_code=143), STEPS, "terminated"),
        (Ended(exit_code=143, timed_out=True), STEPS, "time-limit"),
        (Ended(exit_code=137, timed_out=True), STEPS, "time-limit"),
        (Ended(exit_code=134), STEPS, "aborted"),
        (Ended(exit_code=135), STEPS, "shm-bus-error"),
        (Ended(exit_code=132), STEPS, "illegal-instruction"),
        (Ended(exit_code=130), STEPS, "interrupted"),
        (Ended(exit_code=125), STEPS, "docker-refused"),
        (Ended(exit_code=126), STEPS, "not-executable"),
        (Ended(exit_code=127), STEPS, "command-not-found"),
        (Ended(exit_code=137), (*STEPS, "MemoryError"), "host-out-of-memory"),
        (Ended(exit_code=137), (*STEPS, OOM), "gpu-out-of-memory"),
        (Ended(exit_code=127), ("/bin/sh: 1: nvcc: not found",), "nvcc-missing"),
        (Ended(exit_code=139), ("x.so: undefined symbol: foo",), "undefined-symbol"),
        (Ended(exit_code=125), ('docker: could not select device driver ""',), "no-device-driver"),
        # a signal is not explained by what was survived, said by a text, or long ago
        (Ended(exit_code=137), (OOM, *STEPS), "killed"),
        (Ended(exit_code=143), (OOM, "Retrying with batch 8", *STEPS), "terminated"),
        (Ended(exit_code=137, oom_killed=True), (*STEPS, OOM), "memory-limit"),
    ],
)
def test_how_a_run_ended_and_its_log_together_lead_to_the_cause(
    ended: Ended, lines: tuple[str, ...], expected: str
) -> None:
    assert slugs(diagnose(lines, exit_state=ended))[0] == expected


def test_a_run_that_ended_well_is_not_diagnosed() -> None:
    diagnosis = diagnose((OOM,), exit_state=Ended(exit_code=0))
    assert not diagnosis.recognised
    assert diagnosis.failed is False
    assert diagnosis.headline == "The command did not fail."


def test_what_nobody_knows_is_told_by_its_last_error() -> None:
    diagnosis = diagnose(("hello", *UNKNOWN, "bye"), exit_state=1)
    assert not diagnosis.recognised
    assert diagnosis.last_error is not None
    assert (diagnosis.last_error.text, diagnosis.last_error.line) == ("KeyError: 'lr'", 4)
    assert diagnosis.headline == "The cause was not recognised."


def test_without_any_error_the_last_line_is_what_there_is() -> None:
    diagnosis = diagnose(("hello", "I give up", "", ""), exit_state=1)
    assert diagnosis.last_error is not None
    assert (diagnosis.last_error.text, diagnosis.last_error.line) == ("I give up", 2)


def test_a_log_without_errors_of_a_run_whose_end_is_unknown_shows_no_failure() -> None:
    diagnosis = diagnose(STEPS)
    assert (diagnosis.failed, diagnosis.last_error) == (None, None)
    assert diagnosis.headline == "The log shows no failure."


def test_a_launcher_s_word_is_told_with_the_error_that_nobody_knows() -> None:
    line = "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:"
    diagnosis = diagnose((*UNKNOWN, line), exit_state=1)
    assert slugs(diagnosis) == ["child-failed"]
    assert diagnosis.root is None
    assert diagnosis.last_error is not None
    assert diagnosis.last_error.text == "KeyError: 'lr'"


def test_the_root_comes_before_what_came_of_it() -> None:
    log = (
        "[rank1]: " + OOM,
        "W0819 elastic/multiprocessing/api.py:858] Sending process 71 closing signal SIGTERM",
        "[rank0]: ncclRemoteError: A call failed possibly due to a network error",
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:",
    )
    assert slugs(diagnose(log, exit_state=1))[0] == "gpu-out-of-memory"


def test_of_two_troubles_the_last_one_is_the_cause() -> None:
    log = (OOM, *STEPS, "OSError: [Errno 28] No space left on device", "")
    assert slugs(diagnose(log))[0] == "disk-full"
    assert slugs(diagnose(log, exit_state=1))[:2] == ["disk-full", "gpu-out-of-memory"]


def test_a_cause_that_was_survived_is_less_sure() -> None:
    (cause,) = diagnose((OOM, *STEPS), exit_state=1).causes
    assert (cause.survived, cause.finding.confidence) == (True, "medium")


def test_a_text_is_as_good_as_its_lines() -> None:
    lines = [*STEPS, OOM]
    expected = diagnose(lines, exit_state=1)
    assert diagnose("\n".join(lines), exit_state=1) == expected
    assert diagnose((f"{line}\n" for line in lines), exit_state=1) == expected
    assert mlbox.diagnose("\n".join(lines), exit_state=Ended(exit_code=1)) == expected
    assert expected.causes[0].evidence.line == 4


def test_a_record_says_how_it_ended() -> None:
    record = RunRecord(id="1", name="a", state="failed", exit_code=137, oom_killed=True, signal=9)
    diagnosis = diagnose(STEPS, exit_state=record)
    assert slugs(diagnosis) == ["memory-limit"]
    assert diagnosis.ended == "exit code 137, SIGKILL, killed for its memory"


def test_nothing_at_all_is_empty() -> None:
    assert diagnose("").is_empty
    assert diagnose(("", "\x00\x00", " ")).is_empty
    assert not diagnose(("x",)).is_empty


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=400), max_size=6))
def test_where_a_log_is_cut_does_not_matter(cuts: list[int]) -> None:
    log = "\r\n".join((*STEPS, "\x1b[31mERROR\x1b[0m x", OOM, "step 4 loss é")).encode()
    places = [0, *sorted(cut for cut in cuts if cut < len(log)), len(log)]
    pieces = [log[start:end] for start, end in itertools.pairwise(places)]
    whole, cut = diagnose_stream([log]), diagnose_stream(pieces)
    assert whole.causes
    assert cut == whole


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_a_log(data: bytes) -> None:
    for state in (None, Ended(exit_code=1)):
        diagnosis = diagnose_stream([data], exit_state=state)
        assert diagnosis.lines == data.count(b"\n") + (bool(data) and data[-1:] not in b"\r\n")


def test_a_line_without_an_end_is_read_in_little_memory() -> None:
    block = b"0.125, 0.250, nan, " * 50_000
    tracemalloc.start()
    diagnosis = diagnose_stream(block for _ in range(20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not diagnosis.causes
    assert peak < 20 * len(block) / 2


@pytest.mark.parametrize("before", [0, 3_000, 4_090, 65_500, 66_000, 1_048_570, 2_000_000])
def test_a_cause_in_a_long_line_is_found_wherever_it_is(before: int) -> None:
    diagnosis = diagnose_stream([b"x " * (before // 2) + OOM.encode() + b" y" * 5_000])
    assert slugs(diagnosis) == ["gpu-out-of-memory"]
    assert len(diagnosis.causes[0].evidence.text) < 320
    assert "OutOfMemoryError" in diagnosis.causes[0].evidence.text


def test_a_notebook_shows_the_cause_and_nothing_of_a_log_as_html() -> None:
    html = diagnose(("ModuleNotFoundError: No module named '<b>x'", OOM + "<script>"))._repr_html_()
    assert "MLR201" in html
    assert "<script>" not in html
    nothing = diagnose(("ValueError: <i>",), exit_state=1)._repr_html_()
    assert "not recognised" in nothing
    assert "<i>" not in nothing


def test_evidence_is_safe_for_a_terminal() -> None:
    log = f"\x1b]0;title\x07{OOM}\x1b[2J\x9b31m\u202e"
    evidence = diagnose(log).causes[0].evidence.text
    assert evidence.isprintable()
