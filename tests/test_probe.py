"""The probe's parsers on what machines said, in a folder that stands for the root."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from machines import seen, told

from mlbox.probe import Ran, parse_gpus, parse_version

if TYPE_CHECKING:
    from pathlib import Path

A100 = "NVIDIA A100-SXM4-80GB, 550.54.15, 8.0, 81920 MiB, GPU-1, Disabled\n"
H100_MIG = "NVIDIA H100 80GB HBM3, 570.86.10, 9.0, 81559 MiB, GPU-2, Enabled\n"
RTX = "NVIDIA GeForce RTX 4090, 560.94, 8.9, 24564 MiB, GPU-3, [N/A]\n"


@pytest.mark.parametrize(
    ("text", "driver", "capability", "mig"),
    [
        (A100, "550.54.15", "8.0", False),
        (H100_MIG, "570.86.10", "9.0", True),
        (RTX, "560.94", "8.9", False),
        ("Tesla K80, 470.1, [N/A], [N/A], GPU-4, [N/A]\n", "470.1", None, False),
    ],
)
def test_nvidia_smi_lists_a_gpu(text: str, driver: str, capability: str, *, mig: bool) -> None:
    found, gpus = parse_gpus(text)
    assert (found, gpus[0].capability, gpus[0].mig) == (driver, capability, mig)


@pytest.mark.parametrize(
    "text", ["", "\n\n", "No devices were found\n", "a, b\n", "a, b, c, d, e, f\n", "\x00\xff, 1"]
)
def test_garbage_of_nvidia_smi_is_no_gpu(text: str) -> None:
    assert parse_gpus(text) == (None, ())


def test_every_line_of_nvidia_smi_is_a_gpu() -> None:
    assert len(parse_gpus(A100 * 8)[1]) == 8


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May\n", "535.183.01"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  R\n", "570.86.10"),
        ("NVRM version: nonsense\n", None),
        ("", None),
    ],
)
def test_the_kernel_says_which_driver_it_has(text: str, version: str | None) -> None:
    assert parse_version(text) == version


def test_an_empty_machine_is_a_host(tmp_path: Path) -> None:
    host = seen(tmp_path)
    assert host.engine is None
    assert host.engine_problem is not None
    assert (host.nvidia.gpus, host.nvidia.driver, host.nvidia.smi) == ((), None, "")


def test_a_program_that_hangs_is_told(tmp_path: Path) -> None:
    assert "no answer" in seen(tmp_path, smi=Ran(code=None, why="gave no answer")).nvidia.smi


def test_a_failing_nvidia_smi_keeps_the_driver_of_the_kernel(tmp_path: Path) -> None:
    files = {"proc/driver/nvidia/version": "NVRM version: x  535.183.01  Sun\n"}
    said = "Failed to initialize NVML: Driver/library version mismatch\n"
    nvidia = seen(tmp_path, files, smi=Ran(code=18, out=said)).nvidia
    assert nvidia.driver == "535.183.01"
    assert "mismatch" in nvidia.smi


def test_gpus_are_found_without_nvidia_smi(tmp_path: Path) -> None:
    files = {"proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t Tesla T4\n"}
    assert seen(tmp_path, files).nvidia.gpus[0].name == "Tesla T4"


@pytest.mark.parametrize(
    ("vendor", "kind", "count"),
    [
        ("0x10de", "0x030000", 1),
        ("0x10de", "0x030200", 1),
        ("0x10de", "0x040300", 0),
        ("0x8086", "0x030000", 0),
    ],
)
def test_the_bus_shows_gpus(tmp_path: Path, vendor: str, kind: str, count: int) -> None:
    place = "sys/bus/pci/devices/0000:01:00.0"
    files = {f"{place}/vendor": vendor + "\n", f"{place}/class": kind + "\n"}
    assert seen(tmp_path, files).nvidia.on_bus == count


def test_without_a_bus_it_is_not_known(tmp_path: Path) -> None:
    assert seen(tmp_path).nvidia.on_bus is None


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("nvidia.yaml", "cdiVersion: 0.6.0\nkind: nvidia.com/gpu\n", True),
        ("nvidia.json", '{"kind": "nvidia.com/gpu"}', True),
        ("other.yaml", "kind: amd.com/gpu\n", False),
        ("empty.yaml", "", False),
    ],
)
def test_cdi_specs_are_known_by_their_kind(
    tmp_path: Path, name: str, text: str, *, found: bool
) -> None:
    assert bool(seen(tmp_path, {f"etc/cdi/{name}": text}).nvidia.cdi_specs) == found


def test_the_engine_says_what_it_has(tmp_path: Path) -> None:
    engine = seen(tmp_path, info=told()).engine
    assert engine is not None
    assert engine.runtimes == ("io.containerd.runc.v2", "nvidia", "runc")
    assert (engine.architecture, engine.nvidia_runtime) == ("x86_64", "nvidia-container-runtime")
    assert engine.cdi_devices == ("nvidia.com/gpu=all",)
    assert (engine.rootless, engine.desktop) == (False, False)


def test_rootless_is_seen(tmp_path: Path) -> None:
    engine = seen(tmp_path, info=told(SecurityOptions=["name=rootless"])).engine
    assert engine is not None
    assert engine.rootless


def test_docker_desktop_is_seen(tmp_path: Path) -> None:
    engine = seen(tmp_path, info=told(OperatingSystem="Docker Desktop")).engine
    assert engine is not None
    assert engine.desktop


@pytest.mark.parametrize("answer", [b"", b"garbage", b"[]", b"{}", b"null", b"3"])
def test_an_engine_that_says_garbage_is_survived(tmp_path: Path, answer: bytes) -> None:
    host = seen(tmp_path, info=answer)
    assert host.engine is None or host.engine.version == ""


@pytest.mark.parametrize("runtimes", [None, [], 3, "x"])
def test_runtimes_of_another_kind_are_survived(tmp_path: Path, runtimes: object) -> None:
    assert seen(tmp_path, info=told(Runtimes=runtimes)).shm_bytes is None


def test_the_build_cache_is_summed_without_what_is_shared(tmp_path: Path) -> None:
    cache = [{"Size": 5, "Shared": False}, {"Size": 7, "Shared": True}, {"Size": 2}]
    more = {"/system/df?type=build-cache": json.dumps({"BuildCache": cache}).encode()}
    engine = seen(tmp_path, info=told(), more=more).engine
    assert engine is not None
    assert engine.cache_bytes == 7


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('{"a": 1}', True),
        ("", True),  # dockerd takes it for no configuration, as it does null
        ("null", True),
        ("{", False),
        ("[]", False),
        (b"\xff", False),
    ],
)
def test_daemon_json_is_read(tmp_path: Path, text: str | bytes, *, valid: bool) -> None:
    host = seen(tmp_path, {"etc/docker/daemon.json": text}, info=told())
    assert (host.daemon_json_problem == "") == valid


def test_daemon_json_of_a_rootless_engine_is_the_users(tmp_path: Path) -> None:
    files = {"home/ada/.config/docker/daemon.json": "{", "etc/docker/daemon.json": "{}"}
    host = seen(tmp_path, files, info=told(SecurityOptions=["name=rootless"]))
    assert host.daemon_json == "/home/ada/.config/docker/daemon.json"
    assert host.daemon_json_problem


@pytest.mark.parametrize(
    ("text", "wsl"),
    [
        ("Linux version 5.15.153.1-microsoft-standard-WSL2 (root@x)", True),
        ("Linux version 6.8.0-41-generic (buildd@x)", False),
        ("", False),
    ],
)
def test_wsl_is_seen_in_the_kernels_name(tmp_path: Path, text: str, *, wsl: bool) -> None:
    assert seen(tmp_path, {"proc/version": text}).wsl == wsl


def test_neuron_devices_are_listed(tmp_path: Path) -> None:
    assert seen(tmp_path, {"dev/neuron0": "", "dev/neuron1": ""}).neuron == (
        "/dev/neuron0",
        "/dev/neuron1",
    )


def test_an_accelerator_that_is_not_googles_is_no_tpu(tmp_path: Path) -> None:
    assert seen(tmp_path, {"dev/accel0": ""}).tpu == ()


def test_googles_accelerators_are_tpus(tmp_path: Path) -> None:
    files = {"dev/accel0": "", "sys/bus/pci/devices/0000:00:04.0/vendor": "0x1ae0\n"}
    assert seen(tmp_path, files).tpu == ("/dev/accel0",)
