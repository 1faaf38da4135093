"""The rule about a user whose home folder nobody made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import PythonInstall, UserAdd
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.rules.layers import base_of, is_debian, newline, shipped
from mlbox.lint.rules.users import ROOT, user_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.lint.image import Image
    from mlbox.lint.rules.users import User

_FIRST_UID = 1000
_MAKES_HOME = re.compile(r"/home\b|mkhomedir|usermod|CREATE_HOME|\bskel\b")
_HOMES = (
    "HOME",
    "HF_HOME",
    "XDG_CACHE_HOME",
    "TRANSFORMERS_CACHE",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "TORCH_HOME",
    "MPLCONFIGDIR",
)
# They write below HOME when they are used.
_WRITES = frozenset(
    {
        "accelerate",
        "datasets",
        "diffusers",
        "fastai",
        "huggingface-hub",
        "ipykernel",
        "jupyter",
        "jupyterlab",
        "keras",
        "lightning",
        "matplotlib",
        "nltk",
        "notebook",
        "numba",
        "open-clip-torch",
        "openai-whisper",
        "peft",
        "pytorch-lightning",
        "seaborn",
        "sentence-transformers",
        "tensorflow",
        "tensorflow-datasets",
        "timm",
        "torch",
        "torchvision",
        "transformers",
        "triton",
        "trl",
        "ultralytics",
        "vllm",
        "wandb",
    }
)


def home_unwritable(image: Image) -> Iterator[Hit]:
    """A user that nobody made a home folder for, and what writes there."""
    user = user_of(image)
    final = image.final
    if user is None or final is None or not user.name or user.name in ROOT:
        return
    if _has_home(final.stage.scope.env):
        return
    added = _added(image, user.name)
    if added is not None:
        home = f"/home/{added.name}" if _makes_no_home(added, image) else ""
    else:
        is_known = not user.name.isdigit() or _has_user(image, int(user.name))
        home = "" if is_known else "/"
    name = _writer(image) if home else ""
    if name:
        yield _hit(user, home, name, image)


def _hit(user: User, home: str, writer: str, image: Image) -> Hit:
    start = Span(user.step.instruction.span.start, user.step.instruction.span.start)
    end = newline(image.dockerfile.source.text)
    is_number = home == "/"
    return Hit(
        user.span,
        what=f"User {user.name} has no home folder: HOME is {home}, "
        + ("where it cannot write" if is_number else "which is not there")
        + f", and {writer} writes there.",
        why=(
            "No user of the image has this number, so there is no line of it in /etc/passwd. "
            if is_number
            else "Debian's useradd makes no folder without --create-home, and only root can later. "
        )
        + "Downloads of models, compiled kernels and settings go below HOME: Permission denied.",
        fix="Write ENV HOME=/tmp before it (or HF_HOME=... for models alone), or make the user "
        + (f"so: RUN useradd --create-home --uid {user.name} app." if is_number else "with -m."),
        edits=((start, f"ENV HOME=/tmp{end}"),),
    )


def _added(image: Image, user: str) -> UserAdd | None:
    """The command that makes a user, given by name or number."""
    for stage in shipped(image):
        for action in stage.actions:
            if isinstance(action, UserAdd) and user in (action.name, str(action.uid)):
                return action
    return None


def _makes_no_home(added: UserAdd, image: Image) -> bool:
    """Whether a user surely has no folder: Debian's useradd makes none by itself (measured)."""
    final = image.final
    if final is None or added.command.program != "useradd" or not added.name:
        return False
    if added.creates_home or added.home is not None or added.command.is_conditional:
        return False
    made_otherwise = _MAKES_HOME.search(image.dockerfile.source.text)
    return is_debian(base_of(image, final.stage)) and not made_otherwise


def _has_home(env: Mapping[str, str | None]) -> bool:
    return any(name in env for name in _HOMES)


def _has_user(image: Image, uid: int) -> bool:
    """Whether a user of this number may be there."""
    final = image.final
    text = image.dockerfile.source.text
    if final is None or "/etc/passwd" in text or "newusers" in text:
        return True
    repository, tag = base = base_of(image, final.stage)
    if not is_debian(base) or repository.startswith(("nvcr.io/", "rocm/")):
        return True  # who is in it is not known
    if uid == _FIRST_UID and _has_first_user(repository, tag):
        return True
    for stage in shipped(image):
        for action in stage.actions:
            if isinstance(action, UserAdd) and (action.uid is None or action.uid == uid):
                return True
    return False


def _has_first_user(repository: str, tag: str) -> bool:
    """Whether the base may have a user 1000: Ubuntu's images do from 23.04 on."""
    found = re.search(r"(?:ubuntu)?(1\d|2\d)\.(04|10)", tag)
    if repository in ("ubuntu", "nvidia/cuda"):
        return not found or int(found[1]) > 22  # noqa: PLR2004  (22.10 was the last without)
    return repository not in ("python", "debian", "buildpack-deps", "tensorflow/tensorflow")


def _writer(image: Image) -> str:
    """What is in the image that writes below HOME; empty for nothing known."""
    for stage in image.used:
        for action in stage.actions:
            if isinstance(action, PythonInstall):
                for item in action.wanted:
                    if item.name in _WRITES:
                        return item.name
    return ""
