"""The command models: what pip, uv, conda, apt and their like are read to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbox.lint.commands import actions_of
from mlbox.lint.commands.model import (
    CondaInstall,
    DataFetch,
    Download,
    Other,
    PythonInstall,
    SystemInstall,
    UserAdd,
)
from mlbox.lint.files import NoFiles
from mlbox.lint.parse import parse
from mlbox.testing import FakeFiles

if TYPE_CHECKING:
    from mlbox.lint.commands.model import Action

T = TypeVar("T")
PYTORCH = "https://download.pytorch.org/whl/cu128"


def actions(text: str, **files: str) -> list[Action]:
    """Every action of a Dockerfile, whose RUN is the text if it has no FROM."""
    dockerfile = parse(text if "FROM" in text else f"FROM base\nRUN {text}\n")
    stages = actions_of(dockerfile, FakeFiles(files) if files else NoFiles())
    return [action for steps in stages for _, found in steps for action in found]


def last(kind: type[T], text: str, **files: str) -> T:
    """The last action of a kind."""
    return [action for action in actions(text, **files) if isinstance(action, kind)][-1]


def pip(text: str, **files: str) -> PythonInstall:
    """The last installation."""
    return last(PythonInstall, text, **files)


def pins(install: PythonInstall) -> list[str]:
    """What it wants, as ``name==version``."""
    return [
        f"{item.name}=={item.version}" if item.version else item.name for item in install.wanted
    ]


INSTALLS = {
    "pip": "pip install torch==2.9.1",
    "pip3": "pip3 install torch==2.9.1",
    "pip of a version": "pip3.11 install torch==2.9.1",
    "python -m pip": "python -m pip install torch==2.9.1",
    "python3.12 -m pip": "python3.12 -m pip install torch==2.9.1",
    "python with options": "python3 -u -m pip install torch==2.9.1",
    "pip in a folder": "/opt/venv/bin/pip install torch==2.9.1",
    "pip in an unknown folder": "$VENV/bin/pip install torch==2.9.1",
    "flags before the verb": "pip --no-cache-dir install torch==2.9.1",
    "flags after it": "pip install --no-cache-dir -q torch==2.9.1",
    "flags behind": "pip install torch==2.9.1 --no-cache-dir -U",
    "valued flags": "pip install -i https://a -t /b --platform c torch==2.9.1",
    "glued short flags": "pip install -Uqi https://a torch==2.9.1",
    "quotes": "pip install 'torch==2.9.1'",
    "blanks in quotes": 'pip install "torch == 2.9.1"',
    "a variable": "V=2.9.1; pip install torch==$V",
    "in sudo": "sudo -H pip install torch==2.9.1",
    "in bash -c": "bash -c 'pip install torch==2.9.1'",
    "under conda run": "conda run -n a pip install torch==2.9.1",
    "uv pip": "uv pip install --system torch==2.9.1",
    "uv pip with global flags": "uv --quiet pip install --system torch==2.9.1",
    "python -m uv": "python -m uv pip install torch==2.9.1",
    "uv add": "uv add torch==2.9.1",
    "uv tool": "uv tool install torch==2.9.1",
    "pipx": "pipx install torch==2.9.1",
    "pip download": "pip download -d /x torch==2.9.1",
    "pip wheel": "pip wheel -w /x torch==2.9.1",
    "a wheel's URL": "pip install https://x/torch-2.9.1-cp312-cp312-linux_x86_64.whl",
    "a named wheel's URL": "pip install 'torch @ https://x/torch-2.9.1-cp312-cp312-linux_x86_64.whl'",
    "a wheel in the image": "pip install /x/torch-2.9.1-cp312-cp312-linux_x86_64.whl",
    "three equals signs": "pip install torch===2.9.1",
    "an extra": "pip install torch[opt]==2.9.1",
    "a marker": "pip install \"torch==2.9.1; sys_platform == 'linux'\"",
    "other case": "pip install Torch==2.9.1",
}


@pytest.mark.parametrize("name", INSTALLS)
def test_an_installation_of_torch_2_9_1(name: str) -> None:
    assert pins(pip(INSTALLS[name])) == ["torch==2.9.1"]


NO_INSTALLS = {
    "pip list": "pip list",
    "pip uninstall": "pip uninstall -y torch",
    "an echo": "echo pip install torch",
    "pip of another name": "pipdeptree install torch",
    "a module of another name": "python -m pipdeptree install torch",
    "a script's arguments": "python x.py -m pip install torch",
    "uv venv": "uv venv /x",
    "poetry run": "poetry run install",
    "xargs": "xargs pip install",
    "conda": "conda install torch",
}


@pytest.mark.parametrize("name", NO_INSTALLS)
def test_what_is_no_installation_by_pip(name: str) -> None:
    assert not [item for item in actions(NO_INSTALLS[name]) if isinstance(item, PythonInstall)]


def test_what_is_not_pinned_has_no_version() -> None:
    found = pip("pip install a 'b>=1' 'c==1.*' 'd~=1.0' e==1")
    assert pins(found) == ["a", "b", "c", "d", "e==1"]


def test_a_version_that_is_not_known_is_unknown() -> None:
    (item,) = pip("pip install torch==${TORCH_VERSION}").wanted
    assert (item.name, item.version, item.unknown) == ("torch", None, True)


def test_a_package_that_is_not_known_has_no_name() -> None:
    (item,) = pip("pip install $PACKAGES").wanted
    assert (item.name, item.unknown) == ("", True)


def test_a_variable_of_several_packages_is_several() -> None:
    found = pip("FROM base\nARG PACKAGES='torch==2.9.1 numpy'\nRUN pip install $PACKAGES")
    assert pins(found) == ["torch==2.9.1", "numpy"]


def test_the_place_of_a_package() -> None:
    text = "FROM base\nRUN pip install \\\n  a \\\n  'torch==2.9.1'\n"
    item = pip(text).wanted[1]
    assert item.span is not None
    assert text[item.span.start : item.span.end] == "'torch==2.9.1'"
    assert (item.location.line, item.location.column) == (4, 3)


@pytest.mark.parametrize(
    ("word", "name", "url", "local"),
    [
        ("git+https://x/y.git@v1#egg=z", "z", "git+https://x/y.git@v1#egg=z", None),
        ("git+https://x/y.git", "", "git+https://x/y.git", None),
        ("git+ssh://git@x/y.git", "", "git+ssh://git@x/y.git", None),
        ("'z @ git+https://x/y'", "z", "git+https://x/y", None),
        (".", "", None, "."),
        ("'.[train]'", "", None, ".[train]"),
        ("./x", "", None, "./x"),
        ("/src", "", None, "/src"),
        ("x/", "", None, "x/"),
        ("*.whl", "", None, "*.whl"),
        ("dist/*.whl", "", None, "dist/*.whl"),
        ("https://x/a-1.0.tar.gz", "a", "https://x/a-1.0.tar.gz", None),
    ],
)
def test_what_is_no_plain_requirement(
    word: str, name: str, url: str | None, local: str | None
) -> None:
    (item,) = pip(f"pip install {word}").wanted
    assert (item.name, item.url, item.local) == (name, url, local)


def test_an_editable_installation() -> None:
    (item,) = pip("pip install -e .").wanted
    assert item.editable
    assert item.local == "."


INDEXES = {
    # name: text, main, extra, find-links
    "none": ("pip install a", None, (), ()),
    "-i": ("pip install a -i http://i", "http://i", (), ()),
    "--index-url": ("pip install a --index-url http://i", "http://i", (), ()),
    "--index-url=": ("pip install a --index-url=http://i", "http://i", (), ()),
    "the last one counts": ("pip install -i http://a -i http://b c", "http://b", (), ()),
    "an abbreviation": ("pip install a --extra-index http://i", None, ("http://i",), ()),
    "extra": ("pip install a --extra-index-url http://i", None, ("http://i",), ()),
    "links": ("pip install a -f http://i", None, (), ("http://i",)),
    "ENV": ("FROM base\nENV PIP_INDEX_URL=http://i\nRUN pip install a", "http://i", (), ()),
    "ENV, several": (
        'FROM base\nENV PIP_EXTRA_INDEX_URL="http://i http://j"\nRUN pip install a',
        None,
        ("http://i", "http://j"),
        (),
    ),
    "ARG": ("FROM base\nARG PIP_INDEX_URL=http://i\nRUN pip install a", "http://i", (), ()),
    "an inline variable": ("PIP_INDEX_URL=http://i pip install a", "http://i", (), ()),
    "an exported variable": ("export PIP_INDEX_URL=http://i; pip install a", "http://i", (), ()),
    "ENV of the stage below": (
        "FROM x AS a\nENV PIP_INDEX_URL=http://i\nFROM a\nRUN pip install a",
        "http://i",
        (),
        (),
    ),
    "a flag wins over ENV": (
        "FROM base\nENV PIP_INDEX_URL=http://i\nRUN pip install a -i http://j",
        "http://j",
        (),
        (),
    ),
    "pip config in the same RUN": (
        "pip config set global.index-url http://i && pip install a",
        "http://i",
        (),
        (),
    ),
    "pip config earlier": (
        "FROM base\nRUN pip config set global.extra-index-url http://i\nRUN pip install a",
        None,
        ("http://i",),
        (),
    ),
    "pip config after it": ("pip install a && pip config set global.index-url x", None, (), ()),
    "uv --index": ("uv pip install a --index p=http://i", None, ("http://i",), ()),
    "uv --default-index": ("uv pip install a --default-index http://i", "http://i", (), ()),
    "UV_INDEX": (
        "UV_INDEX='p=http://i http://j' uv pip install a",
        None,
        ("http://i", "http://j"),
        (),
    ),
    "UV_DEFAULT_INDEX": ("UV_DEFAULT_INDEX=http://i uv pip install a", "http://i", (), ()),
    "UV_INDEX_URL": ("UV_INDEX_URL=http://i uv pip install a", "http://i", (), ()),
    "pip's variables are not uv's": ("PIP_INDEX_URL=http://i uv pip install a", None, (), ()),
    "uv's variables are not pip's": ("UV_INDEX_URL=http://i pip install a", None, (), ()),
}


@pytest.mark.parametrize("name", INDEXES)
def test_where_packages_come_from(name: str) -> None:
    text, main, extra, links = INDEXES[name]
    found = pip(text).indexes
    assert (found.main, found.extra, found.find_links) == (main, extra, links)
    assert found.known


@pytest.mark.parametrize(
    "text",
    [
        "pip install a -i $URL",
        "FROM base\nARG PIP_INDEX_URL\nRUN pip install a",
        "FROM base\nRUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf pip install a",
        "FROM base\nRUN --mount=type=secret,id=x,env=PIP_EXTRA_INDEX_URL pip install a",
        "uv pip install a --torch-backend=$BACKEND",
    ],
)
def test_an_index_that_nobody_can_know(text: str) -> None:
    assert not pip(text).indexes.known


def test_a_copied_pip_conf_is_read() -> None:
    text = "FROM base\nCOPY pip.conf /etc/pip.conf\nRUN pip install a"
    conf = "[global]\nindex-url = http://i\n[install]\nextra-index-url =\n  http://j\n  http://k\n"
    found = pip(text, **{"pip.conf": conf}).indexes
    assert found.all == ("http://i", "http://j", "http://k")


@pytest.mark.parametrize(
    "text",
    [
        "uv pip install a --torch-backend=cu128",
        "uv pip install a --torch-backend cu128",
        "UV_TORCH_BACKEND=cu128 uv pip install a",
    ],
)
def test_the_torch_backend(text: str) -> None:
    assert pip(text).indexes.torch_backend == "cu128"


COPIES = {
    "into the folder": "COPY requirements.txt .\nRUN pip install -r requirements.txt",
    "into a WORKDIR": "WORKDIR /app\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt",
    "by its absolute path": (
        "WORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r /app/requirements.txt"
    ),
    "by another name": "COPY requirements.txt /tmp/r.txt\nRUN pip install -r /tmp/r.txt",
    "into a folder that is there": (
        "COPY requirements.txt /tmp\nRUN pip install -r /tmp/requirements.txt"
    ),
    "with everything": "WORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt",
    "with everything, elsewhere": "COPY . /src\nRUN pip install -r /src/requirements.txt",
    "by a pattern": "COPY require*.txt /x/\nRUN pip install -r /x/requirements.txt",
    "with others": "COPY a b requirements.txt /x/\nRUN pip install -r /x/requirements.txt",
    "in exec form": 'COPY ["requirements.txt", "/x/"]\nRUN pip install -r /x/requirements.txt',
    "by ADD": "ADD requirements.txt /x/\nRUN pip install -r /x/requirements.txt",
    "after cd": "COPY . /src\nRUN cd /src && pip install -r requirements.txt",
    "by a bind mount": (
        "RUN --mount=type=bind,source=requirements.txt,target=/r.txt pip install -r /r.txt"
    ),
    "by a bind mount of everything": (
        "WORKDIR /app\nRUN --mount=type=bind,target=. pip install -r requirements.txt"
    ),
    "glued": "COPY . .\nRUN pip install -rrequirements.txt",
    "with an equals sign": "COPY . .\nRUN pip install --requirement=requirements.txt",
    "by a variable": "ENV D=/x\nCOPY requirements.txt $D/\nRUN pip install -r $D/requirements.txt",
    "by PIP_REQUIREMENT": "COPY . .\nRUN PIP_REQUIREMENT=requirements.txt pip install",
    "by the stage below": "COPY . /x\nFROM a\nRUN pip install -r /x/requirements.txt",
    "from another stage": (
        "COPY . /x\nFROM b\nCOPY --from=a /x/requirements.txt .\n"
        "RUN pip install -r requirements.txt"
    ),
    "by uv": "COPY . .\nRUN uv pip install --system -r requirements.txt",
    "by uv pip sync": "COPY . .\nRUN uv pip sync requirements.txt",
    "under ONBUILD": "ONBUILD COPY . .\nONBUILD RUN pip install -r requirements.txt",
}


@pytest.mark.parametrize("name", COPIES)
def test_a_requirements_file_is_found_where_it_was_copied_to(name: str) -> None:
    text = f"FROM base AS a\n{COPIES[name]}\n"
    found = pip(text, **{"requirements.txt": "# x\ntorch==2.9.1\n"})
    assert pins(found) == ["torch==2.9.1"]
    assert found.wanted[0].location.file == "requirements.txt"
    assert found.wanted[0].location.line == 2
    assert not found.unread


UNREAD = {
    "never copied": "RUN pip install -r requirements.txt",
    "copied elsewhere": "COPY requirements.txt /x/\nRUN pip install -r /y/requirements.txt",
    "after a cd": "COPY . /x\nRUN cd $D && pip install -r requirements.txt",
    "by a variable": "COPY . .\nRUN pip install -r $FILE",
    "from a URL": "COPY . .\nRUN pip install -r https://x/requirements.txt",
    "not there": "COPY . .\nRUN pip install -r other.txt",
    "of an image": "COPY --from=img /requirements.txt .\nRUN pip install -r requirements.txt",
    "by a build argument": "ARG D\nCOPY . .\nRUN pip install -r $D/requirements.txt",
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_read_is_unread(name: str) -> None:
    found = pip(f"FROM base\n{UNREAD[name]}\n", **{"requirements.txt": "torch==2.9.1\n"})
    assert not found.wanted
    assert len(found.unread) == 1


def requirements(text: str, **files: str) -> PythonInstall:
    """What a requirements file makes pip install."""
    return pip(
        "FROM base\nCOPY . /x\nRUN pip install -r /x/requirements.txt",
        **{"requirements.txt": text, **files},
    )


REQUIREMENTS = {
    "a comment": ("a==1 # b\n# c==2\n", ["a==1"]),
    "no final line end": ("a==1", ["a==1"]),
    "carriage returns": ("a==1\r\nb==2\r\n", ["a==1", "b==2"]),
    "a byte order mark": ("\ufeffa==1\n", ["a==1"]),
    "a continuation": (
        "a==1 \\\n  --hash=sha256:1 \\\n  --hash=sha256:2\nb==2\n",
        ["a==1", "b==2"],
    ),
    "a marker": ("a==1 ; python_version < '3.9'\n", ["a==1"]),
    "no blank before a comment": ("a @ https://x/y#egg=a\n", ["a"]),
    "options of a line": ("a==1 --config-settings=x=y\n", ["a==1"]),
    "an editable": ("-e ./a\nb\n", ["", "b"]),
    "nonsense": ("???\n\n  \na\n", ["", "a"]),
    "an unknown variable": ("a==${X}\nb==1\n", ["a", "b==1"]),
}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_lines_of_a_requirements_file(name: str) -> None:
    text, expected = REQUIREMENTS[name]
    assert pins(requirements(text)) == expected


def test_a_hashed_line_is_locked() -> None:
    found = requirements("a==1 --hash=sha256:1\nb==2\n")
    assert [item.locked for item in found.wanted] == [True, False]


def test_nested_files_are_followed_from_where_they_are() -> None:
    found = requirements(
        "-r sub/base.txt\nb==2\n",
        **{"sub/base.txt": "-r more.txt\na==1\n", "sub/more.txt": "c==3\n"},
    )
    assert pins(found) == ["c==3", "a==1", "b==2"]
    assert [item.location.file for item in found.wanted] == [
        "sub/more.txt",
        "sub/base.txt",
        "requirements.txt",
    ]


def test_files_that_include_each_other_are_cut_and_told() -> None:
    found = requirements("-r b.txt\na==1\n", **{"b.txt": "-r requirements.txt\nb==2\n"})
    assert pins(found) == ["b==2", "a==1"]
    assert found.circular == ("requirements.txt",)
    assert not found.unread


def test_a_nested_file_that_is_not_there_is_unread() -> None:
    assert requirements("-r b.txt\na==1\n").unread == ("b.txt",)


def test_indexes_inside_a_requirements_file() -> None:
    found = requirements(f"--index-url {PYTORCH}\n--extra-index-url=http://j\n-f http://k\na\n")
    assert found.indexes.all == (PYTORCH, "http://j", "http://k")


def test_an_index_by_a_variable_inside_a_requirements_file_is_not_known() -> None:
    assert not requirements("--index-url https://${TOKEN}@x/simple\na\n").indexes.known


def test_constraints_pin_what_they_name() -> None:
    files = {"c.txt": "torch==2.9.1\nnumpy<2\n"}
    text = "FROM base\nCOPY . .\nRUN pip install -c c.txt torch"
    found = pip(text, **files)
    assert (found.constraints, found.constrained) == (("c.txt",), (("torch", "2.9.1"),))
    assert pip(
        text.replace("-c c.txt", "").replace("pip", "PIP_CONSTRAINT=c.txt pip"), **files
    ).constrained == (("torch", "2.9.1"),)
    assert requirements("-c c.txt\ntorch\n", **files).constrained == (("torch", "2.9.1"),)


def test_constraints_that_cannot_be_read_are_unread() -> None:
    assert pip("pip install -c /etc/pip/constraint.txt torch").unread == (
        "/etc/pip/constraint.txt",
    )


def test_a_file_that_stands_in_the_dockerfile() -> None:
    text = "FROM base\nCOPY <<EOF /r.txt\nnumpy\ntorch==2.9.1\nEOF\nRUN pip install -r /r.txt\n"
    item = pip(text).wanted[1]
    assert item.version == "2.9.1"
    assert (item.location.file, item.location.line) == ("Dockerfile", 4)


FLAGS = {
    "pip install -U a": "--upgrade",
    "pip install --no-cache a": "--no-cache-dir",
    "pip install --no-cache-dir a": "--no-cache-dir",
    "PIP_NO_CACHE_DIR=1 pip install a": "--no-cache-dir",
    "PIP_NO_CACHE_DIR=off pip install a": "--no-cache-dir",
    "pip install --break-system-packages a": "--break-system-packages",
    "PIP_BREAK_SYSTEM_PACKAGES=1 pip install a": "--break-system-packages",
    "pip install --no-build-isolation a": "--no-build-isolation",
    "pip install --user a": "--user",
    "pip install --pre a": "--pre",
    "pip install --no-deps a": "--no-deps",
    "pip install -t /x a": "--target",
    "pip install --trusted-host x a": "--trusted-host",
    "uv pip install --system a": "--system",
    "UV_SYSTEM_PYTHON=1 uv pip install a": "--system",
    "uv sync --locked": "--locked",
    "UV_LOCKED=1 uv sync": "--locked",
    "uv sync --no-dev": "--no-dev",
    "uv -n pip install a": "--no-cache",
}


@pytest.mark.parametrize("script", FLAGS)
def test_flags_have_their_long_names(script: str) -> None:
    assert FLAGS[script] in pip(script).flags


def test_what_is_switched_off_is_no_flag() -> None:
    assert "--system" not in pip("UV_SYSTEM_PYTHON=0 uv pip install a").flags


def test_what_is_built_from_source() -> None:
    found = pip("pip install --no-binary flash-attn,apex --no-binary :all: a")
    assert found.no_binary == {"flash-attn", "apex", ":all:"}


CONDA_SHELL = 'SHELL ["conda", "run", "-n", "t", "/bin/bash", "-c"]\n'
TARGETS = {
    # name: text, environment, system's Python
    "plain": ("pip install a", "", True),
    "the system's own pip": ("/usr/bin/pip install a", "", True),
    "--user": ("pip install --user a", "", False),
    "--target": ("pip install -t /x a", "/x", False),
    "--target from WORKDIR": ("FROM base\nWORKDIR /w\nRUN pip install -t b a", "/w/b", False),
    "PIP_TARGET": ("FROM base\nENV PIP_TARGET=/x\nRUN pip install a", "/x", False),
    "uv --target": ("uv pip install --target /x a", "/x", False),
    "uv --python, a folder": ("uv venv /v && uv pip install --python /v a", "/v", False),
    "uv in .venv": ("FROM base\nWORKDIR /w\nRUN uv venv && uv pip install a", "/w/.venv", False),
    "made and used at once": (
        "FROM base\nENV PATH=/opt/v/bin:$PATH\nRUN python3 -m venv /opt/v && pip install a",
        "/opt/v",
        False,
    ),
    "by its path": ("/opt/venv/bin/pip install a", "/opt/venv", False),
    "by an unknown path": ("$V/bin/pip install a", None, False),
    "activated": (". /opt/venv/bin/activate && pip install a", "/opt/venv", False),
    "by ENV VIRTUAL_ENV": ("FROM base\nENV VIRTUAL_ENV=/v\nRUN pip install a", "/v", False),
    "by ENV PATH": (
        "FROM base\nRUN python -m venv /v\nENV PATH=/v/bin:$PATH\nRUN pip install a",
        "/v",
        False,
    ),
    "by ENV PATH of a copied one": (
        "FROM base\nENV PATH=/opt/venv/bin:$PATH\nRUN pip install a",
        "/opt/venv",
        False,
    ),
    "by the PATH of the stage below": (
        "FROM base AS a\nENV PATH=/opt/venv/bin:$PATH\nFROM a\nRUN pip install a",
        "/opt/venv",
        False,
    ),
    "another PATH": ("FROM base\nENV PATH=/usr/local/cuda/bin:$PATH\nRUN pip install a", "", True),
    "made and not used": ("FROM base\nRUN python -m venv /v && pip install a", "", True),
    "conda run": ("conda run -n x pip install a", None, False),
    "conda's": ("FROM base\nENV PATH=/opt/conda/bin:$PATH\nRUN pip install a", "/opt/conda", False),
    "uv": ("uv pip install a", None, False),
    "uv --system": ("uv pip install --system a", "", True),
    "UV_SYSTEM_PYTHON": ("UV_SYSTEM_PYTHON=1 uv pip install a", "", True),
    "uv in an environment": ("VIRTUAL_ENV=/v uv pip install a", "/v", False),
    "uv --python": ("uv pip install --python /v/bin/python a", "/v", False),
    "uv sync": ("FROM base\nWORKDIR /app\nRUN uv sync", "/app/.venv", False),
    "UV_PROJECT_ENVIRONMENT": ("UV_PROJECT_ENVIRONMENT=/v uv sync", "/v", False),
    "UV_PROJECT_ENVIRONMENT, system": ("UV_PROJECT_ENVIRONMENT=/usr/local uv sync", "", True),
}


@pytest.mark.parametrize("name", TARGETS)
def test_which_python_it_goes_into(name: str) -> None:
    text, environment, system = TARGETS[name]
    found = pip(text)
    assert (found.environment, found.system_python) == (environment, system)


@pytest.mark.parametrize(
    ("script", "python"),
    [
        ("pip3.11 install a", "3.11"),
        ("python3.12 -m pip install a", "3.12"),
        ("pip3 install a", None),
        ("uv pip install --python 3.12 a", "3.12"),
        ("UV_PYTHON=3.13 uv sync", "3.13"),
        ("uv venv --python 3.9 /v && uv pip install --python /v/bin/python a", "3.9"),
        ("uv venv -p cpython@3.10 /v && VIRTUAL_ENV=/v uv pip install a", "3.10"),
        ("uv venv -p 3.11 && uv pip install a", "3.11"),
        ("FROM base\nENV UV_PYTHON=3.14\nRUN uv venv /v && uv pip install -p /v a", "3.14"),
        ("python3.11 -m venv /v && /v/bin/pip install a", "3.11"),
        ("virtualenv -p python3.9 /v && . /v/bin/activate && pip install a", "3.9"),
        ("python3 -m venv /v && /v/bin/pip install a", None),
        ("conda create -y -n t python=3.8 numpy && conda run -n t pip install a", "3.8"),
        ("conda create -n t python=3.8 && /opt/conda/envs/t/bin/pip install a", "3.8"),
        ("conda create -n t python=3.8 && conda run -n u pip install a", None),
        (f"FROM b\nRUN conda create -n t python=3.8\n{CONDA_SHELL}RUN pip install a", "3.8"),
    ],
)
def test_the_python_that_is_asked_for(script: str, python: str | None) -> None:
    assert pip(script).python == python


CACHES = {
    "plain": ("pip install a", True),
    "no cache": ("pip install --no-cache-dir a", False),
    "by a variable": ("FROM base\nENV PIP_NO_CACHE_DIR=1\nRUN pip install a", False),
    "by a variable that says off": ("PIP_NO_CACHE_DIR=off pip install a", False),
    "by configuration": ("pip config set global.no-cache-dir true; pip install a", False),
    "in a mount": (
        "FROM base\nRUN --mount=type=cache,target=/root/.cache/pip pip install a",
        False,
    ),
    "in a mount above": (
        "FROM base\nRUN --mount=type=cache,target=/root/.cache pip install a",
        False,
    ),
    "in a mount by its variable": (
        "FROM base\nENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install a",
        False,
    ),
    "in a tmpfs": ("FROM base\nRUN --mount=type=tmpfs,target=/root/.cache pip install a", False),
    "beside a mount for apt": (
        "FROM base\nRUN --mount=type=cache,target=/var/lib/apt pip install a",
        True,
    ),
    "purged": ("pip install a && pip cache purge", False),
    "removed": ("pip install a && rm -rf /root/.cache/pip", False),
    "removed with all": ("pip install a && rm -rf ~/.cache", False),
    "removed before": ("rm -rf /root/.cache && pip install a", True),
    "removed in another RUN": ("FROM base\nRUN pip install a\nRUN pip cache purge", True),
    "uv": ("uv pip install a", True),
    "uv without": ("uv pip install --no-cache a", False),
    "uv by a variable": ("UV_NO_CACHE=1 uv pip install a", False),
    "uv in a mount": ("FROM base\nRUN --mount=type=cache,target=/root/.cache/uv uv sync", False),
    "uv cleaned": ("uv sync && uv cache clean", False),
    "pip's switch is not uv's": ("PIP_NO_CACHE_DIR=1 uv pip install a", True),
}


@pytest.mark.parametrize("name", CACHES)
def test_whether_the_cache_stays(name: str) -> None:
    text, stays = CACHES[name]
    assert pip(text).keeps_cache is stays


PYPROJECT = """\
[project]
name = "app"
dependencies = ["torch==2.9.1", "numpy>=1"]

