"""What the commands of a stage compile for GPUs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import Other, PythonInstall

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.findings import Location
    from mlbox.lint.commands.model import Action, Wanted
    from mlbox.lint.image import Files
    from mlbox.lint.parse import Span, Step
    from mlbox.lint.shell.model import Command

# They fetch a wheel that fits from their releases, and compile if there is none.
PREBUILT = frozenset({"flash-attn", "mamba-ssm", "causal-conv1d", "fast-hadamard-transform"})
_FORCED = {
    "flash-attn": "FLASH_ATTENTION_FORCE_BUILD",
    "mamba-ssm": "MAMBA_FORCE_BUILD",
    "causal-conv1d": "CAUSAL_CONV1D_FORCE_BUILD",
}
_SKIPPED = {
    "flash-attn": "FLASH_ATTENTION_SKIP_CUDA_BUILD",
    "mamba-ssm": "MAMBA_SKIP_CUDA_BUILD",
    "causal-conv1d": "CAUSAL_CONV1D_SKIP_CUDA_BUILD",
}
# Their wheels are on the package index; from source, they compile for CUDA.
_WITH_WHEELS = frozenset({"xformers", "vllm", "sageattention", "torchao", "bitsandbytes"})
# From source, for CUDA only where a GPU is seen or FORCE_CUDA is set.
_PYG = frozenset({"torch-scatter", "torch-sparse", "torch-cluster", "torch-spline-conv"})
# Source alone, and always for CUDA: names as in the repositories' addresses.
_SOURCES = re.compile(
    r"/(simple-knn|diff-gaussian-rasterization|diff-surfel-rasterization|fused-ssim|MinkowskiEngine"
    r"|torchsparse|tiny-cuda-nn|xformers|SageAttention|pointnet2_pytorch|Pointnet2_PyTorch)"
    r"(?:\.git)?(?:[@#/]|$)",
    re.IGNORECASE,
)
_APEX = re.compile(r"/apex(?:\.git)?(?:[@#/]|$)")
_OWN_ARCHS = frozenset({"tiny-cuda-nn", "sageattention", "bitsandbytes"})
_NAMES = PREBUILT | _WITH_WHEELS | _PYG | {"deepspeed", "llama-cpp-python"}
_FORCE_SOURCES = re.compile(r"/(detectron2|pytorch3d)(?:\.git)?(?:[@#/]|$)", re.IGNORECASE)
_CMAKE = re.compile(
    r"-D(?:GGML_CUDA|LLAMA_CUDA|LLAMA_CUBLAS|GGML_CUBLAS|WITH_CUDA|WHISPER_CUBLAS)"
    r"(?::BOOL)?=(?:ON|1|TRUE|YES)\b",
    re.IGNORECASE,
)
_MAKE = re.compile(
    r"(?:GGML_CUDA|LLAMA_CUDA|LLAMA_CUBLAS|GGML_CUBLAS|WHISPER_CUBLAS)=(?:1|ON)", re.IGNORECASE
)
_LIBRARIES = re.compile(
    r"-l(cublas(?:Lt)?|cudnn|cufft|curand|cusparse|cusolver|nccl|nvrtc|cudart|npp\w*|nvjpeg)$"
)
_LINKED = ("cublas", "cudart")
_QUESTIONS = frozenset({"--version", "-V", "--help", "-h"})
_ON = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """Something that is compiled for GPUs, or may be.

    Attributes:
        at: Its order: stage, instruction, command.
        command: The command.
        place: What names it.
        what: Its name: ``"flash-attn"``, ``"llama-cpp-python"``, ``"nvcc"``.
        kind: ``"extension"`` of torch; ``"program"``; ``"call"`` of nvcc that compiles nothing.
        is_sure: Whether it surely needs nvcc; else a wheel may be fetched that fits.
        reads_archs: Whether TORCH_CUDA_ARCH_LIST says which GPUs it is for.
        archs_known: Whether that variable is set for it.
        forced: For one that compiles for CUDA only by force: whether it is; else ``None``.
        links: The CUDA libraries it is linked to, by name, as far as is known.
        output: The file that it writes; ``None`` if not known.
    """

    at: tuple[int, int, int]
    command: Command
    place: Span | Location
    what: str
    kind: str = "extension"
    is_sure: bool = True
    reads_archs: bool = True
    archs_known: bool = False
    forced: bool | None = None
    links: tuple[str, ...] = ()
    output: str | None = None


def compiled_by(
    action: Action, step: Step, at: tuple[int, int, int], files: Files
) -> Iterator[Compiled]:
    """What a command compiles."""
    if isinstance(action, PythonInstall):
        if action.wanted:
            yield from _by_install(action, step, at, files)
    elif isinstance(action, Other):
        yield from _by_program(action.command, step, at, files)


def values_of(step: Step, command: Command) -> Mapping[str, str | None]:
    """The variables that a command sees."""
    return {**step.scope.values, **command.exported, **command.variables}


def _is_on(values: Mapping[str, str | None], name: str) -> bool:
    if name not in values:
        return False
    value = values[name]
    return value is not None and value.strip().lower() in _ON


def _by_install(
    install: PythonInstall, step: Step, at: tuple[int, int, int], files: Files
) -> Iterator[Compiled]:
    values: Mapping[str, str | None] | None = None
    for item in install.wanted:
        if not _may_compile(item):
            continue
        values = values if values is not None else values_of(step, install.command)
        draft = Compiled(
            at=at,
            command=install.command,
            place=item.span or item.location,
            what=item.name,
            archs_known=values.get("TORCH_CUDA_ARCH_LIST", "") != "",
        )
        found = _by_name(item, install, values, draft) or _by_source(item, install, files, draft)
        if found is not None:
            yield found


def _may_compile(item: Wanted) -> bool:
    """Quickly, whether it is worth a look."""
    if item.url is not None and item.url.partition("#")[0].endswith(".whl"):
        return False
    return item.name in _NAMES or item.url is not None or item.local is not None


def _by_name(
    item: Wanted, install: PythonInstall, values: Mapping[str, str | None], draft: Compiled
) -> Compiled | None:
    """What is known of a distribution by its name."""
    from_source = bool(install.no_binary & {item.name, ":all:"})
    found: Compiled | None = None
    if item.name in PREBUILT:
        sure = from_source or _is_on(values, _FORCED.get(item.name, ""))
        if not _is_on(values, _SKIPPED.get(item.name, "")):
            found = replace(draft, is_sure=sure, reads_archs=False)
    elif item.name == "deepspeed":
        found = draft if any(_is_op(name) and _is_on(values, name) for name in values) else None
    elif item.name == "llama-cpp-python":
        if _CMAKE.search(values.get("CMAKE_ARGS") or ""):
            found = replace(draft, kind="program", reads_archs=False, links=_LINKED)
    elif item.name in _WITH_WHEELS:
        found = replace(draft, reads_archs=item.name not in _OWN_ARCHS) if from_source else None
    elif _FORCE_SOURCES.search(item.url or "") or _is_source_of_pyg(item, install):
        on = _is_on(values, "FORCE_CUDA")
        found = replace(draft, what=item.name or _repository(item), is_sure=on, forced=on)
    return found


def _is_op(variable: str) -> bool:
    """Whether a variable tells DeepSpeed to compile its operations for CUDA in advance."""
    not_cuda = ("DS_BUILD_STRING", "DS_BUILD_CPU_ADAM", "DS_BUILD_UTILS", "DS_BUILD_AIO")
    return variable.startswith("DS_BUILD_") and variable not in not_cuda


def _is_source_of_pyg(item: Wanted, install: PythonInstall) -> bool:
    """Whether one of PyG's packages comes from source: its wheels are on pages of their own."""
    indexes = install.indexes
    return item.name in _PYG and indexes.known and not indexes.all


