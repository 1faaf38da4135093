"""Rules about a base image's own Python: who may install into it, and which wheels it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import CondaInstall, Other, PythonInstall, SystemInstall
from mlbox.lint.parse import Span
from mlbox.lint.references import root
from mlbox.lint.rule import Hit
from mlbox.resolve.image_contents import SYSTEM_PYTHONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import Action, SystemPackage, Wanted
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Step
    from mlbox.lint.references import Named

_FREE = re.compile(r"debian1[01]|ubuntu(?:1\d|2[0-2])\.\d\d")  # older than PEP 668
# Distributions that mark their Python (PEP 668), and which Python that is.
_MANAGED = {
    **{system: python for system, python in SYSTEM_PYTHONS.items() if not _FREE.match(system)},
    "ubuntu": "",
    "debian": "",
}
_BASES = ("ubuntu", "debian", "buildpack-deps", "node", "golang", "rust", "ruby", "eclipse-temurin")
_PIP_PACKAGES = frozenset({"python3-pip", "pip"})  # the second is a name of the first
_PYTHON_PACKAGES = frozenset(
    {"python3", "python3-pip", "python3-dev", "python3-venv", "python3-full", "python3-minimal"}
)
_OTHER_PYTHON = re.compile(r"python3\.\d+")
_HARMLESS_PATH = re.compile(
    r"\$\{?PATH\b.*|/(?:usr|bin|sbin)(?:/.*)?|.*(?:cuda|nvidia|/\.local/bin|/\.cargo/bin).*|"
)
_ALLOWED = frozenset(
    {"--break-system-packages", "--target", "--prefix", "--root", "--dry-run", "--python"}
)
_VENV = "/opt/venv"


@dataclass
class _Seen:
    """What a lineage did before a command."""

    pip: SystemPackage | None = None
    pip_step: Step | None = None
    has_python: bool = False
    is_free: bool = False
    user: str = ""
    found: list[tuple[Step, PythonInstall]] = field(default_factory=list)


def system_pip(image: Image) -> Iterator[Hit]:
    """Pip installs into a Python that its distribution has marked as its own."""
    if "pip" not in image.dockerfile.source.text:
        return
    for item in image.used:
        named = root(image, item.stage)
        if named is None or not _is_managed(named):
            continue
        seen = _Seen()
        for ancestor in image.lineage(item.stage):
            seen.found.clear()
            for step, actions in ancestor.steps:
                _follow(step, actions, seen, _MANAGED[named.reference.system or ""])
        if seen.found:
            yield _managed_hit(named, seen, image)


def _is_managed(named: Named) -> bool:
    reference = named.reference
    if reference.system not in _MANAGED or reference.digest:
        return False
    return reference.is_hub(*_BASES) or reference.path == "nvidia/cuda"


def _follow(step: Step, actions: tuple[Action, ...], seen: _Seen, version: str) -> None:
    text = step.instruction.arguments.text
    documents = "".join(item.body.text for item in step.instruction.heredocs)
    _surroundings(step, text + documents, seen)
    for action in actions:
        if isinstance(action, SystemInstall) and action.verb == "install":
            _packages(action, step, seen, version)
        elif isinstance(action, CondaInstall):
            seen.is_free = True
        elif isinstance(action, Other) and "break-system-packages" in documents + text:
            seen.is_free = seen.is_free or action.command.program in (
                "echo",
                "printf",
                "cat",
                "tee",
            )
        elif isinstance(action, PythonInstall) and _is_refused(action, seen, version):
            seen.found.append((step, action))


def _surroundings(step: Step, text: str, seen: _Seen) -> None:
    """What else decides which Python it is, and whether it is marked."""
    name = step.instruction.name
    if "EXTERNALLY-MANAGED" in text:
        seen.is_free = True
    if name in ("COPY", "ADD") and ("pip.conf" in text or step.instruction.flag("from")):
        seen.is_free = seen.is_free or "pip.conf" in text or "python" in text or "conda" in text
    if name == "USER":
        seen.user = text.strip()
    if name == "ENV":
        for pair in step.instruction.pairs:
            if pair.name == "PATH" and pair.value:
                parts = pair.value.strip("\"'").split(":")
                seen.is_free = seen.is_free or not all(map(_HARMLESS_PATH.fullmatch, parts))


def _packages(install: SystemInstall, step: Step, seen: _Seen, version: str) -> None:
    for package in install.packages:
        if package.name in _PIP_PACKAGES and seen.pip is None:
            seen.pip, seen.pip_step = package, step
        if package.name in _PYTHON_PACKAGES:
            seen.has_python = True
        match = _OTHER_PYTHON.match(package.name)
        if match and version and match[0] != f"python{version}":
            seen.is_free = True  # another Python, which may not be marked


def _is_refused(install: PythonInstall, seen: _Seen, version: str) -> bool:
    if seen.is_free or install.verb != "install" or install.flags & _ALLOWED:
        return False
    command = install.command
    if command.is_conditional or command.after == "||":
        return False
    if install.python and version and install.python != version:
        return False
    if install.tool == "uv pip":
        return install.system_python and seen.has_python
    user = "--user" in install.flags and install.environment == ""
    return install.tool == "pip" and seen.pip is not None and (install.system_python or user)


def _managed_hit(named: Named, seen: _Seen, image: Image) -> Hit:
    first = seen.found[0][1]
    more = len(seen.found) - 1
    return Hit(
        first.command.words[0].span,
        what=f"{first.tool} install refuses to change the system's Python of "
        f"{named.reference.text}: externally-managed-environment"
        + (f" (here and {more} more)." if more else "."),
        why="Debian from 12 and Ubuntu from 23.04 on mark their Python as belonging to apt "
        "(PEP 668).",
        fix=f"Install into an environment: RUN python3 -m venv {_VENV} (package python3-venv) and "
        f'ENV PATH="{_VENV}/bin:$PATH" before it; or say --break-system-packages.',
        edits=_environment(seen, image) or _override(seen),
    )


def _environment(seen: _Seen, image: Image) -> tuple[tuple[Span, str], ...]:
    """Make a virtual environment before the first installation, where that can be done."""
    pip, made = seen.pip, seen.pip_step
    if pip is None or made is None or seen.user not in ("", "root", "0"):
        return ()
    if made.instruction.exec_form is not None:
        return ()
    for step, install in seen.found:
        same = step.instruction.span == made.instruction.span
        named = "/" in install.command.words[0].text or "--user" in install.flags
        if same or named or install.tool != "pip" or step.instruction.is_trigger:
            return ()
    source = image.dockerfile.source
    newline = "\r\n" if "\r\n" in source.text else "\n"
    start = seen.found[0][0].instruction.span.start
    lines = (f"RUN python3 -m venv {_VENV}", f'ENV PATH="{_VENV}/bin:$PATH"', "")
    return (
        (Span(pip.argument.span.end, pip.argument.span.end), " python3-venv"),
        (Span(start, start), newline.join(lines)),
    )


def _override(seen: _Seen) -> tuple[tuple[Span, str], ...]:
    edits = []
    for step, install in seen.found:
        word = next((w for w in install.command.words if w.text == "install"), None)
        exec_form = step.instruction.exec_form
        if word is None or (exec_form is not None and "install" in exec_form):
            return ()
        edits.append((Span(word.span.end, word.span.end), " --break-system-packages"))
    return tuple(edits)


# --- MLD206 ------------------------------------------------------------------------------------

# No release of these, or of what they need, has wheels for musl, or a source archive that builds.
_GLIBC_ONLY = frozenset(
    {
        "torch", "torchvision", "torchaudio", "pytorch-lightning", "torchmetrics", "accelerate",
        "sentence-transformers", "ultralytics", "timm", "fastai", "vllm", "openai-whisper",
        "tensorflow", "tensorflow-cpu", "tensorflow-gpu", "jaxlib", "jax", "flax",
        "onnxruntime", "onnxruntime-gpu",
    }
)  # fmt: skip
_DIRECT = frozenset(
    {
        "torch", "torchvision", "torchaudio", "tensorflow", "tensorflow-cpu", "tensorflow-gpu",
        "jaxlib", "jax", "onnxruntime", "onnxruntime-gpu",
    }
)  # fmt: skip
_ALPINE_BASES = ("alpine", "python", "astral-sh/uv")
_DISTRIBUTED = ("py3-pytorch", "py3-torch", "py3-tensorflow", "py3-jaxlib", "py3-onnxruntime")


def alpine_ml(image: Image) -> Iterator[Hit]:
    """Wheels that are made for glibc, on musl."""
    if "alpine" not in image.dockerfile.source.text.lower():
        return
    for item in image.used:
        named = root(image, item.stage)
        if named is None or not _is_alpine(named):
            continue
        if _has_glibc(image.lineage(item.stage)):
            continue
        for install in item.installs:
            yield from _on_musl(install, named)


def _is_alpine(named: Named) -> bool:
    reference = named.reference
    return reference.path in _ALPINE_BASES and (reference.system or "").startswith("alpine")


def _has_glibc(stages: tuple[StageActions, ...]) -> bool:
    """Whether another C library, or Alpine's own build of a framework, may be there."""
    for stage in stages:
        for action in stage.actions:
            if isinstance(action, CondaInstall):
                return True
            if isinstance(action, SystemInstall) and any(
                "glibc" in package.name or package.name.startswith(_DISTRIBUTED)
                for package in action.packages
            ):
                return True
    return False


