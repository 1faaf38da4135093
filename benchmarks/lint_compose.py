"""How long compose files take to lint, and that hostile ones take time in proportion to their size.

Run it by hand: ``python benchmarks/lint_compose.py``. Each shape is linted at two sizes, one four
times the other: a ratio far above 4 would be no proportion.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlbox.lint import lint_compose

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (40_000, 160_000)
SERVICE = """\
  s{0}:
    image: pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime
    command: python train.py --num-workers 4
    volumes: ["./a:/a", "b:/b"]
    environment: [A=1, HF_TOKEN]
    deploy: {{resources: {{reservations: {{devices: [{{count: 1, capabilities: [gpu]}}]}}}}}}
"""
WAITS = (
    "  s{0}: {{image: x:1, gpus: all, depends_on: {{s{1}: {{condition: "
    "service_completed_successfully}}}}}}\n"
)


def _numbered(head: str, template: str) -> Callable[[int], str]:
    def text(size: int) -> str:
        count = size // len(template)
        return head + "".join(template.format(at, at + 1) for at in range(count))

    return text


SHAPES: dict[str, Callable[[int], str]] = {
    "services that train": _numbered("services:\n", SERVICE),
    "services with a GPU each": _numbered(
        "services:\n", "  s{0}: {{image: x:1, gpus: [{{device_ids: ['{0}']}}]}}\n"
    ),
    "services with one GPU": _numbered(
        "services:\n", "  s{0}: {{image: x:1, gpus: [{{device_ids: ['0']}}]}}\n"
    ),
    "services that wait": _numbered("services:\n", WAITS),
    "services that extend": _numbered("services:\n", "  s{0}: {{image: x:1, extends: s{1}}}\n"),
    "keys that are not known": _numbered("services: {s: {image: x:1}}\n", "frob{0}: 1\n"),
    "secrets": _numbered(
        "services:\n  s:\n    image: x:1\n    environment:\n",
        "      - HF_TOKEN_{0}=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\n",
    ),
    "aliases": _numbered("a: &x {b: c}\n", "k{0}: {{<<: *x}}\n"),
    "a long command": lambda size: (
        "services: {s: {image: x:1, command: 'python " + "--x 1 " * (size // 6) + "'}}\n"
    ),
    "variables": lambda size: "x-a: " + "${a:-" * (size // 6) + "}" * (size // 6) + "\n",
    "comments": lambda size: "services: {}\n" + "# x\n" * (size // 4),
    "a billion laughs": lambda size: (
        "a0: &a0 [x]\n"
        + "".join(f"a{at}: &a{at} [*a{at - 1}, *a{at - 1}]\n" for at in range(1, size // 30))
    ),
}


def seconds(text: str) -> float:
    """The quickest of three."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        lint_compose(text)
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    seconds("services: {a: {image: x}}")  # loads the parser and the tables
    one = seconds("services:\n" + SERVICE.format(1, 2))
    print(f"{'a service of 6 lines':28} {1000 * one:8.1f} ms")
    for name, shape in SHAPES.items():
        small, large = (seconds(shape(size)) for size in SIZES)
        print(f"{name:28} {1000 * small:8.1f} ms {1000 * large:8.1f} ms   x{large / small:.1f}")