def _repository(item: Wanted) -> str:
    match = _FORCE_SOURCES.search(item.url or "")
    return match[1].lower() if match else item.name


def _by_source(
    item: Wanted, install: PythonInstall, files: Files, draft: Compiled
) -> Compiled | None:
    """What is known of a distribution by where its source is."""
    url = item.url or ""
    if match := _SOURCES.search(url):
        name = match[1].lower()
        return replace(draft, what=name, reads_archs=name not in _OWN_ARCHS)
    if _APEX.search(url):
        words = " ".join(word.text for word in install.command.arguments)
        found = replace(draft, what="apex", reads_archs=False)
        return found if "cuda_ext" in words else None
    return _of_folder(item.local, files, draft) if item.local is not None else None


def _of_folder(folder: str, files: Files, draft: Compiled) -> Compiled | None:
    """An extension of the build context, if its ``setup.py`` says that it is one of CUDA."""
    path = re.sub(r"\[[^]]*\]$", "", folder).removeprefix("file://")
    path = path.removeprefix("./").strip("/")
    name = "setup.py" if path in ("", ".") else f"{path}/setup.py"
    text = files.text(name)
    if text is None or "CUDAExtension" not in text:
        return None
    depends = "is_available" in text or "CUDA_HOME" in text
    return replace(draft, what=name, is_sure=not depends)


def _by_program(
    command: Command, step: Step, at: tuple[int, int, int], files: Files
) -> Iterator[Compiled]:
    program = command.program
    if program == "nvcc":
        yield _nvcc(command, at)
    elif program in ("cmake", "make", "ninja"):
        pattern = _CMAKE if program == "cmake" else _MAKE
        word = next((item for item in command.arguments if pattern.search(item.text)), None)
        if word is not None:
            yield Compiled(
                at=at,
                command=command,
                place=word.span,
                what=f"{program} {word.text}",
                kind="program",
                reads_archs=False,
                links=_LINKED,
            )
    elif program.startswith("python") and command.arguments:
        yield from _setup(command, step, at, files)


def _nvcc(command: Command, at: tuple[int, int, int]) -> Compiled:
    words = [word.text for word in command.arguments]
    shared = [match[1] for word in words if (match := _LIBRARIES.fullmatch(word))]
    output = words[words.index("-o") + 1] if "-o" in words[:-1] else None
    return Compiled(
        at=at,
        command=command,
        place=command.words[0].span,
        what="nvcc",
        kind="call" if not words or set(words) & _QUESTIONS else "program",
        reads_archs=False,
        links=tuple(shared),
        output=output,
    )


def _setup(
    command: Command, step: Step, at: tuple[int, int, int], files: Files
) -> Iterator[Compiled]:
    """``python setup.py install``."""
    words = command.arguments
    if words[0].text.rsplit("/", 1)[-1] != "setup.py":
        return
    archs = values_of(step, command).get("TORCH_CUDA_ARCH_LIST", "") != ""
    draft = Compiled(at=at, command=command, place=words[0].span, what="apex", archs_known=archs)
    if any("cuda_ext" in word.text for word in words):
        yield replace(draft, reads_archs=False)
    elif command.folder is not None:
        inner = words[0].text.removeprefix("./").rpartition("/")[0]
        folder = "/".join(part for part in (command.folder.strip("/"), inner) if part)
        found = _of_folder(folder, files, draft)
        if found is not None:
            yield found
