"""Values as HTML: what a notebook shows of a box, a build and a run.

Everything that comes from outside is escaped. Colours are JupyterLab's own variables with a
fallback that reads on light and on dark; a state is a word and a symbol, never a colour alone.
The functions that end in ``_html`` give a whole view with its style; the others give a piece of
one, for a view that is drawn again and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from html import escape
from shlex import join
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlbox.errors import MlboxError
    from mlbox.spec import BoxSpec

SYMBOLS = {
    "idle": "○",
    "running": "▸",
    "canceling": "▸",
    "cached": "=",
    "done": "✓",
    "succeeded": "✓",
    "failed": "✗",
    "canceled": "■",
    "stopped": "■",
    "changed": "●",
}
EXCERPT_LINES = 3  # of the Dockerfile, before and after the line that failed

STYLE = """<style>
.mlbox-view { color: var(--jp-content-font-color1, inherit); font-size: 13px; line-height: 1.45;
  max-width: 960px; }
.mlbox-view .mlbox-title { font-weight: 600; margin: 0 0 6px; }
.mlbox-view .mlbox-quiet { color: var(--jp-content-font-color2, inherit); font-weight: 400; }
.mlbox-view pre, .mlbox-view code { font-family: var(--jp-code-font-family, monospace);
  font-size: 12px; color: inherit; background: none; }
