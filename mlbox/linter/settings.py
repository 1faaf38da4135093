"""What a project wants of the linter: ``[tool.mlbox.lint]``, or ``[lint]`` in ``mlbox.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mlbox.errors import SpecError
from mlbox.findings import SEVERITIES
from mlbox.lint.selection import Selection
from mlbox.spec import SPEC_FILES, parse_table, read_toml

if TYPE_CHECKING:
    from pathlib import Path

    from mlbox.findings import Severity

OFF = "off"
_HADOLINT = ("DL", "SC")


@dataclass(frozen=True, kw_only=True)
class LintSettings:
    """How to lint.

    Attributes:
        select: Codes, beginnings of codes, or slugs of what is wanted; empty for all.
        ignore: Likewise, of what is not.
        severity: Code or slug -> ``"error"``, ``"warning"``, ``"info"`` or ``"off"``.
        threshold: The least severity that makes linting fail.
        exclude: Patterns of paths and names that a search of folders leaves out.
        baseline: The saved JSON of an earlier report: what is in it is not told again.
        with_hadolint: Whether hadolint is asked too, where it is installed.
        context: The build context of the Dockerfiles; guessed from what they copy, by default.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    threshold: str = "warning"
    exclude: tuple[str, ...] = ()
    baseline: str | None = None
    with_hadolint: bool = False
    context: str | None = None

    def __post_init__(self) -> None:
        """Refuse names that no rule and no severity has.

        Raises:
            SpecError: There is one.
        """
        for name in (*self.select, *self.ignore, *self.severity):
            _check_name(name)
        for word in (self.threshold, *self.severity.values()):
            allowed = SEVERITIES if word is self.threshold else (*SEVERITIES, OFF)
            if word not in allowed:
                raise SpecError(
                    f"{word!r} is no severity.",
                    why=f"It is one of {', '.join(reversed(allowed))}.",
                    fix='Write threshold = "error", or severity = { MLD501 = "off" }.',
                )

    @property
    def selection(self) -> Selection:
        """Which findings are wanted."""
        off = tuple(name for name, word in self.severity.items() if word == OFF)
        weights: dict[str, Severity] = {
            name: severity
            for name, word in self.severity.items()
            for severity in SEVERITIES
            if severity == word
        }
        return Selection(select=self.select, ignore=(*self.ignore, *off), severities=weights)


def settings_of(start: Path) -> LintSettings:
    """Read the settings that are in force in a folder: its own, or the nearest ones above it.

    Raises:
        SpecError: They are not valid.
    """
    folder = start.resolve()
    for above in (folder, *folder.parents):
        for name in SPEC_FILES:
            found = _read(above / name)
            if found is not None:
                return found
        if (above / ".git").exists():
            break
    return LintSettings()


def _read(path: Path) -> LintSettings | None:
    if not path.is_file():
        return None
    document = read_toml(path)
    own = path.name != "pyproject.toml"
    table = document if own else document.get("tool", {}).get("mlbox", {})
    lint: Any = table.get("lint") if isinstance(table, Mapping) else None
    place = f"{path.name}: [lint]" if own else f"{path.name}: [tool.mlbox.lint]"
    if lint is None:
        return None
    if not isinstance(lint, Mapping):
        raise SpecError(f"{place} must be a table.", why=f"It is {lint!r}.", fix="Correct it.")
    settings = parse_table(LintSettings, lint, place)
    return replace(
        settings,
        baseline=_beside(path, settings.baseline),
        context=_beside(path, settings.context),
    )


def _beside(path: Path, name: str | None) -> str | None:
    """A path as the settings' file means it."""
    return None if name is None else str(path.parent / name)


def _check_name(name: str) -> None:
    from mlbox.lint.catalogue import rule_named, rules  # noqa: PLC0415  (loads all of them)

    upper = name.upper()
    named = rule_named(name) or any(code.startswith(upper) for code in rules())
    if not (name and (named or upper.startswith(_HADOLINT))):
        raise unknown_rule(name)


def unknown_rule(name: str) -> SpecError:
    """Return the error about a name that no rule has, with the nearest that one has."""
    from mlbox.lint.catalogue import rules  # noqa: PLC0415  (loads all of them)

    known = [word for rule in rules().values() for word in (rule.slug, rule.code.lower())]
    near = get_close_matches(name.lower(), known, n=1)
    return SpecError(
        f"No rule is called {name!r}.",
        why='A rule is named by its code ("MLD106"), the beginning of one ("MLD1"), or its slug.',
        fix=f"Did you mean {near[0]!r}?" if near else "`mlbox lint --explain` lists the rules.",
    )
