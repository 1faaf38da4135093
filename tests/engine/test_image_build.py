"""The rendered Dockerfiles, built for real on the base image from Debian's packages."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import shutil
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlbox.engine import BuildRequest, Event
from mlbox.engine.base import build_base
from mlbox.engine.connect import get
from mlbox.engine.docker import DockerEngine
from mlbox.errors import BuildError
from mlbox.facts import load_facts
from mlbox.image import build_image
from mlbox.plan import UV_CONTEXT, WHEELHOUSE_CONTEXT, ImagePlan, RunPlan, Stage, plan_image
from mlbox.plan.instructions import Env
from mlbox.render import render_dockerfile
from mlbox.resolve import debian_base, resolve_box
from mlbox.spec import BoxSpec, load_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.engine.connect import Connection

pytestmark = [
    pytest.mark.engine,
    # docker-py leaves the socket it attached with to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

GOLDENS = Path(__file__).parents[2] / "dockerfiles"
LABEL = "mlbox.test.image-build"
PYTHON = "3.11"
NO_SUCH_WHEEL = "sha256:" + "0" * 64
TEXT = st.text(st.characters(blacklist_categories=["Cc", "Cs"]) | st.sampled_from("\t\\\"'$#{} "))

HELLO = {
    "hello.py": 'print("imported")\nWORD = "hello"\n',
    "hello-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n",
    "hello-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}

# A package that has to be compiled: its own build backend calls nvcc, a C compiler and headers.
EXTENSION = {
    "pyproject.toml": """\
[build-system]
requires = ["nothing-that-exists"]
build-backend = "backend"
backend-path = ["."]
""",
    "PKG-INFO": "Metadata-Version: 2.1\nName: compiled\nVersion: 1.0\n",
    "compiled.c": """\
#include <Python.h>
#include "answer.h"
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "compiled", 0, -1, 0};
PyMODINIT_FUNC PyInit_compiled(void) {
    PyObject *made = PyModule_Create(&module);
    PyModule_AddIntConstant(made, "ANSWER", ANSWER);
    return made;
}
""",
    "backend.py": """\
