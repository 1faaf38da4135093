"""Look for texts that the linter cannot bear: ``python benchmarks/fuzz_lint.py [SECONDS]``.

Coverage-guided, from the tricky Dockerfiles of the tests; it stops at the first text that raises or
takes more than five seconds. ``--patterns`` weighs the regular expressions instead, and names those
whose time can explode. Neither tool is a dependency of mlbox: ``pip install atheris regexploit`` in
an environment of its own that has mlbox.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

TRICKY = Path(__file__).parents[1] / "tests/lint/tricky"
PATIENCE = 5  # seconds for one text
LARGEST = 4096


def fuzz(seconds: int) -> None:
    """Let atheris make texts for that long."""
    import atheris  # noqa: PLC0415  (installed by hand)

    with atheris.instrument_imports(include=["mlbox.lint"]):
        modules = dict(_modules())  # all of them now: some load on use
    facts = importlib.import_module("mlbox.facts").load_facts()
    lint_dockerfile = modules["mlbox.lint"].lint_dockerfile

    def one(data: bytes) -> None:
        lint_dockerfile(data.decode("utf-8", "surrogateescape"), facts=facts)

    with tempfile.TemporaryDirectory(prefix="mlbox-fuzz-") as folder:
        for path in TRICKY.glob("*.Dockerfile"):
            (Path(folder) / path.stem).write_bytes(path.read_bytes())
        options = (f"-max_total_time={seconds}", f"-timeout={PATIENCE}", f"-max_len={LARGEST}")
        atheris.Setup([sys.argv[0], *options, folder], one)
        atheris.Fuzz()


def patterns() -> dict[str, re.Pattern[str]]:
    """Each regular expression that a module of the linter holds, by its place."""
    found: dict[str, re.Pattern[str]] = {}
    for place, module in _modules():
        for name, value in vars(module).items():
            for number, item in enumerate(_inside(value)):
                found[f"{place}.{name}[{number}]"] = item
    return found


def _inside(value: object) -> Iterator[re.Pattern[str]]:
    """The regular expressions in a value, however deep in tuples, lists and dictionaries."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _inside(item)


def _modules() -> Iterator[tuple[str, ModuleType]]:
    package = importlib.import_module("mlbox.lint")
    yield "mlbox.lint", package
    for module in pkgutil.walk_packages(package.__path__, "mlbox.lint."):
        yield module.name, importlib.import_module(module.name)


def weigh_patterns() -> int:
    """Print the patterns whose time grows with a power of the text; return how many there are."""
    from regexploit.ast.sre import SreOpParser  # noqa: PLC0415  (installed by hand)
    from regexploit.redos import find  # noqa: PLC0415  (likewise)

    found = patterns()
    worst = 0
    for place, pattern in found.items():
        parsed = SreOpParser().parse_sre(pattern.pattern, pattern.flags)
        for redos in find(parsed):
            worst += redos.starriness > 2  # noqa: PLR2004  (beyond a square)
            print(f"{place}: degree {redos.starriness}: {pattern.pattern!r}")
    print(f"{len(found)} regular expressions, {worst} of them worse than quadratic")
    return worst


def main() -> int:
    """Do the one or the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=int, default=600)
    parser.add_argument("--patterns", action="store_true", help="weigh the regular expressions")
    args = parser.parse_args()
    if args.patterns:
        return 1 if weigh_patterns() else 0
    fuzz(args.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
