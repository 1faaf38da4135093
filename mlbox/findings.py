"""The one shape for anything that is worth saying about a spec, a machine or a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something to know.

    Attributes:
        code: Its slug, to look it up by: ``"minor-version-compatibility"``.
        severity: ``"error"``: it will not work; ``"warning"``: it works, with what the text says;
            ``"info"``: good to know, or not known.
        what: What was found, one sentence.
        why: The reason, as far as it is known, and where that is from.
        fix: What to do about it; empty if nothing needs to be done.
    """

    code: str
    severity: Severity
    what: str
    why: str = ""
    fix: str = ""
