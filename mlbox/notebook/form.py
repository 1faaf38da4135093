"""The form over a spec, as text in fields: what they hold, offer and mean. No widgets here."""

from __future__ import annotations

import re
import shlex
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlbox.errors import SpecError
from mlbox.spec import FRAMEWORKS, BoxSpec, JobSpec, override

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlbox.facts import Build

NO_FRAMEWORK = "none"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the form.

    Attributes:
        name: Its name; that of the spec's key, where it is one.
        label: What the user reads.
        kind: ``choice``: one of its options; ``suggest``: its options, or another text;
            ``text``: one line; ``lines``: one item per line.
        placeholder: An example, shown while it is empty.
    """

    name: str
    label: str
    kind: Literal["choice", "suggest", "text", "lines"]
    placeholder: str = ""


BOX_FIELDS = (
    Field(name="framework", label="Framework", kind="choice"),
    Field(name="version", label="Version", kind="suggest", placeholder="2.13.0"),
    Field(name="cuda", label="CUDA", kind="suggest", placeholder="auto"),
    Field(name="python", label="Python", kind="choice"),
    Field(name="base", label="Base image", kind="suggest", placeholder="auto"),
    Field(name="requirements", label="Requirements", kind="text", placeholder="requirements.txt"),
    Field(name="system_packages", label="System packages", kind="text", placeholder="git libgl1"),
    Field(name="packages", label="Packages", kind="lines", placeholder="one per line: numpy>=2"),
)
JOB_FIELDS = (
    Field(name="command", label="Command", kind="text", placeholder="python train.py"),
    Field(name="params", label="Params", kind="text", placeholder="epochs=5 lr=0.1"),
    Field(name="outputs", label="Outputs", kind="text", placeholder="out/ metrics.json"),
)


class FormModel:
    """The fields' texts, and the spec they mean. Every method may be called from any thread.

    Args:
        spec: The spec to begin with; what the form has no field for stays as it is in it.
        job: The training run to begin with.
        builds: The builds of the frameworks that are known; their releases and CUDA versions are
            what the form offers.
    """

    def __init__(
        self,
        spec: BoxSpec,
        job: JobSpec | None = None,
        *,
        builds: Iterable[Build] = (),
    ) -> None:
        self._spec, self._job = spec, job
        self._builds = tuple(build for build in builds if build.confidence != "unverified")
        self._lock = threading.RLock()
        self._values = {**box_texts(spec), **job_texts(job)}

    @property
    def values(self) -> Mapping[str, str]:
        """The texts, by field."""
        with self._lock:
            return dict(self._values)

    def set(self, name: str, text: str) -> tuple[str, ...]:
        """Put a text into a field; return the fields whose text or options changed."""
        with self._lock:
            if self._values[name] == text:
                return ()
            self._values[name] = text
            if name == "framework":
                self._values["version"] = next(iter(self.options("version")), "")
            elif name != "version":
                return (name,)
            if self._values["cuda"] not in self.options("cuda"):
                self._values["cuda"] = "auto"
            return ("framework", "version", "cuda")

    def options(self, name: str) -> tuple[str, ...]:
        """Return what a field offers."""
        value, framework = self._values[name], self._values["framework"]
        if name == "framework":
            return (NO_FRAMEWORK, *FRAMEWORKS)
        if name == "version":
            return releases(self._builds, framework)
        if name == "cuda":
            return ("auto", "cpu", *cudas(self._builds, framework, self._values["version"]))
        if name == "python":
            return PYTHONS if value in PYTHONS else (*PYTHONS, value)
        return ("auto", "debian") if name == "base" else ()

    def enabled(self, name: str) -> bool:
        """Whether a field matters now: without a framework, its version and CUDA do not."""
        with self._lock:
            return name not in {"version", "cuda"} or self._values["framework"] != NO_FRAMEWORK

    def read(self) -> tuple[BoxSpec, JobSpec | None]:
        """Return what the form means.

        Raises:
            SpecError: A text makes no sense.
        """
        values = self.values
        return read_box(values, self._spec), read_job(values, self._job)


def releases(builds: Iterable[Build], framework: str) -> tuple[str, ...]:
    """Return the releases of a framework, newest first."""
    found = {build.release for build in builds if build.framework == framework}
    return tuple(sorted(found, key=_by_number, reverse=True))


def cudas(builds: Iterable[Build], framework: str, version: str) -> tuple[str, ...]:
    """Return the CUDA versions a release, or any that begins so, was built for, newest first."""
    found = {
        build.cuda
        for build in builds
        if build.framework == framework
        and build.cuda
        and f"{build.release}.".startswith(f"{version}.")
    }
    return tuple(sorted(found, key=_by_number, reverse=True))


def _by_number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def box_texts(spec: BoxSpec) -> dict[str, str]:
    """Return a box's spec as texts of the form."""
    return {
        "framework": spec.framework or NO_FRAMEWORK,
        "version": spec.framework_version or "",
        "cuda": spec.cuda,
        "python": spec.python,
        "base": spec.base,
        "requirements": spec.requirements or "",
        "system_packages": " ".join(spec.system_packages),
        "packages": "\n".join(spec.packages),
    }


