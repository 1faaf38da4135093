"""A draft as TOML, commented; and the one place that writes it."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from mlbox.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlbox.init.inference import Draft, Inference

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

LINE = 100
TRAIN_TEMPLATE = (
    "# Nothing says what to train: name the command, and what it writes, here.",
    '# command = ["python", "train.py"]',
    '# outputs = ["out/"]',
)


def spec_text(draft: Draft, *, table: str = "") -> str:
    """Return the draft as the text of ``mlbox.toml``, or of a table of another file.

    Args:
        draft: What to write.
        table: ``""`` for a file of its own, ``"tool.mlbox"`` for pyproject.toml.
    """
    header = f"[{table}]" if table else ""
    train = f"[{table}.train]" if table else "[train]"
    lines = [
        "# Written by `mlbox init` from what is in this folder; change what is wrong.",
        *([header] if header else []),
        *(line for inference in draft.box for line in _lines(inference)),
        "",
    ]
    if draft.train:
        lines += [train, *(line for inference in draft.train for line in _lines(inference))]
    else:
        lines += [f"# {train}", *TRAIN_TEMPLATE]
    return "\n".join(lines) + "\n"


def write_spec(root: Path, draft: Draft, *, pyproject: bool = False, force: bool = False) -> Path:
    """Write the draft into a project's folder and return the file.

    Args:
        root: The project's folder.
        draft: What to write.
        pyproject: Append ``[tool.mlbox]`` to pyproject.toml instead of writing mlbox.toml.
        force: Replace a spec that is there.

    Raises:
        SpecError: There is a spec already, or pyproject.toml cannot take one.
    """
    own, shared = root / "mlbox.toml", root / "pyproject.toml"
    before = _read(shared)
    existing = own if own.exists() else shared if _has_table(before) else None
    if existing and (not force or (pyproject and existing == own)):
        raise _already(existing, pyproject=pyproject and existing == own)
    if not pyproject:
        own.write_text(spec_text(draft), encoding="utf-8")
        return own
    if not shared.is_file():
        raise SpecError(
            f"There is no pyproject.toml in {root}.",
            why="--pyproject adds a table to the one that is there.",
            fix="Leave --pyproject out to write mlbox.toml.",
        )
    shared.write_text(with_table(before, draft), encoding="utf-8", newline="")
    return shared


def with_table(pyproject: str, draft: Draft) -> str:
    """Return the text of pyproject.toml with ``[tool.mlbox]`` at its end, the rest untouched.

    Raises:
        SpecError: The text is not TOML, or its own tables leave no room for this one.
    """
    rest = "".join(_without_table(pyproject)) if _has_table(pyproject) else pyproject
    newline = "\r\n" if "\r\n" in rest else "\n"
    gap = newline * (0 if not rest else 1 if rest.endswith("\n") else 2)
    text = rest + gap + spec_text(draft, table="tool.mlbox").replace("\n", newline)
    if _others(_parsed(text)) != _others(_parsed(pyproject)):
        raise SpecError(
            "pyproject.toml cannot be changed safely.",
            why="Its [tool.mlbox] is written in a way that `mlbox init` cannot take out.",
            fix="Remove [tool.mlbox] by hand, then run `mlbox init --pyproject` again.",
        )
    return text


def _lines(inference: Inference) -> Iterator[str]:
    """The key, with the reason as a comment behind it, or above it where the line is full."""
    comment = f"# {''.join(c if c.isprintable() else '?' for c in inference.why)}"
    line = f"{inference.key} = {_value(inference.value)}"
    if len(line) + 2 + len(comment) <= LINE:
        yield f"{line}  {comment}"
        return
    yield from (comment, line)


def _value(value: str | tuple[str, ...]) -> str:
    if isinstance(value, str):
        return _quoted(value)
    items = [_quoted(item) for item in value]
    line = f"[{', '.join(items)}]"
    return line if len(line) <= LINE * 0.8 else "\n".join(("[", *(f"  {i}," for i in items), "]"))


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are valid in it, and DEL needs one too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise SpecError(
            f"{path.name} is not UTF-8 text.", why=f"{error}.", fix=f"Correct {path}."
        ) from error


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(
            "pyproject.toml cannot take a [tool.mlbox] table.",
            why=f"It would not be valid TOML: {error}.",
            fix="Correct it, or leave --pyproject out to write mlbox.toml.",
        ) from error


def _has_table(text: str) -> bool:
    try:
        return "mlbox" in tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, TypeError):
        return False


def _others(document: dict[str, Any]) -> dict[str, Any]:
    """The document without our table."""
    tool = {key: value for key, value in document.get("tool", {}).items() if key != "mlbox"}
    others = {key: value for key, value in document.items() if key != "tool"}
    return {**others, "tool": tool}


def _without_table(text: str) -> Iterator[str]:
    """The lines of a TOML text that are not in ``[tool.mlbox]`` or a table below it."""
    ours = False
    for line in text.splitlines(keepends=True):
        if header := re.match(r"\s*\[\[?\s*([\w.\s\"'-]+?)\s*\]", line):
            name = re.sub(r"[\s\"']", "", header[1])
            ours = name == "tool.mlbox" or name.startswith("tool.mlbox.")
        if not ours:
            yield line


def _already(existing: Path, *, pyproject: bool) -> SpecError:
    if pyproject:
        return SpecError(
            f"There is a spec already: {existing}.",
            why="mlbox.toml is read first, so a table in pyproject.toml would have no effect.",
            fix="Remove mlbox.toml, then run `mlbox init --pyproject` again.",
        )
    return SpecError(
        f"There is a spec already: {existing}.",
        why="`mlbox init` does not overwrite what someone wrote.",
        fix="Use --force to replace it, or --dry-run to see what would be written.",
    )
