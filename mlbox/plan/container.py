"""What will run: one container, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.spec import JobSpec

WORKSPACE = "/workspace"


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A folder or file of this machine, as a container sees it.

    Attributes:
        source: Absolute path on this machine.
        target: Absolute path in the container.
        read_only: Whether the container may only read it.
    """

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """One container, from start to exit.

    Attributes:
        image: Digest of the image, ``"sha256:..."``.
        argv: The program and its arguments.
        name: Name of the container.
        mounts: What it sees of this machine.
        env: Environment variables.
        gpus: Number of GPUs to request, or ``"all"``; 0 for none.
        user: ``"uid:gid"`` it runs as.
        shm_bytes: Size of ``/dev/shm`` in bytes.
        cpus: Number of CPUs; 0 for no limit.
        memory_bytes: Memory limit in bytes; 0 for no limit.
        timeout_seconds: Seconds until it is stopped; 0 for never.
        network: ``"mlbox"``, ``"none"`` or ``"host"``.
        labels: Labels of the container.
        workdir: Folder the program starts in.
    """

    image: str
    argv: tuple[str, ...]
    name: str
    mounts: tuple[Mount, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    gpus: int | str = 0
    user: str = "1000:1000"
    shm_bytes: int = 0
    cpus: float = 0
    memory_bytes: int = 0
    timeout_seconds: float = 0
    network: str = "mlbox"
    labels: Mapping[str, str] = field(default_factory=dict)
    workdir: str = WORKSPACE


def plan_run(
    job: JobSpec,
    *,
    image: str,
    run_id: str,
    mounts: tuple[Mount, ...],
    user: str,
    host_memory_bytes: int,
    env: Mapping[str, str] = MappingProxyType({}),
) -> RunPlan:
    """Lay out the container that runs a job in a built image.

    ``/dev/shm`` is half of the machine's memory unless the job says otherwise: Docker's 64 MB
    kill DataLoader workers with a bus error, and unused shared memory costs nothing.
    """
    return RunPlan(
        image=image,
        argv=argv_of(job),
        name=f"mlbox-{run_id}",
        mounts=mounts,
        env={"MLBOX_RUN_ID": run_id, **env},
        gpus=job.gpus,
        user=user,
        shm_bytes=job.shm_bytes or host_memory_bytes // 2,
        cpus=job.cpus,
        memory_bytes=job.memory_bytes,
        timeout_seconds=job.timeout_seconds,
        network=job.network,
        labels={"mlbox": "run", "mlbox.run": run_id},
    )


def argv_of(job: JobSpec) -> tuple[str, ...]:
    """Return the command with its parameters: ``--name=value`` each."""
    return (*job.command, *(f"--{name}={value}" for name, value in job.params.items()))