def job_texts(job: JobSpec | None) -> dict[str, str]:
    """Return a training run's spec as texts of the form."""
    if job is None:
        return {"command": "", "params": "", "outputs": ""}
    return {
        "command": shlex.join(job.command),
        "params": shlex.join(f"{key}={value}" for key, value in job.params.items()),
        "outputs": shlex.join(job.outputs),
    }


def read_box(values: Mapping[str, str], spec: BoxSpec) -> BoxSpec:
    """Return the spec with the form's texts in it.

    Raises:
        SpecError: A text makes no sense.
    """
    framework, version = values["framework"], values["version"].strip()
    if framework != NO_FRAMEWORK and not version:
        raise SpecError(
            f"{framework} needs a version.",
            why="A box that picks the newest by itself could not be built again next year.",
            fix="Write one into the field Version, or choose the framework 'none'.",
        )
    return override(
        spec,
        {
            **{name: version if name == framework else None for name in FRAMEWORKS},
            "cuda": values["cuda"].strip() or "auto",
            "python": values["python"],
            "base": values["base"].strip() or "auto",
            "requirements": values["requirements"].strip() or None,
            "system_packages": values["system_packages"].replace(",", " ").split(),
            "packages": [line.strip() for line in values["packages"].splitlines() if line.strip()],
        },
    )


def read_job(values: Mapping[str, str], job: JobSpec | None) -> JobSpec | None:
    """Return the training run with the form's texts in it; ``None`` without a command.

    Raises:
        SpecError: A text makes no sense.
    """
    command = words(values["command"], "Command")
    if not command:
        return None
    params = dict(parameter(word) for word in words(values["params"], "Params"))
    outputs = words(values["outputs"], "Outputs")
    started = job or JobSpec(command=command)
    return replace(started, command=command, params=params, outputs=outputs)


def words(text: str, label: str) -> tuple[str, ...]:
    """Split a text as a shell would: ``'two words' three``.

    Raises:
        SpecError: A quote is not closed.
    """
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise SpecError(
            f"{label} cannot be read: {text}",
            why=f"It is split into words as a shell does it: {str(error).lower()}.",
            fix="Close the quotation mark, or put a backslash before it.",
        ) from error


def parameter(word: str) -> tuple[str, str]:
    """Split ``name=value``.

    Raises:
        SpecError: It is nothing of the kind.
    """
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise SpecError(
            f"Params: {word!r} is not name=value.",
            why="Each parameter is passed to the command as --name=value.",
            fix="Write it like epochs=5, with spaces between parameters.",
        )
    return name.lstrip("-"), value