def _on_musl(install: PythonInstall, named: Named) -> Iterator[Hit]:
    indexes = install.indexes
    own = [url for url in indexes.all if "download.pytorch.org" not in url]
    if install.verb != "install" or not indexes.known or own or "--no-deps" in install.flags:
        return
    for item in install.wanted:
        if item.name in _GLIBC_ONLY and item.url is None and item.local is None and _applies(item):
            yield Hit(
                item.span or item.location,
                what=f"{item.name} does not install on {named.reference.text}.",
                why=f"{_needs(item)} wheels are made for glibc (manylinux); Alpine's C library is "
                "musl, and there is no source to build from.",
                fix=f"Build on Debian: FROM {_slim(named)}.",
            )


def _needs(item: Wanted) -> str:
    return "Its" if item.name in _DIRECT else "It needs a framework whose"


def _applies(item: Wanted) -> bool:
    """Whether a marker lets it be installed on Linux."""
    marker = item.requirement.marker if item.requirement else None
    if marker is None:
        return True
    text = str(marker)
    return "extra" not in text and "platform" not in text and "os_name" not in text


def _slim(named: Named) -> str:
    reference = named.reference
    if reference.is_hub("python"):
        version = reference.tokens[0]
        return f"python:{version}-slim" if version[:1].isdigit() else "python:3.12-slim"
    if reference.path == "astral-sh/uv":
        return f"{reference.name}:{(reference.tag or '').partition('-alpine')[0]}-bookworm-slim"
    return "python:3.12-slim"
