"""Where packages come from: decided from what apt is configured with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlbox.engine.packages import (
    AptSource,
    Distribution,
    apt_sources,
    deb_lines,
    sources_of,
    unpack,
)
from mlbox.errors import HostError

if TYPE_CHECKING:
    from pathlib import Path

MIRROR = "http://mirror.example/debian/"
SECURITY = "http://mirror.example/debian-security/"
CONFIGURED = (
    AptSource(uri=MIRROR, suite="bookworm", component="main"),
    AptSource(uri=MIRROR, suite="bookworm", component="contrib"),
    AptSource(uri=MIRROR, suite="bookworm-updates", component="main"),
    AptSource(uri=SECURITY, suite="bookworm-security", component="main"),
    AptSource(uri="http://other.example/", suite="bookworm-pgdg", component="main"),
)


def test_a_release_comes_with_its_updates_and_security_fixes_and_nothing_else() -> None:
    assert sources_of("bookworm", "bookworm", CONFIGURED) == (
        CONFIGURED[0],
        CONFIGURED[2],
        CONFIGURED[3],
    )


def test_another_release_is_taken_from_the_same_mirrors() -> None:
    chosen = sources_of("trixie", "bookworm", CONFIGURED)
    assert deb_lines(chosen).splitlines() == [
        f"deb {MIRROR} trixie main",
        f"deb {MIRROR} trixie-updates main",
        f"deb {SECURITY} trixie-security main",
    ]


def test_a_release_that_is_configured_itself_is_taken_as_it_is() -> None:
    trixie = AptSource(uri="http://new.example/debian/", suite="trixie", component="main")
    assert sources_of("trixie", "bookworm", (*CONFIGURED, trixie)) == (trixie,)


def test_no_mirror_is_invented() -> None:
    assert sources_of("trixie", "noble", CONFIGURED[:1]) == ()


def test_only_debian_and_what_descends_from_it_has_the_packages() -> None:
    debian = Distribution(id="debian", like=(), codename="bookworm")
    mint = Distribution(id="linuxmint", like=("ubuntu", "debian"), codename="wilma")
    fedora = Distribution(id="fedora", like=(), codename="")
    assert [each.has_debian_packages for each in (debian, mint, fedora)] == [True, True, False]


@pytest.mark.engine
def test_a_package_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError) as caught:
        unpack(("no-such-package-at-all",), tmp_path / "tree")
    assert caught.value.what == "apt cannot get no-such-package-at-all."
    assert "Unable to locate package" in caught.value.why
    assert list(tmp_path.iterdir()) == []


@pytest.mark.engine
def test_a_machine_without_apt_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError) as caught:
        apt_sources()
    assert caught.value.why == "There is no apt-get on this machine."
