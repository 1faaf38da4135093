"""Machines as people have them: what the doctor says, from files and answers to findings."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from machines import seen, told
from situations import A100, AT, BUS, DENIED, OF_GPUS, PLAIN, REMOTE, SOCKET, good, without

from mlbox.doctor import Case, examine, first_broken, fix_script, stack
from mlbox.probe import Ran

if TYPE_CHECKING:
    from pathlib import Path

    from situations import Situation

    from mlbox.findings import Finding
    from mlbox.host import Host

OTHERS: dict[str, Situation] = {
    "daemon.json with a trailing comma": (
        good(files={"etc/docker/daemon.json": '{"runtimes": {},}'}),
        None,
        {"MLH104"},
        "python3 -m json.tool /etc/docker/daemon.json",
    ),
    "daemon.json with a comment, and no engine": (
        {"files": {"etc/docker/daemon.json": "// mirrors\n{}"}},
        None,
        {"MLH101", "MLH104"},
        "json.tool",
    ),
    "daemon.json with a key that dockerd does not know": (
        good(
            files={"etc/docker/daemon.json": '{"default-runtim": "nvidia"}', "usr/bin/dockerd": ""},
            programs={
                "--validate": Ran(
                    code=1,
                    why="unable to configure the Docker daemon with file /etc/docker/daemon.json: "
                    "the following directives don't match any configuration option: "
                    "default-runtim\n",
                )
            },
        ),
        None,
        {"MLH104"},
        "",
    ),
    "dockerd says what is not about the file": (
        good(
            files={"etc/docker/daemon.json": "{}", "usr/bin/dockerd": ""},
            programs={
                "--validate": Ran(
                    code=1,
                    why="unable to configure the Docker daemon with file x: merged configuration "
                    "validation from file and command line flags failed: invalid "
                    "userland-proxy-path\n",
                )
            },
        ),
        None,
        set(),
        "",
    ),
    "hosts in daemon.json and in the unit": (
        {
            "files": {
                "etc/docker/daemon.json": '{"hosts": ["unix:///var/run/docker.sock"]}',
                "lib/systemd/system/docker.service": (
                    "[Service]\nExecStart=/usr/bin/dockerd -H fd:// "
                    "--containerd=/run/containerd/containerd.sock\n"
                ),
            }
        },
        None,
        {"MLH101", "MLH104"},
        "",
    ),
    "the user is in no group of the socket": (
        {"files": {**SOCKET, "etc/group": "docker:x:0:bob\n"}, "problem": DENIED},
        None,
        {"MLH102"},
        'sudo usermod -aG docker "$(id -un)"',
    ),
    "the user joined the group after logging in": (
        {"files": {**SOCKET, "etc/group": "docker:x:0:bob,ada\n"}, "problem": DENIED},
        None,
        {"MLH102"},
        "newgrp docker",
    ),
    "a remote engine": ({"problem": REMOTE, "named": ("ssh://a@b", "x")}, None, {"MLH101"}, ""),
    "no buildx": (good(buildx=False), None, {"MLH103"}, ""),
    "an old buildx": (
        good(
            programs={"buildx version": Ran(code=0, out="github.com/docker/buildx v0.11.2 9872\n")}
        ),
        None,
        {"MLH105"},
        "docker-buildx-plugin",
    ),
    "a new buildx": (
        good(
            programs={"buildx version": Ran(code=0, out="github.com/docker/buildx v0.30.1 9e66\n")}
        ),
        None,
        set(),
        "",
    ),
    "IPv4 forwarding off": (
        good(info=told(IPv4Forwarding=False, DiscoveredDevices=None)),
        None,
        {"MLH401"},
        "sudo sysctl -w net.ipv4.ip_forward=1",
    ),
    "a certificate file that is not there": (
        good(environment={"SSL_CERT_FILE": "/etc/corp/ca.pem"}),
        None,
        {"MLH404"},
        "Unset SSL_CERT_FILE",
    ),
    "the public bundle by name": (
        good(
            environment={"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"},
            files={"etc/ssl/certs/ca-certificates.crt": ""},
        ),
        None,
        set(),
        "",
    ),
    "Neuron devices without their driver": (
        {
            "files": {f"{AT}/vendor": "0x1d0f\n", f"{AT}/device": "0x7164\n"},
            "info": PLAIN,
            "buildx": True,
        },
        None,
        {"MLH502"},
        "sudo modprobe neuron",
    ),
    "a driver too old for compute_cap": (
        good(
            programs={
                "compute_cap": Ran(
                    code=2, out='Field "compute_cap" is not a valid field to query.\n\n'
                ),
                "name,driver_version,memory": Ran(
                    code=0, out="Tesla K80, 470.256.02, 11441 MiB, GPU-77\n"
                ),
            }
        ),
        None,
        set(),
        "",
    ),
    "a Grace Hopper": (
        good(
            smi=Ran(code=0, out="NVIDIA GH200 480GB, 570.86.15, 9.0, 97871 MiB, GPU-9, Disabled\n"),
            info=told(Architecture="aarch64", DiscoveredDevices=None),
        ),
        None,
        set(),
        "",
    ),
    "a DGX Spark, whose memory is the machine's": (
        good(smi=Ran(code=0, out="NVIDIA GB10, 580.95.05, 12.1, [N/A], GPU-4, [N/A]\n")),
        None,
        set(),
        "",
    ),
    "a vGPU": (
        good(smi=Ran(code=0, out="GRID A100D-10C, 550.90.07, 8.0, 10240 MiB, GPU-8, [N/A]\n")),
        None,
        set(),
        "",
    ),
    "eight GPUs": (good(smi=Ran(code=0, out=A100.out * 8)), None, set(), ""),
    "a GPU passed through without a PCI entry": (
        without(BUS, smi=A100),
        None,
        set(),
        "",
    ),
    "an engine that answers nothing but its version": (
        good(info=b'{"ServerVersion": "24.0.7"}'),
        None,
        set(),
        "",
    ),
}


SITUATIONS = {**OF_GPUS, **OTHERS}


def look(root: Path, machine: dict[str, Any]) -> Host:
    if machine.get("systemd", True):
        (root / "run/systemd/system").mkdir(parents=True)
    return seen(root, **{key: value for key, value in machine.items() if key != "systemd"})


def findings_of(case: Case) -> list[Finding]:
    return [finding for done in examine(case) for finding in done.findings]


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_first_broken_link_and_the_findings_are(name: str, tmp_path: Path) -> None:
    machine, broken, codes, fix = SITUATIONS[name]
    case = Case(host=look(tmp_path, machine))
    link = first_broken(stack(case))
    assert (link.name if link else None) == broken, link
    found = findings_of(case)
    assert {one.code for one in found if one.severity != "info"} == codes
    assert fix in fix_script(found) + "\n".join(one.fix for one in found)


@pytest.mark.parametrize("name", SITUATIONS)
def test_unknown_is_never_an_error(name: str, tmp_path: Path) -> None:
    host = look(tmp_path, SITUATIONS[name][0])
    for done in examine(Case(host=host, probe_wanted=True)):
        assert done.status != "not looked at" or not done.findings
        assert done.text or done.status == "not applicable"


def test_there_are_many_situations() -> None:
    assert len(SITUATIONS) >= 60


@pytest.mark.engine
@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize("name", SITUATIONS)
def test_the_script_is_valid_shell(name: str, tmp_path: Path) -> None:
    script = fix_script(findings_of(Case(host=look(tmp_path, SITUATIONS[name][0]))))
    for shell in ("bash", "sh"):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)
