"""Every rule about compose files: one literal tuple, in the order of their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.compose.rules import (
    environment,
    form,
    gpu_requests,
    gpu_use,
    images,
    mounts,
    runtime,
)
from mlbox.lint.rule import Rule

if TYPE_CHECKING:
    from mlbox.lint.compose.model import Compose

# fmt: off
COMPOSE_RULES: tuple[Rule[Compose], ...] = (
    Rule("MLC101", "gpu-not-requested", "error", "safe",
         "a service needs a GPU and asks for none", gpu_requests.not_requested),
    Rule("MLC102", "gpu-capabilities-missing", "error", "safe",
         "a reserved device has no capabilities", gpu_requests.capabilities_missing),
    Rule("MLC103", "gpu-count-and-ids", "error", "unsafe",
         "a device request has both a count and ids", gpu_requests.count_and_ids),
    Rule("MLC104", "gpu-device-shared", "warning", None,
         "two services have the same GPU at the same time", gpu_use.shared),
    Rule("MLC105", "runtime-nvidia-legacy", "info", "safe",
         "GPUs are asked for by a runtime", runtime.legacy),
    Rule("MLC106", "cuda-visible-devices-out-of-range", "error", "safe",
         "CUDA_VISIBLE_DEVICES names GPUs that are not there", gpu_use.out_of_range),
    Rule("MLC107", "devices-under-limits", "error", "safe",
         "devices are limited, not reserved", gpu_requests.under_limits),
    Rule("MLC108", "gpus-needs-compose-2.30", "info", None,
         "`gpus:` needs a new Compose", gpu_requests.needs_compose_2_30),
    Rule("MLC201", "shm-too-small", "warning", "safe",
         "worker processes have 64 MB of shared memory", runtime.shm_too_small),
    Rule("MLC202", "ulimit-memlock", "info", "safe",
         "memory cannot be locked", runtime.memlock),
    Rule("MLC301", "secret-in-env", "error", "unsafe",
         "a secret stands in the file", environment.secret_in_env),
    Rule("MLC302", "env-file-tracked", "warning", None,
         "a file of secrets is not ignored by git", environment.env_file_tracked),
    Rule("MLC401", "bind-mount-root-owned", "warning", "safe",
         "what is written into a mount belongs to root", mounts.root_owned),
    Rule("MLC402", "abs-host-path", "warning", None,
         "a path of one machine is mounted", mounts.absolute),
    Rule("MLC403", "dvc-cache-not-shared", "info", None,
         "DVC's cache goes with the container", mounts.cache_not_shared),
    Rule("MLC501", "version-obsolete", "warning", "safe",
         "the key `version` is obsolete", form.version_obsolete),
    Rule("MLC502", "invalid-schema", "error", None,
         "Compose refuses the file", form.invalid_schema),
    Rule("MLC503", "image-unpinned", "warning", None,
         "an image is another one tomorrow", images.unpinned),
)
# fmt: on
