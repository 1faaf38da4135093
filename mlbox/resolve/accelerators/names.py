"""What a name of a GPU, a TPU or a chip means."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from mlbox.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlbox.facts.accelerators import Accelerators, AmdGpu, Instance, TpuGeneration

TEGRA = ("5.3", "6.2", "7.2", "8.7")
_BRANDS = {"amd", "radeon", "instinct", "ryzen", "gpu", "graphics", "tm", "r"}
_JETSONS = (
    (r"\bthor\b|\bt[45]000\b", "11.0"),
    (r"\borin\b", "8.7"),
    (r"\bxavier\b", "7.2"),
    (r"\btx2\b", "6.2"),
    (r"\bjetson nano\b|\btx1\b", "5.3"),
)
_KINDS = (
    ("tpu", r"\btpu|\bironwood\b"),
    ("neuron", r"\binferentia\s?\d?\b|\btrainium\s?\d?\b|^(aws )?(inf|trn)\d\b"),
    ("jetson", r"\bjetson\b|\borin\b|\bxavier\b|\bthor\b|\btegra\b|\btx[12]\b"),
    ("xpu", r"\bxpu\b|\bintel\b|\barc [ab]\d{3}"),
    ("gaudi", r"\bgaudi|\bhabana\b|\bhpu\b"),
    ("mps", r"\bmps\b|\bapple\b|\bmetal\b"),
    ("qualcomm", r"\bqualcomm\b"),
    (
        "rocm",
        r"\bamd\b|\bradeon\b|\bryzen\b|\bstrix\b|\binstinct\b|\bgfx\d+[0-9a-f]*\b|\bmi\d{2,3}[apx]?\b",
    ),
)
_TPU = re.compile(
    r"(?:google\s*)?(?:cloud\s*)?(?:tpu[\s-]*)?"
    r"(v\d(?:[\s-]?lite(?:pod)?|[ep])?|v?7x|v?8[it]|ironwood)"
    r"(?:-(?:pod)?slice)?(?:-(\d+))?"
)


def kind_of(name: str, facts: Accelerators) -> str | None:
    """Return the accelerator that a name of a GPU means; ``None`` for NVIDIA's and for others."""
    text = " ".join(name.lower().split())
    if re.search(r"\bnvidia\b|\bgeforce\b|\bquadro\b|\btesla\b|\brtx\b", text):
        return "jetson" if jetson_capability(text) or "jetson" in text else None
    found = (kind for kind, pattern in _KINDS if re.search(pattern, text))
    kind = next(found, "tpu" if _TPU.fullmatch(text) else None)
    if kind is None and re.search(r"\b(?=\w*\d)\w{4,}", text) and _amd_like(text, facts):
        return "rocm"
    return kind


def find_amd(name: str, facts: Accelerators) -> AmdGpu:
    """Return the AMD GPU that a name or an architecture (``gfx90a``) means.

    Raises:
        SpecError: It is not in the tables, or fits models of several architectures.
    """
    target = re.fullmatch(r"(gfx[0-9a-f]+)(:.*)?", name.strip().lower())
    found = (
        [gpu for gpu in facts.rocm_gpus if gpu.gfx == target[1]]
        if target
        else _amd_like(name, facts)
    )
    if len({gpu.gfx for gpu in found}) == 1:
        return found[0]
    if found:
        raise SpecError(
            f"gpu = {name!r} fits several GPUs.",
            why="They differ in architecture.",
            fix=f"Write one of: {', '.join(gpu.name for gpu in found[:9])}.",
        )
    known = [gpu.name for gpu in facts.rocm_gpus] + sorted({gpu.gfx for gpu in facts.rocm_gpus})
    raise unknown("AMD GPU", name, known)


