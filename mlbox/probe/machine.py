"""Where the probe looks: files below a root, programs, an engine. Tests give recorded answers."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.engine import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SECONDS = 4.0  # for one program; nvidia-smi takes 1 to 3 s where no persistence daemon runs
_FOLDERS = ("usr/bin", "usr/local/bin", "usr/sbin", "usr/local/sbin", "opt/bin")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a program ended; ``code`` is ``None`` if it is not there or did not end in time."""

    code: int | None
    out: str = ""
    why: str = ""


def run_program(argv: Sequence[str]) -> Ran:
    """Run a program for at most ``SECONDS``; whatever goes wrong is in the answer."""
    try:
        done = subprocess.run(argv, check=False, capture_output=True, timeout=SECONDS)
    except FileNotFoundError:
        return Ran(code=None)
    except subprocess.TimeoutExpired:
        return Ran(code=None, why=f"{argv[0]} gave no answer within {SECONDS:g} s")
    except OSError as error:
        return Ran(code=None, why=f"{argv[0]} cannot be started: {error.strerror}")
    text = (done.stdout or b"").decode(errors="replace")
    return Ran(code=done.returncode, out=text, why=done.stderr.decode(errors="replace"))


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine to look at.

    Attributes:
        root: Its root folder.
        environment: The variables of the environment.
        uid: The user's number.
        groups: Numbers of the groups that this session has.
        run: Runs a program.
        get: GETs a path of an engine's API.
        find_host: Finds the engine.
        find_buildx: Finds buildx.
        named: The address that the user chose, and by what.
    """

    root: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    uid: int = field(default_factory=os.getuid)
    groups: frozenset[int] = field(
        default_factory=lambda: frozenset({*os.getgroups(), os.getegid()})
    )
    run: Callable[[Sequence[str]], Ran] = run_program
    get: Callable[[str, str], bytes] = connect.get
    find_host: Callable[[], str] = connect.find_host
    find_buildx: Callable[[], tuple[str, ...]] = connect.find_buildx
    named: Callable[[], tuple[str, str] | None] = connect.named_host

    def text(self, path: str) -> str:
        """Return a file's text; empty if it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError):
            return ""

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the paths that match, as the machine has them."""
        try:
            found = sorted(self.root.glob(pattern))
        except OSError:
            return ()
        return tuple(f"/{path.relative_to(self.root)}" for path in found)

    def has(self, path: str) -> bool:
        """Return whether there is something at a path."""
        return os.path.lexists(self.root / path.lstrip("/"))

    def program(self, name: str) -> str:
        """Return where a program is, wherever PATH leads; empty if it is not there."""
        return next((f"/{place}/{name}" for place in _FOLDERS if self.has(f"{place}/{name}")), "")
