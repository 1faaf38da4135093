from __future__ import annotations

import re
import shlex
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbox.errors import SpecError
from mlbox.facts import load_facts
from mlbox.plan import UV_IMAGE, ImagePlan, plan_image
from mlbox.plan.instructions import (
    BindMount,
    Command,
    Copy,
    Entrypoint,
    Env,
    Instruction,
    Label,
    Run,
    User,
)
from mlbox.render import render_dockerfile
from mlbox.resolve import resolve_box
from mlbox.spec import BoxSpec

FACTS = load_facts()
DIGEST = "sha256:" + "1" * 64
NGC = "nvcr.io/nvidia/pytorch:26.03-py3"
Kind = TypeVar("Kind", bound=Instruction)


def plan_of(command: tuple[str, ...] = (), **keys: object) -> ImagePlan:
    spec = BoxSpec(name="box", **keys)  # type: ignore[arg-type]  # each test names real fields
    return plan_image(spec, resolve_box(spec, FACTS), command=command)


def names(plan: ImagePlan) -> list[str]:
    return [stage.name for stage in plan.stages]


def base_of(plan: ImagePlan, name: str) -> str:
    return next(stage.base for stage in plan.stages if stage.name == name)


def find(plan: ImagePlan, stage: str, kind: type[Kind]) -> list[Kind]:
    instructions = next(s.instructions for s in plan.stages if s.name == stage)
    return [instruction for instruction in instructions if isinstance(instruction, kind)]


def env_of(plan: ImagePlan) -> dict[str, str]:
    return {k: v for env in find(plan, "runtime", Env) for k, v in env.values.items()}


def test_stages_go_from_what_changes_least_to_what_changes_most() -> None:
    assert names(plan_of(torch="2.13.0")) == [
        *("uv", "wheelhouse", "base", "system", "framework", "dependencies", "runtime", "code")
    ]


def test_without_a_framework_there_is_no_stage_for_one() -> None:
    plan = plan_of()
    assert "framework" not in names(plan)
    assert base_of(plan, "dependencies") == "system"


def test_there_is_no_syntax_line() -> None:
    assert "syntax=" not in render_dockerfile(plan_of(torch="2.13.0"))


def test_tini_is_installed_where_the_base_lacks_it() -> None:
    assert "tini" in find(plan_of(), "system", Run)[0].commands[-1]
    assert "apt-get" not in render_dockerfile(plan_of(base="debian", python="3.11"))


def test_system_packages_are_installed_without_recommendations_and_quoted() -> None:
    plan = plan_of(base="debian", python="3.11", system_packages=("libgl1", "x; rm -rf /"))
    install = find(plan, "system", Run)[0].commands[-1]
    assert "--no-install-recommends libgl1 'x; rm -rf /'" in install


def test_everything_is_installed_by_hash_and_nothing_else() -> None:
    plan = plan_of(torch="2.13.0")
    for stage in ("framework", "dependencies"):
        (run,) = find(plan, stage, Run)
        assert "--no-deps --require-hashes" in run.commands[-1]
        sources = [m.source for m in run.mounts if isinstance(m, BindMount) and m.stage is None]
        assert sources == [f"requirements/{stage}.txt"]


def test_no_index_is_written_into_the_dockerfile() -> None:
    assert "://" not in render_dockerfile(plan_of(torch="2.13.0"))


def test_the_image_runs_as_an_ordinary_user_under_an_init() -> None:
    plan = plan_of()
    assert find(plan, "runtime", User)[-1].name == "1000:1000"
    assert find(plan, "runtime", Entrypoint) == [Entrypoint(argv=("/usr/bin/tini", "--"))]


def test_ngc_keeps_its_entry_point_and_its_packages() -> None:
    plan = plan_of(base=NGC)
    (entrypoint,) = find(plan, "runtime", Entrypoint)
    assert entrypoint.argv == ("/usr/bin/tini", "--", "/opt/nvidia/nvidia_entrypoint.sh")
    assert "--system-site-packages" in render_dockerfile(plan)
    assert "NVIDIA_VISIBLE_DEVICES" not in env_of(plan)


