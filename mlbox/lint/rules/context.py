"""The rule about what the build context brings along unasked."""

from __future__ import annotations

import posixpath
from itertools import islice
from typing import TYPE_CHECKING

from mlbox.findings import Edit
from mlbox.lint.dockerignore import Ignored
from mlbox.lint.rule import Hit
from mlbox.lint.secret_texts import holds_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Span, Step

_SECRET = (
    ".env",
    ".env.local",
    ".env.production",
    ".dvc/config.local",
    ".netrc",
    ".git-credentials",
    ".pypirc",
    ".aws/credentials",
    ".ssh",
    "id_rsa",
    "id_ed25519",
    "kaggle.json",
    "credentials.json",
    "service-account.json",
    "service_account.json",
    ".streamlit/secrets.toml",
)
# Those of them that may lie in any folder.
_ANYWHERE = frozenset(name for name in _SECRET if "/" not in name and name != ".ssh")
_DEEPEST = 4
_MOST_FOLDERS = 200
_NOT_LOOKED_INTO = frozenset({"node_modules/", "site-packages/", "__pycache__/", "venv/"})
_HEAVY = (".dvc/cache", ".dvc/tmp", ".git", ".venv", "venv")
_SETTINGS = (".env", ".toml", ".local", ".production")
_NEEDS_GIT = ("setuptools_scm", "setuptools-scm", "hatch-vcs", "versioneer", "dunamai", "pdm-scm")
_WHY = {  # by whether it is a secret, and whether the stage's layers are in the image
    (True, True): "Everybody who has the image can read the credentials in it.",
    (True, False): "The credentials stay in the build cache, and go wherever that is exported to.",
    (False, True): "It makes the image larger, and every change of it invalidates the build cache.",
    (False, False): "Every change of it invalidates the build cache.",
}
_PROJECTS = ("pyproject.toml", "setup.py", "setup.cfg")


def context_leak(image: Image) -> Iterator[Hit]:
    """Secrets, caches and histories that a COPY of a folder takes along."""
    folders = [
        (item, step, span, folder)
        for item in image.used
        for step, _ in item.steps
        for span, folder in _folders(step)
    ]
    if not folders or image.files.exists(".git") is None:
        return
    ignore_file, ignored = ignored_by(image)
    shipped = {item.index for item in image.dockerfile.lineage(image.dockerfile.stages[-1])}
    said: set[str] = set()
    for item, step, span, folder in folders:
        found = _leaks(folder, step, item, ignored, image)
        paths = tuple(path for path in found if path not in said)
        if paths:
            said.update(paths)
            is_shipped = item.stage.index in shipped
            yield _hit(span, folder, paths, ignore_file, image, is_shipped=is_shipped)


def ignored_by(image: Image) -> tuple[str, Ignored]:
    """The file that says what is left out of the context, and what it says."""
    name = posixpath.normpath(image.dockerfile.source.file)
    for path in (f"{name}.dockerignore", f"{posixpath.basename(name)}.dockerignore"):
        text = image.files.text(path)
        if text is not None:
            return path, Ignored(text)
    return ".dockerignore", Ignored(image.files.text(".dockerignore") or "")


def _folders(step: Step) -> Iterator[tuple[Span, str]]:
    """The folders of the context that a COPY or an ADD brings."""
    instruction = step.instruction
    if instruction.name not in ("COPY", "ADD") or instruction.flag("from"):
        return
    for word in instruction.paths[:-1]:
        path = step.expand(word.raw)
        if path is None or "://" in path or path.startswith("<<"):
            continue
        path = posixpath.normpath(f"/{path}").lstrip("/")
        yield word.span, "" if path == "*" else path


def _leaks(
    folder: str, step: Step, item: StageActions, ignored: Ignored, image: Image
) -> Iterator[str]:
    excluded = Ignored(
        "\n".join(flag.value or "" for flag in step.instruction.flags_named("exclude"))
    )
    for path, name in (*_paths(folder), *_deeper(folder, ignored, image)):
        if not image.files.exists(path) or ignored.ignores(path) or excluded.ignores(name):
            continue
        if name == ".git" and _needs_git(item, image):
            continue
        if name.endswith(_SETTINGS) and not _is_secret(path, image):
            continue
        if name in (".git", ".dvc/cache", ".ssh") and _all_inside_ignored(path, ignored, image):
            continue
        yield path


def _paths(folder: str) -> Iterator[tuple[str, str]]:
    """What to look for in a folder: its path in the context, and as seen from the folder."""
    for name in (*_SECRET, *_HEAVY):
        yield (f"{folder}/{name}", name) if folder else (name, name)
        if folder and name.startswith(f"{folder}/"):
            yield name, name.removeprefix(f"{folder}/")


def _deeper(folder: str, ignored: Ignored, image: Image) -> Iterator[tuple[str, str]]:
    """The same for what lies in folders of the folder, as far as somebody would look."""
    found = [(folder, 0)]
    for here, depth in islice(iter(found), _MOST_FOLDERS):  # which grows
        for name in image.files.inside(here):
            path = f"{here}/{name}".lstrip("/")
            if name.endswith("/"):
                looked_into = not name.startswith(".") and name not in _NOT_LOOKED_INTO
                if looked_into and depth < _DEEPEST and not ignored.ignores(path):
                    found.append((path.rstrip("/"), depth + 1))
            elif name in _ANYWHERE and depth:
                yield path, path.removeprefix(f"{folder}/") if folder else path


def _all_inside_ignored(path: str, ignored: Ignored, image: Image) -> bool:
    """Whether a pattern like ``.git/*`` leaves out what is in a folder."""
    inside = f"{path}/anything"
    return ignored.ignores(inside) or (
        bool(image.files.exists(f"{path}/config")) and ignored.ignores(f"{path}/config")
    )


def _is_secret(path: str, image: Image) -> bool:
    text = image.files.text(path)
    return text is None or holds_secrets(text) or path.endswith(".local")


def _needs_git(item: StageActions, image: Image) -> bool:
    """Whether the build asks git for a version, or DVC for its data."""
    programs = {action.command.program for action in item.actions}
    if programs & {"dvc", "git"}:
        return True
    texts = (image.files.text(path) or "" for path in _PROJECTS)
    return any(mark in text for text in texts for mark in _NEEDS_GIT)


def _hit(
    span: Span,
    folder: str,
    paths: tuple[str, ...],
    ignore_file: str,
    image: Image,
    *,
    is_shipped: bool,
) -> Hit:
    names = paths[0] if len(paths) == 1 else f"{', '.join(paths[:-1])} and {paths[-1]}"
    secret = any(path.endswith(_SECRET) for path in paths)
    return Hit(
        span,
        what=f"Copying {folder or 'the whole context'} takes {names} into "
        f"{'the image' if is_shipped else 'a builder stage'}.",
        why=_WHY[secret, is_shipped],
        fix=f"Add to {ignore_file}: {' '.join(paths)}",
        edits=(_edit(ignore_file, paths, image),),
        severity=None if secret or is_shipped else "info",
    )


def _edit(ignore_file: str, paths: tuple[str, ...], image: Image) -> Edit:
    text = image.files.text(ignore_file) or ""
    newline = "\n" if text and not text.endswith("\n") else ""
    added = newline + "".join(f"{path}\n" for path in paths)
    return Edit(file=ignore_file, start=len(text), end=len(text), text=added)
