"""Each check: what it catches, and what it leaves alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlbox.doctor import Case, answers, examine, first_broken, fix_script, stack
from mlbox.facts import load_facts
from mlbox.host import Gpu, Host, HostEngine, Nvidia, Problem, Socket, Trial
from mlbox.resolve import Request

if TYPE_CHECKING:
    from mlbox.findings import Finding

GIB = 2**30
GPU = Gpu(name="NVIDIA A100-SXM4-80GB", capability="8.0")


def engine(**changes: Any) -> HostEngine:
    return HostEngine(**{"host": "unix:///s", "version": "28.3.0", **changes})


HOOK = "/usr/bin/nvidia-container-runtime-hook"


def good(**changes: Any) -> Nvidia:
    known = {"on_bus": 1, "driver": "580.65.06", "gpus": (GPU,), "ctk": "/usr/bin/nvidia-ctk"}
    known["hook"] = HOOK
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
    "neuron-driver": Host(neuron_on_bus=1),
    "buildx-old": Host(engine=engine(), buildx_version="0.10.5"),
    "socket-open-to-all": Host(
        engine=engine(), socket=Socket(path="/s", owner="root:docker", mode="0666", group="docker")
    ),
    "mig-without-devices": Host(nvidia=good(gpus=(Gpu(name="x", mig=True),), mig_devices=0)),
    "ca-file-missing": Host(certificates_missing=("SSL_CERT_FILE=/x",)),
    "container-dns": Host(
        engine=engine(), trial=Trial(image="i", gateway=True, dns=False, host_dns=True)
    ),
    "probe-failed": Host(trial=Trial(image="i", problem="x")),
    "probe-not-run": Host(trial=Trial(problem="x")),
    "probe-gpu-failed": Host(trial=Trial(image="i", gpu_problem="x")),
}
SOUND = {
    "container-dns": Host(
        engine=engine(), trial=Trial(image="i", gateway=True, dns=False, host_dns=False)
    ),
    "mig-without-devices": Host(
        nvidia=good(gpus=(Gpu(name="x", mig=True), Gpu(name="y")), mig_devices=0)
    ),
    "socket-open-to-all": Host(
        engine=engine(), socket=Socket(path="/s", owner="root:docker", mode="0660", group="docker")
    ),
    "buildx-old": Host(engine=engine(), buildx_version="0.13.1"),
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
        (Nvidia(on_bus=1), {}, "driver"),
        (Nvidia(on_bus=1, nouveau=True), {}, "driver"),
        (good(smi="Driver/library version mismatch"), {}, "driver"),
        (good(ctk="", hook=""), {}, "libnvidia-container"),
        (good(hook=""), {}, "runtime hook"),
        (good(), {"runtimes": ("nvidia",)}, None),
        (good(), {}, None),
        (good(hook=""), {"cdi_devices": ("nvidia.com/gpu=all",)}, "runtime hook"),
        (good(hook=""), {"cdi_devices": ("nvidia.com/gpu=all",), "version": "29.1.2"}, None),
        (good(hook="", cdi_specs=("/etc/cdi/nvidia.yaml",)), {}, None),
    ],
)
def test_the_first_broken_link_is_named(
    nvidia: Nvidia, changes: dict[str, Any], broken: str | None
) -> None:
    links = stack(Case(host=Host(nvidia=nvidia, engine=engine(**changes))))
    found = first_broken(links)
    assert (found.name if found else None) == broken


def test_an_image_that_refuses_the_driver_is_the_broken_link() -> None:
    gpu = Gpu(name="NVIDIA GeForce RTX 4090", capability="8.9")
    host = Host(nvidia=good(driver="535.183.01", gpus=(gpu,)), engine=engine())
    base = "nvidia/cuda:12.8.1-runtime-ubuntu24.04"
    request = Request(framework="torch", cuda="12.8", base=base)
    links = stack(Case(host=host, answers=answers(request, host, load_facts())))
    broken = first_broken(links)
    assert broken is not None
    assert (broken.name, broken.state) == ("image", "broken")
    assert "NVIDIA_REQUIRE_CUDA" in broken.text


def test_a_wheel_without_code_for_the_gpu_is_the_broken_link() -> None:
    host = Host(nvidia=good(gpus=(Gpu(name="Tesla V100-SXM2-16GB"),)), engine=engine())
    told = answers(Request(framework="torch", cuda="13.0"), host, load_facts())
    broken = first_broken(stack(Case(host=host, answers=told)))
    assert broken is not None
    assert (broken.name, bool(broken.fix)) == ("wheel", True)


def test_a_gpu_of_an_unknown_name_is_not_held_against_the_box() -> None:
    host = Host(nvidia=good(gpus=(Gpu(name="GRID Unheard-7Q"),)), engine=engine())
    told = answers(Request(framework="torch", cuda="12.8"), host, load_facts())
    assert not slugs(host, answers=told)


def test_each_link_says_what_it_is_there_for() -> None:
    links = stack(Case(host=Host(nvidia=good())))
    names = ["GPU", "driver", "libnvidia-container", "runtime hook", "image", "wheel"]
    assert [link.name for link in links] == names
    assert all(link.about for link in links)


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
    host = Host(distribution=distribution, nvidia=good(ctk="", hook=""), engine=engine())
    case = Case(host=host)
    script = fix_script(one for done in examine(case) for one in done.findings)
    assert f"{word} " in script
    assert "\nsudo nvidia-ctk runtime configure --runtime=docker\n" in script


def test_advice_is_a_comment_in_the_script() -> None:
    case = Case(host=FAULTS["engine-permission"])
    lines = fix_script(one for done in examine(case) for one in done.findings).splitlines()
    assert all(not line or line.startswith("#") or line == "set -eu" for line in lines)


def test_a_box_for_another_architecture_has_no_gpu_here() -> None:
    host = Host(engine=engine(architecture="aarch64"))
    told = answers(Request(framework="torch", cuda="cpu"), host, load_facts())
    for needs, severity in ((False, "warning"), (True, "error")):
        case = Case(host=host, answers=told, needs_gpu=needs)
        found = [one for done in examine(case) for one in done.findings]
        assert [one.severity for one in found if one.slug == "box-other-architecture"] == [severity]


def test_a_job_may_not_ask_for_more_shared_memory_than_there_is() -> None:
    host = Host(engine=engine(memory_bytes=16 * GIB))
    assert "shm-over-memory" in slugs(host, shm_wanted=32 * GIB)
    assert "shm-over-memory" not in slugs(host, shm_wanted=8 * GIB)


def test_a_build_that_needs_more_than_the_usual_room_says_so() -> None:
    host = Host(engine=engine(free_bytes=30 * GIB))
    assert "disk-low" in slugs(host, disk_needed=40 * GIB)
    assert "disk-low" not in slugs(host)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('could not select device driver "nvidia" with capabilities: [[gpu]]', "runtime configure"),
        ("invoking the NVIDIA Container Runtime Hook directly (e.g. ...)", "mode=auto"),
        ("unresolvable CDI devices nvidia.com/gpu=all", "cdi generate"),
        ("requirement error: unsatisfied condition: cuda>=12.8, please update", "older CUDA"),
        ("initialization error: load library failed: libnvidia-ml.so.1: cannot open", "driver"),
        (
            "mount error: failed to add device rules: bpf_prog_query(BPF_CGROUP_DEVICE)",
            "no-cgroups",
        ),
    ],
)
def test_what_a_gpu_container_says_decides_what_mends_it(said: str, words: str) -> None:
    host = Host(nvidia=good(), engine=engine(), trial=Trial(image="i", gpu_problem=said))
    found = [one for done in examine(Case(host=host)) for one in done.findings]
    assert words in next(one.fix for one in found if one.slug == "probe-gpu-failed")


def test_a_probe_that_could_not_be_made_says_why() -> None:
    done = {one.name: one for one in examine(Case(host=Host(), probe_wanted=True))}
    assert done["one container"].text == "no engine answers"


def test_a_part_that_could_not_be_looked_at_is_no_missing_gpu() -> None:
    host = Host(engine=engine(), unseen={"nvidia": "no answer within 6 s"})
    assert "no-gpu" not in slugs(host, needs_gpu=True)


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


def test_every_finding_is_documented() -> None:
    page = (Path(__file__).parents[1] / "docs/doctor.md").read_text(encoding="utf-8")
    documented = {
        (code, slug)
        for code, slugs in re.findall(r"^\| (MLH\d{3}) \| ([a-z, -]+) \|", page, re.MULTILINE)
        for slug in slugs.split(", ")
    }
    sources = (Path(__file__).parents[1] / "mlbox/doctor").glob("*.py")
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    assert {code for code, _ in documented} == set(re.findall(r"MLH\d{3}", text))
    host = {(one.code, one.slug) for case in FAULTS.values() for one in found_in(Case(host=case))}
    assert host <= documented


def found_in(case: Case) -> list[Finding]:
    return [finding for done in examine(case) for finding in done.findings]
