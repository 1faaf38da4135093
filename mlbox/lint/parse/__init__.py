r"""A Dockerfile as values: instructions, stages, variables, and where each of them stands.

Agrees with BuildKit on what an instruction is. ``parse`` never raises, whatever the text is: what
BuildKit would refuse is in ``Dockerfile.problems``. Pure, and usable by itself::

    >>> from mlbox.lint.parse import parse
    >>> [item.name for item in parse("FROM python:3.12-slim\nRUN echo hi").instructions]
    ['FROM', 'RUN']
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from mlbox.lint.parse.dispatch import dispatch_problems
from mlbox.lint.parse.expand import expand, variables
from mlbox.lint.parse.heredocs import Heredoc
from mlbox.lint.parse.instructions import Flag, Instruction, Pair, Word, instruction
from mlbox.lint.parse.lines import Comment, Directive, Problem, logical_lines
from mlbox.lint.parse.source import Mapped, Source, Span
from mlbox.lint.parse.stages import Scope, Stage, Step, split_stages
from mlbox.lint.parse.validity import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "Comment",
    "Directive",
    "Dockerfile",
    "Flag",
    "Heredoc",
    "Instruction",
    "Mapped",
    "Pair",
    "Problem",
    "Scope",
    "Source",
    "Span",
    "Stage",
    "Step",
    "Word",
    "expand",
    "parse",
    "variables",
]


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """A parsed Dockerfile.

    Attributes:
        source: Its text.
        escape: The escape character: a backslash or a backtick.
        directives: ``# syntax=``, ``# escape=``, ``# check=`` at its top.
        comments: Every comment line, those inside continued instructions included.
        instructions: In order; the one inside an ONBUILD is its ``trigger``.
        head: The instructions before the first FROM.
        arguments: Global build arguments, with defaults; ``None`` for a value not known here.
        stages: In order; the last one is the image.
        problems: What BuildKit refuses, or warns of, in the form of the file.
    """

    source: Source
    escape: str
    directives: tuple[Directive, ...]
    comments: tuple[Comment, ...]
    instructions: tuple[Instruction, ...]
    head: tuple[Instruction, ...]
    arguments: Mapping[str, str | None]
    stages: tuple[Stage, ...]
    problems: tuple[Problem, ...]

    @property
    def final(self) -> Stage | None:
        """The stage that becomes the image."""
        return self.stages[-1] if self.stages else None

    def stage_named(self, reference: str, *, numbers: bool = True) -> Stage | None:
        """The stage that a ``--from=`` means; ``None`` if it is an image.

        Args:
            reference: A name or a number.
            numbers: Whether a number means a stage: it does in COPY, and not in a mount.
        """
        if stage := self._named.get(reference.lower()):
            return stage
        if (
            numbers
            and reference.isascii()
            and reference.isdigit()
            and int(reference[:9]) < len(self.stages)
        ):
            return self.stages[int(reference[:9])]
        return None

    @cached_property
    def _named(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in self.stages if stage.name is not None}

    def lineage(self, stage: Stage) -> tuple[Stage, ...]:
        """A stage and those it is built on, the earliest first."""
        chain = [stage]
        while (parent := chain[-1].parent) is not None:
            chain.append(self.stages[parent])
        return tuple(reversed(chain))

    def base(self, stage: Stage) -> Stage:
        """The stage at the root of a stage's lineage: the one that names an image."""
        return self.lineage(stage)[0]

    @cached_property
    def used(self) -> frozenset[int]:
        """Numbers of the stages that the final one needs, itself included."""
        needed: set[int] = set()
        pending = [self.stages[-1].index] if self.stages else []
        while pending:
            index = pending.pop()
            if index not in needed:
                needed.add(index)
                pending += self._needs(self.stages[index])
        return frozenset(needed)

    def _needs(self, stage: Stage) -> Iterator[int]:
        if stage.parent is not None:
            yield stage.parent
        for flag, reference in self.references(stage):
            numbers = flag.name == "from"
            if reference and (other := self.stage_named(reference, numbers=numbers)):
                yield other.index

    def references(self, stage: Stage) -> Iterator[tuple[Flag, str | None]]:
        """Each ``--from=`` and ``--mount=...,from=`` of a stage, and what it names."""
        for step in stage.all_steps:
            yield from self.references_of(step)

    def references_of(self, step: Step) -> Iterator[tuple[Flag, str | None]]:
        """The same of one step."""
        for flag in step.instruction.flags:
            if flag.name == "from" and flag.value:
                yield flag, step.expand(flag.value)
            elif flag.name == "mount" and flag.value:
                for part in flag.value.split(","):
                    key, _, value = part.partition("=")
                    if key.strip().lower() == "from" and value:
                        yield flag, step.expand(value)


def parse(text: str, file: str = "Dockerfile") -> Dockerfile:
    """Parse a Dockerfile's text. Never raises.

    Args:
        text: All of it, line ends as they are.
        file: Its path, for locations.
    """
    source = Source(text, file)
    lines = logical_lines(source)
    instructions = tuple(instruction(line, lines.escape) for line in lines.lines)
    head, stages, arguments = split_stages(instructions)
    parsed = Dockerfile(
        source=source,
        escape=lines.escape,
        directives=tuple(lines.directives),
        comments=tuple(lines.comments),
        instructions=instructions,
        head=head,
        arguments=arguments,
        stages=stages,
        problems=(*lines.problems, *problems_of(instructions, head, stages)),
    )
    if any(problem.fatal for problem in parsed.problems):
        return parsed  # BuildKit gets no further
    later = tuple(dispatch_problems(parsed))
    return replace(parsed, problems=(*parsed.problems, *later)) if later else parsed
