"""Lines that a terminal breaks between words; whole ones where the output goes to a program."""

from __future__ import annotations

import shutil
import sys
import textwrap


def columns() -> int | None:
    """How wide the terminal is; ``None`` if the output goes somewhere else."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def told(line: str, indent: int = 0) -> None:
    """Print a line; what does not fit stands below it, indented."""
    width = columns()
    if width is None or len(line) <= width:
        print(line)
        return
    parts = textwrap.wrap(
        line,
        max(width, indent + 20),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    print("\n".join(parts))
