"""The project before what it depends on (MLD406)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, codes, named, of, places

LOCK = {"requirements.txt": "numpy==2.1.3\n"}
EARLY = {
    "requirements": "COPY . .\nRUN pip install -r requirements.txt",
    "to a folder": "WORKDIR /app\nCOPY . /app\nRUN pip install --no-cache-dir -r requirements.txt",
    "with a slash": "COPY ./ ./\nRUN pip install -r requirements.txt",
    "ADD": "ADD . /app\nRUN pip install -r /app/requirements.txt",
    "with an owner": "COPY --chown=app . .\nRUN pip install -r requirements.txt",
    "list": 'COPY [".", "."]\nRUN pip install -r requirements.txt',
    "names": "COPY . .\nRUN pip install numpy==2.1.3 pandas==2.2.3",
    "uv": "COPY . .\nRUN uv pip install --system -r requirements.txt",
    "apt": "COPY . .\nRUN apt-get update && apt-get install -y git",
    "later": "COPY . .\nENV X=1\nRUN echo hello\nRUN pip install -r requirements.txt",
    "in its folder": "COPY . /app\nRUN set -e && cd /app && pip install -r requirements.txt",
    "pip first": "COPY . .\nRUN pip install --upgrade pip && pip install -r requirements.txt",
    "heredoc": "COPY . .\nRUN <<EOF\npip install -r requirements.txt\nEOF",
    "continued": "COPY . .\nRUN pip \\\n  # these\n  install -r requirements.txt",
    "bash -c": "COPY . .\nRUN bash -ec 'pip install -r requirements.txt'",
    "a pattern": "COPY * ./\nRUN pip install -r requirements.txt",
    "of the stage below": f"{SLIM.strip()} AS a\nCOPY . .\nFROM a\n"
    "RUN pip install -r requirements.txt",
    "in a child image": "ONBUILD COPY . .\nONBUILD RUN pip install -r requirements.txt",
    "in the builder": f"{SLIM.strip()} AS a\nCOPY . .\nRUN pip install -r requirements.txt\n"
    f"{SLIM}COPY --from=a /opt /opt",
}
RIGHT = {
    "first": "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .",
    "the project": "COPY . .\nRUN pip install .",
    "editable": "COPY . .\nRUN pip install -e .",
    "both": "COPY . .\nRUN pip install -r requirements.txt .",
    "the project, then more": "COPY . .\nRUN pip install .\nRUN pip install pytest==8.3.4",
    "more afterwards": "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
    "RUN pip install -r requirements-dev.txt",
    "a folder of it": "COPY src src\nRUN pip install -r requirements.txt",
    "from a stage": f"{SLIM.strip()} AS a\n{SLIM}COPY --from=a . .\nRUN pip install numpy==2.1.3",
    "no installation": "COPY . .\nRUN python -m compileall .",
    "uv sync": "COPY . .\nRUN uv sync --locked",
    "pyproject": "COPY . .\nRUN pip install -r pyproject.toml",
    "a cache mount": "COPY . .\nRUN --mount=type=cache,target=/root/.cache/pip"
    " pip install -r requirements.txt",
    "an unknown list": "COPY . .\nARG WHAT\nRUN pip install $WHAT",
    "a wheel of it": "COPY . .\nRUN pip install dist/app-1.0-py3-none-any.whl",
    "a package of it": "COPY . .\nRUN apt-get install -y ./tool.deb",
    "partly in a child image": "COPY . .\nONBUILD RUN pip install -r requirements.txt",
    "only what the project needs": f"{SLIM.strip()} AS a\nCOPY . .\nRUN pip install .\nFROM a\n"
    "RUN pip install pytest==8.3.4",
    "in an unused stage": f"{SLIM.strip()} AS docs\nCOPY . .\n"
    f"RUN pip install -r requirements.txt\n{SLIM}",
    "something uses the project first": "COPY . .\nRUN make && pip install -r requirements.txt",
    "only pip itself": "COPY . .\nRUN pip install --upgrade pip",
}


@pytest.mark.parametrize("text", named(EARLY))
def test_a_copy_of_all_before_the_dependencies_is_found(text: str) -> None:
    (place,) = places("MLD406", text, **LOCK)
    assert place in (".", "./", "*")


@pytest.mark.parametrize(
    ("ignore", "count"), [("*\n!requirements.txt\n", 0), ("*\n!requirements.txt\n!src\n", 1)]
)
def test_a_copy_of_the_lists_alone_is_no_finding(ignore: str, count: int) -> None:
    files = {**LOCK, "src/a.py": "", "train.py": "", ".dockerignore": ignore}
    text = f"{SLIM}COPY . .\nRUN pip install -r requirements.txt\n"
    assert len(places("MLD406", text, **files)) == count


@pytest.mark.parametrize("text", named(RIGHT))
def test_what_must_be_so_is_no_finding(text: str) -> None:
    assert places("MLD406", text, **LOCK) == []


def test_a_list_that_installs_the_project_is_no_finding() -> None:
    text = f"{SLIM}COPY . .\nRUN pip install -r requirements.txt\n"
    assert places("MLD406", text, **{"requirements.txt": "numpy==2.1.3\n-e .\n"}) == []


def test_the_installation_moves_up_with_the_files_that_it_reads() -> None:
    text = (
        f"{SLIM}WORKDIR /app\nCOPY . .\n\nRUN pip install --no-cache-dir \\\n"
        '    -r requirements.txt\nCMD ["x"]\n'
    )
    assert_fixed(
        text,
        "MLD406",
        expected=f"{SLIM}WORKDIR /app\nCOPY requirements.txt ./\nRUN pip install --no-cache-dir "
        '\\\n    -r requirements.txt\nCOPY . .\nCMD ["x"]\n',
        **LOCK,
    )


def test_a_list_that_names_another_brings_both() -> None:
    files = {"requirements.txt": "-r base.txt\npandas==2.2.3\n", "base.txt": "numpy==2.1.3\n"}
    text = f"{SLIM}COPY . /app/\nWORKDIR /app\nRUN pip install -r requirements.txt\n"
    (found,) = of("MLD406", text, **files)
    assert "COPY requirements.txt base.txt ./" in found.fix
    assert found.autofix is None  # the WORKDIR stands between them
    text = f"{SLIM}WORKDIR /app\nCOPY . /app/\nRUN pip install -r requirements.txt\n"
    assert "COPY requirements.txt base.txt /app/\n" in assert_fixed(text, "MLD406", **files)


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("COPY . .\nRUN pip install -r requirements.txt\n", {}),
        ("COPY . .\nRUN pip install -r requirements.txt && python -m app\n", LOCK),
        ("COPY . .\n# why\nRUN pip install -r requirements.txt\n", LOCK),
        ("COPY . .\nUSER app\nRUN pip install -r requirements.txt\n", LOCK),
        ("COPY . /a\nRUN pip install -r /a/requirements.txt\n", LOCK),
    ],
)
def test_what_may_need_the_project_is_not_moved(text: str, files: dict[str, str]) -> None:
    (found,) = of("MLD406", SLIM + text, **files)
    assert found.autofix is None


def test_the_fix_is_a_guess() -> None:
    text = f"{SLIM}COPY . .\nRUN pip install -r requirements.txt\n"
    (found,) = of("MLD406", text, **LOCK)
    assert found.autofix is not None
    assert not found.autofix.safe
    assert "MLD406" in codes(text, **LOCK)
