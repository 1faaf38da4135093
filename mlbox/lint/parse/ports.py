"""Ports as EXPOSE takes them: ``[[address:]host:]container[/protocol]``, single or as a range.

After the published behaviour of docker's go-connections ``nat.ParsePortSpec``, and measured.
"""

from __future__ import annotations

import ipaddress
import re

_RANGE = re.compile(r"(\d+)(?:-(\d+)(?:-.*)?)?", re.ASCII | re.DOTALL)
_HIGHEST = 65_535
_PROTOCOLS = frozenset({"tcp", "udp", "sctp"})


def port_fault(text: str) -> str | None:
    """What is wrong with a port; ``None`` for nothing."""
    *before, last = text.split(":")
    port, _, rest = last.partition("/")
    protocol = rest.partition("/")[0].lower()
    inside = _ends(port)
    if inside is None:
        return f"{text[:40]!r} is not a port."
    if protocol and protocol not in _PROTOCOLS:
        return f"{protocol[:40]!r} is not a protocol: there are tcp, udp and sctp."
    host = before[-1] if before else ""
    outside = _ends(host) if host else inside
    if outside is None:
        return f"{host[:40]!r} is not a port of the host."
    if outside[1] - outside[0] != inside[1] - inside[0] and inside[0] != inside[1]:
        return f"In {text[:40]!r}, the two ranges differ in length."
    address = ":".join(before[:-1])
    if address and not _is_address(address.removeprefix("[").removesuffix("]")):
        return f"{address[:40]!r} is not an address."
    return None


def _ends(text: str) -> tuple[int, int] | None:
    match = _RANGE.fullmatch(text)
    if not match:
        return None
    first, last = int(match[1][:20]), int((match[2] or match[1])[:20])
    return (first, last) if first <= last <= _HIGHEST else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
