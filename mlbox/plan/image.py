"""Versions -> the stages of an image.

Stages go from what changes least to what changes most, so that an edit rebuilds little:
base image, system packages, framework, other packages, settings, code.
"""

from __future__ import annotations

import re
import shlex
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlbox.errors import SpecError
from mlbox.plan.container import WORKSPACE
from mlbox.plan.instructions import (
    BindMount,
    CacheMount,
    Command,
    Copy,
    Entrypoint,
    Env,
    ImagePlan,
    Instruction,
    Label,
    PrependPath,
    Run,
    SecretMount,
    Stage,
    TmpfsMount,
    User,
    Workdir,
)
from mlbox.resolve import made_here, through_mirror

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlbox.resolve import Resolution
    from mlbox.spec import BoxSpec

UV_IMAGE = "ghcr.io/astral-sh/uv:0.13.9"
UV_CONTEXT = "uv"
"""Named build context (a folder with the program ``uv``) that replaces uv's image."""
WHEELHOUSE_CONTEXT = "wheelhouse"
"""Named build context (a folder of wheels) that ``--find-links /wheelhouse`` finds."""

_VENV = "/opt/venv"
_HOME = "/home/mlbox"
_OWNER = "1000:1000"
_NGC_ENTRYPOINT = "/opt/nvidia/nvidia_entrypoint.sh"
_CA = SecretMount(id="ca", target="/ca.pem", mode="0444")
_NETRC = SecretMount(id="netrc", target="/netrc")
_UV = BindMount(stage=UV_CONTEXT, source="/uv", target="/uv")
# Bytecode is compiled once, here: without it every container start compiles torch anew. It is
# checked against no time stamp, so it stays valid whatever the layers do to the times of files.
# Any index may serve any package, since the hashes say which file it has to be.
_UV_SETTINGS = (
    "UV_CACHE_DIR=/uv-cache UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1\n"
    "PYC_INVALIDATION_MODE=UNCHECKED_HASH UV_INDEX_STRATEGY=unsafe-best-match"
)


def plan_image(
    spec: BoxSpec,
    resolution: Resolution,
    *,
    digests: Mapping[str, str] = MappingProxyType({}),
    command: tuple[str, ...] = (),
) -> ImagePlan:
    """Lay out the stages of a box's image.

    The build context has ``requirements/framework.txt`` (where the resolution has requirements),
    ``requirements/dependencies.txt`` and, for the last stage, the project's files in ``code/``.
    Stage ``runtime`` is the image without the project's code, stage ``code`` the whole.

    Args:
        spec: What was asked for.
        resolution: What it leads to.
        digests: ``"sha256:..."`` of references; those that are known are pinned.
        command: What a container of the whole image runs unless told otherwise.

    Raises:
        SpecError: A variable of ``spec.env`` cannot stand in an image.
    """
    framework = "framework" if resolution.requirements else "system"
    tools = (
        Stage(
            name=UV_CONTEXT,
            base=_pinned(through_mirror(UV_IMAGE, spec.registry_mirror), digests),
            why="The installer: mounted while it runs, not part of the image.",
        ),
        Stage(
            name=WHEELHOUSE_CONTEXT,
            base="scratch",
            why=f"Local wheels: none, unless given by --build-context {WHEELHOUSE_CONTEXT}=DIR.",
        ),
    )
    stages = (
        *tools,
        Stage(name="base", base=_pinned(resolution.base_image, digests), why="Where Python is."),
        _system(spec, resolution),
        *([_framework()] if resolution.requirements else []),
        *_dependencies(spec, resolution, framework, digests),
        _runtime(spec, resolution, digests),
        _code(command),
    )
    return ImagePlan(name=spec.name, summary=_summary(resolution), stages=stages)


def _summary(resolution: Resolution) -> tuple[str, ...]:
    framework = f"{resolution.framework} {resolution.version or '(of the base image)'}"
    parts = [f"Python {resolution.python}"]
    if resolution.framework:
        device = f"CUDA {resolution.cuda}" if resolution.cuda else "the CPU"
        parts.append(f"{framework} for {device}")
    driver = resolution.min_driver
    return (
        ", ".join(parts) + ".",
        *([f"Runs on NVIDIA driver {driver} or newer."] if driver else []),
    )


