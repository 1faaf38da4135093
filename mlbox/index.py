"""Package indexes: which files a package has, what they require, and how large they unpack.

A wheel is not downloaded for that: its metadata and its zip directory are read by range.
"""

from __future__ import annotations

import contextlib
import io
import time
import zipfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from mlbox.cache import cache_file, read_json, write_json
from mlbox.errors import HostError
from mlbox.uv import default_index
from mlbox.values import normal_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import requests

    from mlbox.sources import PackageSources

    ReadRange = Callable[[int, int], bytes]  # (first, past the last) -> these bytes of a file

JSON_PAGE = "application/vnd.pypi.simple.v1+json"  # PEP 691
ACCEPT = f"{JSON_PAGE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
FRESH_SECONDS = 600  # how long the indexes themselves let a page be kept
TIMEOUT = (10, 30)  # seconds: to connect, and between two pieces of an answer
TAIL_BYTES = 64 * 1024  # the whole directory of a small wheel, in one request
CONNECTIONS = 16
NOT_FOUND = (404, 410)
PARTIAL_CONTENT = 206


class IndexUnreachableError(HostError):
    """A package index, or a file of it, cannot be read."""


@dataclass(frozen=True, kw_only=True)
class IndexFile:
    """One file of a package, as an index lists it.

    Attributes:
        name: Normal name (PEP 503) of the package.
        filename: The file's name.
        version: Normal form (PEP 440) of the release, local part included.
        url: Where it is, without credentials.
        size: Its size in bytes; ``None`` if the index does not say.
        sha256: Its hash; empty if the index does not say.
        yanked: Whether it was withdrawn (PEP 592).
        requires_python: The Pythons it is for; empty for all.
        has_metadata: Whether its metadata can be had without it (PEP 658).
        pythons: Python tags of a wheel, ``("cp312",)``; empty for a source distribution.
        abi: ABI tag of a wheel, ``"cp312"``, ``"abi3"`` or ``"none"``.
        platforms: Platform tags of a wheel: ``("manylinux_2_28_x86_64",)``.
    """

    name: str
    filename: str
    version: str
    url: str
    size: int | None = None
    sha256: str = ""
    yanked: bool = False
    requires_python: str = ""
    has_metadata: bool = False
    pythons: tuple[str, ...] = ()
    abi: str = ""
    platforms: tuple[str, ...] = ()

    @property
    def is_wheel(self) -> bool:
        """Whether it installs as it is."""
        return self.filename.endswith(".whl")


class PackageIndex:
    """The package indexes of this machine, read over the network and remembered in the cache.

    Indexes in folders (``file:``) are left out. Proxies and ``netrc`` are those of the
    environment, certificates and credentials those of the sources. Safe to use from threads.
    """

    def __init__(self, sources: PackageSources) -> None:
        self._indexes = _remote_indexes(sources)
        self._web = _Web(sources)

    def files(self, name: str) -> tuple[IndexFile, ...]:
        """Return the files of a package, of all indexes; none if no index has the package.

        Raises:
            IndexUnreachableError: An index cannot be read.
        """
        found: dict[str, IndexFile] = {}
        for index in self._indexes:
            for file in self._page(f"{index.rstrip('/')}/{normal_name(name)}/"):
                found.setdefault(file.filename, file)
        return tuple(found.values())

    def metadata(self, file: IndexFile) -> str:
        """Return a wheel's core metadata (``METADATA``).

        Raises:
            IndexUnreachableError: It cannot be read.
        """
        return cast("str", _remembered("metadata", file, lambda: self._metadata(file), str))

    def unpacked_bytes(self, file: IndexFile) -> int:
        """Return how large a wheel is once it is unpacked.

        Raises:
            IndexUnreachableError: Its directory cannot be read.
        """
        return cast("int", _remembered("unpacked", file, lambda: self._unpacked(file), int))

    def download_bytes(self, file: IndexFile) -> int:
        """Return the size of a file, from its server if the index does not say.

        Raises:
            IndexUnreachableError: The server does not say either.
        """
        return self._web.size(file.url) if file.size is None else file.size

    def _page(self, url: str) -> tuple[IndexFile, ...]:
        cache = cache_file("index/pages", url)
        kept = read_json(cache)
        if _is_fresh(kept):
            with contextlib.suppress(KeyError, TypeError):
                return tuple(_thawed(entry) for entry in kept["files"])
        answer = self._web.get(url, {"Accept": ACCEPT}, none_for=NOT_FOUND)
        files = () if answer is None else tuple(_page_files(answer, url))
        _remember(cache, {"read": time.time(), "files": [asdict(file) for file in files]})
        return files

    def _metadata(self, file: IndexFile) -> str:
        if file.has_metadata:
            answer = self._web.get(f"{file.url}.metadata", none_for=NOT_FOUND)
            if answer is not None:
                return answer.content.decode("utf-8", "replace")
        with self._directory(file) as directory:
            for name in directory.namelist():
                if name.count("/") == 1 and name.endswith(".dist-info/METADATA"):
                    return directory.read(name).decode("utf-8", "replace")
        raise _unreadable(file.url, "The wheel has no METADATA.")

    def _unpacked(self, file: IndexFile) -> int:
        with self._directory(file) as directory:
            return unpacked_size(directory)

    @contextlib.contextmanager
    def _directory(self, file: IndexFile) -> Iterator[zipfile.ZipFile]:
        reader = RangeReader(
            lambda first, end: self._web.range(file.url, first, end), self.download_bytes(file)
        )
        try:
            with zipfile.ZipFile(reader) as directory:
                yield directory
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
            raise _unreadable(file.url, f"It is no zip file: {error}.") from error


