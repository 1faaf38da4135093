"""From a project to an image: resolve, lock, plan, render, and build what has changed."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlbox.cache import known_facts
from mlbox.engine import BuildRequest, Engine, Event, OnEvent
from mlbox.lock import Lock, check_current, lock_inputs, make_lock, read_lock, write_lock
from mlbox.plan import ImagePlan, plan_image
from mlbox.record import STATE_FOLDER, ensure_state_folder
from mlbox.render import render_dockerfile
from mlbox.resolve import Resolution, made_here, resolve_box
from mlbox.snapshot import Snapshot, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.engine.steps import Step
    from mlbox.spec import Project

Target = Literal["runtime", "code"]
KEY_LABEL = "mlbox.key"


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """A built image.

    Attributes:
        id: Its digest, ``"sha256:..."``.
        tag: Its name and tag.
        reused: Whether nothing had changed, so that nothing was built.
        seconds: How long it took.
        dockerfile: Its text.
        resolution: The versions in it.
        lock: The exact packages in it.
        steps: What was done; empty when it was reused.
    """

    id: str
    tag: str
    reused: bool
    seconds: float
    dockerfile: str
    resolution: Resolution
    lock: Lock
    steps: tuple[Step, ...] = ()

    def _repr_html_(self) -> str:
        from mlbox.render.html import build_html  # noqa: PLC0415  (for notebooks: loads on use)

        return build_html(
            name=self.tag, state="done", steps=self.steps, seconds=self.seconds, image=self.id
        )


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """All that is decided before anything is built."""

    project: Project
    target: Target
    resolution: Resolution
    lock: Lock
    dockerfile: str
    snapshot: Snapshot | None  # the code; only where it is to be in the image

    @property
    def tag(self) -> str:
        tag = "latest" if self.target == "code" else "runtime"
        return f"mlbox/{self.project.box.name}:{tag}"


def build_image(
    project: Project,
    engine: Engine,
    on_event: OnEvent,
    *,
    target: Target = "code",
    update_lock: bool = False,
) -> BuildResult:
    """Build the project's image, unless one from exactly the same inputs is there.

    Args:
        project: What to build.
        engine: Who builds.
        on_event: Receives the steps; an exception it raises cancels the build.
        target: ``"code"`` for the whole image, ``"runtime"`` for all but the project's code.
        update_lock: Make the lock anew even if it is current.

    Raises:
        MlboxError: See the errors of resolve, lock and the engine.
    """
    began = time.monotonic()
    prepared = _prepare(project, engine, target, update_lock=update_lock)
    key = _key(prepared, engine)
    image = engine.image(prepared.tag)
    reused = image is not None and image.labels.get(KEY_LABEL) == key
    steps: tuple[Step, ...] = ()
    if image is None or not reused:
        image_id, steps = _build(prepared, key, engine, on_event)
    else:
        image_id = image.id
    return BuildResult(
        id=image_id,
        tag=prepared.tag,
        reused=reused,
        seconds=time.monotonic() - began,
        dockerfile=prepared.dockerfile,
        resolution=prepared.resolution,
        lock=prepared.lock,
        steps=steps,
    )


def image_plan(
    project: Project, resolution: Resolution, lock: Lock | None, target: Target = "code"
) -> ImagePlan:
    """Plan the image, with the base images pinned that the lock knows."""
    # what runs in the runtime image is the run's business: another command is no other image
    command = project.job.command if project.job and target == "code" else ()
    digests: Mapping[str, str] = lock.bases if lock else {}
    return plan_image(project.box, resolution, digests=digests, command=command)


def dockerfile(project: Project) -> str:
    """Return the Dockerfile of the whole image; nothing is built, locked or written.

    Raises:
        ResolveError: No versions satisfy the spec.
        LockError: There is a lock, and it cannot be read.
    """
    resolution = resolve_box(project.box, known_facts())
    return render_dockerfile(image_plan(project, resolution, read_lock(project.root)))


def current_lock(
    project: Project, resolution: Resolution, engine: Engine, *, update: bool = False
) -> Lock:
    """Return the project's lock; a missing one is made, a stale one is refused.

    Raises:
        StaleLockError: The spec changed since the lock was made, and ``update`` is false.
        LockError: The packages cannot be locked.
    """
    inputs = lock_inputs(project, resolution)
    lock = read_lock(project.root)
    if lock is not None and not update:
        check_current(lock, inputs)
        return lock
    from mlbox.sources import package_sources  # noqa: PLC0415  (a lock is seldom made)

    made = make_lock(inputs, resolution, package_sources(project, os.environ), project)
    known = {**(lock.bases if lock else {}), **_base_digests(resolution, engine)}
    made = replace(made, bases=known)
    if made != lock:
        write_lock(project.root, made)
    return made


def project_snapshot(project: Project) -> Snapshot:
    """Snapshot the project's code: all but its inputs and outputs."""
    job = project.job
    state = project.root / STATE_FOLDER
    ensure_state_folder(state)
    return take_snapshot(
        project.root,
        state / "snapshots",
        include=project.box.include,
        exclude=(*job.inputs, *(name.removesuffix(".dvc") for name in job.inputs), *job.outputs)
        if job
        else (),
    )


def _prepare(project: Project, engine: Engine, target: Target, *, update_lock: bool) -> _Prepared:
    resolution = resolve_box(project.box, known_facts())
    lock = current_lock(project, resolution, engine, update=update_lock)
    return _Prepared(
        project=project,
        target=target,
        resolution=resolution,
        lock=lock,
        dockerfile=render_dockerfile(image_plan(project, resolution, lock, target)),
        snapshot=project_snapshot(project) if target == "code" else None,
    )


def _build(
    prepared: _Prepared, key: str, engine: Engine, on_event: OnEvent
) -> tuple[str, tuple[Step, ...]]:
    """Build, and keep the steps for who looks at the result."""
    from mlbox.context import build_context  # noqa: PLC0415  (most builds have nothing to do)
    from mlbox.engine.steps import Steps  # noqa: PLC0415

    steps = Steps()

    def receive(event: Event) -> None:
        steps.apply(event)
        on_event(event)

    with build_context(
        prepared.project, prepared.resolution, prepared.lock, prepared.snapshot
    ) as context:
        request = BuildRequest(
            dockerfile=prepared.dockerfile,
            tag=prepared.tag,
            target=prepared.target,
            labels={"mlbox": "image", KEY_LABEL: key},
            platform=prepared.project.box.platform,
            context=context.folder,
            contexts=context.named,
            secrets=context.secrets,
        )
        return engine.build(request, receive), steps.rows


def _base_digests(resolution: Resolution, engine: Engine) -> dict[str, str]:
    """Ask the registries for the digests of the base images; who does not answer is left out."""
    references = (resolution.base_image, resolution.devel_image)
    asked = [name for name in references if name and not made_here(name)]
    found = {name: engine.remote_digest(name) for name in asked}
    return {name: digest for name, digest in found.items() if digest}


def _key(prepared: _Prepared, engine: Engine) -> str:
    """Digest of everything that decides what is in the image."""
    base = prepared.resolution.base_image
    # a base that no lock pins may be another one under the same name
    local = None if base in prepared.lock.bases else engine.image(base)
    snapshot = prepared.snapshot.digest if prepared.snapshot else ""
    parts = (
        *(prepared.dockerfile, prepared.lock.digest, prepared.target),
        *(snapshot, local.id if local else ""),
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
