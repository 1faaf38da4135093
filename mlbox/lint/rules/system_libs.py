"""Rules about libraries and programs of the system that Python packages need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.findings import Edit
from mlbox.lint.commands.model import CondaInstall, PythonInstall, SystemInstall
from mlbox.lint.parse import Source, Span
from mlbox.lint.references import root
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlbox.findings import Location
    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Step
    from mlbox.lint.references import Reference

# Each wheel from 4.3 to 5.0 needs libGL.so.1, and by its Qt libgthread-2.0.so.0; neither is in it.
_GUI = {
    "opencv-python": "opencv-python-headless",
    "opencv-contrib-python": "opencv-contrib-python-headless",
}
_NEEDS_GUI = frozenset({"ultralytics"})  # requires opencv-python
_HEADLESS = frozenset(_GUI.values())
_FIRST = (4, 3)
_GL = re.compile(
    r"libgl|mesa|ffmpeg|libopencv|opencv|python3-opencv|qt|libqt|libegl|libx11|xorg|xserver|xvfb|x11|"
    r"libgtk|gtk|gnome|ubuntu-desktop|freeglut|libosmesa|chromium|google-chrome|firefox|vlc|blender|"
    r"libavdevice|gstreamer|libgstreamer|imagemagick|libvtk|vtk|ros-|libreoffice|texlive|openjdk|"
    r"default-j|nvidia-settings|cuda|nsight|libwx|wx|tk$|python3-tk|python3-matplotlib|graphviz|sdl|"
    r"libsdl|vulkan|libvulkan|libpango|weasyprint|tesseract|poppler|ghostscript"
)
_SLIM_SYSTEMS = re.compile(r"(?:ubuntu|debian)[\d.]*")
_URL = re.compile(r"\w+://\S+")
_GIT = re.compile(r"git|devscripts|npm|golang|mercurial|build-dep|r-base")
_GLIB_FREE = frozenset(
    {
        "libgl1", "libgl1-mesa-glx", "curl", "wget", "git", "ca-certificates", "build-essential",
        "gcc", "g++", "python3", "python3-pip", "python3-dev", "python3-venv", "unzip", "libsm6",
        "libxext6", "libxrender1", "vim", "nano", "cmake", "make", "libgomp1", "tzdata",
    }
)  # fmt: skip


def missing_system_lib(image: Image) -> Iterator[Hit]:
    """A package whose library, or whose program, is not in the image."""
    text = image.dockerfile.source.text
    files = any(install.files for item in image.used for install in item.installs)
    if files or "opencv" in text.lower() or "ultralytics" in text:
        yield from _opencv(image)
    if files or "lightgbm" in text.lower():
        yield from _openmp(image)
    if files or "git+" in text:
        yield from _git(image)


def _opencv(image: Image) -> Iterator[Hit]:
    final = image.final
    if final is None or (named := root(image, final.stage)) is None:
        return
    wanted = [item for stage in _shipped(image) for item in _windows(stage)]
    if not wanted or not _lacks_libraries(named.reference):
        return
    has_glib = named.reference.is_hub("python") and "slim" not in named.reference.tokens
    missing = _missing(image.lineage(final.stage), has_glib=has_glib)
    if not missing:
        return
    for item in wanted:
        headless = _GUI.get(item.name)
        use = f"Install {headless} instead" if headless else "Install opencv-python-headless too"
        yield Hit(
            item.span or item.location,
            what=f"{item.name} needs {missing}, and {named.reference.text} does not have "
            f"{'them' if ' and ' in missing else 'it'}: import cv2 fails.",
            why="The wheels of opencv-python have windows (Qt), and leave these libraries to the "
            "system (seen in those of 4.8 to 5.0).",
            fix=f"{use}: it has no windows and needs neither; or run apt-get install -y "
            "--no-install-recommends libgl1 libglib2.0-0.",
            edits=_headless(item, image),
        )


def _shipped(image: Image) -> Iterator[StageActions]:
    """The stages whose packages are in the image: its lineage, and those it copies from."""
    final = image.final
    if final is None:
        return
    own = {item.stage.index for item in image.lineage(final.stage)}
    for stage in image.lineage(final.stage):
        for flag, text in image.dockerfile.references(stage.stage):
            other = image.dockerfile.stage_named(text) if text and flag.name == "from" else None
            if other is not None:
                own |= {item.index for item in image.dockerfile.lineage(other)}
    yield from (item for item in image.stages if item.stage.index in own)


def _windows(stage: StageActions) -> Iterator[Wanted]:
    """What it installs with windows; nothing if the other variant comes too."""
    found: list[Wanted] = []
    for install in stage.installs:
        for item in install.wanted:
            if item.name in _HEADLESS:
                return
            if (item.name in _GUI or item.name in _NEEDS_GUI) and _is_new(item):
                found.append(item)
    direct = [item for item in found if item.name in _GUI]
    yield from direct or found


def _is_new(item: Wanted) -> bool:
    if item.url is not None or item.local is not None:
        return False
    if item.name in _NEEDS_GUI or item.version is None:
        return True
    parts = re.findall(r"\d+", item.version)[:2]
    return tuple(int(part) for part in parts) >= _FIRST


def _lacks_libraries(reference: Reference) -> bool:
    """Whether an image surely has no libGL."""
    if reference.digest:
        return False
    if reference.is_hub("python"):
        return not (reference.system or "").startswith("alpine")
    if reference.is_hub("ubuntu", "debian") or reference.path == "nvidia/cuda":
        system = reference.system or ""
        return bool(_SLIM_SYSTEMS.fullmatch(system)) and "opengl" not in (reference.tag or "")
    return reference.path == "astral-sh/uv" and "slim" in reference.tokens


def _missing(stages: Iterable[StageActions], *, has_glib: bool) -> str:
    """Which of the two libraries no installation brings; empty if none, or not known."""
    names: set[str] = set()
    for stage in stages:
        for action in stage.actions:
            if isinstance(action, CondaInstall):
                return ""
            if isinstance(action, SystemInstall) and action.verb in ("install", "upgrade"):
                if action.unknown:
                    return ""
                names |= {package.name.partition(":")[0] for package in action.packages}
        if any(_runs_unseen(step) for step, _ in stage.steps):
            return ""
    has_gl = any(_GL.match(name) for name in names)
    if not has_gl:
        return "libGL.so.1"
    return "libgthread-2.0.so.0" if names <= _GLIB_FREE and not has_glib else ""


def _runs_unseen(step: Step) -> bool:
    """Whether it may install what is not said here: a list of packages, a script."""
    if step.instruction.name != "RUN":
        return False
    text = _URL.sub("", step.instruction.arguments.text)
    return any(mark in text for mark in ("xargs", "apt.txt", "packages.txt", ".sh"))


def _headless(item: Wanted, image: Image) -> tuple[tuple[Span, str] | Edit, ...]:
    headless = _GUI.get(item.name)
    if headless is None:
        return ()
    if item.span is not None:
        text = image.dockerfile.source.text
        at = text.lower().find(item.name, item.span.start, item.span.end)
        end = at + len(item.name)
        return ((Span(at, end), headless),) if at >= 0 else ()
    return _in_file(item.location, item.name, headless, image)


def _in_file(place: Location, name: str, headless: str, image: Image) -> tuple[Edit, ...]:
    """The same in a requirements file."""
    text = image.files.text(place.file)
    if text is None or not place.file.endswith((".txt", ".in")):
        return ()
    start = Source(text, place.file).line_starts[place.line - 1] + place.column - 1
    if text[start : start + len(name)].lower() != name:
        return ()
    return (Edit(file=place.file, start=start, end=start + len(name), text=headless),)


# libgomp

_NEEDS_OPENMP = frozenset({"lightgbm"})  # lib_lightgbm.so asks for libgomp.so.1, and brings none
_OPENMP_FREE = frozenset(  # with what they depend on; python3-pip recommends a compiler
    {
        "ca-certificates", "curl", "git", "libgl1", "libglib2.0-0", "libsm6", "libxext6",
        "libxrender1", "nano", "python3", "python3-pip", "python3-venv", "tzdata", "unzip", "vim",
        "wget",
    }
)  # fmt: skip


def _openmp(image: Image) -> Iterator[Hit]:
    final = image.final
    if final is None or (named := root(image, final.stage)) is None:
        return
    if not _lacks_openmp(named.reference) or _may_have_openmp(image.lineage(final.stage)):
        return
    for stage in _shipped(image):
        for install in stage.installs:
            for item in install.named(*_NEEDS_OPENMP):
                yield Hit(
                    item.span or item.location,
                    what=f"{item.name} needs libgomp.so.1, and {named.reference.text} does not "
                    "have it: its import fails.",
                    why="Its wheels leave OpenMP's library to the system (seen in that of 4.7.0).",
                    fix="Run apt-get install -y --no-install-recommends libgomp1.",
                )


def _lacks_openmp(reference: Reference) -> bool:
    """Whether an image surely has no compiler, which would bring it."""
    if not _lacks_libraries(reference):
        return False
    return "slim" in reference.tokens or (
        not reference.is_hub("python") and "devel" not in reference.tokens
    )


def _may_have_openmp(stages: Iterable[StageActions]) -> bool:
    for stage in stages:
        for action in stage.actions:
            if isinstance(action, CondaInstall):
                return True
            if isinstance(action, SystemInstall) and action.verb in ("install", "upgrade"):
                names = {package.name.partition(":")[0] for package in action.packages}
                with_more = "python3-pip" in names and not action.no_recommends
                if action.unknown or with_more or not names <= _OPENMP_FREE:
                    return True
        if any(_runs_unseen(step) for step, _ in stage.steps):
            return True
    return False


# git


def _git(image: Image) -> Iterator[Hit]:
    for item in image.used:
        named = root(image, item.stage)
        if named is None or not _lacks_git(named.reference):
            continue
        yield from _without_git(item, named.reference, image)


def _without_git(item: StageActions, base: Reference, image: Image) -> Iterator[Hit]:
    for stage in image.lineage(item.stage):
        for step, actions in stage.steps:
            body = step.instruction.arguments.text
            if step.instruction.name in ("COPY", "ADD") and "git" in body:
                return
            for action in actions:
                if isinstance(action, CondaInstall) or (
                    isinstance(action, SystemInstall)
                    and (action.unknown or any(_GIT.match(p.name) for p in action.packages))
                ):
                    return
                if isinstance(action, PythonInstall) and stage is item:
                    yield from _fetched_by_git(action, base)
            if _runs_unseen(step):
                return


def _fetched_by_git(install: PythonInstall, base: Reference) -> Iterator[Hit]:
    if install.command.is_conditional:
        return
    for item in install.wanted:
        if (item.url or "").startswith("git+"):
            yield Hit(
                item.span or item.location,
                what=f"{item.name or 'A package'} is fetched with git, which {base.text} does not "
                "have.",
                why=f"{install.tool} starts the program git for git+ addresses.",
                fix="Install it before: apt-get install -y --no-install-recommends git; or name an "
                "archive of the release instead.",
            )


def _lacks_git(reference: Reference) -> bool:
    if reference.digest:
        return False
    if reference.is_hub("python"):
        return "slim" in reference.tokens or (reference.system or "").startswith("alpine")
    return reference.is_hub("ubuntu", "debian", "alpine") or reference.path == "nvidia/cuda"
