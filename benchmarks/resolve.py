"""How fast versions are chosen: ``python benchmarks/resolve.py``."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import seconds_of, side_by_side

from mlbox.facts import load_facts
from mlbox.resolve import Request, resolve
from mlbox.uv import uv_program

MLBOX = str(Path(sys.executable).with_name("mlbox"))
ROUNDS = 10
QUESTIONS = 4000
VERSIONS = (None, "2.9", "2.13.0", "2.15.0", "1.13.1", "2.99")
DRIVERS = (None, "470.42.01", "535.183.01", "580.95.05", "595.71.05")
PYTHONS = (None, "3.9", "3.12", "3.15")


def questions() -> list[Request]:
    """Return the same random questions every time; about half of them are impossible."""
    chance = random.Random(1)  # noqa: S311  (nothing secret)
    gpus = [gpu.name for gpu in load_facts().gpus if gpu.kind != "jetson"]
    return [
        Request(
            framework="torch",
            version=chance.choice(VERSIONS),
            gpu=chance.choice(gpus),
            driver=chance.choice(DRIVERS),
            python=chance.choice(PYTHONS),
        )
        for _ in range(QUESTIONS)
    ]


def print_rate() -> None:
    """Print how many questions one process answers in a second."""
    facts, asked = load_facts(), questions()
    began = time.perf_counter()
    verdicts = [resolve(request, facts).verdict for request in asked]
    rate = QUESTIONS / (time.perf_counter() - began)
    shares = ", ".join(f"{verdict} {verdicts.count(verdict)}" for verdict in sorted(set(verdicts)))
    print(f"resolve(): {rate:.0f} answers a second ({shares}); target: at least 2000\n")


def seconds_of_process(*argv: str, folder: str | None = None) -> float:
    """Return how long a process takes from start to end."""
    return seconds_of(lambda: subprocess.run(argv, check=True, capture_output=True, cwd=folder))


def main() -> None:
    """Print all of it."""
    print_rate()
    command = (MLBOX, "resolve", "torch==2.13.0", "--gpu", "A100", "--driver", "580.95.05")
    ours = ("mlbox resolve torch==2.13.0", lambda: seconds_of_process(*command))
    side_by_side(
        "mlbox resolve beside a bare interpreter",
        ours,
        ("python -c pass", lambda: seconds_of_process(sys.executable, "-c", "pass")),
        rounds=ROUNDS,
        target="at most 150 ms over bare Python",
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "requirements.in").write_text("torch==2.13.0\n", encoding="utf-8")
        compiling = (uv_program(), "pip", "compile", "--quiet", "requirements.in")
        seconds_of_process(*compiling, folder=folder)  # its cache is warm from here on
        side_by_side(
            "mlbox resolve beside uv pip compile of the same requirement, its cache warm",
            ours,
            ("uv pip compile", lambda: seconds_of_process(*compiling, folder=folder)),
            rounds=ROUNDS,
            target="less than 1",
        )


if __name__ == "__main__":
    main()
