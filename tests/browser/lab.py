"""A real JupyterLab, and one of its notebooks as a browser shows it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

START_SECONDS = 60
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # every cell in the page, also those out of sight
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.terminals_enabled=False",
    "--LabApp.extension_manager=readonly",
    # gives the tests window.jupyterapp: commands instead of key presses that get lost
    "--LabApp.expose_app_in_browser=True",
)

CONTRASTS = """selector => {
    const colour = text => {
        const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
        return text.startsWith('color(srgb') ? [255 * r, 255 * g, 255 * b, a] : [r, g, b, a];
    };
    const over = (top, below) => [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * below[i]);
    const behind = element => {
        if (!element) return [255, 255, 255];
        const own = colour(getComputedStyle(element).backgroundColor);
        return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
    };
    const light = rgb => rgb
        .map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const found = {};
    for (const element of document.querySelector(selector).querySelectorAll('*')) {
        const text = [...element.childNodes]
            .filter(node => node.nodeType === Node.TEXT_NODE && node.data.trim())
            .map(node => node.data.trim()).join(' ');
        if (!text || element.matches('style, :disabled, [aria-hidden]')) continue;
        const ground = behind(element);
        const ink = over(colour(getComputedStyle(element).color), ground);
        const [dark, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
        found[text.slice(0, 40)] = (bright + 0.05) / (dark + 0.05);
    }
    return found;
}"""


class Lab:
    """JupyterLab in a process of its own, which sees no configuration but ours.

    Args:
        root: The folder it shows.
        home: A folder for its configuration and log.
    """

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.log = home / "lab.log"
        self.token = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{free.getsockname()[1]}"
        _write_settings(home / "settings")
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", *OPTIONS),
                    f"--port={self.base.rpartition(':')[2]}",
                    f"--IdentityProvider.token={self.token}",
                    f"--ServerApp.root_dir={root}",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **_environment(home)},
                start_new_session=True,
            )

    @property
    def url(self) -> str:
        """The page to open."""
        return f"{self.base}/lab?token={self.token}&reset"

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                status = f"{self.base}/api/status?token={self.token}"
                with urllib.request.urlopen(status, timeout=1):  # noqa: S310  (our own server)
                    return
            time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        """End it and its kernels."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Notebook:
    """The notebook in front, in the one page that all tests share.

    Opening it by a command of JupyterLab costs 1 s; a page of its own costs 6 s.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, name: str) -> None:
        """Open it and wait for its kernel."""
        self.page.evaluate(
            """async path => {
                const widget = await window.jupyterapp.commands.execute(
                    'docmanager:open', {path, factory: 'Notebook'});
                await widget.context.ready;
                await widget.sessionContext.ready;
                await widget.sessionContext.session.kernel.info;
            }""",
            name,
        )

    def run(self, index: int) -> None:
        """Run a cell and wait for its end."""
        self.page.evaluate(
            """async index => {
                const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
                notebook.deselectAll();
                notebook.activeCellIndex = index;
                await app.commands.execute('notebook:run-cell');
            }""",
            index,
        )

    def output(self, index: int) -> Locator:
        """What a cell shows below its code."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-OutputArea")

    def theme(self, name: str) -> None:
        """Change the theme: ``"JupyterLab Dark"``; wait until the page wears it."""
        self.page.evaluate(
            """theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})""",
            name,
        )
        self.page.locator(f"body[data-jp-theme-name='{name}']").wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def remember(self, selector: str) -> None:
        """Keep every text that is shown in there from now on, however briefly."""
        self.page.evaluate(
            """selector => {
                const element = document.querySelector(selector);
                window.remembered = [];
                new MutationObserver(() => window.remembered.push(element.innerText))
                    .observe(element, {subtree: true, childList: true});
            }""",
            selector,
        )

    def remembered(self) -> list[str]:
        """The texts that were shown since ``remember``."""
        texts: list[str] = self.page.evaluate("() => window.remembered")
        return texts

    def contrasts(self, selector: str) -> dict[str, float]:
        """Contrast (WCAG 2, 1 to 21) of each text in there against what is behind it."""
        found: dict[str, float] = self.page.evaluate(CONTRASTS, selector)
        return found

    def close(self) -> None:
        """End its kernel and close it."""
        self.page.evaluate(
            """async () => {
                const widget = window.jupyterapp.shell.currentWidget;
                await widget.context.save();
                await widget.sessionContext.shutdown();
                widget.close();
            }"""
        )


def write_notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells."""
    document: dict[str, Any] = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(cells)
        ],
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def _environment(home: Path) -> dict[str, str]:
    return {
        "JUPYTER_CONFIG_DIR": f"{home}/config",
        "JUPYTER_DATA_DIR": f"{home}/data",
        "JUPYTER_RUNTIME_DIR": f"{home}/runtime",
        "JUPYTERLAB_SETTINGS_DIR": f"{home}/settings",
        "JUPYTERLAB_WORKSPACES_DIR": f"{home}/workspaces",
        "IPYTHONDIR": f"{home}/ipython",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _write_settings(folder: Path) -> None:
    for plugin, settings in SETTINGS.items():
        path = folder / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
