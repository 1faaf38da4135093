from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlbox.cli import main
from mlbox.errors import SpecError
from mlbox.facts import load_facts
from mlbox.init import Draft, Folder, infer, read_folder, spec_text, write_spec
from mlbox.spec import Project, load_project, parse_project

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXAMPLES = Path(__file__).parent.parent / "examples"


def draft_of(**files: str) -> Draft:
    """Infer from files given as keywords: ``requirements__txt``, or a dict by ``**{}``."""
    folder = Folder(name="my project", paths=tuple(sorted(files)), texts=files)
    return infer(folder, load_facts())


def spec_of(**files: str) -> Project:
    text = spec_text(draft_of(**files))
    return parse_project(tomllib.loads(text), root=Path(), source=None)


def why(draft: Draft, key: str) -> str:
    return next(item.why for item in (*draft.box, *draft.train) if item.key == key)


def test_an_empty_folder_gives_a_valid_plain_box() -> None:
    project = spec_of()
    assert project.box.name == "my-project"
    assert project.box.framework is None
    assert project.job is None


def test_a_pinned_torch_is_taken_with_its_line() -> None:
    files = {"requirements.txt": "# comment\nnumpy\ntorch==2.13.0\n"}
    assert spec_of(**files).box.torch == "2.13.0"
    assert "requirements.txt, line 3" in why(draft_of(**files), "torch")


def test_a_local_version_says_which_cuda() -> None:
    box = spec_of(**{"requirements.txt": "torch==2.13.0+cu130"}).box
    assert (box.torch, box.cuda) == ("2.13.0", "cu130")


def test_an_index_of_cpu_wheels_says_cpu() -> None:
    text = "--extra-index-url https://wheels.example.com/whl/cpu\ntorch==2.13.0\n"
    assert spec_of(**{"requirements.txt": text}).box.cuda == "cpu"


def test_options_for_pip_are_noted_because_they_cannot_be_locked() -> None:
    draft = draft_of(**{"requirements.txt": "--pre\n-e .\nnumpy"})
    assert ["--pre" in draft.notes[0], "-e ." in draft.notes[1]] == [True, True]


def test_a_range_gives_the_newest_known_release_in_it() -> None:
    box = spec_of(**{"requirements.txt": "torch>=2.1,<2.5"}).box
    assert box.torch == "2.4.1"


def test_a_release_nobody_knows_is_noted_and_left_to_the_requirements() -> None:
    draft = draft_of(**{"requirements.txt": "torch>99"})
    assert "torch" not in {item.key for item in draft.box}
    assert any("torch>99" in note for note in draft.notes)


def test_an_old_pinned_torch_gets_a_python_it_has_wheels_for() -> None:
    assert spec_of(**{"requirements.txt": "torch==1.13.1"}).box.python == "3.11"


def test_included_requirements_count() -> None:
    files = {"requirements.txt": "-r requirements-base.txt", "requirements-base.txt": "jax==0.5.0"}
    box = spec_of(**files).box
    assert (box.jax, box.requirements) == ("0.5.0", "requirements.txt")


def test_requirements_that_include_each_other_end() -> None:
    files = {
        "requirements.txt": "-r requirements-b.txt",
        "requirements-b.txt": "-r requirements.txt",
    }
    assert spec_of(**files).box.framework is None


def test_hashes_and_continued_lines_are_understood() -> None:
    text = "numpy==2.0.0 \\\n    --hash=sha256:00\ntorch==2.13.0 \\\n    --hash=sha256:11\n"
    draft = draft_of(**{"requirements.txt": text})
    assert "line 3" in why(draft, "torch")


def test_uv_lock_comes_before_requirements() -> None:
    lock = (
        'requires-python = ">=3.11"\n'
        '[[package]]\nname = "app"\nversion = "0"\nsource = { virtual = "." }\n'
        '[[package]]\nname = "torch"\nversion = "2.13.0"\n'
    )
    files = {"uv.lock": lock, "requirements.txt": "numpy"}
    box = spec_of(**files).box
    assert (box.requirements, box.torch) == ("uv.lock", "2.13.0")
    assert any("requirements.txt are not used" in note for note in draft_of(**files).notes)


def test_pyproject_dependencies_become_packages_without_the_framework() -> None:
    text = """\
[project]
name = "My.App"
requires-python = "~=3.10.0"
dependencies = ["torch==2.9.1", "tqdm>4"]
"""
    box = spec_of(**{"pyproject.toml": text}).box
    assert (box.name, box.python, box.torch, box.packages) == (
        "my-app",
        "3.10",
        "2.9.1",
        ("tqdm>4",),
    )


def test_an_environment_is_read_with_its_pip_list() -> None:
    text = """\
name: env
channels:
  - pytorch
dependencies:
  - python=3.11
  - pytorch=2.4.1=py3.11_cuda
  - pytorch-cuda=12.1
  - conda-forge::scikit-learn=1.5
  - pip
  - pip:
      - "tqdm==4.66"   # progress
prefix: /opt/env
"""
    box = spec_of(**{"environment.yml": text}).box
    assert (box.python, box.torch, box.cuda) == ("3.11", "2.4.1", "12.1")
    assert box.packages == ("scikit-learn==1.5.*", "tqdm==4.66")