[project.optional-dependencies]
train = ["lightning==2.4.0"]

[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
lint = ["ruff==0.8.0"]

[tool.uv.sources]
torch = { index = "pytorch" }

[[tool.uv.index]]
name = "pytorch"
url = "https://download.pytorch.org/whl/cu128"
explicit = true
"""
LOCK = """\
version = 1
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "torch" }, { name = "win", marker = "sys_platform == 'win32'" }]
[package.optional-dependencies]
train = [{ name = "lightning" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "torch"
version = "2.9.1+cu128"
source = { registry = "https://download.pytorch.org/whl/cu128" }
dependencies = [{ name = "numpy" }]
[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://mirror.example.com/simple" }
[[package]]
name = "lightning"
version = "2.4.0"
source = { registry = "https://mirror.example.com/simple" }
[[package]]
name = "pytest"
version = "8.0"
source = { registry = "https://mirror.example.com/simple" }
[[package]]
name = "win"
version = "1"
source = { registry = "https://mirror.example.com/simple" }
"""
SYNC = "FROM base\nCOPY . .\nRUN uv sync {}\n"
SYNCS = {
    "--no-dev": ["torch==2.9.1+cu128", "numpy==2.1.0"],
    "--locked --no-default-groups": ["torch==2.9.1+cu128", "numpy==2.1.0"],
    "": ["torch==2.9.1+cu128", "numpy==2.1.0", "pytest==8.0"],
    "--no-dev --extra train": ["torch==2.9.1+cu128", "numpy==2.1.0", "lightning==2.4.0"],
    "--all-extras --no-group dev": ["torch==2.9.1+cu128", "numpy==2.1.0", "lightning==2.4.0"],
    "--only-group dev": ["pytest==8.0"],
}


@pytest.mark.parametrize("flags", SYNCS)
def test_uv_sync_installs_what_the_lock_says(flags: str) -> None:
    found = pip(SYNC.format(flags), **{"pyproject.toml": PYPROJECT, "uv.lock": LOCK})
    assert pins(found) == SYNCS[flags]
    assert all(item.locked for item in found.wanted)
    assert not found.unread


def test_a_lock_knows_which_index_torch_is_from() -> None:
    found = pip(SYNC.format("--no-dev"), **{"pyproject.toml": PYPROJECT, "uv.lock": LOCK})
    assert [item.index for item in found.wanted] == [PYTORCH, None]
    assert found.wanted[0].location.file == "uv.lock"
    assert found.wanted[0].location.line == 11


def test_without_a_lock_uv_sync_installs_what_the_project_says() -> None:
    found = pip(SYNC.format("--extra train"), **{"pyproject.toml": PYPROJECT})
    assert pins(found) == ["torch==2.9.1", "numpy", "lightning==2.4.0", "pytest", "ruff==0.8.0"]
    assert found.wanted[0].index == PYTORCH
    assert (found.wanted[0].location.file, found.wanted[0].location.line) == ("pyproject.toml", 3)
    assert found.unread == ("uv.lock",)


def test_uv_sync_of_files_in_mounts() -> None:
    text = (
        "FROM base\nWORKDIR /app\n"
        "RUN --mount=type=bind,source=uv.lock,target=uv.lock"
        " --mount=type=bind,source=pyproject.toml,target=pyproject.toml uv sync --no-dev"
    )
    found = pip(text, **{"pyproject.toml": PYPROJECT, "uv.lock": LOCK})
    assert pins(found) == SYNCS["--no-dev"]


def test_an_index_that_is_not_explicit_is_asked_for_everything() -> None:
    project = PYPROJECT.replace("explicit = true\n", "")
    assert pip(SYNC.format(""), **{"pyproject.toml": project}).indexes.extra == (PYTORCH,)
    assert pip(SYNC.format(""), **{"pyproject.toml": PYPROJECT}).indexes.extra == ()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (".", ["", "torch==2.9.1", "numpy"]),
        ("-e .", ["", "torch==2.9.1", "numpy"]),
        ("'.[train]'", ["", "torch==2.9.1", "numpy", "lightning==2.4.0"]),
        ("-r pyproject.toml", ["torch==2.9.1", "numpy"]),
    ],
)
def test_a_folder_brings_what_its_project_names(word: str, expected: list[str]) -> None:
    text = f"FROM base\nWORKDIR /app\nCOPY . .\nRUN uv pip install {word}\n"
    assert pins(pip(text, **{"pyproject.toml": PYPROJECT})) == expected


def test_a_folder_without_a_project_file_is_unread() -> None:
    assert pip("FROM base\nCOPY . .\nRUN pip install .", **{"setup.py": ""}).unread


def test_dynamic_dependencies_are_followed() -> None:
    project = (
        '[project]\nname = "a"\ndynamic = ["dependencies"]\n'
        '[tool.setuptools.dynamic]\ndependencies = { file = ["requirements.txt"] }\n'
    )
    found = pip(
        "FROM base\nCOPY . /x\nRUN pip install /x",
        **{"pyproject.toml": project, "requirements.txt": "torch==2.9.1\n"},
    )
    assert pins(found) == ["", "torch==2.9.1"]
    assert not found.unread


def test_a_project_file_that_is_no_toml_is_unread() -> None:
    assert pip("FROM base\nCOPY . .\nRUN pip install .", **{"pyproject.toml": "["}).unread


OTHER_LOCKS = {
    "poetry": ("poetry.lock", '[[package]]\nname = "torch"\nversion = "2.9.1"\n'),
    "pdm": ("pdm.lock", '[[package]]\nname = "torch"\nversion = "2.9.1"\ngroups = ["default"]\n'),
    "pipenv": ("Pipfile.lock", '{"default": {"torch": {"version": "==2.9.1"}}}'),
}


@pytest.mark.parametrize("tool", OTHER_LOCKS)
def test_the_locks_of_other_tools(tool: str) -> None:
    name, text = OTHER_LOCKS[tool]
    found = pip(f"FROM base\nCOPY . .\nRUN {tool} install", **{name: text})
    assert (found.tool, pins(found), found.unread) == (tool, ["torch==2.9.1"], ())
    assert found.wanted[0].locked


def test_poetry_without_its_lock_is_unread() -> None:
    project = '[tool.poetry.dependencies]\npython = "^3.12"\ntorch = "2.9.1"\nnumpy = "^2"\n'
    found = pip("FROM base\nCOPY . .\nRUN poetry install", **{"pyproject.toml": project})
    assert pins(found) == ["torch==2.9.1", "numpy"]
    assert found.unread == ("poetry.lock",)


SYSTEM = {
    # script: tool, verb, packages, assumes yes, without recommended ones
    "apt-get install -y a b=1": ("apt-get", "install", [("a", None), ("b", "1")], True, False),
    "apt-get -y install a": ("apt-get", "install", [("a", None)], True, False),
    "apt-get install a -y": ("apt-get", "install", [("a", None)], True, False),
    "apt-get -qq install a": ("apt-get", "install", [("a", None)], True, False),
    "apt-get -q -q install a": ("apt-get", "install", [("a", None)], True, False),
    "apt-get -q install a": ("apt-get", "install", [("a", None)], False, False),
    "apt-get -yqq install a": ("apt-get", "install", [("a", None)], True, False),
    "apt-get --yes install a": ("apt-get", "install", [("a", None)], True, False),
    "apt-get --assume-yes install a": ("apt-get", "install", [("a", None)], True, False),
    "apt-get install a": ("apt-get", "install", [("a", None)], False, False),
    "apt-get -o APT::Get::Assume-Yes=true install a": (
        "apt-get", "install", [("a", None)], True, False,
    ),
    "apt-get install -y --no-install-recommends a": (
        "apt-get", "install", [("a", None)], True, True,
    ),
    "apt-get install -y -o APT::Install-Recommends=0 a": (
        "apt-get", "install", [("a", None)], True, True,
    ),
    "apt-get install -y -t bookworm-backports a": (
        "apt-get", "install", [("a", None)], True, False,
    ),
    "apt-get install -y a/bookworm": ("apt-get", "install", [("a", None)], True, False),
    "apt-get install -y ./a_1.deb": ("apt-get", "install", [("./a_1.deb", None)], True, False),
    "apt-get install -y libstdc++6": ("apt-get", "install", [("libstdc++6", None)], True, False),
    "apt install -y a": ("apt", "install", [("a", None)], True, False),
    "aptitude install -y a": ("aptitude", "install", [("a", None)], True, False),
    "sudo apt-get install -y a": ("apt-get", "install", [("a", None)], True, False),
    "apt-get update": ("apt-get", "update", [], False, False),
    "apt-get -y dist-upgrade": ("apt-get", "upgrade", [], True, False),
    "apt-get clean": ("apt-get", "clean", [], False, False),
    "apt-get purge -y a": ("apt-get", "remove", [("a", None)], True, False),
    "rm -rf /var/lib/apt/lists/*": ("rm", "clean", [], False, False),
    "dnf -y install a": ("dnf", "install", [("a", None)], True, False),
    "dnf install -y --setopt=install_weak_deps=False a": (
        "dnf", "install", [("a", None)], True, True,
    ),
    "yum install -y a-1.2": ("yum", "install", [("a-1.2", None)], True, False),
    "yum update -y": ("yum", "upgrade", [], True, False),
    "yum clean all": ("yum", "clean", [], False, False),
    "microdnf install -y a": ("microdnf", "install", [("a", None)], True, False),
    "apk add --no-cache a b=1": ("apk", "install", [("a", None), ("b", "1")], True, True),
    "apk add -t .build a": ("apk", "install", [("a", None)], True, True),
    "zypper -n install a": ("zypper", "install", [("a", None)], True, False),
    "zypper in -y a": ("zypper", "install", [("a", None)], True, False),
}  # fmt: skip


@pytest.mark.parametrize("script", SYSTEM)
def test_package_managers_of_distributions(script: str) -> None:
    found = last(SystemInstall, script)
    packages = [(item.name, item.version) for item in found.packages]
    assert (
        found.tool,
        found.verb,
        packages,
        found.assumes_yes,
        found.no_recommends,
    ) == SYSTEM[script]


def test_a_package_knows_its_place() -> None:
    text = "FROM base\nRUN <<EOF\napt-get install -y \\\n  a nvidia-driver-550=1\nEOF\n"
    package = last(SystemInstall, text).packages[1]
    assert package.name == "nvidia-driver-550"
    span = package.argument.span
    assert text[span.start : span.end] == "nvidia-driver-550=1"


def test_packages_that_are_not_known() -> None:
    found = last(SystemInstall, "apt-get install -y $PACKAGES a")
    assert found.unknown
    assert [item.name for item in found.packages] == ["a"]


def test_settings_of_apt_written_before() -> None:
    text = (
        "FROM base\nRUN echo 'APT::Install-Recommends \"false\";' > /etc/apt/apt.conf.d/x\n"
        "RUN apt-get install -y a"
    )
    assert last(SystemInstall, text).no_recommends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apt-get install -y a", False),
        ("DEBIAN_FRONTEND=noninteractive apt-get install -y a", True),
        ("export DEBIAN_FRONTEND=noninteractive; apt-get install -y a", True),
        ("FROM base\nARG DEBIAN_FRONTEND=noninteractive\nRUN apt-get install -y a", True),
        ("FROM base\nENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get install -y a", True),
        ("FROM base\nENV DEBIAN_FRONTEND=dialog\nRUN apt-get install -y a", False),
        ("sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y a", True),
    ],
)
def test_whether_apt_asks_questions(text: str, expected: bool) -> None:  # noqa: FBT001  (a table)
    assert last(SystemInstall, text).noninteractive is expected


CONDA = {
    "conda install -y pytorch==2.5.1 pytorch-cuda=12.4 -c pytorch -c nvidia": (
        [("pytorch", "==2.5.1"), ("pytorch-cuda", "=12.4")],
        ("pytorch", "nvidia"),
    ),
    "mamba install --channel=conda-forge 'numpy>=1'": ([("numpy", ">=1")], ("conda-forge",)),
    "micromamba create -n x -c conda-forge python=3.12": ([("python", "=3.12")], ("conda-forge",)),
    "conda install pytorch::pytorch": ([("pytorch", None)], ()),
    "conda install 'pytorch=2.5.1=*cuda*'": ([("pytorch", "=2.5.1=*cuda*")], ()),
    "conda install -yq a": ([("a", None)], ()),
}


@pytest.mark.parametrize("script", CONDA)
def test_conda_and_its_like(script: str) -> None:
    found = last(CondaInstall, script)
    packages = [(item.name, item.version) for item in found.packages]
    assert (packages, found.channels) == CONDA[script]


ENVIRONMENT = """\
name: x
channels:
  - pytorch
  - defaults  # why
dependencies:
  - python=3.12
  - "numpy>=1"
  - pip
  - pip:
      - torch==2.9.1
      - -r requirements.txt
  - scipy
"""


def test_an_environment_file_is_followed() -> None:
    found = last(
        CondaInstall,
        "FROM base\nCOPY . /x\nRUN conda env create -f /x/environment.yml",
        **{"environment.yml": ENVIRONMENT, "requirements.txt": "pandas==2.2.0\n"},
    )
    assert [item.name for item in found.packages] == ["python", "numpy", "pip", "scipy"]
    assert found.channels == ("pytorch", "defaults")
    assert found.install is not None
    assert [(item.name, item.version) for item in found.install.wanted] == [
        ("torch", "2.9.1"),
        ("pandas", "2.2.0"),
    ]
    assert (found.install.wanted[0].location.file, found.install.wanted[0].location.line) == (
        "environment.yml",
        10,
    )
    assert not found.unread


@pytest.mark.parametrize(
    "script", ["conda env update -f environment.yml", "micromamba install -y -f environment.yml"]
)
def test_an_environment_file_that_is_not_there_is_unread(script: str) -> None:
    assert last(CondaInstall, script).unread == ("environment.yml",)


@pytest.mark.parametrize(
    "script", ["conda clean -afy", "conda activate x", "conda config --add a b"]
)
def test_what_conda_does_not_install(script: str) -> None:
    assert all(isinstance(action, Other) for action in actions(script))


DATA = {
    "dvc pull": ("dvc", "pull", "~"),
    "dvc pull -r remote data.dvc": ("dvc", "pull", "~"),
    "cd /a && dvc fetch": ("dvc", "fetch", "/a"),
    "dvc get https://x data -o /d": ("dvc", "get", "/d"),
    "dvc repro": ("dvc", "repro", "~"),
    "hf download a/b --local-dir /m": ("huggingface", "download", "/m"),
    "huggingface-cli download a/b": ("huggingface", "download", "/root/.cache/huggingface"),
    "HF_HOME=/h hf download a/b": ("huggingface", "download", "/h"),
    "python -c \"from huggingface_hub import snapshot_download; snapshot_download('a')\"": (
        "huggingface", "download", "/root/.cache/huggingface",
    ),
    "aws s3 cp --recursive s3://b/x /d": ("aws", "cp", "/d"),
    "aws s3 sync s3://b /d": ("aws", "sync", "/d"),
    "gsutil -m cp -r gs://b/x /d": ("gsutil", "cp", "/d"),
    "gcloud storage cp gs://b/x /d": ("gcloud", "cp", "/d"),
    "kaggle datasets download -d a/b -p /d": ("kaggle", "download", "/d"),
    "git lfs pull": ("git-lfs", "pull", "~"),
    "wget https://x/a.parquet -O /d/a.parquet": ("wget", "download", "/d/a.parquet"),
    "curl -L https://x/model.safetensors -o /m/a": ("curl", "download", "/m/a"),
    "curl -LO https://x/a.csv.gz": ("curl", "download", "~"),
}  # fmt: skip


@pytest.mark.parametrize("script", DATA)
def test_what_brings_data_into_a_layer(script: str) -> None:
    found = last(DataFetch, script)
    assert (found.tool, found.verb, found.target) == DATA[script]
    assert not found.mounted


NO_DATA = [
    "dvc --version",
    "dvc config core.no_scm true",
    "aws s3 cp /d s3://b",
    "aws s3 ls",
    "hf auth login",
    "git clone https://x/y",
    "wget https://x/a.deb",
    "curl -s https://x/a.csv | head",
    "python -c 'import torch'",
    "pip install dvc",
]


@pytest.mark.parametrize("script", NO_DATA)
def test_what_brings_no_data(script: str) -> None:
    assert not [action for action in actions(script) if isinstance(action, DataFetch)]


@pytest.mark.parametrize(
    ("mount", "script"),
    [
        ("type=cache,target=/root/.cache/huggingface", "hf download a/b"),
        ("type=cache,target=/m", "hf download a/b --local-dir /m/x"),
        ("type=bind,target=.,rw", "dvc pull"),
        ("type=tmpfs,target=/d", "aws s3 cp s3://b /d"),
        ("type=cache,target=$X", "hf download a/b"),
    ],
)
def test_data_in_a_mount_is_in_no_layer(mount: str, script: str) -> None:
    assert last(DataFetch, f"FROM base\nRUN --mount={mount} {script}").mounted


def test_data_beside_a_mount_is_in_a_layer() -> None:
    text = "FROM base\nRUN --mount=type=cache,target=/c hf download a/b"
    assert not last(DataFetch, text).mounted


DOWNLOADS = {
    "curl -fsSL https://x/i.sh | sh": (("https://x/i.sh",), "sh"),
    "curl -fsSL https://x/i.sh | sudo -E bash -": (("https://x/i.sh",), "bash"),
    "curl https://x/i.sh | bash -s -- -y && a": (("https://x/i.sh",), "bash"),
    "wget -qO- https://x/i.sh | sh": (("https://x/i.sh",), "sh"),
    "wget -O - https://x | tar xz": (("https://x",), "tar"),
    "curl -o /x https://a": (("https://a",), ""),
    "curl https://a -H 'b: c' -d d": (("https://a",), ""),
    'sh -c "$(curl -fsSL https://x/i.sh)"': (("https://x/i.sh",), "sh"),
    "bash <(curl -s https://x)": (("https://x",), "bash"),
    "curl https://a; b | sh": (("https://a",), ""),
}


@pytest.mark.parametrize("script", DOWNLOADS)
def test_what_is_downloaded_and_what_it_is_piped_into(script: str) -> None:
    found = last(Download, script)
    assert (found.urls, found.piped_into) == DOWNLOADS[script]


USERS = {
    # script: name, number, without login log, home, system
    "useradd me": ("me", None, False, False, None, False),
    "useradd -m -u 1000 me": ("me", 1000, False, True, None, False),
    "useradd -l -u 1234567 -g 5 -s /bin/sh me": ("me", 1234567, True, False, None, False),
    "useradd --create-home --no-log-init --uid=7 me": ("me", 7, True, True, None, False),
    "useradd -ml me -d /h": ("me", None, True, True, "/h", False),
    "useradd -r me": ("me", None, False, False, None, True),
    "useradd -u $ID me": ("me", None, False, False, None, False),
    "useradd $NAME": (None, None, False, False, None, False),
    "adduser --disabled-password --gecos '' --uid 1000 me": ("me", 1000, True, True, None, False),
    "adduser -D -u 5 me": ("me", 5, True, True, None, False),
    "adduser --system --no-create-home me": ("me", None, True, False, None, True),
}


@pytest.mark.parametrize("script", USERS)
def test_users_that_are_made(script: str) -> None:
    found = last(UserAdd, script)
    assert (
        found.name,
        found.uid,
        found.no_log_init,
        found.creates_home,
        found.home,
        found.system,
    ) == USERS[script]


def test_only_run_does_something() -> None:
    text = "FROM base\nCMD pip install a\nENTRYPOINT apt-get install b\nHEALTHCHECK CMD dvc pull\n"
    assert actions(text) == []


def test_what_stands_inside_an_onbuild_is_done_once() -> None:
    assert len(actions("FROM base\nONBUILD RUN pip install a")) == 1


FILES = st.fixed_dictionaries(
    {},
    optional={
        name: st.text(max_size=60) | st.sampled_from([PYPROJECT, LOCK, ENVIRONMENT, "-r a.txt\n"])
        for name in (
            "a.txt",
            "pyproject.toml",
            "uv.lock",
            "environment.yml",
            "poetry.lock",
            "pip.conf",
        )
    },
)
PIECES = st.sampled_from(
    [
        *(
            "pip install ",
            "uv pip install ",
            "uv sync ",
            "uv add ",
            "apt-get install -y ",
            "apk add ",
        ),
        *("conda env create -f ", "conda install ", "poetry install ", "dvc pull", "hf download "),
        *(
            "curl ",
            "wget ",
            "useradd -u ",
            "adduser ",
            "python -m pip install ",
            "aws s3 cp s3://x ",
        ),
        *(
            "-r ",
            "-c ",
            "-e ",
            "-i ",
            "--",
            "-",
            "=",
            "a.txt",
            ".",
            "environment.yml",
            "$X",
            "'",
            '"',
        ),
        *(
            "\nRUN ",
            "\nCOPY . .\nRUN ",
            "\nENV X=",
            "\nWORKDIR ",
            "\nCOPY --from=0 / .",
            "\nFROM b",
        ),
        *("&& ", "| sh", " ", "torch==2.9.1 ", "${", "}", "[x]", "\x00", "é", "/", "..", "*"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join), FILES)
def test_any_dockerfile_is_read_and_every_place_lies_inside_it(
    script: str, files: dict[str, str]
) -> None:
    text = f"FROM base\nCOPY . .\nRUN {script}"
    for action in actions(text, **files):
        assert 0 <= action.command.span.start <= action.command.span.end <= len(text)
        for item in getattr(action, "wanted", ()):
            assert item.span is None or 0 <= item.span.start < item.span.end <= len(text)
