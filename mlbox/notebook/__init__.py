"""The notebook's view of a box: view models without widgets, and the widgets over them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.errors import MissingExtraError
from mlbox.spec import SPEC_FILES, BoxSpec, JobSpec, Project, load_project, slug

if TYPE_CHECKING:
    from mlbox.box import Box
    from mlbox.engine import Engine
    from mlbox.notebook.widgets import Panel


def panel(project: str | Path = ".", *, engine: Engine | None = None) -> Panel:
    """Show the box of a project in a form; nothing is written until you build or train.

    The Dockerfile is rendered anew at each change. A build and a training run go on in the
    background: the cell returns at once, and the notebook stays usable.

    Args:
        project: Its folder; without a spec in it, the form begins with a plain box.
        engine: The engine to use; by default the one that answers on this machine.

    Raises:
        MissingExtraError: mlbox was installed without its ``notebook`` extra.
        SpecError: The project's spec is not valid.
    """
    try:
        from mlbox.notebook.widgets import Panel  # noqa: PLC0415  (130 ms: loads on use)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"ipywidgets", "IPython"}:
            raise
        raise MissingExtraError("mlbox.panel()", extra="notebook") from error
    found = find_project(Path(project))

    def make_box(spec: BoxSpec, job: JobSpec | None) -> Box:
        from mlbox.box import Box  # noqa: PLC0415  (what only builds need, loads on use)

        return Box(**vars(spec), train=job, project=found.root, engine=engine)

    return Panel(found.box, found.job, make_box)


def find_project(folder: Path) -> Project:
    """Read the project's spec; a plain box, named like the folder, if it has none.

    Raises:
        SpecError: Its spec is not valid.
    """
    if any(_may_hold_spec(folder / name) for name in SPEC_FILES):
        return load_project(folder)
    root = folder.resolve()
    return Project(root=root, source=None, box=BoxSpec(name=slug(root.name)))


def _may_hold_spec(path: Path) -> bool:
    """Whether a file is there and is about mlbox; a pyproject.toml often is not."""
    if not path.is_file():
        return False
    return path.name != "pyproject.toml" or "mlbox" in path.read_text("utf-8", errors="replace")