def test_cpuonly_in_an_environment_means_cpu() -> None:
    text = "dependencies:\n- pytorch\n- cpuonly\n"
    assert spec_of(**{"environment.yml": text}).box.cuda == "cpu"


def test_python_version_file_decides() -> None:
    files = {".python-version": "3.11.7\n", "pyproject.toml": '[project]\nrequires-python=">=3.9"'}
    assert spec_of(**files).box.python == "3.11"


def test_a_requires_python_that_excludes_the_default_gives_its_newest() -> None:
    text = '[project]\nname="a"\nrequires-python = ">=3.9,<3.12"'
    assert spec_of(**{"pyproject.toml": text}).box.python == "3.11"


def test_imports_that_no_file_names_are_added_by_their_distribution() -> None:
    files = {"train.py": "import torch, yaml\nfrom sklearn import svm\nfrom . import x\nimport os"}
    draft = draft_of(**files)
    assert spec_of(**files).box.packages == ("pyyaml", "scikit-learn")
    assert "train.py, line 2" in why(draft, "packages")


def test_an_unknown_import_is_noted_and_not_guessed() -> None:
    draft = draft_of(**{"train.py": "import secretlab"})
    assert any("secretlab" in note for note in draft.notes)
    assert spec_of(**{"train.py": "import secretlab"}).box.packages == ()


def test_own_optional_and_test_imports_are_left_out() -> None:
    files = {
        "train.py": "import model\ntry:\n    import wandb\nexcept ImportError:\n    wandb = None\n",
        "src/model/__init__.py": "if TYPE_CHECKING:\n    import pandas",
        "tests/test_model.py": "import requests",
    }
    draft = draft_of(**files)
    assert spec_of(**files).box.packages == ()
    assert draft.notes == ()


def test_a_notebook_counts_magics_do_not() -> None:
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip install x\n", "import jax"]},
        {"cell_type": "code", "source": "%%bash\nls ("},
        {"cell_type": "markdown", "source": "import torch"},
    ]
    draft = draft_of(**{"explore.ipynb": json.dumps({"cells": cells})})
    assert "explore.ipynb" in why(draft, "jax")


def test_opencv_with_a_window_brings_the_libraries_it_loads() -> None:
    box = spec_of(**{"requirements.txt": "opencv-python\nfoo @ git+https://example.com/foo"}).box
    assert box.system_packages == ("libgl1", "libglib2.0-0", "git")


def test_a_second_framework_is_noted() -> None:
    draft = draft_of(**{"requirements.txt": "tensorflow\ntorch", "train.py": "import torch"})
    assert "tensorflow is used too" in draft.notes[0]


def test_the_training_script_its_data_and_its_outputs_are_found() -> None:
    script = 'add_argument("--seed")\np.add_argument("--out-dir", default=Path("results"))\n'
    files = {"src/train.py": script, "data/images.dvc": "", "out/old.txt": ""}
    job = spec_of(**files).job
    assert job is not None
    assert job.command == ("python", "src/train.py")
    assert job.inputs == ("data/images.dvc",)
    assert job.outputs == ("results/",)


def test_outputs_fall_back_to_folders_that_are_known_for_them() -> None:
    job = spec_of(**{"main.py": "", ".gitignore": "/outputs/\n", "results/a.csv": ""}).job
    assert job is not None
    assert job.outputs == ("outputs/", "results/")


@pytest.mark.parametrize("default", ["/srv/out", "../out", "~/out", "", "."])
def test_an_output_outside_of_the_project_is_not_proposed(default: str) -> None:
    job = spec_of(**{"train.py": f"p.add_argument('--out', default={default!r})"}).job
    assert job is not None
    assert job.outputs == ()


def test_a_single_script_with_a_main_part_is_the_command() -> None:
    main_part = 'if __name__ == "__main__":\n    go()\n'
    job = spec_of(**{"fit.py": main_part, "other.py": "x = 1", "test_a.py": main_part}).job
    assert job is not None
    assert job.command == ("python", "fit.py")


def test_the_digits_example_is_inferred_as_it_is_written() -> None:
    folder = read_folder(EXAMPLES / "digits")
    text = spec_text(infer(folder, load_facts()))
    inferred = parse_project(tomllib.loads(text), root=Path(), source=None)
    written = load_project(EXAMPLES / "digits")
    assert inferred.job == written.job
    assert inferred.box.name == written.box.name
    assert inferred.box.requirements == written.box.requirements
    assert inferred.box.framework == written.box.framework


