"""The products in the Neuron SDKs, their packages, images and drivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.facts.accelerators import NEURON_REGISTRY
from mlbox.resolve.accelerators.answer import info, numbers, warning
from mlbox.resolve.resolution import Companion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.facts.accelerators import Accelerators, NeuronSdk
    from mlbox.findings import Finding

NEURON_INDEX = "https://pip.repos.neuron.amazonaws.com"
_INF1_PYTHONS = ("3.9", "3.10")
_INF1_IMAGE_SDK = "2.20.2"
_ONLY_NATIVE = ("trn2", "trn3")


@dataclass(frozen=True, kw_only=True)
class Product:
    """One framework in one release of the SDK.

    Attributes:
        kind: ``"xla"``, ``"native"``, ``"inf1"`` or ``"jax"``.
        framework: ``"torch"`` or ``"jax"``.
        release: The framework's release, ``"2.9.0"``.
        packages: What to install, exact.
        pythons: What it is for; empty where that is not known.
        families: The machines it runs on.
        driver: Release of aws-neuronx-dkms that the host needs.
        row: The SDK.
    """

    kind: str
    framework: str
    release: str
    packages: tuple[str, ...]
    pythons: tuple[str, ...]
    families: tuple[str, ...]
    driver: str
    row: NeuronSdk


def products(facts: Accelerators) -> Iterator[Product]:
    """Return every framework of every SDK, inf1's own once: it is frozen."""
    for row in facts.neuron:
        families = tuple(family for family in row.families if family != "inf1")
        if "trn3" not in families and "leaves trn3 out" in row.notes:
            families += ("trn3",)
        for version in row.torch_neuronx:
            yield _torch(row, version, "xla", families)
        for version in row.torch_native:
            yield _torch(row, version, "native", _ONLY_NATIVE)
        if row.jax_neuronx and numbers(row.jax_neuronx) >= (0, 5):
            yield _jax(row, families)
    frozen = next(row for row in facts.neuron if row.sdk == _INF1_IMAGE_SDK)
    yield Product(
        kind="inf1",
        framework="torch",
        release="1.13.1",
        packages=("torch-neuron==1.13.1.2.11.13.0", "neuron-cc==1.24.0.0", "torch==1.13.1+cpu"),
        pythons=_INF1_PYTHONS,
        families=("inf1",),
        driver="2.24.*",
        row=frozen,
    )


def image_of(one: Product) -> str | None:
    """Return AWS's image with exactly this, where there is one; of two the one for training."""
    names = {
        "xla": ("pytorch-training-neuronx:", "pytorch-inference-neuronx:"),
        "jax": ("jax-training-neuronx:",),
        "inf1": ("pytorch-inference-neuron:",),
    }
    short = one.release if one.kind != "jax" else ".".join(one.release.split(".")[:2])
    for name in names.get(one.kind, ()):
        for image in one.row.images:
            if image.startswith(f"{name}{short}"):
                return f"{NEURON_REGISTRY}/{image}"
    return None


def companions(one: Product) -> dict[str, Companion]:
    """Return what goes with it: wheels, and what the host or the image needs."""
    row = one.row
    found = {}
    for package in one.packages:
        name, _, version = package.partition("==")
        if name != one.framework:
            note = "for inf1" if one.kind == "inf1" else f"of SDK {row.sdk}"
            found[name] = Companion(version=version, pinned=True, note=note)
    library = _libneuronxla(one)
    if library:
        note = "which of the SDK's two it is, is inferred" if len(row.libneuronxla) > 1 else ""
        found["libneuronxla"] = Companion(version=library, pinned=True, note=note)
    host = "driver of the host, no wheel"
    found["aws-neuronx-dkms"] = Companion(version=one.driver, pinned=False, note=host)
    if one.kind != "inf1":
        image = "in the image, no wheel"
        hook = "optional, on the host: only for AWS_NEURON_VISIBLE_DEVICES"
        found["aws-neuronx-runtime-lib"] = Companion(version=row.runtime, pinned=False, note=image)
        if row.oci_hook:
            found["aws-neuronx-oci-hook"] = Companion(version=row.oci_hook, pinned=False, note=hook)
    return found


