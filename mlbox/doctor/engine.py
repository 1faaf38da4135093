"""Checks of the engine and what it needs: socket, buildx, configuration, disk, network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.doctor.links import restart
from mlbox.doctor.model import GIB, size
from mlbox.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.doctor.model import Case
    from mlbox.host import Problem, Socket

WARN_FREE, ERROR_FREE = 20 * GIB, 5 * GIB
_BUILDX = (0, 13)  # the oldest that mlbox is tested with; it asks for --progress=rawjson
_CHECKS = (0, 15)  # the oldest that has docker build --check
_WORLD_WRITABLE = 0o002


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
        fix=_allowed(problem, case.host.socket) if denied else problem.fix,
    )


def _allowed(problem: Problem, socket: Socket | None) -> str:
    """Who is in the group already has to log in again, no more."""
    if socket and socket.listed and not socket.active:
        joined = f"You joined the group {socket.group} after this session began"
        return f"{joined}: log in again, or: newgrp {socket.group}"
    return problem.fix


def socket(case: Case) -> Iterator[Finding]:
    """Whether the socket is open to more than its group: who may use it is root."""
    known = case.host.socket
    if known and int(known.mode, 8) & _WORLD_WRITABLE and not _is_rootless(case):
        yield Finding(
            code="MLH106",
            slug="socket-open-to-all",
            severity="warning",
            what=f"Every user of this machine may use {known.path} ({known.owner} {known.mode}).",
            why="Who may start containers can become root on this machine.",
            fix=f"sudo chmod 660 {known.path}" if re.fullmatch(r"[\w./-]+", known.path) else "",
        )


def socket_text(case: Case) -> str:
    """The socket and who may use it."""
    known = case.host.socket
    if known is None:
        return ""
    member = f"; you are in {known.group}" if known.active and known.group != "root" else ""
    return f"{known.path} {known.owner} {known.mode}{member}"


def buildx(case: Case) -> Iterator[Finding]:
    """Whether buildx is there and new enough; that it is missing is known only with an engine."""
    host = case.host
    if host.buildx_problem and host.engine:
        yield Finding(
            code="MLH103",
            slug="buildx-missing",
            severity="error",
            what=host.buildx_problem.what,
            why=host.buildx_problem.why,
            fix=host.buildx_problem.fix,
        )
    version = _numbers(host.buildx_version)
    if version and version < _BUILDX:
        yield Finding(
            code="MLH105",
            slug="buildx-old",
            severity="warning",
            confidence="medium",
            what=f"buildx is {host.buildx_version}; mlbox is tested with 0.13 and newer.",
            why="mlbox reads a build's progress as JSON (--progress=rawjson).",
            fix="Install a newer docker-buildx-plugin (Docker's own packages).",
        )


def buildx_text(case: Case) -> str:
    """How buildx is called, and what it can do."""
    host, version = case.host, _numbers(case.host.buildx_version)
    checks = ", without --check (0.15 has it)" if version and version < _CHECKS else ""
    return " ".join([*host.buildx, host.buildx_version]).strip() + checks


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def daemon_json(case: Case) -> Iterator[Finding]:
    """Whether dockerd can read its configuration; if it cannot, it does not start again."""
    host = case.host
    if host.daemon_json_problem:
        yield Finding(
            code="MLH104",
            slug="daemon-json-invalid",
            severity="warning" if host.engine else "error",
            what=f"dockerd cannot use {host.daemon_json}.",
            why=f"{host.daemon_json_problem.rstrip('.')}. dockerd does not start with it.",
            fix=f"Correct it; to look: python3 -m json.tool {host.daemon_json}",
        )


def daemon_text(case: Case) -> str:
    """The configuration and the runtimes it registers."""
    host = case.host
    runtimes = f", registers {', '.join(host.daemon_runtimes)}" if host.daemon_runtimes else ""
    return f"{host.daemon_json}{runtimes}"


def shm(case: Case) -> Iterator[Finding]:
    """A container's /dev/shm is memory of the machine."""
    memory = case.host.engine.memory_bytes if case.host.engine else None
    if memory and case.shm_wanted > memory:
        yield Finding(
            code="MLH303",
            slug="shm-over-memory",
            severity="warning",
            what=f"The job asks for {size(case.shm_wanted)} of /dev/shm; the engine has "
            f"{size(memory)} of memory.",
            why="Shared memory is memory: a job that fills it is killed (exit code 137).",
            fix="Set less under [tool.mlbox.train], or leave it out for half of the memory.",
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
            what=f"{size(known.free_bytes)} are free in {known.images_root or known.data_root}.",
            why=f"A build wants {size(wanted)}; one that fills the disk fails.",
            fix="Look at docker system df; docker builder prune removes what no build uses.",
        )


