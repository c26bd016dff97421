"""What a browser shows at the addresses that are printed, without a click; screenshots are left in ``build/``."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import FinishedSearch

from benchmarks.mlflow_server import Server
from tune_dml.tracking import experiment_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 2400, "height": 1200})
        browser.close()


@contextmanager
def ui(*arguments: str) -> Iterator[str]:
    """The address that ``tune-dml ui`` prints, while it runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tune_dml", "ui", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        yield next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def shows(page: Page, address: str, *texts: str, name: str) -> str:
    """Open an address and wait until all ``texts`` are there; what the page says."""
    from playwright.sync_api import Error

    deadline = time.monotonic() + 120
    while True:
        try:
            page.goto(address)
            break
        except Error:
            # The server may still be starting.
            assert time.monotonic() < deadline
            page.wait_for_timeout(300)
    try:
        for text in texts:
            page.get_by_text(text).first.wait_for(timeout=60_000)
    finally:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(SCREENSHOTS / f"{name}.png"))
    said = page.inner_text("body")
    assert "Judges" not in said
    assert "Prompts" not in said
    return said


def check_runs(said: str, document: dict[str, Any]) -> None:
    trials = [f"{row['loss']} #{row['trial']}" for row in document["leaderboard"] if row.get("trial") is not None]
    for text in (*trials, "probe", "reference_ce", document["search"]["name"], "Sort: accuracy"):
        assert text in said, text
    for column in ("accuracy", "test_accuracy", "seconds", "tune_dml.loss", "tune_dml.state", "tune_dml.rounds"):
        assert column in said, column


def test_the_store_of_the_results(finished: FinishedSearch, page: Page) -> None:
    where = ["--results", str(finished.results)]
    with ui(*where) as address:
        said = shows(page, address, "reference_ce", "tune_dml.rounds", name="embedded-runs")
        check_runs(said, finished.document)
        experiment = re.search(r"experiments/(\d+)/runs", address)
        assert experiment is not None
        charts = experiment_page(address.partition("/#")[0], experiment[1], charts=True)
        shows(page, charts, "best_cv_accuracy", name="embedded-charts")
    with ui(finished.folder.name, *where) as address:
        said = shows(page, address, "Leaderboard", "cv_accuracy", name="embedded-search")
        assert finished.folder.name in said


def test_a_server(finished: FinishedSearch, page: Page, tmp_path: Path, tune_dml: Callable[..., Any]) -> None:
    server = Server(tmp_path, tmp_path)
    server.start()
    try:
        where = ["--results", str(finished.results), "--tracking-uri", server.uri]
        told = tune_dml("sync", finished.folder.name, *where)
        assert told.code == 0, told.err
        [row] = json.loads(tune_dml("best", "--tracking-uri", server.uri, "--json").out)
        said = shows(page, row["page"], "cv_accuracy", name="server-search")
        assert finished.folder.name in said
        said = shows(page, row["model_page"], "Version 1", name="server-model")
        assert "@ best" in said or "best" in said
        said = shows(page, experiment_page(server.uri, row["experiment_id"]), "reference_ce", name="server-runs")
        check_runs(said, finished.document)
    finally:
        server.stop()
