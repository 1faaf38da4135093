"""Signatures of memory: the GPU's, the machine's, and what processes share."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

_MORE_MEMORY = (
    'Raise the limit: memory-bytes = "32GiB" in [tool.mlbox.train] or mlbox train --memory-bytes '
    "32GiB (plain Docker: --memory 32g; compose: mem_limit; Kubernetes: resources.limits.memory), "
    "or use less: fewer DataLoader workers, smaller batches, data read piece by piece."
)

MEMORY: tuple[Signature, ...] = (
    Signature(
        code="MLR201",
        slug="gpu-out-of-memory",
        family="gpu-memory",
        cause="The GPU ran out of memory.",
        why="Model, optimizer state, activations and caches did not fit beside whatever else uses "
        "that GPU; the evidence may say how much was free.",
        fix="Use a smaller batch (mlbox train --param batch_size=...) with gradient accumulation, "
        "mixed precision or activation checkpointing; look for other processes in nvidia-smi. "
        "Much reserved but unallocated memory: PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True.",
        pattern=r"cudaMalloc failed: out of memory|\bOut of memory allocating [\d,]{1,20} bytes|"
        r"(?:CUDA|HIP|XPU|MPS backend) out of memory"
        r"|CUDA (?:runtime )?error(?: ?\(\d{1,20}\))? ?:? (?:API call failed: )?out of memory"
        r"|torch(?:\.cuda)?\.OutOfMemoryError|CUDA_ERROR_OUT_OF_MEMORY"
        r"|cudaErrorMemoryAllocation|OOM when allocating tensor|RESOURCE_EXHAUSTED:"
        r"|ResourceExhaustedError|Failed to allocate request for [\d.]{1,80} ?[KMGT]i?B"
        r"|unable to allocate CUDA\d{0,2} buffer"
        r"|No available memory for the cache blocks|CUDA failure 2: out of memory"
        r"|is less than desired GPU memory utilization|hipErrorOutOfMemory",
        unless=r"no space left|java|"
        r"grpc|quota|received message larger|not a failure, but",
    ),
    Signature(
        code="MLR202",
        slug="memory-limit",
        family="memory",
        cause="The run was killed because it used more memory than its container may have.",
        why="The kernel kills a process (SIGKILL, exit code 137) when a container reaches its "
        "memory limit. This is the machine's memory, not the GPU's.",
        fix=_MORE_MEMORY,
        pattern=r"\bOOMKilled\b(?!'?\s?[:=]\s?'?false)|memory cgroup out of memory"
        r"|cgroup out-of-memory handler|oom[_-]kill event|constraint=CONSTRAINT_MEMCG"
        r"|\boom[-_]kill(?:er)?\b[^\n]{0,40}(?:constraint|invoked)",
        unless=r"oom_?kill(?:ed)?'?\s?[:=]\s?'?(?:false|0)\b|Detected 0 oom",
    ),
    Signature(
        code="MLR203",
        slug="host-out-of-memory",
        family="memory",
        cause="The machine's memory was not enough for what the program asked for.",
        why="An allocation in the machine's memory (not the GPU's) was refused.",
        fix="Read less at once (memory-mapped arrays, streaming, a smaller batch), use fewer "
        "workers. " + _MORE_MEMORY,
        pattern=r"C error: out of memory|java\.lang\.OutOfMemoryError|"
        r"DefaultCPUAllocator: (?:can't allocate|not enough) memory|\bMemoryError\b"
        r"|Unable to allocate [\d.]{1,80} ?[KMGTP]i?B|Cannot allocate memory|std::bad_alloc"
        r"|\bENOMEM\b|Out of memory: Kill(?:ed)? process"
        r"|memory on the node [^\n]{0,120}exceed"
        r"|killed due to (?:the node running low on memory|memory pressure)",
        unless=r"torch_\d{1,20}|shared memory|/dev/shm|MemoryErrorHandler|MPS",
    ),
    Signature(
        code="MLR204",
        slug="killed",
        family="memory",
        cause="The process was killed from outside (SIGKILL).",
        why="Nothing inside a program sends it. It was the host's own out-of-memory killer (sudo "
        "dmesg | grep -i 'killed process' says), docker kill, docker stop after its grace period, "
        "or a scheduler.",
        fix="If dmesg names it: use less memory (fewer workers, smaller batches), or set "
        "memory-bytes in [tool.mlbox.train] so that the limit is known and told. If not: ask who "
        "stopped it; checkpoint often.",
        pattern=r"(?:^|[|\]>:]\s{0,4}|\d\s{1,40})Killed(?:\s{1,40}(?:python|torchrun|accelerate|"
        r"\./|/|bash|sh |deepspeed|uv |nohup)[^\n]{0,300})?\s{0,40}$|\bsignal 9\b"
        r"|\bSIGKILL\b|exitcode\s{0,40}: -9\b"
        r"|(?:exited with code|exit code|exit status|non-zero code):? 137\b"
        r"|killed by signal: Killed|Signals\.SIGKILL",
        confidence="medium",
        follows=("memory",),
    ),
    Signature(
        code="MLR205",
        slug="shm-bus-error",
        family="shm",
        cause="Shared memory (/dev/shm) is full or too small.",
        why="DataLoader workers hand batches over in /dev/shm; Docker gives a container 64 MB of "
        "it, and who writes past the end gets a bus error.",
        fix='Make it larger: shm-bytes = "8GiB" in [tool.mlbox.train] or mlbox train --shm-bytes '
        "8GiB (plain Docker: --shm-size=8g or --ipc=host; compose: shm_size: 8gb; Kubernetes: an "
        "emptyDir with medium: Memory at /dev/shm), or use fewer workers.",
        pattern=r"\bBus error\b|out of shared memory|insufficient shared memory|\bSIGBUS\b"
        r"|unable to (?:open|allocate|create) shared memory"
        r"|unable to (?:mmap|write to|resize|open)[^\n]{0,60}(?:file|object) "
        r"?\(?<?/torch_"
        r"|(?:No space left on device|Errno 28)[^\n]{0,40}'?(?:/dev/shm/|/psm_|/torch_|"
        r"/dev/shm'|/?sem\.)|/dev/shm[^\n]{0,80}No space left|exitcode\s{0,40}: -7\b"
        r"|(?:exited with code|exit code|exit status):? 135\b|signal 7 \(SIGBUS\)"
        r"|shared memory \(shm\)"
        r"|object store[^\n]{0,60}/dev/shm[^\n]{0,60}(?:full|too small)",
        unless=r"too many open files|nccl-|CUDA error|requires? \d{1,20} bytes of shared memory"
        r"|triton|OutOfResources|SIGBUS handler",
        rules=("MLC201",),
    ),
    Signature(
        code="MLR206",
        slug="too-many-open-files",
        family="files",
        cause="The program has too many files open.",
        why="DataLoader workers share each tensor by an open file, and a process may have only so "
        "many (ulimit -n).",
        fix="torch.multiprocessing.set_sharing_strategy('file_system'), fewer workers, or a higher "
        "limit: docker run --ulimit nofile=65536:65536 (compose: ulimits).",
        pattern=r"Too many open files|received 0 items of ancdata|\bEMFILE\b",
    ),
    Signature(
        code="MLR207",
        slug="worker-died",
        family="worker",
        cause="A DataLoader worker died.",
        why="The main process only sees that it is gone. Most often it was out of memory, or out "
        "of shared memory; sometimes it crashed in native code.",
        fix="Run with num_workers=0 to see its own error; if that passes, it is memory: fewer "
        "workers, a higher memory-bytes or shm-bytes in [tool.mlbox.train].",
        pattern=r"DataLoader worker \(pid\(?s?\)? ?[\d, ]{1,80}\) (?:exited unexpectedly|is killed "
        r"by signal: (?!Bus))",
        confidence="medium",
        rules=("MLC201",),
        follows=("memory", "shm", "crash", "gpu-memory"),
    ),
    Signature(
        code="MLR208",
        slug="triton-shared-memory",
        family="program",
        cause="A GPU kernel needs more of the GPU's on-chip shared memory than this GPU has.",
        why="A Triton kernel was tuned for a larger GPU. This is not /dev/shm.",
        fix="Update the library that has the kernel, or give it smaller blocks (fewer num_stages).",
        pattern=r"out of resource: shared memory",
    ),
    Signature(
        code="MLR209",
        slug="no-more-threads",
        family="processes",
        cause="The container may start no more threads or processes.",
        why="A limit on processes (--pids-limit, ulimit -u, or an old seccomp profile) was "
        "reached: math libraries start a thread per CPU in each worker.",
        fix='Set env = {{ OMP_NUM_THREADS = "1" }} in [tool.mlbox], use fewer workers, or raise '
        "the limit: docker run --pids-limit -1. An old Docker (before 20.10.10) needs an "
        "update.",
        pattern=r"can't start new thread|pthread_create failed"
        r"|fork: (?:retry: )?Resource temporarily|BlockingIOError: \[Errno 11\]"
        r"|libgomp: Thread creation failed",
    ),
)
