"""Rules about the images that services run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.lint.compose.images import report_of
from mlbox.lint.references import reference
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.compose.model import Compose, Service
    from mlbox.lint.compose.nodes import Node


def unpinned(compose: Compose) -> Iterator[Hit]:
    """An image that is another one tomorrow."""
    for service in compose.services:
        image = service.image
        if image is None or service.build is not None or not image.text or not image.is_fixed:
            continue
        if "@" in image.text or service.node.scalar("pull_policy") in ("never", "build"):
            continue  # the same bytes always, or what was made here
        yield from _moving(service, image, image.text, compose)


def _moving(service: Service, image: Node, text: str, compose: Compose) -> Iterator[Hit]:
    named = reference(text)
    report = report_of(text, compose.facts)
    if report is None:
        return
    moves = named.tag is None or named.tag == "latest" or named.tag.startswith("latest-")
    known = report.status == "moving" or report.exists is False
    if not moves and not known:
        return
    public = not named.registry and ("/" not in named.path or report.exists is not None)
    if report.exists is False:
        what = f"There is no image {named.path}:{named.tag or 'latest'}."
        fix = f"Name one that exists{f': {report.instead}' if report.instead else ''}."
        why = next((item.why for item in report.findings if item.severity == "error"), "")
    else:
        tag = f"the tag {named.tag}" if named.tag else "no tag, which means latest"
        what = f"The image {text} of the service {service.name!r} has {tag}."
        why = "It is another image after every release, and a run cannot be repeated with it."
        fix = "Name a release, best with its digest: IMAGE:TAG@sha256:..."
    known_public = public or report.status == "moving"
    yield Hit(
        image.location,
        what=what,
        why=why,
        fix=fix,
        severity=None if known_public else "info",
        confidence="high" if known_public else "medium",
        dated=known,
    )
