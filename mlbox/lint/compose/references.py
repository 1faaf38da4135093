"""Names that a service uses and nothing defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.compose.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.compose.model import Compose, Service
    from mlbox.lint.compose.nodes import Node


def dangling(compose: Compose) -> Iterator[Problem]:
    """Volumes, networks, secrets and services that are used and not defined.

    Only of a file that is whole by itself: what is laid over it, or what it is laid over, may
    define them.
    """
    if not compose.is_alone:
        return
    parts = [service for service in compose.services if _is_a_part(service)]
    for service in parts:
        if service.is_whole:
            yield Problem(
                location=service.key.location,
                what=f"The service {service.name!r} has neither image: nor build:.",
                fix="Add one, unless another file does.",
                severity="info",
            )
    if parts:
        return
    for service in compose.services:
        yield from _things(compose, service)
        yield from _services(compose, service)


def _things(compose: Compose, service: Service) -> Iterator[Problem]:
    for node, name in _volumes(service):
        yield from _undefined(compose, "volumes", node, name, service)
    for kind in ("networks", "secrets", "configs"):
        for node in _named(service.node.get(kind)):
            if (kind, node.raw) != ("networks", "default"):
                yield from _undefined(compose, kind, node, node.raw, service)


def _services(compose: Compose, service: Service) -> Iterator[Problem]:
    for node in _needed(service):
        if compose.root.get("services", node.raw) is None:
            yield Problem(
                location=node.location,
                what=f"The service {service.name!r} depends on {node.raw!r}, and there is no "
                "such service.",
                fix="Name a service of this file, or remove it.",
            )


def _is_a_part(service: Service) -> bool:
    """Whether another file has to say what the service runs."""
    has_more = service.node.get("provider") is not None
    return not service.is_whole or (
        service.image is None and service.build is None and not has_more
    )


def _undefined(
    compose: Compose, kind: str, node: Node, name: str, service: Service
) -> Iterator[Problem]:
    defined = compose.root.get(kind)
    if not node.is_fixed or (defined is not None and defined.entry(name) is not None):
        return
    yield Problem(
        location=node.location,
        what=f"The service {service.name!r} uses {name!r}, which is not among the {kind} of the "
        "file.",
        fix=f"Add it at the top level: {kind}: {{{name}: {{}}}}."
        if kind in ("volumes", "networks")
        else f"Define it at the top level, under {kind}:.",
    )


def _volumes(service: Service) -> Iterator[tuple[Node, str]]:
    for mount in service.mounts:
        if mount.node.kind == "scalar":
            named = mount.is_bind is False and mount.source and "$" not in mount.source
            if named and "/" not in (mount.source or "") and "\\" not in (mount.source or ""):
                yield mount.node, mount.source or ""
        elif mount.node.scalar("type") == "volume" and mount.source:
            source = mount.node.get("source")
            if source is not None:
                yield source, mount.source


def _named(node: Node | None) -> Iterator[Node]:
    """The names in a list of them, or of maps with a source; the keys of a map."""
    if node is None:
        return
    for entry in node.entries:
        yield entry.key
    for item in node.items:
        name = item.get("source") if item.kind == "map" else item
        if name is not None and name.kind == "scalar":
            yield name


def _needed(service: Service) -> Iterator[Node]:
    depends = service.node.get("depends_on")
    if depends is None:
        return
    for entry in depends.entries:
        if entry.value.scalar("required") != "false":
            yield entry.key
    for item in depends.items:
        if item.kind == "scalar" and item.is_fixed:
            yield item
