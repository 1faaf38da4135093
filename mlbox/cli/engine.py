"""``mlbox engine up | status | down``: a private Docker Engine for a machine without one."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbox.engine.connect import engine_home, engine_info, find_host
from mlbox.engine.setup import down, up

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("up", help="use the engine that answers, else start a private one")
    status = actions.add_parser("status", help="show the engine that mlbox uses")
    status.add_argument("--json", action="store_true", help="print JSON")
    actions.add_parser("down", help="stop the private engine and its containers")


def run(args: argparse.Namespace) -> int:
    """Run one of them."""
    if args.action == "up":
        return _up()
    if args.action == "down":
        down(_say)
        return 0
    status = _status(find_host())
    print(json.dumps(status, indent=2) if args.json else _table(status))
    return 0


def _up() -> int:
    host = up(_say)
    version = engine_info(host).version
    private = host == engine_home().host
    _say(f"Docker Engine {version} answers at {host}{' (private)' if private else ''}.")
    if private:
        _say("mlbox finds it by itself; for the docker command line:")
        _say(f"export DOCKER_HOST={host}")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _status(host: str) -> dict[str, Any]:
    info = engine_info(host)
    data = Path(info.data_root)
    return {
        "host": host,
        "private": host == engine_home().host,
        **asdict(info),
        "disk_free_bytes": shutil.disk_usage(data).free if data.exists() else None,
    }


def _table(status: dict[str, Any]) -> str:
    free = status["disk_free_bytes"]
    shown = status | {"disk_free_bytes": "unknown" if free is None else f"{free / 2**30:.1f} GiB"}
    return "\n".join(
        f"{key.removesuffix('_bytes').replace('_', ' ') + ':':16}{value}"
        for key, value in shown.items()
    )
