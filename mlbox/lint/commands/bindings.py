"""What a project says of single distributions: ``[tool.uv.sources]``, sources of poetry.

Only uv and poetry heed it; pip takes every distribution from its own indexes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from mlbox.lint.commands.tables import on_linux, table
from mlbox.lint.commands.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlbox.lint.commands.model import Wanted
    from mlbox.lint.commands.project import Project, Selection


@dataclass(frozen=True, kw_only=True)
class Binding:
    """Where one distribution comes from, and how it is built.

    Attributes:
        index: The index that it is bound to.
        address: What it is fetched from: a wheel, ``git+https://...``, a folder.
        variables: What its build sees, by ``[tool.uv.extra-build-variables]``.
    """

    index: str | None = None
    address: str | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)

    def of(self, item: Wanted) -> Wanted:
        """A distribution, bound."""
        index = item.index or self.index
        if self.address is None or item.url or item.local:
            return replace(item, index=index, variables=self.variables)
        at = wanted(self.address, item.raw, item.location)
        return replace(
            item,
            requirement=at.requirement or item.requirement,
            url=at.url,
            local=at.local,
            variables=self.variables,
        )


def bound(items: Iterable[Wanted], bindings: Mapping[str, Binding]) -> Iterator[Wanted]:
    """Distributions, each where it comes from."""
    for item in items:
        yield bindings[item.name].of(item) if item.name in bindings else item


def bindings_of(project: Project, selection: Selection) -> dict[str, Binding]:
    """What a project says of the distributions that are selected."""
    urls = {name: url for name, url, _, _ in project.indexes}
    found: dict[str, Binding] = {}
    for name, entry in table(project.uv, "sources").items():
        sources = [
            item
            for item in (entry if isinstance(entry, list) else [entry])
            if isinstance(item, dict)
            and on_linux(item.get("marker"))
            and _is_chosen(item, selection)
        ]
        said = {(urls.get(str(item.get("index"))), _address(item)) for item in sources}
        if len(said) == 1:
            index, address = said.pop()
            found[canonicalize_name(name)] = Binding(index=index, address=address)
    for name, variables in table(project.uv, "extra-build-variables").items():
        if isinstance(variables, dict):
            known = found.get(canonicalize_name(name), Binding())
            values = {key: str(value) for key, value in variables.items()}
            found[canonicalize_name(name)] = replace(known, variables=values)
    return found


def _is_chosen(source: Mapping[str, Any], selection: Selection) -> bool:
    """Whether an entry of ``[tool.uv.sources]`` is one for what is selected."""
    extra, group = source.get("extra"), source.get("group")
    if isinstance(extra, str):
        return selection.has_extra(extra)
    return not isinstance(group, str) or selection.has_group(group)


def _address(source: Mapping[str, Any]) -> str | None:
    for key, form in (("url", "{}"), ("git", "git+{}"), ("path", "./{}")):
        if isinstance(value := source.get(key), str):
            return value if value.startswith("/") else form.format(value.removeprefix("./"))
    return None
