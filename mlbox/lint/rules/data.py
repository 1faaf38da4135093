"""Rules about data in images, and about DVC."""

from __future__ import annotations

import configparser
import posixpath
import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import CondaInstall, DataFetch, PythonInstall
from mlbox.lint.parse import Span
from mlbox.lint.references import root
from mlbox.lint.rule import Hit
from mlbox.lint.rules.context import ignored_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.commands.model import Action, Wanted
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Step
    from mlbox.lint.shell.model import Argument, Command

_DVC_DATA = frozenset({"pull", "fetch", "get", "get-url", "import", "import-url"})
_FETCHES = frozenset({"dvc", "aws", "gsutil", "gcloud", "kaggle", "huggingface", "git-lfs"})
_SINGLE = frozenset({"curl", "wget"})


def data_in_image(image: Image) -> Iterator[Hit]:
    """Data or models that are fetched into a layer of the image."""
    final = image.final
    if final is None:
        return
    shipped = {item.stage.index for item in image.lineage(final.stage)}
    for item in image.used:
        for _, actions in item.steps:
            for number, action in enumerate(actions):
                if not isinstance(action, DataFetch) or action.mounted or not _counts(action):
                    continue
                if any(_removes(other.command, action) for other in actions[number + 1 :]):
                    continue
                if item.stage.index in shipped or _is_copied_out(action, item, image):
                    yield _data_hit(action)


def _counts(action: DataFetch) -> bool:
    if action.tool == "dvc":
        return action.verb in _DVC_DATA
    return action.tool in _FETCHES or action.tool in _SINGLE


def _is_single(action: DataFetch) -> bool:
    """Whether it is one model, to be served as often as not."""
    by_python = action.command.program.startswith("python") and action.tool == "huggingface"
    return by_python or action.tool in _SINGLE


def _data_hit(action: DataFetch) -> Hit:
    words = action.command.words
    named = f"{words[0].text.rsplit('/', 1)[-1]} {action.verb}"
    return Hit(
        words[0].span,
        severity="info" if _is_single(action) else None,
        what=f"{named} puts its data into a layer of the image.",
        why="The image is as large as the data, every new version of the data is a new image, and "
        "whoever has the image has the data.",
        fix="Mount the data at run time (docker run -v ...), or fetch it when the container "
        "starts; for the build alone, use RUN --mount=type=cache or type=bind.",
    )


def _removes(command: Command, action: DataFetch) -> bool:
    """Whether a later command of the same RUN takes the data away again."""
    into_mount = command.program == "mv" and command.instruction.flag("mount")
    if action.target is None or not (command.program == "rm" or into_mount):
        return False
    name = action.target.rstrip("/").rsplit("/", 1)[-1]
    return any(name and name in word.text for word in command.arguments)


def _is_copied_out(action: DataFetch, item: StageActions, image: Image) -> bool:
    """Whether the final image copies what was fetched in another stage."""
    final = image.final
    for stage in image.lineage(final.stage) if final else ():
        for step, _ in stage.steps:
            flag = step.instruction.flag("from")
            other = image.dockerfile.stage_named(flag.value or "") if flag else None
            if other is None or item.stage.index not in {
                one.index for one in image.dockerfile.lineage(other)
            }:
                continue
            for word in step.instruction.paths[:-1]:
                path = step.expand(word.raw)
                if path and action.target and _holds(path, action.target):
                    return True
    return False


def _holds(path: str, target: str) -> bool:
    """Whether one of two paths is in the other."""
    first, second = (
        f"{posixpath.normpath(f'/{text}')}/".replace("//", "/") for text in (path, target)
    )
    return first.startswith(second) or second.startswith(first)


# --- MLD305 ------------------------------------------------------------------------------------

_EXTRAS = {
    "s3": "s3",
    "gs": "gs",
    "azure": "azure",
    "ssh": "ssh",
    "gdrive": "gdrive",
    "hdfs": "hdfs",
    "webhdfs": "webhdfs",
    "webdav": "webdav",
    "webdavs": "webdav",
    "oss": "oss",
}
_NEEDS_REMOTE = frozenset({"pull", "fetch", "push"})
_WITH_REMOTE = ("-c", "--cloud", "-r", "--remote")  # status asks it only then (dvc 3.67.1)


def dvc_no_remote_extra(image: Image) -> Iterator[Hit]:
    """DVC without what it needs to talk to its remote."""
    if "dvc" not in image.dockerfile.source.text:
        return
    for item in image.used:
        found = _dvc_of(item, image)
        if found is None:
            continue
        wanted, install = found
        scheme, remote = _remote(item, image)
        extra = _EXTRAS.get(scheme)
        if extra is None or _has_extra(extra, item, image):
            continue
        yield Hit(
            wanted.span or wanted.location,
            what=f"dvc is installed without [{extra}], and its remote {remote!r} is {scheme}://.",
            why=f"dvc talks to {scheme}:// with dvc-{extra}, which is an extra of its own: without "
            "it dvc pull fails.",
            fix=f'Install "dvc[{extra}]".',
            edits=_with_extra(wanted, extra, install, image),
        )


