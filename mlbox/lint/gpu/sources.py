"""Projects with CUDA code: what an installation of them from source compiles, by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.lint.shell.model import Command

How = Literal["prebuilt", "force", "always", "flag"]
_SSH = re.compile(r"[\w.-]+@[\w.-]+:(?!//)(.+)")


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project with CUDA code.

    Attributes:
        name: As the package index has it.
        how: ``"prebuilt"`` fetches a wheel that fits, and compiles where there is none; its setup
            asks for nvcc before (flash-attention#1229, #869), unless ``skip`` is set;
            ``"force"`` compiles for CUDA only where a GPU is seen or FORCE_CUDA is set;
            ``"always"``; ``"flag"`` only if ``--cuda_ext`` is said.
        reads_archs: Whether TORCH_CUDA_ARCH_LIST says which GPUs it is for.
        has_wheels: Whether the package index has wheels of it; else it has the source, or nothing.
        force: The variables that make it compile for CUDA although no GPU is seen.
        always: The variable that makes it compile although there is a wheel.
        skip: The variable that makes it leave CUDA out.
    """

    name: str
    how: How
    reads_archs: bool = True
    has_wheels: bool = False
    force: tuple[str, ...] = ("FORCE_CUDA",)
    always: str = ""
    skip: str = ""


def _prebuilt(name: str, variable: str) -> Project:
    return Project(
        name=name,
        how="prebuilt",
        reads_archs=False,
        always=f"{variable}_FORCE_BUILD",
        skip=f"{variable}_SKIP_CUDA_BUILD",
    )


_ARCHS_TOO = ("FORCE_CUDA", "TORCH_CUDA_ARCH_LIST")
_PROJECTS = {
    "flash-attention": _prebuilt("flash-attn", "FLASH_ATTENTION"),
    "mamba": _prebuilt("mamba-ssm", "MAMBA"),
    "causal-conv1d": _prebuilt("causal-conv1d", "CAUSAL_CONV1D"),
    "fast-hadamard-transform": _prebuilt("fast-hadamard-transform", "FAST_HADAMARD_TRANSFORM"),
    "apex": Project(name="apex", how="flag", reads_archs=False),
    "xformers": Project(name="xformers", how="force", has_wheels=True, force=_ARCHS_TOO),
    "vllm": Project(name="vllm", how="always", has_wheels=True),
    "sageattention": Project(
        name="sageattention", how="always", reads_archs=False, has_wheels=True
    ),
    "groundingdino": Project(name="groundingdino", how="force", force=_ARCHS_TOO),
    "tiny-cuda-nn": Project(name="tiny-cuda-nn", how="always", reads_archs=False),
    **{
        name: Project(name=name, how="always")
        for name in (
            *("simple-knn", "diff-gaussian-rasterization", "diff-surfel-rasterization"),
            *("fused-ssim", "pointnet2-pytorch"),
        )
    },
    **{
        name: Project(name=name, how="force")
        for name in ("detectron2", "pytorch3d", "minkowskiengine", "torchsparse")
    },
    **{
        f"pytorch-{name}": Project(name=f"torch-{name}", how="force")
        for name in ("scatter", "sparse", "cluster", "spline-conv")
    },
}
# Of these the package index has a source or wheels; of the others it has nothing, or another thing.
_INDEXED = frozenset({"flash-attn", "mamba-ssm", "causal-conv1d", "xformers", "vllm"}) | frozenset(
    f"torch-{name}" for name in ("scatter", "sparse", "cluster", "spline-conv")
)
BY_NAME: Mapping[str, Project] = {
    project.name: project for project in _PROJECTS.values() if project.name in _INDEXED
}


def repository_of(url: str) -> str:
    """The name of the repository that a URL is of: ``"apex"``; empty if it is of none."""
    bare = url.removeprefix("git+").partition("#")[0]
    if match := _SSH.fullmatch(bare):
        path = match[1]
    elif "://" in bare:
        path = bare.partition("://")[2].partition("/")[2]
    else:
        return ""
    parts = path.strip("/").split("/")
    name = parts[1] if len(parts) > 1 else parts[0]
    return name.partition("@")[0].removesuffix(".git").lower().replace("_", "-")


def project_at(url: str) -> Project | None:
    """The project that a URL is of, if it is one with CUDA code."""
    return _PROJECTS.get(repository_of(url))


def cloned(command: Command) -> tuple[str, str] | None:
    """The folder that ``git clone`` makes, by its last part, and the URL."""
    words = [word.text for word in command.arguments]
    if command.program != "git" or "clone" not in words:
        return None
    operands = words[words.index("clone") + 1 :]
    at = next((at for at, word in enumerate(operands) if repository_of(word)), None)
    if at is None:
        return None
    rest = [word for word in operands[at + 1 :] if not word.startswith("-")]
    folder = rest[0].rstrip("/").rpartition("/")[2] if rest else ""
    name = operands[at].rstrip("/").rpartition("/")[2].partition("@")[0].removesuffix(".git")
    return (folder or name), operands[at]
