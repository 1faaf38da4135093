"""Each rule about compose files: where it finds what, also through anchors, extends and overrides.

What is not to be found is in ``files/``, where nothing but the truth may be found.
"""

from __future__ import annotations

import pytest

from compose.cases import of, places, slugs
from mlbox.lint import Selection, lint_compose
from mlbox.testing import FakeFiles

TORCH = "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime"
GPU = "deploy: {resources: {reservations: {devices: [{count: 1, capabilities: [gpu]}]}}}"

# slug, a file in which T is an image with torch, and what stands at the places.
FOUND = [
    ("gpu-not-requested", "services: {a: {image: T}}", [TORCH]),
    ("gpu-not-requested", "services: {a: {image: T, gpus: !reset null}}", [TORCH]),
    ("gpu-not-requested", "services: {a: {image: x:1, command: nvidia-smi -l}}", ["nvidia-smi"]),
    (
        "gpu-not-requested",
        "services: {a: {image: x:1, command: [bash, -c, 'sleep 1 && nvidia-smi']}}",
        ["nvidia-smi"],
    ),
    ("gpu-not-requested", "services: {a: {image: x:1, entrypoint: [nvidia-smi]}}", ["nvidia-smi"]),
    (
        "gpu-not-requested",
        "services: {a: {image: x:1, command: python a.py trainer.accelerator=gpu}}",
        ["trainer.accelerator=gpu"],
    ),
    (
        "gpu-not-requested",
        "services: {a: {image: x:1, environment: [DEVICE=cuda:0]}}",
        ["cuda:0"],
    ),
    ("gpu-not-requested", "services: {a: {image: '${I:-T}'}}", [f"'${{I:-{TORCH}}}'"]),
    ("gpu-not-requested", "x: &a {image: T}\nservices: {a: {<<: *a}}", [TORCH]),
    ("gpu-not-requested", "x: &a {image: T}\nservices: {a: *a}", [TORCH]),
    (
        "gpu-not-requested",
        "services: {a: {image: T, profiles: [x]}, b: {extends: a, command: nvidia-smi}}",
        [TORCH, "nvidia-smi"],
    ),
    ("gpu-not-requested", "services: {a: {image: nvidia/cuda:12.8.1-base-ubuntu24.04}}", None),
    ("gpu-not-requested", "services: {a: {image: 'tensorflow/tensorflow:2.18.0-gpu'}}", None),
    ("gpu-not-requested", "services: {a: {image: nvcr.io/nvidia/pytorch:24.10-py3}}", None),
    ("gpu-not-requested", "services: {a: {image: docker.io/nvidia/cuda:12.8.1-base}}", None),
    (
        "gpu-capabilities-missing",
        (
            "x: &a {driver: nvidia, count: 1}\n"
            "services: {a: {image: x:1, deploy: {resources: {reservations: {devices: [*a]}}}}}"
        ),
        ["{driver: nvidia, count: 1}"],
    ),
    (
        "gpu-capabilities-missing",
        (
            "services: {a: {image: x:1, deploy: {resources: {reservations: {devices: [{count: 1, "
            "capabilities: []}]}}}}}"
        ),
        ["[]"],
    ),
    (
        "gpu-count-and-ids",
        (
            "services: {a: {image: x:1, deploy: {resources: {reservations: {devices: [{count: all, "
            "device_ids: ['0'], capabilities: [gpu]}]}}}}}"
        ),
        ["all"],
    ),
    (
        "gpu-device-shared",
        (
            "services:\n  a: {image: x:1, gpus: [{device_ids: ['0', '1']}]}\n"
            "  b: {image: x:1, runtime: nvidia, environment: {NVIDIA_VISIBLE_DEVICES: '1,2'}}"
        ),
        ["'1,2'"],
    ),
    (
        "gpu-device-shared",
        (
            "services:\n  a: {image: x:1, devices: ['nvidia.com/gpu=2']}\n"
            "  b: {image: x:1, gpus: [{device_ids: ['2']}]}"
        ),
        ["'2'"],
    ),
    (
        "gpu-device-shared",
        "services:\n  a: {image: x:1, gpus: [{device_ids: ['2']}]}\n  b: {extends: a}",
        ["'2'"],
    ),
    (
        "gpu-device-shared",
        f"services:\n  a: {{image: x:1, {GPU}}}\n  b: {{image: x:1, {GPU}}}",
        ["1"],
    ),
    ("runtime-nvidia-legacy", "services: {a: {image: x:1, runtime: 'nvidia'}}", ["'nvidia'"]),
    (
        "runtime-nvidia-legacy",
        "x: &a {runtime: nvidia}\nservices: {a: {<<: *a, image: x:1}}",
        ["nvidia"],
    ),
    (
        "cuda-visible-devices-out-of-range",
        (
            "x: &e {CUDA_VISIBLE_DEVICES: 1}\n"
            "services: {a: {image: x:1, environment: *e, gpus: [{count: 1}]}}"
        ),
        ["1"],
    ),
    (
        "cuda-visible-devices-out-of-range",
        (
            "services: {a: {image: x:1, environment: [CUDA_VISIBLE_DEVICES=1], "
            "devices: ['nvidia.com/gpu=1']}}"
        ),
        ["1"],
    ),
    (
        "devices-under-limits",
        (
            "x: &d {resources: {limits: {devices: [{count: 1, capabilities: [gpu]}]}}}\n"
            "services: {a: {image: x:1, deploy: *d}}"
        ),
        ["devices"],
    ),
    ("gpus-needs-compose-2.30", "services: {a: {image: x:1, gpus: all}}", ["gpus"]),
    (
        "gpus-needs-compose-2.30",
        "services: {a: {image: x:1, gpus: all}, b: {image: x:1, gpus: all, profiles: [b]}}",
        ["gpus"],
    ),
    (
        "shm-too-small",
        "services: {a: {image: T, gpus: all, command: python a.py --num-workers 2}}",
        ["--num-workers"],
    ),
    (
        "shm-too-small",
        (
            "x: &a {image: T, gpus: all}\nservices: {a: {<<: *a, command: 'torchrun "
            "--nproc_per_node=2 a.py'}}"
        ),
        ["--nproc_per_node=2"],
    ),
    (
        "shm-too-small",
        (
            "services: {a: {image: T, gpus: all, ipc: private, shm_size: 512m, command: "
            "[python, a.py, num_workers=4]}}"
        ),
        ["num_workers=4"],
    ),
    ("shm-too-small", "services: {a: {image: T, gpus: all}}", [TORCH]),
    ("shm-too-small", "services: {a: {image: T, gpus: all, shm_size: 64m}}", ["64m"]),
    ("ulimit-memlock", "services: {a: {image: x:1, devices: [/dev/infiniband]}}", None),
    (
        "secret-in-env",
        (
            "x: &e {HF_TOKEN: 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}\n"
            "services: {a: {image: x:1, environment: *e}, b: {image: x:1, environment: {<<: *e}}}"
        ),
        ["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"],
    ),
    (
        "secret-in-env",
        (
            "services: {a: {image: x:1, command: ['login', '--token', "
            "'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']}}"
        ),
        ["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"],
    ),
    (
        "bind-mount-root-owned",
        "services: {a: {image: 'python:3.12', volumes: [{type: bind, source: ./o, target: /o}]}}",
        ["./o"],
    ),
    (
        "bind-mount-root-owned",
        "x: &v ['./o:/o']\nservices: {a: {image: 'python:3.12', volumes: *v}}",
        ["./o"],
    ),
    ("abs-host-path", "services: {a: {image: x:1, volumes: ['/data/x:/x']}}", ["/data/x"]),
    ("abs-host-path", r"services: {a: {image: x:1, volumes: ['D:\x:/x']}}", [r"D:\x"]),
    ("abs-host-path", "services: {a: {image: x:1, volumes: ['d:/x:/x:ro']}}", ["d:/x"]),
    (
        "abs-host-path",
        "services: {a: {image: x:1, volumes: [{type: bind, source: /srv/x, target: /x}]}}",
        ["/srv/x"],
    ),
    ("dvc-cache-not-shared", "services: {a: {image: x:1, command: dvc repro}}", ["repro"]),
    ("version-obsolete", "services: {a: {image: x:1}}\nversion: '3'\n", ["version"]),
    ("version-obsolete", "version: 3.8\nservices: {a: {image: x:1}}\n", ["version"]),
    ("invalid-schema", "services: {a: {image: x:1, gpus: 1}}", ["1"]),
    ("invalid-schema", "services: {a: {image: x:1, gpu: all}}", ["gpu"]),
    ("invalid-schema", "services: {a: {image: x:1, shm: 8gb}}", ["shm"]),
    ("invalid-schema", "services: {a: {image: x:1, deploy: {gpus: all}}}", ["gpus"]),
    ("invalid-schema", "services: {a: {image: x:1, frobnicate: 1}}", ["frobnicate"]),
    ("invalid-schema", "services: {a: {image: x:1, shm_size: lots}}", ["lots"]),
    ("invalid-schema", "services: {a: {image: x:1}}\nimage: y", ["image"]),
    ("invalid-schema", "train: {image: x:1}", ["train"]),
    ("invalid-schema", "services: {'a b': {image: x:1}}", ["'a b'"]),
    ("invalid-schema", "services: {1: {image: x:1}}", ["1"]),
    ("invalid-schema", "services: {a: {image: 'x:${'}}", ["'x:${'"]),
    ("invalid-schema", "services: {a: {image: x:1, secrets: [s]}}", ["s"]),
    ("invalid-schema", "services: {a: {image: x:1, networks: [n]}}", ["n"]),
    ("invalid-schema", "services: {a: {<<: x, image: x:1}}", ["x"]),
    ("image-unpinned", "services: {a: {image: 'python:latest'}}", ["'python:latest'"]),
    ("image-unpinned", "x: &i python\nservices: {a: {image: *i}}", ["python"]),
]