import os, subprocess, sysconfig, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    assert os.environ["TORCH_CUDA_ARCH_LIST"] == "8.0"
    subprocess.run(["nvcc", "--version"], check=True)
    library = "compiled" + sysconfig.get_config_var("EXT_SUFFIX")
    include = [f"-I{sysconfig.get_path('include')}", f"-I{os.environ['CUDA_HOME']}/include"]
    subprocess.run(["gcc", "-shared", "-fPIC", *include, "compiled.c", "-o", library], check=True)
    info = "compiled-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/compiled-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(library)
        wheel.write("PKG-INFO", f"{info}/METADATA")
        tag = "Tag: py3-none-any"
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\n{tag}\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return "compiled-1.0-py3-none-any.whl"
""",
}


class Workshop:
    """An engine with a build context, a wheelhouse and uv at hand."""

    def __init__(self, engine: DockerEngine, folder: Path) -> None:
        self.engine = engine
        self.context = folder / "context"
        self.wheelhouse = folder / "wheelhouse"
        self.uv = folder / "uv"
        self.events: list[Event] = []
        for made in (self.context / "requirements", self.context / "code", self.wheelhouse):
            made.mkdir(parents=True)
        self.uv.mkdir()
        shutil.copy2(_uv_program(), self.uv / "uv")
        (self.context / "code" / "train.py").write_text("import hello; print(hello.WORD)\n")

    def require(self, **packages: str) -> None:
        """Write dependencies.txt: name -> digest, from the wheelhouse alone."""
        lines = [f"{name}==1.0 --hash={digest}" for name, digest in packages.items()]
        text = "\n".join(["--no-index", "--find-links /wheelhouse", *lines, ""])
        (self.context / "requirements" / "dependencies.txt").write_text(text if packages else "")

    def build(self, dockerfile: str, tag: str, contexts: dict[str, str] | None = None) -> str:
        request = BuildRequest(
            dockerfile=dockerfile,
            tag=f"mlbox-test/{tag}",
            context=self.context,
            contexts={
                UV_CONTEXT: str(self.uv),
                WHEELHOUSE_CONTEXT: str(self.wheelhouse),
                **(contexts or {}),
            },
            secrets=_certificates(),
            labels={LABEL: "yes"},
        )
        return self.engine.build(request, self.events.append)

    def config(self, image: str) -> dict[str, Any]:
        raw = json.loads(get(self.engine.connection.host, f"/images/{image}/json"))
        found: dict[str, Any] = raw["Config"]
        return found

    def remove(self, tag: str) -> None:
        import docker  # noqa: PLC0415  (only for tests that run)

        host = self.engine.connection.host
        with contextlib.closing(docker.DockerClient(base_url=host)) as client:
            client.images.remove(tag, force=True)

    def run(self, image: str, *argv: str, user: str = "4242:4242") -> tuple[int, str]:
        events: list[Event] = []
        name = f"mlbox-test-{os.urandom(4).hex()}"
        plan = RunPlan(image=image, argv=argv, name=name, network="none", user=user)
        state = self.engine.run(plan, events.append)
        return state.exit_code, "\n".join(e.text for e in events if e.kind == "log")


@pytest.fixture(scope="module")
def engine(connection: Connection) -> Iterator[DockerEngine]:
    import docker  # noqa: PLC0415  (only for tests that run)

    if DockerEngine(connection).image(debian_base(PYTHON)) is None:
        build_base(PYTHON, connection, print)
    engine = DockerEngine(connection)
    yield engine
    with contextlib.closing(docker.DockerClient(base_url=connection.host)) as client:
        for image in client.images.list(filters={"label": LABEL}):
            client.images.remove(str(image.id), force=True)


@pytest.fixture
def workshop(engine: DockerEngine, tmp_path: Path) -> Workshop:
    return Workshop(engine, tmp_path)


def test_a_plain_box_builds_offline_and_runs_as_anyone(workshop: Workshop) -> None:
    workshop.require(hello=_wheel(workshop.wheelhouse))
    image = workshop.build(_dockerfile(command=("python", "train.py")), "plain")
    assert workshop.run(image) == (0, "imported\nhello")
    config = workshop.config(image)
    assert config["User"] == "1000:1000"
    assert config["Entrypoint"] == ["/usr/bin/tini", "--"]
    assert config["Labels"]["mlbox.python"] == PYTHON
    code = (
        "import getpass, os, pathlib, hello\n"
        "print(getpass.getuser(), os.getuid(), os.getcwd())\n"
        "pathlib.Path('~/file').expanduser().write_text('')\n"
        "print(pathlib.Path(hello.__cached__).exists())"
    )
    assert workshop.run(image, "python", "-c", code) == (
        0,
        "imported\nmlbox 4242 /workspace\nTrue",
    )


def test_nothing_of_the_build_is_left_in_the_image(workshop: Workshop) -> None:
    workshop.require(hello=_wheel(workshop.wheelhouse))
    image = workshop.build(_dockerfile(system_packages=("libgomp1",)), "left")
    mounted = "ls -d /uv /uv-cache /wheelhouse /requirements.txt /ca.pem /netrc 2>/dev/null"
    caches = (
        "find /var/cache/apt /var/lib/apt/lists /var/log/apt /tmp -type f ! -name lock 2>/dev/null"
    )
    _, output = workshop.run(image, "sh", "-c", f"{mounted}; {caches}; ls /usr/lib/*/libgomp.so.1")
    assert output == "/usr/lib/x86_64-linux-gnu/libgomp.so.1"


def test_a_box_without_packages_builds(workshop: Workshop) -> None:
    workshop.require()
    assert workshop.build(_dockerfile(), "empty")


def test_a_wheel_with_another_hash_is_refused(workshop: Workshop) -> None:
    _wheel(workshop.wheelhouse)
    workshop.require(hello=NO_SUCH_WHEEL)
    with pytest.raises(BuildError) as caught:
        workshop.build(_dockerfile(), "hash")
    assert any("hash" in line.lower() for line in caught.value.log_tail)


def test_a_base_whose_uid_1000_is_taken_gets_our_user(workshop: Workshop) -> None:
    workshop.require()
    taken = f"FROM {debian_base(PYTHON)}\nRUN useradd --uid 1000 --create-home ubuntu\n"
    workshop.build(taken, "taken")
    image = workshop.build(_dockerfile(base="mlbox-test/taken", system_packages=()), "renamed")
    code = "import pwd; user = pwd.getpwuid(1000); print(user.pw_name, user.pw_dir, user.pw_gid)"
    assert workshop.run(image, "python", "-c", code) == (0, "mlbox /home/mlbox 1000")


def test_what_is_compiled_is_shipped_without_its_compiler(workshop: Workshop) -> None:
    workshop.require(compiled=_sdist(workshop.wheelhouse))
    (workshop.context / "requirements" / "framework.txt").write_text("")
    cuda = workshop.context.parent / "cuda"
    home = cuda / "usr/local/cuda-12.8"
    for name, text in {
        "bin/nvcc": "#!/bin/sh\necho made-up nvcc\n",
        "include/answer.h": "",
    }.items():
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(text or "#define ANSWER 42\n")
    (home / "bin/nvcc").chmod(0o755)
    dockerfile = _dockerfile(cuda="12.8", gpu="A100", compiles=True)
    image = workshop.build(dockerfile, "compiled", {"cuda": str(cuda)})
    code = (
        "import compiled, os, shutil\n"
        "print(compiled.ANSWER, shutil.which('gcc'), os.environ.get('CUDA_HOME'))"
    )
    assert workshop.run(image, "python", "-c", code) == (0, "42 None None")


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(TEXT, min_size=8, max_size=8))
def test_the_builder_reads_every_value_as_it_was_written(
    workshop: Workshop, values: list[str]
) -> None:
    env = {f"V{number}": value for number, value in enumerate(values)}
    stage = Stage(name="only", base="scratch", why="", instructions=(Env(values=env),))
    plan = ImagePlan(name="env", summary=(), stages=(stage,))
    image = workshop.build(render_dockerfile(plan), "env")
    read = dict(entry.split("=", 1) for entry in workshop.config(image)["Env"])
    assert {name: read[name] for name in env} == env


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("scikit-learn", "import os, sklearn, pandas; print(os.environ['PROJECT_TITLE'])"),
        ("torch-cpu", "import torch; print(torch.__version__, torch.eye(2).sum().item())"),
    ],
)
def test_a_golden_spec_builds_and_imports(workshop: Workshop, name: str, code: str) -> None:
    folder = workshop.context.parent / name
    shutil.copytree(GOLDENS / name, folder, ignore=shutil.ignore_patterns("Dockerfile"))
    (folder / "train.py").write_text("")
    project = load_project(folder)
    project = replace(project, box=replace(project.box, base="debian", name=f"test-{name}"))
    image = build_image(project, workshop.engine, workshop.events.append)
    try:
        expected = {
            "scikit-learn": project.box.env.get("PROJECT_TITLE"),
            "torch-cpu": "2.13.0+cpu 2.0",
        }
        assert workshop.run(image.id, "python", "-c", code) == (0, expected[name])
    finally:
        workshop.remove(image.tag)


def _dockerfile(command: tuple[str, ...] = (), **keys: object) -> str:
    spec = BoxSpec(name="box", **{"python": PYTHON, "base": "debian", **keys})  # type: ignore[arg-type]
    return render_dockerfile(plan_image(spec, resolve_box(spec, load_facts()), command=command))


def _uv_program() -> str:
    import uv  # noqa: PLC0415  (only for tests that run)

    return uv.find_uv_bin()


def _certificates() -> dict[str, Path]:
    bundle = os.environ.get("SSL_CERT_FILE")
    return {"ca": Path(bundle)} if bundle else {}


def _wheel(folder: Path) -> str:
    """Write a wheel and return its digest."""
    data = io.BytesIO()
    records = []
    with zipfile.ZipFile(data, "w") as wheel:
        for name, text in HELLO.items():
            wheel.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            records.append(f"{name},sha256={digest.decode()},{len(text)}\n")
        records.append("hello-1.0.dist-info/RECORD,,\n")
        wheel.writestr("hello-1.0.dist-info/RECORD", "".join(records))
    return _write(folder / "hello-1.0-py3-none-any.whl", data.getvalue())


def _sdist(folder: Path) -> str:
    """Write a source distribution and return its digest."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in EXTENSION.items():
            entry = tarfile.TarInfo(f"compiled-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return _write(folder / "compiled-1.0.tar.gz", data.getvalue())


def _write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
