"""What the panel shows, as HTML, of what its models hold. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlbox.engine.steps import is_internal
from mlbox.errors import MlboxError
from mlbox.render import html

if TYPE_CHECKING:
    from mlbox.box import Run
    from mlbox.engine.steps import Step
    from mlbox.image import BuildResult
    from mlbox.notebook.activity import Activity

RUN_STEP = "run"
TAIL_LINES = 200  # drawn anew ten times a second: 18 kB; the run's log.txt has all


@dataclass(frozen=True, kw_only=True)
class Buttons:
    """Which buttons can be pressed."""

    build: bool
    train: bool
    cancel_build: bool
    cancel_train: bool


def buttons(*, valid: bool, trainable: bool, build: str, train: str) -> Buttons:
    """Decide it: one thing at a time, and nothing with a form that makes no sense.

    Args:
        valid: Whether there is a Dockerfile.
        trainable: Whether there is a command.
        build: State of the build.
        train: State of the training.
    """
    active = {"running", "canceling"}
    free = valid and not active & {build, train}
    return Buttons(
        build=free,
        train=free and trainable,
        cancel_build=build == "running",
        cancel_train=train == "running",
    )


def header(name: str, *, build: str, train: str, changed: bool) -> str:
    """The panel's first line: the box, and where its build and its training stand."""
    shown = "changed" if changed and build == "done" else build
    states = "".join(
        f' <span class="mlbox-quiet">· {what}</span> {html.state_badge(state)}'
        for what, state in (("build", shown), ("train", train))
        if state != "idle"
    )
    return html.view(
        f'<div class="mlbox-title" role="status">Box {html.code(name)}{states}</div>', style=""
    )


def preview(dockerfile: str | MlboxError) -> str:
    """The Dockerfile, or why there is none."""
    if isinstance(dockerfile, MlboxError):
        return html.view(html.problem(dockerfile), style="")
    shown = html.dockerfile_block(dockerfile)
    return html.view(f'<div class="mlbox-scroll" tabindex="0">{shown}</div>', style="")


def build_pane(activity: Activity[BuildResult], *, name: str, dockerfile: str) -> str:
    """The build: its steps, what the running one prints, and how it ended."""
    if activity.state == "idle":
        return ""
    built = activity.result
    shown = html.build_html(
        name=name,
        state=activity.state,
        steps=_rows(activity),
        seconds=activity.seconds,
        image=built.tag if built else "",
        reused=built is not None and built.reused,
        error=activity.error,
        dockerfile=dockerfile,
    ).removeprefix(html.STYLE)
    return shown + (_log(activity) if activity.active else _folded_log(activity))


def train_pane(activity: Activity[Run], *, name: str, dockerfile: str) -> str:
    """The training: the build before it, its log, and the run with its artifacts at the end."""
    if activity.state == "idle":
        return ""
    if activity.active:
        return _training(activity, name) + _log(activity)
    error = html.failure(activity.error, dockerfile) if activity.error else ""
    run = activity.result or getattr(activity.error, "run", None)
    shown = (
        html.run_html(run.record).removeprefix(html.STYLE)
        if run
        else html.view(html.title("Training of", name, activity.state, activity.seconds), style="")
    )
    return shown + html.view(error, style="") + _folded_log(activity)


def _training(activity: Activity[Any], name: str) -> str:
    """The line on top, and the steps of the build until the command itself has begun."""
    title = html.title("Training of", name, activity.state, activity.seconds)
    begun = any(row.name == RUN_STEP for row in activity.steps.rows)
    return html.view(title, "" if begun else html.steps_table(_rows(activity)), style="")


def _rows(activity: Activity[Any]) -> list[Step]:
    """The steps of the Dockerfile, and what else is going on or went wrong."""
    return [
        row
        for row in activity.steps.rows
        if row.state in {"running", "failed"} or not is_internal(row.name)
    ]


def _log(activity: Activity[Any]) -> str:
    steps = activity.steps
    lines = [line.text for line in steps.tail(TAIL_LINES)]
    return html.view(html.log_block(lines, total=steps.log_count), style="")


def _folded_log(activity: Activity[Any]) -> str:
    if not activity.steps.log_count:
        return ""
    return html.view(
        f"<details><summary>Log ({activity.steps.log_count} lines)</summary>",
        _log(activity),
        "</details>",
        style="",
    )
