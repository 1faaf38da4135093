"""Where packages come from on this machine: pip's own configuration, and the spec's additions.

What is installed is in the lock and the same everywhere; where it is fetched from is a matter of
the machine, so it is read here and never written into a Dockerfile, a layer or a lock.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from mlbox.errors import SpecError
from mlbox.values import normal_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.version import Version

    from mlbox.spec import Project

_LINK = re.compile(r"""<a\s[^>]*?href=["']([^"']+)["']""", re.IGNORECASE)
WHEELHOUSE = "/wheelhouse"  # where a build sees the local wheels


@dataclass(frozen=True, kw_only=True)
class PackageSources:
    """Indexes, wheel folders and certificates.

    Attributes:
        index_url: The default index; ``None`` for uv's own default.
        extra_index_urls: Further indexes, all as good as the first (pip's rule).
        find_links: Folders or pages of wheels.
        no_index: Whether no index may be asked.
        ca_bundle: PEM file of the certificate authorities to trust; ``None`` for the defaults.
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    ca_bundle: Path | None = None

    def uv_arguments(self) -> tuple[str, ...]:
        """Return what tells uv on this machine about these sources."""
        return (
            *(("--no-index",) if self.no_index else ()),
            *(("--default-index", self.index_url) if self.index_url else ()),
            *_each("--index", self.extra_index_urls),
            *_each("--find-links", self.find_links),
            *(("--index-strategy", "unsafe-best-match") if self.extra_index_urls else ()),
        )

    def uv_environment(self) -> dict[str, str]:
        """Return the environment in which uv trusts the right certificates."""
        return {"SSL_CERT_FILE": str(self.ca_bundle)} if self.ca_bundle else {}

    def requirement_options(self, *framework_index: str) -> tuple[str, ...]:
        """Return the option lines of a requirements file that a build reads.

        Credentials are left out (``netrc`` has them), and so is what only this machine sees.
        """
        remote = [url for url in (*framework_index, *self.extra_index_urls) if _is_remote(url)]
        index = self.index_url if self.index_url and _is_remote(self.index_url) else None
        return (
            *(("--no-index",) if self.no_index else ()),
            *((f"--index-url {_without_credentials(index)}",) if index else ()),
            *(f"--extra-index-url {_without_credentials(url)}" for url in remote),
            *(f"--find-links {url}" for url in self.find_links if _is_remote(url)),
            f"--find-links {WHEELHOUSE}",
        )

    def netrc(self) -> str:
        """Return the credentials of the index URLs as the text of a netrc file."""
        urls = (self.index_url, *self.extra_index_urls, *self.find_links)
        parts = (urlsplit(url) for url in urls if url)
        return "".join(
            f"machine {part.hostname} login {unquote(part.username)} "
            f"password {unquote(part.password or '')}\n"
            for part in parts
            if part.hostname and part.username
        )

    def local_wheels(self, name: str, version: str) -> Iterator[Path]:
        """Yield the files of one release, wheels and source, in local folders and indexes."""
        from packaging.version import Version  # noqa: PLC0415  (loads on use)

        release = (normal_name(name), Version(version))
        for source in (*self.find_links, *self.extra_index_urls, self.index_url or ""):
            folder = _local_path(source)
            if folder is None:
                continue
            for path in (*folder.iterdir(), *_linked_files(folder / release[0])):
                # a look at the name first: a folder may have thousands of other packages
                named = normal_name(path.name).startswith(release[0])
                if named and _release(path.name) == release:
                    yield path


def package_sources(project: Project, environment: Mapping[str, str]) -> PackageSources:
    """Read pip's configuration and the project's ``find-links`` and ``ca-bundle``.

    Raises:
        SpecError: The spec names a folder or file that does not exist.
    """
    pip = pip_configuration(environment)
    find_links = [_absolute(entry) for entry in pip.get("find-links", "").split()]
    if project.box.find_links:
        find_links.insert(0, str(_existing(project, "find-links", project.box.find_links)))
    bundle = project.box.ca_bundle and _existing(project, "ca-bundle", project.box.ca_bundle)
    certificate = pip.get("cert") or environment.get("SSL_CERT_FILE")
    return PackageSources(
        index_url=pip.get("index-url") or environment.get("UV_DEFAULT_INDEX"),
        extra_index_urls=tuple(pip.get("extra-index-url", "").split()),
        find_links=tuple(find_links),
        no_index=pip.get("no-index", "").lower() in {"1", "true", "yes", "on"},
        ca_bundle=bundle or (Path(certificate) if certificate else None),
    )


def pip_configuration(environment: Mapping[str, str]) -> dict[str, str]:
    """Return pip's options by long name, as pip itself would see them for ``pip install``.

    Files from the least to the most specific, then variables ``PIP_*``; see pip's own page
    "Configuration".
    """
    options: dict[str, str] = {}
    for path in _pip_files(environment):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except configparser.Error:
            continue  # pip will say so; its mistakes are not ours to report
        for section in ("global", "install"):
            if parser.has_section(section):
                options.update(
                    {key.replace("_", "-"): value for key, value in parser.items(section)}
                )
    for name, value in environment.items():
        if name.startswith("PIP_") and value:
            options[name[4:].lower().replace("_", "-")] = value
    return options


def _pip_files(environment: Mapping[str, str]) -> tuple[Path, ...]:
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return ()
    home = Path(environment.get("HOME") or Path.home())
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    shared = (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    return (
        *(Path(folder) / "pip/pip.conf" for folder in reversed(shared)),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        config / "pip/pip.conf",
        home / "Library/Application Support/pip/pip.conf",
        Path(sys.prefix) / "pip.conf",
        *((Path(named),) if named else ()),
    )


def _existing(project: Project, key: str, value: str) -> Path:
    path = project.root / Path(value).expanduser()
    if not path.exists():
        raise SpecError(
            f"{key} = {value!r} does not exist.",
            why=f"There is nothing at {path}.",
            fix=f"Correct {key} in {project.source.name if project.source else 'the spec'}.",
        )
    return path


def _each(option: str, values: tuple[str, ...]) -> Iterator[str]:
    for value in values:
        yield option
        yield value


def _is_remote(url: str) -> bool:
    return urlsplit(url).scheme in {"http", "https"}


def _absolute(link: str) -> str:
    """A folder of pip's find-links for a program that runs elsewhere; URLs stay as they are."""
    return link if urlsplit(link).scheme else str(Path(link).expanduser().absolute())


def _local_path(source: str) -> Path | None:
    """The folder a find-links or ``file:`` URL names, if it is one."""
    if not source or _is_remote(source):
        return None
    path = Path(unquote(urlsplit(source).path) if source.startswith("file:") else source)
    return path if path.is_dir() else None


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _release(file_name: str) -> tuple[str, Version] | None:
    """The normal name and the version in a file's name; ``None`` if it is of no package."""
    from packaging import utils  # noqa: PLC0415  (loads on use)

    try:
        if file_name.endswith(".whl"):
            return utils.parse_wheel_filename(unquote(file_name))[:2]
        return utils.parse_sdist_filename(file_name)
    except (utils.InvalidWheelFilename, utils.InvalidSdistFilename):
        return None


def _linked_files(folder: Path) -> Iterator[Path]:
    """Yield the files that a package's page in a local index (PEP 503) links to."""
    page = folder / "index.html"
    if not page.is_file():
        return
    from html import unescape  # noqa: PLC0415  (loads on use)

    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        url = urlsplit(urljoin(page.as_uri(), unescape(target)))
        path = Path(unquote(url.path))
        if url.scheme == "file" and path.is_file():
            yield path
