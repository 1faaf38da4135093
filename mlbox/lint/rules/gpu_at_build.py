"""The rule about a GPU in a build: there is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import DataFetch, Other
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.findings import Severity
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Span
    from mlbox.lint.shell.model import Command

_TOOLS = frozenset({"nvidia-smi", "nvidia-debugdump", "nvidia-container-cli", "dcgmi"})
_AVAILABLE = r"torch\.cuda\.is_available\(\)"
_COUNT = (
    r"(?:torch\.cuda\.device_count\(\)|(?:len\()?(?:tf|tensorflow)\.config\.(?:experimental\.)?"
    r"list_physical_devices\(\s*['\"]GPU|cupy\.cuda\.runtime\.getDeviceCount\(\))"
)
_ASSERTED = re.compile(
    rf"assert[\s(]*(?:(?:bool|len)\(\s*)?(?:{_AVAILABLE}|{_COUNT})"
    rf"|exit\(\s*(?:int\(\s*)?(?:not\s+{_AVAILABLE}|0\s+if\s+{_AVAILABLE})"
    rf"|if\s+not\s+{_AVAILABLE}\s*:\s*(?:raise|(?:sys\.)?exit\()"
)
_USES = re.compile(
    r"torch\.cuda\.(?:get_device_(?:name|properties|capability)|current_device|init|synchronize"
    r"|set_device|mem_get_info)\(|\.cuda\(\)|\.to\(\s*['\"]cuda|device\s*=\s*['\"]cuda"
    r"|jax\.(?:local_)?devices\(\s*['\"](?:gpu|cuda)|pynvml\.nvmlInit\(|nvmlInit\("
)
_GUARDED = re.compile(rf"if\s+{_AVAILABLE}|\btry\s*:|if\s+torch\.cuda\.device_count\(\)")
_PRINTED = re.compile(_AVAILABLE)


def gpu_needed_at_build(image: Image) -> Iterator[Hit]:
    """A RUN needs a GPU."""
    text = image.dockerfile.source.text
    if "nvidia" not in text and "cuda" not in text and "GPU" not in text and "gpu" not in text:
        return
    for stage in image.gpu.used:
        for step, actions in stage.actions.steps:
            if step.instruction.flag("device") is not None:
                continue
            for action in actions:
                if isinstance(action, Other | DataFetch):
                    hit = _of_command(action.command)
                    if hit is not None:
                        yield hit


def _of_command(command: Command) -> Hit | None:
    if command.is_conditional or not command.stops_on_failure:
        return None
    if command.program in _TOOLS:
        if any(word.text in ("--help", "-h", "--version") for word in command.arguments):
            return None
        return _hit(command.words[0].span, f"{command.program} is run in the build.")
    if not command.program.startswith(("python", "pypy", "ipython")):
        return None
    for script, span in _scripts(command):
        hit = _of_script(script, span)
        if hit is not None:
            return hit
    return None


def _scripts(command: Command) -> Iterator[tuple[str, Span]]:
    """The Python that a command is given, and where it is."""
    words = command.arguments
    for number, word in enumerate(words[:-1]):
        if word.text == "-c":
            script = words[number + 1]
            yield script.text, script.span
    for document in command.documents:
        yield document.text, document.span(0, len(document.text))


def _of_script(script: str, span: Span) -> Hit | None:
    bare = re.sub(r"(?m)^\s*#.*$", "", script)
    if match := _ASSERTED.search(bare):
        return _hit(span, f"The build stops unless there is a GPU: {_short(match[0])}.")
    if (match := _USES.search(bare)) and not _GUARDED.search(bare):
        return _hit(span, f"The build uses a GPU: {_short(match[0])}.")
    if _PRINTED.search(bare) and "print" in bare and not _GUARDED.search(bare):
        return _hit(span, "The build asks for a GPU: the answer is no, always.", "info")
    return None


def _short(text: str) -> str:
    return " ".join(text.split())


def _hit(span: Span, what: str, severity: Severity | None = None) -> Hit:
    return Hit(
        span,
        what=what,
        why="docker build gives a RUN no GPU and no driver: there is no nvidia-smi, and "
        "torch.cuda.is_available() is False.",
        fix="Look when the container is started (docker run --gpus all), in the entrypoint or in "
        "a test; a build can only check torch.version.cuda.",
        severity=severity,
    )
