"""Each check: what it catches, and what it leaves alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlbox.doctor import Case, answers, examine, first_broken, fix_script, stack
from mlbox.facts import load_facts
from mlbox.host import Gpu, Host, HostEngine, Nvidia, Problem, Trial
from mlbox.resolve import Request

GIB = 2**30
GPU = Gpu(name="NVIDIA A100-SXM4-80GB", capability="8.0")


def engine(**changes: Any) -> HostEngine:
    return HostEngine(**{"host": "unix:///s", "version": "28.3.0", **changes})


def good(**changes: Any) -> Nvidia:
    known = {"on_bus": 1, "driver": "580.65.06", "gpus": (GPU,), "ctk": "/usr/bin/nvidia-ctk"}
    return Nvidia(**{**known, **changes})


def slugs(host: Host, **wanted: Any) -> set[str]:
    case = Case(host=host, **wanted)
    return {finding.slug for one in examine(case) for finding in one.findings}


FAULTS = {
    "engine-unreachable": Host(engine_problem=Problem(what="x", why="No such file")),
    "engine-permission": Host(engine_problem=Problem(what="x", why="Permission denied on it.")),
    "buildx-missing": Host(engine=engine(), buildx_problem=Problem(what="x")),
    "daemon-json-invalid": Host(daemon_json="/d", daemon_json_problem="line 1"),
    "no-gpu": Host(),
    "nvidia-stack-broken": Host(nvidia=Nvidia(on_bus=1), engine=engine()),
    "nvml-cgroup-trap": Host(
        nvidia=good(mode="legacy"), engine=engine(cgroup_driver="systemd", runtimes=("nvidia",))
    ),
    "fabric-manager-not-running": Host(nvidia=good(nvswitch=True, fabric_manager=False)),
    "linux-driver-in-wsl": Host(wsl=True, linux_driver_in_wsl=True),
    "disk-low": Host(engine=engine(free_bytes=GIB)),
    "build-cache-over-budget": Host(engine=engine(cache_bytes=21 * GIB)),
    "bridge-network": Host(engine=engine(forwarding=False)),
    "private-ca": Host(certificates=("SSL_CERT_FILE=/ca.pem",)),
    "neuron-hook": Host(neuron=("/dev/neuron0",)),
    "probe-failed": Host(trial=Trial(image="i", problem="x")),
    "probe-not-run": Host(trial=Trial(problem="x")),
    "probe-gpu-failed": Host(trial=Trial(image="i", gpu_problem="x")),
}
SOUND = {
    "nvml-cgroup-trap": Host(
        nvidia=good(mode="legacy"), engine=engine(cgroup_driver="cgroupfs", runtimes=("nvidia",))
    ),
    "fabric-manager-not-running": Host(nvidia=good(nvswitch=True)),
    "disk-low": Host(engine=engine()),
    "build-cache-over-budget": Host(engine=engine(cache_bytes=20 * GIB)),
    "bridge-network": Host(engine=engine()),
    "neuron-hook": Host(neuron=("/dev/neuron0",), neuron_hook=True),
    "buildx-missing": Host(buildx_problem=Problem(what="x")),
    "nvidia-stack-broken": Host(nvidia=good(), engine=engine(runtimes=("nvidia",))),
    "no-gpu": Host(nvidia=good()),
}


@pytest.mark.parametrize("slug", FAULTS)
def test_a_fault_is_found(slug: str) -> None:
    assert slug in slugs(FAULTS[slug])


@pytest.mark.parametrize("slug", SOUND)
def test_what_is_sound_or_not_known_is_left_alone(slug: str) -> None:
    assert slug not in slugs(SOUND[slug])


@pytest.mark.parametrize(
    ("nvidia", "changes", "broken"),
    [
        (Nvidia(on_bus=1), {}, "kernel driver"),
        (Nvidia(on_bus=1, nouveau=True), {}, "kernel driver"),
        (good(smi="Driver/library version mismatch"), {}, "kernel driver"),
        (good(ctk=""), {}, "container toolkit"),
        (good(), {}, "engine's GPU support"),
        (good(), {"runtimes": ("nvidia",)}, None),
        (good(), {"cdi_devices": ("nvidia.com/gpu=all",)}, None),
        (good(hook="/usr/bin/nvidia-container-runtime-hook"), {}, None),
        (good(ctk=""), {"operating_system": "Docker Desktop"}, None),
        (good(cdi_specs=("/etc/cdi/nvidia.yaml",)), {}, None),
    ],
)
def test_the_first_broken_link_is_named(
    nvidia: Nvidia, changes: dict[str, Any], broken: str | None
) -> None:
    links = stack(Case(host=Host(nvidia=nvidia, engine=engine(**changes))))
    found = first_broken(links)
    assert (found.name if found else None) == broken


def test_links_above_the_broken_one_are_not_reached() -> None:
    links = stack(Case(host=Host(nvidia=Nvidia(on_bus=1))))
    assert [link.state for link in links] == ["ok", "broken", *["not reached"] * 4]


def test_without_an_engine_its_gpu_support_is_not_known() -> None:
    assert first_broken(stack(Case(host=Host(nvidia=good())))) is None


def test_no_linux_driver_is_advised_in_wsl() -> None:
    broken = first_broken(stack(Case(host=Host(wsl=True, nvidia=Nvidia(on_bus=1)))))
    assert broken is not None
    assert "apt" not in "".join(broken.fix)


def test_a_missing_gpu_is_an_error_only_for_a_job_that_asks_for_one() -> None:
    for needs, severity in ((False, "info"), (True, "error")):
        case = Case(host=Host(engine=engine()), needs_gpu=needs)
        found = [one for done in examine(case) for one in done.findings]
        assert [one.severity for one in found] == [severity]


def test_an_old_driver_makes_a_box_impossible_here() -> None:
    host = Host(nvidia=good(driver="390.48"), engine=engine(runtimes=("nvidia",)))
    told = answers(Request(framework="torch", cuda="12.8"), host, load_facts())
    assert "box-impossible-here" in slugs(host, answers=told)


def test_a_driver_short_of_a_minor_version_is_a_warning_with_its_reason() -> None:
    host = Host(nvidia=good(driver="550.54.15"), engine=engine(runtimes=("nvidia",)))
    told = answers(Request(framework="torch", cuda="12.8"), host, load_facts())
    found = [one for done in examine(Case(host=host, answers=told)) for one in done.findings]
    assert [one.slug for one in found] == ["box-warning-here"]
    assert "minor-version compatibility" in found[0].why


def test_a_new_driver_runs_it() -> None:
    host = Host(nvidia=good(), engine=engine(runtimes=("nvidia",)))
    told = answers(Request(framework="torch", cuda="12.8"), host, load_facts())
    assert not slugs(host, answers=told)


def test_the_drivers_of_a_cpu_box_do_not_matter() -> None:
    host = Host(nvidia=good(driver="390.48"), engine=engine(runtimes=("nvidia",)))
    told = answers(Request(framework="torch", cuda="cpu"), host, load_facts())
    assert "box-impossible-here" not in slugs(host, answers=told)


@pytest.mark.parametrize(
    ("distribution", "word"),
    [("ubuntu", "apt-get"), ("debian", "apt-get"), ("fedora", "dnf"), ("arch", "# Install")],
)
def test_the_toolkit_is_installed_as_the_distribution_does(distribution: str, word: str) -> None:
    host = Host(distribution=distribution, nvidia=good(ctk=""), engine=engine())
    case = Case(host=host)
    script = fix_script(one for done in examine(case) for one in done.findings)
    assert f"{word} " in script
    assert "\nsudo nvidia-ctk runtime configure --runtime=docker\n" in script


def test_advice_is_a_comment_in_the_script() -> None:
    case = Case(host=FAULTS["engine-permission"])
    lines = fix_script(one for done in examine(case) for one in done.findings).splitlines()
    assert all(not line or line.startswith("#") or line == "set -eu" for line in lines)


def test_a_script_does_not_restart_the_machine() -> None:
    case = Case(host=Host(distribution="ubuntu", nvidia=Nvidia(on_bus=1)))
    script = fix_script(one for done in examine(case) for one in done.findings)
    assert "\nsudo ubuntu-drivers install\n" in script
    assert "\nsudo reboot" not in script


def test_the_group_to_join_is_a_command_in_the_script() -> None:
    fix = "Join the group docker and log in again: sudo usermod -aG docker $USER. Or use sudo."
    host = Host(engine_problem=Problem(what="x", why="Permission denied on it.", fix=fix))
    script = fix_script(one for done in examine(Case(host=host)) for one in done.findings)
    assert '\nsudo usermod -aG docker "$(id -un)"  # then log in again\n' in script


def test_what_cannot_be_looked_at_says_why() -> None:
    host = Host(engine_problem=Problem(what="x"), unseen={"nvidia": "it hangs"})
    texts = {one.name: (one.status, one.text) for one in examine(Case(host=host))}
    assert texts["disk"] == ("not looked at", "no engine answers")


def test_findings_are_json() -> None:
    for host in FAULTS.values():
        assert json.dumps([one.text for one in examine(Case(host=host))])