.mlbox-view pre.mlbox-code { background: var(--jp-layout-color2, rgba(128, 128, 128, 0.12));
  border-radius: 3px; padding: 8px 10px; margin: 4px 0; line-height: 1.45; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.mlbox-view .mlbox-scroll { max-height: 300px; overflow: auto; margin: 4px 0; }
.mlbox-view .mlbox-scroll pre.mlbox-code { margin: 0; }
.mlbox-view .mlbox-log { display: flex; flex-direction: column-reverse; max-height: 260px;
  overflow: auto; background: var(--jp-layout-color2, rgba(128, 128, 128, 0.12));
  border-radius: 3px; margin: 4px 0; }
.mlbox-view .mlbox-log pre { margin: 0; padding: 8px 10px; line-height: 1.4; width: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.mlbox-view mark { color: inherit; font-weight: 700; background: rgba(211, 47, 47, 0.25); }
.mlbox-view.mlbox-view table.mlbox-table { border-collapse: collapse; margin: 4px 0; width: auto;
  table-layout: auto; font-size: inherit; color: inherit; }
.mlbox-view.mlbox-view .mlbox-table tr { background: none; }
.mlbox-view.mlbox-view .mlbox-table th, .mlbox-view.mlbox-view .mlbox-table td {
  text-align: left; vertical-align: top; padding: 2px 16px 2px 0; border: 0; max-width: 640px;
  white-space: normal; overflow-wrap: anywhere; line-height: 1.4; }
.mlbox-view.mlbox-view .mlbox-table th { font-weight: 400; white-space: nowrap;
  color: var(--jp-content-font-color2, inherit); }
.mlbox-view.mlbox-view .mlbox-table .mlbox-number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.mlbox-view .mlbox-step { display: block; max-width: 640px; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; }
.mlbox-view .mlbox-state { white-space: nowrap; }
.mlbox-view .mlbox-done > b, .mlbox-view .mlbox-succeeded > b {
  color: var(--jp-success-color1, #388e3c); }
.mlbox-view .mlbox-failed > b { color: var(--jp-error-color1, #d32f2f); }
.mlbox-view .mlbox-running > b { color: var(--jp-brand-color1, #1976d2); }
.mlbox-view .mlbox-problem { border-left: 3px solid var(--jp-error-color1, #d32f2f);
  padding: 2px 0 2px 10px; margin: 6px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.mlbox-view summary { cursor: pointer; }
</style>"""


class StepRow(Protocol):
    """A step of a build; ``mlbox.engine.steps.Step`` is one."""

    @property
    def name(self) -> str:
        """Its text."""
        ...

    @property
    def state(self) -> str:
        """A key of ``SYMBOLS``."""
        ...

    @property
    def seconds(self) -> float:
        """How long it took, or has been running."""
        ...

    @property
    def last_line(self) -> str:
        """The last line it printed."""
        ...


class FileRow(Protocol):
    """An artifact; ``mlbox.record.FileRecord`` is one."""

    @property
    def path(self) -> str:
        """Its path."""
        ...

    @property
    def size_bytes(self) -> int:
        """Its size."""
        ...


class RunRow(Protocol):
    """A run; ``mlbox.record.RunRecord`` is one, and says what each of these is."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def exit_code(self) -> int | None: ...  # noqa: D102
    @property
    def error(self) -> str | None: ...  # noqa: D102
    @property
    def command(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def params(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def metrics(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def timings(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def outputs(self) -> Sequence[FileRow]: ...  # noqa: D102


def box_html(spec: BoxSpec, dockerfile: str | MlboxError) -> str:
    """Show a box: what its spec says, and its Dockerfile or why there is none."""
    rows = [(key, code(text)) for key, text in spec_summary(spec)]
    shown = (
        f"<details><summary>Dockerfile ({len(dockerfile.splitlines())} lines)</summary>"
        f"{dockerfile_block(dockerfile)}</details>"
        if isinstance(dockerfile, str)
        else problem(dockerfile)
    )
    return view(title("Box", spec.name), table(rows), shown)


def build_html(
    *,
    name: str,
    state: str,
    steps: Iterable[StepRow],
    seconds: float,
    image: str = "",
    reused: bool = False,
    error: MlboxError | None = None,
    dockerfile: str = "",
) -> str:
    """Show a build: its steps, and of a failed one the line and the end of its log.

    Args:
        name: Name of the box.
        state: ``"done"``, ``"failed"``, ``"canceled"`` or ``"running"``.
        steps: The steps in the order they began.
        seconds: Seconds of the whole build.
        image: The image that was built.
        reused: Whether nothing had changed, so that nothing was built.
        error: Why it failed; a ``BuildError`` says the line and the end of the log, too.
        dockerfile: The text that was built, to show the failed line of.
    """
    return view(
        title("Build of", name, state, seconds),
        steps_table(steps, running=state == "running"),
        table([("image", code(image) + (", nothing had changed" if reused else ""))])
        if image
        else "",
        failure(error, dockerfile) if error else "",
    )


def run_html(run: RunRow) -> str:
    """Show a run: how it ended, what it was given, what it measured and brought back."""
    rows = [("command", code(join(run.command)))]
    if run.exit_code is not None:
        rows.append(("exit code", code(str(run.exit_code))))
    if run.params:
        rows.append(("params", code(assignments(run.params))))
    rows += [(key, code(number(value))) for key, value in run.metrics.items()]
    if run.error:
        rows.append(("error", escape(run.error)))
    return view(
        title("Run", run.id, run.state, run.timings.get("run", 0)),
        table(rows),
        files_table((entry.path, entry.size_bytes) for entry in run.outputs),
    )


def view(*parts: str, style: str = STYLE) -> str:
    """Put pieces together into a view."""
    return f'{style}<div class="mlbox-view">{"".join(parts)}</div>'


def title(kind: str, name: str, state: str = "", seconds: float = 0) -> str:
    """The line on top of a view: "Run 20240301-… ✓ done in 12.3 s"."""
    took = f' <span class="mlbox-quiet">{duration(seconds)}</span>' if seconds else ""
    badge = f" {state_badge(state)}" if state else ""
    return f'<p class="mlbox-title">{escape(kind)} {code(name)}{badge}{took}</p>'


def state_badge(state: str) -> str:
    """A state as symbol and word."""
    word = escape(state)
    symbol = SYMBOLS.get(state, "•")
    return (
        f'<span class="mlbox-state mlbox-{word}"><b aria-hidden="true">{symbol}</b> {word}</span>'
    )


def steps_table(steps: Iterable[StepRow], *, running: bool = True) -> str:
    """The steps of a build; one that never ended is ``stopped`` once the build is not running."""
    rows = []
    for step in steps:
        state = "stopped" if step.state == "running" and not running else step.state
        detail = step.last_line if state in {"running", "failed"} else ""
        below = f'<span class="mlbox-step mlbox-quiet">{escape(detail)}</span>' if detail else ""
        name = f'<span class="mlbox-step" title="{escape(step.name)}">{code(step.name)}</span>'
        took = duration(step.seconds) if step.state != "cached" else ""
        rows.append(
            f"<tr><td>{state_badge(state)}</td><td>{name}{below}</td>"
            f'<td class="mlbox-number">{took}</td></tr>'
        )
    return f'<table class="mlbox-table"><tbody>{"".join(rows)}</tbody></table>' if rows else ""


def table(rows: Sequence[tuple[str, str]]) -> str:
    """A table of labels (escaped here) and values (HTML)."""
    lines = [f'<tr><th scope="row">{escape(key)}</th><td>{value}</td></tr>' for key, value in rows]
    return f'<table class="mlbox-table"><tbody>{"".join(lines)}</tbody></table>' if lines else ""


def files_table(outputs: Iterable[tuple[str, int]]) -> str:
    """The artifacts: path and size."""
    rows = [
        f'<tr><td>{code(path)}</td><td class="mlbox-number">{size(bytes_)}</td></tr>'
        for path, bytes_ in outputs
    ]
    head = '<thead><tr><th scope="col">artifact</th><th scope="col">size</th></tr></thead>'
    return (
        f'<table class="mlbox-table">{head}<tbody>{"".join(rows)}</tbody></table>' if rows else ""
    )


def problem(error: MlboxError) -> str:
    """An error's three parts."""
    parts = [f"<div>{escape(part)}</div>" for part in (error.why, error.fix) if part]
    what = f'<div class="mlbox-failed"><b aria-hidden="true">✗</b> {escape(error.what)}</div>'
    return f'<div class="mlbox-problem" role="alert">{what}{"".join(parts)}</div>'


def failure(error: MlboxError, dockerfile: str = "") -> str:
    """An error, the failed line of the Dockerfile, and the end of the log unless it is told."""
    line = getattr(error, "line", None)
    tail: Sequence[str] = getattr(error, "log_tail", ())
    excerpt = dockerfile_block(dockerfile, line=line) if dockerfile and line else ""
    told = not tail or tail[-1].strip() in error.why
    return problem(error) + excerpt + ("" if told else log_block(tail, total=len(tail)))


def dockerfile_block(text: str, *, line: int | None = None) -> str:
    """A Dockerfile; with ``line`` (1-based) only the lines around that one, numbered."""
    if line is None:
        return f'<pre class="mlbox-code">{escape(text)}</pre>'
    numbered = list(enumerate(text.splitlines(), start=1))
    near = numbered[max(0, line - 1 - EXCERPT_LINES) : line + EXCERPT_LINES]
    shown = [
        f"<mark>▸{number_:4}  {escape(content)}</mark>"
        if number_ == line
        else f" {number_:4}  {escape(content)}"
        for number_, content in near
    ]
    return f'<pre class="mlbox-code">{chr(10).join(shown)}</pre>'


def log_block(lines: Sequence[str], *, total: int) -> str:
    """The end of a log, scrolled to its end, and how much of it that is."""
    if not lines:
        return ""
    cut = (
        f'<div class="mlbox-quiet">The last {len(lines)} of {total} lines.</div>'
        if total > len(lines)
        else ""
    )
    text = escape("\n".join(lines))
    box = f'<div class="mlbox-log" role="log" tabindex="0" aria-live="off"><pre>{text}</pre></div>'
    return box + cut


def code(text: str) -> str:
    """Text in the code font."""
    return f"<code>{escape(text)}</code>"


def spec_summary(spec: BoxSpec) -> list[tuple[str, str]]:
    """The keys that differ from their defaults, and the ones everybody asks about."""
    always = {"python", "base", "cuda"}
    rows = []
    for entry in fields(spec):
        value = getattr(spec, entry.name)
        default = entry.default_factory() if entry.default_factory is not MISSING else entry.default
        if entry.name != "name" and (entry.name in always or value != default):
            rows.append((entry.name.replace("_", "-"), value_text(value)))
    return rows


def value_text(value: object) -> str:
    """A value of a spec as text."""
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return assignments(value) if isinstance(value, Mapping) else str(value)


def assignments(values: Mapping[str, object]) -> str:
    """``epochs=5 lr=0.1``."""
    return " ".join(f"{key}={number(value)}" for key, value in values.items())


def number(value: object) -> str:
    """A number with up to six digits that count; anything else as it is."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """``0.4 s``, ``41 s``, ``2 min 05 s``, ``1 h 02 min``."""
    if seconds < 10:  # noqa: PLR2004  (below, tenths matter)
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_rest = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_rest:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def size(bytes_: int) -> str:
    """``512 B``, ``1.2 kB``, ``34 MB``; powers of 1000."""
    value = float(bytes_)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:  # noqa: PLR2004  (the SI step)
            return f"{value:.1f} {unit}" if value < 10 and unit != "B" else f"{value:.0f} {unit}"  # noqa: PLR2004
        value /= 1000
    return f"{value:.1f} TB"
