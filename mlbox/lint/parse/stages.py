"""Stages, what they are built on, and the variables in force at each instruction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.lint.parse.expand import expand
from mlbox.lint.parse.states import Both, Variables
from mlbox.lint.parse.words import unquoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlbox.lint.parse.instructions import Instruction, Word

# What BuildKit sets without being asked, from the platform of the build: known only then.
PLATFORM_ARGS = (
    *(f"BUILD{part}" for part in ("PLATFORM", "OS", "ARCH", "VARIANT")),
    *(f"TARGET{part}" for part in ("PLATFORM", "OS", "ARCH", "VARIANT", "STAGE")),
)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The variables in force before an instruction. ``None`` stands for a value not known here.

    Attributes:
        env: Those of ENV, which stay in the image, those of earlier stages it is built on included.
        args: Those of ARG, which do not, less those that an ENV has set since.
    """

    env: Variables
    args: Variables

    @property
    def values(self) -> Mapping[str, str | None]:
        """What an instruction sees: the one that was set last."""
        return Both(self.args, self.env)


@dataclass(frozen=True, kw_only=True)
class Step:
    """An instruction of a stage, with the variables in force before it."""

    instruction: Instruction
    scope: Scope

    def expand(self, text: str) -> str | None:
        """A word of it with its variables replaced; ``None`` if that is not known."""
        return expand(text, self.scope.values, self.instruction.escape)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One ``FROM`` and what follows it.

    Attributes:
        index: Its number, from 0.
        name: What ``AS`` calls it, in lower case; ``None`` without.
        start: The FROM instruction.
        image_word: The image as it stands; ``None`` if FROM has no argument.
        image: The image with variables replaced by their defaults; ``None`` if not known.
        platform: What ``--platform`` says, with variables replaced; ``None`` without or unknown.
        parent: Index of the earlier stage it is built on; ``None`` if on an image.
        steps: Its instructions after FROM, those inside ONBUILD not taken out.
        scope: The variables in force at its end.
    """

    index: int
    name: str | None
    start: Instruction
    image_word: Word | None
    image: str | None
    platform: str | None
    parent: int | None
    steps: tuple[Step, ...]
    scope: Scope

    @property
    def all_steps(self) -> Iterator[Step]:
        """Its instructions, each ONBUILD followed by the one inside it."""
        for step in self.steps:
            yield step
            if step.instruction.trigger:
                yield Step(instruction=step.instruction.trigger, scope=step.scope)


def split_stages(
    instructions: Sequence[Instruction],
) -> tuple[tuple[Instruction, ...], tuple[Stage, ...], Mapping[str, str | None]]:
    """The instructions before the first FROM, the stages, and the global build arguments."""
    starts = [at for at, item in enumerate(instructions) if item.name == "FROM"]
    head = tuple(instructions[: starts[0]] if starts else instructions)
    arguments = _global_arguments(head)
    stages: list[Stage] = []
    names: dict[str, int] = {}
    for at, stop in zip(starts, [*starts, len(instructions)][1:], strict=True):
        body = instructions[at + 1 : stop]
        stages.append(_stage(instructions[at], body, stages, names, arguments))
        if name := stages[-1].name:
            names[name] = len(stages) - 1
    return head, tuple(stages), arguments


def _global_arguments(head: Sequence[Instruction]) -> Mapping[str, str | None]:
    values: dict[str, str | None] = dict.fromkeys(PLATFORM_ARGS)
    for item in head:
        if item.name == "ARG":
            for pair in item.pairs:
                default = pair.value
                values[pair.name] = (
                    None if default is None else expand(default, values, item.escape, unset=_empty)
                )
    return values


def _empty(_: str) -> str:
    return ""


def _stage(
    start: Instruction,
    body: Sequence[Instruction],
    earlier: Sequence[Stage],
    names: Mapping[str, int],
    arguments: Mapping[str, str | None],
) -> Stage:
    words = start.words
    image_word = words[0] if words else None
    image = expand(image_word.raw, arguments, start.escape, unset=_empty) if image_word else None
    platform = start.flag("platform")
    parent = names.get(image.lower()) if image is not None else None
    inherited = earlier[parent].scope.env if parent is not None else Variables()
    steps, scope = _steps(body, Scope(env=inherited, args=Variables()), arguments)
    return Stage(
        index=len(earlier),
        name=_name(words),
        start=start,
        image_word=image_word,
        image=image,
        platform=expand(platform.value, arguments, start.escape, unset=_empty)
        if platform and platform.value
        else None,
        parent=parent,
        steps=steps,
        scope=scope,
    )


def _name(words: Sequence[Word]) -> str | None:
    if len(words) >= 3 and words[1].raw.lower() == "as":  # noqa: PLR2004  (image AS name)
        return words[2].raw.lower()
    return None


def _steps(
    body: Sequence[Instruction], scope: Scope, arguments: Mapping[str, str | None]
) -> tuple[tuple[Step, ...], Scope]:
    steps = []
    for item in body:
        steps.append(Step(instruction=item, scope=scope))
        scope = _after(item, scope, arguments)
    return tuple(steps), scope


def _after(item: Instruction, scope: Scope, arguments: Mapping[str, str | None]) -> Scope:
    if item.name == "ENV":
        values = scope.values
        new = {
            unquoted(pair.name, item.escape): expand(pair.value or "", values, item.escape)
            for pair in item.pairs
        }
        return Scope(env=scope.env.changed(new), args=scope.args.changed({}, gone=new))
    if item.name == "ARG":
        args: dict[str, str | None] = {}
        seen = Both(args, scope.values)
        for pair in item.pairs:
            if pair.value is not None:
                args[pair.name] = expand(pair.value, seen, item.escape)
            elif pair.name in arguments or pair.name not in scope.env:
                args[pair.name] = arguments.get(pair.name)
        return Scope(env=scope.env, args=scope.args.changed(args))
    return scope