def _dvc_of(item: StageActions, image: Image) -> tuple[Wanted, PythonInstall] | None:
    """What installs dvc in a stage's lineage, if dvc then asks its remote."""
    if not any(_asks_remote(action.command) for action in item.actions) and not (
        _starts_with_dvc(item)
    ):
        return None
    for stage in image.lineage(item.stage):
        for install in stage.installs:
            for wanted in install.named("dvc"):
                return wanted, install
    return None


def _asks_remote(command: Command) -> bool:
    texts = [word.text for word in command.arguments]
    return command.program == "dvc" and (
        bool(_NEEDS_REMOTE & set(texts[:4]))
        or ("status" in texts[:4] and any(text.startswith(_WITH_REMOTE) for text in texts))
    )


def _starts_with_dvc(item: StageActions) -> bool:
    return any(
        step.instruction.name in ("CMD", "ENTRYPOINT")
        and re.search(r"\bdvc\W+(?:pull|fetch|push)\b", step.instruction.arguments.text)
        for step, _ in item.steps
    )


def _remote(item: StageActions, image: Image) -> tuple[str, str]:
    """Scheme and name of the remote that dvc asks; empty if not known."""
    name, url = "", ""
    for action in item.actions:
        texts = [word.text for word in action.command.arguments if not word.text.startswith("-")]
        if action.command.program == "dvc" and texts[:2] == ["remote", "add"] and len(texts) > 3:  # noqa: PLR2004
            name, url = texts[2], texts[3]
    if not url:
        name, url = _configured(image.files.text(".dvc/config") or "", _asked(item))
    scheme, separator, _ = url.partition("://")
    return (scheme, name) if separator else ("", name)


def _asked(item: StageActions) -> str:
    """The remote that a command names."""
    for action in item.actions:
        words = action.command.arguments
        for number, word in enumerate(words[:-1]):
            if action.command.program == "dvc" and word.text in ("-r", "--remote"):
                return words[number + 1].text
    return ""


def _configured(text: str, asked: str) -> tuple[str, str]:
    config = _config(text)
    if config is None:
        return "", ""
    remotes = {
        match[1]: config[section].get("url", "")
        for section in config.sections()
        if (match := re.fullmatch(r"""['"]?remote "(.+?)"['"]?""", section))
    }
    default = asked or config.get("core", "remote", fallback="")
    if default in remotes:
        return default, remotes[default]
    return next(iter(remotes.items())) if len(remotes) == 1 and not asked else ("", "")


def _config(text: str) -> configparser.ConfigParser | None:
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string("\n".join(line.strip() for line in text.splitlines()))
    except configparser.Error:
        return None
    return config


def _has_extra(extra: str, item: StageActions, image: Image) -> bool:
    """Whether what dvc needs is installed, or may be."""
    for stage in image.lineage(item.stage):
        for action in stage.actions:
            if isinstance(action, CondaInstall):
                return True
            if isinstance(action, PythonInstall) and _brings(action, extra):
                return True
    return False


def _brings(install: PythonInstall, extra: str) -> bool:
    if install.unread:
        return True
    return any(
        item.name == f"dvc-{extra}"
        or (item.name == "dvc" and item.extras & {extra, "all"})
        or (item.name in ("", "dvc") and (item.unknown or item.url or item.local))
        for item in install.wanted
    )


def _with_extra(
    wanted: Wanted, extra: str, install: PythonInstall, image: Image
) -> tuple[tuple[Span, str], ...]:
    """``dvc`` -> ``dvc[s3]``, where it stands."""
    if wanted.span is None or install.tool not in ("pip", "uv pip"):
        return ()
    text = image.dockerfile.source.text
    match = re.compile(r"dvc(\[[\w, -]*)?", re.IGNORECASE).search(
        text, wanted.span.start, wanted.span.end
    )
    if match is None:
        return ()
    added = f",{extra}" if match[1] else f"[{extra}]"
    return ((Span(match.end(), match.end()), added),)


# --- MLD306 ------------------------------------------------------------------------------------

_IN_REPOSITORY = frozenset({"pull", "fetch", "checkout", "repro", "push", "status"})
_PUBLIC = ("python", "ubuntu", "debian", "nvidia/cuda", "pytorch/pytorch", "continuumio/miniconda3",
           "continuumio/anaconda3", "condaforge/miniforge3", "tensorflow/tensorflow",
           "astral-sh/uv")  # fmt: skip
