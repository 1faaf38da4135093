from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from browser.lab import Lab, Notebook, write_notebook
from mlbox.engine.connect import connect
from mlbox.errors import EngineNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

CHROMIUM = os.environ.get("MLBOX_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def engine_host() -> str:
    """Address of the engine that answers."""
    try:
        return connect().host
    except EngineNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on PATH, and MLBOX_CHROMIUM names none")
    return CHROMIUM


@pytest.fixture(scope="session")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    pytest.importorskip("jupyterlab")
    started = Lab(tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("home"))
    try:
        started.wait()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def page(lab: Lab, chromium: str) -> Iterator[Page]:
    """JupyterLab in Chromium; one page for all tests."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (may not be installed)

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        context = browser.new_context(viewport={"width": 1280, "height": 1400})
        context.set_default_timeout(15_000)
        opened = context.new_page()
        opened.goto(lab.url)
        opened.wait_for_function("() => window.jupyterapp")
        opened.evaluate("() => window.jupyterapp.restored")
        yield opened
        browser.close()


@pytest.fixture
def notebook(
    lab: Lab, page: Page, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook with these cells; no error may reach the page's console."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    shown = Notebook(page)

    def make(*cells: str) -> Notebook:
        name = re.sub(r"\W", "_", request.node.name) + ".ipynb"
        write_notebook(lab.root / name, *cells)
        shown.open(name)
        return shown

    yield make
    if request.node.stash.get(FAILED, False):
        page.screenshot(path=tmp_path / "failed.png")
        cells = [cell.inner_text() for cell in page.locator(".jp-Notebook .jp-Cell").all()]
        print(f"{tmp_path}/failed.png", *cells, *errors, sep="\n")  # noqa: T201  (pytest shows it)
    shown.close()
    assert errors == []
