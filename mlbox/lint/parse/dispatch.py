"""What BuildKit refuses while it carries out the stages that the image needs.

What stands in a stage that is not needed is never looked at, so it is no problem.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.parse.expand import fault
from mlbox.lint.parse.lines import Problem
from mlbox.lint.parse.ports import port_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.parse import Dockerfile
    from mlbox.lint.parse.instructions import Flag, Instruction
    from mlbox.lint.parse.source import Span
    from mlbox.lint.parse.stages import Stage, Step

_WORDS = frozenset({"ADD", "ARG", "COPY", "ENV", "EXPOSE", "LABEL", "VOLUME"})
_WHOLE = frozenset({"STOPSIGNAL", "USER", "WORKDIR"})
_EXPANDED_FLAGS = frozenset({"chmod", "chown"})
_REFERENCE = re.compile(
    r"(?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)
_MARK = re.compile("[$\"']")
# A stage's name is looked up among the named contexts, as the name of an image would be.
_CONTEXT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_ELSEWHERE = re.compile(r"://|^git@|\.git(?:#|$)|\$")  # not known to be a file of the context
_SIGNALS = {
    *("ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL"),
    *("INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT"),
    *("SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU"),
    *("URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ"),
}


def dispatch_problems(file: Dockerfile) -> Iterator[Problem]:
    """Each thing for which BuildKit gives the build up before it runs a command."""
    for stage in file.stages:
        if fault_of_base := _base(stage) or _name(stage):
            yield Problem(
                kind="syntax", what=fault_of_base, span=(stage.image_word or stage.start).span
            )
    for index in sorted(file.used):
        stage = file.stages[index]
        yield from _references(file, stage)
        for step in stage.steps:
            yield from _step(step)


def _base(stage: Stage) -> str | None:
    """What is wrong with the image of a FROM."""
    word, image = stage.image_word, stage.image
    if word is None:
        return None
    malformed = fault(word.raw, stage.start.escape)
    if malformed:
        return f"In {word.raw[:60]!r}, {malformed}."
    if image == "":
        return f"{word.raw[:60]} is empty here: no ARG before the first FROM gives it a value."
    if image is not None and stage.parent is None and not _REFERENCE.fullmatch(image):
        return f"{image[:80]!r} is not the name of an image."
    return None


def _name(stage: Stage) -> str | None:
    """What is wrong with a stage's name or platform."""
    if stage.name and not _CONTEXT.fullmatch(stage.name):
        return f"{stage.name[:40]!r} is not a name for a stage."
    if stage.platform == "":
        return "--platform is empty here: no ARG before the first FROM gives it a value."
    return None


def _references(file: Dockerfile, stage: Stage) -> Iterator[Problem]:
    """``--from=`` of the stage itself, or of one that comes later."""
    for step in stage.steps:
        for flag, reference in file.references_of(step):
            numbers = flag.name == "from"
            other = file.stage_named(reference, numbers=numbers) if reference else None
            if what := _unknown(reference, other, len(file.stages), numbers=numbers):
                yield Problem(kind="syntax", what=what, span=flag.span)
            if other is None or other.index < stage.index or _named_before(file, stage, reference):
                continue
            where = "itself" if other.index == stage.index else "a later stage"
            what = f"The stage takes files from {where}: --from={reference}."
            yield Problem(kind="syntax", what=what, span=flag.span)


def _unknown(reference: str | None, other: Stage | None, stages: int, *, numbers: bool) -> str:
    """What is wrong with a ``--from=`` that is no stage; empty for nothing."""
    if not reference or other is not None:
        return ""
    if numbers and re.fullmatch(r"[-+]?\d+", reference, re.ASCII):
        number = int(reference[:9])
        return "" if 0 <= number < stages else f"There is no stage {reference[:20]}."
    if _REFERENCE.fullmatch(reference):
        return ""
    return f"{reference[:80]!r} is neither a stage nor the name of an image."


def _named_before(file: Dockerfile, stage: Stage, reference: str | None) -> bool:
    name = (reference or "").lower()
    return any(other.name == name for other in file.stages[: stage.index])


def _step(step: Step) -> Iterator[Problem]:
    item = step.instruction
    yield from _words(item)
    if item.name == "RUN" and item.exec_form == ():
        yield Problem(kind="syntax", what="RUN needs a command.", span=item.arguments.span(0, 1))
    elif item.name == "EXPOSE":
        yield from _ports(step)
    elif item.name == "STOPSIGNAL":
        yield from _signal(step)
    elif item.name == "ADD" and (flag := item.flag("checksum")):
        yield from _checksum(step, flag)


def _words(item: Instruction) -> Iterator[Problem]:
    escape = item.escape
    for flag in item.flags:
        if flag.name in _EXPANDED_FLAGS and flag.value:
            yield from _word(flag.value, flag.span, escape)
    text = item.arguments.text
    if item.name in _WHOLE:
        yield from _word(text, item.arguments.span(0, len(text)), escape)
    elif item.name in _WORDS and item.exec_form is None and _MARK.search(text):
        for word in item.words:
            yield from _word(word.raw, word.span, escape)
    if item.name in ("ADD", "COPY"):
        yield from _heredocs(item)


def _word(text: str, span: Span, escape: str) -> Iterator[Problem]:
    if what := fault(text, escape):
        yield Problem(kind="syntax", what=f"In {text[:60]!r}, {what}.", span=span)


def _heredocs(item: Instruction) -> Iterator[Problem]:
    """The text of a file is expanded too, its quotes left alone."""
    for heredoc in item.heredocs:
        if heredoc.expands and (what := fault(heredoc.body.text, item.escape, quotes=False)):
            what = f"In the heredoc {heredoc.name}, {what}: quote its name to keep it as it is."
            yield Problem(kind="syntax", what=what, span=heredoc.marker)


def _ports(step: Step) -> Iterator[Problem]:
    for word in step.instruction.words:
        port = step.expand(word.raw)
        if port and (what := port_fault(port)):
            yield Problem(kind="syntax", what=what, span=word.span)


def _checksum(step: Step, flag: Flag) -> Iterator[Problem]:
    """It is of one file that is fetched."""
    item = step.instruction
    paths = item.exec_form or tuple(word.raw for word in item.words)
    sources = [path for path in paths[:-1] if not path.startswith("<<")]
    if len(sources) > 1:
        what = "--checksum is of one source."
    elif sources and not _ELSEWHERE.search(sources[0]):
        what = f"--checksum is of a file that is fetched; {sources[0][:60]!r} is in the context."
    else:
        return
    yield Problem(kind="syntax", what=what, span=flag.span)


def _signal(step: Step) -> Iterator[Problem]:
    arguments = step.instruction.arguments
    signal = step.expand(arguments.text)
    if not signal or signal.isdigit():
        return
    name = signal.upper().removeprefix("SIG")
    if name not in _SIGNALS and not name.startswith("RTM"):
        what = f"{signal[:40]!r} is not a signal."
        yield Problem(kind="syntax", what=what, span=arguments.span(0, len(arguments.text)))
