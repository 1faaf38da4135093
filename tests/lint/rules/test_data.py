"""Data in images, and DVC (MLD304, MLD305, MLD306)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import SLIM, assert_fixed, in_all_forms, named, of, places

if TYPE_CHECKING:
    from collections.abc import Mapping

FETCHED = {
    "DVC": ("dvc pull", "dvc"),
    "DVC's cache": ("dvc fetch -r storage", "dvc"),
    "DVC from elsewhere": ("dvc get https://github.com/acme/data images -o /data", "dvc"),
    "the hub": ("hf download gpt2 --local-dir /models", "hf"),
    "DVC by Python": ("python -m dvc pull", "python"),
    "the hub by uvx": ("uvx --from huggingface_hub hf download gpt2", "hf"),
    "the hub's older program": ("huggingface-cli download gpt2", "huggingface-cli"),
    "S3": ("aws s3 sync s3://bucket/data /data", "aws"),
    "Google": ("gsutil -m cp -r gs://bucket/data /data", "gsutil"),
    "Kaggle": ("kaggle datasets download -d a/b -p /data", "kaggle"),
    "git": ("git lfs pull", "git"),
}
STAYING = {
    "by a stage below": f"{SLIM.strip()} AS b\nRUN dvc pull\nFROM b\nRUN true",
    "copied out": (f"{SLIM.strip()} AS d\nWORKDIR /d\nRUN dvc pull\n{SLIM}COPY --from=d /d /data"),
    "copied out by number": (
        f"{SLIM}RUN aws s3 cp s3://b/a.tar /data/a.tar\n{SLIM}COPY --from=0 /data/a.tar /"
    ),
    "moved": "RUN hf download gpt2 --local-dir /tmp/m && mv /tmp/m /models",
    "beside another mount": (
        "RUN --mount=type=cache,target=/root/.cache/pip hf download gpt2 --local-dir /models"
    ),
}
NOT_STAYING = {
    "a cache": "RUN --mount=type=cache,target=/models hf download gpt2 --local-dir /models",
    "the hub's cache, mounted": (
        "RUN --mount=type=cache,target=/root/.cache/huggingface hf download gpt2"
    ),
    "moved into a mount": "RUN --mount=type=cache,target=/c hf download gpt2 --local-dir /tmp/m"
    " && mv /tmp/m /c/m",
    "removed in the same RUN": (
        "RUN aws s3 cp s3://b/data.tar /tmp/data.tar && tar xf /tmp/data.tar w && rm /tmp/data.tar"
    ),
    "sent away": "RUN aws s3 cp /results s3://bucket/results --recursive",
    "between buckets": "RUN aws s3 sync s3://a s3://b",
    "at run time": 'CMD ["sh", "-c", "dvc pull && python train.py"]',
    "another command": "RUN dvc --version && hf auth whoami && aws s3 ls",
    "what was made from it": (
        f"{SLIM.strip()} AS d\nRUN dvc get https://x.com/a b -o /data\nRUN make\n"
        f"{SLIM}COPY --from=d /out /out"
    ),
    "a stage that is not needed": f"{SLIM.strip()} AS d\nRUN dvc pull\n{SLIM}RUN true",
    "the system's packages": "RUN apt-get install -y git-lfs",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(FETCHED))
def test_data_that_is_fetched_into_a_layer_is_a_warning(text: str, word: str) -> None:
    assert places("MLD304", text) == [word]
    assert [item.severity for item in of("MLD304", text)] == ["warning"]


@pytest.mark.parametrize(
    "command",
    ["wget -q https://example.com/m.pt -O /m.pt", "curl -fsSLo /m.onnx https://example.com/m.onnx"],
)
def test_one_file_of_weights_is_an_info(command: str) -> None:
    assert [item.severity for item in of("MLD304", f"{SLIM}RUN {command}\n")] == ["info"]


@pytest.mark.parametrize("text", named(STAYING))
def test_data_that_gets_into_the_image_counts(text: str) -> None:
    assert len(of("MLD304", text)) == 1


@pytest.mark.parametrize("text", named(NOT_STAYING))
def test_data_that_does_not_stay_is_no_finding(text: str) -> None:
    assert of("MLD304", text) == []


# --- MLD305 ------------------------------------------------------------------------------------

S3 = "[core]\n    remote = storage\n['remote \"storage\"']\n    url = s3://bucket/dvc\n"
GS = S3.replace("s3://", "gs://")
PULL = "COPY .dvc .dvc\nRUN dvc pull\n"
TWO = S3 + "['remote \"local\"']\n    url = /mnt/dvc\n"

WITHOUT: Mapping[str, tuple[str, str, str]] = {
    "S3": ("RUN pip install dvc==3.56.0\n" + PULL, S3, "dvc==3.56.0"),
    "unpinned": ("RUN pip install dvc\n" + PULL, S3, "dvc"),
    "Google": ("RUN pip install dvc==3.56.0\n" + PULL, GS, "dvc==3.56.0"),
    "ssh": ("RUN pip install dvc==3.56.0\n" + PULL, S3.replace("s3:", "ssh:"), "dvc==3.56.0"),
    "Azure": ("RUN pip install dvc==3.56.0\n" + PULL, S3.replace("s3:", "azure:"), "dvc==3.56.0"),
    "another extra": ('RUN pip install "dvc[gs]==3.56.0"\n' + PULL, S3, '"dvc[gs]==3.56.0"'),
    "by uv": ("RUN uv pip install --system dvc==3.56.0\n" + PULL, S3, "dvc==3.56.0"),
    "at run time": ('RUN pip install dvc==3.56.0\nCMD ["dvc", "pull"]\n', S3, "dvc==3.56.0"),
    "the default of two": ("RUN pip install dvc==3.56.0\n" + PULL, TWO, "dvc==3.56.0"),
    "the only one": (
        "RUN pip install dvc==3.56.0\n" + PULL,
        '[remote "a"]\nurl = s3://b\n',
        "dvc==3.56.0",
    ),
    "compared with it": ("RUN pip install dvc==3.56.0\nRUN dvc status -c\n", S3, "dvc==3.56.0"),
    "pushed": ("RUN pip install dvc==3.56.0\nRUN dvc push\n", S3, "dvc==3.56.0"),
    "said in the Dockerfile": (
        "RUN pip install dvc==3.56.0 && dvc remote add -d x s3://b/c && dvc pull\n",
        "",
        "dvc==3.56.0",
    ),
}
WITH: Mapping[str, tuple[str, str]] = {
    "the extra": ('RUN pip install "dvc[s3]==3.56.0"\n' + PULL, S3),
    "two extras": ('RUN pip install "dvc[gs,s3]"\n' + PULL, S3),
    "all extras": ('RUN pip install "dvc[all]"\n' + PULL, S3),
    "the package": ("RUN pip install dvc dvc-s3\n" + PULL, S3),
    "the package later": ("RUN pip install dvc\nRUN pip install dvc-s3\n" + PULL, S3),
    "conda": ("RUN conda install -y dvc-s3 && pip install dvc\n" + PULL, S3),
    "a folder": ("RUN pip install dvc\n" + PULL, S3.replace("s3://bucket", "/mnt")),
    "http": ("RUN pip install dvc\n" + PULL, S3.replace("s3:", "https:")),
    "no dvc runs": ("RUN pip install dvc\nCOPY .dvc .dvc\n", S3),
    "its status here": ("RUN pip install dvc && dvc status\n", S3),
    "only its version": ("RUN pip install dvc && dvc --version\n", S3),
    "another remote": ("RUN pip install dvc && dvc pull -r local\n", TWO),
    "no configuration": ("RUN pip install dvc\n" + PULL, ""),
    "broken configuration": ("RUN pip install dvc\n" + PULL, "[core\nremote"),
    "not installed here": (PULL, S3),
    "a file that is not there": ("RUN pip install dvc -r more.txt\n" + PULL, S3),
    "an unknown package": ("ARG EXTRA\nRUN pip install dvc $EXTRA\n" + PULL, S3),
}


@pytest.mark.parametrize(
    ("text", "config", "place"), [pytest.param(*case, id=name) for name, case in WITHOUT.items()]
)
def test_dvc_that_cannot_reach_its_remote_is_an_error(text: str, config: str, place: str) -> None:
    files = {".dvc/config": config, ".git/HEAD": ""}
    assert places("MLD305", SLIM + text, **files) == [place]
    assert [item.severity for item in of("MLD305", SLIM + text, **files)] == ["error"]


@pytest.mark.parametrize(
    ("text", "config"), [pytest.param(*case, id=name) for name, case in WITH.items()]
)
def test_dvc_that_can_or_may_reach_its_remote_is_no_finding(text: str, config: str) -> None:
    assert of("MLD305", SLIM + text, **{".dvc/config": config}) == []


def test_nothing_is_said_where_the_remote_is_not_known() -> None:
    assert of("MLD305", f"{SLIM}RUN pip install dvc && dvc pull\n") == []


@pytest.mark.parametrize(
    ("text", "word"),
    in_all_forms({"pip": ("pip install dvc==3.56.0 && dvc pull", "dvc==3.56.0")}),
)
def test_the_extra_is_put_there_in_every_form(text: str, word: str) -> None:
    assert places("MLD305", text, **{".dvc/config": S3}) == [word]
    after = assert_fixed(text, "MLD305", **{".dvc/config": S3})
    assert "dvc[s3]==3.56.0" in after


def test_an_extra_is_added_to_others() -> None:
    assert_fixed(
        f'{SLIM}RUN pip install "dvc[gs]==3.56.0" && dvc pull\n',
        "MLD305",
        expected=f'{SLIM}RUN pip install "dvc[gs,s3]==3.56.0" && dvc pull\n',
        **{".dvc/config": S3},
    )


def test_a_requirements_file_counts() -> None:
    text = f"{SLIM}COPY requirements.txt .\nRUN pip install -r requirements.txt\n{PULL}"
    (found,) = of("MLD305", text, **{".dvc/config": S3, "requirements.txt": "dvc==3.56.0\n"})
    assert found.location is not None
    assert found.location.file == "requirements.txt"


# --- MLD306 ------------------------------------------------------------------------------------

HEAD = {".dvc/config": S3, ".git/HEAD": "", "data.dvc": ""}
COPIED = "COPY . .\nRUN dvc pull\n"
OUTSIDE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "with more words": (COPIED.replace("dvc", "dvc -v"), {**HEAD, ".dockerignore": ".git\n"}),
    "ignored": (COPIED, {**HEAD, ".dockerignore": ".git\n"}),
    "ignored by a pattern": (COPIED, {**HEAD, ".dockerignore": ".*\n!.dvc\n"}),
    "what is in it is ignored": (COPIED, {**HEAD, ".dockerignore": ".git/**\n"}),
    "only what DVC has": ("COPY .dvc .dvc\nCOPY data.dvc .\nRUN dvc pull\n", HEAD),
    "ignored, in a project that is not at hand": (COPIED, {".dockerignore": ".git\n"}),
    "with other commands": (
        "COPY . .\nRUN pip install x && dvc pull -v && ls\n",
        {".dvc/config": S3, ".dockerignore": ".git"},
    ),
    "fetched": ("COPY .dvc .dvc\nRUN dvc fetch\n", HEAD),
    "checked out": ("COPY .dvc .dvc\nRUN dvc checkout\n", HEAD),
    "reproduced": ("COPY .dvc .dvc\nCOPY dvc.yaml .\nRUN dvc repro\n", HEAD),
    "a builder": (f"COPY .dvc .dvc\nRUN dvc pull\n{SLIM}COPY --from=0 /data /data\n", HEAD),
    "uv beside": (
        "COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv\nCOPY .dvc .dvc\nRUN dvc pull\n",
        HEAD,
    ),
}
INSIDE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "copied": (COPIED, HEAD),
    "copied by name": ("COPY .git .git\nCOPY .dvc .dvc\nRUN dvc pull\n", HEAD),
    "mounted": ("COPY .dvc .dvc\nRUN --mount=type=bind,source=.git,target=.git dvc pull\n", HEAD),
    "all mounted": ("RUN --mount=target=. dvc pull\n", HEAD),
    "configured": (
        COPIED,
        {**HEAD, ".dockerignore": ".git", ".dvc/config": f"[core]\n no_scm = true\n{S3}"},
    ),
    "configured at home": (
        COPIED,
        {**HEAD, ".dockerignore": ".git", ".dvc/config.local": "[core]\nno_scm=True\n"},
    ),
    "told": ("COPY .dvc .dvc\nRUN dvc config core.no_scm true && dvc pull\n", HEAD),
    "told before": (
        "COPY .dvc .dvc\nRUN dvc config --local core.no_scm true\nRUN dvc pull\n",
        HEAD,
    ),
    "made": ("COPY .dvc .dvc\nRUN git init && dvc pull\n", HEAD),
    "cloned": ("RUN git clone https://x.com/a . && dvc pull\n", HEAD),
    "begun without": ("RUN dvc init --no-scm -f\nCOPY .dvc .dvc\nRUN dvc pull\n", HEAD),
    "needs none": ("COPY .dvc .dvc\nRUN dvc get https://x.com/a b\n", HEAD),
    "not a project": (COPIED, {"a.py": ""}),
    "at run time": ('COPY .dvc .dvc\nCMD ["dvc", "pull"]\n', HEAD),
    "from a stage": (
        f"RUN git clone https://x.com/a /a\n{SLIM}COPY --from=0 /a /a\nRUN dvc pull\n",
        HEAD,
    ),
    "an unknown source": ("ARG S\nCOPY $S .\nRUN dvc pull\n", HEAD),
    "somebody's image": ("FROM acme/base:1\nCOPY .dvc .dvc\nRUN dvc pull\n", HEAD),
    "fetched as an archive": ("ADD https://github.com/acme/x.git .\nRUN dvc pull\n", HEAD),
}


def _with_base(text: str) -> str:
    return text if text.startswith("FROM acme") else SLIM + text


@pytest.mark.parametrize(
    ("text", "files"), [pytest.param(*case, id=name) for name, case in OUTSIDE.items()]
)
def test_dvc_outside_a_repository_is_an_error(text: str, files: Mapping[str, str]) -> None:
    assert places("MLD306", SLIM + text, **files) == ["dvc"]
    assert [item.severity for item in of("MLD306", SLIM + text, **files)] == ["error"]


@pytest.mark.parametrize(
    ("text", "files"), [pytest.param(*case, id=name) for name, case in INSIDE.items()]
)
def test_dvc_in_a_repository_or_told_otherwise_is_no_finding(
    text: str, files: Mapping[str, str]
) -> None:
    assert of("MLD306", _with_base(text), **files) == []


def test_nothing_is_said_where_the_files_are_not_known() -> None:
    assert of("MLD306", f"{SLIM}COPY .dvc .dvc\nRUN dvc pull\n") == []


def test_a_context_without_a_repository_may_have_one_where_it_is_built() -> None:
    found = of("MLD306", f"{SLIM}{COPIED}", **{".dvc/config": S3})
    assert [item.severity for item in found] == ["info"]


def test_a_model_that_python_fetches_is_worth_an_info() -> None:
    text = f"{SLIM}RUN python -c \"M.from_pretrained('gpt2')\"\n"
    assert [item.severity for item in of("MLD304", text)] == ["info"]


def test_dvc_is_told_before_it_pulls() -> None:
    assert_fixed(
        f"{SLIM}COPY .dvc .dvc\nRUN pip install dvc && dvc pull && ls\n",
        "MLD306",
        expected=f"{SLIM}COPY .dvc .dvc\nRUN pip install dvc && "
        "dvc config --local core.no_scm true && dvc pull && ls\n",
        **HEAD,
    )


@pytest.mark.parametrize(("text", "word"), in_all_forms({"pull": ("dvc pull", "dvc")}))
def test_dvc_is_found_and_told_in_every_form(text: str, word: str) -> None:
    files = {".dvc/config": S3, ".git/HEAD": ""}
    assert places("MLD306", text, **files) == [word]
    assert_fixed(text, "MLD306", **files)
