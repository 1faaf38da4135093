"""The private engine's decisions: its bridge, subnet and configuration."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path

from mlbox.engine.connect import EngineHome
from mlbox.engine.daemon import SUBNETS, bridge_name, configuration, free_subnet

HOME = EngineHome(root=Path("/srv/ein Ort"), runtime=Path("/srv/ein Ort/run"))


def test_a_bridge_name_fits_into_the_kernels_limit_and_is_not_dockers() -> None:
    default = EngineHome(root=Path("/var/lib/mlbox/engine"), runtime=Path("/run/mlbox"))
    names = {bridge_name(HOME), bridge_name(default)}
    assert len(names) == 2
    assert all(len(name) <= 15 and name != "docker0" for name in names)


def test_the_first_subnet_without_a_route_is_taken() -> None:
    assert free_subnet([]) == IPv4Network("172.17.0.0/16")
    used = [IPv4Network("172.17.5.0/24"), IPv4Network("10.0.0.0/8")]
    assert free_subnet(used) == IPv4Network("172.18.0.0/16")


def test_a_vpn_over_the_whole_range_leaves_the_next_range() -> None:
    assert free_subnet([IPv4Network("172.16.0.0/12")]) == IPv4Network("192.168.100.0/24")


def test_a_machine_with_routes_everywhere_has_no_free_subnet() -> None:
    assert free_subnet(SUBNETS) is None


def test_nothing_of_the_configuration_is_outside_of_the_engines_home() -> None:
    texts = configuration(HOME, "mlbox0")
    dockerd = json.loads(texts["dockerd.json"])
    assert dockerd["hosts"] == ["unix:///srv/ein Ort/run/docker.sock"]
    places = (dockerd["data-root"], dockerd["exec-root"], dockerd["containerd"])
    assert all(place.startswith("/srv/ein Ort/") for place in places)
    assert dockerd["bridge"] == "mlbox0"
    assert 'root = "/srv/ein Ort/containerd"' in texts["containerd.toml"]
