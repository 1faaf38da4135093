"""Good Dockerfiles, in the style of well-known public images: they lint without an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbox.lint import lint_dockerfile

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(folder.name for folder in CORPUS.iterdir() if folder.is_dir())


class Beside:
    """The files beside a Dockerfile; of those that are not kept here nothing is known."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, path: str) -> str | None:
        place = self.folder / path
        return place.read_text(encoding="utf-8") if place.is_file() else None

    def exists(self, path: str) -> bool | None:
        return True if (self.folder / path).exists() else None

    def inside(self, path: str) -> tuple[str, ...]:
        del path
        return ()


def test_there_are_many() -> None:
    assert len(NAMES) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_a_good_dockerfile_has_no_error_and_at_most_one_warning(name: str) -> None:
    folder = CORPUS / name
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    findings = lint_dockerfile(text, files=Beside(folder)).findings
    told = [
        f"{item.location.line if item.location else 0}: {item.severity} {item.code} {item.what}"
        for item in findings
        if item.severity != "info"
    ]
    assert not [item for item in findings if item.severity == "error"], told
    assert len(told) <= 1, told
