"""Every rule about compose files: one literal tuple, in the order of their codes."""

from __future__ import annotations

from mlbox.lint.compose.rules import (
    environment,
    form,
    gpu_requests,
    gpu_use,
    images,
    mounts,
    runtime,
)
from mlbox.lint.compose.rules.rule import ComposeRule, Hit

__all__ = ["COMPOSE_RULES", "ComposeRule", "Hit"]

# fmt: off
COMPOSE_RULES: tuple[ComposeRule, ...] = (
    ComposeRule("MLC101", "gpu-not-requested", "error", "safe",
                "a service needs a GPU and asks for none", gpu_requests.not_requested),
    ComposeRule("MLC102", "gpu-capabilities-missing", "error", "safe",
                "a reserved device has no capabilities", gpu_requests.capabilities_missing),
    ComposeRule("MLC103", "gpu-count-and-ids", "error", "unsafe",
                "a device request has both a count and ids", gpu_requests.count_and_ids),
    ComposeRule("MLC104", "gpu-device-shared", "warning", None,
                "two services have the same GPU at the same time", gpu_use.shared),
    ComposeRule("MLC105", "runtime-nvidia-legacy", "info", "safe",
                "GPUs are asked for by a runtime", runtime.legacy),
    ComposeRule("MLC106", "cuda-visible-devices-out-of-range", "error", "safe",
                "CUDA_VISIBLE_DEVICES names GPUs that are not there", gpu_use.out_of_range),
    ComposeRule("MLC107", "devices-under-limits", "error", "safe",
                "devices are limited, not reserved", gpu_requests.under_limits),
    ComposeRule("MLC108", "gpus-needs-compose-2.30", "info", None,
                "`gpus:` needs a new Compose", gpu_requests.needs_compose_2_30),
    ComposeRule("MLC201", "shm-too-small", "warning", "safe",
                "worker processes have 64 MB of shared memory", runtime.shm_too_small),
    ComposeRule("MLC202", "ulimit-memlock", "info", "safe",
                "memory cannot be locked", runtime.memlock),
    ComposeRule("MLC301", "secret-in-env", "error", "unsafe",
                "a secret stands in the file", environment.secret_in_env),
    ComposeRule("MLC302", "env-file-tracked", "warning", None,
                "a file of secrets is not ignored by git", environment.env_file_tracked),
    ComposeRule("MLC401", "bind-mount-root-owned", "warning", "safe",
                "what is written into a mount belongs to root", mounts.root_owned),
    ComposeRule("MLC402", "abs-host-path", "warning", None,
                "a path of one machine is mounted", mounts.absolute),
    ComposeRule("MLC403", "dvc-cache-not-shared", "info", None,
                "DVC's cache goes with the container", mounts.cache_not_shared),
    ComposeRule("MLC501", "version-obsolete", "warning", "safe",
                "the key `version` is obsolete", form.version_obsolete),
    ComposeRule("MLC502", "invalid-schema", "error", None,
                "Compose refuses the file", form.invalid_schema),
    ComposeRule("MLC503", "image-unpinned", "warning", None,
                "an image is another one tomorrow", images.unpinned),
)
# fmt: on
