"""How a line of a log means what it says: as a failure, as a warning, or about something else."""

from __future__ import annotations

import re
from typing import Literal

from mlbox.diagnosis.text import bare

Manner = Literal["failing", "warning", "handled"]

_CODE = re.compile(
    r"\s{0,40}(?:raise\s|if\s|elif\s|except\b|assert\s|print\(|log(?:ger|ging)?\.\w{1,20}\("
    r"|return\b|#\s|//|>>>\s|\+{1,3}\s|\$\s|File\s'|self\.|with\s|def\s|warnings\.warn"
    r"|\[[\w ./-]{0,60}\d{1,20}/\d{1,20}\]\s(?:RUN|COPY|FROM)\b"
    r"|(?:ONBUILD\s)?(?:RUN|CMD|ENTRYPOINT)\s[\w\['-]|Step \d{1,20}/\d{1,20} :|>\s\[|\d{1,20}\s\|\s"
    r"|>\s{3,40}\S|E\s{3,40}(?:Regex|Input|Actual message|Expected regex|assert\b|where\b|[-+?]\s))"
)
_CHANGE = re.compile(
    r"(?:^|\s)[*+-]\s(?:fix|add|improve|change|remove|handle)(?:e?[ds]|ing)?:?\s(?!-)",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"\b(?:PASSED|XFAIL|xfailed|SKIPPED)\b|::test_\w{1,80}|\btest_\w{1,80}\b[^:]{0,80}\bok\b"
)
_HANDLED = re.compile(
    r"(?<![.\w])(?:retry(?:ing)?(?![.\w])|retried|trying (?:again|the next|another)|try again in"
    r"|fall(?:ing|s)? ?back|fallback|skipping|skipped|ignoring"
    r"|(?:is|was|be|been) ignored|recovered|recovering|continuing|survived"
    r"|reducing (?:the )?batch|(?:was|been|were|is) handled|deprecat\w{1,80}|can be safely"
    r"|proceeding without|will not be (?:used|available)|not a (?:problem|failure)"
    r"|using \w{1,40} instead|ignore (?:above|this)|will use (?:the )?cpu|cleaning up"
    r"|harmless|as expected)\b|attempt \d{1,20}\s?(?:/|of)\s?\d{1,20}|\s-\susing\s\w",
    re.IGNORECASE,
)
_HINT_BEFORE = re.compile(
    r"(?:\bif you (?:see|get|hit|run into|encounter|have)\b|\bin (?:the )?(?:case|event) of\b"
    r"|\bto (?:avoid|prevent|handle|catch|reduce|simulate)\b|\bavoid(?:s|ing)?\b|\bprevents?\b"
    r"|\be\.g\.|\bfor example\b|\bsuch as\b|\bhandl(?:e|es|ing)\b|\bcaught\b|\bsimulat\w{1,8}"
    r"|\bcheck(?:s|ing)? (?:for|whether|if)\b|\bknown issue\b|\bmay (?:cause|lead|result)\b"
    r"|\b(?:can|could|might|may|would) (?:cause|lead to|result in|run)\b|\bprotect\w{0,8}\b"
    r"|\bhow (?:to|do|can|would)\b|\bwhy (?:do|does|is|am|did)\b|\bwhat (?:is|does|causes|if)\b"
    r"|\bfix(?:e[ds])?\b:?|\bmessages? for\b|\btroubleshoot\w{0,6}\b|\bmean(?:s|ing) of\b"
    r"|\b(?:retry_?on|ignore|skip|pattern|regex|filter|catch|grep|expected)\w{0,8}\b[^:=]{0,20}[:=])"
    r"[^:]{0,60}$|(?<!could )(?<!can )(?<!did )"
    r"\b(?:no|zero|(?<![.\d])0|without|any|not|never|about)\s(?:\w{1,20}\s){0,2}'?$"
    r"|\btest[_s ]\w{0,20}$",
    re.IGNORECASE,
)
_HINT_AFTER = re.compile(
    r"'?,?\s(?:means?|happens|occurs|usually|typically|problems?|(?:errors?|issues?)\s(?:can|may|might"
    r"|happens?|occurs?|means?|with|on|in))\b",
    re.IGNORECASE,
)
_LISTED_BEFORE, _LISTED_AFTER = re.compile(r"[\[,({]\s?'$"), re.compile(r"'\s?[,\])}]")
_COUNTED = re.compile(r"'\s?[=:]\s?\d")
# text that a program reads or writes, not what it says of itself
_DATA = re.compile(
    r"^\|[^\n]{0,400}\|$"
    r"|^(?:[^:=]{0,60}[\]|>)-]\s?)?(?:(?:model|generated|raw|user|eval|decoded|predicted)[ _])?"
    r"(?:prompt|sample|generat(?:ed|ion|ing)|prediction|predicted|target|reference|question|answer"
    r"|caption|title|text|completion|instruction|user|assistant|human|query|example|document|sentence|decoded"
    r"|label|topic|hyp(?:othesis)?|ref|doc|tweet|review|ticket|post|comment|summary|quote|Q|A)"
    r"(?:[ _]?(?:#|no\.? ?)?\d{1,20})?(?: text)?\s?(?:[:=>]|\()"
    r"|[{,]\s?'(?:text|prompt|input|inputs|output|instruction|question|answer|content|completion"
    r"|response|label|title|body|sentence|summary|document|query|target|context|chosen|rejected)'"
    r"\s?:\s?\[?'",
    re.IGNORECASE,
)
_WARNING = re.compile(
    r"(?<!NCCL )\bWARN(?:ING)?\b|[wW]arning:|\bwarn:"
    r"|(?:^|\s)W(?:\d{4}\s|:\s|\s{1,4}(?:tensorflow|external))"  # W: is apt's
    r"|(?:^|\s)E(?:\d{4})?\s[^\n]{0,80}\bcuda_\w{1,20}\.cc"  # TensorFlow goes on without a GPU
    r"|(?<!NCCL )\b(?:INFO|DEBUG|TRACE)\b|level=(?:info|warn|debug)|\bIgnored the following\b"
)
RETRIED = re.compile(
    r"\b(?:retrying|trying again|reducing (?:the )?batch|falling back|skipping (?:this |the )?"
    r"(?:batch|step|sample)|recovered|proceeding without|continuing)\b",
    re.IGNORECASE,
)
_UNCAUGHT = re.compile(
    r"(?:[A-Za-z_]\w{0,60}\.){0,8}[A-Z]\w{0,60}"
    r"(?:Error|Exception|Interrupt|Exit|Failure|Fault|Timeout|Iteration)(?::\s|$)"
)
_ERROR = re.compile(
    r"\bTraceback \(most recent call last\)"
    r"|\b(?:FATAL|CRITICAL|ERROR|Fatal|fatal|panic)\b\s?[:\]\s]"
    r"|\b[Ee]rror(?: \w{1,20})?: (?!-?[\d.]{1,20}(?:e-?\d{1,20})?\b)|^\s{0,40}[Ff]ailed to "
    r"|: command not found|\bterminate called\b|\bcore dumped\b|\bexited with code [1-9]"
)
_PLACE = re.compile(r"\bFile \"[^\"\n]{1,400}\", line \d")
_MARKED = re.compile(r"[\w./+-]{2,60}:\s\S|[^\n]{0,200}\bNCCL WARN\b|Killed\b")
_CHAINED = re.compile(
    r"During handling of the above|the direct cause of the following|Exception ignored in"
    r"|Original (?:Traceback|exception)"
    r"|terminated with the following error|Error in (?:atexit|sys\.)"
    r"|^'{3}$"
)
_PROGRESS = re.compile(
    r"\b(?:epochs?|step|iter|iteration|batch|global_step|round|episode)\b\s?[:=#\[(|]{0,2}\s?\d"
    r"|\b\w{0,12}loss\b'?\s?[:=]?\s?\d|\d%\|[^|\n]{0,200}\||\d ?(?:it/s|s/it|tokens/s|samples/s)\b",
    re.IGNORECASE,
)
_FINISHED = re.compile(
    r"exited with code 0\b"
    r"|\b(?:training|run|job|fit|fitting|experiment|pipeline|build|all|evaluation)\b[^:\n]{0,40}\b(?:complete[d]?|finished|done|succeeded|successful|successfully)\b"
    r"|^(?:all )?(?:done|finished|success|completed)\b[.! ]{0,3}$|\bSuccessfully (?:installed|built"
    r"|tagged)|Trainer\.fit' stopped: 'max_"
    r"|\bsav(?:ed|ing) (?:the )?(?:final |best )?(?:model|weights)",
    re.IGNORECASE,
)
_EXIT = re.compile(
    r"\b(?:exited with|exit|returned a non-zero) (?:code|status):? [1-9]|\bexitcode\s{0,4}: -?[1-9]"
)
_ABOUT_GPU = re.compile(r"cuda|gpu|nvidia|^AssertionError:?$", re.IGNORECASE)
_NOT_FINISHED = re.compile(
    r"\b(?:not|fail\w{0,8}|errors?|before|until|unable|could|cannot)\b", re.IGNORECASE
)


