"""The image that a service's ``build`` makes, as far as the files say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.lint.compose.model import variables_of
from mlbox.lint.compose.paths import Beneath, is_remote, joined
from mlbox.lint.parse import parse

if TYPE_CHECKING:
    from mlbox.lint.compose.model import Compose, Service
    from mlbox.lint.compose.nodes import Node
    from mlbox.lint.image import Image
    from mlbox.lint.parse import Stage

_LONGEST = 200_000  # characters of a Dockerfile that is followed


@dataclass(frozen=True, kw_only=True)
class Built:
    """A Dockerfile that a service is built from.

    Attributes:
        image: The Dockerfile, read, with the build's arguments.
        stage: Number of the stage that becomes the image; ``None`` if there is none.
    """

    image: Image
    stage: int | None

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """That stage and those it is built on, the earliest first."""
        if self.stage is None:
            return ()
        return self.image.dockerfile.lineage(self.image.dockerfile.stages[self.stage])

    @property
    def base(self) -> str | None:
        """The image that it is all built on; ``None`` if not known."""
        return self.stages[0].image if self.stages else None

    @property
    def user(self) -> str | None:
        """The user it runs as: the last USER; ``""`` if there is none, ``None`` if not known."""
        found: str | None = ""
        for stage in self.stages:
            for step in stage.steps:
                if step.instruction.name == "USER":
                    found = step.expand(step.instruction.arguments.text.strip())
        return found

    @property
    def has_entrypoint(self) -> bool:
        """Whether an ENTRYPOINT may change the user before the command runs."""
        return any(
            step.instruction.name == "ENTRYPOINT" for stage in self.stages for step in stage.steps
        )


def built_image(service: Service, compose: Compose) -> Built | None:
    """Read the Dockerfile that a service is built from; ``None`` if that cannot be read here."""
    build = service.build
    if build is None:
        return None
    context = build.text if build.kind == "scalar" else build.scalar("context") or "."
    if context is None or (build.kind == "map" and build.get("context") and not context):
        return None
    inline = build.scalar("dockerfile_inline") if build.kind == "map" else None
    text = inline
    if text is None:
        name = "Dockerfile"
        if build.kind == "map" and build.get("dockerfile") is not None:
            name = build.scalar("dockerfile") or ""
        if not name or is_remote(context):
            return None
        text = compose.files.text(joined(context, name))
    if text is None or len(text) > _LONGEST:
        return None
    return _read(text, build, context, compose)


def _read(text: str, build: Node, context: str, compose: Compose) -> Built:
    from mlbox.lint.image import Image  # noqa: PLC0415  (most files build nothing)

    arguments = {item.name: item.value for item in variables_of(build.get("args"))}
    dockerfile = parse(_with(text, arguments) if arguments else text)
    target = build.scalar("target") if build.kind == "map" else None
    chosen = dockerfile.stage_named(target) if target else dockerfile.final
    if build.kind == "map" and build.get("target") is not None and target is None:
        chosen = None  # it depends on a variable
    files = compose.files if is_remote(context) else Beneath(compose.files, context)
    image = Image(dockerfile=dockerfile, facts=compose.facts, files=files)
    return Built(image=image, stage=chosen.index if chosen else None)


def _with(text: str, arguments: dict[str, str | None]) -> str:
    """A Dockerfile in which ARG has the values that the build gives; none if they are not known."""
    edits = []
    for item in parse(text).instructions:
        if item.name == "ARG":
            edits += [
                (pair.span, _assigned(pair.name, arguments[pair.name]))
                for pair in item.pairs
                if pair.name in arguments
            ]
    for span, new in reversed(edits):
        text = text[: span.start] + new + text[span.end :]
    return text


def _assigned(name: str, value: str | None) -> str:
    if value is None:
        return name
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'{name}="{escaped}"'
