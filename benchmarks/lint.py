"""How fast Dockerfiles are linted: ``python benchmarks/lint.py [--hadolint P] [--env-doctor P]``.

Beside hadolint and env-doctor, where they are named: the program of the one, an interpreter that
has the other (neither is a dependency of mlbox). Both get fewer files; the rates are compared.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import seconds_of, side_by_side

from mlbox.facts import load_facts
from mlbox.lint import lint_dockerfile
from mlbox.lint.parse import parse

MLBOX = str(Path(sys.executable).with_name("mlbox"))
CORPUS = Path(__file__).parents[1] / "tests/lint/corpus"
FILES = 1000
OTHERS_FILES = 50
LINES = range(18, 46)  # about 30
ROUNDS = 10
ENV_DOCTOR = """\
import pathlib, sys, time
from env_doctor.validators.dockerfile_validator import DockerfileValidator
began = time.perf_counter()
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    DockerfileValidator(str(path)).validate()
print(time.perf_counter() - began)
"""


def texts() -> list[str]:
    """Return Dockerfiles of about 30 lines, no two of them the same."""
    good = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*/Dockerfile"))]
    fitting = [text for text in good if text.count("\n") in LINES]
    return [f'{fitting[number % len(fitting)]}LABEL number="{number}"\n' for number in range(FILES)]


def print_rate() -> float:
    """Print how long one process takes for all of them, and for the parser alone."""
    facts, files = load_facts(), texts()
    lines = sum(text.count("\n") for text in files) / FILES
    parsing = seconds_of(lambda: [parse(text) for text in files])
    seconds = seconds_of(lambda: [lint_dockerfile(text, facts=facts) for text in files])
    print(
        f"lint_dockerfile(): {FILES} files of {lines:.0f} lines in {seconds:.2f} s, "
        f"{parsing:.2f} s of it the parser; target: at most 3 s"
    )
    return seconds / FILES


def print_growth() -> None:
    """Print how the time of hard texts grows with their size: it should double as they do."""
    print("parse(): texts of 1, 2, 4 and 8 times the size; target: 8 times the time, about")
    for name, unit in (
        ("long lines", "RUN echo 'a' \"b\" $x && "),
        ("continuations", "RUN a \\\n# c\n\n b\n"),
        ("heredocs", "RUN cat <<A <<B\na\nA\nb\nB\n"),
        ("open heredocs", "RUN cat <<A\n"),
        ("open quotes", "ENV A=\"b c='d\n"),
        ("open braces", "${x:-"),
        ("backslashes", "\\"),
        ("stages", "FROM a AS b\nCOPY --from=b x y\n"),
    ):
        sizes = [unit * (1000 * factor) for factor in (1, 2, 4, 8)]
        if not unit.endswith("\n"):
            sizes = [f"FROM a\nENV A={text}" for text in sizes]
        times = [min(seconds_of(lambda text=text: parse(text)) for _ in range(3)) for text in sizes]
        growth = ", ".join(f"{1e3 * value:.0f}" for value in times)
        print(f"  {name:16} {growth} ms: {times[-1] / times[0]:.1f} times")


def print_beside(ours: float, hadolint: str | None, env_doctor: str | None) -> None:
    """Print the others' seconds a file, and the ratio to ours."""
    with tempfile.TemporaryDirectory(prefix="mlbox-benchmark-") as name:
        paths = []
        for number, text in enumerate(texts()[:OTHERS_FILES]):
            path = Path(name) / f"{number:03}.Dockerfile"
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        if hadolint:
            seconds = seconds_of(lambda: _silent(hadolint, "--no-fail", *paths))
            _print_other("hadolint", seconds / len(paths), ours)
        if env_doctor:
            argv = (env_doctor, "-c", ENV_DOCTOR, name)
            ran = subprocess.run(argv, check=True, capture_output=True, text=True)
            _print_other("env-doctor", float(ran.stdout.split()[-1]) / len(paths), ours)


def _print_other(name: str, theirs: float, ours: float) -> None:
    print(
        f"  {name}: {1e3 * theirs:.2f} ms a file, mlbox {1e3 * ours:.2f} ms: "
        f"ratio {theirs / ours:.1f}"
    )


def _silent(*argv: str) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def print_start() -> None:
    """Print what `mlbox lint FILE` takes over a bare interpreter."""
    path = str(CORPUS / "vllm-openai/Dockerfile")

    def lint() -> float:
        began = time.perf_counter()
        ran = subprocess.run((MLBOX, "lint", path), capture_output=True, check=False)
        if ran.returncode not in (0, 1) or b"invalid choice" in ran.stderr:
            raise RuntimeError(ran.stderr.decode())
        return time.perf_counter() - began

    side_by_side(
        "one file (vllm-openai), from start to end",
        ("mlbox lint FILE", lint),
        ("python -c pass", lambda: seconds_of(lambda: _silent(sys.executable, "-c", "pass"))),
        rounds=ROUNDS,
        target="at most 200 ms over bare Python",
    )


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hadolint", help="the program")
    parser.add_argument("--env-doctor", help="a Python interpreter that has it")
    args = parser.parse_args()
    ours = print_rate()
    print_beside(ours, args.hadolint, args.env_doctor)
    print_growth()
    print_start()


if __name__ == "__main__":
    main()
