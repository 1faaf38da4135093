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
    """A list."""

    form: Form


STR = "str"
NUMBER = "int|float|str"  # a text may be any
INTEGER = "int|str"
FLAG = "bool|str"
# What is also taken from a text, if the text says such a thing.
COUNT = "count"
AMOUNT = "amount"
SWITCH = "switch"
SIZE = "size"
GPUS = "gpus"
DEVICES = "devices"
SCALAR = "str|int|float|bool|null"
ANY = "any"
TEXTS = Many(STR)
TEXT_OR_TEXTS = (STR, TEXTS)
PAIRS = (Named(SCALAR), TEXTS)
COMMAND = ("str|null", TEXTS)
EXTERNAL = (FLAG, Named(STR))

_ULIMITS = Named((INTEGER, Keys({"hard": INTEGER, "soft": INTEGER}, ("soft", "hard"))))
_GRANTS = Many((STR, Keys({"source": STR, "target": STR, "uid": STR, "gid": STR, "mode": NUMBER})))
_HOOKS = Many(
    Keys(
        {
            "command": COMMAND,
            "user": STR,
            "privileged": FLAG,
            "working_dir": STR,
            "environment": PAIRS,
        },
        strict=False,
    )
)
_DEVICE: Mapping[str, Form] = {
    "capabilities": TEXTS,
    "count": DEVICES,
    "device_ids": TEXTS,
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
        "no_cache": FLAG,
        "no_cache_filter": TEXT_OR_TEXTS,
        "additional_contexts": PAIRS,
        "network": STR,
        "provenance": FLAG,
        "sbom": FLAG,
        "pull": FLAG,
        "target": STR,
        "shm_size": SIZE,
        "extra_hosts": ANY,
        "isolation": STR,
        "privileged": FLAG,
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
        "limits": Keys({"cpus": NUMBER, "memory": STR, "pids": INTEGER}),
        "reservations": Keys(
            {
                "cpus": NUMBER,
                "memory": STR,
                "generic_resources": ANY,
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
        "disable": FLAG,
        "interval": STR,
        "retries": NUMBER,
        "test": TEXT_OR_TEXTS,
        "timeout": STR,
        "start_period": STR,
        "start_interval": STR,
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
        "read_only": FLAG,
        "consistency": STR,
        "bind": Keys(
            {"propagation": STR, "create_host_path": FLAG, "recursive": STR, "selinux": STR}
        ),
        "volume": Keys({"labels": PAIRS, "nocopy": FLAG, "subpath": STR}),
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
        "priority": NUMBER,
        "gw_priority": NUMBER,
    }
)
_SERVICE_KEYS: Mapping[str, Form] = {
    "develop": ANY,
    "deploy": ("null", _DEPLOY),
    "annotations": PAIRS,
    "attach": FLAG,
    "build": (STR, _BUILD),
    "blkio_config": ANY,
    "cap_add": TEXTS,
    "cap_drop": TEXTS,
    "cgroup": STR,
    "cgroup_parent": STR,
    "command": COMMAND,
    "configs": _GRANTS,
    "container_name": STR,
    "cpu_count": INTEGER,
    "cpu_percent": INTEGER,
    "cpu_shares": NUMBER,
    "cpu_quota": NUMBER,
    "cpu_period": NUMBER,
    "cpu_rt_period": NUMBER,
    "cpu_rt_runtime": NUMBER,
    "cpus": AMOUNT,
    "cpuset": STR,
    "credential_spec": ANY,
    "depends_on": (
        TEXTS,
        Named(Keys({"restart": FLAG, "required": FLAG, "condition": STR}, ("condition",))),
    ),
    "device_cgroup_rules": TEXTS,
    "devices": Many((STR, Keys({"source": STR, "target": STR, "permissions": STR}))),
    "dns": TEXT_OR_TEXTS,
    "dns_opt": TEXTS,
    "dns_search": TEXT_OR_TEXTS,
    "domainname": STR,
    "entrypoint": COMMAND,
    "env_file": (
        STR,
        Many((STR, Keys({"path": STR, "format": STR, "required": FLAG}, ("path",)))),
    ),
    "label_file": TEXT_OR_TEXTS,
    "environment": PAIRS,
    "expose": Many("str|int|float"),
    "extends": (STR, Keys({"service": STR, "file": STR}, ("service",))),
    "provider": ANY,
    "external_links": TEXTS,
    "extra_hosts": ANY,
    "gpus": (GPUS, Many(Keys(_DEVICE, strict=False))),
    "group_add": Many("str|int|float"),
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
    "mem_reservation": INTEGER,
    "mem_swappiness": INTEGER,
    "memswap_limit": NUMBER,
    "network_mode": STR,
    "models": ANY,
    "networks": (TEXTS, Named(("null", _NETWORK_USE))),
    "oom_kill_disable": FLAG,
    "oom_score_adj": INTEGER,
    "pid": "str|null",
    "pids_limit": NUMBER,
    "platform": STR,
    "ports": Many(("str|int|float", _PORT)),
    "post_start": _HOOKS,
    "pre_start": ANY,
    "pre_stop": _HOOKS,
    "privileged": SWITCH,
    "profiles": TEXTS,
    "pull_policy": STR,
    "pull_refresh_after": STR,
    "read_only": SWITCH,
    "restart": STR,
    "runtime": STR,
    "scale": COUNT,
    "security_opt": TEXTS,
    "shm_size": SIZE,
    "secrets": _GRANTS,
    "sysctls": PAIRS,
    "stdin_open": SWITCH,
    "stop_grace_period": STR,
    "stop_signal": STR,
    "storage_opt": ANY,
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
        "ipam": ANY,
        "external": EXTERNAL,
        "internal": FLAG,
        "enable_ipv4": FLAG,
        "enable_ipv6": FLAG,
        "attachable": FLAG,
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
_SECRET = Keys(
    {
        "name": STR,
        "environment": STR,
        "content": STR,
        "file": STR,
        "external": ANY,
        "labels": PAIRS,
        "driver": STR,
        "driver_opts": Named(NUMBER),
        "template_driver": STR,
    }
)
ROOT = Keys(
    {
        "version": ANY,  # MLC501 tells
        "name": STR,
        "include": Many((STR, ANY)),
        "services": Named(SERVICE),
        "models": ANY,
        "networks": Named(("null", _NETWORK)),
        "volumes": Named(("null", _VOLUME)),
        "secrets": Named(_SECRET),
        "configs": Named(_SECRET),
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
