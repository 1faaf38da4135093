"""What a project's Python code says about its box: its imports, its entry script, its outputs."""

from __future__ import annotations

import ast
import json
import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.init.folder import Folder

ENTRY_SCRIPTS = ("train.py", "main.py", "run.py")
ENTRY_FOLDERS = ("", "src/", "scripts/")
OUTPUT_FOLDERS = ("out", "output", "outputs", "results", "checkpoints", "artifacts")
OUTPUT_OPTION = re.compile(
    r"-o|--out(puts?)?([-_]?(dir|directory|path|folder|file))?"
    r"|--(save|results?|checkpoints?|ckpt|log|artifacts?|models?)[-_]?(dir|directory|folder)"
)
HOST_ONLY = {"IPython", "google", "ipywidgets", "mlbox", "papermill"}  # not for the box
TESTS = re.compile(
    r"(^|/)(tests?|docs)/|(^|/)(test_[^/]*|[^/]*_test|conftest|setup|noxfile|tasks)\.py$"
)
OPTIONAL = re.compile(r"'(ImportError|ModuleNotFoundError|TYPE_CHECKING)'")
MAIN_PART = re.compile(r"""^if __name__ == ["']__main__["']""", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Output:
    """Something the entry script writes, relative to the project, and how that is known."""

    path: str
    why: str


def imports_of(folder: Folder) -> Mapping[str, str]:
    """Map each imported package that is not the project's own to where it is imported first.

    Left out: the standard library, imports that the code can do without (``try`` ... ``except
    ImportError``, ``if TYPE_CHECKING``), tests, and what only a notebook's host needs.
    """
    own = _own_modules(folder)
    found: dict[str, str] = {}
    for path, text in folder.sources():
        if TESTS.search(path):
            continue
        for name, line in _imports(path, text):
            if name not in own and name not in sys.stdlib_module_names | HOST_ONLY:
                place = f"{path}, line {line}" if path.endswith(".py") else path
                found.setdefault(name, place)
    return found


def entry_of(folder: Folder) -> tuple[str, str] | None:
    """The script that trains, and how that is known; ``None`` if nothing says so."""
    for name in ENTRY_SCRIPTS:
        for where in ENTRY_FOLDERS:
            if where + name in folder.paths:
                return where + name, f"{where}{name} is there"
    mains = [
        path
        for path, text in folder.sources()
        if re.fullmatch(r"[^/]+\.py", path) and MAIN_PART.search(text) and not TESTS.search(path)
    ]
    if len(mains) != 1:
        return None
    return mains[0], f"{mains[0]} is the only script with a main part"


def outputs_of(folder: Folder, entry: str) -> tuple[Output, ...]:
    """What the entry script writes: defaults of its ``--out``-like options, else known folders."""
    options = tuple(_output_options(entry, folder.texts.get(entry, "")))
    if options:
        return options
    ignored = {line.strip().strip("/") for line in folder.texts.get(".gitignore", "").splitlines()}
    return tuple(
        Output(path=f"{name}/", why=f"{name}/ is {'in .gitignore' if name in ignored else 'there'}")
        for name in OUTPUT_FOLDERS
        if name in folder.folders | ignored
    )


def _own_modules(folder: Folder) -> set[str]:
    """Names the project's own code can be imported by."""
    own: set[str] = set()
    for path in folder.paths:
        if path.endswith(".py"):
            own.update(PurePosixPath(path).with_suffix("").parts)
    return own


def _imports(path: str, text: str) -> Iterator[tuple[str, int]]:
    """Top-level names of the modules that a file needs, each with its line."""
    tree = _parsed(text if path.endswith(".py") else _notebook_code(text))
    optional = {id(inner) for node in ast.walk(tree) for inner in _optional(node)}
    for node in ast.walk(tree):
        if id(node) in optional:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0], node.lineno


def _optional(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in the part of a node that the code can do without."""
    if isinstance(node, ast.Try):
        conditions = [ast.dump(handler.type) for handler in node.handlers if handler.type]
    else:
        conditions = [ast.dump(node.test)] if isinstance(node, ast.If) else []
    if isinstance(node, (ast.Try, ast.If)) and OPTIONAL.search(" ".join(conditions)):
        for statement in node.body:
            yield from ast.walk(statement)


def _output_options(path: str, text: str) -> Iterator[Output]:
    seen = set()
    for node in ast.walk(_parsed(text)):
        if not isinstance(node, ast.Call):
            continue
        flags = (_text_of(argument) for argument in node.args)
        option = next((flag for flag in flags if flag and OUTPUT_OPTION.fullmatch(flag)), None)
        default = next((word.value for word in node.keywords if word.arg == "default"), None)
        value = _text_of(default)
        if option and value and value not in seen and is_inside(value):
            seen.add(value)
            why = f"{option} is {value!r} by default in {path}, line {node.lineno}"
            yield Output(path=_as_output(value), why=why)


def _text_of(node: ast.expr | None) -> str | None:
    """The text of ``"out"`` or ``Path("out")``."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and "Path" in ast.dump(node.func):
        return _text_of(node.args[0])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _as_output(path: str) -> str:
    plain = PurePosixPath(path)
    return plain.as_posix() if plain.suffix else f"{plain.as_posix()}/"


def is_inside(path: str) -> bool:
    """Whether a relative path names something below the project, in ordinary characters."""
    parts = PurePosixPath(path).parts
    return bool(parts) and path.isprintable() and ".." not in parts and parts[0][0] not in "/~"


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the user's code: its warnings are not ours to show
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _notebook_code(text: str) -> str:
    """The code cells of a notebook, one after another, magics and shell lines made ``pass``."""
    try:
        cells = json.loads(text)["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    plain = (re.sub(r"^(\s*)[%!?].*$", r"\1pass", cell, flags=re.MULTILINE) for cell in code)
    return "\n".join(cell for cell in plain if _parsed(cell).body)
