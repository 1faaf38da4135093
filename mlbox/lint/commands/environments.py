"""The Python environments that commands make, and which Python is in them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from mlbox.lint.commands.options import read_line, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlbox.lint.commands.here import Here
    from mlbox.lint.shell.model import Argument, Command

CONDA = frozenset({"conda", "mamba", "micromamba"})
_VENV = syntax(
    "-p/--python --prompt --cache-dir --python-preference --link-mode --directory --project"
    " --index-url --default-index --app-data --pip --setuptools --seeder --activators --creator"
)
_CREATE = syntax("-n/--name -p/--prefix -c/--channel -f/--file --solver --platform --subdir")
_NAMED = re.compile(r".*/envs/([^/]+)")
_VERSION = re.compile(r"(?:.*/)?(?:cpython[@-]?|python)?(\d+\.\d+)(?:\.\d+)?(?:[+-].*)?")
_PROGRAM = re.compile(r"python(?:\d(?:\.\d+)?)?")
_CONDA_PYTHON = re.compile(r"(?:.*::)?python\s*=+\s*(\d+\.\d+)(?:[.=*].*)?")


def version_of(python: str | None) -> str | None:
    """``"3.12"`` of ``"python3.12"``, ``"cpython@3.12.4"`` or ``"/usr/bin/python3.12"``."""
    match = _VERSION.fullmatch(python or "")
    return match[1] if match else None


def made_by(
    command: Command, variables: Mapping[str, str | None]
) -> Iterator[tuple[str, str | None]]:
    """The environments that a command makes, and their Pythons; ``conda:NAME`` for a named one."""
    program, words = command.program, command.arguments
    if program == "virtualenv":
        yield from _virtual(words, None)
    elif program == "uv" and words and words[0].text == "venv":
        python = version_of(variables.get("UV_PYTHON"))
        yield from _virtual(words[1:], python, default=".venv")
    elif _PROGRAM.fullmatch(program) and [word.text for word in words[:1]] == ["-m"]:
        if [word.text for word in words[1:2]] in (["venv"], ["virtualenv"]):
            yield from _virtual(words[2:], version_of(command.words[0].text))
    elif program in CONDA and words and words[0].text == "create":
        yield from _conda(words[1:])


def _virtual(
    words: tuple[Argument, ...], python: str | None, default: str = ""
) -> Iterator[tuple[str, str | None]]:
    line = read_line(words, _VENV)
    if "--python" in line.flags:
        python = version_of(line.last("--python"))
    paths = [word.value for word in line.operands] or [default]
    yield from ((path, python) for path in paths if path)


def _conda(words: tuple[Argument, ...]) -> Iterator[tuple[str, str | None]]:
    line = read_line(words, _CREATE)
    found = (_CONDA_PYTHON.fullmatch(word.text) for word in line.operands)
    python = next((match[1] for match in found if match), None)
    name, path = line.last("--name"), line.last("--prefix")
    if name or path:
        yield (path or f"conda:{name}"), python


def python_in(command: Command, environment: str | None, here: Here) -> str | None:
    """The Python of the environment that a command installs into, where that is known."""
    if environment:
        match = _NAMED.fullmatch(environment)
        named = here.environments.get(f"conda:{match[1]}") if match else None
        return here.environments.get(environment) or named
    words = [word.text for word in command.prefix]
    return here.environments.get(conda_environment(words) or here.state.conda)


def conda_environment(words: Sequence[str]) -> str:
    """The environment of ``conda run -n NAME``: ``"conda:NAME"``, or its path; empty without."""
    if not CONDA.intersection(word.rpartition("/")[2] for word in words):
        return ""
    for option, word in pairwise(words):
        if option in ("-n", "--name"):
            return f"conda:{word}"
        if option in ("-p", "--prefix"):
            return word
    return ""