def tpu_generation(name: str, facts: Accelerators) -> tuple[TpuGeneration | None, int | None]:
    """Return the generation that a TPU's name means, and how many chips, as far as it says.

    Raises:
        SpecError: There is no such generation.
    """
    text = " ".join(name.lower().split())
    match = _TPU.fullmatch(text)
    key = re.sub(r"[\s-]", "", match[1]) if match else ""
    found = next((row for row in facts.tpu_generations if key in _plain_names(row)), None)
    if found is None and re.fullmatch(r"(google )?(cloud )?tpus?", text):
        return None, None
    if found is None:
        raise unknown("TPU", name, [row.names[0] for row in facts.tpu_generations])
    count = int(match[2]) if match and match[2] else None
    if count and found.counts == "cores":
        count = max(1, count // 2)
    return found, count


def neuron_family(name: str) -> str | None:
    """Return the family of machines that a name of an AWS chip means: ``"inf2"``."""
    match = re.search(r"(inf|trn)(?:erentia)?\s?(\d)?|(trainium)\s?(\d)?", name.lower())
    if match is None:
        return None
    return f"{match[1] or 'trn'}{match[2] or match[4] or 1}"


def jetson_capability(name: str) -> str | None:
    """Return the compute capability of a Jetson by its name."""
    text = " ".join(re.findall(r"[a-z0-9]+", name.lower()))
    return next((cc for pattern, cc in _JETSONS if re.search(pattern, text)), None)


def find_instance(name: str, facts: Accelerators) -> Instance:
    """Return a cloud's machine type by its name.

    Raises:
        SpecError: It is not in the tables.
    """
    names = {row.name.casefold(): row for row in facts.instances}
    wanted = name.strip().casefold().removeprefix("ml.")
    row = names.get(wanted) or names.get(f"standard_{wanted}")
    if row is None:
        raise unknown("instance", name, [row.name for row in facts.instances])
    return row


def same_gpu(asked: str, actual: str) -> bool:
    """Whether a name somebody wrote is one for a GPU, with parts of its name left out."""
    models = {word for word in _words(asked) if re.search(r"\d", word)}
    form = {word for word in models if word.startswith(("sxm", "pci", "hbm"))}
    return models - form <= _words(actual)


def unknown(what: str, name: str, known: Sequence[str]) -> SpecError:
    """Return the error for a name that is in no table; it lists those that are like it."""
    plain = {_joined(other): other for other in known}
    near = [plain[key] for key in get_close_matches(_joined(name), plain, n=5, cutoff=0.5)]
    return SpecError(
        f"mlbox knows no {what} {name!r}.",
        why=f"Its tables have {len(plain)} others.",
        fix=f"Did you mean {' or '.join(near)}?" if near else f"Known are {', '.join(known[:9])}.",
    )


def _amd_like(name: str, facts: Accelerators) -> list[AmdGpu]:
    words = _words(name)
    if not words:
        return list(facts.rocm_gpus) if set(re.findall(r"[a-z]+", name.lower())) & _BRANDS else []
    exact = [gpu for gpu in facts.rocm_gpus if _words(gpu.name) == words]
    within = [gpu for gpu in facts.rocm_gpus if words <= _words(gpu.name)]
    joined = "".join(re.findall(r"[a-z0-9]+", name.lower()))
    for brand in ("amd", "radeon", "instinct"):
        joined = joined.removeprefix(brand)
    return exact or within or [gpu for gpu in facts.rocm_gpus if _begins(gpu, joined)]


def _begins(gpu: AmdGpu, joined: str) -> bool:
    """Whether a name starts like this, from one of its words on: "rx7900", "mi300"."""
    words = re.findall(r"[a-z0-9]+", gpu.name.lower())
    starts = ("".join(words[index:]) for index in range(len(words)))
    return len(joined) > 3 and any(start.startswith(joined) for start in starts)  # noqa: PLR2004


def _plain_names(row: TpuGeneration) -> set[str]:
    return {name.replace("-", "") for name in row.names}


def _words(name: str) -> set[str]:
    ignored = _BRANDS | {"nvidia", "tesla", "geforce", "aws", "google", "tpu"}
    return set(re.findall(r"[a-z0-9]+", name.lower())) - ignored


def _joined(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "".join(word for word in words if word not in _BRANDS)
