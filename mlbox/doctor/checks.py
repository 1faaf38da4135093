"""The checks: one function each, from what is known of a machine to findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.doctor.model import GIB, Case, Check
from mlbox.doctor.stack import first_broken, stack
from mlbox.errors import ResolveError
from mlbox.findings import Finding
from mlbox.resolve import possible

if TYPE_CHECKING:
    from collections.abc import Iterator

WARN_FREE, ERROR_FREE = 20 * GIB, 5 * GIB


def engine(case: Case) -> Iterator[Finding]:
    """Whether an engine answers: without one nothing is built."""
    problem = case.host.engine_problem
    if problem is None:
        return
    denied = "ermission denied" in problem.why
    yield Finding(
        code="MLH102" if denied else "MLH101",
        slug="engine-permission" if denied else "engine-unreachable",
        severity="error",
        what=problem.what,
        why=problem.why,
        fix=problem.fix,
    )


def buildx(case: Case) -> Iterator[Finding]:
    """Whether buildx is there; that it is missing is known only with an engine."""
    problem = case.host.buildx_problem
    if problem and case.host.engine:
        yield Finding(
            code="MLH103",
            slug="buildx-missing",
            severity="error",
            what=problem.what,
            why=problem.why,
            fix=problem.fix,
        )


def daemon_json(case: Case) -> Iterator[Finding]:
    """Whether the engine's configuration is JSON; if it is not, dockerd does not start again."""
    host = case.host
    if host.daemon_json_problem:
        yield Finding(
            code="MLH104",
            slug="daemon-json-invalid",
            severity="warning" if host.engine else "error",
            what=f"{host.daemon_json} is not valid JSON.",
            why=f"{host.daemon_json_problem}. dockerd does not start with it.",
            fix=f"Correct it; to look: python3 -m json.tool {host.daemon_json}",
        )


def nvidia(case: Case) -> Iterator[Finding]:
    """The first broken link below the image."""
    links = stack(case)
    if not links:
        yield Finding(
            code="MLH201",
            slug="no-gpu",
            severity="error" if case.needs_gpu else "info",
            what="This machine shows no NVIDIA GPU.",
            why="The job of this box asks for one." if case.needs_gpu else "CPU boxes work.",
            fix='Set gpus = 0 under [tool.mlbox.train], and cuda = "cpu".'
            if case.needs_gpu
            else "",
        )
        return
    broken = first_broken(links[:4])
    if broken:
        yield Finding(
            code="MLH202",
            slug="nvidia-stack-broken",
            severity="error" if case.needs_gpu else "warning",
            what=f"Containers cannot use the GPU: {broken.name}: {broken.text}.",
            why="It is the first broken link; those above it cannot work before it does.",
            fix="\n".join(broken.fix),
        )


def nvml(case: Case) -> Iterator[Finding]:
    """GPUs that go away in a running container when systemd reloads."""
    host = case.host
    trap = host.engine and host.engine.cgroup_driver == "systemd" and host.nvidia.mode == "legacy"
    if trap and host.nvidia.gpus and not host.nvidia.char_links:
        yield Finding(
            code="MLH203",
            slug="nvml-cgroup-trap",
            severity="warning",
            confidence="medium",
            what="A running container can lose its GPUs: Failed to initialize NVML: Unknown Error.",
            why="The runtime's mode is legacy, the cgroup driver systemd, and /dev/char has no "
            "links to NVIDIA's nodes: systemctl daemon-reload takes the devices away "
            "(NVIDIA/nvidia-container-toolkit#48).",
            fix="sudo nvidia-ctk system create-dev-char-symlinks --create-all",
        )


def fabric(case: Case) -> Iterator[Finding]:
    """Machines with NVSwitch need the fabric manager."""
    known = case.host.nvidia
    if known.nvswitch and known.fabric_manager is False:
        yield Finding(
            code="MLH204",
            slug="fabric-manager-not-running",
            severity="warning",
            confidence="medium",
            what="This machine has NVSwitches, and nvidia-fabricmanager does not run.",
            why="CUDA then ends with Error 802: system not yet initialized.",
            fix="sudo systemctl enable --now nvidia-fabricmanager",
        )


