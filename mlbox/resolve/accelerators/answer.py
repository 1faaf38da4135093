"""What the answers for every accelerator have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlbox.errors import SpecError
from mlbox.findings import Finding
from mlbox.resolve.resolution import Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlbox.facts.accelerators import Accelerators, Device, Row
    from mlbox.resolve.request import Request

PYTHON = "3.12"
SLIM = "python:{python}-slim-bookworm"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
NO_FACTS = "mlbox has no verified facts for this"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request for one accelerator, with what it is answered from.

    Attributes:
        request: What is asked.
        accelerator: The accelerator it is for.
        facts: The tables.
        as_of: The day they speak of.
        base: Template of the default base image, with ``{python}`` in it.
        reasons: What was decided before: about the machine.
        findings: What there is to know about that.
    """

    request: Request
    accelerator: str
    facts: Accelerators
    as_of: str
    base: str = SLIM
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=())

    @property
    def python(self) -> str | None:
        """The Python minor version asked for.

        Raises:
            SpecError: It is not a version.
        """
        asked = self.request.python
        if asked is None:
            return None
        match = re.fullmatch(r"(3\.\d+)(\.\d+)?", asked)
        if match is None:
            raise SpecError(
                f"python = {asked!r} is not a Python version.",
                why="It is a minor version of Python 3, or a release of one.",
                fix='Write it like python = "3.12".',
            )
        return match[1]

    def slim(self, python: str) -> str:
        """Return the base image: what the request names, else Python's own slim one."""
        asked = self.request.base
        return asked if asked not in {"auto", "debian"} else self.base.format(python=python)

    def device(self, name: str) -> Device:
        """Return how a container gets at an accelerator."""
        return next(row for row in self.facts.devices if row.accelerator == name)


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers in a version: 7.14 is newer than 7.2."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def wanted(version: str | None, releases: Iterable[str]) -> set[str]:
    """Return the releases that a version means: exactly one, else those it is the beginning of.

    Raises:
        SpecError: It is not a version.
    """
    if version is not None and not re.fullmatch(r"\d+(\.\d+)*(\.?(a|b|rc|post|dev)\d+)?", version):
        raise SpecError(
            f"{version!r} is not a version.",
            why="It is a release, or the beginning of one.",
            fix="Write it like 2.13.0 or 2.13.",
        )
    releases = set(releases)
    if version is None or version in releases:
        return {version} if version else releases
    return {release for release in releases if release.startswith(f"{version}.")}


def choose_python(asked: str | None, pythons: Sequence[str], prefer: str = PYTHON) -> str | None:
    """Return the Python to use: the one asked for, if it is there; else near ``prefer``."""
    if asked is not None:
        return asked if asked in pythons else None
    below = [python for python in pythons if numbers(python) <= numbers(prefer)]
    return max(below, key=numbers) if below else min(pythons, key=numbers, default=None)


def trust(row: Row, what: str) -> tuple[Finding, ...]:
    """Say how far a row can be trusted, where several sources do not agree on it."""
    if row.confidence == "multi":
        return ()
    weak = row.confidence in {"recollected", "unverified"}
    return (
        Finding(
            code="recollected-fact" if weak else "single-source-fact",
            severity="warning" if weak else "info",
            what=f"{what} is {_CONFIDENCE.get(row.confidence, 'known from one source only')}.",
            why=f"Source: {row.source}.",
            fix="Try it before you rely on it." if weak else "",
        ),
    )


def told(row: Row) -> tuple[str, ...]:
    """Return a row's notes as a reason."""
    text = row.notes.strip()
    return (f"{text[:1].upper()}{text[1:]} (source: {row.source}).",) if text else ()


def warning(code: str, what: str, *, why: str = "", fix: str = "") -> Finding:
    """Return a finding that makes the verdict "warn"."""
    return Finding(code=code, severity="warning", what=what, why=why, fix=fix)


def info(code: str, what: str, *, why: str = "", fix: str = "") -> Finding:
    """Return a finding that is good to know."""
    return Finding(code=code, severity="info", what=what, why=why, fix=fix)


def answered(  # what an answer is made of
    question: Question,
    what: str,
    *,
    python: str,
    reasons: Sequence[str],
    findings: Sequence[Finding],
    **parts: Any,  # noqa: ANN401  (the fields of Resolution)
) -> Resolution:
    """Return a possible answer; a warning among the findings makes it "warn"."""
    request = question.request
    found = (*question.findings, *findings, *_base_finding(request))
    parts.setdefault("base_image", question.slim(python))
    parts["base_image"] = _mirrored(parts["base_image"], request.registry_mirror)
    return Resolution(
        verdict="warn" if any(one.severity == "warning" for one in found) else "ok",
        what=what,
        python=python,
        as_of=question.as_of,
        platform=request.platform,
        framework=request.framework,
        accelerator=question.accelerator,
        reasons=(*question.reasons, *reasons),
        findings=found,
        **parts,
    )


def impossible(
    question: Question, what: str, *reasons: str, findings: Sequence[Finding] = (), **parts: object
) -> Resolution:
    """Return the answer that there is none."""
    python = str(parts.pop("python", None) or question.python or PYTHON)
    answer = answered(question, what, python=python, reasons=(), findings=findings, **parts)
    error = Finding(
        code="impossible",
        severity="error",
        what=what,
        why=reasons[0] if reasons else "",
        fix="Ask for less, or leave the framework out and install it in the box yourself.",
    )
    return replace(
        answer,
        verdict="impossible",
        reasons=(*(reasons or (what,)), *question.reasons),
        findings=(error, *answer.findings),
    )


def no_facts(question: Question, subject: str, *reasons: str, **parts: object) -> Resolution:
    """Return the answer for what the tables say nothing of: never a guess."""
    return impossible(question, f"{NO_FACTS}: {subject}.", *reasons, **parts)  # type: ignore[arg-type]


def bare(question: Question, access: Mapping[str, Any], *reasons: str) -> Resolution:
    """Return the answer for a box without a framework."""
    python = question.python or PYTHON
    return answered(
        question,
        f"Python {python} with a {question.accelerator} device.",
        python=python,
        reasons=("No framework was asked for.", *reasons),
        findings=(),
        **access,
    )


def access(device: Device, **more: Sequence[str]) -> dict[str, Any]:
    """Return what hands an accelerator to a container, as fields of a resolution."""
    nodes = tuple(more.get("nodes", device.device_nodes))
    environment = (*device.environment, *more.get("environment", ()))
    return {
        "device_nodes": nodes,
        "docker_flags": (*device.docker_flags, *more.get("flags", ())),
        "environment": dict(pair.split("=", 1) for pair in environment),
    }


def _base_finding(request: Request) -> tuple[Finding, ...]:
    if request.base != "debian":
        return ()
    return (
        warning(
            "base-not-debian",
            'base = "debian" is not offered for this accelerator; the slim Python image is used.',
            fix='Set base = "auto", or name an image.',
        ),
    )


def _mirrored(reference: str, mirror: str | None) -> str:
    if mirror is None:
        return reference
    from mlbox.resolve.images import through_mirror  # noqa: PLC0415  (it imports this package)

    return through_mirror(reference, mirror)


_CONFIDENCE = {
    "recollected": "recollected: there is no source at hand",
    "unverified": "not verified",
    "derived": "derived from other facts",
    "inferred": "inferred from other facts",
}
