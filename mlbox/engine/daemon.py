"""The private engine's processes: a dockerd and a containerd of their own.

They share nothing with another engine: they have a bridge, sockets, folders and a configuration
of their own. They outlive the process that started them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from hashlib import sha256
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox.engine.connect import ping
from mlbox.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlbox.engine.connect import EngineHome

START_SECONDS = 60.0
STOP_SECONDS = 45.0  # dockerd gives its containers 15 s
POLL_SECONDS = 0.05
LOG_LINES = 12
SOCKET_PATH_BYTES = 108  # sun_path of unix(7), with its final zero
SUBNETS = tuple(IPv4Network(f"172.{second}.0.0/16") for second in range(17, 32)) + tuple(
    IPv4Network(f"192.168.{third}.0/24") for third in range(100, 256)
)
# Rules as dockerd writes them; each needs another part of the kernel.
PROBE_RULES = (
    "-t nat -A POSTROUTING -s 192.0.2.0/24 ! -o lo -j MASQUERADE",
    "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j ACCEPT",
    "-t filter -A FORWARD -o lo -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
)


def start(home: EngineHome, report: Callable[[str], None]) -> None:
    """Start the engine from its unpacked packages and wait until it answers.

    What an interrupted call has started already is kept.

    Raises:
        EngineError: It does not start.
    """
    started = _pid(home, "dockerd") is None
    if started:
        _start_processes(home)
        report(f"Started dockerd; its log is {home.root / 'dockerd.log'}.")
    deadline = time.monotonic() + START_SECONDS
    while ping(home.host) is not None:
        if _pid(home, "dockerd") is None or time.monotonic() > deadline:
            if started:
                stop(home)
            raise _not_started(home)
        time.sleep(POLL_SECONDS)


def check_place(home: EngineHome) -> None:
    """Refuse a home where the kernel would not let dockerd make its sockets.

    Raises:
        EngineError: Its path is too long.
    """
    longest = len(os.fsencode(home.runtime)) + len("/exec/libnetwork/0123456789ab.sock")
    if longest >= SOCKET_PATH_BYTES:
        raise EngineError(
            f"The path {home.runtime} is too long for the private engine.",
            why=f"A socket's path has {SOCKET_PATH_BYTES - 1} bytes at most; this needs {longest}.",
            fix="Set MLBOX_ENGINE_HOME to a shorter path.",
        )


def stop(home: EngineHome) -> bool:
    """Stop the engine and its containers, and remove what they left in this machine's kernel.

    Returns:
        Whether anything was running.
    """
    stopped = [_end(home, name) for name in ("dockerd", "containerd")]
    orphans = _end_orphans(home)
    _remove_bridges(_bridges(home), environment(home))
    _unmount_below(home)
    home.socket.unlink(missing_ok=True)
    return any(stopped) or orphans


def bridge_name(home: EngineHome) -> str:
    """Name the bridge of the engine's default network; at most 15 characters.

    It is not docker0: another dockerd may remove that one, or give its addresses away twice.
    """
    if home.runtime == Path("/run/mlbox"):
        return "mlbox0"
    return f"mlbox{sha256(str(home.root).encode()).hexdigest()[:8]}"


def free_subnet(used: Iterable[IPv4Network]) -> IPv4Network | None:
    """Choose a private subnet that overlaps none in use, ``None`` if there is none left."""
    taken = tuple(used)
    return next((net for net in SUBNETS if not any(net.overlaps(other) for other in taken)), None)


def configuration(home: EngineHome, bridge: str) -> dict[str, str]:
    """Write the configuration of both processes.

    Returns:
        Name of a file below the engine's root → its text.
    """
    dockerd = {
        "hosts": [home.host],
        "data-root": str(home.root / "data"),
        "exec-root": str(home.runtime / "exec"),
        "containerd": str(home.runtime / "containerd.sock"),
        "bridge": bridge,
        "ip6tables": False,
        "features": {"cdi": True},
    }
    containerd = {
        "version": 2,
        "root": str(home.root / "containerd"),
        "state": str(home.runtime / "containerd"),
        # Kubernetes' interface, and a plugin that makes /opt/containerd
        "disabled_plugins": ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"],
    }
    toml = [f"{key} = {json.dumps(value)}" for key, value in containerd.items()]
    toml += ["[grpc]", f"address = {json.dumps(dockerd['containerd'])}"]
    return {
        "dockerd.json": json.dumps(dockerd, indent=2) + "\n",
        "containerd.toml": "\n".join(toml) + "\n",
    }


def environment(home: EngineHome) -> dict[str, str]:
    """Return the environment in which the unpacked programs find each other and their libraries."""
    programs = [str(home.tree / folder) for folder in ("usr/sbin", "usr/bin", "sbin", "bin")]
    system = os.environ.get("PATH", os.defpath).split(":")
    env = dict(os.environ)
    env["PATH"] = ":".join(dict.fromkeys((*programs, *system, "/usr/sbin", "/sbin")))
    libraries = [str(path) for path in sorted(home.tree.glob("**/lib/*-linux-gnu"))]
    if libraries:
        env["LD_LIBRARY_PATH"] = ":".join(libraries)
    extensions = next(home.tree.glob("**/lib/*-linux-gnu/xtables"), None)
    if extensions:
        env["XTABLES_LIBDIR"] = str(extensions)
    return env


def _start_processes(home: EngineHome) -> None:
    for folder in (home.root, home.runtime):
        folder.mkdir(parents=True, exist_ok=True)
    env = environment(home)
    _choose_iptables(home, env)
    bridge = bridge_name(home)
    _make_bridge(bridge, env)
    for name, text in configuration(home, bridge).items():
        (home.root / name).write_text(text)
    if _pid(home, "containerd") is None:
        _spawn(home, "containerd", ("--config", str(home.root / "containerd.toml")), env)
    # Its own pid file would be written late; ours is there before an interruption can be.
    options = ("--config-file", str(home.root / "dockerd.json"), "--pidfile=")
    _spawn(home, "dockerd", options, env)


def _spawn(home: EngineHome, name: str, options: tuple[str, ...], env: Mapping[str, str]) -> None:
    """Start one of the two processes, in a session of its own."""
    with (home.root / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            (str(_program(home, name)), *options),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(env),
            cwd="/",
            start_new_session=True,
        )
    (home.runtime / f"{name}.pid").write_text(str(process.pid))
    # The kernel shows a new program's command line only a moment after it was started.
    while process.poll() is None and _pid(home, name) is None:
        time.sleep(POLL_SECONDS)


def _not_started(home: EngineHome) -> EngineError:
    log = home.root / "dockerd.log"
    tail = log.read_text(errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
    return EngineError(
        "The private Docker Engine did not start.",
        why="\n".join(tail) or f"It did not answer within {START_SECONDS:g} s.",
        fix=f"Its whole log is {log}. It needs a kernel with cgroups, overlayfs and NAT, "
        "and the rights of a real root.",
    )


def _program(home: EngineHome, name: str) -> Path:
    folder = {"dockerd": "usr/sbin", "containerd": "usr/bin"}[name]
    return home.tree / folder / name


def _pid(home: EngineHome, name: str) -> int | None:
    """The process of that name, if it is the one we started: same program, same folder."""
    try:
        pid = int((home.runtime / f"{name}.pid").read_text())
        argv = _argv(pid)
    except (OSError, ValueError):
        return None
    return pid if argv[:1] == [str(_program(home, name))] else None


def _argv(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")


def _end(home: EngineHome, name: str) -> bool:
    """Ask a process of ours to stop; insist after a while."""
    pid = _pid(home, name)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _pid(home, name) == pid:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(POLL_SECONDS)
    (home.runtime / f"{name}.pid").unlink(missing_ok=True)
    return True


def _end_orphans(home: EngineHome) -> bool:
    """Kill containers whose dockerd died: their shims name our containerd's socket."""
    address = str(home.runtime / "containerd.sock")
    shims = [
        pid for pid in _processes() if "-address" in (argv := _command(pid)) and address in argv
    ]
    for shim in shims:
        children = Path(f"/proc/{shim}/task/{shim}/children")
        for child in children.read_text().split() if children.exists() else ():
            os.kill(int(child), signal.SIGKILL)
        os.kill(shim, signal.SIGKILL)
    return bool(shims)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _command(pid: int) -> list[str]:
    try:
        return _argv(pid)
    except OSError:
        return []  # it ended meanwhile


