"""Requirements files, as pip and uv read them, each line with its place."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlbox.lint.commands.options import syntax
from mlbox.lint.commands.wanted import wanted
from mlbox.lint.parse import expand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlbox.lint.commands.context import Document
    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.shell.model import Argument

_COMMENT = re.compile(r"(?:^|\s)#[^\n]*")
_PER_LINE = re.compile(r"\s+--(?:hash|config-settings?|global-option|install-option)\b")
_HASH = re.compile(r"\s--hash[=\s]")
_VARIABLE = re.compile(r"\$\{[A-Z_][A-Z0-9_]*\}")
_OPTION = re.compile(r"(-[a-zA-Z]|--[a-z-]+)(?:\s*=\s*|\s*)(.*)", re.DOTALL)
_OPTIONS = syntax(
    "-r/--requirement/--requirement -c/--constraint -e/--editable -i/--index-url"
    " --pypi-url/--index-url --extra-index-url -f/--find-links --no-binary --only-binary"
    " --trusted-host"
)
_MOST_FILES = 100


@dataclass(kw_only=True)
class Read:
    """What requirements files say.

    Attributes:
        wanted: The distributions, in order.
        files: The files that were read, as they were named.
        unread: Those that could not be read.
        circular: Those that include each other.
        options: Other options: long name, value (``None`` if not known).
        constraints: Constraints files: as named, and path in the image.
    """

    wanted: list[Wanted] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    circular: list[str] = field(default_factory=list)
    options: list[tuple[str, str | None]] = field(default_factory=list)
    constraints: list[tuple[str, str]] = field(default_factory=list)


class RequirementsReader:
    """Follows requirements files.

    Attributes:
        found: What they say.
    """

    def __init__(
        self,
        open_file: Callable[[str], Document | None],
        argument: Argument | None,
        values: Mapping[str, str | None],
        *,
        is_url: Callable[[str], bool] = lambda path: "://" in path,
    ) -> None:
        """Take what opens a file of the image, and the word of the Dockerfile that names it."""
        self.found = Read()
        self._open = open_file
        self._argument = argument
        self._values = values
        self._is_url = is_url
        self._inside: list[str] = []
        self._opened = 0

    def read(self, name: str, path: str | None) -> None:
        """Read a file.

        Args:
            name: As it was named.
            path: Where it is in the image; ``None`` if not known.
        """
        self.found.files.append(name)
        if path is not None and path in self._inside:
            self.found.circular.append(name)
            return
        self._opened += 1
        known = path is not None and not self._is_url(name) and self._opened <= _MOST_FILES
        document = self._open(path) if known and path is not None else None
        if document is None or path is None:
            self.found.unread.append(name)
            return
        self._inside.append(path)
        for start, end, text in logical_lines(document.text):
            self._line(document, path, start, end, text)
        self._inside.pop()

    def _line(self, document: Document, path: str, start: int, end: int, text: str) -> None:
        value = self._expanded(text)
        if text.startswith("-"):
            self._option(document, path, start, end, text if value is None else value)
            return
        bare = _PER_LINE.split(value)[0].strip() if value is not None else None
        location = document.location(start, end)
        self.found.wanted.append(
            wanted(
                bare,
                _PER_LINE.split(text)[0].strip(),
                location,
                argument=self._argument,
                locked=bool(_HASH.search(text)),
            )
        )

    def _expanded(self, text: str) -> str | None:
        if "${" not in text or not _VARIABLE.search(text):
            return text
        pieces = []
        at = 0
        for match in _VARIABLE.finditer(text):
            value = expand(match[0], self._values)
            if value is None:
                return None
            pieces += [text[at : match.start()], value]
            at = match.end()
        return "".join((*pieces, text[at:]))

    def _option(self, document: Document, path: str, start: int, end: int, text: str) -> None:
        match = _OPTION.match(text)
        if match is None:
            return
        name, _ = _OPTIONS.long_name(match[1])
        value = match[2].strip().strip("\"'")
        if name == "--requirement":
            self.read(value, posixpath.normpath(posixpath.join(posixpath.dirname(path), value)))
        elif name == "--constraint":
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), value))
            self.found.constraints.append((value, target))
        elif name == "--editable":
            location = document.location(start, end)
            self.found.wanted.append(
                wanted(value, value, location, argument=self._argument, editable=True)
            )
        else:
            self.found.options.append((name, None if "${" in value else value))


def logical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Lines with their start and end, comments taken out, continuations joined; no empty ones."""
    at, begin, parts = 0, 0, list[str]()
    for line in text.split("\n"):
        bare = line.rstrip()
        continued = bare.endswith("\\") and not bare.lstrip().startswith("#")
        begin = begin if parts else at
        parts.append(bare[:-1] if continued else bare)
        end, at = at + len(bare), at + len(line) + 1
        if continued and at <= len(text):
            continue
        whole = " ".join(parts) if len(parts) > 1 else parts[0]
        parts = []
        said = _COMMENT.sub("", whole).strip() if "#" in whole else whole.strip()
        said = said.lstrip("\ufeff")
        if said:
            start = begin + len(whole) - len(whole.lstrip())
            single = end == begin + len(whole)
            yield start, start + len(said) if single else end, said
