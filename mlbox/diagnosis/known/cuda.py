"""Signatures of CUDA in a program: the driver it finds, the GPU it runs on."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

_ASK = (
    'Ask for the GPU: gpus = "all" in [tool.mlbox.train], or mlbox train --gpus all; plain '
    "docker run --gpus all; compose: deploy.resources.reservations.devices with "
    "capabilities: [gpu]. "
)
_OLDER = (
    "Update the driver, or use a build of an older CUDA: write the host's driver in "
    '[tool.mlbox], driver = "550.54.14" (nvidia-smi shows it), and mlbox chooses one that runs.'
)

CUDA: tuple[Signature, ...] = (
    Signature(
        code="MLR107",
        slug="gpu-number-invalid",
        family="gpu",
        cause="The program or the container asked for a GPU that is not there.",
        why="A number in CUDA_VISIBLE_DEVICES, device_ids, --gpus or cuda:N is not one of this "
        "machine's GPUs. Inside a container they are numbered from 0.",
        fix="nvidia-smi -L lists them. Use numbers from 0 to one less than their count: mlbox "
        "train --gpus N, torchrun --nproc-per-node N with the same N.",
        pattern=r"invalid device ordinal|device error: \S{1,200}: unknown device"
        r"|CUDA_ERROR_INVALID_DEVICE|cudaErrorInvalidDevice\b|Invalid device id\b",
        rules=("MLC106",),
    ),
    Signature(
        code="MLR108",
        slug="driver-too-old",
        family="gpu",
        cause="The NVIDIA driver of this machine is too old for the CUDA that the program uses.",
        why="Each CUDA release needs a driver of at least some version; minor versions of one "
        "major release share it.",
        fix=_OLDER,
        pattern=r"CUDA driver version is insufficient|nvidia driver on your system is too old"
        r"|cudaErrorInsufficientDriver|CUDA_ERROR_INSUFFICIENT_DRIVER"
        r"|driver version insufficient"
        r"|(?:nvidia|cuda|gpu) driver (?:\S{1,200} ){0,3}is too old",
        rules=("MLD105",),
    ),
    Signature(
        code="MLR109",
        slug="ptx-too-new",
        family="gpu",
        cause="The program brings PTX code of a newer CUDA than the driver understands.",
        why="PTX is compiled by the driver, and an older driver does not know a newer version of "
        "it: the one thing that minor version compatibility does not cover.",
        fix=_OLDER + " Or compile for this GPU exactly, without PTX (TORCH_CUDA_ARCH_LIST).",
        pattern=r"PTX was compiled with an unsupported toolchain|unsupported_?ptx_?version",
    ),
    Signature(
        code="MLR110",
        slug="no-kernel-image",
        family="gpu",
        cause="The program has no code for this GPU's architecture.",
        why="A wheel or an extension carries code for a list of architectures (sm_80, sm_90, ...), "
        "and this GPU is none of them: too new or too old for the build.",
        fix='Take a build for it: gpu = "NVIDIA GeForce RTX 5090" (yours) in [tool.mlbox], then '
        "mlbox resolve. An extension that you compile: TORCH_CUDA_ARCH_LIST with this GPU's "
        'number and +PTX, e.g. "9.0+PTX".',
        pattern=r"no kernel image is available|cudaErrorNoKernelImageForDevice"
        r"|CUDA_ERROR_NO_BINARY_FOR_GPU|invalid device function",
        rules=("MLD109",),
        follows=("architecture",),
    ),
    Signature(
        code="MLR111",
        slug="gpu-not-in-build",
        family="architecture",
        cause="This build of the framework does not support this GPU.",
        why="The wheel was compiled for other architectures; the evidence names them. Newer GPUs "
        "need a build of a newer CUDA.",
        fix='Write the GPU in [tool.mlbox] (gpu = "NVIDIA GeForce RTX 5090") and let mlbox choose: '
        "mlbox resolve. By hand: a wheel of a CUDA that knows it, e.g. from "
        "download.pytorch.org/whl/cu128 for sm_120.",
        pattern=r"CUDA capability sm_\d{1,20}\w? is not compatible with the current"
        r"|PyTorch no longer supports this GPU"
        r"|minimum (?:and maximum )?cuda capability supported by"
        r"|Ignoring visible gpu device",
        rules=("MLD109",),
    ),
    Signature(
        code="MLR112",
        slug="gpu-not-visible",
        family="gpu",
        cause="The program finds no GPU.",
        why="The container was started without one, or CUDA cannot start for a reason given before "
        "this line, or CUDA_VISIBLE_DEVICES hides it. A docker build never has one.",
        fix=_ASK
        + "In a build: do it when the container runs. To run on the CPU on purpose: --gpus 0, and "
        "the program's own option for it.",
        pattern=r"\b(?:a|an nvidia|no) gpu is required\b|cuda\.is_available\(\)'? returned False|"
        r"Found no NVIDIA driver on your system|might not have a CUDA gpu"
        r"|no CUDA-capable device|No CUDA GPUs are available"
        r"|cuda\.is_available\(\)'? is False|CUDA_ERROR_NO_DEVICE|cudaErrorNoDevice"
        r"|No supported gpu backend found|your machine only has: ?\[\]|no visible gpu"
        r"|Error: no gpus?$"
        r"|(?:Error|Exception): (?:no gpus? (?:was )?(?:found|detected|available)|gpu "
        r"(?:is )?(?:required|not (?:found|available))|cuda (?:is )?(?:not available|"
        r"required|unavailable))|Unable to initialize backend '(?:cuda|gpu)'"
        r"|nvidia-smi\W{1,3} (?:command )?not found|exec: 'nvidia-smi'"
        r"|CUDA is not available[^\n]{0,80}(?:exit|abort|requir)"
        r"|Invalid CUDA 'device=\S{1,200} requested|Failed to infer device type",
        rules=("MLC101", "MLD110"),
        follows=("gpu-setup", "gpu", "library"),
    ),
    Signature(
        code="MLR113",
        slug="framework-without-cuda",
        family="gpu-setup",
        cause="The framework in this image was built without CUDA.",
        why="A CPU-only wheel was installed: on purpose, or a later install replaced the one "
        "with CUDA.",
        fix='With mlbox, cuda = "auto" (not "cpu") in [tool.mlbox] and no torch in the '
        "requirements. By hand: a wheel from download.pytorch.org/whl/cu128, "
        "tensorflow[and-cuda], or jax[cuda13].",
        pattern=r"Torch not compiled with CUDA|(?:compiled|built) without (?:CUDA|GPU) support"
        r"|not (?:built|compiled) with (?:CUDA|GPU)(?: support| enabled)?"
        r"|CUDA-enabled jaxlib is not installed",
        rules=("MLD102", "MLD114", "MLD117", "MLD118"),
    ),
    Signature(
        code="MLR114",
        slug="cuda-unknown-error",
        family="gpu",
        cause="CUDA could not start: unknown error (999).",
        why="Most often the host slept or the driver was updated while it was loaded, or the "
        "nvidia-uvm module or its device is missing.",
        fix="On the host: sudo modprobe -r nvidia_uvm && sudo modprobe nvidia_uvm, or reboot. "
        "Then start the container anew.",
        pattern=r"CUDA unknown error|CUDA_ERROR_UNKNOWN|cudaErrorUnknown\b"
        r"|cuda (?:runtime )?error(?: ?\(999\))?:? unknown error"
        r"|cuInit[^\n]{0,80}unknown error|cuda failure 999\b",
        unless=r"NVML",
    ),
    Signature(
        code="MLR115",
        slug="fabric-manager",
        family="gpu",
        cause="The GPUs of this machine are not ready: its NVSwitch fabric was not started (802).",
        why="Machines with NVSwitch (HGX, DGX) need the fabric manager, of exactly the driver's "
        "version, before CUDA can start.",
        fix="On the host: sudo systemctl enable --now nvidia-fabricmanager; after an update of "
        "the driver, install the same version of nvidia-fabricmanager.",
        pattern=r"system not yet initialized|cudaErrorSystemNotReady|CUDA_ERROR_SYSTEM_NOT_READY",
    ),
    Signature(
        code="MLR116",
        slug="driver-mixed",
        family="gpu",
        cause="The driver's library in the container is not of the host's driver (803).",
        why="A libcuda.so.1 of the image (a driver installed into it, or cuda-compat) is used in "
        "place of the one that the toolkit mounts, or the host's driver was updated without a "
        "reboot.",
        fix="Take cuda-drivers, nvidia-utils-*, libnvidia-* and .../compat out of the image and of "
        "LD_LIBRARY_PATH; if nvidia-smi on the host fails too, reboot it.",
        pattern=r"unsupported display driver\s?/\s?cuda driver combination"
        r"|cudaErrorSystemDriverMismatch|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
        rules=("MLD106", "MLD111"),
    ),
    Signature(
        code="MLR117",
        slug="forward-compatibility",
        family="gpu",
        cause="The image's CUDA compatibility library does not work on this GPU (804).",
        why="cuda-compat lets a new CUDA run on an older driver on data center GPUs only; "
        "on others it stands in the way of the host's own libcuda.",
        fix="Remove /usr/local/cuda/compat from LD_LIBRARY_PATH and the package cuda-compat-* from "
        "the image, or use a slim base. " + _OLDER,
        pattern=r"forward compatibility was attempted on non[ -]supported HW"
        r"|compat_?not_?supported_?on_?device",
        rules=("MLD111", "MLD115"),
    ),
    Signature(
        code="MLR118",
        slug="driver-library-mismatch",
        family="gpu",
        cause="The host's NVIDIA driver was updated and is not loaded yet: its library and its "
        "kernel module differ.",
        why="NVML compares the two. A package update replaces the library at once, the module at "
        "the next boot.",
        fix="Reboot the host, or unload the module while no process uses the GPU (sudo rmmod "
        "nvidia_uvm nvidia_drm nvidia_modeset nvidia). Hold the driver's packages from automatic "
        "updates.",
        pattern=r"Driver/library version mismatch|NVML_ERROR_LIB_RM_VERSION_MISMATCH"
        r"|LibRmVersionMismatch",
    ),
    Signature(
        code="MLR119",
        slug="gpu-taken-away",
        family="gpu",
        cause="The container lost its GPU: NVML says unknown error.",
        why="With systemd's cgroups, systemctl daemon-reload on the host takes the devices away "
        "from running containers; or the devices may not be used in it at all.",
        fix="Start the container anew. To keep it from happening: give GPUs by CDI (docker run "
        "--device nvidia.com/gpu=all), or name the devices (--device /dev/nvidia0 ...).",
        pattern=r"Failed to initialize NVML: (?:Unknown Error|Insufficient Permissions)"
        r"|NVMLError_Unknown|nvml error: unknown error|Can't initialize NVML",
    ),
    Signature(
        code="MLR120",
        slug="libcuda-missing",
        family="gpu-setup",
        cause="The driver's library libcuda.so.1 is not in the container.",
        why="It comes from the host, mounted when a GPU is asked for; an image never brings it.",
        fix=_ASK + "With runtime: nvidia and a slim image also set NVIDIA_VISIBLE_DEVICES=all and "
        "NVIDIA_DRIVER_CAPABILITIES=compute,utility.",
        pattern=r"libcuda\.so(?:\.1)?\W{1,3} ?(?:cannot|can not|could not|not found|no such)"
        r"|(?:could not|cannot|unable to|failed to) (?:load|find|open|dlopen)"
        r"[^\n]{0,60}libcuda\.so|libcuda\.so cannot found",
        rules=("MLC101", "MLD121"),
    ),
    Signature(
        code="MLR121",
        slug="device-side-assert",
        family="program",
        cause="The program gave a GPU kernel a value out of range (device-side assert).",
        why="Most often a label or a token id is not below the number of classes or of "
        "embeddings. The traceback may point at a later line: kernels run asynchronously.",
        fix="Run it once on the CPU, or with CUDA_LAUNCH_BLOCKING=1 (env in [tool.mlbox]), for the "
        "true line; check labels.min(), labels.max() and the size of the vocabulary.",
        pattern=r"device-side assert triggered"
        r"|Assertion .{0,80}(?:srcSelectDimSize|n_classes|index out of bounds).{0,20} "
        r"failed|cudaErrorAssert\b",
    ),
    Signature(
        code="MLR122",
        slug="illegal-memory-access",
        family="program",
        cause="A GPU kernel used memory that is not its own.",
        why="A fault in a compiled extension or a custom kernel, sometimes a faulty GPU or an "
        "unstable clock. The traceback may point at a later line.",
        fix="Run with CUDA_LAUNCH_BLOCKING=1, or under compute-sanitizer, for the kernel's name; "
        "update the extension that has it (flash-attn, xformers, bitsandbytes, ...).",
        pattern=r"illegal memory access was encountered|CUDA error:? misaligned address"
        r"|CUDA_ERROR_ILLEGAL_ADDRESS|cudaErrorIllegalAddress"
        r"|illegal instruction was encountered",
    ),
    Signature(
        code="MLR123",
        slug="gpu-fault",
        family="gpu",
        cause="The GPU itself failed.",
        why="Its memory or its connection reported an error that a program cannot cause.",
        fix="On the host: nvidia-smi -q -d ECC,PAGE_RETIREMENT and dmesg | grep -i xid. Reset or "
        "reboot; if it comes again, take the GPU out of use.",
        pattern=r"uncorrectable (?:NVLink|ECC) error|fallen off the bus|NVRM: Xid|GPU is lost"
        r"|ECC_?Uncorrectable|cudaErrorECC|NVML_ERROR_GPU_IS_LOST",
        unless=r"uncorrectable \w{1,80} errors?:? ?0\b",
    ),
    Signature(
        code="MLR124",
        slug="cudnn-failed",
        family="gpu",
        cause="cuDNN could not start or failed.",
        why="Most often there was no GPU memory left for it, or the cuDNN that was loaded is not "
        "the one that the framework was built with.",
        fix="Look at nvidia-smi for other processes on the GPU and use a smaller batch; keep "
        "system copies of cuDNN off LD_LIBRARY_PATH, so that the wheel's own is used.",
        pattern=r"CUDNN_STATUS_(?!VERSION_MISMATCH|SUBLIBRARY_VERSION|SUCCESS)[A-Z_]{1,80}"
        r"|Could not create cudnn handle|cuDNN failed to initialize"
        r"|DNN library initialization failed|DNN library is not found"
        r"|unable to find an engine to execute",
        confidence="medium",
        follows=("gpu-memory", "cudnn-version", "architecture"),
    ),
    Signature(
        code="MLR125",
        slug="cudnn-version",
        family="cudnn-version",
        cause="Another version of cuDNN was loaded than the framework was built for.",
        why="A cuDNN of the base image, of conda or on LD_LIBRARY_PATH is found before the "
        "wheel's.",
        fix="Take /usr/local/cuda/lib64, /usr/lib/x86_64-linux-gnu and conda's lib out of "
        "LD_LIBRARY_PATH and do not install a second nvidia-cudnn-cu12; a slim base has none.",
        pattern=r"cuDNN version incompatibility"
        r"|Loaded runtime CuDNN library: [\d.]{1,80} but source"
        r"|CUDNN_STATUS_(?:SUBLIBRARY_)?VERSION_MISMATCH",
        rules=("MLD111",),
    ),
    Signature(
        code="MLR126",
        slug="cublas-failed",
        family="gpu",
        cause="cuBLAS could not start or failed.",
        why="CUBLAS_STATUS_ALLOC_FAILED and NOT_INITIALIZED: most often no GPU memory is left; "
        "EXECUTION_FAILED and INVALID_VALUE: an index out of range before, or a mixed cuBLAS.",
        fix="Smaller batch first (nvidia-smi shows who else uses the GPU); then once on the CPU "
        "to find an index out of range; keep other cuBLAS copies off LD_LIBRARY_PATH.",
        pattern=r"CUBLAS_STATUS_(?!SUCCESS)[A-Z_]{1,80}|failed to create cublas handle",
        confidence="medium",
        follows=("gpu-memory", "program", "architecture"),
    ),
    Signature(
        code="MLR127",
        slug="gpu-busy",
        family="gpu",
        cause="The GPU is busy or may not be used by this process.",
        why="Another process holds it in exclusive mode, or it is in MIG mode and no instance was "
        "given.",
        fix="nvidia-smi shows processes, compute mode and MIG. sudo nvidia-smi -c 0 allows "
        "sharing; with MIG give an instance: --gpus '\"device=MIG-...\"'.",
        pattern=r"CUDA-capable device\(s\) is/are busy or unavailable"
        r"|devices are busy or unavailable|cudaErrorDevicesUnavailable",
    ),
)
