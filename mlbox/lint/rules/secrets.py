"""Rules about secrets: in variables, in files that are copied, in the text itself."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import DataFetch, Other, PythonInstall
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit
from mlbox.lint.secret_texts import holds_secrets, literals
from mlbox.lint.secrets import (
    is_credential_file,
    is_path,
    is_placeholder,
    looks_random,
    secret_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Severity
    from mlbox.lint.commands.model import Action
    from mlbox.lint.image import Image, StageActions
    from mlbox.lint.parse import Instruction, Pair, Step
    from mlbox.lint.shell.model import Command

_WHY = (
    "Build arguments and variables stay in the image's history, where docker history shows them to "
    "everybody who has the image."
)
_NUMBER_OR_SWITCH = re.compile(r"-?\d{0,12}(?:\.\d+)?|true|false|yes|no|on|off", re.IGNORECASE)
_ID = "AWS_ACCESS_KEY_ID"


# What the commands have in them that write a secret into a file.
_KEEPING = (
    *("login", "run/secrets/", "nsteadOf", "nsteadof", "configure", "netrc", "credentials"),
    *(".pypirc", "/id_", "remote modify"),
)


def secret_in_layer(image: Image) -> Iterator[Hit]:
    """A secret that stays in the image or in its history."""
    final = image.final
    if final is None:
        return
    shipped = {item.stage.index for item in image.lineage(final.stage)}
    keeps = any(mark in image.dockerfile.source.text for mark in _KEEPING)
    yield from _head(image)
    for item in image.used:
        seen: set[str] = set()
        is_shipped = item.stage.index in shipped
        for step, actions in item.steps:
            name = step.instruction.name
            if name in ("ARG", "ENV"):
                yield from _declared(step, item, seen, image)
            elif name in ("COPY", "ADD"):
                yield from _copied(step, image, is_shipped=is_shipped)
            elif name == "RUN" and keeps:
                yield from _kept(actions, is_shipped=is_shipped)


def _head(image: Image) -> Iterator[Hit]:
    """A global ARG counts only for a secret in its default: no stage has it by itself."""
    for item in image.dockerfile.head:
        for pair in item.pairs if item.name == "ARG" else ():
            value = (pair.value or "").strip("\"'")
            if secret_name(pair.name) and looks_random(value):
                yield _variable(pair, "ARG", "error", ())


def _declared(step: Step, item: StageActions, seen: set[str], image: Image) -> Iterator[Hit]:
    instruction = step.instruction
    for pair in instruction.pairs:
        certainty = secret_name(pair.name)
        if certainty is None:
            continue
        severity = (_argument if instruction.name == "ARG" else _environment)(pair, certainty)
        if severity is None:
            continue
        if pair.name.upper() == _ID and severity == "error":
            severity = "warning"
        edits = _mounted(pair, instruction, item, image, first=pair.name not in seen)
        seen.add(pair.name)
        yield _variable(pair, instruction.name, severity, edits)


def _argument(pair: Pair, certainty: str) -> Severity | None:
    value = (pair.value or "").strip("\"'")
    if value and (_NUMBER_OR_SWITCH.fullmatch(value) or is_path(value)):
        return None
    if certainty == "sure" or not value or "$" in value or looks_random(value):
        return "error"
    return None


def _environment(pair: Pair, certainty: str) -> Severity | None:
    value = (pair.value or "").strip("\"'")
    if not value or _NUMBER_OR_SWITCH.fullmatch(value) or is_path(value):
        return None
    if "$" in value or looks_random(value):
        return "error"
    if is_placeholder(value):
        return "info" if certainty == "sure" else None
    return "error" if certainty == "sure" else None


def _variable(
    pair: Pair, keyword: str, severity: Severity, edits: tuple[tuple[Span, str], ...]
) -> Hit:
    name = pair.name
    start = pair.span.start
    if severity == "info":
        what = f"{keyword} {name} holds the place of a secret; the real one must not be put there."
    else:
        what = f"{keyword} {name} leaves a secret in the image's history."
    return Hit(
        Span(start, start + len(name)),
        what=what,
        why=_WHY,
        fix=f"Mount it where it is needed: RUN --mount=type=secret,id={name},env={name} ..., and "
        f"build with --secret id={name}; at run time give it with docker run -e {name}.",
        edits=edits,
        severity=severity,
    )


# --- the fix: mounted where it is used ---------------------------------------------------------


def _mounted(
    pair: Pair, instruction: Instruction, item: StageActions, image: Image, *, first: bool
) -> tuple[tuple[Span, str], ...]:
    removal = _removal(pair, instruction, image)
    if removal is None or _is_used_elsewhere(pair.name, item):
        return ()
    mounts = [] if not first else [_mount(pair.name, step) for step in _users(pair.name, item)]
    return ((removal, ""), *mounts)


def _mount(name: str, step: Step) -> tuple[Span, str]:
    at = step.instruction.keyword.end
    return Span(at, at), f" --mount=type=secret,id={name},env={name}"


def _users(name: str, item: StageActions) -> list[Step]:
    """The RUNs that use a variable: those that name it, else those that fetch something."""
    runs = [
        (step, actions)
        for step, actions in item.steps
        if step.instruction.name == "RUN"
        and not step.instruction.is_trigger
        and f"env={name}" not in "".join(flag.value or "" for flag in step.instruction.flags)
    ]
    word = re.compile(rf"\b{re.escape(name)}\b")
    naming = [step for step, _ in runs if word.search(_text(step))]
    return naming or [step for step, actions in runs if any(map(_fetches, actions))]


def _fetches(action: Action) -> bool:
    private = isinstance(action, PythonInstall) and any(item.url for item in action.wanted)
    return isinstance(action, DataFetch) or private


def _text(step: Step) -> str:
    return "\n".join(
        (step.instruction.arguments.text, *(doc.body.text for doc in step.instruction.heredocs))
    )


def _is_used_elsewhere(name: str, item: StageActions) -> bool:
    """Whether an instruction that takes no secret mount uses it, under another name."""
    use = re.compile(rf"\$\{{?{re.escape(name)}\b")
    for step, _ in item.steps:
        instruction = step.instruction
        if instruction.is_trigger and use.search(instruction.arguments.text):
            return True
        if instruction.name in ("ENV", "ARG"):
            if any(p.name != name and use.search(p.value or "") for p in instruction.pairs):
                return True
        elif instruction.name != "RUN" and use.search(instruction.arguments.text):
            return instruction.name not in ("CMD", "ENTRYPOINT", "ONBUILD")
    return False


def _removal(pair: Pair, instruction: Instruction, image: Image) -> Span | None:
    """What to take out of the file so that the variable is gone."""
    if instruction.is_trigger:
        return None
    secret = [other for other in instruction.pairs if secret_name(other.name)]
    if len(secret) == len(instruction.pairs):
        return _line(instruction, image)
    if len(secret) > 1:
        return None
    for before, after in pairwise(instruction.pairs):
        if after is pair or after.span == pair.span:
            return Span(before.span.end, pair.span.end)
        if before.span == pair.span:
            return Span(pair.span.start, after.span.start)
    return None


def _line(instruction: Instruction, image: Image) -> Span | None:
    text = image.dockerfile.source.text
    start = text.rfind("\n", 0, instruction.span.start) + 1
    end = text.find("\n", instruction.span.end)
    if instruction.span.end and text[instruction.span.end - 1 : instruction.span.end] == "\n":
        end = instruction.span.end - 1
    return Span(start, len(text) if end < 0 else end + 1)


# --- files that are copied ---------------------------------------------------------------------


def _copied(step: Step, image: Image, *, is_shipped: bool) -> Iterator[Hit]:
    instruction = step.instruction
    words = instruction.paths
    if len(words) < 2:  # noqa: PLR2004  (from, to)
        return
    *sources, target = words
    is_folder = len(sources) > 1 or target.raw.endswith(("/", "."))
    for word in sources:
        path = step.expand(word.raw)
        if path is None or path.startswith("<<") or "://" in path:
            continue
        path = posixpath.normpath(path)
        goal = "" if is_folder else posixpath.normpath(step.expand(target.raw) or "")
        named = is_credential_file(path) or (
            is_credential_file(goal) and not goal.endswith((".env", ".ssh", ".aws"))
        )
        if named and not _is_harmless(path, image, instruction):
            yield Hit(
                word.span,
                what=f"{instruction.name} brings the credentials in {path} into a layer.",
                why="A layer keeps them even if a later instruction deletes the file; everybody "
                "who has the image can read them.",
                fix=f"Mount it where it is needed: RUN --mount=type=secret,id={_id(path)},target="
                f"... , and build with --secret id={_id(path)},src={path}.",
                severity=None if is_shipped else "warning",
            )


def _id(path: str) -> str:
    return re.sub(r"\W+", "-", path.rsplit("/", 1)[-1]).strip("-") or "secret"


def _is_harmless(path: str, image: Image, instruction: Instruction) -> bool:
    """Whether a file of settings is at hand and has nothing secret in it."""
    if instruction.flag("from") or not re.search(r"\.env(?:\.\w+)?$|\.(?:ya?ml|toml)$", path):
        return False
    text = image.files.text(path.lstrip("/"))
    return text is not None and not holds_secrets(text)


# --- what commands leave behind ----------------------------------------------------------------

_FILES = re.compile(r"(?:^|/)(?:\.netrc|\.git-credentials|\.pypirc|\.aws/credentials|id_\w+)$")
_REMOTE_SECRETS = ("password", "secret_access_key", "secret", "token", "account_key", "_string")
_LOGINS = frozenset({"hf", "huggingface-cli", "wandb"})


def _kept(actions: tuple[Action, ...], *, is_shipped: bool) -> Iterator[Hit]:
    for number, action in enumerate(actions):
        if not isinstance(action, Other) or not (where := _writes(action.command)):
            continue
        if any(_takes_back(other.command) for other in actions[number + 1 :]):
            continue
        yield Hit(
            action.command.words[0].span,
            what=f"{action.command.program} writes a secret into {where}: it stays in the layer.",
            why="A secret that is mounted, or an argument, is gone after the RUN; the file is not.",
            fix="Let the program read the secret from its variable or from the mount, or remove "
            "the file in the same RUN.",
            severity=None if is_shipped else "warning",
        )


def _takes_back(command: Command) -> bool:
    texts = {word.text for word in command.words}
    return command.program in ("rm", "shred") or bool(
        texts & {"logout", "--unset", "--unset-all", "--remove-section", "unset"}
    )


def _writes(command: Command) -> str:
    """The file into which a command writes a secret; empty if it writes none."""
    texts = [word.text for word in command.arguments]
    program = command.program
    if program in _LOGINS and "login" in texts[:2]:
        given = program == "wandb" or any(text.startswith("--token") for text in texts)
        return ("~/.netrc" if program == "wandb" else "~/.cache/huggingface") if given else ""
    if program == "aws" and texts[:2] == ["configure", "set"] and "secret" in "".join(texts[2:3]):
        return "~/.aws/credentials"
    if program == "git" and texts[:1] == ["config"]:
        is_token = any("@" in text and "$" in text for text in texts)
        return "~/.gitconfig" if is_token and "insteadof" in "".join(texts).lower() else ""
    if program == "dvc" and texts[:2] == ["remote", "modify"]:
        value = command.arguments[-1]
        is_secret = any(text.endswith(_REMOTE_SECRETS) for text in texts[2:-1])
        file = ".dvc/config.local" if "--local" in texts else ".dvc/config"
        return file if is_secret and "$" in value.raw else ""
    if program in ("cp", "install", "mv") and len(texts) > 1:
        secret = any(text.startswith("/run/secrets/") for text in texts[:-1])
        return texts[-1] if secret else ""
    return _redirected(command, texts)


def _redirected(command: Command, texts: list[str]) -> str:
    target = next(
        (item.target.text for item in command.redirections if item.operator in (">", ">>")), ""
    )
    if not target or target.startswith(("/dev/", "/run/", "/tmp/")):  # noqa: S108  (not kept)
        return ""
    if command.program == "cat" and any(text.startswith("/run/secrets/") for text in texts):
        return target
    said = " ".join((*texts, *(body.text for body in command.documents)))
    return target if _FILES.search(target) and "$" in said else ""


# --- MLD302 ------------------------------------------------------------------------------------

_ASSIGNED = re.compile(r"\b([A-Za-z][A-Za-z0-9_]{3,})=[\"']?([^\s\"'$;|&]{16,})")
_NAMED = ("KEY=", "TOKEN=", "SECRET=", "PASS=", "PASSWORD=", "PAT=", "key=", "token=")


def secret_literal(image: Image) -> Iterator[Hit]:
    """A secret that stands in the file."""
    text = image.dockerfile.source.text
    comments = [item.span for item in image.dockerfile.comments]
    taken: list[Span] = []
    for found in literals(text):
        span = Span(found.start, found.end)
        if any(comment.start <= span.start < comment.end for comment in comments):
            continue
        taken.append(span)
        yield _literal_hit(span, f"{found.kind} ({found.masked})", sure=found.sure)
    if any(mark in text for mark in _NAMED):
        yield from _assigned(text, comments, taken)


def _assigned(text: str, comments: list[Span], taken: list[Span]) -> Iterator[Hit]:
    """``NAME=...`` with the name of a secret, and a value that is no word."""
    for match in _ASSIGNED.finditer(text):
        if secret_name(match[1]) is None or not looks_random(match[2]) or is_path(match[2]):
            continue
        span = Span(*match.span(2))
        overlaps = any(other.start < span.end and span.start < other.end for other in taken)
        if not overlaps and not any(c.start <= span.start < c.end for c in comments):
            yield _literal_hit(span, f"the value of {match[1]}", sure=False)


def _literal_hit(span: Span, named: str, *, sure: bool) -> Hit:
    verb = "stands" if sure else "seems to stand"
    return Hit(
        span,
        what=f"{named[:1].upper()}{named[1:]} {verb} in the Dockerfile.",
        why="Everybody who can read the file or the image's history has it.",
        fix="Revoke it. Then give the new one as a build secret (RUN --mount=type=secret,...) or "
        "at run time.",
        severity=None if sure else "warning",
        confidence="high" if sure else "medium",
    )
