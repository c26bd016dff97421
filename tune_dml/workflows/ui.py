"""Looking at results in MLflow's UI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tune_dml.errors import EnvironmentFault, UsageError
from tune_dml.results.folders import results_folder, search_folder, searches
from tune_dml.results.search_file import read_search_file
from tune_dml.results.tracked import store_uri
from tune_dml.tracking import (
    experiment_page,
    experiments_page,
    free_port,
    model_page_of,
    parent_of,
    run_page,
    ui_command,
    without_password,
)


@dataclass(frozen=True)
class View:
    """Where results are looked at.

    Attributes:
        address: Of the page in MLflow's UI.
        charts: Of the same searches' charts; ``None`` where there are several tasks.
        model: Of the registered model; ``None`` where there is none, or several.
        server: The address of what serves it.
        command: What has to run for it; empty where a server runs already.
    """

    address: str
    charts: str | None
    model: str | None
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
        port: Of the server on the loopback address; 5000, or a free one, unless given. 0 takes a free one.
        name: Of the search.
        options: For MLflow's server, as :func:`ui_command` takes them.
        tell: Gets a sentence where the results were moved.

    Raises:
        ResultsError: there is no such search, or no store.
        EnvironmentFault: MLflow cannot be used, or the port is in use; the message says what mends it.
    """
    root = results_folder(results)
    folder = None if name is None else search_folder(results, name)
    if tracking_uri is None and folder is not None:
        tracking_uri = read_search_file(folder).settings.tracking_uri
    uri = store_uri(results, tracking_uri, tell)
    where = None if tracking_uri is None else without_password(uri)
    server, command = where or uri, list[str]()
    if not uri.startswith("http"):
        chosen = _port(port)
        server = f"http://127.0.0.1:{chosen}"
        command = ui_command(uri, chosen, root, options)
    address, charts = _pages(server, where, folder, root)
    model = _model_page(server, [folder] if folder is not None else searches(root))
    return View(address, charts, model, server, tuple(command))


def _port(asked: int | None) -> int:
    if asked is not None and not 0 <= asked <= 65_535:
        raise UsageError(f"--port {asked}: a port is a number up to 65535; 0 takes any that is free.")
    chosen = free_port(5000 if asked is None else asked)
    if asked and chosen != asked:
        raise EnvironmentFault(f"Port {asked} is in use here; give another one, or --port 0 for any that is free.")
    return chosen


def _pages(server: str, where: str | None, folder: Path | None, root: Path) -> tuple[str, str | None]:
    """Of the search in ``folder``, or of all in ``root``, and of their charts; by what their folders know of MLflow at
    ``where``."""
    if folder is not None:
        if (known := parent_of(folder, where)) is not None:
            return run_page(server, *known), run_page(server, *known, charts=True)
        return experiments_page(server), None
    experiments = {known[0] for one in searches(root) if (known := parent_of(one, where)) is not None}
    if len(experiments) == 1:
        [one] = experiments
        return experiment_page(server, one), experiment_page(server, one, charts=True)
    return experiments_page(server), None


def _model_page(server: str, folders: Iterable[Path]) -> str | None:
    """Of the one model that the searches in ``folders`` have registered."""
    pages = {model_page_of(server, read_search_file(one).settings) for one in folders if (one / "model").is_dir()}
    return pages.pop() if len(pages) == 1 else None
