"""Signatures of GPUs, their driver and the CUDA that a program brings."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

_TOOLKIT = (
    "Install the NVIDIA Container Toolkit, then: sudo nvidia-ctk runtime configure "
    "--runtime=docker && sudo systemctl restart docker. "
)
_NO_GPU = "Without a GPU: mlbox train --gpus 0 (plain Docker: leave out --gpus all)."

GPU: tuple[Signature, ...] = (
    Signature(
        code="MLR101",
        slug="no-device-driver",
        family="gpu",
        cause="Docker cannot give the container a GPU: it has no device driver for GPUs.",
        why="The NVIDIA Container Toolkit is not installed, or Docker was not restarted after it "
        "was configured, or this machine has no NVIDIA GPU.",
        fix=_TOOLKIT + _NO_GPU,
        pattern=r"could not select device driver|failed to discover gpu vendor"
        r"|no known gpu vendor",
        unless=r"CDI device|'cdi'",
        rules=("MLC101",),
    ),
    Signature(
        code="MLR102",
        slug="unknown-nvidia-runtime",
        family="gpu",
        cause="Docker knows no runtime called nvidia.",
        why="runtime: nvidia (or --runtime=nvidia) needs that runtime in Docker's daemon.json.",
        fix=_TOOLKIT + "Or do not ask for a runtime: docker run --gpus all, in compose "
        "deploy.resources.reservations.devices; mlbox train --gpus all needs none.",
        pattern=r"(?:unknown or )?invalid runtime name:? '?nvidia"
        r"|unknown runtime specified:? '?nvidia|no runtime for '?nvidia'? is configured"
        r"|runtime '?nvidia'? not found",
        rules=("MLC105",),
    ),
    Signature(
        code="MLR103",
        slug="driver-not-loaded",
        family="gpu",
        cause="The host has no working NVIDIA driver: the container toolkit cannot load it.",
        why="nvidia-container-cli looks for the driver's library and kernel module on the host, "
        "not in the image.",
        fix="Run nvidia-smi on the host: if it fails, install the driver (or reboot after an "
        "update; under WSL update the Windows driver and run wsl --shutdown). " + _NO_GPU,
        pattern=r"nvml error: driver not loaded|load library failed: libnvidia-ml\.so"
        r"|libnvidia-ml\.so\.1: cannot open shared object"
        r"|WSL environment detected but no adapters"
        r"|(?:initialization|nvml|driver) error: (?:nvml error: )?driver not loaded"
        r"|initialization error: driver (?:rpc )?error|nvidia driver is not loaded"
        r"|libnvidia-ml\.so\.1: file exists",
    ),
    Signature(
        code="MLR104",
        slug="cdi-device-unknown",
        family="gpu",
        cause="The container engine knows no CDI device {name}.",
        why="CDI devices come from a specification in /etc/cdi or /var/run/cdi, which is not there "
        "or is of another driver.",
        fix="On the host: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml, then "
        "nvidia-ctk cdi list; again after each update of the driver. " + _NO_GPU,
        pattern=r"unresolvable CDI devices? (?P<name>[\w./=:-]{1,80})|CDI device injection failed"
        r"|failed to inject CDI",
    ),
    Signature(
        code="MLR105",
        slug="container-toolkit-failed",
        family="gpu",
        cause="The NVIDIA Container Toolkit failed to set up the GPU for the container.",
        why="It runs before the container starts; its own message is in the evidence.",
        fix="On the host: nvidia-smi, then nvidia-container-cli -k -d /dev/tty info. Update the "
        "toolkit together with the driver; rootless Docker needs no-cgroups = true in "
        "/etc/nvidia-container-runtime/config.toml. " + _NO_GPU,
        pattern=r"nvidia-container-cli(?:\.real)?: (?:[\w ]{1,80} )?(?:error|failed)"
        r"|(?:exec|fork/exec)[: ]\S{0,200}nvidia-container-runtime\S{0,200}: \S"
        r"|nvidia-container-runtime-hook\S{0,200}: (?:executable|no such)"
        r"|error running prestart hook[^\n]{0,300}nvidia-container",
        unless=r"version mismatch|unsatisfied condition|driver not loaded|libnvidia-ml|no adapters"
        r"|unknown device|driver (?:rpc )?error",
    ),
    Signature(
        code="MLR106",
        slug="cuda-requirement",
        family="gpu",
        cause="The image refuses to start: it requires {name}, and the host's driver has less.",
        why="Images from nvidia/cuda state what they need in NVIDIA_REQUIRE_CUDA, and the toolkit "
        "compares it with the driver.",
        fix="Update the host's driver, or use an older or a slim base: with mlbox, driver = "
        '"<the host\'s>" in [tool.mlbox] and base = "auto". NVIDIA_DISABLE_REQUIRE=1 only if you '
        "know that the CUDA inside runs on this driver.",
        pattern=r"unsatisfied condition:? {0,2}"
        r"(?P<name>(?:cuda|driver|arch|brand)\s?[<>=!]{1,2}\s?[\w.]{1,20})?",
        rules=("MLD115",),
    ),
)