def _unmount_below(home: EngineHome) -> None:
    """Unmount what a killed engine left mounted in its folders."""
    for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
        source, target = (_unescaped(field) for field in line.split()[3:5])
        below = home.root in Path(target).parents or home.runtime in Path(target).parents
        # dockerd mounts its data folder upon itself; a disk mounted there is the user's.
        users = Path(target) == home.root / "data" and not (
            target.endswith(source) and source != "/"
        )
        if below and not users:
            subprocess.run(("umount", "--lazy", target), check=False, capture_output=True)


def _unescaped(field: str) -> str:
    """A field of mountinfo, whose spaces are written as octal numbers."""
    return re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), field)


def _choose_iptables(home: EngineHome, env: Mapping[str, str]) -> None:
    """Make ``iptables`` one that works with this kernel: the system's, else nft, else legacy."""
    link = home.tree / "usr/sbin/iptables"
    link.unlink(missing_ok=True)
    for name in ("iptables", "iptables-nft", "iptables-legacy"):
        program = shutil.which(name, path=env["PATH"])
        if program and _can_nat(program, env):
            if name != "iptables":
                link.symlink_to(program)
            return
    raise EngineError(
        "Containers would have no network on this machine.",
        why="Neither iptables-nft nor iptables-legacy can add a NAT rule to this kernel.",
        fix="Load the kernel modules nf_tables, nft_compat and nf_nat (or iptable_nat), as root.",
    )


