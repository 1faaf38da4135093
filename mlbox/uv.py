"""uv: requirements -> exact, hashed pins."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.errors import LockError
from mlbox.values import normal_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlbox.sources import PackageSources

Pins = dict[str, tuple[str, tuple[str, ...]]]  # name -> (version, hashes)

# Packages that come with a framework: from its own index, and never over a base that has them.
FAMILY = re.compile(r"torch|torchvision|torchaudio|triton|pytorch-triton|nvidia-.*")
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s\\;]+)[^\\]*")
_HASH = re.compile(r"--hash=(\w+:[0-9a-f]+)")
_TRIPLES = {"linux/amd64": "x86_64-manylinux_2_28", "linux/arm64": "aarch64-manylinux_2_28"}


def uv_program() -> str:
    """Return the path of the uv that mlbox depends on."""
    import uv  # noqa: PLC0415  (loads on use)

    return str(uv.find_uv_bin())


@functools.cache
def default_index() -> str:
    """Return the package index that is asked where none is configured.

    Raises:
        LockError: uv does not say.
    """
    result = subprocess.run(
        (uv_program(), "pip", "compile", "--no-config", "--emit-index-url", "--quiet", "-"),
        env={name: text for name, text in os.environ.items() if not name.startswith("UV_")},
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.search(r"^--index-url (\S+)", result.stdout, re.MULTILINE)
    if told is None:
        raise LockError(
            "The default package index is not known.",
            why=result.stderr.strip() or "uv names none.",
            fix="Set index-url in pip's configuration.",
        )
    return told[1]


def compile_pins(
    requirements: Sequence[str],
    sources: PackageSources,
    *,
    python: str,
    platform: str,
    constraints: str = "",
    framework_index: Sequence[str] = (),
) -> Pins:
    """Resolve requirements to exact versions, with the hash of every file of each.

    Args:
        requirements: PEP 508 requirements.
        sources: Where packages come from.
        python: Python minor version of the image.
        platform: ``"linux/amd64"`` or ``"linux/arm64"``.
        constraints: Text of a constraints file.
        framework_index: At most one index, asked for torch and what is released with it, and
            for nothing else.

    Raises:
        LockError: Nothing satisfies them, an index cannot be reached, or a package has no hash.
    """
    import tempfile  # noqa: PLC0415  (a lock is read often and made seldom)

    if not requirements:
        return {}
    with tempfile.TemporaryDirectory(prefix="mlbox-lock-") as name:
        folder = Path(name)
        project = _pyproject(requirements, python, framework_index)
        (folder / "pyproject.toml").write_text(project, encoding="utf-8")
        (folder / "constraints.txt").write_text(constraints, encoding="utf-8")
        result = _uv(
            ("pip", "compile", "pyproject.toml", "--constraints", "constraints.txt"),
            ("--python", sys.executable, "--python-version", python),
            ("--python-platform", _TRIPLES[platform]),
            ("--generate-hashes", "--no-header", "--no-annotate", "--quiet"),
            sources.uv_arguments(),
            folder=folder,
            environment=sources.uv_environment(),
        )
    if result.returncode != 0:
        raise _compile_error(result.stderr, requirements)
    return dict(_parse_pins(result.stdout))


def exported_versions(project: Path) -> str:
    """Return the versions in a project's uv.lock, as the text of a constraints file.

    The framework's own packages are left out: the spec pins them, from another index.

    Raises:
        LockError: uv cannot read it.
    """
    result = _uv(
        ("export", "--frozen", "--no-emit-project", "--no-hashes"),
        ("--no-annotate", "--no-header", "--quiet"),
        folder=project,
    )
    if result.returncode != 0:
        raise LockError(
            "The project's uv.lock cannot be read.",
            why=result.stderr.strip(),
            fix="Run `uv lock` in the project.",
        )
    lines = result.stdout.splitlines()
    return "\n".join(line for line in lines if not FAMILY.fullmatch(_name(line)))


def no_hash(requirement: str) -> LockError:
    """Return the error for a requirement that nothing states a hash of."""
    return LockError(
        f"{requirement} has no hash.",
        why="It comes from a place that states none (a folder of source, a URL, a repository), so "
        "nobody could tell whether the next build installs the same thing.",
        fix="Build a wheel of it (`uv build`), put it in a folder, and name that in find-links.",
    )


def _uv(
    *arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (uv_program(), *(word for group in arguments for word in group)),
        cwd=folder,
        env={**os.environ, **(environment or {}), "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
    )


def _pyproject(requirements: Sequence[str], python: str, index: Sequence[str]) -> str:
    """A project with these dependencies, whose torch comes from torch's own index and no other."""
    names = sorted({_name(text) for text in requirements if FAMILY.fullmatch(_name(text))})
    lines = [
        "[project]",
        'name = "mlbox-lock"',
        'version = "0"',
        f'requires-python = "=={python}.*"',
        f"dependencies = {json.dumps(list(requirements))}",
    ]
    for url in index:
        lines += ["[tool.uv.sources]", *(f'{name} = {{ index = "framework" }}' for name in names)]
        lines += ["[[tool.uv.index]]", 'name = "framework"', f"url = {json.dumps(url)}"]
        lines += ["explicit = true"]
    return "\n".join(lines) + "\n"


def _parse_pins(text: str) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """Yield what ``uv pip compile --generate-hashes`` printed."""
    for entry in re.split(r"\n(?=\S)", text.strip()):
        if not entry or entry.startswith("#"):
            continue
        pin = _PIN.match(entry)
        if pin is None:
            raise no_hash(entry.split("\n")[0].strip(" \\"))
        yield pin[1], (pin[2], tuple(_HASH.findall(entry)))


def _compile_error(stderr: str, requirements: Sequence[str]) -> LockError:
    """What uv's message means."""
    lines = [line.strip() for line in stderr.strip().splitlines() if line.strip()]
    reason = " ".join(lines).removeprefix("error: ")
    absent = re.search(r"Because (\S+) was not found in the (?:package registry|provided)", stderr)
    if absent:
        return LockError(
            f"There is no package named {absent[1]}.",
            why=f"No index or folder of wheels that this machine knows has it: {reason}",
            fix="Check its spelling; a private package needs its index in pip's configuration, "
            "or find-links.",
        )
    if re.search("Failed to (fetch|read `--find-links`)|Request failed|error sending", stderr):
        return LockError(
            "A package index, or a folder of wheels, cannot be reached.",
            why=reason,
            fix="Check the network. Without one: set index-url or find-links in pip's "
            "configuration, or find-links in the spec; behind a TLS proxy, ca-bundle.",
        )
    return LockError(
        "The requirements cannot be satisfied together.",
        why=reason or "uv gave no reason.",
        fix=f"Loosen one of: {', '.join(requirements)}.",
    )


def _name(requirement: str) -> str:
    """The normal name (PEP 503) of what a requirement asks for."""
    match = re.match(r"[A-Za-z0-9][\w.-]*", requirement)
    return normal_name(match[0]) if match else ""
