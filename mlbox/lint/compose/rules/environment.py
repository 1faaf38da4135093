"""Rules about secrets in variables and in files of variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint import secret_texts, secrets
from mlbox.lint.compose import edits
from mlbox.lint.compose.gitignore import ignores
from mlbox.lint.compose.merging import as_map
from mlbox.lint.compose.model import variables_of
from mlbox.lint.compose.paths import joined
from mlbox.lint.parse import Span
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Edit
    from mlbox.lint.compose.model import Compose, Service, Variable
    from mlbox.lint.compose.nodes import Node

# Passwords that protect nothing: what examples write, and what images have by default.
_WEAK_WORD = (
    r"(?:pass(?:word|wd)?|postgres(?:ql)?|mysql|mariadb|mongo(?:db)?|root|admin|user|test(?:ing)?"
    r"|minio|guest|example|secret|dev(?:elopment)?|local(?:dev|host)?|default|mlflow|airflow|redis"
    r"|rabbitmq|grafana|jupyter|demo|qwerty|letmein|prefect|optuna|foo|bar|docker|label-?studio|my"
    r"|the|key|token|langfuse|clickhouse|s3|neo4j|elastic|salt|db|app|super|strong|random|some)"
)
_WEAK = re.compile(rf"(?:{_WEAK_WORD}[-_]?){{1,4}}[\d!@_-]*", re.IGNORECASE)
_LONGEST_WEAK = 40
_EXAMPLE = re.compile(
    r"[^\n#]{0,8}#[^\n]*\b(?:change[-_ ]?(?:me|this|it)|replace|example)", re.IGNORECASE
)


def secret_in_env(compose: Compose) -> Iterator[Hit]:
    """A secret's value stands in the file."""
    seen: set[int] = set()
    for service in compose.services:
        groups = (
            (service.environment, "an environment variable"),
            (variables_of(service.node.get("build", "args")), "a build argument"),
        )
        for variables, where in groups:
            for variable in variables:
                place = variable.node.span.start
                hit = _of_variable(service, variable, where) if place not in seen else None
                if hit is not None:
                    seen.add(place)
                    yield hit
        yield from _in_words(service, seen)


def _of_variable(service: Service, variable: Variable, where: str) -> Hit | None:
    value = variable.value
    if value is None or not variable.node.is_fixed or not value.strip():
        return None
    literal = next(secret_texts.literals(value), None)
    if literal is not None and literal.sure:
        return _hit(service, variable, where, f"{literal.kind} ({literal.masked})")
    certainty = secrets.secret_name(variable.name)
    if certainty is None or secrets.is_placeholder(value) or secrets.is_path(value):
        return None
    if harmless := _harmless(service, variable, value):
        return _hit(service, variable, where, harmless, weak=True)
    if certainty == "likely" and not secrets.looks_random(value):
        return None
    return _hit(service, variable, where, "a secret")


def _harmless(service: Service, variable: Variable, value: str) -> str | None:
    """What a secret is that protects nothing; ``None`` if it may protect something."""
    if _is_weak(service, value):
        return "a password that anybody guesses"
    return "an example of a secret" if _is_marked(variable.node) else None


def _is_weak(service: Service, value: str) -> bool:
    """Whether a password is no secret: an example's, or the same as the user's name."""
    names = {
        item.value
        for item in service.environment
        if item.name.upper().endswith(("USER", "USERNAME", "DB", "DATABASE"))
    }
    bare = value.strip()
    if value in names:
        return True
    return len(bare) <= _LONGEST_WEAK and _WEAK.fullmatch(bare) is not None


def _is_marked(node: Node) -> bool:
    """Whether a comment behind a value says that it is to be changed: then it is an example."""
    return _EXAMPLE.match(node.source.text, node.span.end) is not None


def _hit(service: Service, variable: Variable, where: str, kind: str, *, weak: bool = False) -> Hit:
    return Hit(
        variable.node.location,
        what=f"{variable.name}, {where} of the service {service.name!r}, has {kind} as its value.",
        why="The file goes where the code goes: into git, to everybody who has it, and "
        "`docker inspect` shows the value."
        if where != "a build argument"
        else "The file goes into git, and `docker history` shows the arguments of a build.",
        fix=f"Pass it through: write {variable.name} without a value (or ${{{variable.name}}}), "
        "and set it in the shell or in a .env file that git ignores; or use `secrets:`."
        if not weak
        else f"Where it is to protect something, write ${{{variable.name}}}, and set it in the "
        "shell or in a .env file that git ignores.",
        edits=_with_default(variable) if weak else _passed_through(variable),
        severity="info" if weak else None,
        confidence="medium" if weak else "high",
    )


