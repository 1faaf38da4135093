"""What BuildKit itself makes of a Dockerfile: asked through buildx, never guessed.

``python tests/engine/dockerfiles.py [NAME...]`` writes the golden files of ``tests/lint/tricky``
anew, from an engine that answers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbox.engine.connect import connect, get

if TYPE_CHECKING:
    from mlbox.engine.connect import Connection

TRICKY = Path(__file__).parents[1] / "lint" / "tricky"
CONTEXT = TRICKY / "context"
UNASKED = frozenset({"arg-only", "expand-pattern-empty"})  # dockerd 26.1.5 itself crashes on them
_EXCERPT = re.compile(r"^ *(\d+) \| >>> ", re.MULTILINE)
_FAILED = re.compile(r"^(?:ERROR: )?failed to solve: (.*)$|^ERROR: (.*)$", re.MULTILINE)
_WRITES_FILES = re.compile(rb"\AFROM scratch\n(?:.*\n)*?COPY <<")
_CONFIG = (
    *("Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Labels", "OnBuild", "Shell"),
    *("StopSignal", "User", "Volumes", "WorkingDir"),
)
_HEREDOC_TAKERS = (b"RUN", b"COPY", b"ADD", b"ONBUILD")
_KEYWORD = re.compile(rb"[\s\x0b]*([A-Za-z]+)")
_SYNTAX = re.compile(rb"\A(\xef\xbb\xbf)?#[ \t]*syntax[ \t]*=[^\n]*\n", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What BuildKit says of a file: nothing, or why it refuses it and where."""

    message: str | None
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Range:
    """Lines of one instruction, 1-based, the last one included."""

    name: str | None
    line: int
    end_line: int


class BuildKit:
    """An engine, asked about Dockerfiles."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _buildx(self, content: bytes, *options: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory(prefix="mlbox-tricky-") as name:
            dockerfile = Path(name) / "Dockerfile"
            dockerfile.write_bytes(content)
            return subprocess.run(
                (
                    *self.connection.buildx,
                    *("build", "--builder=default", "--progress=plain", "--provenance=false"),
                    *("--platform=linux/amd64", "--file", str(dockerfile), *options, str(CONTEXT)),
                ),
                env={
                    **os.environ,
                    "DOCKER_HOST": self.connection.host,
                    "BUILDX_EXPERIMENTAL": "1",  # for --print
                },
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )

    def verdict(self, content: bytes, tag: str = "") -> Verdict:
        """Build a file; with a tag, the image stays."""
        return _verdict(self._buildx(content, *(("--tag", tag) if tag else ())))

    def stages(self, content: bytes) -> list[dict[str, Any]]:
        """The stages of a file that is well formed: name, base as it stands, line."""
        ran = self._buildx(content, "--print=targets,format=json")
        if ran.returncode:
            raise RuntimeError(ran.stderr)
        answer = json.loads(ran.stdout[ran.stdout.index("{") :])
        return [
            {
                "name": target.get("name"),
                "base": target.get("base"),
                "platform": target.get("platform"),
                "line": target["location"]["ranges"][0]["start"]["line"],
            }
            for target in answer["targets"]
        ]

    def instructions(self, content: bytes) -> list[Range]:
        """The lines of each instruction of a file that is well formed.

        Each is made wrong in turn, in a way that leaves its lines as they are: the excerpt in
        BuildKit's complaint marks them.
        """
        lines = content.split(b"\n")
        found: list[Range] = []
        at = 0
        while at < len(lines):
            bare = lines[at].removeprefix(b"\xef\xbb\xbf" if at == 0 else b"").strip(b" \t\r\v\f")
            if not bare or bare.startswith(b"#") or bare == b"\\":
                at += 1
                continue
            found.append(self._range(lines, at))
            at = found[-1].end_line
        return found

    def _range(self, lines: list[bytes], at: int) -> Range:
        bom = b"\xef\xbb\xbf" if at == 0 and lines[0].startswith(b"\xef\xbb\xbf") else b""
        line = lines[at][len(bom) :]
        match = _KEYWORD.match(line)
        if not match:
            raise RuntimeError(repr(line))
        name = match[1].upper()
        whole = not line[match.end() :].startswith((b"\\", b"`"))  # else it may go on
        if name in _HEREDOC_TAKERS:
            line = line[: match.end()] + b" --zz9 " + line[match.end() :]
        else:
            line = line[: match.start(1)] + b"ZZ9" + line[match.end() :]
        wrong = b"\n".join([*lines[:at], bom + line, *lines[at + 1 :]])
        ran = self._buildx(wrong)  # fails before anything is built
        marked = [int(number) for number in _EXCERPT.findall(ran.stderr)]
        if "zz9" not in ran.stderr.lower() or not marked:
            raise RuntimeError(f"line {at + 1} {line!r}: {ran.stderr}")
        return Range(name=name.decode() if whole else None, line=marked[0], end_line=marked[-1])

    def files(self, content: bytes) -> dict[str, str]:
        """The files of the image, by path; for images made from nothing."""
        with tempfile.TemporaryDirectory(prefix="mlbox-tricky-") as name:
            self._buildx(content, f"--output=type=local,dest={name}").check_returncode()
            return {
                path.relative_to(name).as_posix(): path.read_text(encoding="utf-8")
                for path in sorted(Path(name).rglob("*"))
                if path.is_file()
            }

    def image(self, tag: str) -> tuple[dict[str, Any], list[str]]:
        """Configuration and history of an image, the first step first."""
        host = self.connection.host
        config: dict[str, Any] = json.loads(get(host, f"/images/{tag}/json"))["Config"]
        history = json.loads(get(host, f"/images/{tag}/history"))
        return config, [step["CreatedBy"] for step in reversed(history)]


def without_frontend(content: bytes) -> bytes:
    """The same file without ``# syntax=`` in its first line, for which a frontend is fetched."""
    return _SYNTAX.sub(rb"\1", content)


