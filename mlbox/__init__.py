"""Reproducible ML containers from a notebook, a script or the command line.

Layers, lowest first; a module imports only from lines above its own::

    KNOW    errors      what went wrong, why, and what to do
            findings    what is worth saying about a spec, a machine or a file
            values      what TOML files and flags say, as values
            host        what a machine has, as values
            spec        what the user asked for
            facts       dated tables about frameworks, CUDA, drivers, GPUs and images
    DECIDE  resolve     what is asked + facts -> exact versions, with reasons, or why none
            plan        versions -> stages of an image; a job -> one container
            render      plan -> Dockerfile, HTML
            doctor      a machine as values -> what is wrong with it, and what mends it
            lint        Dockerfiles, compose files -> what is wrong with them, and what mends it
            diagnosis   a failed run's log and exit -> why it failed, and what mends it
    DO      engine      builds images, starts containers
            probe       looks at the machine, changes nothing
            record      what a run leaves behind
            cache       what this machine remembers and can do without
            linter      files and folders -> linted, and mended
            sources     where packages come from on this machine
            uv          requirements -> exact, hashed pins
            index       what a package index states
            sizes       how large an installation is, before it is made
            refresh     the facts as a package index states them today
            lock        exact, hashed packages and base images
            snapshot    the code as it is now
            data        declared inputs
            context     what a build may see
            image       a project -> an image
            run         a project -> a recorded run
            init        a folder -> a spec
    HOLD    box         a spec joined to an engine
    SHOW    notebook    widgets
            course      lessons and their checks
            cli         the command line
            testing     fakes, ours and yours

The public names load on use, so that ``import mlbox`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mlbox._version import __version__

if TYPE_CHECKING:
    from mlbox.box import Box, Run
    from mlbox.diagnosis import diagnose
    from mlbox.errors import MlboxError
    from mlbox.lint import LintReport, lint_compose, lint_dockerfile
    from mlbox.notebook import panel
    from mlbox.record import RunRecord
    from mlbox.spec import BoxSpec, JobSpec

__all__ = [
    "Box",
    "BoxSpec",
    "JobSpec",
    "LintReport",
    "MlboxError",
    "Run",
    "RunRecord",
    "__version__",
    "diagnose",
    "lint_compose",
    "lint_dockerfile",
    "panel",
]

_HOMES = {
    "Box": "mlbox.box",
    "BoxSpec": "mlbox.spec",
    "JobSpec": "mlbox.spec",
    "LintReport": "mlbox.lint",
    "MlboxError": "mlbox.errors",
    "Run": "mlbox.box",
    "RunRecord": "mlbox.record",
    "diagnose": "mlbox.diagnosis",
    "lint_compose": "mlbox.lint",
    "lint_dockerfile": "mlbox.lint",
    "panel": "mlbox.notebook",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  (what the name stands for)
    if name not in _HOMES:
        message = f"module 'mlbox' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