def manner(text: str, start: int, end: int) -> Manner:
    """Return how a line, made comparable, says what it says between two places."""
    near = text[max(0, start - 400) : end + 400]
    said, before = bare(near), text[max(0, start - 160) : start]
    if _CHANGE.search(near[:120]) or _CODE.match(said):
        return "handled"
    if _TEST.search(near) or _HANDLED.search(near):
        return "handled"
    if _HINT_BEFORE.search(before) or _HINT_AFTER.match(text, end) or _is_data(said, end):
        return "handled"
    listed = _LISTED_BEFORE.search(before) and _LISTED_AFTER.match(text, end)
    if listed or (before.endswith("'") and _COUNTED.match(text, end)):
        return "handled"
    return "warning" if _WARNING.search(before[:120]) or _WARNING.search(near[:80]) else "failing"


def _is_data(said: str, end: int) -> bool:
    found = _DATA.search(said[:400])
    return found is not None and (found.end() < end or said.startswith("|"))


def is_exception(text: str) -> bool:
    """Whether a line is how Python ends a traceback."""
    return _UNCAUGHT.match(bare(text)) is not None


def is_error(text: str) -> bool:
    """Whether a line looks like an error, whatever it says."""
    found = _UNCAUGHT.match(bare(text)) or _ERROR.search(text)
    return found is not None and manner(text, found.start(), found.end()) == "failing"


