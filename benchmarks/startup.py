"""What mlbox adds to a bare interpreter: ``python benchmarks/startup.py``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from measure import seconds_of, side_by_side

MLBOX = str(Path(sys.executable).with_name("mlbox"))
ROUNDS = 30


def seconds_of_process(*argv: str) -> float:
    """Return how long a process takes from start to end."""
    return seconds_of(lambda: subprocess.run(argv, check=True, stdout=subprocess.DEVNULL))


def main() -> None:
    """Print both comparisons."""
    bare = ("python -c pass", lambda: seconds_of_process(sys.executable, "-c", "pass"))
    for name, argv in (
        ("python -c 'import mlbox'", (sys.executable, "-c", "import mlbox")),
        ("mlbox --version", (MLBOX, "--version")),
    ):
        side_by_side(
            f"start-up: {name}",
            (name, lambda argv=argv: seconds_of_process(*argv)),
            bare,
            rounds=ROUNDS,
            target="at most 100 ms over bare Python",
        )


if __name__ == "__main__":
    main()
