"""Where an installation gets packages from: flags, variables, configuration, requirements files."""

from __future__ import annotations

import configparser
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import Indexes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlbox.lint.commands.options import Line
    from mlbox.lint.parse import Span

PIP_FILES = (
    "/etc/pip.conf",
    "/etc/xdg/pip/pip.conf",
    "/root/.pip/pip.conf",
    "/root/.config/pip/pip.conf",
)
PIP = {
    "main": ("--index-url",),
    "extra": ("--extra-index-url",),
    "links": ("--find-links",),
}
UV = {
    "main": ("--default-index", "--index-url"),
    "extra": ("--index", "--extra-index-url"),
    "links": ("--find-links",),
}
PIP_VARIABLES = {
    "main": ("PIP_INDEX_URL",),
    "extra": ("PIP_EXTRA_INDEX_URL",),
    "links": ("PIP_FIND_LINKS",),
}
UV_VARIABLES = {
    "main": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "links": ("UV_FIND_LINKS",),
}


@dataclass(kw_only=True)
class Collected:
    """Indexes, the first word for the main one wins."""

    main: str | None = None
    extra: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    torch_backend: str | None = None
    no_index: bool = False
    known: bool = True
    span: Span | None = None

    def result(self) -> Indexes:
        """As a value, each index once."""
        return Indexes(
            main=self.main,
            extra=tuple(dict.fromkeys(self.extra)),
            find_links=tuple(dict.fromkeys(self.find_links)),
            torch_backend=self.torch_backend,
            no_index=self.no_index,
            known=self.known,
            span=self.span,
        )

    def flags(self, line: Line, names: Mapping[str, tuple[str, ...]]) -> None:
        """Take what the command's options say; the last of the main index counts."""
        for kind, options in names.items():
            for option in line.named(*options):
                self.span = self.span or option.argument.span
                self._set(kind, option.value, override=True)
        for option in line.named("--torch-backend"):
            self.torch_backend, self.known = option.value, self.known and option.is_known
            self.span = self.span or option.argument.span
        self.no_index = self.no_index or "--no-index" in line.flags

    def settings(self, options: Iterable[tuple[str, str | None]]) -> None:
        """Take options of a requirements file or a configuration: they are added."""
        for name, value in options:
            for kind, names in PIP.items():
                if name in names:
                    self._set(kind, value, override=False)
            self.no_index = self.no_index or name == "--no-index"

    def variables(
        self, values: Mapping[str, str | None], names: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Take what variables say."""
        for kind, variables in names.items():
            for name in variables:
                if name not in values:
                    continue
                value = values[name]
                for part in [None] if value is None else value.split():
                    self._set(kind, part, override=False)

    def _set(self, kind: str, value: str | None, *, override: bool) -> None:
        if value is None:
            self.known = False
        elif not value:
            return
        elif kind == "main":
            self.main = value if override or self.main is None else self.main
        elif kind == "extra":
            self.extra.append(_url(value))
        else:
            self.find_links.append(value)


def _url(value: str) -> str:
    """An index's URL without the name that uv lets one put before it."""
    name, equals, url = value.partition("=")
    return url if equals and "://" in url and "://" not in name else value


def pip_settings(text: str) -> dict[str, str]:
    """The settings in a ``pip.conf``, those of ``[install]`` over those of ``[global]``."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError):
        return {}
    found: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            found.update({key: value or "" for key, value in parser.items(section)})
    return found


def settings_as_options(
    settings: Mapping[str, str | None],
) -> Iterable[tuple[str, str | None]]:
    """Settings as options: one for each value of a setting that takes several."""
    for key, value in settings.items():
        for part in [None] if value is None else value.split() or [""]:
            yield f"--{key.replace('_', '-')}", part
