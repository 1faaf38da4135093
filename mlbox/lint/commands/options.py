"""Options and operands of a command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlbox.lint.shell.model import Argument


@dataclass(frozen=True, kw_only=True)
class Syntax:
    """The options that a program has.

    Attributes:
        valued: Those that take a value -> the long name.
        plain: Those that take none -> the long name; an unknown one takes none and is as it stands.
        abbreviates: Whether the beginning of a long name is as good as the name.
    """

    valued: Mapping[str, str]
    plain: Mapping[str, str]
    abbreviates: bool = False

    def long_name(self, name: str) -> tuple[str, bool]:
        """The long name of an option, and whether it takes a value."""
        if name in self.valued:
            return self.valued[name], True
        if name in self.plain:
            return self.plain[name], False
        if self.abbreviates and name.startswith("--") and len(name) > 4:  # noqa: PLR2004  (--x)
            known = {*self.valued.values(), *self.plain.values()}
            meant = {long for long in known if long.startswith(name)}
            if len(meant) == 1:
                long = meant.pop()
                return long, long in self.valued.values()
        return name, False


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option.

    Attributes:
        name: Its long name, with the dashes.
        value: Its value; ``None`` if it has none, or it is not known.
        is_known: Whether the value is known, if it takes one.
        argument: The word with the value; that of the option, if it has none.
        key: The word with the option's name.
    """

    name: str
    value: str | None
    is_known: bool
    argument: Argument
    key: Argument


@dataclass(frozen=True, kw_only=True)
class Line:
    """A command's arguments, read."""

    options: tuple[Option, ...]
    operands: tuple[Argument, ...]

    @property
    def flags(self) -> frozenset[str]:
        """Long names of all options."""
        return frozenset(option.name for option in self.options)

    def named(self, *names: str) -> Iterator[Option]:
        """The options of these long names, in order."""
        for option in self.options:
            if option.name in names:
                yield option

    def values(self, *names: str) -> tuple[str, ...]:
        """The known values of the options of these names, in order."""
        return tuple(option.value for option in self.named(*names) if option.value is not None)

    def last(self, *names: str) -> str | None:
        """The last known value of these options."""
        found = self.values(*names)
        return found[-1] if found else None


def syntax(valued: str, plain: str = "", *, abbreviates: bool = False) -> Syntax:
    """Options written as ``"-r/--requirement --index-url"``: the last of each is its long name."""
    return Syntax(valued=_names(valued), plain=_names(plain), abbreviates=abbreviates)


def _names(text: str) -> dict[str, str]:
    return {name: group.rsplit("/", 1)[-1] for group in text.split() for name in group.split("/")}


def read_line(arguments: Sequence[Argument], known: Syntax) -> Line:
    """Read the arguments of a command."""
    options: list[Option] = []
    operands: list[Argument] = []
    at = 0
    while at < len(arguments):
        word = arguments[at]
        at += 1
        text = word.text
        if text == "--":
            operands += arguments[at:]
            break
        if not text.startswith("-") or text == "-":
            operands.append(word)
            continue
        following = arguments[at] if at < len(arguments) else None
        found, used = _options(word, text, following, known)
        options += found
        at += used
    return Line(options=tuple(options), operands=tuple(operands))


def _options(
    word: Argument, text: str, following: Argument | None, known: Syntax
) -> tuple[list[Option], bool]:
    """The options in a word, and whether the next word is the value of the last."""
    head, equals, value = text.partition("=")
    name, valued = known.long_name(head)
    if equals and (head.startswith("--") or valued):
        return [_option(name, value, word, word)], False
    if text.startswith("--") or valued or text in known.plain:
        if valued and following is not None:
            return [_option(name, following.text, following, word)], True
        return [Option(name=name, value=None, is_known=not valued, argument=word, key=word)], False
    return _bundle(word, text, following, known)


def _option(name: str, value: str, word: Argument, key: Argument) -> Option:
    is_known = word.value is not None
    return Option(
        name=name, value=value if is_known else None, is_known=is_known, argument=word, key=key
    )


def _bundle(
    word: Argument, text: str, following: Argument | None, known: Syntax
) -> tuple[list[Option], bool]:
    """``-qqy``, ``-Ur FILE``, ``-rFILE``."""
    found: list[Option] = []
    for position, letter in enumerate(text[1:], 2):
        name, valued = known.long_name(f"-{letter}")
        if not valued:
            found.append(Option(name=name, value=None, is_known=True, argument=word, key=word))
            continue
        if rest := text[position:]:
            found.append(_option(name, rest, word, word))
            return found, False
        if following is not None:
            found.append(_option(name, following.text, following, word))
            return found, True
    return found, False
