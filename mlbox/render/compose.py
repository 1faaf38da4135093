"""A box and its job as a compose file: the run that ``mlbox train`` starts, for who has Compose.

What Compose cannot say is told in comments. Folders of the host are never made by it (it would
make them as root, and empty): one that is missing is an error that names it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlbox.plan import WORKSPACE, argv_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.spec import BoxSpec, JobSpec

_SERVICE = "train"
_USER = '"${UID:-1000}:${GID:-1000}"'  # as the caller, like `mlbox train`
_SHARED_MEMORY = 8 << 30  # unused, it costs nothing; Docker's 64 MB kill DataLoader workers
_UNITS = ((30, "gb"), (20, "mb"), (10, "kb"))
# Texts that need no quotes in YAML, in brackets or not, and are no number, date or word of it.
_PLAIN = re.compile(r"[A-Za-z/.][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"})
_FRACTION = re.compile(r"\.[0-9].*")


@dataclass(frozen=True, kw_only=True)
class ComposeBuild:
    """How Compose builds the image by itself.

    Attributes:
        dockerfile: Text of the Dockerfile.
        context: Folder of the build context, relative to the compose file.
        contexts: Named build contexts: name -> folder.
    """

    dockerfile: str
    context: str
    contexts: Mapping[str, str] = field(default_factory=dict)


def render_compose(
    box: BoxSpec,
    job: JobSpec,
    *,
    root: str = ".",
    secrets: tuple[str, ...] = (),
    build: ComposeBuild | None = None,
) -> str:
    """Return the compose file of a job in a box, ending in a newline.

    Args:
        box: The box.
        job: What runs in it.
        root: The project's folder, relative to the compose file.
        secrets: Names of variables that are passed through from the shell.
        build: How the image is built; ``None`` if ``mlbox build`` made it.
    """
    lines = (
        *map(_printable, _head(box, job, root)),
        f"name: {re.sub('[^a-z0-9_-]', '-', box.name)}",
        "services:",
        f"  {_SERVICE}:",
        *(f"    {line}" if line else "" for line in _service(box, job, root, secrets, build)),
    )
    return "\n".join(lines) + "\n"


def _head(box: BoxSpec, job: JobSpec, root: str) -> Iterator[str]:
    folders = [_beneath(root, name) for name in job.outputs if name.endswith("/")]
    files = [name for name in job.outputs if not name.endswith("/")]
    yield f"# {box.name}: written by mlbox from its spec. `mlbox build` makes the image."
    yield "# Run it with:"
    if folders:
        yield f"#   mkdir -p {' '.join(map(_shell_word, folders))}"
    yield '#   env UID="$(id -u)" GID="$(id -g)" docker compose up'
    for name in files:  # a mount of a file that is not there yet would be a folder
        source = _shell_word(f"{_SERVICE}:{WORKSPACE}/{name}")
        yield f"#   docker compose cp {source} {_shell_word(_beneath(root, name))}"
    if job.timeout_seconds:
        yield f"# Not kept: timeout-seconds = {job.timeout_seconds:g}; Compose has no such thing."


def _service(
    box: BoxSpec, job: JobSpec, root: str, secrets: tuple[str, ...], build: ComposeBuild | None
) -> Iterator[str]:
    yield f"image: mlbox/{box.name}:latest"
    yield f"pull_policy: {'build' if build else 'never'}"
    if build:
        yield from _built(build)
    yield f"platform: {box.platform}"
    yield f"command: [{', '.join(map(_text, argv_of(job)))}]"
    yield f"user: {_USER}"
    yield f"shm_size: {_size(_shared_memory(job))}"
    if job.cpus:
        yield f"cpus: {job.cpus:g}"
    if job.memory_bytes:
        yield f"mem_limit: {_size(job.memory_bytes)}"
    if job.network != "mlbox":
        yield f"network_mode: {job.network}"
    if secrets:
        yield "environment:"
        yield from (f"  - {name}" for name in secrets)
    if job.gpus:
        yield from _with_gpus(job.gpus)
    yield from _mounts(job, root)


def _built(build: ComposeBuild) -> Iterator[str]:
    yield "build:"
    yield f"  context: {_text(build.context)}"
    if build.contexts:
        yield "  additional_contexts:"
        yield from (f"    {name}: {_text(folder)}" for name, folder in build.contexts.items())
    yield "  dockerfile_inline: |"
    for line in build.dockerfile.replace("$", "$$").splitlines():
        yield f"    {line}" if line else ""


def _with_gpus(gpus: int | str) -> Iterator[str]:
    yield "ulimits:"
    yield "  memlock: -1"
    yield "  stack: 67108864"
    yield "deploy:"
    yield "  resources:"
    yield "    reservations:"
    yield "      devices:"
    yield "        - driver: nvidia"
    yield f"          count: {gpus}"
    yield "          capabilities: [gpu]"


def _mounts(job: JobSpec, root: str) -> Iterator[str]:
    read = [(name.removesuffix(".dvc").rstrip("/"), True) for name in job.inputs]
    written = [(name.rstrip("/"), False) for name in job.outputs if name.endswith("/")]
    if read or written:
        yield "volumes:"
    for name, read_only in (*read, *written):
        yield "  - type: bind"
        yield f"    source: {_text(_beneath(root, name))}"
        yield f"    target: {_text(f'{WORKSPACE}/{name}')}"
        if read_only:
            yield "    read_only: true"
        yield "    bind:"
        yield "      create_host_path: false"


def _shared_memory(job: JobSpec) -> int:
    """As the job says; else half of its memory, which shared memory counts to."""
    return job.shm_bytes or min(_SHARED_MEMORY, job.memory_bytes // 2 or _SHARED_MEMORY)


def _size(number: int) -> str:
    for power, unit in _UNITS:
        if number % (1 << power) == 0:
            return f"{number >> power}{unit}"
    return f"{number}b"


def _beneath(root: str, name: str) -> str:
    """A path in the project, as a compose file writes a path: it begins with a dot or a slash."""
    return f"{root}/{name.rstrip('/')}"


def _text(value: str) -> str:
    """A text in YAML, which Compose replaces no variable in."""
    value = value.replace("$", "$$")
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS and not _FRACTION.match(value)
    return value if plain else _printable(json.dumps(value, ensure_ascii=False))


def _printable(text: str) -> str:
    """A line in which nothing ends it: other characters as YAML's double quotes have them."""
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in text)


def _shell_word(value: str) -> str:
    """A word for a POSIX shell."""
    if re.fullmatch(r"[\w@%+=:,./-]+", value, re.ASCII):
        return value
    return "'" + value.replace("'", "'\\''") + "'"
