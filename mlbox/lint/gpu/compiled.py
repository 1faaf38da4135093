"""What the commands of a stage compile for GPUs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import Other, PythonInstall
from mlbox.lint.gpu.markers import applies
from mlbox.lint.gpu.sources import BY_NAME, cloned, project_at
from mlbox.lint.gpu.wheels import is_public

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.findings import Location
    from mlbox.lint.commands.model import Action, Wanted
    from mlbox.lint.gpu.sources import Project
    from mlbox.lint.parse import Span, Step
    from mlbox.lint.shell.model import Command

_NAMES = frozenset(BY_NAME) | {"deepspeed", "llama-cpp-python"}
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
_BUILDS = frozenset({"install", "develop", "build", "build_ext", "bdist_wheel"})
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
        is_sure: Whether it surely is compiled; else a wheel may be fetched that fits.
        asks_nvcc: The variable without which its setup stops where there is no nvcc, although a
            wheel may be there; empty if it does not.
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
    asks_nvcc: str = ""
    reads_archs: bool = True
    archs_known: bool = False
    forced: bool | None = None
    links: tuple[str, ...] = ()
    output: str | None = None


@dataclass(kw_only=True)
class Around:
    """What there is around a command, as far as the commands before it say.

    Attributes:
        clones: Folders that ``git clone`` made, by their names, and where from.
        folder: The WORKDIR.
    """

    clones: dict[str, str]
    folder: str = ""

    def project(self, *parts: str) -> Project | None:
        """The project whose clone a path is in."""
        for part in reversed("/".join((self.folder, *parts)).split("/")):
            if part in self.clones:
                return project_at(self.clones[part])
        return None


def compiled_by(
    action: Action, step: Step, at: tuple[int, int, int], around: Around
) -> Iterator[Compiled]:
    """What a command compiles."""
    if isinstance(action, PythonInstall):
        if action.wanted:
            yield from _by_install(action, step, at, around)
    elif isinstance(action, Other):
        if found := cloned(action.command):
            around.clones[found[0]] = found[1]
        else:
            yield from _by_program(action, step, at, around)


def values_of(step: Step, command: Command) -> Mapping[str, str | None]:
    """The variables that a command sees."""
    return {**step.scope.values, **command.exported, **command.variables}


def _is_on(values: Mapping[str, str | None], name: str) -> bool:
    if name not in values:
        return False
    value = values[name]
    return value is not None and value.strip().lower() in _ON


def _by_install(
    install: PythonInstall, step: Step, at: tuple[int, int, int], around: Around
) -> Iterator[Compiled]:
    values: Mapping[str, str | None] | None = None
    for item in install.wanted:
        if not _may_compile(item) or not applies(item):
            continue
        values = values if values is not None else values_of(step, install.command)
        draft = Compiled(
            at=at,
            command=install.command,
            place=item.span or item.location,
            what=item.name,
            archs_known=values.get("TORCH_CUDA_ARCH_LIST", "") != "",
        )
        seen = {**values, **item.variables} if item.variables else values
        found = _of_item(item, install, seen, draft, around)
        if found is not None:
            yield found


def _may_compile(item: Wanted) -> bool:
    """Quickly, whether it is worth a look."""
    if item.url is not None and item.url.partition("#")[0].endswith(".whl"):
        return False
    return item.name in _NAMES or item.editable or bool(item.url or item.local)


def _of_item(
    item: Wanted,
    install: PythonInstall,
    values: Mapping[str, str | None],
    draft: Compiled,
    around: Around,
) -> Compiled | None:
    if item.name in ("deepspeed", "llama-cpp-python"):
        return _by_variables(item.name, values, draft)
    if item.url is not None:
        project = project_at(item.url)
        return _of_project(project, install.command, values, draft) if project else None
    if item.local is not None or item.editable:
        folder = item.local or item.raw
        project = around.project(install.command.folder or "", folder)
        if project is not None:
            return _of_project(project, install.command, values, draft)
        return _of_setup(item.setup, draft)
    return _of_index(item, install, values, draft)


def _by_variables(name: str, values: Mapping[str, str | None], draft: Compiled) -> Compiled | None:
    """What variables tell a distribution to compile."""
    if name == "deepspeed":
        return draft if any(_is_op(known) and _is_on(values, known) for known in values) else None
    if not _CMAKE.search(values.get("CMAKE_ARGS") or ""):
        return None
    return replace(draft, kind="program", reads_archs=False, links=_LINKED)


def _of_index(
    item: Wanted, install: PythonInstall, values: Mapping[str, str | None], draft: Compiled
) -> Compiled | None:
    """A distribution of an index: its wheel, or its source."""
    project = BY_NAME.get(item.name)
    from_source = install.is_from_source(item.name)
    if project is None or (project.has_wheels and not from_source):
        return None
    if not from_source and (install.is_from_wheel(item.name) or not is_public(item, install)):
        return None  # other indexes and folders may have wheels of it
    found = _of_project(project, install.command, values, draft)
    if found is not None and from_source and project.how == "prebuilt":
        return replace(found, is_sure=True)
    return found


def _of_project(
    project: Project, command: Command, values: Mapping[str, str | None], draft: Compiled
) -> Compiled | None:
    """What an installation of a project from source compiles."""
    draft = replace(draft, what=project.name, reads_archs=project.reads_archs)
    if project.skip and _is_on(values, project.skip):
        return None
    if project.how == "prebuilt":
        by_setup = command.program.startswith("python") and "-m" not in _texts(command)
        is_sure = by_setup or _is_on(values, project.always)
        return replace(draft, is_sure=is_sure, asks_nvcc=project.skip)
    if project.how == "flag":
        return draft if any("cuda_ext" in word for word in _texts(command)) else None
    if project.how == "force":
        forced = any(_is_set(values, name) for name in project.force)
        return replace(draft, is_sure=forced, forced=forced)
    return draft


def _texts(command: Command) -> list[str]:
    return [word.text for word in command.arguments]


def _is_set(values: Mapping[str, str | None], name: str) -> bool:
    """Whether a switch is on, or a list is not empty."""
    return _is_on(values, name) if name == "FORCE_CUDA" else values.get(name, "") != ""


def _is_op(variable: str) -> bool:
    """Whether a variable tells DeepSpeed to compile its operations for CUDA in advance."""
    not_cuda = ("DS_BUILD_STRING", "DS_BUILD_CPU_ADAM", "DS_BUILD_UTILS", "DS_BUILD_AIO")
    return variable.startswith("DS_BUILD_") and variable not in not_cuda


def _of_setup(text: str | None, draft: Compiled) -> Compiled | None:
    """An extension of the build context, if its ``setup.py`` says that it is one of CUDA."""
    if text is None or "CUDAExtension" not in text:
        return None
    depends = "is_available" in text or "CUDA_HOME" in text
    return replace(draft, what="setup.py", is_sure=not depends)


def _by_program(
    action: Other, step: Step, at: tuple[int, int, int], around: Around
) -> Iterator[Compiled]:
    command = action.command
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
        yield from _setup(action, step, at, around)


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
    action: Other, step: Step, at: tuple[int, int, int], around: Around
) -> Iterator[Compiled]:
    """``python setup.py install``."""
    command = action.command
    words = command.arguments
    script = words[0].text
    if script.rsplit("/", 1)[-1] != "setup.py" or not _BUILDS & set(_texts(command)):
        return
    values = values_of(step, command)
    archs = values.get("TORCH_CUDA_ARCH_LIST", "") != ""
    draft = Compiled(at=at, command=command, place=words[0].span, what="apex", archs_known=archs)
    inner = script.removeprefix("./").rpartition("/")[0]
    project = around.project(command.folder or "", inner)
    found: Compiled | None = None
    if any("cuda_ext" in word for word in _texts(command)):
        found = replace(draft, reads_archs=False)
    elif project is not None:
        found = _of_project(project, command, values, draft)
    else:
        found = _of_setup(action.setup, draft)
    if found is not None:
        yield found
