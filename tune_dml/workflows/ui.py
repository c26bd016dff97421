"""Looking at results in MLflow's UI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tune_dml.tracking import (
    experiment_page,
    experiments_page,
    free_port,
    parent_of,
    run_page,
    ui_command,
    without_password,
)
from tune_dml.workflows.mlflow_views import store_uri
from tune_dml.workflows.options import results_folder
from tune_dml.workflows.results import search_folder, searches
from tune_dml.workflows.search_file import read_search_file


@dataclass(frozen=True)
class View:
    """Where results are looked at.

    Attributes:
        address: Of the page in MLflow's UI.
        server: The address of what serves it.
        command: What has to run for it; empty where a server runs already.
    """

    address: str
    server: str
    command: tuple[str, ...] = ()


def ui(
    results: str,
    tracking_uri: str | None,
    port: int | None,
    name: str | None = None,
    options: Mapping[str, str | None] | None = None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> View:
    """The MLflow UI, on the page of one search, of the only task, or of all.

    Args:
        port: Of the server on the loopback address; 5000, or a free one, unless given.
        name: Of the search.
        options: For MLflow's server, as :func:`ui_command` takes them.
        tell: Gets a sentence where the results were moved.

    Raises:
        ResultsError: there is no such search, or no store.
        EnvironmentFault: MLflow cannot be used; the message says what mends it.
    """
    root = results_folder(results)
    folder = None if name is None else search_folder(results, name)
    if tracking_uri is None and folder is not None:
        tracking_uri = read_search_file(folder).settings.tracking_uri
    uri = store_uri(results, tracking_uri, tell)
    where = None if tracking_uri is None else without_password(uri)
    if uri.startswith("http"):
        return View(_page(where or uri, where, folder, root), where or uri)
    chosen = free_port(port or 5000)
    server = f"http://127.0.0.1:{chosen}"
    return View(_page(server, where, folder, root), server, tuple(ui_command(uri, chosen, root, options)))


def _page(server: str, where: str | None, folder: Path | None, root: Path) -> str:
    """Of the search in ``folder``, or of all in ``root``; by what their folders know of MLflow at ``where``."""
    if folder is not None:
        known = parent_of(folder, where)
        return experiments_page(server) if known is None else run_page(server, *known)
    experiments = {known[0] for one in searches(root) if (known := parent_of(one, where)) is not None}
    return experiment_page(server, experiments.pop()) if len(experiments) == 1 else experiments_page(server)