def is_unfinished(text: str) -> bool:
    """Whether an exception's message is on the lines after it."""
    return text.endswith(":") or ": " not in bare(text)


def is_marked(text: str) -> bool:
    """Whether a line says that it is an error, or which program says it."""
    return _MARKED.match(bare(text)) is not None or is_error(text)


def is_traceback(text: str) -> bool:
    """Whether a line begins a traceback."""
    return "Traceback (most recent call last)" in text


def is_chained(text: str) -> bool:
    """Whether a line says that the traceback after it belongs to the one before it."""
    return _CHAINED.search(text) is not None


def is_progress(text: str) -> bool:
    """Whether a line tells how far a program is."""
    return _PROGRESS.search(text[:400]) is not None and not is_error(text[:400])


def is_finish(text: str) -> bool:
    """Whether a line says that all went well."""
    near = bare(text[:400])
    return _FINISHED.search(near) is not None and _NOT_FINISHED.search(near) is None


def says_exit(text: str) -> bool:
    """Whether a line says that a process ended with another exit code than 0."""
    return _EXIT.search(text) is not None


def is_quoted(text: str, before: str) -> bool:
    """Whether a line is the code that a traceback shows after the place where it stands."""
    place = _PLACE.search(before)
    if place is None:
        return False
    code = bare(text)
    return len(code) - len(code.lstrip()) > _indent(before, place.start())


def _indent(text: str, end: int) -> int:
    return end - len(text[:end].rstrip(" "))


def about_gpu(text: str) -> bool:
    """Whether an error that nobody knows has to do with GPUs, or says nothing at all."""
    return _ABOUT_GPU.search(bare(text)) is not None
