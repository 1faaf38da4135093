"""Another build of the same release: which one fits, and the edits that ask for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.facts import numbers
from mlbox.lint.gpu.tables import cuda_of, major
from mlbox.lint.gpu.wheels import index_tag
from mlbox.lint.parse import Span

if TYPE_CHECKING:
    from mlbox.lint.gpu.tables import Table
    from mlbox.lint.gpu.wheels import Wheel
    from mlbox.lint.shell.model import Argument


def tag_for(table: Table, release: str | None, cuda: str | None) -> str | None:
    """The tag of a release that is nearest to a CUDA version, of its major if there is one.

    Args:
        table: The builds.
        release: The release; ``None`` for any.
        cuda: ``"12.4"``; ``None`` for any.
    """
    tags = table.cuda_tags(release) if release else table.all_cuda_tags
    if not tags:
        return None
    if cuda is None:
        return tags[-1]
    same = [tag for tag in tags if major(cuda_of(tag)) == major(cuda)]
    below = [tag for tag in same if numbers(cuda_of(tag) or "") <= numbers(cuda)]
    return below[-1] if below else (same[0] if same else None)


def retagged(wheel: Wheel, tag: str, text: str) -> tuple[tuple[Span, str], ...]:
    """The edits that ask for a build with another tag; none if not all of it is in the command.

    Args:
        wheel: What is installed.
        tag: The tag wanted.
        text: The Dockerfile's text.
    """
    old = wheel.tag
    if old is None or not _is_all_here(wheel, old):
        return ()
    edits = []
    words = wheel.install.command.words
    for before, word in zip((None, *words), words, strict=False):
        for start, end in _places(before, word, old, text):
            edits.append((Span(start, end), tag))
    return tuple(edits)


def _places(before: Argument | None, word: Argument, old: str, text: str) -> list[tuple[int, int]]:
    stands = text[word.span.start : word.span.end]
    tag = re.escape(old)
    pattern = rf"(?:(?<=[/+])|(?<=%2[Bb])){tag}(?![\w.])|(?<=torch-backend=){tag}(?!\w)"
    if before is not None and before.text == "--torch-backend":
        pattern = rf"\b{tag}\b"
    at = word.span.start
    return [(at + match.start(), at + match.end()) for match in re.finditer(pattern, stands)]


def _is_all_here(wheel: Wheel, old: str) -> bool:
    """Whether all that asks for the tag stands in the command, and nothing else asks for it."""
    words = [word.text for word in wheel.install.command.words]
    indexes = wheel.install.indexes
    tags = [tag for url in indexes.all if (tag := index_tag(url))]
    if indexes.torch_backend == old and not any(old in word for word in words):
        return False
    if wheel.item.index is not None or any(found != old for found in tags):
        return False
    if any(url not in " ".join(words) for url in indexes.all):
        return False
    return wheel.item.span is not None or f"+{old}" not in wheel.item.raw