def _with_default(variable: Variable) -> tuple[Edit, ...]:
    """What protects nothing may stay, for where nothing else is said."""
    if not re.fullmatch(r"[\w.!@-]+", variable.value or "", re.ASCII):
        return ()
    value = f"${{{variable.name}:-{variable.value}}}"
    if variable.in_list:
        start = variable.key.span.start  # brackets need quotes in a flow list
        is_quoted = variable.node.source.text[start - 1 : start] in ("'", '"')
        item = f"{variable.name}={value}"
        return _rewritten(variable, start, item if is_quoted else f'"{item}"')
    return edits.replaced(variable.node, f'"{value}"') if _is_plain(variable) else ()


def _passed_through(variable: Variable) -> tuple[Edit, ...]:
    if variable.in_list:
        return _rewritten(variable, variable.key.span.end, "")
    return edits.replaced(variable.node, f'"${{{variable.name}}}"') if _is_plain(variable) else ()


def _is_plain(variable: Variable) -> bool:
    """Whether its value stands here, and its name is one that Compose replaces."""
    named = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable.name) is not None
    return named and not variable.node.is_alias


def _rewritten(variable: Variable, start: int, text: str) -> tuple[Edit, ...]:
    """``- NAME=VALUE`` with another text from a place on."""
    node, equals = variable.node, variable.key.span.end
    if not _is_plain(variable) or node.source.text[equals : node.span.end] != f"={node.raw}":
        return ()
    return (edits.written(node, start, node.span.end, text),)


def _in_words(service: Service, seen: set[int]) -> Iterator[Hit]:
    """Secrets among the words of a command."""
    for word in service.words:
        literal = next(secret_texts.literals(word.text), None)
        if literal is None or not literal.sure or word.span.start in seen:
            continue
        seen.add(word.span.start)
        at = word.node.source.text.find(
            word.text[literal.start : literal.end], word.span.start, word.span.end
        )
        end = at + literal.end - literal.start
        span = Span(at, end) if at >= 0 else word.span
        yield Hit(
            word.node.source.location(span),
            what=f"The command of the service {service.name!r} has {literal.kind} "
            f"({literal.masked}) in it.",
            why="The file goes where the code goes, and every process list shows the command.",
            fix="Let the program read it from a variable that is passed through, or from a secret.",
        )


def env_file_tracked(compose: Compose) -> Iterator[Hit]:
    """A file of variables with secrets in it, which git does not ignore."""
    told: set[str] = set()
    for service in compose.services:
        for node in _env_files(service.node.get("env_file")):
            name = node.text
            if name is None or not node.is_fixed or name in told or name.startswith(("/", "~")):
                continue
            hit = _tracked(node, joined("", name), compose)
            if hit is not None:
                told.add(name)
                yield hit


def _env_files(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    for item in node.items if node.kind == "list" else (node,):
        path = item.get("path") if item.kind == "map" else item
        if path is not None and path.kind == "scalar" and not path.is_null:
            yield path


def _tracked(node: Node, path: str, compose: Compose) -> Hit | None:
    text = compose.files.text(path)
    if text is None or path.startswith("..") or not secret_texts.holds_secrets(text):
        return None
    patterns = compose.files.text(".gitignore")
    if patterns is not None and ignores(patterns, path):
        return None
    if patterns is None and compose.files.exists(".git") is not True:
        return None  # whether this is in git at all is not known
    return Hit(
        node.location,
        what=f"{path} has secrets in it, and .gitignore does not leave it out.",
        why="With the next `git add .` its secrets are in the repository's history for good.",
        fix=f"Add {path} to .gitignore (and commit an example without values in its place).",
    )


def has_pairs(node: Node | None) -> bool:
    """Whether a node has names and values."""
    return node is not None and bool(as_map(node).entries)