class RangeReader(io.RawIOBase):
    """A file elsewhere, of which only the pieces that are asked for are fetched; the end first.

    Args:
        read_range: Fetches the bytes from a first one to before another.
        size: The size of the file.
    """

    def __init__(self, read_range: ReadRange, size: int) -> None:
        super().__init__()
        self._read_range = read_range
        self._size = size
        self._position = 0
        self._start = max(0, size - TAIL_BYTES)  # where the piece begins that is kept
        self._piece: bytes | None = None

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative position {base + offset}")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Return the bytes from the position on."""
        end = self._size if size is None or size < 0 else min(self._size, self._position + size)
        if self._position >= end:
            return b""
        first, self._position = self._position, end
        return self._kept(first, end)

    def _kept(self, first: int, end: int) -> bytes:
        if self._piece is None:
            self._piece = self._read_range(self._start, self._size)
        if not self._start <= first <= end <= self._start + len(self._piece):
            self._start = first
            self._piece = self._read_range(first, min(self._size, max(end, first + TAIL_BYTES)))
        return self._piece[first - self._start : end - self._start]


def unpacked_size(directory: zipfile.ZipFile) -> int:
    """Return the sum of the sizes of an archive's files, from its directory alone."""
    return sum(entry.file_size for entry in directory.infolist())


def index_file(
    filename: str,
    url: str,
    *,
    size: int | None = None,
    sha256: str = "",
    yanked: bool = False,
    requires_python: str = "",
    has_metadata: bool = False,
) -> IndexFile | None:
    """Return a listed file with what its name says; ``None`` where no installer would take it."""
    from packaging import utils  # noqa: PLC0415  (loads on use)

    try:
        if filename.endswith(".whl"):
            name, version, _, _ = utils.parse_wheel_filename(filename)
            pythons, abi, platforms = filename.removesuffix(".whl").split("-")[-3:]
        else:
            name, version = utils.parse_sdist_filename(filename)
            pythons = abi = platforms = ""
    except (utils.InvalidWheelFilename, utils.InvalidSdistFilename):
        return None
    return IndexFile(
        name=str(name),
        filename=filename,
        version=str(version),
        url=url,
        size=size,
        sha256=sha256,
        yanked=yanked,
        requires_python=requires_python,
        has_metadata=has_metadata,
        pythons=tuple(pythons.split(".")) if pythons else (),
        abi=abi,
        platforms=tuple(platforms.split(".")) if platforms else (),
    )


def json_page(page: Mapping[str, Any], url: str) -> Iterator[IndexFile]:
    """Yield the files of a page in JSON (PEP 691).

    Args:
        page: The page.
        url: Where it was read.
    """
    for entry in page["files"]:
        hashes, size = entry.get("hashes") or {}, entry.get("size")
        metadata = entry.get("core-metadata") or entry.get("dist-info-metadata")
        file = index_file(
            entry["filename"],
            _without_credentials(urljoin(url, entry["url"])),
            size=size if isinstance(size, int) else None,
            sha256=hashes.get("sha256", ""),
            yanked=entry.get("yanked", False) is not False,
            requires_python=entry.get("requires-python") or "",
            has_metadata=bool(metadata),
        )
        if file:
            yield file


def html_page(text: str, url: str) -> Iterator[IndexFile]:
    """Yield the files of a page in HTML (PEP 503).

    Args:
        text: The page.
        url: Where it was read; its links may be relative.
    """
    base, anchors = _html_links(text)
    for link in anchors:
        target, fragment = urldefrag(urljoin(urljoin(url, base), link["href"]))
        metadata = link.get("data-core-metadata", link.get("data-dist-info-metadata", "false"))
        file = index_file(
            unquote(urlsplit(target).path.rpartition("/")[2]),
            _without_credentials(target),
            sha256=fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "",
            yanked="data-yanked" in link,
            requires_python=link.get("data-requires-python", ""),
            has_metadata=metadata != "false",
        )
        if file:
            yield file


def _html_links(text: str) -> tuple[str, list[dict[str, str]]]:
    """The base of a page, and the attributes of its links."""
    from html.parser import HTMLParser  # noqa: PLC0415  (loads on use)

    base: list[str] = []
    anchors: list[dict[str, str]] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            attributes = {key: value or "" for key, value in attrs}
            if tag == "a" and attributes.get("href"):
                anchors.append(attributes)
            elif tag == "base" and attributes.get("href"):
                base.append(attributes["href"])

    Links().feed(text)
    return (base or [""])[0], anchors


