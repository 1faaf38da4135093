"""Write the files beside every spec in this folder: ``python dockerfiles/regenerate.py``.

A test compares each with what mlbox renders, byte by byte; a change of the tables or of the
renderer shows up in review as a change of these files.
"""  # noqa: INP001  (a script beside its data, not a package)

from pathlib import Path

from mlbox.facts import load_facts
from mlbox.plan import plan_image
from mlbox.render import render_dockerfile
from mlbox.render.compose import render_compose
from mlbox.resolve import resolve_box
from mlbox.spec import load_project

FOLDER = Path(__file__).parent


def golden(folder: Path) -> str:
    """Return the Dockerfile of the spec in a folder."""
    project = load_project(folder)
    resolution = resolve_box(project.box, load_facts())
    command = project.job.command if project.job else ()
    return render_dockerfile(plan_image(project.box, resolution, command=command))


def golden_compose(folder: Path) -> str:
    """Return the compose file of the spec in a folder."""
    project = load_project(folder)
    job = project.job
    return render_compose(project.box, job, secrets=("WANDB_API_KEY",)) if job else ""


if __name__ == "__main__":
    for spec in sorted(FOLDER.glob("*/mlbox.toml")):
        (spec.parent / "Dockerfile").write_text(golden(spec.parent), encoding="utf-8")
        compose = spec.parent / "compose.yaml"
        compose.write_text(golden_compose(spec.parent), encoding="utf-8")
