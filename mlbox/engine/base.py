"""A base image made from Debian's packages, for machines that no registry answers.

mmdebstrap makes one layer from the mirror apt is configured with; its bytes, and so the image's
digest, are the same each time as long as the mirror has the same packages. No certificate or
other property of this machine gets into it.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tarfile
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbox.engine.connect import get
from mlbox.engine.packages import (
    AptSource,
    apt_sources,
    deb_lines,
    sources_of,
    this_distribution,
    unpack,
)
from mlbox.errors import EngineError, HostError
from mlbox.resolve.images import DEBIAN_RELEASES, debian_base

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlbox.engine.connect import Connection

PACKAGES = ("ca-certificates", "python3", "python3-venv", "tini")
# No file is younger than its Debian release: the day it came out, in seconds since 1970.
RELEASE_DAYS = {"bookworm": 1686355200, "trixie": 1754697600}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DROPPED = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")
# mmdebstrap copies these from this machine.
CLEAN = 'rm -f "$1"/etc/hostname "$1"/etc/resolv.conf'
_ERROR_LINES = 8
_CHUNK = 2**20


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer as a tar file.

    Attributes:
        path: The file.
        digest: sha256 of its bytes, in hex.
    """

    path: Path
    digest: str


def build_base(
    python: str, connection: Connection, report: Callable[[str], None], *, mirror: str | None = None
) -> str:
    """Make the base image of a Python version and load it into the engine.

    Args:
        python: ``"3.11"`` or ``"3.13"``.
        connection: The engine that gets it.
        report: Is told what is done, line by line.
        mirror: URL of a Debian mirror; apt's own unless given.

    Returns:
        The image's id, ``"sha256:..."``.

    Raises:
        ResolveError: Debian does not have this Python.
        HostError: This machine cannot make it.
        EngineError: The engine does not take it.
    """
    reference = debian_base(python)
    codename = DEBIAN_RELEASES[python]
    sources = _sources(codename, mirror)
    started = time.monotonic()
    report(f"Making {reference} from Debian's packages ({sources[0].uri}) ...")
    with tempfile.TemporaryDirectory(prefix="mlbox-base-") as name:
        folder = Path(name)
        layer = make_layer(codename, sources, folder)
        config = image_config(layer, codename=codename, python=python)
        archive = folder / "image.tar"
        write_archive(archive, reference, layer, config)
        digest = _load(archive, reference, connection)
    report(f"Made {reference} ({digest[:19]}) in {time.monotonic() - started:.0f} s.")
    return digest


def registry_answers(reference: str, connection: Connection) -> bool:
    """Whether the engine reaches the registry of an image, and the image is there.

    The engine is asked, not the network: its proxy and its mirrors are what counts.
    """
    try:
        get(connection.host, f"/distribution/{reference}/json")
    except (LookupError, OSError):
        return False
    return True


def make_layer(codename: str, sources: Sequence[AptSource], folder: Path) -> Layer:
    """Make the layer with mmdebstrap, as root or in a user namespace.

    Raises:
        HostError: mmdebstrap cannot be had, or fails.
    """
    tools = folder / "tools"
    tools.mkdir()
    folder.chmod(0o755)  # in a user namespace the programs in it run as somebody else
    unpack(("mmdebstrap",), tools)
    path = folder / "layer.tar"
    argv = mmdebstrap_command(codename, sources, path, root=os.geteuid() == 0)
    env = _tool_environment(tools) | {"SOURCE_DATE_EPOCH": str(RELEASE_DAYS[codename])}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=env)
    if done.returncode:
        raise HostError(
            "The base image cannot be made from Debian's packages.",
            why="\n".join(done.stderr.strip().splitlines()[-_ERROR_LINES:]),
            fix=_advice(done.stderr),
        )
    return Layer(path=path, digest=_digest(path))


