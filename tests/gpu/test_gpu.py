"""On a machine with an NVIDIA GPU and NVIDIA's container toolkit; skipped elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from mlbox.engine.docker import DockerEngine
from mlbox.record import RunStore
from mlbox.run import train
from mlbox.spec import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from mlbox.engine import Event
    from mlbox.engine.connect import Connection

pytestmark = pytest.mark.gpu

SPEC = """\
name = "gpu-test"
python = "3.12"
{packages}
[train]
command = {command}
gpus = "all"
"""
TORCH = 'torch = "2.13.0"\ncuda = "auto"'
CODE = (
    "import json, torch; x = torch.ones(1000, 1000, device='cuda'); "
    "print(json.dumps([torch.cuda.device_count(), (x @ x).sum().item()]))"
)


def ignore(_: Event) -> None:
    pass


@pytest.fixture(scope="module")
def gpus() -> int:
    """How many GPUs this machine has; none is a skip, never a pass."""
    if shutil.which("nvidia-smi") is None:
        pytest.skip("there is no nvidia-smi on this machine")
    listed = subprocess.run(("nvidia-smi", "-L"), check=False, capture_output=True, text=True)
    if listed.returncode or not listed.stdout.strip():
        pytest.skip("this machine has no NVIDIA GPU")
    return len(listed.stdout.strip().splitlines())


def log(project: Path, connection: Connection) -> tuple[str, ...]:
    record = train(load_project(project), DockerEngine(connection), ignore)
    lines = RunStore(project).log_tail(record.id, 100)
    assert record.exit_code == 0, lines
    return lines


def test_a_container_sees_every_gpu(
    gpus: int, project_folder: Path, connection: Connection
) -> None:
    spec = SPEC.format(packages='cuda = "cpu"', command='["nvidia-smi", "-L"]')
    (project_folder / "mlbox.toml").write_text(spec)
    assert len(log(project_folder, connection)) == gpus


def test_torch_computes_on_the_gpu(gpus: int, project_folder: Path, connection: Connection) -> None:
    command = json.dumps(["python", "-c", CODE])
    (project_folder / "mlbox.toml").write_text(SPEC.format(packages=TORCH, command=command))
    assert json.loads(log(project_folder, connection)[-1]) == [gpus, 1e9]
