"""Checks that need more than the machine: a box, and one real container."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.doctor.links import register, restart
from mlbox.errors import ResolveError
from mlbox.findings import Finding
from mlbox.resolve import possible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.doctor.model import Case
    from mlbox.resolve import Resolution

_ARCHITECTURES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}


def box(case: Case) -> Iterator[Finding]:
    """Whether the box will run here, by the resolver's own rules."""
    told: set[str] = set()
    for answer in case.answers:
        if answer.what in told:
            continue
        told.add(answer.what)
        try:
            possible(answer)
        except ResolveError as error:
            yield Finding(
                code="MLH601",
                slug="box-impossible-here",
                severity="error",
                what=error.what,
                why=error.why,
                fix=error.fix,
                as_of=answer.as_of,
            )
            continue
        if answer.verdict == "warn":
            yield _warning(case, answer)
    yield from _emulated(case)


def _warning(case: Case, answer: Resolution) -> Finding:
    warned = [one for one in answer.findings if one.severity == "warning"]
    driver = case.host.nvidia.driver or "no driver"
    about = [reason for reason in answer.reasons if driver in reason]
    reasons = about or list(answer.reasons)
    return Finding(
        code="MLH602",
        slug="box-warning-here",
        severity="warning",
        what=answer.what,
        why="\n".join((*reasons, *(f"{one.what} {one.why}".strip() for one in warned))),
        fix=" ".join(filter(None, (one.fix for one in warned))),
        as_of=answer.as_of,
    )


def _emulated(case: Case) -> Iterator[Finding]:
    """An image for another architecture needs an emulator, which has no GPU."""
    architecture = case.host.engine.architecture if case.host.engine else ""
    here = _ARCHITECTURES.get(architecture)
    asked = case.answers[0].platform if case.answers else here
    if here and asked != here:
        yield Finding(
            code="MLH603",
            slug="box-other-architecture",
            severity="error" if case.needs_gpu else "warning",
            what=f"The box is for {asked}, and this machine is {here}.",
            why="It runs here only where an emulator is set up (binfmt), slowly and without a GPU.",
            fix=f'Set platform = "{here}" in [tool.mlbox].',
        )


def box_text(case: Case) -> str:
    """What the box comes to on this machine."""
    if not case.answers:
        return ""
    answer, gpus = case.answers[0], case.host.nvidia.gpus
    without = answer.accelerator == "cuda" and answer.cuda_tag != "cpu" and not gpus
    return f"{answer.what}{' Without a GPU here, it runs on the CPU.' if without else ''}"


def probe(case: Case) -> Iterator[Finding]:
    """What one real container said."""
    trial = case.host.trial
    if trial is None:
        return
    if trial.problem:
        yield Finding(
            code="MLH701",
            slug="probe-failed" if trial.image else "probe-not-run",
            severity="error" if trial.image else "info",
            what="A real container did not run." if trial.image else "No container was tried.",
            why=trial.problem,
            fix="" if trial.image else "Make an image first: mlbox base build",
        )
    elif trial.gpu_problem:
        yield Finding(
            code="MLH702",
            slug="probe-gpu-failed",
            severity="error" if case.needs_gpu else "warning",
            what="A real container with a GPU did not run.",
            why=trial.gpu_problem,
            fix=_gpu_fix(case, trial.gpu_problem),
        )


def _gpu_fix(case: Case, said: str) -> str:
    """By the words of the engine and of the toolkit; else what helps most often."""
    known = {
        "could not select device driver": "\n".join(register(case.host)),
        "Runtime Hook directly": (
            "sudo nvidia-ctk config --in-place --set nvidia-container-runtime.mode=auto"
        ),
        "unresolvable CDI device": "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
        "unsatisfied condition": "Choose a base image with an older CUDA, or update the driver.",
        r"libnvidia-ml\.so|driver not loaded|driver error": (
            "Mend the driver first: nvidia-smi has to work on the machine itself."
        ),
        r"bpf_prog_query|cgroup": (
            "sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place\n"
            + restart(case.host)
        ),
    }
    fitting = (fix for pattern, fix in known.items() if re.search(pattern, said))
    return next(fitting, "\n".join(register(case.host)))


def trial_text(case: Case) -> str:
    """What one real container showed."""
    trial = case.host.trial
    if trial is None or trial.problem:
        return ""
    shm = f", /dev/shm {trial.shm_bytes // 2**20} MiB" if trial.shm_bytes else ""
    gpus = f", {len(trial.gpus)} GPUs" if trial.gpus is not None else ""
    return f"{trial.image} ran as uid {trial.uid}{shm}{gpus}"
