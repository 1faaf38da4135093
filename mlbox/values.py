"""Values as files and flags have them -> values as the fields of a spec have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Union, get_args, get_origin

from mlbox.errors import SpecError

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def normal_name(name: str) -> str:
    """Return the name of a package as indexes write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def convert(value: Any, hint: Any, place: str) -> Any:  # noqa: ANN401
    """Check one value against the annotation of its field; lists become tuples.

    Raises:
        SpecError: It is of another type; ``place`` says where it stands.
    """
    for accepts, turn, _ in _CONVERSIONS.get(_kind(hint), ()):
        if accepts(value):
            return turn(value)
    if value is None and type(None) in get_args(hint):
        return None
    wanted = " or ".join(word for _, _, word in _CONVERSIONS[_kind(hint)])
    raise SpecError(
        f"{place} must be {wanted}.",
        why=f"It is {value!r}.",
        fix="Correct it.",
    )


def _kind(hint: Any) -> str:  # noqa: ANN401
    """Name the conversion for an annotation."""
    options = [option for option in get_args(hint) if option is not type(None)]
    if get_origin(hint) in {Union, type(int | str)}:
        return "int|str" if len(options) > 1 else str(options[0].__name__)
    return str(getattr(get_origin(hint) or hint, "__name__", hint))


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _is_scalars(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(item, (str, int, float, bool)) for item in value.values()
    )


def _is_size(value: object) -> bool:
    return isinstance(value, str) and _SIZE.fullmatch(value.strip()) is not None


def _size(value: str) -> int:
    match = _SIZE.fullmatch(value.strip())
    assert match is not None  # noqa: S101  (checked by _is_size)
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _scalar_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


_Conversion = tuple[Callable[[Any], bool], Callable[[Any], Any], str]
_CONVERSIONS: Mapping[str, tuple[_Conversion, ...]] = {
    "str": ((lambda v: isinstance(v, str) and bool(v), str, "a string that is not empty"),),
    "bool": ((lambda v: isinstance(v, bool), bool, "true or false"),),
    "int": ((_is_int, int, "a whole number"), (_is_size, _size, 'a size like "8GiB"')),
    "int|str": (
        (_is_int, int, "a whole number"),
        (lambda v: isinstance(v, str) and v.isdigit(), int, "its digits"),
        (lambda v: isinstance(v, str), str, "a word"),
    ),
    "float": (
        (_is_number, float, "a number"),
        (lambda v: isinstance(v, str) and v.replace(".", "", 1).isdigit(), float, "its digits"),
    ),
    "tuple": ((_is_texts, tuple, "an array of strings"),),
    "Mapping": (
        (_is_scalars, lambda v: {str(k): _scalar_text(x) for k, x in v.items()}, "a table"),
    ),
}