def _verdict(ran: subprocess.CompletedProcess[str]) -> Verdict:
    if not ran.returncode:
        return Verdict(message=None)
    found = _FAILED.findall(ran.stderr)
    message = (found[-1][0] or found[-1][1]) if found else ran.stderr[-300:]
    return Verdict(
        message=message.strip(),
        lines=tuple(int(number) for number in _EXCERPT.findall(ran.stderr)),
    )


def truth(buildkit: BuildKit, content: bytes, tag: str) -> dict[str, Any]:
    """All that BuildKit says of a file, as a golden file holds it."""
    bare = without_frontend(content)
    gone = content.count(b"\n") - bare.count(b"\n")
    golden = _truth(buildkit, bare, tag)
    for item in (*golden.get("instructions", ()), *golden.get("stages", ())):
        for key in item.keys() & {"line", "end_line"}:
            item[key] += gone
    return golden


def _truth(buildkit: BuildKit, content: bytes, tag: str) -> dict[str, Any]:
    verdict = buildkit.verdict(content, tag)
    if verdict.message:
        return {"verdict": "error", "message": verdict.message, "lines": list(verdict.lines)}
    config, history = buildkit.image(tag)
    return {
        "verdict": "ok",
        "instructions": [asdict(item) for item in buildkit.instructions(content)],
        "stages": buildkit.stages(content),
        "config": {key: config[key] for key in _CONFIG if config.get(key)},
        "commands": [step for step in history if step.startswith("RUN ")],
        "files": buildkit.files(content) if _WRITES_FILES.search(content) else {},
    }


def main() -> None:
    """Write the golden files that were named, or all of them."""
    buildkit = BuildKit(connect())
    for path in sorted(TRICKY.glob("*.Dockerfile")):
        if path.stem in UNASKED or (sys.argv[1:] and path.stem not in sys.argv[1:]):
            continue
        golden = truth(buildkit, path.read_bytes(), "mlbox-tricky:golden")
        text = json.dumps(golden, indent=1, ensure_ascii=False)
        path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
        sys.stdout.write(f"{path.stem}: {golden.get('message', 'ok')}\n")


if __name__ == "__main__":
    main()