_IGNORED = ".dockerignore leaves .git out"
_ABSENT = "there is no .git in the build context"
_SWITCH = re.compile(r"no_scm\s*=\s*(?:true|1|yes|on)", re.IGNORECASE)


def dvc_needs_git(image: Image) -> Iterator[Hit]:
    """DVC in a folder that is no Git repository."""
    if "dvc" not in image.dockerfile.source.text:
        return
    texts = [image.files.text(path) for path in (".dvc/config", ".dvc/config.local")]
    if any(_SWITCH.search(text) for text in texts if text):
        return
    is_project = texts[0] is not None
    for item in image.used:
        command = _first_in_repository(item)
        named = root(image, item.stage)
        if command is None or named is None or named.reference.path not in _PUBLIC:
            continue
        why = _without_git(item, command, image)
        if why == _IGNORED or (why and is_project):
            yield _no_git(command, why)


def _first_in_repository(item: StageActions) -> Command | None:
    for action in item.actions:
        if action.command.program == "dvc" and _verb(action.command) in _IN_REPOSITORY:
            return action.command
    return None


def _verb(command: Command) -> str:
    """What dvc is to do: ``pull`` of ``dvc -v pull``."""
    words = (word.text for word in command.arguments)
    return next((text for text in words if not text.startswith("-")), "")


def _without_git(item: StageActions, command: Command, image: Image) -> str:
    """Why there is no ``.git`` where a command runs; empty if there is, or that is not known."""
    _, ignored = ignored_by(image)
    brought = False
    for step, actions in _until(command, item, image):
        if _may_make_git(step, actions, command):
            return ""
        sources = _sources(step)
        if sources is None:
            return ""
        if {".", ".git"} & set(sources):
            if image.files.exists(".git") is not False and not ignored.ignores(".git/HEAD"):
                return ""
            brought = True
    if not brought:
        return "no COPY brings .git"
    if ignored.ignores(".git/HEAD"):
        return _IGNORED
    return _ABSENT


def _until(
    command: Command, item: StageActions, image: Image
) -> Iterator[tuple[Step, tuple[Action, ...]]]:
    """The instructions of a lineage up to the one with a command."""
    for stage in image.lineage(item.stage):
        for step, actions in stage.steps:
            yield step, actions
            if step.instruction is command.instruction:
                return


def _may_make_git(step: Step, actions: tuple[Action, ...], command: Command) -> bool:
    """Whether an instruction makes a repository, or tells DVC to do without."""
    instruction = step.instruction
    for flag in instruction.flags_named("mount"):
        value = flag.value or ""
        if "type=bind" in value or "type=" not in value:
            return True
    for action in actions:
        if action.command is command:
            return False
        texts = [word.text for word in action.command.arguments]
        if action.command.program == "git" and {"init", "clone"} & set(texts):
            return True
        if action.command.program == "dvc" and (
            "init" in texts[:1] or "core.no_scm" in texts or "destroy" in texts[:1]
        ):
            return True
    return "no_scm" in instruction.arguments.text


def _sources(step: Step) -> tuple[str, ...] | None:
    """What a COPY brings from the context; ``None`` if that is not known."""
    instruction = step.instruction
    if instruction.name not in ("COPY", "ADD"):
        return ()
    if instruction.flag("from"):
        files = (posixpath.basename(word.raw) for word in instruction.paths[:-1])
        return () if all(name in ("uv", "uvx") or "." in name for name in files) else None
    found = []
    for item in instruction.paths[:-1]:
        word = step.expand(item.raw)
        if word is None or "://" in word:
            return None
        path = posixpath.normpath(f"/{word}").lstrip("/") or "."
        found.append("." if path == "*" else path.removesuffix("/*"))
    return tuple(found)


def _no_git(command: Command, why: str) -> Hit:
    return Hit(
        command.words[0].span,
        what=f"dvc {_verb(command)} fails: {why}, and core.no_scm is not set.",
        why="DVC refuses a project that is no Git repository, unless its configuration says "
        "core.no_scm = true.",
        severity="info" if why == _ABSENT else None,  # it may be there where the image is built
        fix="Write dvc config --local core.no_scm true before it, or copy .git too.",
        edits=_told(command, command.words[0]),
    )


def _told(command: Command, program: Argument) -> tuple[tuple[Span, str], ...]:
    """Tell DVC so, in the same RUN."""
    is_direct = "dvc" in (command.instruction.exec_form or ())
    is_plain = command.before in ("", "&&", ";", "\n") and program.text == "dvc"
    if is_direct or command.prefix or command.variables or not is_plain:
        return ()
    at = program.span.start
    return ((Span(at, at), "dvc config --local core.no_scm true && "),)