def _pinned(reference: str, digests: Mapping[str, str]) -> str:
    digest = digests.get(reference)
    return f"{reference}@{digest}" if digest and "@" not in reference else reference


def _system(spec: BoxSpec, resolution: Resolution) -> Stage:
    """System packages, the user, and an empty environment of the base's own Python."""
    tini = () if made_here(resolution.base_image) else ("tini",)
    packages = (*tini, *spec.system_packages)
    site = "--system-site-packages " if _brings_framework(resolution) else ""
    make_venv = f"/uv venv --no-cache {site}--python {resolution.python} {_VENV}"
    make_venv = f"UV_PYTHON_DOWNLOADS=never {make_venv}"
    return Stage(
        name="system",
        base="base",
        why="System packages, a user, and an empty Python environment.",
        instructions=(
            *([User(name="0")] if spec.base not in {"auto", "debian"} else []),
            *([_apt(packages)] if packages else []),
            Run(commands=_ADD_USER),
            Run(mounts=(_UV,), commands=(make_venv,)),
            Env(values={"VIRTUAL_ENV": _VENV}),
            PrependPath(folder=f"{_VENV}/bin"),
        ),
    )


# A run takes the caller's uid, so every uid has to be able to write here. Bases derived from
# Ubuntu 24.04 have a user 1000 already: it becomes ours.
_ADD_USER = (
    "{ getent group 1000 >/dev/null || groupadd --gid 1000 mlbox; }",
    (
        "if getent passwd 1000 >/dev/null;\n"
        f'then usermod --login mlbox --home {_HOME} --gid 1000 "$(id -nu 1000)";\n'
        f"else useradd --uid 1000 --gid 1000 --home-dir {_HOME} --no-log-init mlbox;\n"
        "fi"
    ),
    f"install --directory --owner=1000 --group=1000 --mode=0777 {_HOME} {WORKSPACE}",
)


def _apt(packages: Sequence[str]) -> Run:
    """Install packages; the engine keeps apt's caches, the layer gets none of them."""
    names = " ".join(shlex.quote(name) for name in packages)
    return Run(
        mounts=(
            CacheMount(id="mlbox-apt", target="/var/cache/apt", locked=True),
            CacheMount(id="mlbox-apt-lists", target="/var/lib/apt/lists", locked=True),
            TmpfsMount(target="/var/log"),
            _CA,
        ),
        commands=(
            "rm -f /etc/apt/apt.conf.d/docker-clean",  # it would empty the cache
            "if [ -f /ca.pem ]; then set -- -o Acquire::https::CAInfo=/ca.pem; fi",
            'apt-get "$@" update',
            (
                "DEBIAN_FRONTEND=noninteractive\n"
                f'apt-get "$@" install --yes --no-install-recommends {names}'
            ),
        ),
    )


def _framework() -> Stage:
    return Stage(
        name="framework",
        base="system",
        why="The framework: large, and the same for all projects that use it.",
        instructions=(_install("framework"),),
    )


def _dependencies(
    spec: BoxSpec, resolution: Resolution, framework: str, digests: Mapping[str, str]
) -> tuple[Stage, ...]:
    """All other packages; what has to be compiled is, where the compiler does not get shipped."""
    if resolution.devel_image is None or resolution.cuda is None:
        isolated = not spec.compiles
        return (
            Stage(
                name="dependencies",
                base=framework,
                why="All other Python packages.",
                instructions=(_install("dependencies", isolated=isolated),),
            ),
        )
    return (
        Stage(
            name="cuda",
            base=_pinned(resolution.devel_image, digests),
            why="Where NVIDIA's compiler comes from.",
        ),
        Stage(
            name="build",
            base=framework,
            why="Compiles against the same Python, C library and framework that get shipped.",
            instructions=_compile(resolution, resolution.cuda),
        ),
        Stage(
            name="dependencies",
            base="system",
            why="All Python packages, without the compilers.",
            instructions=(Copy(stage="build", source=_VENV, target=_VENV),),
        ),
    )


def _compile(resolution: Resolution, cuda: str) -> tuple[Instruction, ...]:
    home = f"/usr/local/cuda-{cuda}"
    headers = ("python3-dev",) if made_here(resolution.base_image) else ()
    capabilities = " ".join(resolution.capabilities)
    # there is no GPU in a build to ask for its capability
    targets = {"TORCH_CUDA_ARCH_LIST": capabilities} if capabilities else {}
    return (
        _apt(("g++", *headers)),
        Copy(stage="cuda", source=home, target=home),
        Env(values={"CUDA_HOME": home, **targets}),
        PrependPath(folder=f"{home}/bin"),
        _install("dependencies", isolated=False),
    )


