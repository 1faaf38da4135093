"""From a project to an image: resolve, lock, plan, render, and build what has changed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlbox.engine import BuildRequest, Engine, Event, OnEvent
from mlbox.facts import load_facts
from mlbox.lock import (
    LAYERS,
    Lock,
    check_current,
    framework_index,
    lock_inputs,
    make_lock,
    read_lock,
    write_lock,
)
from mlbox.plan import UV_CONTEXT, WHEELHOUSE_CONTEXT, ImagePlan, plan_image
from mlbox.record import STATE_FOLDER, ensure_state_folder
from mlbox.render import render_dockerfile
from mlbox.resolve import Resolution, resolve
from mlbox.snapshot import Snapshot, take_snapshot
from mlbox.sources import PackageSources, package_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlbox.engine.steps import Step
    from mlbox.spec import Project

Target = Literal["runtime", "code"]
KEY_LABEL = "mlbox.key"
_NETRC = "netrc"


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
    sources: PackageSources
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
        with _alone(project.root / STATE_FOLDER):
            image_id, steps = _build(_request(prepared, key), engine, on_event)
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


def current_lock(
    project: Project,
    resolution: Resolution,
    sources: PackageSources,
    engine: Engine,
    *,
    update: bool = False,
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
    made = make_lock(inputs, resolution, sources, project)
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
    resolution = resolve(project.box, load_facts())
    sources = package_sources(project, os.environ)
    lock = current_lock(project, resolution, sources, engine, update=update_lock)
    return _Prepared(
        project=project,
        target=target,
        resolution=resolution,
        sources=sources,
        lock=lock,
        dockerfile=render_dockerfile(image_plan(project, resolution, lock, target)),
        snapshot=project_snapshot(project) if target == "code" else None,
    )


def _build(
    request: BuildRequest, engine: Engine, on_event: OnEvent
) -> tuple[str, tuple[Step, ...]]:
    """Build, and keep the steps for who looks at the result."""
    from mlbox.engine.steps import Steps  # noqa: PLC0415  (most builds have nothing to do)

    steps = Steps()

    def receive(event: Event) -> None:
        steps.apply(event)
        on_event(event)

    return engine.build(request, receive), steps.rows


def _base_digests(resolution: Resolution, engine: Engine) -> dict[str, str]:
    """Ask the registries for the digests of the base images; who does not answer is left out."""
    references = (resolution.base_image, resolution.devel_image)
    found = {name: engine.remote_digest(name) for name in references if name and _is_remote(name)}
    return {name: digest for name, digest in found.items() if digest}


def _is_remote(reference: str) -> bool:
    return not reference.startswith("mlbox/")


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


@contextlib.contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Wait for another build in the project: they share the folder of the build context."""
    ensure_state_folder(state)
    with (state / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            (state / "build" / _NETRC).unlink(missing_ok=True)  # credentials are not to stay


def _request(prepared: _Prepared, key: str) -> BuildRequest:
    """Lay out the build context, and say what the build may see besides."""
    project, lock, sources = prepared.project, prepared.lock, prepared.sources
    folder = project.root / STATE_FOLDER / "build"
    index = framework_index(prepared.resolution, sources)
    contexts = {WHEELHOUSE_CONTEXT: str(_fill_wheelhouse(folder, lock, sources))}
    if _runs_here(project.box.platform):
        contexts[UV_CONTEXT] = str(_uv_folder(folder))
    return BuildRequest(
        dockerfile=prepared.dockerfile,
        tag=prepared.tag,
        target=prepared.target,
        labels={"mlbox": "image", KEY_LABEL: key},
        context=_write_context(folder, lock, sources, index, prepared.snapshot),
        platform=project.box.platform,
        contexts=contexts,
        secrets=_secrets(folder, sources),
    )


def _write_context(
    folder: Path,
    lock: Lock,
    sources: PackageSources,
    index: tuple[str, ...],
    snapshot: Snapshot | None,
) -> Path:
    """Write exactly what the Dockerfile copies: requirements, and the code that goes in."""
    context = folder / "context"
    shutil.rmtree(context, ignore_errors=True)
    (context / "requirements").mkdir(parents=True)
    options = sources.requirement_options(*index)  # for both: torchvision is no framework
    for layer in LAYERS:
        path = context / "requirements" / f"{layer}.txt"
        path.write_text(lock.requirements(layer, options), encoding="utf-8")
    if snapshot:
        shutil.copytree(snapshot.path, context / "code", symlinks=True)
    return context


def _fill_wheelhouse(folder: Path, lock: Lock, sources: PackageSources) -> Path:
    """Gather the locked packages' local wheels; those, and no others, travel to the engine."""
    wheelhouse = folder / "wheelhouse"
    wheelhouse.mkdir(parents=True, exist_ok=True)
    wheels = {
        path.name: path
        for package in lock.packages
        for path in sources.local_wheels(package.name, package.version)
    }
    for old in wheelhouse.iterdir():
        if old.name not in wheels or old.stat().st_size != wheels[old.name].stat().st_size:
            old.unlink()
    for name, path in wheels.items():
        _link_or_copy(path, wheelhouse / name)
    return wheelhouse


def _uv_folder(folder: Path) -> Path:
    """A folder with nothing but this machine's uv in it, to stand in for uv's own image."""
    from mlbox.uv import uv_program  # noqa: PLC0415  (most builds have nothing to do)

    target = folder / "uv"
    target.mkdir(parents=True, exist_ok=True)
    program = Path(uv_program()).resolve()
    if (target / "uv").exists() and (target / "uv").stat().st_size != program.stat().st_size:
        (target / "uv").unlink()
    _link_or_copy(program, target / "uv")
    return target


def _link_or_copy(source: Path, target: Path) -> None:
    if target.exists():
        return
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system, or no right to link
        shutil.copy2(source, target)


def _secrets(folder: Path, sources: PackageSources) -> dict[str, Path]:
    """What the build may read and must not keep."""
    secrets = {"ca": sources.ca_bundle} if sources.ca_bundle and sources.ca_bundle.is_file() else {}
    netrc = sources.netrc()
    if netrc:
        path = folder / _NETRC
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(netrc, encoding="utf-8")
        secrets["netrc"] = path
    return secrets


def _runs_here(target: str) -> bool:
    """Whether this machine's own programs run in a build for the platform."""
    machine = os.uname().machine
    ours = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return sys.platform == "linux" and target == f"linux/{ours}"
