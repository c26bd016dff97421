"""A comparison's page in an installed Chromium, as axe-core and a reader with a phone see it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_up_cells import made_up

import tune_dml

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(importlib.util.find_spec("axe_playwright_python") is None, reason="axe is not installed"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("results")
    values = made_up(folder, tasks=6, shots=[20, 50], draws=6, arms=4)
    tune_dml.compare(values, results=str(folder), run=False)
    return (folder / "comparisons" / "made-up" / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_anybody_can_read_it(colours: str, width: int, address: str, browser: Browser, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    # axe has to be run inside of the page, which allows no scripts of its own.
    memory = browser.new_context(
        color_scheme=colours, viewport={"width": width, "height": 800}, reduced_motion="reduce", bypass_csp=True
    )
    page = memory.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert page.locator("svg[role=img]").count() == 6
    assert page.locator("table").count() == 6 * 2 + 2 + 2
    assert asked == [address]
    assert said == []
    # Wide tables scroll in their own boxes, not the page.
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["help"]) for v in found if v["impact"] in ("serious", "critical")] == []
    page.screenshot(path=str(tmp_path / "page.png"), full_page=False)
    memory.close()


def test_nothing_is_run_where_scripts_are_allowed(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(address)
    assert page.evaluate("document.scripts.length") == 0
    page.close()
