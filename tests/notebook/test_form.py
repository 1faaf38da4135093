from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbox.errors import SpecError
from mlbox.facts import Build
from mlbox.notebook.form import BOX_FIELDS, JOB_FIELDS, FormModel
from mlbox.spec import BoxSpec, JobSpec


def build(framework: str, release: str, cuda: str | None, confidence: str = "multi") -> Build:
    return Build(
        framework=framework,
        release=release,
        tag="x" if cuda else "cpu",
        toolkit=cuda,
        platform="linux/amd64",
        pythons=("3.12",),
        capabilities=(),
        ptx=(),
        floor="",
        default=True,
        companions={},
        loose=(),
        source="x",
        confidence=confidence,
        notes="",
    )


BUILDS = (
    build("torch", "2.9.0", "12.8"),
    build("torch", "2.13.0", "12.8"),
    build("torch", "2.13.0", "13.0"),
    build("torch", "2.12.1", "9.2"),
    build("torch", "2.12.1", None),
    build("torch", "2.12.1", "12.6"),
    build("torch", "2.14.0", "13.0", confidence="unverified"),
    build("jax", "0.7.0", "12.9"),
)
SPEC = BoxSpec(
    name="digits",
    torch="2.12.1",
    cuda="cpu",
    packages=("numpy>=2,<3", "wandb"),
    system_packages=("git", "libgl1"),
    env={"A": "b"},
)
JOB = JobSpec(
    command=("python", "train.py", "two words"),
    params={"epochs": "5"},
    inputs=("data/",),
    outputs=("out/",),
)


@pytest.fixture
def form() -> FormModel:
    return FormModel(SPEC, JOB, builds=BUILDS)


def test_a_form_that_nobody_touched_means_the_spec_it_began_with(form: FormModel) -> None:
    assert form.read() == (SPEC, JOB)


texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(
    packages=st.lists(texts.filter(lambda text: text.strip() == text), max_size=3).map(tuple),
    command=st.lists(st.text(max_size=8), min_size=1, max_size=4).map(tuple),
    params=st.dictionaries(
        texts.filter(lambda text: "=" not in text and not text.startswith("-")),
        st.text(max_size=8),
        max_size=3,
    ),
)
def test_any_command_and_parameters_survive_the_form(
    packages: tuple[str, ...], command: tuple[str, ...], params: dict[str, str]
) -> None:
    spec = BoxSpec(name="x", packages=packages)
    job = JobSpec(command=command, params=params)
    assert FormModel(spec, job).read() == (spec, job)


def test_every_field_has_a_text_and_a_label_of_its_own(form: FormModel) -> None:
    fields = (*BOX_FIELDS, *JOB_FIELDS)
    assert set(form.values) == {field.name for field in fields}
    assert len({field.label for field in fields}) == len(fields)


def test_every_choice_offers_what_it_holds(form: FormModel) -> None:
    for field in BOX_FIELDS:
        if field.kind == "choice":
            assert form.values[field.name] in form.options(field.name)


def test_a_python_nobody_thought_of_is_offered_when_the_spec_has_it() -> None:
    assert "3.27" in FormModel(BoxSpec(name="x", python="3.27")).options("python")


def test_another_framework_brings_its_newest_version(form: FormModel) -> None:
    assert form.set("framework", "jax") == ("framework", "version", "cuda")
    assert form.values["version"] == "0.7.0"
    assert form.options("version") == ("0.7.0",)
    spec, _ = form.read()
    assert (spec.torch, spec.jax) == (None, "0.7.0")


def test_releases_are_offered_newest_first_without_the_unverified(form: FormModel) -> None:
    assert form.options("version") == ("2.13.0", "2.12.1", "2.9.0")


@pytest.mark.parametrize(
    ("version", "offered"),
    [
        ("2.13.0", ("13.0", "12.8")),
        ("2.12.1", ("12.6", "9.2")),
        ("2.1", ()),
        ("2", ("13.0", "12.8", "12.6", "9.2")),
    ],
)
def test_the_cuda_versions_of_the_release_are_offered(
    form: FormModel, version: str, offered: tuple[str, ...]
) -> None:
    form.set("version", version)
    assert form.options("cuda") == ("auto", "cpu", *offered)


def test_a_cuda_version_the_new_release_has_not_becomes_auto(form: FormModel) -> None:
    form.set("cuda", "12.6")
    assert "cuda" in form.set("version", "2.13.0")
    assert form.values["cuda"] == "auto"


def test_a_cuda_version_that_still_fits_stays(form: FormModel) -> None:
    form.set("version", "2.13.0")
    assert form.values["cuda"] == "cpu"


def test_without_a_framework_version_and_cuda_do_not_matter(form: FormModel) -> None:
    assert form.enabled("version")
    form.set("framework", "none")
    assert not form.enabled("version")
    assert not form.enabled("cuda")
    assert form.enabled("python")
    assert form.read()[0].framework is None


def test_a_framework_without_a_version_says_where_to_write_one(form: FormModel) -> None:
    form.set("version", " ")
    with pytest.raises(SpecError, match="torch needs a version") as caught:
        form.read()
    assert "field Version" in caught.value.fix


def test_a_text_that_stays_the_same_changes_nothing(form: FormModel) -> None:
    assert form.set("cuda", "cpu") == ()


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (
            "packages",
            " numpy>=2 ; python_version < '4'\n\n pandas \n",
            ("numpy>=2 ; python_version < '4'", "pandas"),
        ),
        ("system_packages", "git, curl  make", ("git", "curl", "make")),
        ("requirements", " ", None),
        ("requirements", " requirements.txt", "requirements.txt"),
        ("base", "", "auto"),
        ("cuda", "", "auto"),
        ("cuda", "12.8", "12.8"),
    ],
)
def test_a_text_is_read_as_its_key(
    form: FormModel, field: str, text: str, expected: object
) -> None:
    form.set(field, text)
    assert getattr(form.read()[0], field) == expected


def test_keys_without_a_field_stay_as_they_are(form: FormModel) -> None:
    form.set("command", "python other.py")
    spec, job = form.read()
    assert spec.env == {"A": "b"}
    assert job is not None
    assert job.inputs == ("data/",)
    assert job.command == ("python", "other.py")


def test_without_a_command_there_is_nothing_to_train() -> None:
    form = FormModel(BoxSpec(name="x"))
    assert form.read()[1] is None
    form.set("command", "python train.py")
    assert form.read()[1] == JobSpec(command=("python", "train.py"))


def test_parameters_may_be_written_as_flags(form: FormModel) -> None:
    form.set("params", "--epochs=7 note='two words' lr=")
    job = form.read()[1]
    assert job is not None
    assert job.params == {"epochs": "7", "note": "two words", "lr": ""}


@pytest.mark.parametrize(
    ("field", "text", "what"),
    [
        ("params", "epochs 5", "'epochs' is not name=value"),
        ("params", "=5", "'=5' is not name=value"),
        ("command", "python 'train.py", "Command cannot be read"),
        ("outputs", "../out", "outside of the project"),
        ("cuda", "twelve", "not a CUDA version"),
    ],
)
def test_a_text_that_makes_no_sense_is_an_error_in_three_parts(
    form: FormModel, field: str, text: str, what: str
) -> None:
    form.set(field, text)
    with pytest.raises(SpecError, match=what) as caught:
        form.read()
    assert caught.value.why
    assert caught.value.fix
