"""How fast ``mlbox diagnose`` reads a log, and how much memory that takes.

Writes logs of some size, diagnoses each in a process of its own, and prints MB/s and the peak of
its resident memory, beside those of ``grep -c`` for one phrase::

    python benchmarks/diagnose.py [--megabytes 1024] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEGABYTE = 1024 * 1024
END = (
    b"Traceback (most recent call last):\n"
    b'  File "train.py", line 64, in <module>\n'
    b"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
)
SMALLER = {"one line": 10, "words": 50, "errors": 50}  # of the whole size: no log is like that
EXPECTED = "gpu-out-of-memory"


def steps() -> Iterator[bytes]:
    """Lines that a training loop prints."""
    step = 0
    while True:
        step += 1
        yield (
            f"2025-03-01 12:{step // 60 % 60:02}:{step % 60:02} INFO train: step {step} "
            f"loss {3 / (1 + step % 997):.4f} lr 1.0e-04 tokens/s {step * 7919 % 9973}\n"
        ).encode()


def bars() -> Iterator[bytes]:
    """Progress bars: one long line of carriage returns per epoch."""
    step = 0
    while True:
        step += 1
        end = b"\n" if step % 1000 == 0 else b"\r"
        yield f"\x1b[32m {step % 100:3}%|{'█' * (step % 10):10}| {step}/9999999".encode() + end


def metrics() -> Iterator[bytes]:
    """Lines with a word that errors have, in each."""
    step = 0
    while True:
        step += 1
        yield f"eval {step}: val_error 0.{step % 1000:03} timeouts {step % 3} failures 0\n".encode()


def words() -> Iterator[bytes]:
    """Lines that all differ in their letters, and have words of signatures in each."""
    step = 0
    while True:
        step += 1
        name = "".join(chr(97 + (step >> shift) % 26) for shift in range(0, 20, 4))
        yield f"worker {name}: val_error 0.{step % 1000:03} killed 0 timeout no\n".encode()


def errors() -> Iterator[bytes]:
    """Errors that no signature knows, one after the other."""
    step = 0
    while True:
        step += 1
        yield f"ValueError: item {step} of dataset is not what it should be\n".encode()


def one_line() -> Iterator[bytes]:
    """A single line."""
    while True:
        yield b"0.125, 0.250, nan, "


KINDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "steps": steps,
    "bars": bars,
    "metrics": metrics,
    "words": words,
    "errors": errors,
    "one line": one_line,
}


def write(path: Path, kind: Callable[[], Iterator[bytes]], size: int) -> None:
    """Write a log of a kind, and an error at its end."""
    written = 0
    lines = kind()
    with path.open("wb") as file:
        while written < size:
            block = b"".join(next(lines) for _ in range(10_000))
            written += file.write(block)
        file.write(b"\n" + END)


def measured(command: tuple[str, ...]) -> tuple[float, float, str]:
    """Return seconds, the peak of resident megabytes, and what a command printed."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # noqa: S101  (PIPE)
    printed = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.perf_counter() - began, usage.ru_maxrss / 1024, printed


def main() -> int:
    """Measure each kind; 1 if a cause was not found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=None)
    args = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = Path(folder, "train.log")
        for name, kind in KINDS.items():
            size = args.megabytes // SMALLER.get(name, 1)
            write(path, kind, size * MEGABYTE)
            diagnose = (sys.executable, "-m", "mlbox", "diagnose", str(path))
            seconds, peak, printed = measured(diagnose)
            grepped, _, _ = measured(("grep", "-c", "CUDA out of memory", str(path)))
            wrong += EXPECTED not in printed
            print(
                f"{name:10} {size:5} MB  {size / seconds:7.1f} MB/s  peak {peak:6.1f} MB  "
                f"{seconds / grepped:6.1f} x grep  {'' if EXPECTED in printed else 'NOT FOUND'}"
            )
            path.unlink()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
