"""What is known about accelerators other than NVIDIA's cards, and about clouds' machine types.

The tables are like the others of this package: one source and one confidence per row. They are
read only when a question needs them.
"""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mlbox.errors import FactsError

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIDENCES = ("multi", "single", "observed", "inferred", "derived", "recollected", "unverified")
NEURON_REGISTRY = "public.ecr.aws/neuron"
_SLOT = TypeVar("_SLOT", bound="Row")
_KEYS = (
    *("framework", "cloud", "release", "tag", "image", "sdk", "l4t", "generation", "gfx"),
    *("name", "instance", "jetpack", "accelerator"),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What every row has: where it was read, how far to trust it, what else that says."""

    source: str
    confidence: str
    notes: str
    as_of: str


@dataclass(frozen=True, kw_only=True)
class RocmBuild(Row):
    """One ROCm build of a torch release: a wheel, or with ``image`` an image of AMD's.

    ``gfx`` are the GPUs it has code for, empty where that is not known; ``loose`` are the
    companions that no package metadata ties to the release.
    """

    release: str
    tag: str
    image: str
    pythons: tuple[str, ...]
    gfx: tuple[str, ...]
    torchvision: str
    torchaudio: str
    loose: tuple[str, ...]
    devel_image: str


@dataclass(frozen=True, kw_only=True)
class AmdGpu(Row):
    """One model of AMD GPU.

    ``support`` is AMD's own word; ``override`` is what ``HSA_OVERRIDE_GFX_VERSION`` has to be
    where a build has no code for it; ``first_rocm`` is empty where it is not known.
    """

    name: str
    gfx: str
    support: str
    first_rocm: str
    override: str


@dataclass(frozen=True, kw_only=True)
class JaxRocm(Row):
    """One jax release's way to ROCm: its extra, and whether the index has what that wants."""

    release: str
    extra: str
    plugin: str
    resolves: str
    pythons: tuple[str, ...]
    rocm: str
    image: str


@dataclass(frozen=True, kw_only=True)
class TpuRelease(Row):
    """One release of jax or torch_xla, with the libtpu it is pinned to.

    ``links`` is the page that has to be searched as well; empty where the index is enough.
    """

    framework: str
    release: str
    libtpu: tuple[str, ...]
    pythons: tuple[str, ...]
    links: str
    companion: str


@dataclass(frozen=True, kw_only=True)
class TpuGeneration(Row):
    """One generation of TPU.

    ``names`` are the ways to write it, ``nodes`` is ``"accel"`` or ``"vfio"``, ``counts`` what
    the number in ``v4-8`` counts: ``"cores"`` or ``"chips"``.
    """

    generation: str
    names: tuple[str, ...]
    nodes: str
    counts: str
    hbm_gib: str
    devices_per_chip: str


@dataclass(frozen=True, kw_only=True)
class NeuronSdk(Row):
    """One release of the Neuron SDK, and what goes together in it.

    ``torch_neuronx`` are the PyTorch/XLA ones, ``torch_native`` those of the product that took
    over the name, ``torch_neuron`` those for inf1.
    """

    sdk: str
    released: str
    torch_neuronx: tuple[str, ...]
    torch_native: tuple[str, ...]
    torch_neuron: tuple[str, ...]
    jax_neuronx: str
    neuronx_cc: str
    libneuronxla: tuple[str, ...]
    pythons: tuple[str, ...]
    driver: str
    oci_hook: str
    runtime: str
    families: tuple[str, ...]
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NeuronInstance(Row):
    """One machine with Neuron chips; a chip is a device node."""

    instance: str
    family: str
    chips: int
    cores: str
    memory_gib: str


@dataclass(frozen=True, kw_only=True)
class Jetpack(Row):
    """One JetPack on one L4T release.

    ``python`` is that of its Ubuntu, ``pythons`` are those of the wheels in its index; ``torch``
    are releases its index is known to have, ``torch_below`` is the release from which
    on it has none; both may be empty.
    """

    jetpack: str
    l4t: str
    cuda: str
    ubuntu: str
    python: str
    pythons: tuple[str, ...]
    image: str
    image_confidence: str
    tag: str
    index_url: str
    torch: tuple[str, ...]
    torch_below: str
    capabilities: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Device(Row):
    """How a container gets at an accelerator."""

    accelerator: str
    device_nodes: tuple[str, ...]
    docker_flags: tuple[str, ...]
    environment: tuple[str, ...]
    cdi: str
    kubernetes: str


@dataclass(frozen=True, kw_only=True)
class Instance(Row):
    """One machine type of a cloud.

    ``accelerator`` is empty where mlbox has nothing for it; ``share`` is the part of one GPU it
    has (``"1/8"``), empty where they are whole.
    """

    cloud: str
    name: str
    accelerator: str
    gpu: str
    count: int
    share: str
    memory_gib: str
    platform: str


@dataclass(frozen=True, kw_only=True)
class Accelerators:
    """Every table."""

    rocm: tuple[RocmBuild, ...]
    rocm_gpus: tuple[AmdGpu, ...]
    jax_rocm: tuple[JaxRocm, ...]
    tpu: tuple[TpuRelease, ...]
    tpu_generations: tuple[TpuGeneration, ...]
    neuron: tuple[NeuronSdk, ...]
    neuron_instances: tuple[NeuronInstance, ...]
    jetson: tuple[Jetpack, ...]
    devices: tuple[Device, ...]
    instances: tuple[Instance, ...]


@functools.cache
def load_accelerators() -> Accelerators:
    """Read the tables shipped with mlbox; they are read once per process.

    Raises:
        FactsError: A row contradicts itself or another.
    """
    return Accelerators(
        **{name: read_table(name, _text(name), row) for name, (row, _) in _TABLES.items()}
    )


def read_table(name: str, text: str, row: type[_SLOT]) -> tuple[_SLOT, ...]:
    """Return the rows of one table.

    Raises:
        FactsError: A row contradicts itself or another; it says which, and why.
    """
    check, found, lines = _TABLES[name][1], [], csv.DictReader(text.splitlines())
    keys: set[tuple[str, ...]] = set()
    for cells in lines:
        why = _unlike(cells, row)
        if not why:
            found.append(_row(cells, row))
            key = _key(cells)
            why = _common(found[-1]) or check(found[-1]) or _again(key, keys)
            keys.add(key)
        if why:
            raise FactsError(
                f"The table {name} is not consistent: line {lines.line_num}.",
                why=why,
                fix=f"Correct mlbox/facts/{name}.csv.",
            )
    return tuple(found)


def _text(name: str) -> str:
    # not importlib.resources: it takes longer to load than the tables
    return (Path(__file__).parent / f"{name}.csv").read_text(encoding="utf-8")


def _key(cells: dict[str, str]) -> tuple[str, ...]:
    """What no two rows have in common."""
    return tuple(cells[name] for name in _KEYS if name in cells)


def _again(key: tuple[str, ...], keys: set[tuple[str, ...]]) -> str:
    return f"There is a row for {' '.join(filter(None, key))} above it." if key in keys else ""


def _unlike(cells: dict[str, str], row: type[Any]) -> str:
    wanted = {field.name for field in fields(row)}
    if set(cells) != wanted or None in cells.values():
        return f"It must have exactly the columns {', '.join(sorted(wanted))}."
    numeric = [field.name for field in fields(row) if field.type == "int"]
    wrong = [name for name in numeric if not re.fullmatch(r"[1-9]\d*", cells[name])]
    return f"{wrong[0]} is {cells[wrong[0]]!r}, not a number." if wrong else ""


def _row(cells: dict[str, str], row: type[_SLOT]) -> _SLOT:
    turn: dict[str, Callable[[str], object]] = {"int": int, "str": str}
    values: dict[str, Any] = {
        field.name: turn.get(str(field.type), _words)(cells[field.name]) for field in fields(row)
    }
    return row(**values)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _common(row: Row) -> str:
    if not row.source:
        return "It has no source."
    if row.confidence not in CONFIDENCES:
        return f"Its confidence is {row.confidence!r}, not one of {', '.join(CONFIDENCES)}."
    pythons: tuple[str, ...] = getattr(row, "pythons", ())
    wrong = [python for python in pythons if not re.fullmatch(r"3\.\d+", python)]
    return f"{wrong[0]!r} is not a Python minor version." if wrong else ""


def _rocm(row: RocmBuild) -> str:
    return _first(
        (not _is_release(row.release), f"{row.release!r} is not a release."),
        (not re.fullmatch(r"rocm\d+\.\d+(\.\d+)?", row.tag), f"{row.tag!r} is not a ROCm tag."),
        (not row.pythons, "It is for no Python."),
        (not all(_is_gfx(gfx) for gfx in row.gfx), "A GPU of its list is not one like gfx90a."),
        (bool(row.image and row.gfx), "Nothing is known of the GPUs of an image of AMD."),
    )


def _amd_gpu(row: AmdGpu) -> str:
    supports = ("yes", "no", "partial", "deprecated", "unverified")
    return _first(
        (not _is_gfx(row.gfx), f"{row.gfx!r} is not an architecture like gfx90a."),
        (row.support not in supports, f"support is {row.support!r}."),
        (bool(row.override) and not _is_release(row.override), "override is not a version."),
    )


def _jax_rocm(row: JaxRocm) -> str:
    return _first(
        (row.resolves not in {"yes", "no"}, f"resolves is {row.resolves!r}, not yes or no."),
        (row.release not in row.plugin, f"Its plugin is not one for jax {row.release}."),
    )


def _tpu(row: TpuRelease) -> str:
    nightly = any(pin.startswith("libtpu-nightly") for pin in row.libtpu)
    return _first(
        (row.framework not in {"jax", "torch_xla"}, f"framework is {row.framework!r}."),
        (not row.libtpu, "It has no libtpu."),
        (nightly and not row.links, "libtpu-nightly is on no index, and it has no links."),
    )


def _generation(row: TpuGeneration) -> str:
    known = row.confidence != "unverified"
    return _first(
        (known and row.nodes not in {"accel", "vfio"}, f"nodes is {row.nodes!r}."),
        (known and row.counts not in {"cores", "chips"}, f"counts is {row.counts!r}."),
    )


def _neuron(row: NeuronSdk) -> str:
    foreign = [image for image in row.images if f"-sdk{row.sdk}-" not in f"{image}-"]
    native = set(row.families) & {"trn2", "trn3"}
    return _first(
        (not _is_release(row.sdk), f"{row.sdk!r} is not an SDK release."),
        (bool(foreign), f"{''.join(foreign[:1])} is an image of another SDK."),
        (bool(row.torch_native) and not native, "TorchNeuron native is for trn2 and trn3 only."),
    )


def _neuron_instance(row: NeuronInstance) -> str:
    return "" if row.instance.startswith(row.family) else f"It is no machine of {row.family}."


def _jetpack(row: Jetpack) -> str:
    return _first(
        (bool(row.image) != bool(row.image_confidence), "An image and its confidence go together."),
        (not row.capabilities, "It is for no GPU."),
    )


def _instance(row: Instance) -> str:
    return _first(
        (row.platform not in {"linux/amd64", "linux/arm64"}, f"platform is {row.platform!r}."),
        (row.accelerator not in {"", "cuda", "rocm", "tpu", "neuron"}, "Its accelerator is none."),
        (row.count != 1 and bool(row.share), "It has a part of one GPU, and several."),
    )


def _nothing(_row: Row) -> str:
    return ""


def _first(*problems: tuple[bool, str]) -> str:
    return next((why for wrong, why in problems if wrong), "")


def _is_release(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)+", text) is not None


def _is_gfx(text: str) -> bool:
    return re.fullmatch(r"gfx\d{1,3}[0-9a-f]{2}", text) is not None


_TABLES: dict[str, tuple[type[Any], Callable[[Any], str]]] = {
    "rocm": (RocmBuild, _rocm),
    "rocm_gpus": (AmdGpu, _amd_gpu),
    "jax_rocm": (JaxRocm, _jax_rocm),
    "tpu": (TpuRelease, _tpu),
    "tpu_generations": (TpuGeneration, _generation),
    "neuron": (NeuronSdk, _neuron),
    "neuron_instances": (NeuronInstance, _neuron_instance),
    "jetson": (Jetpack, _jetpack),
    "devices": (Device, _nothing),
    "instances": (Instance, _instance),
}