def _can_nat(iptables: str, env: Mapping[str, str]) -> bool:
    """Whether the rules dockerd needs are accepted, tried in a network namespace of their own."""
    script = " && ".join(f'"$0" --wait {rule}' for rule in PROBE_RULES)
    return _runs(("unshare", "--net", "sh", "-c", script, iptables), env)


def _make_bridge(bridge: str, env: Mapping[str, str]) -> None:
    """Make the bridge of the default network, with an address no route of this machine has."""
    if _runs(("ip", "link", "show", bridge), env):
        return
    routes = json.loads(_output(("ip", "-4", "-json", "route", "show"), env) or "[]")
    subnet = free_subnet(IPv4Network(route["dst"]) for route in routes if route["dst"] != "default")
    if subnet is None:
        raise EngineError(
            "There is no free private subnet for the containers.",
            why="This machine has routes for all of 172.17.0.0/12 and 192.168.100.0 to .255.",
            fix="Use a Docker Engine configured by hand: set DOCKER_HOST.",
        )
    address = f"{subnet[1]}/{subnet.prefixlen}"
    for argv in (
        ("ip", "link", "add", "name", bridge, "type", "bridge"),
        ("ip", "address", "add", address, "dev", bridge),
        ("ip", "link", "set", bridge, "up"),
    ):
        _output(argv, env)


def _bridges(home: EngineHome) -> list[str]:
    """The bridges of the engine's networks, from its own store: it may be dead already."""
    try:
        store = (home.root / "data/network/files/local-kv.db").read_bytes()
    except FileNotFoundError:
        store = b""
    made = re.findall(rb'"BridgeName":"(br-[0-9a-f]{12})"', store)
    return [bridge_name(home), *(name.decode() for name in made)]


def _remove_bridges(names: Iterable[str], env: Mapping[str, str]) -> None:
    """Remove bridges and the iptables rules that name them."""
    gone = set(names)
    tables = ("nat", "filter") if shutil.which("iptables", path=env["PATH"]) else ()
    for table in tables:
        rules = subprocess.run(
            ("iptables", "--wait", "-t", table, "-S"),
            check=False,
            capture_output=True,
            text=True,
            env=dict(env),
        ).stdout
        for rule in rules.splitlines():
            words = shlex.split(rule)
            if words[0] == "-A" and gone & set(words):
                _runs(("iptables", "--wait", "-t", table, "-D", *words[1:]), env)
    for name in gone:
        _runs(("ip", "link", "delete", name), env)


def _runs(argv: tuple[str, ...], env: Mapping[str, str]) -> bool:
    try:
        return subprocess.run(argv, check=False, capture_output=True, env=dict(env)).returncode == 0
    except FileNotFoundError:
        return False


def _output(argv: tuple[str, ...], env: Mapping[str, str]) -> str:
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=dict(env))
    if done.returncode:
        raise EngineError(
            "The private engine's network cannot be set up.",
            why=f"{shlex.join(argv)}: {done.stderr.strip()}",
            fix="It needs the rights of a real root over this machine's network.",
        )
    return done.stdout
