"""Signatures of how a process ends: signals, limits of time, crashes."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

ENDINGS: tuple[Signature, ...] = (
    Signature(
        code="MLR251",
        slug="time-limit",
        family="stopped",
        cause="The run was stopped because its time was up.",
        why="timeout-seconds of the job, or the scheduler's limit, ended it.",
        fix="Raise it: timeout-seconds = 86400 in [tool.mlbox.train] or mlbox train "
        "--timeout-seconds 86400 (Slurm: --time), or save checkpoints and go on from the last.",
        pattern=r"DUE TO TIME LIMIT|\bDeadlineExceeded\b[^\n]{0,80}(?:job|pod)"
        r"|took longer than limit|exceeded the maximum execution time",
    ),
    Signature(
        code="MLR252",
        slug="preempted",
        family="stopped",
        cause="The run was stopped because its machine was taken away.",
        why="The scheduler preempted the job, or a spot instance was reclaimed.",
        fix="Save checkpoints often and go on from the last; use a queue or an instance that is "
        "not preempted for what cannot.",
        pattern=r"DUE TO (?:PREEMPTION|NODE FAILURE)"
        r"|(?:job|instance|node|vm|pod) (?:\S{1,200} )?(?:was |has been |is being )?preempted"
        r"|spot (?:instance )?interruption"
        r"|spot instance[^\n]{0,40}(?:terminat|reclaim|interrupt)",
    ),
    Signature(
        code="MLR253",
        slug="terminated",
        family="stopped",
        cause="The run was asked to stop (SIGTERM).",
        why="docker stop, a scheduler (time limit, preemption, a full node), a shutdown, or Ctrl-C "
        "in the tool that started it. After another error in the log it is how a launcher ends "
        "the other processes.",
        fix="Ask the scheduler or docker events who stopped it. Catch SIGTERM to save a "
        "checkpoint: there are 10 seconds until SIGKILL (docker stop --time).",
        pattern=r"\bSIGTERM\b|got signal: 15\b|received signal 15\b|\bsignal 15\b"
        r"|(?:^|[|\]:>]\s{1,4}|\d\s{1,40})Terminated(?:\s{1,40}(?:python|torchrun|bash|/|\./)"
        r"[^\n]{0,200})?\s{0,40}$|CANCELLED AT"
        r"|(?:exited with code|exit code|exit status):? 143\b|exitcode\s{0,40}: -15\b",
        unless=r"DUE TO (?:TIME|PREEMPTION|NODE)|register|handler|install|trap|on SIGTERM"
        r"|upon SIGTERM",
        confidence="medium",
        follows=("*",),
    ),
    Signature(
        code="MLR254",
        slug="interrupted",
        family="stopped",
        cause="The run was interrupted (Ctrl-C, SIGINT).",
        why="A person or the tool that started it did so.",
        fix="Nothing is wrong. Start it again; from a checkpoint, if it saves any.",
        pattern=r"^\W{0,4}KeyboardInterrupt\b|(?:^|[\]|:]\s{0,2})KeyboardInterrupt\s{0,40}$"
        r"|got signal: 2\b|received SIGINT|Signal 2 \(SIGINT\)",
        follows=("*",),
    ),
    Signature(
        code="MLR255",
        slug="segmentation-fault",
        family="crash",
        cause="The process crashed in native code (segmentation fault).",
        why="A compiled library failed, not Python: libraries of different builds mixed (torch and "
        "an extension, two CUDA or OpenMP runtimes), or a fault in one.",
        fix='Run with env = {{ PYTHONFAULTHANDLER = "1" }} in [tool.mlbox]: the last Python line '
        "names the library. Then install that library anew, for exactly this torch and CUDA.",
        pattern=r"\bSegmentation fault\b|\bSIGSEGV\b|\bsegfault at\b|exitcode\s{0,40}: -11\b"
        r"|(?:exited with code|exit code|exit status):? 139\b",
        confidence="medium",
        follows=("library",),
    ),
    Signature(
        code="MLR256",
        slug="aborted",
        family="crash",
        cause="Native code gave up (abort).",
        why="A library found a state that it cannot go on from; what it says is just before.",
        fix="Read the lines above the evidence (what(): ... or a failed assertion): they are the "
        "cause.",
        pattern=r"\bAborted \(core dumped\)|(?:^|\]:?\s|\d\s{1,40})Aborted\s{0,40}$"
        r"|Fatal Python error: Aborted|\bSIGABRT\b"
        r"|terminate called (?:after throwing|without)|exitcode\s{0,40}: -6\b"
        r"|(?:exited with code|exit code|exit status):? 134\b",
        confidence="low",
        follows=("*",),
    ),
    Signature(
        code="MLR257",
        slug="illegal-instruction",
        family="library",
        cause="A program was built for another kind of CPU (illegal instruction).",
        why="Wheels and binaries may use AVX, AVX2 or AVX-512, which older CPUs and some virtual "
        "machines do not have.",
        fix="grep -o 'avx[^ ]*' /proc/cpuinfo | sort -u shows what there is. Use a machine or a VM "
        "type that has them (QEMU: -cpu host), or a build without.",
        pattern=r"\bIllegal instruction\b(?! was encountered)|\bSIGILL\b"
        r"|compiled to use (?:AVX|SSE|FMA)\S{0,200} instructions, but these aren't available"
        r"|exited with code 132\b",
    ),
    Signature(
        code="MLR258",
        slug="child-failed",
        family="child",
        cause="A process that the run had started failed.",
        why="What started it only says which; its own error is further up, in a distributed run "
        "marked with its rank.",
        fix="Read that process's output: torchrun --log-dir logs --redirects 3 keeps one file "
        "each; @torch.distributed.elastic.multiprocessing.errors.record shows its traceback.",
        pattern=r"\bChildFailedError\b|failed \(exitcode: [1-9-]\d{0,20}\)"
        r"|CalledProcessError: Command [^\n]{0,400}returned non-zero exit status",
        confidence="low",
        follows=("*",),
    ),
    Signature(
        code="MLR259",
        slug="docker-refused",
        family="docker",
        cause="Docker itself refused the command (exit code 125).",
        why="The container was not started: an option is wrong or something that it asks for is "
        "not there.",
        fix="Read what docker printed, it names the option; docker run --help.",
        pattern=r"^(?:docker: )?unknown (?:shorthand )?flag: |See 'docker run --help'",
        confidence="low",
        follows=("*",),
    ),
)
