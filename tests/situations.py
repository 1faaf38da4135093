"""Machines as people have them: pieces to put them together, and those with NVIDIA GPUs.

What programs say is in their own words, as it stands in reports of users.
"""

from __future__ import annotations

from typing import Any

from machines import told

from mlbox.errors import EngineError, EngineNotFoundError
from mlbox.probe import Ran

Situation = tuple[dict[str, Any], str | None, set[str], str]

UBUNTU = {"etc/os-release": 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'}
AT = "sys/bus/pci/devices/0000:01:00.0"
BUS = {f"{AT}/vendor": "0x10de\n", f"{AT}/class": "0x030200\n"}
TOOLKIT = {
    "usr/bin/nvidia-ctk": "",
    "usr/bin/nvidia-container-runtime": "",
    "usr/bin/nvidia-container-runtime-hook": "",
    "usr/lib/x86_64-linux-gnu/libnvidia-container.so.1": "",
}
BASE_ONLY = {"usr/bin/nvidia-ctk": "", "usr/bin/nvidia-container-runtime": ""}
CHAR = {"dev/char/195:0": "/dev/nvidia0"}
LOADED = {
    "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  "
    "580.65.06  Release Build  (dvs-builder@U22)\nGCC version: gcc 13\n"
}
A100 = Ran(code=0, out="NVIDIA A100-SXM4-80GB, 580.65.06, 8.0, 81920 MiB, GPU-5f, Disabled\n")
MIG = Ran(code=0, out="NVIDIA H100 80GB HBM3, 580.65.06, 9.0, 81559 MiB, GPU-2a, Enabled\n")
COULD_NOT = Ran(
    code=9,
    out="NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure "
    "that the latest NVIDIA driver is installed and running.\n\n",
)
MISMATCH = Ran(
    code=18,
    out="Failed to initialize NVML: Driver/library version mismatch\nNVML library version: "
    "580.82\n",
)
NONE_FOUND = Ran(code=6, out="No devices were found\n")
BLOCKED = Ran(
    code=255, out="Failed to initialize NVML: GPU access blocked by the operating system\n"
)
HANGS = Ran(code=None, why="nvidia-smi gave no answer within 4 s")
WSL = {
    "proc/version": "Linux version 5.15.167.4-microsoft-standard-WSL2 (root@f9c826d3017f) (gcc)\n"
}
WSL_DRIVER = {"usr/lib/wsl/lib/libcuda.so.1": "", "usr/lib/wsl/lib/nvidia-smi": ""}
RUNC = {"runc": {"path": "runc"}}
PLAIN = told(Runtimes=RUNC, DiscoveredDevices=None)
CDI_ONLY = told(Runtimes=RUNC)
CGROUPFS = told(CgroupDriver="cgroupfs")
DENIED = EngineNotFoundError(
    "You may not use the Docker Engine at unix:///var/run/docker.sock.",
    why="Permission denied on its socket.",
    fix="Join the group docker and log in again: sudo usermod -aG docker $USER. Or run this as "
    "root (sudo).",
)
REMOTE = EngineError("mlbox cannot use the engine at ssh://a@b.", why="It is not here.", fix="x")
SOCKET = {
    "var/run/docker.sock": "",
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n",
}
DESKTOP = told(OperatingSystem="Docker Desktop", Runtimes=RUNC, DiscoveredDevices=None)
GOOD: dict[str, Any] = {
    "files": {**UBUNTU, **BUS, **LOADED, **TOOLKIT, "proc/2/comm": "kthreadd\n"},
    "links": CHAR,
    "smi": A100,
    "info": told(DiscoveredDevices=None),
    "buildx": True,
}


def good(**changes: Any) -> dict[str, Any]:
    """A machine in order, with changes; files are added."""
    files = {**GOOD["files"], **changes.pop("files", {})}
    return {**GOOD, **changes, "files": files}


def without(*parts: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A machine in order, less some of its files."""
    gone = {name for part in parts for name in part}
    files = {name: text for name, text in GOOD["files"].items() if name not in gone}
    more = changes.pop("files", {})
    return {**GOOD, **changes, "files": {**files, **more}}


# name -> (the machine, the first broken link, the findings that are no info, words of the fix)
OF_GPUS: dict[str, Situation] = {
    "all in order": (good(), None, set(), ""),
    "a machine without GPU, engine and network": ({}, None, {"MLH101"}, ""),
    "a CPU machine with an engine": (
        {"info": PLAIN, "buildx": True, "files": UBUNTU},
        None,
        set(),
        "",
    ),
    "a GPU and no driver on Ubuntu": (
        without(LOADED, smi=None),
        "driver",
        {"MLH202"},
        "sudo ubuntu-drivers install",
    ),
    "a GPU and no driver on Debian": (
        without(LOADED, smi=None, files={"etc/os-release": "ID=debian\n"}),
        "driver",
        {"MLH202"},
        "sudo apt-get install -y nvidia-driver",
    ),
    "nouveau instead of the driver": (
        without(LOADED, smi=COULD_NOT, files={"proc/modules": "nouveau 2 0 - Live 0x0\n"}),
        "driver",
        {"MLH202"},
        "sudo ubuntu-drivers install",
    ),
    "the driver is installed and not loaded: a new kernel": (
        without(LOADED, smi=COULD_NOT),
        "driver",
        {"MLH202"},
        "sudo dkms autoinstall\nsudo modprobe nvidia",
    ),
    "the driver is not signed and Secure Boot is on": (
        without(
            LOADED,
            smi=COULD_NOT,
            files={
                "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": (
                    b"\x06\0\0\0\x01"
                )
            },
        ),
        "driver",
        {"MLH202"},
        "mokutil",
    ),
    "the GPU is kept for virtual machines": (
        without(
            LOADED,
            smi=COULD_NOT,
            links={f"{AT}/driver": "../../../../bus/pci/drivers/vfio-pci", **CHAR},
        ),
        "driver",
        {"MLH202"},
        "vfio-pci",
    ),
    "the driver was updated under a running kernel": (
        good(smi=MISMATCH),
        "driver",
        {"MLH202"},
        "sudo reboot",
    ),
    "the driver finds no GPU": (good(smi=NONE_FOUND), "driver", {"MLH202"}, "dmesg"),
    "nvidia-smi hangs": (good(smi=HANGS), None, set(), ""),
    "no toolkit on Ubuntu": (
        without(TOOLKIT, info=PLAIN),
        "libnvidia-container",
        {"MLH202"},
        (
            "sudo apt-get install -y nvidia-container-toolkit\n"
            "sudo nvidia-ctk runtime configure --runtime=docker\nsudo systemctl restart docker"
        ),
    ),
    "no toolkit on Fedora": (
        without(TOOLKIT, info=PLAIN, files={"etc/os-release": "ID=fedora\n"}),
        "libnvidia-container",
        {"MLH202"},
        "sudo dnf install -y nvidia-container-toolkit",
    ),
    "no toolkit on Rocky": (
        without(
            TOOLKIT,
            info=PLAIN,
            files={"etc/os-release": 'ID="rocky"\nID_LIKE="rhel centos fedora"\n'},
        ),
        "libnvidia-container",
        {"MLH202"},
        "sudo dnf install",
    ),
    "no toolkit on openSUSE": (
        without(
            TOOLKIT, info=PLAIN, files={"etc/os-release": 'ID="opensuse-leap"\nID_LIKE="suse"\n'}
        ),
        "libnvidia-container",
        {"MLH202"},
        "zypper",
    ),
    "no toolkit on Arch": (
        without(TOOLKIT, info=PLAIN, files={"etc/os-release": "ID=arch\n"}),
        "libnvidia-container",
        {"MLH202"},
        "# Install nvidia-container-toolkit",
    ),
    "no systemd": (
        without(TOOLKIT, info=PLAIN, systemd=False),
        "libnvidia-container",
        {"MLH202"},
        "sudo service docker restart",
    ),
    "the toolkit is there and not registered; --gpus needs no more": (
        good(info=PLAIN),
        None,
        set(),
        "",
    ),
    "the base package alone, and no registration": (
        without(TOOLKIT, info=PLAIN, files=BASE_ONLY),
        "runtime hook",
        {"MLH202"},
        "sudo nvidia-ctk runtime configure --runtime=docker",
    ),
    "registered in daemon.json, and docker not restarted": (
        without(
            TOOLKIT,
            info=PLAIN,
            files={
                **BASE_ONLY,
                "etc/docker/daemon.json": '{"runtimes": {"nvidia": {"args": [], '
                '"path": "nvidia-container-runtime"}}}',
            },
        ),
        "runtime hook",
        {"MLH202"},
        "sudo systemctl restart docker",
    ),
    "the base package alone, with the runtime registered": (
        without(TOOLKIT, files=BASE_ONLY),
        "runtime hook",
        {"MLH202"},
        "sudo apt-get install -y nvidia-container-toolkit",
    ),
    "CDI alone on an engine that does not serve --gpus by it": (
        without(TOOLKIT, info=CDI_ONLY, files=BASE_ONLY),
        "runtime hook",
        {"MLH202"},
        "sudo apt-get install -y nvidia-container-toolkit",
    ),
    "CDI alone on a newer engine": (
        without(TOOLKIT, info=told(Runtimes=RUNC, ServerVersion="29.1.3"), files=BASE_ONLY),
        None,
        set(),
        "",
    ),
    "a CDI spec, and an engine that does not list devices": (
        without(
            TOOLKIT,
            info=told(Runtimes=RUNC, DiscoveredDevices=None, ServerVersion="26.1.5"),
            files={**BASE_ONLY, "etc/cdi/nvidia.yaml": "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\n"},
        ),
        None,
        set(),
        "",
    ),
    "a registered runtime whose program is gone": (
        without(
            TOOLKIT,
            info=told(Runtimes={"nvidia": {"path": "/usr/bin/nvidia-container-runtime"}}),
            files={"usr/bin/nvidia-ctk": ""},
        ),
        "runtime hook",
        {"MLH202"},
        "nvidia-container-toolkit",
    ),
    "a runtime of the GPU operator, in a folder of its own": (
        without(
            TOOLKIT,
            info=told(
                Runtimes={"nvidia": {"path": "/usr/local/nvidia/toolkit/nvidia-container-runtime"}}
            ),
        ),
        None,
        set(),
        "",
    ),
    "the runtime's mode is cdi, and --gpus calls the hook": (
        good(
            files={
                "etc/nvidia-container-runtime/config.toml": (
                    '[nvidia-container-runtime]\nlog-level = "info"\nmode = "cdi"\n'
                )
            }
        ),
        "runtime hook",
        {"MLH202"},
        "nvidia-container-runtime.mode=auto",
    ),
    "cgroups by systemd, mode legacy, no links in /dev/char": (
        good(
            links={},
            files={
                "etc/nvidia-container-runtime/config.toml": (
                    '[nvidia-container-runtime]\nmode = "legacy"\n'
                )
            },
        ),
        None,
        {"MLH203"},
        "create-dev-char-symlinks",
    ),
    "the same with the mode auto is good to know": (good(links={}), None, set(), ""),
    "the same with cgroupfs": (
        good(
            links={},
            info=CGROUPFS,
            files={
                "etc/nvidia-container-runtime/config.toml": (
                    '[nvidia-container-runtime]\nmode = "legacy"\n'
                )
            },
        ),
        None,
        set(),
        "",
    ),
    "a rootless engine that is not configured": (
        without(
            TOOLKIT,
            files=BASE_ONLY,
            info=told(
                Runtimes=RUNC,
                DiscoveredDevices=None,
                SecurityOptions=["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
                DockerRootDir="/home/ada/.local/share/docker",
            ),
        ),
        "runtime hook",
        {"MLH202"},
        'nvidia-ctk runtime configure --runtime=docker --config="$HOME/.config/docker/daemon.json"',
    ),
    "the snap's engine": (
        without(
            TOOLKIT,
            files=BASE_ONLY,
            info=told(
                Runtimes=RUNC,
                DiscoveredDevices=None,
                DockerRootDir="/var/snap/docker/common/var-lib-docker",
            ),
        ),
        "runtime hook",
        {"MLH202"},
        "sudo snap restart docker",
    ),
    "Docker Desktop on Linux": (good(info=DESKTOP), "libnvidia-container", {"MLH202"}, "default"),
    "Docker Desktop in WSL2": (
        {"files": {**WSL, **WSL_DRIVER}, "smi": A100, "info": DESKTOP, "buildx": True},
        None,
        set(),
        "",
    ),
    "Docker Engine in WSL2 without the toolkit": (
        {
            "files": {**UBUNTU, **WSL, **WSL_DRIVER},
            "smi": Ran(
                code=0,
                out="NVIDIA GeForce RTX 3070, 566.36, 8.6, 8192 MiB, GPU-1, [N/A]\n",
            ),
            "info": PLAIN,
            "buildx": True,
        },
        "libnvidia-container",
        {"MLH202"},
        "sudo apt-get install -y nvidia-container-toolkit",
    ),
    "WSL2 in which the GPU is blocked": (
        {"files": {**UBUNTU, **WSL, **WSL_DRIVER}, "smi": BLOCKED, "info": PLAIN, "buildx": True},
        "driver",
        {"MLH202"},
        "wsl --update",
    ),
    "WSL2 without a GPU": (
        {"files": {**UBUNTU, **WSL}, "info": PLAIN, "buildx": True},
        None,
        set(),
        "",
    ),
    "a Linux driver inside WSL2": (
        {
            "files": {
                **UBUNTU,
                **WSL,
                **WSL_DRIVER,
                **TOOLKIT,
                "var/lib/dpkg/info/libnvidia-compute-535.list": "",
            },
            "smi": A100,
            "info": PLAIN,
            "buildx": True,
        },
        None,
        {"MLH205"},
        "libnvidia-compute",
    ),
    "NVSwitches without the fabric manager": (
        good(files={"dev/nvidia-nvswitch0": "", "proc/900/comm": "dockerd\n"}),
        None,
        {"MLH204"},
        "sudo systemctl enable --now nvidia-fabricmanager",
    ),
    "NVSwitches with it": (
        good(files={"dev/nvidia-nvswitch0": "", "proc/900/comm": "nv-fabricmanage\n"}),
        None,
        set(),
        "",
    ),
    "NVSwitches where processes of others are hidden": (
        good(files={"dev/nvidia-nvswitch0": "", "proc/2/comm": "", "proc/900/comm": "bash\n"}),
        None,
        set(),
        "",
    ),
    "MIG without a MIG device": (
        good(smi=MIG, programs={" -L": Ran(code=0, out="GPU 0: NVIDIA H100 (UUID: GPU-2a)\n")}),
        None,
        {"MLH206"},
        "nvidia-smi mig",
    ),
    "MIG with two": (
        good(
            smi=MIG,
            programs={
                " -L": Ran(
                    code=0,
                    out="GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-2a)\n"
                    "  MIG 3g.40gb     Device  0: (UUID: MIG-7c)\n"
                    "  MIG 3g.40gb     Device  1: (UUID: MIG-a1)\n",
                )
            },
        ),
        None,
        set(),
        "",
    ),
}