def wsl(case: Case) -> Iterator[Finding]:
    """In WSL2 the driver is Windows'."""
    if case.host.linux_driver_in_wsl:
        yield Finding(
            code="MLH205",
            slug="linux-driver-in-wsl",
            severity="warning",
            what="A Linux NVIDIA driver is installed inside WSL2.",
            why="Windows hands its own driver in (/usr/lib/wsl/lib); a second one hides it.",
            fix="sudo apt-get remove 'nvidia-driver-*'",
        )


def disk(case: Case) -> Iterator[Finding]:
    """Free space where images are kept."""
    known = case.host.engine
    if known is None or known.free_bytes is None:
        return
    wanted = case.disk_needed or WARN_FREE
    if known.free_bytes < wanted:
        yield Finding(
            code="MLH301",
            slug="disk-low",
            severity="error" if known.free_bytes < ERROR_FREE else "warning",
            what=f"{_size(known.free_bytes)} are free in {known.data_root}.",
            why=f"A build wants {_size(wanted)}; one that fills the disk fails.",
            fix="Look at docker system df; docker builder prune removes what no build uses.",
        )


def build_cache(case: Case) -> Iterator[Finding]:
    """BuildKit's cache against its budget."""
    known = case.host.engine
    if known and known.cache_bytes is not None and known.cache_bytes > case.cache_budget:
        budget = _size(case.cache_budget)
        yield Finding(
            code="MLH302",
            slug="build-cache-over-budget",
            severity="warning",
            what=f"BuildKit's cache is {_size(known.cache_bytes)}, over its budget of {budget}.",
            why="It holds layers and package caches that later builds may use again.",
            fix=f"docker builder prune --keep-storage {case.cache_budget}",
        )


def network(case: Case) -> Iterator[Finding]:
    """Whether containers have a way out."""
    trial, known = case.host.trial, case.host.engine
    unreached = trial and not trial.problem and trial.gateway is False and trial.dns is False
    if unreached or (known and known.forwarding is False):
        yield Finding(
            code="MLH401",
            slug="bridge-network",
            severity="warning",
            what="A container on the bridge network reaches neither its gateway nor a name server."
            if unreached
            else "IPv4 forwarding is off: containers on a bridge network have no way out.",
            why="Builds that install packages need it.",
            fix="sudo sysctl -w net.ipv4.ip_forward=1",
        )


def certificates(case: Case) -> Iterator[Finding]:
    """A private certificate authority is the host's; builds do not have it by themselves."""
    if case.host.certificates:
        yield Finding(
            code="MLH402",
            slug="private-ca",
            severity="info",
            what=f"Certificates are set on this machine: {', '.join(case.host.certificates[:3])}.",
            why="A build sees pip's cert and SSL_CERT_FILE through mlbox; not the others.",
            fix='If builds fail with certificate errors, set ca-bundle = "PATH" in [tool.mlbox].',
        )


def neuron(case: Case) -> Iterator[Finding]:
    """AWS Neuron devices."""
    if case.host.neuron and not case.host.neuron_hook:
        yield Finding(
            code="MLH501",
            slug="neuron-hook",
            severity="info",
            what=f"{len(case.host.neuron)} Neuron devices, and no OCI hook for them was found.",
            why="Without it a container needs each device by name.",
            fix=" ".join(f"--device={node}" for node in case.host.neuron),
        )


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
            warned = [one for one in answer.findings if one.severity == "warning"]
            driver = case.host.nvidia.driver or "no driver"
            about = [reason for reason in answer.reasons if driver in reason]
            reasons = about or list(answer.reasons)
            yield Finding(
                code="MLH602",
                slug="box-warning-here",
                severity="warning",
                what=answer.what,
                why="\n".join((*reasons, *(f"{one.what} {one.why}".strip() for one in warned))),
                fix=" ".join(filter(None, (one.fix for one in warned))),
                as_of=answer.as_of,
            )


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
            fix="sudo nvidia-ctk runtime configure --runtime=docker, then restart docker.",
        )


def _size(count: int) -> str:
    return f"{count / GIB:.1f} GiB"


