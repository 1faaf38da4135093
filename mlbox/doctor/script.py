"""The commands that mend what was found, as a script; nobody runs it but the user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlbox.findings import Finding

_COMMAND = re.compile(r"(sudo|docker|nvidia-ctk|systemctl) \S")
_AS_ROOT = 'command -v sudo >/dev/null || sudo() { "$@"; }  # root needs none'


def fix_script(findings: Iterable[Finding]) -> str:
    """Return a sh script: commands as they are, advice as comments."""
    body: list[str] = []
    for finding in findings:
        if finding.fix:
            body += ["", f"# {finding.code} {finding.slug}: {_flat(finding.what)}"]
            body += [_line(line) for line in finding.fix.splitlines()]
    head = ["#!/bin/sh", "# What mlbox doctor found on this machine. Read it before you run it."]
    head += ["set -eu"]
    if any(line.startswith("sudo ") for line in body):
        head.append(_AS_ROOT)
    return "\n".join([*head, *(body or ["", "# Nothing to mend."])]) + "\n"


def _line(text: str) -> str:
    """A line that is a command and nothing else stays one; a restart is left to the user."""
    if text == "sudo reboot":
        return "# Then restart the machine: sudo reboot"
    join = re.search(r"sudo usermod -aG [\w.-]+ \$USER", text)
    if join:
        command = join[0].replace("$USER", '"$(id -un)"')
        return f"{command}  # then log in again"
    sentence = text.endswith(".") or ", then " in text or "; " in text
    return text if _COMMAND.match(text) and not sentence else f"# {text.lstrip('# ')}"


def _flat(text: str) -> str:
    return " ".join(text.split())