def mmdebstrap_command(
    codename: str, sources: Sequence[AptSource], path: Path, *, root: bool
) -> tuple[str, ...]:
    """Write the command that makes the layer."""
    return (
        "mmdebstrap",
        f"--mode={'root' if root else 'unshare'}",
        "--variant=minbase",
        "--format=tar",
        f"--include={','.join(PACKAGES)}",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in DROPPED),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        "--skip=output/dev",
        f"--customize-hook={CLEAN}",
        f'--customize-hook=printf %s {shlex.quote(deb_lines(sources))} > "$1"/etc/apt/sources.list',
        codename,
        str(path),
        *deb_lines(sources).splitlines(),
    )


def image_config(layer: Layer, *, codename: str, python: str) -> dict[str, Any]:
    """Describe the image; the digest of this text is the image's id.

    Returns:
        An OCI image configuration.
    """
    created = datetime.fromtimestamp(RELEASE_DAYS[codename], timezone.utc).isoformat()
    return {
        "architecture": ARCHITECTURES.get(os.uname().machine, os.uname().machine),
        "os": "linux",
        "created": created,
        "config": {
            "Env": [f"PATH={PATH}", "LANG=C.UTF-8"],
            "Cmd": ["bash"],
            "Labels": {
                "mlbox.base": f"debian-{codename}-python{python}",
                "org.opencontainers.image.title": f"Debian {codename} with Python {python}",
                "org.opencontainers.image.version": codename,
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}"]},
        "history": [{"created": created, "created_by": "mlbox base build"}],
    }


def write_archive(path: Path, reference: str, layer: Layer, config: Mapping[str, Any]) -> None:
    """Write an image of one layer in the format of ``docker load``."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":")).encode()
    name = sha256(text).hexdigest()
    manifest = {
        "Config": f"{name}.json",
        "RepoTags": [reference],
        "Layers": [f"{layer.digest}/layer.tar"],
    }
    with tarfile.open(path, "w") as archive:
        for member, data in (
            (f"{name}.json", text),
            ("manifest.json", json.dumps([manifest]).encode()),
        ):
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            archive.addfile(entry, BytesIO(data))
        archive.add(layer.path, manifest["Layers"][0])


def _sources(codename: str, mirror: str | None) -> tuple[AptSource, ...]:
    if mirror:
        return (AptSource(uri=mirror, suite=codename, component="main"),)
    own = this_distribution()
    sources = sources_of(codename, own.codename, apt_sources()) if own.id == "debian" else ()
    if sources:
        return sources
    raise HostError(
        f"There is no mirror to make Debian {codename} from.",
        why="apt on this machine is configured with no mirror of Debian's.",
        fix="Name one: mlbox base build --mirror URL.",
    )


def _tool_environment(tools: Path) -> dict[str, str]:
    """The environment in which unpacked programs, and Perl's modules, are found."""
    programs = (str(tools / folder) for folder in ("usr/bin", "usr/sbin", "bin", "sbin"))
    modules = (*tools.glob("usr/share/perl*/**"), *tools.glob("usr/lib/*/perl*/**"))
    env = os.environ | {"LC_ALL": "C.UTF-8"}
    env["PATH"] = ":".join((*programs, os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    if modules:
        env["PERL5LIB"] = ":".join(str(module) for module in modules)
    return env


def _advice(stderr: str) -> str:
    if "newuidmap" in stderr or "unshare" in stderr or "subuid" in stderr:
        return (
            "Without root it needs user namespaces: install the package uidmap, and give yourself "
            "ids: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER. "
            "Or run it as root."
        )
    return "Check the mirror apt is configured with; --mirror URL names another."


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _load(archive: Path, reference: str, connection: Connection) -> str:
    """Give the archive to the engine; the image's id."""
    import docker  # noqa: PLC0415  (takes 0.2 s to import)
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        with closing(docker.DockerClient(connection.host)) as client, archive.open("rb") as data:
            client.images.load(data)
            return str(client.images.get(reference).id)
    except (DockerException, OSError) as error:
        raise EngineError(
            f"The engine at {connection.host} did not take the base image.",
            why=str(error),
            fix="Look for the reason in the engine's log; a full disk is the usual one.",
        ) from error
