"""The distribution's packages, unpacked into a folder of ours: nothing is installed system-wide.

Where they come from is what apt is configured with (mirror, proxy, certificates); what apt has
installed already is not fetched again.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ERROR_LINES = 6


@dataclass(frozen=True, kw_only=True)
class AptSource:
    """One suite apt is configured with: ``http://mirror/debian bookworm-updates main``."""

    uri: str
    suite: str
    component: str


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """The distribution of this machine, from os-release.

    Attributes:
        id: ``"debian"``.
        like: The distributions it descends from: ``("debian",)`` for Ubuntu.
        codename: ``"bookworm"``.
    """

    id: str
    like: tuple[str, ...]
    codename: str

    @property
    def has_debian_packages(self) -> bool:
        """Whether apt's packages have the names we know."""
        return bool({"debian", "ubuntu"} & {self.id, *self.like})


def this_distribution() -> Distribution:
    """Read which distribution this machine runs; all empty where that is not known."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return Distribution(
        id=release.get("ID", ""),
        like=tuple(release.get("ID_LIKE", "").split()),
        codename=release.get("VERSION_CODENAME", ""),
    )


def apt_sources() -> tuple[AptSource, ...]:
    """Read the suites apt is configured with.

    Raises:
        HostError: There is no apt, or it cannot read its configuration.
    """
    listed = _call(
        "apt-get",
        "indextargets",
        "--format=$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
        "Created-By: Packages",
        what="apt's sources cannot be read.",
    )
    rows = dict.fromkeys(line for line in listed.splitlines() if line.count("|") == 2)  # noqa: PLR2004  (three columns)
    return tuple(
        AptSource(uri=uri, suite=suite, component=component)
        for uri, suite, component in (row.split("|") for row in rows)
    )


def sources_of(codename: str, own: str, configured: Iterable[AptSource]) -> tuple[AptSource, ...]:
    """Choose the sources of one Debian release, with its updates and security fixes.

    Args:
        codename: The release wanted: ``"trixie"``.
        own: The release apt is configured for; its mirrors have the others, too.
        configured: What apt is configured with.

    Returns:
        Its main sources; empty if apt knows no mirror of it.
    """
    wanted = (codename, f"{codename}-updates", f"{codename}-security")
    main = [source for source in configured if source.component == "main"]
    for name in (codename, own):
        suites = (name, f"{name}-updates", f"{name}-security")
        renamed = dict(zip(suites, wanted, strict=True))
        chosen = tuple(
            AptSource(uri=source.uri, suite=renamed[source.suite], component="main")
            for source in main
            if source.suite in suites
        )
        if any(source.suite == codename for source in chosen):
            return chosen
    return ()


def unpack(
    packages: Sequence[str], tree: Path, *, sources: Sequence[AptSource] = (), missing: bool = True
) -> None:
    """Download packages and unpack them into a folder, without installing them.

    Args:
        packages: Their names.
        tree: The folder.
        sources: Where to take them from, instead of apt's configuration; Debian's.
        missing: Whether everything they depend on and this machine lacks is unpacked, too.

    Raises:
        HostError: apt cannot get them.
    """
    with tempfile.TemporaryDirectory(dir=tree.parent, prefix="apt-") as name:
        folder = Path(name)
        options = _private_apt(folder, sources)
        what = "Debian's package lists cannot be fetched."
        _call("apt-get", *options, "update", what=what)
        fetch = ("--yes", "--no-install-recommends", "--no-upgrade", "--download-only", "install")
        _call(
            "apt-get",
            *options,
            *(fetch if missing else ("download",)),
            *packages,
            what=f"apt cannot get {', '.join(packages)}.",
            cwd=folder / "archives",
        )
        for archive in sorted((folder / "archives").glob("*.deb")):
            _call("dpkg", "-x", str(archive), str(tree), what=f"{archive.name} is damaged.")


def deb_lines(sources: Iterable[AptSource]) -> str:
    """Write sources as lines of a sources.list."""
    return "".join(f"deb {source.uri} {source.suite} {source.component}\n" for source in sources)


def _private_apt(folder: Path, sources: Sequence[AptSource]) -> tuple[str, ...]:
    """Options that make apt write below one folder, and nowhere else."""
    for place in ("lists/partial", "archives/partial"):
        (folder / place).mkdir(parents=True)
    settings = [
        f"Dir::State::Lists={folder}/lists",
        f"Dir::Cache={folder}",
        f"Dir::Cache::Archives={folder}/archives",
        "APT::Sandbox::User=root",  # its own user may not write into our folder
        "Debug::NoLocking=1",  # nothing of the system is written, so an ordinary user may do it
        "APT::Update::Post-Invoke-Success=",
    ]
    if sources:
        listed = folder / "sources.list"
        keys = f"[signed-by={DEBIAN_KEYS}] " if DEBIAN_KEYS.exists() else ""
        listed.write_text(deb_lines(sources).replace("deb ", f"deb {keys}"))
        settings += [f"Dir::Etc::SourceList={listed}", "Dir::Etc::SourceParts=/dev/null"]
    return tuple(part for setting in settings for part in ("-o", setting))


def _call(*argv: str, what: str, cwd: Path | None = None) -> str:
    """Run apt or dpkg; its last lines are the reason if it fails."""
    if shutil.which(argv[0]) is None:
        raise HostError(
            what,
            why=f"There is no {argv[0]} on this machine.",
            fix="This needs Debian, Ubuntu, or another distribution with apt.",
        )
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        env=env,
        cwd=cwd,
    )
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()[-_ERROR_LINES:]
        raise HostError(
            what,
            why="\n".join(lines) or f"{argv[0]} ended with exit code {done.returncode}.",
            fix="Try `apt-get update`; check the sources and the proxy apt is configured with.",
        )
    return done.stdout