def notes_on(one: Product, family: str | None) -> tuple[Finding, ...]:
    """Say what is particular about a product."""
    if one.kind == "inf1":
        what = "Which driver inf1 needs is not settled: 2.24.* by the announcement."
        why = "The manifest of the SDK says 2.21."
        return (warning("inf1-driver", what, why=why, fix="Use aws-neuronx-dkms 2.24.*."),)
    if one.kind == "native":
        what = "TorchNeuron native is Beta, and which Pythons it is for is not known."
        return (warning("beta", what, fix='For the stable one, set torch = "2.9.0".'),)
    if one.kind == "jax":
        what = f"jax-neuronx {one.release} works with several jax releases; only this was derived."
        return (info("jax-range", what, why="SDK 2.33's has the range JAX 0.7.0-0.10.0."),)
    found: tuple[Finding, ...] = ()
    if family != "inf2" and numbers(one.row.sdk) >= (2, 31):
        what = "Training with PyTorch/XLA ended with SDK 2.30; this release is for inference."
        image = f"{NEURON_REGISTRY}/pytorch-training-neuronx:2.9.0-neuronx-py312-sdk2.30.0"
        fix = f"To train, use torch-neuronx 2.9.0.2.14.27725 of {image}-ubuntu24.04."
        found += (info("no-xla-training", what, fix=fix),)
    if family is None:
        what = "Which machine it is for is not given: inf1 needs another release."
        found += (info("machine-not-given", what, fix="Give the instance."),)
    return found


def driver_finding(one: Product, driver: str | None) -> tuple[Finding, ...]:
    """Judge the driver of a host; it and the runtime have to match in both directions."""
    if driver is None or one.kind == "inf1":
        return ()
    runtime = one.row.runtime
    if numbers(runtime) >= (2, 32) and numbers(driver)[:2] <= (2, 26):
        why = "From 2.32 on the runtime library does not work with drivers up to 2.26."
    elif numbers(driver) >= (2, 29) and numbers(runtime) < (2, 33):
        why = "From 2.29 on the driver needs a runtime library of 2.33 or newer."
    else:
        return ()
    what = f"aws-neuronx-dkms {driver} does not work with runtime library {runtime}."
    return (warning("neuron-driver", what, why=why, fix=f"Install {one.driver} on the host."),)


def runtime_finding(one: Product, image: str | None) -> tuple[Finding, ...]:
    """Say what a base image that is not AWS's own lacks."""
    what = f"The image needs aws-neuronx-runtime-lib {one.row.runtime}, which is no wheel."
    if one.kind == "inf1":
        what = "The image needs the runtime of Inf1, which is no wheel."
    fix = f'Or use its Python and base = "{image}".' if image else "Install it from AWS."
    return (warning("neuron-runtime", what, fix=fix),)


def _torch(row: NeuronSdk, version: str, kind: str, families: tuple[str, ...]) -> Product:
    parts = version.split(".")
    release = ".".join(parts[:3]) if kind == "xla" else ".".join(parts[:2])
    torch = (f"torch=={release}+cpu",) if kind == "xla" else (f"torch=={release}.*",)
    return Product(
        kind=kind,
        framework="torch",
        release=release,
        packages=(f"torch-neuronx=={version}", f"neuronx-cc=={row.neuronx_cc}", *torch),
        pythons=row.pythons,
        families=families,
        driver=row.driver,
        row=row,
    )


def _jax(row: NeuronSdk, families: tuple[str, ...]) -> Product:
    release = ".".join(row.jax_neuronx.split(".")[:3])
    return Product(
        kind="jax",
        framework="jax",
        release=release,
        packages=(
            f"jax-neuronx=={row.jax_neuronx}",
            f"neuronx-cc=={row.neuronx_cc}",
            f"jax=={release}",
        ),
        pythons=row.pythons,
        families=families,
        driver=row.driver,
        row=row,
    )


def _libneuronxla(one: Product) -> str:
    """Its release: with two in an SDK, torch's is 2.x and jax's 3.x."""
    if one.kind in {"inf1", "native"}:
        return ""
    rows = one.row.libneuronxla
    if len(rows) < 2 or numbers(rows[-1]) < (3,):  # noqa: PLR2004
        return rows[0] if rows else ""
    return rows[-1] if one.kind == "jax" else rows[0]
