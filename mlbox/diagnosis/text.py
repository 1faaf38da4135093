"""A line of a log: what of it is decoration, and what is shown of it."""

from __future__ import annotations

import re

EVIDENCE_LENGTH = 300
ANSI_CODES = re.compile(
    rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)|[@-Z\\^_])"
)
_WRAPPED = re.compile(r'\s{0,40}\{"log":\s?"((?:[^"\\]|\\.){0,65536})"')
_ESCAPED_ANSI = re.compile(r"\\u001b\[[\d;]{0,32}[A-Za-z]")
_QUOTES = str.maketrans(dict.fromkeys('"`\u2018\u2019\u201c\u201d', "'") | {"\u00a0": " "})

_PREFIX = re.compile(
    r"""\s{0,40}(?:
      \[?(?:rank|default|worker)[ _-]?\d{1,9}\]?\s?:\s?      # torchrun, accelerate
    | \[\d{1,9},\d{1,9}\]<std(?:out|err)>:                       # mpirun
    | \(\w[^()\n]{0,60}\b(?:pid|ip)=[^()\n]{1,60}\)\s    # ray, vLLM
    | [\w.-]{1,60}\s{1,40}\|\s                           # docker compose
    | \#?\d{1,5}\s\d{1,5}\.\d{1,4}\s                     # docker build
    | \#\d{1,5}\s
    | \d{1,5}\.\d{3}\s                                   # its summary
    | \[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[\d.,]{0,12}(?:Z|[+-]\d\d:?\d\d)?\]?:?\s?
    | \[?\d\d:\d\d:\d\d[\d.,]{0,9}\]?\s
    | [A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d\s[\w.-]{1,60}\s[\w./-]{1,60}(?:\[\d{1,9}\])?:\s
    | std(?:out|err)\s[FP]\s                             # Kubernetes
    | \d{1,4}:\s                                         # srun --label
    | \[[\w.:/, -]{1,60}\]:?\s                           # [node-1:123], [ERROR]
    | (?:ERROR|CRITICAL|FATAL|SEVERE)\b\s?[:|-]?\s{0,4}(?:\d\d-\d\d\s)?
    | -\s
    | [│┃|❱]\s?
    )""",
    re.VERBOSE,
)


def plain(line: str) -> str:
    """Return a line's text: out of docker's JSON, and without what stands for quotes in others."""
    wrapped = _WRAPPED.match(line)
    if wrapped:
        line = wrapped[1]
    text = line.replace('\\"', '"').replace("\\n", " ").replace("\x00", "")
    return _ESCAPED_ANSI.sub("", text).rstrip() if "\\u001b" in text else text.rstrip()


def comparable(text: str) -> str:
    """Return a text with one kind of quotes, place for place as long as before."""
    return text.translate(_QUOTES)


def bare(text: str) -> str:
    """Return a line without what a launcher, a logger or a clock put before it."""
    start = 0
    for _ in range(7):
        found = _PREFIX.match(text, start)
        if found is None:
            break
        start = found.end()
    return text[start:]


def excerpt(text: str, start: int = 0) -> str:
    """Return a line as evidence; of a long one, what is around a place."""
    if len(text) <= EVIDENCE_LENGTH:
        return printable(text.strip())
    begin = max(0, min(start - EVIDENCE_LENGTH // 3, len(text) - EVIDENCE_LENGTH))
    cut = text[begin : begin + EVIDENCE_LENGTH].strip()
    before, after = "… " if begin else "", " …" if begin + EVIDENCE_LENGTH < len(text) else ""
    return printable(f"{before}{cut}{after}")


def printable(text: str) -> str:
    """Return a text that a terminal can be given."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text)
