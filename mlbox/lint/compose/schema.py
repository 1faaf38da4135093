"""The keys of the Compose specification and what each may be: what rules cannot go without.

A form is the names of types with ``|`` between them, a ``Keys`` (a map of known keys), a
``Named`` (a map of free names), a ``Many`` (a list), or a tuple of alternatives. Read from the
specification's JSON schema; ``docker compose config`` refuses what does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Form: TypeAlias = "str | Keys | Named | Many | tuple[Form, ...]"


@dataclass(frozen=True, eq=False)
class Keys:
    """A map with known keys; those that begin with ``x-`` are free."""

    keys: Mapping[str, Form]
    required: tuple[str, ...] = ()
    strict: bool = True


@dataclass(frozen=True, eq=False)
class Named:
    """A map of free names."""

    form: Form


@dataclass(frozen=True, eq=False)
class Many:
    """A list.

    Attributes:
        form: What each item is.
        unique: Whether no two may be the same.
        first: What the first one may be; empty for anything.
    """

    form: Form
    unique: bool = False
    first: tuple[str, ...] = ()


STR = "str"
NUMBER = "int|float|str"  # a text may be any
INTEGER = "int|str"
FLAG = "bool|str"
# What is taken from a text, if the text says such a thing.
COUNT = "count"
AMOUNT = "amount"
SWITCH = "switch"
SIZE = "size"
WHOLE_SIZE = "whole size"
MEMORY = "memory"
DURATION = "duration"
GPUS = "gpus"
DEVICES = "devices"
SCALAR = "str|int|float|bool|null"
ANY = "any"
FREE = Named(ANY)
TEXTS = Many(STR)
DIFFERENT_TEXTS = Many(STR, unique=True)
TEXT_OR_TEXTS = (STR, TEXTS)
PAIRS = (Named(SCALAR), TEXTS)
COMMAND = ("str|null", TEXTS)
EXTERNAL = (SWITCH, Keys({"name": STR}))
HOSTS = (Named(TEXT_OR_TEXTS), TEXTS)
MODELS = (TEXTS, FREE)

_ULIMITS = Named((COUNT, Keys({"hard": COUNT, "soft": COUNT}, ("soft", "hard"))))
_GRANTS = Many((STR, Keys({"source": STR, "target": STR, "uid": STR, "gid": STR, "mode": NUMBER})))
_HOOKS = Many(
    Keys(
        {
            "command": COMMAND,
            "user": STR,
            "privileged": SWITCH,
            "working_dir": STR,
            "environment": PAIRS,
        },
        strict=False,
    )
)
_DEVICE: Mapping[str, Form] = {
    "capabilities": DIFFERENT_TEXTS,
    "count": DEVICES,
    "device_ids": DIFFERENT_TEXTS,
    "driver": STR,
    "options": PAIRS,
}
_BUILD = Keys(
    {
        "context": STR,
        "dockerfile": STR,
        "dockerfile_inline": STR,
        "entitlements": TEXTS,
        "args": PAIRS,
        "ssh": (STR, *PAIRS),
        "labels": PAIRS,
        "cache_from": TEXTS,
        "cache_to": TEXTS,
        "no_cache": SWITCH,
        "no_cache_filter": TEXT_OR_TEXTS,
        "additional_contexts": (Named(STR), TEXTS),
        "network": STR,
        "provenance": FLAG,
        "sbom": FLAG,
        "pull": SWITCH,
        "target": STR,
        "shm_size": WHOLE_SIZE,
        "extra_hosts": HOSTS,
        "isolation": STR,
        "privileged": SWITCH,
        "secrets": _GRANTS,
        "tags": TEXTS,
        "ulimits": _ULIMITS,
        "platforms": TEXTS,
    }
)
_ROLLOUT = Keys(
    {
        "parallelism": INTEGER,
        "delay": STR,
        "failure_action": STR,
        "monitor": STR,
        "max_failure_ratio": NUMBER,
        "order": STR,
    }
)
_RESOURCES = Keys(
    {
        "limits": Keys({"cpus": AMOUNT, "memory": MEMORY, "pids": COUNT}),
        "reservations": Keys(
            {
                "cpus": AMOUNT,
                "memory": MEMORY,
                "generic_resources": Many(ANY),
                "devices": Many(Keys(_DEVICE)),  # MLC102 tells where the capabilities are missing
            }
        ),
    }
)
_DEPLOY_KEYS: Mapping[str, Form] = {
    "mode": STR,
    "endpoint_mode": STR,
    "replicas": COUNT,
    "labels": PAIRS,
    "rollback_config": _ROLLOUT,
    "update_config": _ROLLOUT,
    "resources": _RESOURCES,
    "restart_policy": Keys(
        {"condition": STR, "delay": STR, "max_attempts": INTEGER, "window": STR}
    ),
    "placement": Keys({"constraints": TEXTS, "preferences": ANY, "max_replicas_per_node": INTEGER}),
}
_DEPLOY = Keys(_DEPLOY_KEYS)
_HEALTHCHECK = Keys(
    {
        "disable": SWITCH,
        "interval": DURATION,
        "retries": "count|float",
        "test": (STR, Many(STR, first=("CMD", "CMD-SHELL", "NONE"))),
        "timeout": DURATION,
        "start_period": DURATION,
        "start_interval": DURATION,
    }
)
_PORT = Keys(
    {
        "name": STR,
        "mode": STR,
        "host_ip": STR,
        "target": INTEGER,
        "published": INTEGER,
        "protocol": STR,
        "app_protocol": STR,
    }
)
_VOLUME_MOUNT = Keys(
    {
        "type": STR,
        "source": STR,
        "target": STR,
        "read_only": SWITCH,
        "consistency": STR,
        "bind": Keys(
            {"propagation": STR, "create_host_path": SWITCH, "recursive": STR, "selinux": STR}
        ),
        "volume": Keys({"labels": PAIRS, "nocopy": SWITCH, "subpath": STR}),
        "tmpfs": Keys({"size": INTEGER, "mode": NUMBER}),
        "image": Keys({"subpath": STR}),
    },
    ("type",),
)
_NETWORK_USE = Keys(
    {
        "aliases": TEXTS,
        "interface_name": STR,
        "ipv4_address": STR,
        "ipv6_address": STR,
        "link_local_ips": TEXTS,
        "mac_address": STR,
        "driver_opts": Named(NUMBER),
        "priority": "int|float",
        "gw_priority": "int|float",
    }
)
_SERVICE_KEYS: Mapping[str, Form] = {
    "develop": ("null", Keys({"watch": Many(ANY)}, strict=False)),
    "deploy": ("null", _DEPLOY),
    "annotations": PAIRS,
    "attach": SWITCH,
    "build": (STR, _BUILD),
    "blkio_config": FREE,
    "cap_add": TEXTS,
    "cap_drop": TEXTS,
    "cgroup": "cgroup",
    "cgroup_parent": STR,
    "command": COMMAND,
    "configs": _GRANTS,
    "container_name": "container name",
    "cpu_count": COUNT,
    "cpu_percent": COUNT,
    "cpu_shares": "count|float",
    "cpu_quota": "count|float",
    "cpu_period": "count|float",
    "cpu_rt_period": "count|float",
    "cpu_rt_runtime": "count|float",
    "cpus": AMOUNT,
    "cpuset": STR,
    "credential_spec": FREE,
    "depends_on": (
        TEXTS,
        Named(Keys({"restart": SWITCH, "required": "bool", "condition": STR}, ("condition",))),
    ),
    "device_cgroup_rules": DIFFERENT_TEXTS,
    "devices": Many((STR, Keys({"source": STR, "target": STR, "permissions": STR}))),
    "dns": TEXT_OR_TEXTS,
    "dns_opt": TEXTS,
    "dns_search": TEXT_OR_TEXTS,
    "domainname": STR,
    "entrypoint": COMMAND,
    "env_file": (
        STR,
        Many((STR, Keys({"path": STR, "format": STR, "required": SWITCH}, ("path",)))),
    ),
    "label_file": TEXT_OR_TEXTS,
    "environment": PAIRS,
    "expose": Many("str|int|float"),
    "extends": (STR, Keys({"service": STR, "file": "str|null"}, ("service",))),
    "provider": Keys({"type": STR, "options": ANY, "configs": ANY}, ("type",)),
    "external_links": DIFFERENT_TEXTS,
    "extra_hosts": HOSTS,
    "gpus": (GPUS, Many(Keys(_DEVICE, strict=False))),
    "group_add": Many("str|int|float", unique=True),
    "healthcheck": _HEALTHCHECK,
    "hostname": STR,
    "image": STR,
    "init": SWITCH,
    "ipc": STR,
    "isolation": STR,
    "labels": PAIRS,
    "links": TEXTS,
    "logging": Keys({"driver": STR, "options": Named("str|int|float|null")}),
    "mac_address": STR,
    "mem_limit": SIZE,
    "mem_reservation": WHOLE_SIZE,
    "mem_swappiness": WHOLE_SIZE,
    "memswap_limit": SIZE,
    "network_mode": STR,
    "models": MODELS,
    "networks": (TEXTS, Named(("null", _NETWORK_USE))),
    "oom_kill_disable": SWITCH,
    "oom_score_adj": COUNT,
    "pid": "str|null",
    "pids_limit": "count|float",
    "platform": STR,
    "ports": Many(("str|int|float", _PORT)),
    "post_start": _HOOKS,
    "pre_start": ANY,
    "pre_stop": _HOOKS,
    "privileged": SWITCH,
    "profiles": TEXTS,
    "pull_policy": "pull policy",
    "pull_refresh_after": STR,
    "read_only": SWITCH,
    "restart": STR,
    "runtime": STR,
    "scale": COUNT,
    "security_opt": DIFFERENT_TEXTS,
    "shm_size": SIZE,
    "secrets": _GRANTS,
    "sysctls": PAIRS,
    "stdin_open": SWITCH,
    "stop_grace_period": DURATION,
    "stop_signal": STR,
    "storage_opt": Named(SCALAR),
    "tmpfs": TEXT_OR_TEXTS,
    "tty": SWITCH,
    "ulimits": _ULIMITS,
    "use_api_socket": "bool",
    "user": STR,
    "uts": STR,
    "userns_mode": STR,
    "volumes": Many((STR, _VOLUME_MOUNT)),
    "volumes_from": TEXTS,
    "working_dir": STR,
}
SERVICE = Keys(_SERVICE_KEYS)
_NETWORK = Keys(
    {
        "name": STR,
        "driver": STR,
        "driver_opts": Named(NUMBER),
        "ipam": FREE,
        "external": EXTERNAL,
        "internal": SWITCH,
        "enable_ipv4": SWITCH,
        "enable_ipv6": SWITCH,
        "attachable": SWITCH,
        "labels": PAIRS,
    }
)
_VOLUME = Keys(
    {
        "name": STR,
        "driver": STR,
        "driver_opts": Named(NUMBER),
        "external": EXTERNAL,
        "labels": PAIRS,
    }
)
_STORED: Mapping[str, Form] = {
    "name": STR,
    "environment": STR,
    "file": STR,
    "external": (SWITCH, FREE),
    "labels": PAIRS,
    "template_driver": STR,
}
_SECRET = Keys({**_STORED, "driver": STR, "driver_opts": Named(NUMBER)})
_CONFIG = Keys({**_STORED, "content": STR})
ROOT = Keys(
    {
        "version": ANY,  # MLC501 tells
        "name": STR,
        "include": (
            "null",
            Many(
                (
                    STR,
                    Keys(
                        {
                            "path": TEXT_OR_TEXTS,
                            "project_directory": STR,
                            "env_file": TEXT_OR_TEXTS,
                        },
                        strict=False,
                    ),
                )
            ),
        ),
        "services": Named(SERVICE),
        "models": FREE,
        "networks": Named(("null", _NETWORK)),
        "volumes": Named(("null", _VOLUME)),
        "secrets": Named(_SECRET),
        "configs": Named(_CONFIG),
    }
)


def places_of(key: str) -> tuple[str, ...]:
    """Where else in a service the specification has a key: ``("deploy.resources",)``."""
    return tuple(_places(key, SERVICE, ()))


def _places(key: str, form: Form, path: tuple[str, ...]) -> list[str]:
    if isinstance(form, tuple):
        return [place for each in form for place in _places(key, each, path)]
    if isinstance(form, Many):
        return []
    if not isinstance(form, Keys):
        return []
    found = [".".join(path)] if key in form.keys else []
    for name, inner in form.keys.items():
        found += _places(key, inner, (*path, name))
    return found