def _page_files(answer: requests.Response, url: str) -> Iterator[IndexFile]:
    """The files of a page, whichever of the two forms the index speaks."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not kind.endswith("json"):
        return html_page(answer.text, answer.url)
    try:
        return iter(tuple(json_page(answer.json(), answer.url)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(url, f"Its answer is not what PEP 691 says: {error!r}.") from error


class _Web:
    """HTTP with the sources' certificates and credentials, and with timeouts."""

    def __init__(self, sources: PackageSources) -> None:
        import requests  # noqa: PLC0415  (loads on use)
        from requests.adapters import HTTPAdapter  # noqa: PLC0415
        from urllib3 import Retry  # noqa: PLC0415

        self._credentials = dict(_credentials(sources))
        self._verify = str(sources.ca_bundle) if sources.ca_bundle else True
        self._session = requests.Session()
        retry = Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504))
        for scheme in ("http://", "https://"):
            adapter = HTTPAdapter(max_retries=retry, pool_maxsize=CONNECTIONS)
            self._session.mount(scheme, adapter)

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, *, none_for: tuple[int, ...] = ()
    ) -> requests.Response | None:
        """Return the answer of a server; ``None`` where it has one of these states."""
        with self._errors(url):
            answer = self._ask("GET", url, headers or {})
            if answer.status_code in none_for:
                return None
            answer.raise_for_status()
            return answer

    def size(self, url: str) -> int:
        """Return the size of a file."""
        with self._errors(url):
            answer = self._ask("HEAD", url, {"Accept-Encoding": "identity"})
            answer.raise_for_status()
            length = answer.headers.get("Content-Length", "")
        if not length.isdigit():
            raise _unreadable(url, "Its server does not say how large it is.")
        return int(length)

    def range(self, url: str, first: int, end: int) -> bytes:
        """Return some of the bytes of a file."""
        wanted = {"Range": f"bytes={first}-{end - 1}", "Accept-Encoding": "identity"}
        with self._errors(url), self._ask("GET", url, wanted, stream=True) as answer:
            answer.raise_for_status()
            if answer.status_code != PARTIAL_CONTENT:  # the body is the whole file: gigabytes
                raise _unreadable(url, "Its server does not send parts of files.")
            return answer.content

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], *, stream: bool = False
    ) -> requests.Response:
        return self._session.request(
            method,
            url,
            headers=dict(headers),
            auth=self._credentials.get(urlsplit(url).netloc),
            verify=self._verify,
            timeout=TIMEOUT,
            stream=stream,
            allow_redirects=True,
        )

    @contextlib.contextmanager
    def _errors(self, url: str) -> Iterator[None]:
        import requests  # noqa: PLC0415  (loads on use)

        try:
            yield
        except (requests.RequestException, OSError) as error:
            raise _unreadable(url, f"{type(error).__name__}: {error}") from error


def _unreadable(url: str, why: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        f"{url} cannot be read.",
        why=why,
        fix="Check the network. Behind a proxy: HTTPS_PROXY; behind a TLS proxy: ca-bundle; "
        "another index: index-url in pip's configuration.",
    )


def _remote_indexes(sources: PackageSources) -> tuple[str, ...]:
    """The indexes to ask, the default first, without credentials."""
    if sources.no_index:
        return ()
    urls = (sources.index_url or default_index(), *sources.extra_index_urls)
    remote = [url for url in urls if urlsplit(url).scheme in {"http", "https"}]
    return tuple(dict.fromkeys(_without_credentials(url) for url in remote))


def _credentials(sources: PackageSources) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield server and credentials of each index that has some; its files are on it too."""
    for url in (*sources.extra_index_urls, sources.index_url or ""):
        parts = urlsplit(url)
        if parts.username:
            server = parts.netloc.rpartition("@")[2]
            yield server, (unquote(parts.username), unquote(parts.password or ""))


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _remember(path: Path, value: object) -> None:
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, no more
        write_json(path, value)


def _remembered(kind: str, file: IndexFile, read: Callable[[], object], wanted: type) -> object:
    """What a file of an index never says differently: read once."""
    path = cache_file(f"index/{kind}", file.sha256 or file.url)
    kept = read_json(path)
    if isinstance(kept, dict) and type(kept.get(kind)) is wanted:
        return kept[kind]
    value = read()
    _remember(path, {"file": file.filename, kind: value})
    return value


def _is_fresh(kept: object) -> bool:
    read = kept.get("read") if isinstance(kept, dict) else None
    return isinstance(read, (int, float)) and 0 <= time.time() - read < FRESH_SECONDS


def _thawed(entry: Mapping[str, Any]) -> IndexFile:
    lists = {"pythons": tuple(entry["pythons"]), "platforms": tuple(entry["platforms"])}
    return IndexFile(**{**entry, **lists})
