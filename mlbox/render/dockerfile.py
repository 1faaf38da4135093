"""An image plan as Dockerfile text.

There is no ``# syntax=`` line: it would make every build ask a registry for a frontend.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from mlbox.plan.instructions import (
    BindMount,
    CacheMount,
    Command,
    Copy,
    Entrypoint,
    Env,
    Label,
    PrependPath,
    Run,
    SecretMount,
    TmpfsMount,
    User,
    Workdir,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.plan.instructions import ImagePlan, Instruction, RunMount, Stage

if sys.version_info >= (3, 11):
    from typing import assert_never
else:  # pragma: no cover
    from typing import NoReturn

    def assert_never(value: NoReturn) -> NoReturn:
        """Tell the type checker that nothing is left."""
        raise AssertionError(value)


_NEXT_LINE = " \\\n    "


def render_dockerfile(plan: ImagePlan) -> str:
    """Return the Dockerfile of a plan, ending in a newline."""
    head = "\n".join(
        f"# {line}" for line in (f"{plan.name}: written by mlbox from its spec.", *plan.summary)
    )
    return "\n\n".join([head, *map(_stage, plan.stages)]) + "\n"


def _stage(stage: Stage) -> str:
    lines = (
        f"# {stage.why}",
        f"FROM {stage.base} AS {stage.name}",
        *map(_instruction, stage.instructions),
    )
    return "\n".join(lines)


def _instruction(instruction: Instruction) -> str:  # noqa: C901, PLR0911  (one line per kind)
    match instruction:
        case Run(commands=commands, mounts=mounts):
            options = "".join(f"--mount={_mount(mount)}{_NEXT_LINE}" for mount in mounts)
            lines = (command.replace("\n", f"{_NEXT_LINE}    ") for command in commands)
            return f"RUN {options}" + f" &&{_NEXT_LINE}".join(lines)
        case Copy():
            return _copy(instruction)
        case Env(values=values):
            return f"ENV {_assignments(values)}"
        case PrependPath(folder=folder):
            return f'ENV PATH="{_escaped(folder)}:$PATH"'
        case Label(values=values):
            return f"LABEL {_assignments(values)}"
        case User(name=name):
            return f"USER {name}"
        case Workdir(path=path):
            return f"WORKDIR {path}"
        case Entrypoint(argv=argv):
            return f"ENTRYPOINT {_exec_form(argv)}"
        case Command(argv=argv):
            return f"CMD {_exec_form(argv)}"
        case _:
            assert_never(instruction)


def _copy(copy: Copy) -> str:
    stage = f"--from={copy.stage} " if copy.stage else ""
    owner = f"--chown={copy.owner} " if copy.owner else ""
    return f"COPY {stage}{owner}{copy.source} {copy.target}"


def _mount(mount: RunMount) -> str:
    match mount:
        case CacheMount(id=name, target=target, locked=locked):
            return f"type=cache,id={name},target={target}" + (",sharing=locked" if locked else "")
        case BindMount(source=source, target=target, stage=None):
            return f"type=bind,source={source},target={target}"
        case BindMount(source=source, target=target, stage=stage):
            return f"type=bind,from={stage},source={source},target={target}"
        case SecretMount(id=name, target=target, mode=mode):
            return f"type=secret,id={name},target={target},mode={mode}"
        case TmpfsMount(target=target):
            return f"type=tmpfs,target={target}"
        case _:
            assert_never(mount)


def _assignments(values: Mapping[str, str]) -> str:
    return _NEXT_LINE.join(f'{name}="{_escaped(value)}"' for name, value in values.items())


def _escaped(value: str) -> str:
    """A value for double quotes that the builder reads back literally, with no variable in it."""
    for special in ("\\", '"', "$"):
        value = value.replace(special, f"\\{special}")
    return value


def _exec_form(argv: tuple[str, ...]) -> str:
    return json.dumps(list(argv), ensure_ascii=False)
