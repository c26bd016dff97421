"""What a browser shows at the addresses that are printed, without a click; screenshots are left in ``build/``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from finished_search import FinishedSearch
from mlflow_pages import Pages, browser, needs_browser, printed, ui

from benchmarks.mlflow_server import Server

pytestmark = [*needs_browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as one:
        yield one


def test_the_store_of_the_results(finished: FinishedSearch, opened: Any) -> None:
    check_embedded(finished, Pages(opened, mlflow.__version__, "embedded"))


@pytest.mark.long
def test_a_server(finished: FinishedSearch, opened: Any, tmp_path: Path, tune_dml: Callable[..., Any]) -> None:
    server = Server(tmp_path, tmp_path)
    server.start()
    try:
        check_server(server, finished, Pages(opened, mlflow.__version__, "server"), tune_dml)
    finally:
        server.stop()


def check_server(server: Server, finished: FinishedSearch, pages: Pages, tune_dml: Callable[..., Any]) -> None:
    """The finished search, written to a server; the pages that are printed for it."""
    where = ["--results", str(finished.results), "--tracking-uri", server.uri]
    told = tune_dml("sync", finished.folder.name, *where)
    assert told.code == 0, told.err
    [row] = json.loads(tune_dml("best", "--tracking-uri", server.uri, "--json").out)
    pages.check_search(row["page"], finished.folder.name)
    pages.check_model(row["model_page"])
    printed = [line.split()[-1] for line in tune_dml("ui", *where).out.splitlines()]
    assert len(printed) == 3
    pages.check_runs(printed[0], finished.document)
    pages.check_charts(printed[1])
    assert printed[2] == row["model_page"]


def check_embedded(finished: FinishedSearch, pages: Pages, python: str = sys.executable) -> None:
    where = ["--results", str(finished.results)]
    with ui(*where, python=python) as (runs, charts, model):
        pages.check_runs(runs, finished.document)
        pages.check_charts(charts)
        pages.check_model(model)
        server = runs.partition("/#")[0]
        search, charts, _ = printed(finished.folder.name, *where, server=server, python=python)
        pages.check_search(search, finished.folder.name)
        pages.check_search_charts(charts)