@pytest.mark.parametrize(("cuda", "expected"), [("auto", "all"), ("cpu", None)])
def test_only_a_cuda_box_asks_for_gpus(cuda: str, expected: str | None) -> None:
    plan = plan_of(torch="2.13.0", cuda=cuda)
    assert env_of(plan).get("NVIDIA_VISIBLE_DEVICES") == expected


def test_a_box_that_compiles_ships_no_compiler() -> None:
    plan = plan_of(torch="2.9.1", compiles=True)
    assert names(plan)[4:] == ["framework", "cuda", "build", "dependencies", "runtime", "code"]
    assert base_of(plan, "cuda") == "nvidia/cuda:12.8.1-devel-ubuntu22.04"
    assert base_of(plan, "build") == "framework"
    assert base_of(plan, "dependencies") == "system"
    assert find(plan, "dependencies", Copy) == [
        Copy(stage="build", source="/opt/venv", target="/opt/venv")
    ]
    assert "--no-build-isolation" in find(plan, "build", Run)[-1].commands[-1]


def test_extensions_are_compiled_for_the_target_gpu_or_for_all_the_framework_runs_on() -> None:
    def targets(gpu: str | None = None) -> str:
        plan = plan_of(torch="2.9.1", compiles=True, gpu=gpu)
        return find(plan, "build", Env)[0].values["TORCH_CUDA_ARCH_LIST"]

    assert targets(gpu="A100") == "8.0"
    assert targets() == "7.0 7.5 8.0 8.6 9.0 10.0 12.0"


def test_a_base_with_nvcc_compiles_in_place() -> None:
    plan = plan_of(base=NGC, compiles=True)
    assert "cuda" not in names(plan)
    assert "--no-build-isolation" in find(plan, "dependencies", Run)[0].commands[-1]


def test_known_digests_are_pinned() -> None:
    spec = BoxSpec(name="box", torch="2.9.1", compiles=True)
    resolution = resolve_box(spec, FACTS)
    references = (resolution.base_image, resolution.devel_image or "", UV_IMAGE)
    plan = plan_image(spec, resolution, digests=dict.fromkeys(references, DIGEST))
    assert [base_of(plan, name) for name in ("base", "cuda", "uv")] == [
        f"{reference}@{DIGEST}" for reference in references
    ]
    labels = find(plan, "runtime", Label)[0].values
    assert labels["org.opencontainers.image.base.digest"] == DIGEST


def test_the_installer_comes_through_the_mirror_too() -> None:
    plan = plan_of(registry_mirror="mirror.example.com")
    assert base_of(plan, "uv") == f"mirror.example.com/{UV_IMAGE}"


def test_the_command_is_in_the_last_stage_in_exec_form() -> None:
    plan = plan_of(command=("python", "train.py", 'a "b"'))
    assert find(plan, "code", Command) == [Command(argv=("python", "train.py", 'a "b"'))]
    assert render_dockerfile(plan).endswith('CMD ["python", "train.py", "a \\"b\\""]\n')


@pytest.mark.parametrize(
    ("name", "value"), [("1A", ""), ("A B", ""), ("A", "two\nlines"), ("A", "\0")]
)
def test_a_variable_a_dockerfile_cannot_hold_is_an_error(name: str, value: str) -> None:
    with pytest.raises(SpecError) as caught:
        plan_of(env={name: value})
    assert caught.value.fix


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"])))
def test_no_value_gets_out_of_its_quotes(value: str) -> None:
    """The engine tier asks a real builder; a POSIX shell reads these quotes the same way."""
    text = render_dockerfile(plan_of(env={"VALUE": value}))
    (line,) = [line for line in text.split("\n") if line.startswith("ENV VALUE=")]
    assert shlex.split(line) == ["ENV", f"VALUE={value}".replace("$", "\\$")]
    assert not re.search(r"(?<!\\)(\\\\)*\$", line.removeprefix("ENV VALUE="))


def test_rendering_twice_gives_the_same_bytes() -> None:
    texts = {render_dockerfile(plan_of(torch="2.9.1", compiles=True)) for _ in range(2)}
    assert len(texts) == 1
