"""Outputs that go where the image's user cannot write (MLD504)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, named, of, places

APP = "RUN useradd --create-home app\n"
RUN = 'CMD ["python", "train.py", "--output-dir", "outputs"]'
REFUSED = {
    "a list": (f"{APP}WORKDIR /work\nUSER app\n{RUN}", "outputs"),
    "a number": (f"WORKDIR /work\nENV HOME=/tmp\nUSER 1000\n{RUN}", "outputs"),
    "with an equals sign": (
        f'{APP}WORKDIR /work\nUSER app\nCMD ["python", "t.py", "--output_dir=out"]',
        "out",
    ),
    "shell form": (f"{APP}WORKDIR /work\nUSER app\nCMD exec t.py --log-dir logs", "logs"),
    "absolute": (
        f'{APP}WORKDIR /work\nUSER app\nCMD ["t.py", "--save-dir", "/work/ckpt"]',
        "/work/ckpt",
    ),
    "deeper": (f"{APP}WORKDIR /work\nWORKDIR /work/src\nUSER app\n{RUN}", "outputs"),
    "entry point": (
        f'{APP}WORKDIR /work\nUSER app\nENTRYPOINT ["t.py", "--output-dir", "./o"]',
        "./o",
    ),
    "a plain COPY": (f"{APP}WORKDIR /work\nCOPY . .\nUSER app\n{RUN}", "outputs"),
    "made by root": (
        f'WORKDIR /work\nRUN mkdir -p outputs\n{APP}USER app\nCMD ["t.py"]',
        "outputs",
    ),
    "made in a heredoc": (
        f'RUN <<EOF\nmkdir -p /results\nEOF\n{APP}USER app\nCMD ["t.py"]',
        "/results",
    ),
    "made at the root": (f'RUN mkdir -p /data /results\n{APP}USER app\nCMD ["t.py"]', "/results"),
    "a folder of the same name is no home": (f"{APP}WORKDIR /app\nUSER app\n{RUN}", "outputs"),
    "WORKDIR below": (
        f"{SLIM.strip()} AS base\n{APP}WORKDIR /work\nFROM base\nUSER app\n{RUN}",
        "outputs",
    ),
}
ALLOWED = {
    "chown": f"{APP}WORKDIR /work\nRUN chown app .\nUSER app\n{RUN}",
    "chmod": f"{APP}WORKDIR /work\nRUN chmod 777 /work\nUSER app\n{RUN}",
    "chgrp": f"{APP}WORKDIR /work\nRUN chgrp app .\nUSER app\n{RUN}",
    "USER before WORKDIR": f"{APP}USER app\nWORKDIR /work\n{RUN}",
    "root": f"WORKDIR /work\n{RUN}",
    "root at the end": f"{APP}WORKDIR /work\nUSER app\nUSER root\n{RUN}",
    "home": f"{APP}WORKDIR /home/app/x\nUSER app\n{RUN}",
    "the user's folder": f"RUN useradd -m -d /work app\nWORKDIR /work\nUSER app\n{RUN}",
    "the folder of a user of the base": f"WORKDIR /var/www-data\nUSER www-data\n{RUN}",
    "made by the user": f'{APP}WORKDIR /work\nUSER app\nRUN mkdir outputs\nCMD ["t.py"]',
    "made for everybody": f'{APP}WORKDIR /work\nRUN mkdir -m 777 outputs\nUSER app\nCMD ["t.py"]',
    "made to be read": f'{APP}WORKDIR /work\nRUN mkdir data\nUSER app\nCMD ["t.py"]',
    "a VOLUME": f"{APP}WORKDIR /work\nVOLUME /work/outputs\nUSER app\n{RUN}",
    "a VOLUME as a list": f'{APP}WORKDIR /work\nVOLUME ["/work/outputs"]\nUSER app\n{RUN}',
    "elsewhere": f'{APP}WORKDIR /work\nUSER app\nCMD ["t.py", "--output-dir", "/tmp/o"]',
    "nothing is written": f'{APP}WORKDIR /work\nUSER app\nCMD ["python", "serve.py"]',
    "a variable": f"{APP}WORKDIR /work\nUSER app\nCMD exec t.py --output-dir $OUT",
    "an unknown user": f"ARG U\nWORKDIR /work\nUSER $U\n{RUN}",
    "an unknown folder": f"ARG W\n{APP}WORKDIR $W\nUSER app\n{RUN}",
    "no WORKDIR": f"{APP}USER app\n{RUN}",
    "a script may give it": f"{APP}WORKDIR /work\nRUN ./setup.sh\nUSER app\n{RUN}",
    "an unknown base": f"FROM registry.example.com/x:1\nWORKDIR /work\nUSER app\n{RUN}",
    "made for somebody": f"{APP}WORKDIR /work\nRUN install -d -o app outputs\nUSER app\n{RUN}",
}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(text if text.startswith("FROM") else SLIM + text, place, id=name)
        for name, (text, place) in REFUSED.items()
    ],
)
def test_a_folder_of_root_is_found_and_given_to_the_user(text: str, place: str) -> None:
    assert places("MLD504", text) == [place]
    assert "chown -R" in assert_fixed(text, "MLD504")


@pytest.mark.parametrize("text", named(ALLOWED))
def test_a_folder_that_may_be_the_users_is_no_finding(text: str) -> None:
    assert places("MLD504", text) == []


CHOWN = f"{SLIM}{APP}WORKDIR /work\nCOPY --chown=app . .\nUSER app\n{RUN}\n"


def test_a_copy_with_an_owner_leaves_the_folder_to_root() -> None:
    assert [item.severity for item in of("MLD504", CHOWN, **{"train.py": ""})] == ["warning"]


def test_a_copy_that_may_bring_the_folder_makes_it_an_info() -> None:
    assert [item.severity for item in of("MLD504", CHOWN)] == ["info"]


def test_a_copy_that_brings_the_folder_is_no_finding() -> None:
    assert of("MLD504", CHOWN, **{"outputs/.gitkeep": ""}) == []
