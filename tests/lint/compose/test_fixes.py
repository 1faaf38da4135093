"""What fixes write: golden texts, and what holds of every fix in every layout of a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from compose.cases import compose_command, findings, fixed, is_refused, of, real_compose
from compose.test_files import FILES, case
from mlbox.lint import lint_compose
from mlbox.lint.compose.rules import COMPOSE_RULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEFORE_AND_AFTER = {
    "gpu-not-requested": (
        """\
services:
  train:
    image: nvidia/cuda:12.8.1-runtime-ubuntu22.04  # pinned
    command: ./train
""",
        """\
services:
  train:
    image: nvidia/cuda:12.8.1-runtime-ubuntu22.04  # pinned
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: all
              capabilities: [gpu]
    command: ./train
""",
    ),
    "gpu-capabilities-missing": (
        """\
services:
  train:
    image: acme/trainer:1.4
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: 1  # one

            - driver: nvidia
              device_ids:
                - "1"
""",
        """\
services:
  train:
    image: acme/trainer:1.4
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: 1  # one
              capabilities: [gpu]

            - driver: nvidia
              capabilities: [gpu]
              device_ids:
                - "1"
""",
    ),
    "gpu-count-and-ids": (
        """\
services:
  train:
    image: acme/trainer:1.4
    gpus:
      - count: 1
        # the second one
        device_ids: ["1"]
  other:
    image: acme/trainer:1.4
    gpus:
      - device_ids: ["0"]
        count: 1
""",
        """\
services:
  train:
    image: acme/trainer:1.4
    gpus:
      - count: 1
        # the second one
        device_ids: ["1"]
  other:
    image: acme/trainer:1.4
    gpus:
      - device_ids: ["0"]
""",
    ),
    "runtime-nvidia-legacy": (
        """\
services:
  train:
    image: acme/trainer:1.4
    runtime: nvidia  # on every host
    environment:
      - NVIDIA_VISIBLE_DEVICES=1,2
""",
        """\
services:
  train:
    image: acme/trainer:1.4
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              capabilities: [gpu]
              device_ids: ["1", "2"]  # on every host
    environment:
      - NVIDIA_VISIBLE_DEVICES=1,2
""",
    ),
    "cuda-visible-devices-out-of-range": (
        """\
services:
  a:
    image: acme/trainer:1.4
    environment: ["CUDA_VISIBLE_DEVICES=1", LR=0.1]
    gpus: [{device_ids: ["1"]}]
  b:
    image: acme/trainer:1.4
    environment: {CUDA_VISIBLE_DEVICES: 3, LR: 0.1}
    gpus: [{device_ids: ["3"]}]
""",
        """\
services:
  a:
    image: acme/trainer:1.4
    environment: ["CUDA_VISIBLE_DEVICES=0", LR=0.1]
    gpus: [{device_ids: ["1"]}]
  b:
    image: acme/trainer:1.4
    environment: {CUDA_VISIBLE_DEVICES: "0", LR: 0.1}
    gpus: [{device_ids: ["3"]}]
""",
    ),
    "devices-under-limits": (
        """\
services:
  train:
    image: acme/trainer:1.4
    deploy: {resources: {limits: {devices: [{count: 1, capabilities: [gpu]}]}}}
""",
        """\
services:
  train:
    image: acme/trainer:1.4
    deploy: {resources: {reservations: {devices: [{count: 1, capabilities: [gpu]}]}}}
""",
    ),
    "shm-too-small": (
        """\
services:
  train:
    build: .
    gpus: [{count: 1}]
    command: python train.py --num-workers 8
    image: pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime
  small:
    shm_size: '64m'
    image: pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime
    command: python train.py --num-workers 8
    mem_limit: 6g
""",
        """\
services:
  train:
    build: .
    gpus: [{count: 1}]
    command: python train.py --num-workers 8
    image: pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime
    shm_size: 8gb
  small:
    shm_size: 3gb
    image: pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime
    command: python train.py --num-workers 8
    mem_limit: 6g
""",
    ),
    "ulimit-memlock": (
        """\
services:
  train:
    image: nvcr.io/nvidia/pytorch:24.10-py3
    gpus: all
    ulimits:
      nofile: 65536
""",
        """\
services:
  train:
    image: nvcr.io/nvidia/pytorch:24.10-py3
    gpus: all
    ulimits:
      nofile: 65536
      memlock: -1
""",
    ),
    "secret-in-env": (
        """\
services:
  train:
    image: acme/trainer:1.4
    environment:
      - LR=0.1
      - WANDB_API_KEY=6f1c9a0b4d7e2358c1f6a9b0d3e47582c6f1a9b0  # mine
  eval:
    image: acme/trainer:1.4
    environment: {HF_TOKEN: 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, LR: 0.1}
""",
        """\
services:
  train:
    image: acme/trainer:1.4
    environment:
      - LR=0.1
      - WANDB_API_KEY  # mine
  eval:
    image: acme/trainer:1.4
    environment: {HF_TOKEN: "${HF_TOKEN}", LR: 0.1}
""",
    ),
    "bind-mount-root-owned": (
        """\
