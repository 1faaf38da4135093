"""What an engine's messages mean: its text -> an error in three parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.errors import BuildError, EngineError, HostError, MlboxError

if TYPE_CHECKING:
    from mlbox.engine.progress import Progress
    from mlbox.engine.protocol import BuildRequest
    from mlbox.findings import Finding
    from mlbox.plan import RunPlan

_UNREACHABLE = re.compile(
    r"failed to (?:resolve source metadata for|do request|fetch \w+|copy)|dial tcp|no such host"
    r"|TLS handshake|i/o timeout|pull access denied|failed to authorize"
)
_GONE = re.compile(r"error reading from server|transport is closing|Cannot connect to the Docker")
_IMAGE = re.compile(
    r"(?:source metadata for|pull access denied for|load metadata for) ([^\s:,]+(?::[^\s:,]+)?)"
)
_DIAGNOSED_LINES = 2000
_EXIT_CODE = re.compile(r"did not complete successfully: exit code: (\d+)")


def build_failure(progress: Progress, request: BuildRequest) -> BuildError:
    """Say why a build failed, from all that buildx printed."""
    error = _explained(progress, request)
    error.line, error.excerpt = progress.failed_line(), progress.excerpt()
    error.log_tail = progress.log_tail()
    return error


def _explained(progress: Progress, request: BuildRequest) -> BuildError:
    text, tail = "\n".join(progress.text), progress.log_tail()
    if "no space left on device" in "\n".join((text, *tail)).lower():
        return _disk_full(progress)
    if _GONE.search(text):
        return _gone(text)
    if _is_pull(progress.failed_step, text):
        return _no_base(text)
    line = progress.failed_line()
    where = f" (line {line} of the Dockerfile)" if line else ""
    known = _recognised(progress, text)
    again = "then build again: the steps before it are cached."
    return BuildError(
        f"The build of {request.tag} failed at: "
        f"{_short(progress.failed_step or 'the start')}{where}.",
        why=f"{known.what} ({known.code} {known.slug})\n{_reason(text, tail)}"
        if known
        else _reason(text, tail),
        fix=f"{known.fix}\nDo so, {again}" if known else f"Correct what the step says, {again}",
    )


def _recognised(progress: Progress, text: str) -> Finding | None:
    """Return the cause that the log of the failed step names, if it is a known one."""
    from mlbox.diagnosis import diagnose  # noqa: PLC0415  (loads on use)

    code = _EXIT_CODE.search(text)
    log = progress.log_tail(_DIAGNOSED_LINES)
    cause = diagnose(log, exit_state=int(code[1]) if code else None).root
    return cause.finding if cause and cause.evidence.line else None


def start_failure(explanation: str, plan: RunPlan) -> MlboxError:
    """Say why a container could not be created or started, from the engine's answer."""
    if "could not select device driver" in explanation or "nvidia" in explanation.lower():
        return HostError(
            f"This machine cannot give a container {plan.gpus} GPU(s).",
            why=f"The engine says: {explanation}",
            fix="Install the NVIDIA driver and the NVIDIA Container Toolkit "
            "(nvidia-ctk runtime configure), restart Docker, or train without --gpus.",
        )
    if "executable file not found" in explanation or "no such file or directory" in explanation:
        return EngineError(
            f"The command {plan.argv[0]!r} could not be started.",
            why=f"The engine says: {explanation}",
            fix="Check train.command, and that the program is in the image.",
        )
    if "No such image" in explanation:
        return EngineError(
            f"The image {plan.image} is gone.",
            why="It was removed after it was built.",
            fix="Run the same command again: it will be built anew.",
        )
    return EngineError(
        "The container could not be started.",
        why=f"The engine says: {explanation}",
        fix="Run `mlbox engine status`; the engine's own log has more.",
    )


def _disk_full(progress: Progress) -> BuildError:
    step = _short(progress.failed_step or "the export of the image")
    return BuildError(
        "The disk of the Docker Engine is full.",
        why=f"No space left on device at: {step}.",
        fix="Make room: `docker builder prune` removes build cache, `docker image prune` unused "
        "images. On a disk without a free byte they fail, too: remove another file from it first; "
        "`mlbox engine status` shows where it is. Nothing else was lost.",
    )


def _gone(text: str) -> BuildError:
    return BuildError(
        "The Docker Engine stopped during the build.",
        why=_reason(text, ()),
        fix="Start it again (`mlbox engine up` for the private one) and repeat the command. Its "
        "own log says why it stopped; a full disk is one reason (`docker builder prune`).",
    )


def _is_pull(step: str | None, text: str) -> bool:
    """Whether the failure was about getting a base image; a RUN has its own network trouble."""
    return (step is None or " RUN " not in step) and _UNREACHABLE.search(text) is not None


def _no_base(text: str) -> BuildError:
    image = _IMAGE.search(text)
    name = image[1].removeprefix("docker.io/") if image else "(see below)"
    if name.startswith("mlbox/debian"):
        return BuildError(
            f"The base image {name} was not made yet.",
            why='base = "debian" is made on this machine, from Debian\'s packages.',
            fix=f"Run `mlbox base build --python {name.rpartition('python')[2]}`.",
        )
    return BuildError(
        f"The base image {name} could not be pulled.",
        why=_reason(text, ()),
        fix="Check the network and the image's name; with a mirror, set registry-mirror. Without "
        'any registry: run `mlbox base build` and set base = "debian" (or use --base debian).',
    )


def _reason(text: str, tail: tuple[str, ...]) -> str:
    """The shortest true reason: what the step printed last, else BuildKit's own error."""
    code = _EXIT_CODE.search(text)
    printed = "\n".join(f"  {entry}" for entry in tail[-15:] if entry.strip())
    if code and printed:
        return f"It exited with code {code[1]} after it printed:\n{printed}"
    errors = [entry.strip() for entry in text.splitlines() if entry.strip().startswith("ERROR")]
    return (
        errors[-1].removeprefix("ERROR: ") if errors else (text.strip() or "buildx gave no reason.")
    )


def _short(step: str) -> str:
    first = " ".join(step.split())
    return first if len(first) <= 60 else f"{first[:57]}..."  # noqa: PLR2004  (one terminal line)
