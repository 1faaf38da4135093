"""What the commands of a RUN do, as values: installations, downloads, users, data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.requirements import Requirement

    from mlbox.findings import Location
    from mlbox.lint.parse import Span
    from mlbox.lint.shell.model import Argument, Command


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One Python distribution that an installation names.

    Attributes:
        name: Normalised name: ``"torch"``, ``"pytorch-lightning"``; empty if not known (a folder,
            an archive, a variable).
        requirement: As ``packaging`` reads it; ``None`` for a folder, a URL, or what is not known.
        raw: As it stands: ``"torch==2.9.1+cu128"``, ``"."``, ``"git+https://..."``.
        location: Where it stands: in the Dockerfile, or in a file that the command names.
        argument: The word of the Dockerfile it comes from (the ``-r FILE`` word for a file's line).
        url: Where it is fetched from, for a direct reference (``git+https://``, a wheel's URL).
        local: The folder or archive, for an installation from the build context.
        editable: Whether it is installed with ``-e``.
        index: The index that this one package is bound to (``[tool.uv.sources]``, ``--index``).
        locked: Whether the version comes from a lock file, or is hashed.
        span: Where, if it stands in the Dockerfile itself; ``None`` for a file beside it.
        unknown: Whether part of it is not known here (``torch==${VERSION}`` without a value): the
            name may be, a version is not; it may well be pinned.
        setup: For a folder, the text of its ``setup.py``; ``None`` without, or if not known.
        variables: What its build sees beside the command's variables.
    """

    name: str
    requirement: Requirement | None
    raw: str
    location: Location
    argument: Argument | None = None
    url: str | None = None
    local: str | None = None
    editable: bool = False
    index: str | None = None
    locked: bool = False
    span: Span | None = None
    unknown: bool = False
    setup: str | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def version(self) -> str | None:
        """The one release it is pinned to, local part included; ``None`` if not pinned."""
        if self.requirement is None:
            return None
        for clause in self.requirement.specifier:
            if clause.operator in ("==", "===") and not clause.version.endswith(".*"):
                return clause.version
        return None

    @property
    def extras(self) -> frozenset[str]:
        """Its extras: ``torch[opt]`` has ``{"opt"}``."""
        return frozenset(self.requirement.extras) if self.requirement else frozenset()


