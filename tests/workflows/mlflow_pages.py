"""A browser on MLflow's pages, and other environments that serve them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

PROJECT = Path(__file__).parents[2]
SCREENSHOTS = PROJECT / "build" / "screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
]
#: For a page with all that it asks the server for, on a machine with other work.
PATIENCE = 60.0
COLUMNS = ("accuracy", "test_accuracy", "seconds", "tune_dml.loss", "tune_dml.state", "tune_dml.rounds")
BASELINES = ("probe", "reference_ce")


class Pages:
    """MLflow's pages, each opened by a browser that has never seen MLflow: nothing is remembered from the last."""

    def __init__(self, memory: BrowserContext, version: str, prefix: str) -> None:
        self._memory, self._version, self._prefix = memory, version, prefix

    @contextmanager
    def opened(self, address: str, *texts: str, name: str) -> Iterator[Page]:
        """The page, when all ``texts`` are there; a screenshot is left. It is what was asked for, of the training side,
        by the MLflow of this version."""
        page = self._memory.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        try:
            page.goto(address)
            for text in texts:
                page.get_by_text(text).first.wait_for()
            said = page.inner_text("body")
            assert self._version in said
            assert "Judges" not in said
            assert "Prompts" not in said
            assert page.url.partition("?")[0] == address.partition("?")[0]
            yield page
        finally:
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(SCREENSHOTS / f"{self._prefix}-{name}.png"))
            page.close()

    def check_runs(self, address: str, document: dict[str, Any]) -> None:
        """The searches of a task: the parent and its children, columns, the best first."""
        rows = {row["name"]: row["cv_accuracy"] for row in document["leaderboard"] if row["state"] == "COMPLETE"}
        others = [row["name"] for row in document["leaderboard"] if row["state"] != "COMPLETE"]
        texts = (*rows, *others, *BASELINES, *COLUMNS, "25 shots · bert-tiny")
        with self.opened(address, *texts, "Sort: accuracy", name="runs") as page:
            parent_and_children = 1 + len(rows) + len(others) + len(BASELINES)
            page.get_by_text(f"{parent_and_children} matching runs").wait_for()
            places = {name: page.get_by_text(name, exact=True).first.bounding_box() for name in (*rows, *others)}
        assert all(places.values())
        shown = sorted(places, key=lambda name: places[name]["y"])
        assert set(shown[: len(rows)]) == set(rows), shown
        scores = [rows[name] for name in shown[: len(rows)]]
        assert scores == sorted(scores, reverse=True)

    def check_charts(self, address: str) -> None:
        """Of a task: a curve for each run. Charts below the window's edge are not drawn until one scrolls."""
        with self.opened(address, "round/accuracy", "round/log_loss", "reference_ce (round/accuracy)", name="charts"):
            pass

    def check_search(self, address: str, title: str) -> None:
        with self.opened(address, "best_cv_accuracy", "test_accuracy", title, name="search") as page:
            said = page.inner_text("body")
            for text in ("Child runs", "reference_ce", "Registered models", "draw 0"):
                assert text in said, text

    def check_search_charts(self, address: str) -> None:
        """Of a search: how the best score rose."""
        with self.opened(address, "(best_cv_accuracy)", name="search-charts"):
            pass

    def check_model(self, address: str) -> None:
        with self.opened(address, "tune-dml-bbc-25", "Version 1", "@ best", name="model"):
            pass


@contextmanager
def browser() -> Iterator[BrowserContext]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        memory = opened.new_context(viewport={"width": 2400, "height": 1600})
        # The files of the pages are kept, but not what MLflow notes of its users' choices.
        memory.add_init_script("localStorage.clear()")
        yield memory
        opened.close()


@contextmanager
def ui(*arguments: str, python: str = sys.executable) -> Iterator[list[str]]:
    """The addresses that ``tune-dml ui`` prints, while it serves them."""
    with _printed(*arguments, python=python) as addresses:
        wait_for(addresses[0].partition("/#")[0])
        yield addresses


def printed(*arguments: str, server: str, python: str = sys.executable) -> list[str]:
    """The addresses that ``tune-dml ui`` prints, as they would be on ``server``."""
    with _printed(*arguments, python=python) as addresses:
        return [server + one[one.index("/#") :] for one in addresses]


@contextmanager
def _printed(*arguments: str, python: str) -> Iterator[list[str]]:
    """Of the page, its charts, and the model."""
    process = subprocess.Popen(
        [python, "-m", "tune_dml", "ui", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        found = (re.search(r"http://\S+", line) for line in process.stdout)
        matches = filter(None, found)
        yield [next(matches)[0] for _ in range(3)]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def wait_for(server: str) -> None:
    """Until it answers."""
    from urllib.request import urlopen

    deadline = time.monotonic() + 120
    while True:
        try:
            with urlopen(f"{server}/health", timeout=5):
                return
        except OSError:
            assert time.monotonic() < deadline, server
            time.sleep(0.2)


def environment(folder: Path, packages: Sequence[str]) -> str:
    """The interpreter of an environment like this one, in which ``packages`` come first."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", *packages]
    ended = subprocess.run(pip, capture_output=True, text=True)
    if ended.returncode:
        pytest.skip(f"{' '.join(packages)} cannot be had here: {ended.stderr.strip()[-300:]}")
    [place] = folder.glob("lib/python*/site-packages")
    (place / "installed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return str(python)
