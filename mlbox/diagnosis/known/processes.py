"""Signatures of several processes together: NCCL, rendezvous, ports."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

_NCCL_DEBUG = 'With env = {{ NCCL_DEBUG = "INFO" }} in [tool.mlbox] NCCL says which call failed. '

PROCESSES: tuple[Signature, ...] = (
    Signature(
        code="MLR301",
        slug="nccl-shared-memory",
        family="shm",
        cause="NCCL found no room in shared memory (/dev/shm).",
        why="NCCL passes data between the GPUs of one machine through /dev/shm; Docker gives a "
        "container 64 MB of it.",
        fix='shm-bytes = "8GiB" in [tool.mlbox.train] or mlbox train --shm-bytes 8GiB (plain '
        "Docker: --shm-size=8g or --ipc=host; compose: shm_size: 8gb).",
        pattern=r"/dev/shm/nccl-[^\n]{0,120}(?:No space|\(size \d{1,20}\)|failed)"  # noqa: S108  (a pattern)
        r"|failed to extend /dev/shm/nccl|creating shared memory segment[^\n]{0,40}nccl",
        rules=("MLC201",),
    ),
    Signature(
        code="MLR302",
        slug="nccl-system-error",
        family="nccl",
        cause="NCCL failed in a call to the system.",
        why="Most often /dev/shm is too small or the network between the machines is not what "
        "NCCL takes it for.",
        fix=_NCCL_DEBUG + 'On one machine raise shm-bytes in [tool.mlbox.train] ("8GiB"); on '
        'several use network = "host" and name the interface: NCCL_SOCKET_IFNAME=eth0.',
        pattern=r"unhandled system error|\bncclSystemError\b|no socket interface found",
        rules=("MLC201",),
        follows=("shm", "gpu"),
    ),
    Signature(
        code="MLR303",
        slug="nccl-cuda-error",
        family="nccl",
        cause="NCCL failed in a call to CUDA.",
        why="A GPU is out of memory or not usable, ranks share a GPU, or NCCL is of another CUDA "
        "than the driver can run.",
        fix=_NCCL_DEBUG
        + "One process per GPU, each with its own torch.cuda.set_device(local_rank); "
        "nvidia-smi topo -m shows the GPUs; NCCL_P2P_DISABLE=1 helps where peer access is broken.",
        pattern=r"unhandled cuda error|\bncclUnhandledCudaError\b",
        follows=("gpu", "gpu-memory", "gpu-setup", "architecture", "program", "shm"),
    ),
    Signature(
        code="MLR304",
        slug="nccl-timeout",
        family="nccl",
        cause="A rank waited in vain for the others (a collective operation timed out).",
        why="Another rank failed, was slower than the timeout, or did not call the same "
        "operations in the same order.",
        fix="Look for the rank that failed first: its error is above, or in its own log. If none "
        "did: TORCH_DISTRIBUTED_DEBUG=DETAIL, and init_process_group(timeout=...) for long "
        "evaluations.",
        pattern=r"Watchdog caught collective operation timeout|collective operation timeout"
        r"|Timed out waiting \d{1,20} ?ms|\bncclRemoteError\b"
        r"|remote process exited or there was a network"
        r"|gloo[^\n]{0,160}(?:Connection (?:closed|reset) by peer)"
        r"|NCCL communicator was aborted|ProcessGroupNCCL's watchdog got stuck"
        r"|monitoredBarrier|TCPStore[^\n]{0,120}(?:Broken pipe|Connection reset)"
        r"|Some NCCL operations have failed or timed out|recvValue failed"
        r"|sendBytes failed",
        confidence="medium",
        follows=("*",),
    ),
    Signature(
        code="MLR305",
        slug="port-in-use",
        family="port",
        cause="The port {name} is already in use.",
        why="Another run, or what is left of one, listens on it: ranks meet on MASTER_PORT (29500 "
        "unless it is set), servers on theirs.",
        fix="Take another: torchrun --master-port 29501, --rdzv-endpoint localhost:0 for a free "
        "one, or MASTER_PORT=29501; ss -ltnp shows who has it. With --network mlbox each run has "
        "ports of its own.",
        pattern=r"(?:port: ?(?P<name>\d{2,5})[^\n]{0,160})?(?:Address already in use|EADDRINUSE)"
        r"|(?::(?P<bound>\d{1,20}) failed: )?port is already allocated"
        r"|failed to listen on any local network address|Port \d{1,20} is (?:already )?in use",
        unless=r"trying (?:another|the next)|using port|another port|instead",
        follows=(),
    ),
    Signature(
        code="MLR306",
        slug="rendezvous-failed",
        family="nccl",
        cause="The ranks of a distributed run did not find each other.",
        why="MASTER_ADDR is not reachable from a rank: another network, a wrong name, or rank 0 "
        "did not start.",
        fix='Each container has to reach MASTER_ADDR:MASTER_PORT: network = "host" in '
        "[tool.mlbox.train] across machines; check that rank 0 runs and that world size and ranks "
        "agree.",
        pattern=r"client socket has (?:timed out|failed to connect)"
        r"|Rendezvous(?:Timeout|Connection)Error|\bDist(?:Store|Network)Error\b"
        r"|Timed out after \d{1,20} seconds waiting for clients"
        r"|Timed out initializing process group",
        unless=r"address already in use|EADDRINUSE|failed to listen|Broken pipe"
        r"|Connection reset|recvValue|sendBytes",
        follows=("*",),
        confidence="medium",
    ),
    Signature(
        code="MLR307",
        slug="ranks-share-gpu",
        family="gpu-setup",
        cause="Two ranks of a distributed run use the same GPU.",
        why="There are more processes than GPUs, or a process did not choose its own.",
        fix="torchrun --nproc-per-node as many as gpus in [tool.mlbox.train], and "
        'torch.cuda.set_device(int(os.environ["LOCAL_RANK"])) before the first collective.',
        pattern=r"Duplicate GPU detected|\bncclInvalidUsage\b",
    ),
)