services:
  train:
    image: python:3.12-slim
    volumes:
      - ./outputs:/outputs
""",
        """\
services:
  train:
    image: python:3.12-slim
    user: "${UID:-1000}:${GID:-1000}"
    volumes:
      - ./outputs:/outputs
""",
    ),
    "version-obsolete": (
        """\
# GPU training
version: '3.8'  # old

services:
  train:
    image: acme/trainer:1.4
""",
        """\
# GPU training

services:
  train:
    image: acme/trainer:1.4
""",
    ),
}


def as_flow(text: str) -> str:
    """The same file in brackets, as JSON that has no quotes where none are needed."""
    from io import StringIO  # noqa: PLC0415  (for this layout alone)

    from ruamel.yaml import YAML  # noqa: PLC0415

    out = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = True
    writer.width = 10_000
    writer.dump(writer.load(text), out)
    return out.getvalue()


LAYOUTS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "in brackets": as_flow,
    "with the newlines of Windows": lambda text: text.replace("\n", "\r\n"),
    "with a byte order mark": lambda text: f"\ufeff{text}",
    "without a last newline": lambda text: text.rstrip("\n"),
    "indented by four": lambda text: re.sub(
        r"^ +(?=\S)", lambda found: found[0] * 2, text.replace("- ", "-   "), flags=re.MULTILINE
    ),
    "with comments": lambda text: re.sub(r"\n", "  # a: {b}\n# -\n\n", text),
    "with a second document": lambda text: f"---\n{text}---\nx-more: {{}}\n",
    "with letters from far away": lambda text: f"x-note: \U0001f600 ä\n{text}",
}
CASES = [
    pytest.param(slug, layout(before), id=f"{slug} {name}")
    for slug, (before, _) in BEFORE_AND_AFTER.items()
    for name, layout in LAYOUTS.items()
]


def test_there_is_a_case_for_every_rule_with_a_fix() -> None:
    assert set(BEFORE_AND_AFTER) == {rule.slug for rule in COMPOSE_RULES if rule.autofix}


@pytest.mark.parametrize("slug", BEFORE_AND_AFTER)
def test_a_fix_writes_this(slug: str) -> None:
    before, after = BEFORE_AND_AFTER[slug]
    assert fixed(slug, before) == after


@pytest.mark.parametrize(("slug", "text"), CASES)
def test_a_fix_mends_what_was_found_and_breaks_nothing(slug: str, text: str) -> None:
    before = of(slug, text)
    assert any(item.autofix for item in before)
    after = fixed(slug, text)
    report = lint_compose(after)
    assert report.unreadable == ()
    assert not any(item.autofix for item in report if item.slug == slug)
    others = {item.what for item in findings(text) if item.slug != slug}
    assert {item.what for item in report if item.slug != slug} <= others
    assert fixed(slug, after) == after


@pytest.mark.parametrize(("slug", "text"), CASES)
def test_a_fix_keeps_every_byte_but_those_it_changes(slug: str, text: str) -> None:
    after = fixed(slug, text)
    edits = [edit for item in of(slug, text) if item.autofix for edit in item.autofix.edits]
    at = 0
    for edit in sorted(dict.fromkeys(edits)):
        kept = text[at : edit.start]
        assert after.startswith(kept)
        after = after[len(kept) :].removeprefix(edit.text)
        at = edit.end
    assert after == text[at:]
    if "\r\n" in text:
        assert not re.search(r"(?<!\r)\n", fixed(slug, text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_fixes_of_a_file_leave_one_that_can_be_read_and_has_nothing_new(path: Path) -> None:
    asked = case(path)
    text = asked.text
    beside = {key: body for key, body in asked.texts.items() if key != asked.file}
    slugs = {item.slug for item in findings(text, **beside)}
    for slug in sorted(slugs):
        after = fixed(slug, text, **beside)
        if after == text:
            continue
        assert lint_compose(after).unreadable == ()
        left = {item.slug for item in findings(after, **beside) if item.severity != "info"}
        assert left < slugs | {slug}
        assert not is_refused(after, **beside) or asked.compose == "refused"


@pytest.mark.engine
@pytest.mark.parametrize(("slug", "text"), CASES)
def test_compose_takes_what_was_fixed(slug: str, text: str, tmp_path: Path) -> None:
    if compose_command() is None:
        pytest.skip("there is no Docker Compose here")
    after = fixed(slug, text)
    (tmp_path / "compose.yaml").write_bytes(after.encode())
    assert is_refused(after) or real_compose(tmp_path)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("[PASSWORD=admin]", '["PASSWORD=${PASSWORD:-admin}"]'),
        ("['PASSWORD=admin']", "['PASSWORD=${PASSWORD:-admin}']"),
        ("{PASSWORD: admin}", '{PASSWORD: "${PASSWORD:-admin}"}'),
    ],
)
def test_a_password_that_protects_nothing_stays_as_the_default(text: str, mended: str) -> None:
    file = f"services: {{db: {{image: 'a:1', environment: {text}}}}}"
    after = fixed("secret-in-env", file)
    assert after == file.replace(text, mended)
    assert not of("secret-in-env", after)
