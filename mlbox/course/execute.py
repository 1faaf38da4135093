"""Run a lesson from its first cell to its last, and collect what its checks said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlbox.course.outcome import MIME, Outcome
from mlbox.errors import MissingExtraError, RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TIMEOUT_SECONDS = 1800  # per cell: a first build installs a framework


def execute(
    notebook: Path,
    output: Path,
    *,
    parameters: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> tuple[Outcome, ...]:
    """Run a notebook through papermill and return the outcomes of its checks, in order.

    papermill is content with a notebook that stopped half-way through ``sys.exit(0)``; this is
    not: every code cell has to have run.

    Args:
        notebook: The notebook.
        output: Where the executed notebook goes; it is written on failure too.
        parameters: Values for the cell tagged ``parameters``.
        folder: Where it runs; the notebook's own folder by default.

    Raises:
        MissingExtraError: papermill is not installed.
        RunError: A cell failed or did not run, or the kernel died.
    """
    try:
        import papermill  # type: ignore[import-untyped]  # noqa: PLC0415  (no stubs; loads on use)
    except ImportError as error:
        raise MissingExtraError("Running a lesson", extra="course") from error
    try:
        papermill.execute_notebook(
            str(notebook),
            str(output),
            parameters=dict(parameters or {}),
            cwd=str(folder or notebook.parent),
            progress_bar=False,
            execution_timeout=TIMEOUT_SECONDS,
        )
    except (papermill.exceptions.PapermillException, RuntimeError) as error:
        raise RunError(
            f"{notebook.name} stopped at an error.",
            why=str(error).strip(),
            fix=f"The notebook as far as it ran: {output}.",
        ) from error
    cells = json.loads(output.read_text(encoding="utf-8"))["cells"]
    skipped = [number for number, cell in enumerate(cells) if _never_ran(cell)]
    if skipped:
        raise RunError(
            f"{notebook.name} ended before its last cell.",
            why=f"{len(skipped)} code cells never ran, the first is cell {skipped[0]}.",
            fix=f"Look for exit() in the cell before it: {output}.",
        )
    return tuple(_outcomes(cells))


def _never_ran(cell: Mapping[str, Any]) -> bool:
    is_code = cell["cell_type"] == "code" and "".join(cell["source"]).strip()
    return bool(is_code) and cell["execution_count"] is None


def _outcomes(cells: list[Mapping[str, Any]]) -> Iterator[Outcome]:
    for cell in cells:
        for shown in cell.get("outputs", ()):
            if MIME in shown.get("data", {}):
                yield Outcome(**shown["data"][MIME])
