"""Log files as people have them: packed, in UTF-16, on standard input, or none at all."""

from __future__ import annotations

import codecs
import zlib
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlbox.diagnosis import BLOCK, Diagnosis, diagnose_stream
from mlbox.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlbox.diagnosis import ExitState

_GZIP, _GZIP_WINDOW = b"\x1f\x8b", 31
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_CONTROL = bytes({*range(1, 8), *range(14, 27), *range(28, 32)})
_LOOKED_AT = 64 * 1024
_TOO_MUCH_CONTROL = 0.02  # text has next to none, programs and archives 5 % and more
_FIX = "Give a log file, - for standard input, or the id of a run (mlbox runs list)."


def diagnose_file(
    file: IO[bytes] | Path, name: str, *, exit_state: ExitState | None = None
) -> Diagnosis:
    """Say why a run failed, from its log.

    Args:
        file: The log, open or to be opened.
        name: What to call it.
        exit_state: How the run ended, where that is known.

    Raises:
        SpecError: It cannot be read, is empty although nothing else is known, or is no text.
    """
    try:
        if isinstance(file, Path):
            with file.open("rb") as opened:
                return _diagnosed(opened, name, exit_state)
        return _diagnosed(file, name, exit_state)
    except (OSError, EOFError, zlib.error) as error:
        raise SpecError(
            f"The log {name} cannot be read.",
            why=f"{getattr(error, 'strerror', None) or error}.",
            fix=_FIX,
        ) from error


def _diagnosed(file: IO[bytes], name: str, exit_state: ExitState | None) -> Diagnosis:
    pieces = _pieces(file)
    first = next(pieces, b"")
    if _is_binary(first):
        raise SpecError(f"{name} is no log.", why="It is not text, but a binary file.", fix=_FIX)
    diagnosis = diagnose_stream(chain((first,), pieces), exit_state=exit_state)
    if diagnosis.is_empty and exit_state is None:
        raise SpecError(
            f"The log {name} is empty.",
            why="There is nothing in it that could be read.",
            fix="If you know how the run ended, say so: --exit-code N, --oom-killed, --timed-out.",
        )
    return diagnosis


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a log's bytes, unpacked, as UTF-8."""
    blocks: Iterator[bytes] = iter(lambda: file.read(BLOCK), b"")
    first = next(blocks, b"")
    if first.startswith(_GZIP):
        blocks = _unpacked(chain((first,), blocks))
        first = next(blocks, b"")
    name = next((name for bom, name in _UTF16.items() if first.startswith(bom)), None)
    if name is None:
        return chain((first,), blocks)
    decoder = codecs.getincrementaldecoder(name)("replace")
    return (decoder.decode(block).encode("utf-8", "replace") for block in chain((first,), blocks))


def _unpacked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what gzip packed, also in several parts, never much at once."""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    for block in blocks:
        data = block
        while data:
            if unpacker.eof:
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            yield unpacker.decompress(data, BLOCK)
            data = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        message = "the packed file ends before its end"
        raise EOFError(message)


def _is_binary(block: bytes) -> bool:
    text = block[:_LOOKED_AT].replace(b"\x00", b"")  # a log that was cut short begins with some
    control = len(text) - len(text.translate(None, _CONTROL))
    return control > _TOO_MUCH_CONTROL * len(text)
