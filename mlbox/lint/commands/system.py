"""Package managers of distributions: apt-get, dnf, apk and their like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import SystemInstall, SystemPackage
from mlbox.lint.commands.options import read_line, syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlbox.lint.commands.here import Here
    from mlbox.lint.commands.options import Line
    from mlbox.lint.shell.model import Argument, Command

_APT = syntax(
    "-o/--option -t/--target-release/--default-release -c/--config-file -a/--host-architecture"
    " -P/--build-profiles",
    "-y/--assume-yes/--yes -q/--quiet -f/--fix-broken -m/--fix-missing -d/--download-only"
    " -s/--just-print/--dry-run/--recon/--no-act/--simulate -u/--show-upgraded"
    " -V/--verbose-versions",
)
_DNF = syntax(
    "--setopt --enablerepo --disablerepo --repo --repoid --releasever --installroot -c/--config"
    " -x/--exclude --disableexcludes --arch/--forcearch -d/--debuglevel -e/--errorlevel"
    " --nogpgcheck-x --advisory --best-x",
    "-y/--assumeyes/--yes -q/--quiet -v/--verbose",
)
_APK = syntax(
    "-t/--virtual -X/--repository -p/--root --arch --keys-dir --cache-dir --repositories-file"
    " --wait --timeout",
    "-q/--quiet -U/--update-cache -u/--upgrade -f/--force",
)
_ZYPPER = syntax(
    "-r/--repo --from -t/--type -R/--root --gpg-x -p/--plus-repo --name -C/--config",
    "-n/--non-interactive -y/--no-confirm/--yes",
)
_VERBS = {
    "install": "install",
    "add": "install",
    "in": "install",
    "localinstall": "install",
    "groupinstall": "install",
    "reinstall": "install",
    "build-dep": "install",
    "satisfy": "install",
    "update": "update",
    "makecache": "update",
    "check-update": "update",
    "refresh": "update",
    "ref": "update",
    "upgrade": "upgrade",
    "up": "upgrade",
    "dist-upgrade": "upgrade",
    "full-upgrade": "upgrade",
    "safe-upgrade": "upgrade",
    "distro-sync": "upgrade",
    "dup": "upgrade",
    "clean": "clean",
    "autoclean": "clean",
    "cc": "clean",
    "distclean": "clean",
    "remove": "remove",
    "purge": "remove",
    "autoremove": "remove",
    "autopurge": "remove",
    "erase": "remove",
    "del": "remove",
    "rm": "remove",
}
_LISTS = "/var/lib/apt/lists"
_YES = frozenset({"--yes", "--force-yes"})


def apt(command: Command, here: Here) -> SystemInstall | None:
    """apt-get, apt and aptitude."""
    line = read_line(command.arguments, _APT)
    found = _read(command, line, here, separators="=/")
    if found is None:
        return None
    options = {
        value.replace(" ", "").replace("::", ":").strip("\"'").lower()
        for value in line.values("--option")
    }
    quiet = sum(option.name == "--quiet" for option in line.options)
    return replace(
        found,
        assumes_yes=found.assumes_yes
        or quiet > 1
        or bool(options & {"apt:get:assume-yes=true", "apt:get:assume-yes=1"})
        or any(word.raw in ("-q=2", "-qq", "--quiet=2") for word in command.arguments)
        or _configured(here, "apt::get::assume-yes"),
        no_recommends="--no-install-recommends" in line.flags
        or "--without-recommends" in line.flags
        or bool(options & {f"apt:install-recommends={no}" for no in ("false", "0", "no")})
        or _configured(here, "apt::install-recommends"),
    )


def _configured(here: Here, name: str) -> bool:
    """Whether a file of apt's configuration, made in this stage, sets something."""
    return name in here.state.apt


def rpm(command: Command, here: Here) -> SystemInstall | None:
    """dnf, yum and microdnf."""
    line = read_line(command.arguments, _DNF)
    found = _read(command, line, here, separators="")
    weak = [value.lower().replace(" ", "") for value in line.values("--setopt")]
    if found is None:
        return None
    if line.operands[0].text == "update":
        found = replace(found, verb="upgrade")
    return replace(
        found,
        no_recommends=any(
            value in ("install_weak_deps=false", "install_weak_deps=0") for value in weak
        ),
    )


def apk(command: Command, here: Here) -> SystemInstall | None:
    """``apk add``; it never asks."""
    line = read_line(command.arguments, _APK)
    found = _read(command, line, here, separators="=<>~@")
    return replace(found, assumes_yes=True, no_recommends=True) if found else None


def zypper(command: Command, here: Here) -> SystemInstall | None:
    """SUSE's zypper."""
    line = read_line(command.arguments, _ZYPPER)
    found = _read(command, line, here, separators="=<>")
    if found is None:
        return None
    return replace(
        found,
        assumes_yes=found.assumes_yes or "--non-interactive" in line.flags,
        no_recommends="--no-recommends" in line.flags,
    )


def remove(command: Command, _: Here) -> SystemInstall | None:
    """``rm -rf /var/lib/apt/lists/*``."""
    if any(word.text.startswith(_LISTS) for word in command.arguments):
        return SystemInstall(command=command, tool="rm", verb="clean")
    return None


def _read(command: Command, line: Line, here: Here, *, separators: str) -> SystemInstall | None:
    verb = _VERBS.get(line.operands[0].text) if line.operands else None
    if verb is None or line.flags & {"--simulate", "--help", "--version"}:
        return None
    words = line.operands[1:]
    return SystemInstall(
        command=command,
        tool=command.program,
        verb=verb,
        packages=tuple(_packages(words, separators)) if verb in ("install", "remove") else (),
        assumes_yes=bool(line.flags & _YES),
        noninteractive=_noninteractive(command, here),
        unknown=any(word.value is None for word in words),
    )


def _packages(words: tuple[Argument, ...], separators: str) -> Iterator[SystemPackage]:
    for word in words:
        text = word.text
        if word.value is None and text.startswith("$"):
            continue
        at = min((text.find(mark) for mark in separators if text.find(mark) > 0), default=-1)
        if at < 0 or text.startswith((".", "/")) or text.endswith((".deb", ".rpm", ".apk")):
            yield SystemPackage(name=text, version=None, argument=word)
            continue
        is_version = text[at] != "/" and word.value is not None
        version = text[at:].lstrip(separators) if is_version else None
        name = text[:at]
        yield SystemPackage(name=name, version=version or None, argument=word)


def _noninteractive(command: Command, here: Here) -> bool:
    value = here.variables(command).get("DEBIAN_FRONTEND", "")
    return value is None or value.strip().lower() == "noninteractive"


READERS: dict[str, Callable[[Command, Here], SystemInstall | None]] = {
    "apt-get": apt,
    "apt": apt,
    "aptitude": apt,
    "dnf": rpm,
    "yum": rpm,
    "microdnf": rpm,
    "tdnf": rpm,
    "apk": apk,
    "zypper": zypper,
    "rm": remove,
}