def _install(name: str, *, isolated: bool = True) -> Run:
    """Install exactly the locked packages; where from is said in the requirements file."""
    build = "" if isolated else " --no-build-isolation"
    target = "/requirements.txt"
    return Run(
        mounts=(
            CacheMount(id="mlbox-uv", target="/uv-cache"),
            _UV,
            BindMount(stage=WHEELHOUSE_CONTEXT, source="/", target="/wheelhouse"),
            BindMount(source=f"requirements/{name}.txt", target=target),
            _CA,
            _NETRC,
        ),
        commands=(
            "if [ -f /ca.pem ]; then export SSL_CERT_FILE=/ca.pem; fi",
            "if [ -f /netrc ]; then export NETRC=/netrc; fi",
            f"{_UV_SETTINGS}\n/uv pip install --no-deps --require-hashes{build} -r {target}",
        ),
    )


def _runtime(spec: BoxSpec, resolution: Resolution, digests: Mapping[str, str]) -> Stage:
    wrapper = (_NGC_ENTRYPOINT,) if _is_ngc(resolution) else ()
    return Stage(
        name="runtime",
        base="dependencies",
        why="Settings. This is what `mlbox train` runs, with the code mounted.",
        instructions=(
            Env(values=_environment(resolution)),
            *([Env(values=_checked(spec.env))] if spec.env else []),
            Label(values=_labels(spec, resolution, digests)),
            Workdir(path=WORKSPACE),
            User(name=_OWNER),
            Entrypoint(argv=("/usr/bin/tini", "--", *wrapper)),
        ),
    )


def _code(command: tuple[str, ...]) -> Stage:
    return Stage(
        name="code",
        base="runtime",
        why="The project's code. This is what `mlbox build` makes.",
        instructions=(
            Copy(source="code/", target=f"{WORKSPACE}/", owner=_OWNER),
            *([Command(argv=command)] if command else []),
        ),
    )


def _environment(resolution: Resolution) -> dict[str, str]:
    nvidia = {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}
    sets_nvidia = _is_ngc(resolution) or _repository(resolution) in {
        "nvidia/cuda",
        "pytorch/pytorch",
    }
    return {
        "HOME": _HOME,
        "USER": "mlbox",  # getpass.getuser() fails for a uid without a name
        "LOGNAME": "mlbox",
        "PYTHONUNBUFFERED": "1",
        **(nvidia if resolution.cuda and not sets_nvidia else {}),
    }


def _checked(env: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in env.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise SpecError(
                f"env: {name!r} is not the name of a variable.",
                why="A name has letters, digits and _, and does not begin with a digit.",
                fix="Rename it.",
            )
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise SpecError(
                f"env: the value of {name} has a line break or another control character.",
                why="A Dockerfile has no way to write it down.",
                fix="Put it in a file of the project, and read that.",
            )
    return env


def _labels(spec: BoxSpec, resolution: Resolution, digests: Mapping[str, str]) -> dict[str, str]:
    base = resolution.base_image
    labels = {
        "org.opencontainers.image.title": spec.name,
        "org.opencontainers.image.base.name": base,
        "org.opencontainers.image.base.digest": digests.get(base),
        "mlbox.box": spec.name,
        "mlbox.python": resolution.python,
        f"mlbox.{resolution.framework}": resolution.version if resolution.framework else None,
        "mlbox.cuda": resolution.cuda,
    }
    return {name: value for name, value in labels.items() if value}


def _brings_framework(resolution: Resolution) -> bool:
    return resolution.framework is not None and not resolution.requirements


def _is_ngc(resolution: Resolution) -> bool:
    """NVIDIA's framework images: their entry point sets up compatibility with older drivers."""
    return _repository(resolution) in {"nvidia/pytorch", "nvidia/tensorflow", "nvidia/jax"}


def _repository(resolution: Resolution) -> str:
    """``"nvidia/cuda"``: the image's repository without registry, mirror and tag."""
    path = re.sub(r"(:[^/]*)?(@.*)?$", "", resolution.base_image)
    return "/".join(path.split("/")[-2:])