@dataclass(frozen=True, kw_only=True)
class Indexes:
    """Where an installation gets packages from: flags first, then variables, then files.

    Attributes:
        main: ``--index-url``; ``None`` for the default index.
        extra: ``--extra-index-url`` and ``--index``, in order.
        find_links: ``--find-links``.
        torch_backend: uv's ``--torch-backend`` or ``UV_TORCH_BACKEND``: ``"cu128"``, ``"auto"``.
        no_index: Whether no index is asked at all.
        known: Whether all of it is known; an index that comes from a variable without a value, or
            from a file that could not be read, makes it unknown.
        span: Where the Dockerfile says so; ``None`` if it does not.
    """

    main: str | None = None
    extra: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    torch_backend: str | None = None
    no_index: bool = False
    known: bool = True
    span: Span | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Every index and link, the main one first."""
        return (*((self.main,) if self.main else ()), *self.extra, *self.find_links)


@dataclass(frozen=True, kw_only=True)
class PythonInstall:
    """``pip install``, ``uv pip install``, ``uv sync``, ``uv add`` and their like.

    Attributes:
        command: The command.
        tool: ``"pip"``, ``"uv pip"``, ``"uv sync"``, ``"uv add"``, ``"uv tool"``, ``"pipx"``,
            ``"poetry"``, ``"pdm"``, ``"pixi"``.
        verb: ``"install"``, ``"download"`` or ``"wheel"``.
        wanted: What it names, requirements files followed; in order.
        indexes: Where it gets packages from.
        constraints: Files given with ``-c`` or by variable (``PIP_CONSTRAINT``, ``UV_CONSTRAINT``).
        constrained: What those files pin, by normalised name: the release.
        files: The requirements files, project files and locks it reads, as the Dockerfile says.
        unread: Those that could not be read: what is in them is not known.
        flags: Names of its flags: ``{"--no-cache-dir", "--no-build-isolation"}``, short ones in
            their long form, those set by variables of pip and uv included.
        no_binary: Names (or ``":all:"``) given to ``--no-binary``.
        only_binary: Names (or ``":all:"``) given to ``--only-binary``.
        environment: The virtual environment it installs into: ``"/opt/venv"``; ``""`` for the
            system's Python; ``None`` if not known.
        system_python: Whether it plainly installs into the system's Python: not in a virtual
            environment, not ``--user``, not ``--target``/``--prefix``, no conda.
        python: The version of Python asked for, if it says so (``--python 3.12``, ``pip3.11``).
        circular: Requirements files that include each other.
        keeps_cache: Whether its cache stays in the layer: no ``--no-cache-dir``, no variable that
            turns it off, no cache mount, no removal in the same RUN.
    """

    command: Command
    tool: str
    verb: Literal["install", "download", "wheel"]
    wanted: tuple[Wanted, ...]
    indexes: Indexes
    constraints: tuple[str, ...] = ()
    constrained: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()
    environment: str | None = None
    system_python: bool = False
    python: str | None = None
    circular: tuple[str, ...] = ()
    keeps_cache: bool = False

    def is_from_source(self, name: str) -> bool:
        """Whether a distribution is built from its source, wheel or not."""
        return bool(self.no_binary & {name, ":all:"})

    def is_from_wheel(self, name: str) -> bool:
        """Whether a distribution is never built from its source."""
        return bool(self.only_binary & {name, ":all:"})

    def named(self, *names: str) -> tuple[Wanted, ...]:
        """What it installs of these distributions."""
        return tuple(item for item in self.wanted if item.name in names)


@dataclass(frozen=True, kw_only=True)
class SystemPackage:
    """``nvidia-utils-550=550.54.14-0ubuntu1``, or ``pytorch::pytorch=2.5.1``.

    Attributes:
        name: Its name.
        version: Its version; ``None`` without.
        argument: Where it stands; for one of a file, what names the file.
        channel: conda's channel that it is bound to; empty without.
        location: Where it stands in a file; ``None`` if in the Dockerfile.
    """

    name: str
    version: str | None
    argument: Argument
    channel: str = ""
    location: Location | None = None

    @property
    def place(self) -> Span | Location:
        """Where it is asked for."""
        return self.location or self.argument.span


@dataclass(frozen=True, kw_only=True)
class SystemInstall:
    """``apt-get install`` and its like.

    Attributes:
        command: The command.
        tool: ``"apt-get"``, ``"apt"``, ``"aptitude"``, ``"dnf"``, ``"yum"``, ``"microdnf"``,
            ``"apk"``, ``"zypper"``.
        verb: ``"install"``, ``"update"``, ``"upgrade"``, ``"clean"``, ``"remove"``; removing
            ``/var/lib/apt/lists`` is ``"clean"`` of the tool ``"rm"``.
        packages: What it names; empty for the other verbs.
        assumes_yes: ``-y``, ``--yes``, ``--assume-yes``, ``-qq``, or by configuration.
        no_recommends: ``--no-install-recommends``, or by configuration.
        noninteractive: Whether DEBIAN_FRONTEND is noninteractive for it (here, ENV or ARG).
        unknown: Whether part of its arguments is not known.
    """

    command: Command
    tool: str
    verb: str
    packages: tuple[SystemPackage, ...] = ()
    assumes_yes: bool = False
    no_recommends: bool = False
    noninteractive: bool = False
    unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class CondaInstall:
    """``conda``, ``mamba`` or ``micromamba`` ``install``, ``create`` and ``env create``/``update``.

    Attributes:
        command: The command.
        tool: ``"conda"``, ``"mamba"``, ``"micromamba"``.
        packages: Each match specification as it stands: ``"pytorch==2.5.1"``, with its argument.
        channels: ``-c``, in order, those of an environment file, and of ``conda config``.
        files: Environment files.
        install: The ``pip:`` list of an environment file; ``None`` without.
        unread: Files that could not be read.
    """

    command: Command
    tool: str
    packages: tuple[SystemPackage, ...]
    channels: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    install: PythonInstall | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataFetch:
    """Data or models brought into a layer: ``dvc pull``, ``hf download``, ``aws s3 cp`` ...

    Attributes:
        command: The command.
        tool: ``"dvc"``, ``"huggingface"``, ``"aws"``, ``"gsutil"``, ``"kaggle"``, ``"wget"`` ...
        verb: ``"pull"``, ``"fetch"``, ``"import"``, ``"get"``, ``"download"`` ...
        target: The folder or file it writes; ``None`` if not known.
        mounted: Whether it writes into a mount of its RUN, and so into no layer.
    """

    command: Command
    tool: str
    verb: str
    target: str | None = None
    mounted: bool = False


@dataclass(frozen=True, kw_only=True)
class Download:
    """``curl`` or ``wget``.

    Attributes:
        command: The command.
        urls: What it fetches.
        piped_into: The program that it is piped into, or that runs it (``"sh"``, ``"tar"``);
            empty without.
    """

    command: Command
    urls: tuple[str, ...]
    piped_into: str = ""


@dataclass(frozen=True, kw_only=True)
class UserAdd:
    """``useradd`` or ``adduser``.

    Attributes:
        command: The command.
        name: The user; ``None`` if not known.
        uid: The number given; ``None`` without one, or if not known.
        no_log_init: ``-l``.
        creates_home: ``-m``, or adduser without ``--no-create-home``.
        home: ``-d``; ``None`` without.
        system: ``-r``.
    """

    command: Command
    name: str | None
    uid: int | None = None
    no_log_init: bool = False
    creates_home: bool = False
    home: str | None = None
    system: bool = False


@dataclass(frozen=True, kw_only=True)
class Other:
    """Any other command.

    Attributes:
        command: The command.
        setup: The text of the ``setup.py`` that it runs; ``None`` without, or if not known.
    """

    command: Command
    setup: str | None = None


Action = PythonInstall | SystemInstall | CondaInstall | DataFetch | Download | UserAdd | Other
