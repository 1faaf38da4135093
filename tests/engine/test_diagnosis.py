"""Real containers that fail, and builds: the cause is named without being asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlbox.errors import BuildError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.engine

MODULE = "import no_such_module"
MEMORY = "data = []\nwhile True: data.append(bytearray(8 << 20))"
SHARED = """\
import mmap, os
file = os.open("/dev/shm/x", os.O_RDWR | os.O_CREAT)
os.ftruncate(file, 1 << 26)
mmap.mmap(file, 1 << 26).write(bytes(1 << 26))
"""
READ_ONLY = "open('data/x', 'w')"
STOPPED = "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(9)"


@pytest.mark.parametrize(
    ("text", "flags", "slug"),
    [
        (MODULE, (), "missing-module"),
        (MEMORY, ("--memory-bytes", "64MiB", "--shm-bytes", "16MiB"), "memory-limit"),
        (SHARED, ("--shm-bytes", "16MiB"), "shm-bus-error"),
        (READ_ONLY, ("--inputs", "data/"), "read-only"),
        (STOPPED, (), "terminated"),
        ("import os; os.abort()", (), "aborted"),
        ("open('/etc/x', 'w')", (), "permission-denied"),
        ("import subprocess; subprocess.run(['no-such-tool'], check=True)", (), "file-missing"),
        ("import sys; sys.exit('RuntimeError: CUDA out of memory.')", (), "gpu-out-of-memory"),
    ],
)
def test_a_run_that_fails_says_its_cause(
    text: str, flags: tuple[str, ...], slug: str, project: Path, cli: Cli
) -> None:
    (project / "data").mkdir()
    (project / "data" / "file").write_text("x")
    (project / "train.py").write_text(text)
    done = cli("train", *flags, cwd=project)
    assert done.returncode == 6, done.stderr
    assert f" {slug})" in done.stderr
    asked = json.loads(cli("diagnose", "--json", cwd=project).stdout)
    assert asked["causes"][0]["slug"] == slug
    assert asked["failed"] is True
    assert f"{asked['headline']} (mlbox diagnose" in cli("runs", "show", cwd=project).stdout


def test_a_run_that_fails_of_what_nobody_knows_is_told_by_its_last_words(
    project: Path, cli: Cli
) -> None:
    (project / "train.py").write_text("print('CUDA out of memory')\nprint('step 1')\n1 / 0")
    done = cli("train", cwd=project)
    assert "MLR" not in done.stderr
    assert "ZeroDivisionError" in done.stderr
    asked = cli("diagnose", cwd=project).stdout
    assert "The cause was not recognised." in asked
    assert "ZeroDivisionError: division by zero" in asked


def test_a_build_that_fails_says_its_cause(build: Callable[..., str]) -> None:
    with pytest.raises(BuildError) as caught:
        build("RUN nvcc kernels.cu")
    assert "MLR501 nvcc-missing" in caught.value.why
    assert "compiles = true" in caught.value.fix