@pytest.mark.parametrize(("slug", "text", "expected"), FOUND)
def test_it_is_found_where_it_stands(slug: str, text: str, expected: list[str] | None) -> None:
    found = places(slug, text.replace("T,", f"{TORCH},").replace("T}", f"{TORCH}}}"))
    assert found if expected is None else found == expected


def test_what_is_not_known_is_no_error() -> None:
    for text in (
        f"services: {{a: {{image: '${{I:-{TORCH}}}'}}}}",  # a variable may name another image
        "services: {a: {image: x:1, frobnicate: 1}}",  # a newer Compose may know it
        "services: {a: {image: x:1, environment: [NVIDIA_VISIBLE_DEVICES=all]}}",
    ):
        assert "error" not in {item.severity for item in lint_compose(text)}


BASE = f"services: {{a: {{image: {TORCH}, ipc: host, command: python a.py}}}}"


def test_an_override_beside_it_counts() -> None:
    over = f"services: {{a: {{{GPU}}}}}"
    assert slugs(BASE) == ["gpu-not-requested"]
    assert slugs(BASE, **{"compose.override.yaml": over}) == []
    assert slugs(BASE, **{"docker-compose.override.yml": over}) == ["gpu-not-requested"]


def test_overrides_that_are_named_count_and_are_told_of() -> None:
    over = (
        "version: '3'\n"
        "services: {a: {gpus: all, environment: [CUDA_VISIBLE_DEVICES=x], shm-size: 1}}"
    )
    report = lint_compose(BASE, overrides=(("gpu.yaml", over),))
    assert [(item.slug, item.location and item.location.file) for item in report] == [
        ("version-obsolete", "gpu.yaml"),
        ("gpus-needs-compose-2.30", "gpu.yaml"),
        ("invalid-schema", "gpu.yaml"),
    ]


