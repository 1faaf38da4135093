"""Runs one real container and says what it saw; it has a label and is removed."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from mlbox.host import Trial

if TYPE_CHECKING:
    from docker import APIClient

LABEL = "mlbox.doctor"
SECONDS = 30
# Python, for the images that mlbox makes all have it; a name server is asked for a name that is
# never there (RFC 6761): that it answers at all is what counts.
_SCRIPT = """
import json, os, socket
said = {"uid": os.getuid(), "gateway": None, "dns": None}
said["shm"] = os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize
try:
    for line in open("/proc/net/route").read().splitlines()[1:]:
        cells = line.split()
        if cells[1] == "00000000":
            gateway = socket.inet_ntoa(bytes.fromhex(cells[2])[::-1])
            try:
                socket.create_connection((gateway, 9), 2).close()
                said["gateway"] = True
            except ConnectionRefusedError:
                said["gateway"] = True
            except OSError:
                said["gateway"] = False
except OSError:
    pass
socket.setdefaulttimeout(3)
try:
    server = [l.split()[1] for l in open("/etc/resolv.conf") if l.startswith("nameserver")][0]
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    query = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7invalid\\0\\0\\1\\0\\1"
    asked.sendto(query, (server, 53))
    said["dns"] = bool(asked.recv(512))
except (OSError, IndexError):
    said["dns"] = False
print(json.dumps(said))
"""


def try_container(host: str, *, gpus: bool) -> Trial:
    """Run a container of an image that is there already; nothing is pulled."""
    from docker import APIClient  # noqa: PLC0415  (150 ms: loads on use)
    from docker.errors import DockerException  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415  (docker's own way to the engine)

    try:
        with contextlib.closing(APIClient(base_url=host, timeout=SECONDS)) as api:
            image = _image(api)
            if not image:
                why = "There is no image of mlbox's to start, and none is pulled for this."
                return Trial(problem=why)
            return _tried(api, image, gpus=gpus)
    except (DockerException, RequestException, OSError) as error:
        return Trial(problem=f"{getattr(error, 'explanation', None) or error}")


def _image(api: APIClient) -> str:
    """Return an image with Python: mlbox's own base, else one of its boxes."""
    tags = [tag for entry in api.images() for tag in entry.get("RepoTags") or ()]
    ours = sorted(tag for tag in tags if tag.startswith("mlbox/"))
    bases = [tag for tag in ours if "base" in tag or "python" in tag]
    return next(iter([*bases, *ours]), "")


def _tried(api: APIClient, image: str, *, gpus: bool) -> Trial:
    from docker.errors import DockerException  # noqa: PLC0415  (loads on use)

    code, out = _output(api, image, ["python3", "-c", _SCRIPT])
    try:
        said = json.loads(out.strip().splitlines()[-1]) if code == 0 else {}
    except (ValueError, IndexError):
        said = {}
    if not said:
        return Trial(image=image, problem=f"It ended with exit code {code}: {out.strip()[-300:]}")
    trial: dict[str, Any] = {
        "image": image,
        "uid": said["uid"],
        "shm_bytes": said["shm"],
        "gateway": said["gateway"],
        "dns": said["dns"],
        "host_dns": _host_dns() if said["dns"] is False else None,
    }
    if not gpus:
        return Trial(**trial)
    try:
        code, out = _output(api, image, ["nvidia-smi", "-L"], gpus=True)
    except DockerException as error:
        return Trial(**trial, gpu_problem=str(getattr(error, "explanation", None) or error))
    if code:
        return Trial(**trial, gpu_problem=f"nvidia-smi ended with {code}: {out.strip()[-300:]}")
    return Trial(**trial, gpus=tuple(out.split("\n")[:-1]))


def _host_dns() -> bool | None:
    """Whether this machine's own name server answers: the same questions, asked from here."""
    try:
        ran = subprocess.run(
            (sys.executable, "-c", _SCRIPT), check=True, capture_output=True, timeout=SECONDS
        )
        return bool(json.loads(ran.stdout)["dns"])
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        return None


def _output(api: APIClient, image: str, argv: list[str], *, gpus: bool = False) -> tuple[int, str]:
    from docker.types import DeviceRequest  # noqa: PLC0415  (loads on use)

    requests = [DeviceRequest(count=-1, capabilities=[["gpu"]])] if gpus else None
    container = api.create_container(
        image,
        entrypoint=argv[:1],
        command=argv[1:],
        labels={LABEL: "probe"},
        environment={"NVIDIA_DRIVER_CAPABILITIES": "compute,utility"} if gpus else None,
        host_config=api.create_host_config(device_requests=requests),
    )["Id"]
    try:
        api.start(container)
        code = int(api.wait(container, timeout=SECONDS)["StatusCode"])
        return code, api.logs(container).decode(errors="replace")
    finally:
        api.remove_container(container, v=True, force=True)