FILES = st.dictionaries(
    st.sampled_from(
        [
            "requirements.txt",
            "pyproject.toml",
            "uv.lock",
            "environment.yml",
            ".python-version",
            ".gitignore",
            "train.py",
            "explore.ipynb",
            'data/a "quoted" \\ name.dvc',
            "données.dvc",
        ]
    ),
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    "torch==2.13.0",
                    "tensorflow",
                    "jax>=0.4",
                    'foo==1; extra == "a"',
                    "import torch, cv2",
                    "  - numpy=1.2",
                    "dependencies:",
                    "requires-python = '>=3.8'",
                    "[project]",
                    "dependencies = ['torch', \"b ; python_version > '3'\"]",
                    "p.add_argument('--out', default='a\\x7fb\"')",
                    "[[package]]\nname = 'torch'\nversion = '2.0'",
                    "/out/",
                    "3.12.1",
                    "-r requirements.txt",
                    "\\",
                ]
            )
        ).map("\n".join),
    ),
)


@given(files=FILES, name=st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_whatever_the_files_say_the_spec_written_is_read_back(
    files: dict[str, str], name: str
) -> None:
    draft = infer(Folder(name=name, paths=tuple(sorted(files)), texts=files), load_facts())
    for table in ("", "tool.mlbox"):
        document = tomllib.loads(spec_text(draft, table=table))
        values = document["tool"]["mlbox"] if table else document
        project = parse_project(values, root=Path(), source=None)
        expected = {item.key: item.value for item in draft.box}
        assert {key: getattr(project.box, key.replace("-", "_")) for key in expected} == expected
        assert (project.job is None) == (not draft.train)


@given(files=FILES)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_folder_on_disk_round_trips(
    files: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("project")
    for path, text in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="")
    draft = infer(read_folder(root), load_facts())
    assert write_spec(root, draft) == root / "mlbox.toml"
    assert load_project(root).box.name == draft.box[0].value


def test_hidden_folders_and_environments_are_not_looked_into(tmp_path: Path) -> None:
    for folder in (".git", "my-env", "__pycache__"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.py").write_text("import torch")
    (tmp_path / "my-env" / "pyvenv.cfg").touch()
    assert read_folder(tmp_path).paths == ()


def test_a_broken_link_and_an_unreadable_encoding_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_bytes(b"import torch  # caf\xe9\n")
    (tmp_path / "requirements.txt").symlink_to("missing")
    assert infer(read_folder(tmp_path), load_facts()).box[2].key == "torch"


def test_a_spec_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "mlbox.toml").write_text("mine")
    with pytest.raises(SpecError, match="already") as caught:
        write_spec(tmp_path, draft_of())
    assert "--force" in caught.value.fix
    assert (tmp_path / "mlbox.toml").read_text() == "mine"
    write_spec(tmp_path, draft_of(), force=True)
    assert load_project(tmp_path).box.name == "my-project"


def test_a_table_in_pyproject_counts_as_a_spec(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.mlbox]\nname = "mine"\n')
    with pytest.raises(SpecError, match=r"pyproject\.toml"):
        write_spec(tmp_path, draft_of())


PYPROJECT = '# mine\r\n[project]\r\nname = "a"  # é\r\n\r\n[tool.x]\r\ny = [\r\n  ["z"],\r\n]'


def test_pyproject_gets_the_table_at_its_end_and_keeps_every_byte(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(PYPROJECT.encode())
    write_spec(tmp_path, draft_of(), pyproject=True)
    assert file.read_bytes().startswith(PYPROJECT.encode() + b"\r\n\r\n")
    assert load_project(tmp_path).box.name == "my-project"


def test_force_replaces_only_our_table_in_pyproject(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    ours = '[tool.mlbox]\nname = "old"\n[tool.mlbox.train]\ncommand = ["x"]\n'
    file.write_text(ours + '[tool.y]\nz = 1\n["tool"."mlbox".env]\nA = "1"\n')
    write_spec(tmp_path, draft_of(), pyproject=True, force=True)
    document = tomllib.loads(file.read_text())
    assert document["tool"]["y"] == {"z": 1}
    assert load_project(tmp_path).job is None
    assert load_project(tmp_path).box.env == {}


@pytest.mark.parametrize(
    "text", ["not toml", "tool = {}", "[tool]\nmlbox = { name = 'x' }\n", "[tool.mlbox\n"]
)
def test_a_pyproject_that_cannot_take_the_table_stays_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        write_spec(tmp_path, draft_of(), pyproject=True, force=True)
    assert caught.value.fix
    assert file.read_text() == text


def test_pyproject_is_asked_for_and_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no pyproject\.toml"):
        write_spec(tmp_path, draft_of(), pyproject=True)


def test_a_table_that_mlbox_toml_would_hide_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "mlbox.toml").touch()
    with pytest.raises(SpecError, match="already"):
        write_spec(tmp_path, draft_of(), pyproject=True, force=True)


def test_the_command_prints_the_spec_its_reasons_and_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\n")
    assert main(["init", "--project", str(tmp_path), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert 'torch = "2.13.0"  # requirements.txt, line 1, pins it' in shown
    assert "Nothing was written." in shown
    assert not (tmp_path / "mlbox.toml").exists()
    assert main(["init", "--project", str(tmp_path)]) == 0
    assert f"Wrote {tmp_path / 'mlbox.toml'}" in capsys.readouterr().out


def test_the_command_needs_a_folder(tmp_path: Path) -> None:
    assert main(["init", "--project", str(tmp_path / "none")]) == 2