def test_an_override_by_itself_is_laid_over_the_main_file_beside_it() -> None:
    over = "services: {a: {environment: {A: b}, profiles: [x]}}"
    name = "compose.override.yaml"
    assert lint_compose(over, file=name).findings == ()
    beside = FakeFiles({"compose.yaml": BASE})
    (found,) = lint_compose(over, file=name, files=beside).findings or (None,)
    assert found is None  # what the main file lacks is told where that is linted


def test_an_override_may_take_away() -> None:
    base = f"services: {{a: {{image: {TORCH}, ipc: host, gpus: all}}}}"
    over = "services: {a: {gpus: !reset null}}"
    found = lint_compose(base, files=FakeFiles({"compose.override.yaml": over}))
    assert "gpu-not-requested" in {item.slug for item in found}


def test_extends_of_another_file_counts() -> None:
    text = f"services: {{a: {{image: {TORCH}, ipc: host, extends: {{file: b.yaml, service: b}}}}}}"
    assert slugs(text, **{"b.yaml": f"services: {{b: {{{GPU}}}}}"}) == []
    assert slugs(text, **{"b.yaml": "services: {b: {user: root}}"}) == ["gpu-not-requested"]
    assert slugs(text) == []


def test_profiles_part_services_that_have_the_same_gpu() -> None:
    both = "services:\n" + "".join(
        f"  {name}: {{image: x:1, profiles: {profiles}, gpus: [{{device_ids: ['0']}}]}}\n"
        for name, profiles in (("a", "[p, q]"), ("b", "[r]"), ("c", "[q, s]"))
    )
    (found,) = of("gpu-device-shared", both)
    assert "'a' and 'c'" in found.what


