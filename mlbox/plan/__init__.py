"""Decisions as data anyone can read before anything happens: what will be built, what will run."""

from mlbox.plan.container import WORKSPACE, Mount, RunPlan, argv_of, plan_run
from mlbox.plan.image import UV_CONTEXT, UV_IMAGE, WHEELHOUSE_CONTEXT, plan_image
from mlbox.plan.instructions import ImagePlan, Instruction, Stage

__all__ = [
    "UV_CONTEXT",
    "UV_IMAGE",
    "WHEELHOUSE_CONTEXT",
    "WORKSPACE",
    "ImagePlan",
    "Instruction",
    "Mount",
    "RunPlan",
    "Stage",
    "argv_of",
    "plan_image",
    "plan_run",
]