def build_cache(case: Case) -> Iterator[Finding]:
    """BuildKit's cache against its budget."""
    known = case.host.engine
    if known and known.cache_bytes is not None and known.cache_bytes > case.cache_budget:
        budget = size(case.cache_budget)
        yield Finding(
            code="MLH302",
            slug="build-cache-over-budget",
            severity="warning",
            what=f"BuildKit's cache is {size(known.cache_bytes)}, over its budget of {budget}.",
            why="It holds layers and package caches that later builds may use again.",
            fix=f"{_docker(case)} builder prune --force --keep-storage {case.cache_budget}",
        )


def _docker(case: Case) -> str:
    """The docker command line, told which engine is meant where it would find another."""
    known = case.host.engine
    usual = known is None or case.host.context or known.host == "unix:///var/run/docker.sock"
    return "docker" if usual or known is None else f"docker --host {known.host}"


def network(case: Case) -> Iterator[Finding]:
    """Whether containers have a way out, and a name server."""
    trial, known = case.host.trial, case.host.engine
    tried = trial is not None and not trial.problem
    unreached = tried and trial and trial.gateway is not True and trial.dns is False
    if unreached or (known and known.forwarding is False):
        yield Finding(
            code="MLH401",
            slug="bridge-network",
            severity="warning",
            what="A container on the bridge network reaches neither its gateway nor a name server."
            if unreached
            else "IPv4 forwarding is off: containers on a bridge network have no way out.",
            why="Builds that install packages need it.",
            fix=_network_fix(case),
        )
    elif tried and trial and trial.dns is False and trial.host_dns:
        yield Finding(
            code="MLH403",
            slug="container-dns",
            severity="warning",
            what="A container gets no answer from its name server; this machine does.",
            why="Docker gives containers the machine's name servers, less those at 127.0.0.*, "
            "or 8.8.8.8: a firewall may let none of them through.",
            fix='Add "dns": ["ADDRESS"] to daemon.json, with the name server of your network, '
            f"then {restart(case.host)}",
        )


def _network_fix(case: Case) -> str:
    known = case.host.engine
    if known and known.forwarding is False:
        return "sudo sysctl -w net.ipv4.ip_forward=1"
    if known and known.bridge is False:
        return 'Take "bridge": "none" out of daemon.json, then ' + restart(case.host)
    about = "# A firewall that was reloaded drops docker's rules; docker writes them anew"
    return f"{about}\n{restart(case.host)}"


def network_text(case: Case) -> str:
    """What is known of the network."""
    trial, known = case.host.trial, case.host.engine
    if trial and not trial.problem:
        return f"gateway {_yes(trial.gateway)}, name server {_yes(trial.dns)}"
    on = known is not None and known.forwarding
    bridge = "" if known is None or known.bridge is not False else "no bridge network; "
    return f"{bridge}IPv4 forwarding is on; --probe tries it" if on else ""


def _yes(answer: bool | None) -> str:  # noqa: FBT001  (a yes or no in words)
    return "not tried" if answer is None else "answers" if answer else "does not answer"


def certificates(case: Case) -> Iterator[Finding]:
    """A private certificate authority is the host's; builds do not have it by themselves."""
    host = case.host
    if host.certificates_missing:
        yield Finding(
            code="MLH404",
            slug="ca-file-missing",
            severity="warning",
            what=f"A certificate file is not there: {', '.join(host.certificates_missing)}.",
            why="What reads the variable, pip among others, fails on every https address.",
            fix=f"Unset {host.certificates_missing[0].partition('=')[0]}, or put the file there.",
        )
    if host.certificates:
        yield Finding(
            code="MLH402",
            slug="private-ca",
            severity="info",
            what=f"This machine has private certificates: {', '.join(host.certificates[:3])}.",
            why="A build sees pip's cert and SSL_CERT_FILE through mlbox; not the others.",
            fix='If builds fail with certificate errors, set ca-bundle = "PATH" in [tool.mlbox].',
        )


def engine_text(case: Case) -> str:
    """The engine in a few words."""
    known = case.host.engine
    if known is None:
        return ""
    rootless = ", rootless" if known.rootless else ""
    cgroup = f", cgroup v{known.cgroup_version} by {known.cgroup_driver}"
    return f"{known.version} at {known.host}{rootless}{cgroup}"


def _is_rootless(case: Case) -> bool:
    return bool(case.host.engine and case.host.engine.rootless)