def test_a_fix_in_what_others_inherit_is_not_safe() -> None:
    shared = "services:\n  a: &a\n    image: T\n  b:\n    <<: *a\n    command: tensorboard\n"
    (found,) = of("gpu-not-requested", shared.replace("T", TORCH))
    assert found.autofix
    assert not found.autofix.safe
    alone = "services:\n  a:\n    image: T\n".replace("T", TORCH)
    (found,) = of("gpu-not-requested", alone)
    assert found.autofix
    assert found.autofix.safe


def test_gpus_are_asked_for_in_the_form_that_the_file_uses() -> None:
    text = f"services:\n  a:\n    image: {TORCH}\n  b:\n    image: x:1\n    gpus: all\n"
    (found,) = of("gpu-not-requested", text)
    assert found.autofix
    assert found.autofix.edits[0].text == "\n    gpus: all"


def test_a_comment_silences_a_line_a_service_or_the_file() -> None:
    text = "services:\n  a:\n    image: python{}\n  b:\n    image: redis\n"
    assert len(lint_compose(text.format("  # mlbox: ignore=MLC503 a demo"))) == 1
    above = text.replace("  a:", "  # mlbox: ignore=image-unpinned\n  a:").format("")
    assert len(lint_compose(above)) == 1
    whole = lint_compose("# mlbox: ignore-file=MLC503\n" + text.format(""))
    assert (len(whole), whole.suppressed) == (0, 2)


def test_findings_can_be_selected() -> None:
    text = "version: '3'\nservices: {a: {image: python}}"
    only = lint_compose(text, selection=Selection(select=("MLC5",), ignore=("version-obsolete",)))
    assert [item.code for item in only] == ["MLC503"]


def test_findings_come_in_the_order_of_their_places_with_the_day_of_the_facts() -> None:
    report = lint_compose(
        f"version: '3'\nservices:\n  a: {{image: {TORCH}}}\n  b: {{image: python}}\n", file="x.yml"
    )
    assert [item.code for item in report] == ["MLC501", "MLC101", "MLC503"]
    assert report.files == ("x.yml",)
    assert [bool(item.as_of) for item in report] == [False, True, True]


def test_an_image_that_several_services_inherit_is_told_once() -> None:
    text = "x-a: &a\n  image: redis\nservices:\n  one:\n    <<: *a\n  two:\n    <<: *a\n"
    assert [item.code for item in lint_compose(text)] == ["MLC503"]


def test_the_branch_of_an_image_is_an_info() -> None:
    report = lint_compose("services:\n  ui:\n    image: ghcr.io/acme/ui:main\n")
    assert [(item.code, item.severity) for item in report] == [("MLC503", "info")]


def test_gpus_that_variables_name_may_be_shared() -> None:
    text = (
        "services:\n"
        "  a:\n    image: acme/a:1\n    gpus: [{device_ids: ['${A:-0}']}]\n"
        "  b:\n    image: acme/b:1\n    gpus: [{device_ids: ['0']}]\n"
    )
    found = next(item for item in lint_compose(text) if item.code == "MLC104")
    assert (found.severity, found.confidence) == ("info", "medium")