def _nothing(_case: Case) -> str:
    return ""


def _no_engine(case: Case) -> str:
    return "" if case.host.engine else "no engine answers"


def _not_said(path: str, case: Case) -> str:
    return _no_engine(case) or case.host.unseen.get(f"GET {path}", "")


def _trial_text(case: Case) -> str:
    trial = case.host.trial
    if trial is None or trial.problem:
        return ""
    shm = f", /dev/shm {trial.shm_bytes // 2**20} MiB" if trial.shm_bytes else ""
    gpus = f", {len(trial.gpus)} GPUs" if trial.gpus is not None else ""
    return f"{trial.image} ran as uid {trial.uid}{shm}{gpus}"


def _network_text(case: Case) -> str:
    trial, known = case.host.trial, case.host.engine
    if trial and not trial.problem:
        return f"gateway {_yes(trial.gateway)}, name server {_yes(trial.dns)}"
    on = known is not None and known.forwarding
    return "IPv4 forwarding is on; --probe tries it" if on else ""


def _yes(answer: bool | None) -> str:  # noqa: FBT001  (a yes or no in words)
    return "not tried" if answer is None else "answers" if answer else "does not answer"


def _engine_text(case: Case) -> str:
    known = case.host.engine
    if known is None:
        return ""
    context = f", {case.host.context}" if case.host.context else ""
    rootless = ", rootless" if known.rootless else ""
    cgroup = f", cgroup v{known.cgroup_version} by {known.cgroup_driver}"
    return f"{known.version} at {known.host}{context}{rootless}{cgroup}"


def _disk_text(case: Case) -> str:
    known = case.host.engine
    free = known.free_bytes if known else None
    return f"{_size(free)} free in {known.data_root}" if known and free is not None else ""


def _cache_text(case: Case) -> str:
    size = case.host.engine.cache_bytes if case.host.engine else None
    return f"{_size(size)} of {_size(case.cache_budget)}" if size is not None else ""


def _shm_text(case: Case) -> str:
    size = case.host.shm_bytes
    return f"/dev/shm {_size(size)}; a container has 64 MiB unless asked for more" if size else ""  # noqa: S108  (named, not used)


CHECKS: tuple[Check, ...] = (
    Check(name="engine", find=engine, seen=_engine_text, unseen=_nothing),
    Check(
        name="buildx",
        find=buildx,
        seen=lambda case: " ".join(case.host.buildx),
        unseen=lambda case: case.host.unseen.get("build", "") or _no_engine(case),
    ),
    Check(name="daemon.json", find=daemon_json, seen=lambda c: c.host.daemon_json, unseen=_nothing),
    Check(
        name="NVIDIA",
        find=nvidia,
        seen=lambda case: ", ".join(link.text for link in stack(case)[:2]),
        unseen=lambda case: case.host.unseen.get("nvidia", ""),
    ),
    Check(name="NVML and cgroups", find=nvml, seen=_nothing, unseen=_nothing),
    Check(name="fabric manager", find=fabric, seen=_nothing, unseen=_nothing),
    Check(name="WSL2", find=wsl, seen=lambda c: "WSL2" if c.host.wsl else "", unseen=_nothing),
    Check(name="shm", find=lambda _: (), seen=_shm_text, unseen=_nothing),
    Check(name="disk", find=disk, seen=_disk_text, unseen=lambda c: _not_said("/info", c)),
    Check(
        name="build cache",
        find=build_cache,
        seen=_cache_text,
        unseen=lambda case: _not_said("/system/df", case),
    ),
    Check(name="network", find=network, seen=_network_text, unseen=_no_engine),
    Check(name="certificates", find=certificates, seen=_nothing, unseen=_nothing),
    Check(name="Neuron", find=neuron, seen=lambda c: " ".join(c.host.neuron), unseen=_nothing),
    Check(name="TPU", find=lambda _: (), seen=lambda c: " ".join(c.host.tpu), unseen=_nothing),
    Check(
        name="box here",
        find=box,
        seen=lambda case: case.answers[0].what if case.answers else "",
        unseen=_nothing,
    ),
    Check(name="one container", find=probe, seen=_trial_text, unseen=_nothing),
)
