"""Releases that are chosen anew with every build (MLD413)."""

from __future__ import annotations

import pytest
from cases import SLIM, in_all_forms, named, of, places

FREE = {
    "a name": ("pip install numpy", "numpy"),
    "many, one finding": ("pip install --no-cache-dir numpy pandas scipy", "numpy"),
    "one of them": ("pip install numpy==2.1.3 pandas", "pandas"),
    "not one": ("pip install pandas!=2.0.0", "pandas!=2.0.0"),
    "with extras": ("pip install jax[cuda12]", "jax[cuda12]"),
    "a branch": ("pip install git+https://github.com/a/b.git", "git+https://github.com/a/b.git"),
    "a named branch": (
        "pip install git+https://github.com/a/b@main",
        "git+https://github.com/a/b@main",
    ),
    "uv": ("uv pip install --system numpy", "numpy"),
    "with torch": ("pip install torch==2.9.1 numpy", "numpy"),
    "an environment": ("/opt/venv/bin/pip install numpy", "numpy"),
}
FIXED = {
    "exact": "RUN pip install numpy==2.1.3 pandas===2.2.3",
    "tools": "RUN pip install --upgrade pip setuptools wheel uv",
    "torch is another rule's": "RUN pip install torch torchvision",
    "a commit": "RUN pip install git+https://github.com/a/b@0123456789abcdef0123456789abcdef01234567",
    "a tag": "RUN pip install git+https://github.com/a/b@v1.2.3",
    "a wheel": "RUN pip install https://example.com/a-1.0-py3-none-any.whl",
    "the project": "RUN pip install .",
    "editable": "RUN pip install -e .",
    "a variable": "ARG V\nRUN pip install numpy==$V",
    "a variable alone": "ARG WHAT\nRUN pip install $WHAT",
    "an unread file": "RUN pip install -r requirements.txt",
    "unread constraints": "RUN pip install -c constraints.txt numpy",
    "constraints of a variable": "ENV PIP_CONSTRAINT=/c.txt\nRUN pip install numpy",
    "of a day": "RUN uv pip install --system --exclude-newer 2025-01-01 numpy",
    "of a lock": "COPY pyproject.toml uv.lock ./\nRUN uv sync --locked",
    "downloaded only": "RUN pip download numpy",
    "unused stage": f"{SLIM.strip()} AS docs\nRUN pip install numpy\n{SLIM}",
    "removed": "RUN pip uninstall -y numpy",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(FREE))
def test_a_package_without_a_release_is_found_once(text: str, word: str) -> None:
    assert places("MLD413", text) == [word]
    assert [item.severity for item in of("MLD413", text)] == ["warning"]


@pytest.mark.parametrize("text", named(FIXED))
def test_what_is_fixed_or_not_known_is_no_finding(text: str) -> None:
    assert places("MLD413", text) == []


@pytest.mark.parametrize(
    "text", ["'pandas<3'", "'pandas>=2,<3'", "pandas~=2.2 'numpy<3'", "'pandas==2.*'"]
)
def test_an_upper_bound_makes_it_an_info(text: str) -> None:
    assert [item.severity for item in of("MLD413", f"{SLIM}RUN pip install {text}\n")] == ["info"]


COPIED = f"{SLIM}COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n"


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("numpy\n", "numpy"),
        ("numpy==2.1.3\npandas>=2\n", "pandas"),
        ("# all\nnumpy\npandas # data\n", "numpy and pandas"),
        ("git+https://github.com/a/b\n", "git+https://github.com/a/b"),
        ("a\nb\nc\nd\ne\nf\n", "a, b, c, d and 2 more"),
        ('pandas>=2; python_version > "3.9"\n', "pandas"),
    ],
)
def test_a_file_with_packages_without_a_release_is_found_once(lines: str, names: str) -> None:
    files = {"requirements.txt": lines}
    assert places("MLD413", COPIED, **files) == ["requirements.txt"]
    (found,) = of("MLD413", COPIED, **files)
    assert found.what.endswith(f"{names}.")


@pytest.mark.parametrize(
    "lines",
    [
        "numpy==2.1.3\npandas==2.2.3\n",
        "",
        "numpy==2.1.3 --hash=sha256:0\npandas>=2 --hash=sha256:1\n",
        "-c constraints.txt\nnumpy\n",
        "-e .\n",
        "torch\n",
        "--index-url https://download.pytorch.org/whl/cu128\ntorch==2.9.1+cu128\n",
    ],
)
def test_a_file_of_exact_releases_is_no_finding(lines: str) -> None:
    files = {"requirements.txt": lines, "constraints.txt": "numpy==2.1.3\n"}
    assert places("MLD413", COPIED, **files) == []


def test_a_dockerfile_has_one_finding_which_names_the_other_places() -> None:
    text = (
        f"{SLIM}COPY *.txt ./\nRUN pip install -r a.txt -r b.txt\n"
        "RUN pip install scipy\nRUN pip install -r a.txt\n"
    )
    found = of("MLD413", text, **{"a.txt": "numpy\n", "b.txt": "pandas\n"})
    assert [item.what for item in found] == [
        "a.txt names 1 package without an exact release: numpy. So it is with b.txt and scipy."
    ]


def test_it_is_an_info_only_if_all_of_them_have_an_upper_bound() -> None:
    first = f"{SLIM}RUN pip install 'numpy<3'\n"
    assert [item.severity for item in of("MLD413", first)] == ["info"]
    both = of("MLD413", f"{first}RUN pip install pandas\n")
    assert [item.severity for item in both] == ["warning"]


def test_a_project_with_a_lock_is_no_finding() -> None:
    text = f"{SLIM}COPY pyproject.toml uv.lock ./\nRUN uv sync --locked\n"
    project = '[project]\nname = "a"\nversion = "1"\ndependencies = ["numpy>=2"]\n'
    assert places("MLD413", text, **{"pyproject.toml": project}) == []
