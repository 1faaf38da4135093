from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlbox.engine.docker import docker_engine
from mlbox.resolve import debian_base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from browser.lab import Lab, Notebook

pytestmark = pytest.mark.browser
expect = pytest.importorskip("playwright.sync_api").expect

NAME = "mlbox-browser-test"
SPEC = f"""\
name = "{NAME}"
python = "3.11"
base = "debian"
[train]
command = ["python", "train.py"]
outputs = ["out/"]
"""
SCRIPT = """\
import pathlib, time
for epoch in range(4): print("epoch", epoch, "<b>", flush=True); time.sleep(0.5)
pathlib.Path("out/model.txt").write_text("weights")
"""
AA = 4.5  # the contrast WCAG 2 asks of text
MINUTE = 60_000  # ms


@pytest.fixture
def project(lab: Lab, engine_host: str) -> Iterator[Path]:
    """A project on a base image that needs no registry."""
    engine = docker_engine()
    if engine.image(debian_base("3.11")) is None:
        command = (sys.executable, "-m", "mlbox", "base", "build", "--python", "3.11")
        subprocess.run(command, check=True, timeout=600)
    folder = lab.root / "a project, naïve"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "mlbox.toml").write_text(SPEC, encoding="utf-8")
    (folder / "train.py").write_text(SCRIPT, encoding="utf-8")
    yield folder
    docker = pytest.importorskip("docker")
    client = docker.DockerClient(base_url=engine_host)
    for image in client.images.list(name=f"mlbox/{NAME}"):
        client.images.remove(image.id, force=True)
    client.close()


def test_a_click_builds_and_a_click_trains(
    notebook: Callable[..., Notebook], project: Path, tmp_path: Path
) -> None:
    shown = notebook(f"import mlbox\np = mlbox.panel({project.name!r})\np")
    shown.run(0)
    panel = shown.page.locator(".mlbox-panel")
    dockerfile = panel.locator("pre.mlbox-code")
    expect(dockerfile).to_contain_text("FROM mlbox/debian")

    panel.get_by_label("System packages").fill("tree")
    panel.get_by_label("System packages").press("Tab")
    expect(dockerfile).to_contain_text("tree")
    expect(panel.get_by_label("CUDA")).to_be_disabled()
    panel.get_by_label("System packages").fill("")
    panel.get_by_label("System packages").press("Tab")
    expect(dockerfile).not_to_contain_text("tree")

    shown.remember(".mlbox-panel")
    panel.get_by_role("button", name="Build", exact=True).click()
    expect(panel).to_contain_text("✓ done", timeout=MINUTE)
    expect(panel.get_by_role("row", name="COPY --chown")).to_be_visible()
    assert any("▸ running" in text for text in shown.remembered())

    panel.get_by_role("button", name="Train", exact=True).click()
    expect(panel.get_by_role("log")).to_contain_text("epoch 1 <b>", timeout=MINUTE)
    expect(panel.get_by_role("button", name="Cancel training")).to_be_enabled()
    expect(panel).to_contain_text("✓ succeeded", timeout=MINUTE)
    expect(panel.get_by_role("row", name="out/model.txt")).to_contain_text("7 B")
    for theme in ("Light", "Dark"):
        shown.theme(f"JupyterLab {theme}")
        panel.screenshot(path=tmp_path / f"{theme.lower()}.png")
        faint = {
            text: ratio for text, ratio in shown.contrasts(".mlbox-panel").items() if ratio < AA
        }
        assert faint == {}


def test_a_build_that_fails_shows_the_line_and_what_it_printed(
    notebook: Callable[..., Notebook], project: Path, tmp_path: Path
) -> None:
    shown = notebook(f"import mlbox\nmlbox.panel({project.name!r})")
    shown.run(0)
    panel = shown.page.locator(".mlbox-panel")
    panel.get_by_label("System packages").fill("no-such-package")
    panel.get_by_role("button", name="Build", exact=True).click()
    alert = panel.get_by_role("alert")
    expect(alert).to_be_visible(timeout=3 * MINUTE)
    expect(panel.locator("mark")).to_contain_text("RUN")
    expect(alert).to_contain_text("no-such-package")
    expect(panel.get_by_role("button", name="Build", exact=True)).to_be_enabled()
    panel.screenshot(path=tmp_path / "failed-build.png")
