"""pip and ``uv pip``: what they install, from where, and into which Python."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from packaging.utils import canonicalize_name

from mlbox.lint.commands.contents import contents_of
from mlbox.lint.commands.environments import python_in, version_of
from mlbox.lint.commands.indexes import (
    PIP,
    PIP_FILES,
    PIP_VARIABLES,
    UV,
    UV_VARIABLES,
    Collected,
    pip_settings,
    settings_as_options,
)
from mlbox.lint.commands.model import PythonInstall
from mlbox.lint.commands.options import Option, read_line, syntax
from mlbox.lint.commands.pythons import (
    is_true,
    keeps_pip_cache,
    keeps_uv_cache,
    pip_target,
    uv_target,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlbox.lint.commands.contents import Contents
    from mlbox.lint.commands.here import Here
    from mlbox.lint.commands.options import Line
    from mlbox.lint.shell.model import Argument, Command

_PIP = syntax(
    "-r/--requirement -c/--constraint -e/--editable -t/--target -i/--pypi-url/--index-url"
    " -f/--find-links --extra-index-url --platform --python-version --implementation --abi --root"
    " --prefix --src --upgrade-strategy -C/--config-setting/--config-settings --global-option"
    " --install-option --build-option --no-binary --only-binary --progress-bar --root-user-action"
    " --report --group --python --log --keyring-provider --proxy --retries --timeout"
    " --exists-action --trusted-host --cert --client-cert --cache-dir --use-feature"
    " --use-deprecated --resume-retries -d/--dest -w/--wheel-dir -b/--build --build-constraint",
    "-U/--upgrade -q/--quiet -v/--verbose -I/--ignore-installed -h/--help"
    " --no-cache/--no-cache-dir --pre --user --no-deps --no-index --isolated --dry-run --compile"
    " --no-compile --no-clean --force-reinstall --ignore-requires-python --no-build-isolation"
    " --use-pep517 --no-use-pep517 --check-build-dependencies --break-system-packages --debug"
    " --require-hashes --prefer-binary --no-warn-script-location --no-warn-conflicts --no-color"
    " --no-input --disable-pip-version-check --no-python-version-warning --require-virtualenv",
    abbreviates=True,
)
UV_SYNTAX = syntax(
    "-r/--requirements/--requirement -c/--constraints/--constraint -e/--editable --override"
    " --overrides -b/--build-constraint/--build-constraints --exclude --excludes --extra --group"
    " -i/--index-url --default-index --index --extra-index-url -f/--find-links -p/--python --target"
    " --prefix -t/--target --torch-backend --index-strategy --keyring-provider --resolution"
    " --prerelease --exclude-newer -C/--config-setting --config-settings-package --no-binary"
    " --only-binary --no-build-isolation-package --no-build-package --no-binary-package"
    " -P/--upgrade-package --refresh-package --reinstall-package --link-mode --python-version"
    " --python-platform --cache-dir --config-file --directory --project --color"
    " --allow-insecure-host --trusted-host --no-group --only-group --no-extra --package"
    " --no-install-package --with --with-requirements --with-editable --optional --bounds --tag"
    " --branch --rev --raw-sources --script --python-preference --fork-strategy"
    " --no-sources-package --marker -m/--marker --env-file --with-executables-from",
    "-U/--upgrade -q/--quiet -v/--verbose -n/--no-cache-dir/--no-cache -h/--help",
)
_PROGRAM = re.compile(r"pip(\d(?:\.\d+)?)?(?:\.exe)?")
_PYTHON = re.compile(r"(?:python|pypy)(\d(?:\.\d+)?)?")
_VERBS: dict[str, Literal["install", "download", "wheel"]] = {
    "install": "install",
    "download": "download",
    "wheel": "wheel",
}
_SWITCHES = {  # what a variable of pip or uv switches on
    "PIP_BREAK_SYSTEM_PACKAGES": "--break-system-packages",
    "PIP_NO_BUILD_ISOLATION": "--no-build-isolation",
    "PIP_NO_CACHE_DIR": "--no-cache-dir",
    "PIP_NO_DEPS": "--no-deps",
    "PIP_NO_INDEX": "--no-index",
    "PIP_PRE": "--pre",
    "PIP_REQUIRE_HASHES": "--require-hashes",
    "PIP_USER": "--user",
    "UV_BREAK_SYSTEM_PACKAGES": "--break-system-packages",
    "UV_FROZEN": "--frozen",
    "UV_LOCKED": "--locked",
    "UV_NO_BUILD_ISOLATION": "--no-build-isolation",
    "UV_NO_CACHE": "--no-cache",
    "UV_NO_DEV": "--no-dev",
    "UV_NO_INDEX": "--no-index",
    "UV_SYSTEM_PYTHON": "--system",
}


def pip_install(command: Command, here: Here) -> PythonInstall | None:
    """``pip install``, also as ``python -m pip install``."""
    match = _PROGRAM.fullmatch(command.program)
    return _pip(command, command.arguments, here, match[1] if match else None)


def python_module(command: Command, here: Here) -> PythonInstall | None:
    """``python -m pip install``."""
    match = _PYTHON.fullmatch(command.program)
    words = command.arguments
    for number, word in enumerate(words[:6]):
        if word.text == "-m" and number + 1 < len(words):
            module, rest = words[number + 1].text, words[number + 2 :]
            if module == "pip":
                return _pip(command, rest, here, match[1] if match else None)
            return uv_pip(command, rest, here) if module == "uv" else None
        if word.text in ("-X", "-W"):
            continue
        if not word.text.startswith("-") or word.text == "-c":
            return None
    return None


def _pip(
    command: Command, words: tuple[Argument, ...], here: Here, python: str | None
) -> PythonInstall | None:
    line = read_line(words, _PIP)
    verb = _VERBS.get(line.operands[0].text) if line.operands else None
    if verb is None:
        return None
    if "--dry-run" in line.flags:
        return None
    line = replace(line, operands=line.operands[1:])
    values = here.variables(command)
    contents = contents_of(
        command, line, here, constraints="PIP_CONSTRAINT", requirements="PIP_REQUIREMENT"
    )
    target = pip_target(command, line, here)
    return PythonInstall(
        command=command,
        tool="pip",
        verb=verb,
        wanted=tuple(contents.wanted),
        indexes=_pip_indexes(command, line, here, contents).result(),
        constraints=tuple(contents.constraints),
        constrained=tuple(contents.constrained),
        files=tuple(contents.files),
        unread=tuple(contents.unread),
        circular=tuple(contents.circular),
        flags=line.flags | switches(values, "PIP_") | _configured(here),
        no_binary=_listed("--no-binary", line, contents, values.get("PIP_NO_BINARY")),
        only_binary=_listed("--only-binary", line, contents, values.get("PIP_ONLY_BINARY")),
        environment=target.environment,
        system_python=target.is_system,
        python=version_of(line.last("--python") or python)
        or python_in(command, target.environment, here),
        keeps_cache=keeps_pip_cache(command, line, here),
    )


def _configured(here: Here) -> frozenset[str]:
    """The switches of ``pip config set``."""
    found = {**here.state.settings, **here.settings}
    return frozenset(f"--{key}" for key, value in found.items() if value in ("true", "1", "yes"))


def switches(values: Mapping[str, str | None], start: str) -> frozenset[str]:
    """The options that variables switch on."""
    return frozenset(
        flag
        for name, flag in _SWITCHES.items()
        if name in values
        and name.startswith(start)
        and (is_true(values[name]) or (name == "PIP_NO_CACHE_DIR" and values[name]))
    )


_SAME = {  # uv's options for single distributions
    "--no-binary": ("--no-binary", "--no-binary-package"),
    "--only-binary": ("--only-binary", "--no-build-package"),
}


def _listed(option: str, line: Line, contents: Contents, variable: str | None) -> frozenset[str]:
    """The distributions that an option names, on the line, in files and in a variable."""
    listed = [*line.values(*_SAME[option]), variable or ""]
    listed += [value or "" for name, value in contents.options if name == option]
    named = {part for value in listed for part in re.split(r"[,\s]+", value) if part}
    if option == "--only-binary" and "--no-build" in line.flags:
        named.add(":all:")
    return frozenset(part if part == ":all:" else canonicalize_name(part) for part in named)


def _pip_indexes(command: Command, line: Line, here: Here, contents: Contents) -> Collected:
    found = Collected()
    found.settings((name, value) for name, value in contents.options)
    found.flags(line, PIP)
    values = here.variables(command)
    found.variables(values, PIP_VARIABLES)
    found.no_index = found.no_index or "--no-index" in switches(values, "PIP_")
    found.settings(settings_as_options({**here.state.settings, **here.settings}))
    for path in (*PIP_FILES, values.get("PIP_CONFIG_FILE")):
        if path and here.state.copies and (document := here.open(path)):
            found.settings(settings_as_options(pip_settings(document.text)))
    if _hidden_settings(here, ("pip.conf", "netrc"), "PIP_"):
        found.known = False
    return found


def _hidden_settings(here: Here, files: tuple[str, ...], variable: str) -> bool:
    """Whether a secret mount has settings that nobody sees here."""
    for kind, target, parts in here.mounts:
        if kind == "secret":
            name = target or parts.get("id") or ""
            if name.endswith(files[0]) or (parts.get("env") or "").startswith(variable):
                return True
    return False


def uv_pip(command: Command, words: tuple[Argument, ...], here: Here) -> PythonInstall | None:
    """``uv pip install`` and ``uv pip sync``."""
    line = read_line(words, UV_SYNTAX)
    verbs = [word.text for word in line.operands[:2]]
    if verbs not in (["pip", "install"], ["pip", "sync"]):
        return None
    line = replace(line, operands=line.operands[2:])
    if verbs[1] == "sync":
        line = _as_files(line)
    contents = contents_of(command, line, here, constraints="UV_CONSTRAINT")
    target = uv_target(command, line, here)
    found = uv_install(command, line, here, contents, "uv pip")
    return replace(
        found,
        environment=target.environment,
        system_python=target.is_system,
        python=found.python or python_in(command, target.environment, here),
    )


def _as_files(line: Line) -> Line:
    files = tuple(
        Option(
            name="--requirement",
            value=word.value,
            is_known=word.value is not None,
            argument=word,
            key=word,
        )
        for word in line.operands
    )
    return replace(line, options=(*line.options, *files), operands=())


def uv_install(
    command: Command, line: Line, here: Here, contents: Contents, tool: str
) -> PythonInstall:
    """An installation by uv, but for the environment it goes into."""
    values = here.variables(command)
    return PythonInstall(
        command=command,
        tool=tool,
        verb="install",
        wanted=tuple(contents.wanted),
        indexes=uv_indexes(command, line, here, contents).result(),
        constraints=tuple(contents.constraints),
        constrained=tuple(contents.constrained),
        files=tuple(contents.files),
        unread=tuple(contents.unread),
        circular=tuple(contents.circular),
        flags=line.flags | switches(values, "UV_"),
        no_binary=_listed("--no-binary", line, contents, values.get("UV_NO_BINARY_PACKAGE")),
        only_binary=_listed("--only-binary", line, contents, values.get("UV_NO_BUILD_PACKAGE")),
        python=version_of(line.last("--python") or values.get("UV_PYTHON")),
        keeps_cache=keeps_uv_cache(command, line, here),
    )


def uv_indexes(command: Command, line: Line, here: Here, contents: Contents) -> Collected:
    """Where uv gets packages from."""
    found = Collected()
    found.flags(line, UV)
    values = here.variables(command)
    found.variables(values, UV_VARIABLES)
    if found.torch_backend is None and "UV_TORCH_BACKEND" in values:
        found.torch_backend = values["UV_TORCH_BACKEND"]
        found.known = found.known and found.torch_backend is not None
    found.settings(contents.options)
    found.no_index = found.no_index or "--no-index" in switches(values, "UV_")
    if _hidden_settings(here, ("uv.toml", "netrc"), "UV_"):
        found.known = False
    return found
