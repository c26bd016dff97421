"""What MLflow shows: the best configurations, the UI, and bringing it up to date after an outage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tune_dml.config import SearchSettings, command_for
from tune_dml.errors import EnvironmentFault, ResultsError
from tune_dml.tracking import (
    BestRow,
    best_per_task,
    check_tracking_uri,
    embedded_uri,
    experiment_page,
    experiments_page,
    free_port,
    parent_of,
    run_page,
    ui_command,
    with_password,
    without_password,
)
from tune_dml.workflows.options import results_folder


def best(results: str, tracking_uri: str | None, task: str | None) -> list[BestRow]:
    """The best configuration per data set, out of MLflow."""
    return best_per_task(_uri(results, tracking_uri), task)


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
) -> View:
    """The MLflow UI, on the page of one search, of the only task, or of all.

    Args:
        port: Of the server on the loopback address; 5000, or a free one, unless given.
        name: Of the search.
        options: For MLflow's server, as :func:`ui_command` takes them.

    Raises:
        ResultsError: there is no such search, or no store.
    """
    from tune_dml.workflows.results import search_folder
    from tune_dml.workflows.search_file import read_search_file

    root = results_folder(results)
    folder = None if name is None else search_folder(results, name)
    if tracking_uri is None and folder is not None:
        tracking_uri = read_search_file(folder).settings.tracking_uri
    uri = _uri(results, tracking_uri)
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
    from tune_dml.workflows.results import searches

    experiments = {known[0] for one in searches(root) if (known := parent_of(one, where)) is not None}
    return experiment_page(server, experiments.pop()) if len(experiments) == 1 else experiments_page(server)


def sync(results: str, name: str | None, tracking_uri: str | None) -> list[str]:
    """Write to MLflow what it lacks of one search, or of all; a sentence for each.

    Raises:
        EnvironmentFault: MLflow cannot be reached.
    """
    from tune_dml.tracking import reconcile_search
    from tune_dml.tuning.journal import Journal
    from tune_dml.workflows.closing import data_of, finish_of, registration_of
    from tune_dml.workflows.results import search_folder, searches, show, state_of
    from tune_dml.workflows.search_file import read_search_file

    root = results_folder(results)
    folders = [search_folder(results, name)] if name is not None else searches(root)
    if not folders:
        raise ResultsError(f"There is no search in {root}.")
    sentences = []
    for folder in folders:
        about = read_search_file(folder)
        settings = tracked(about.settings, tracking_uri)
        journal = Journal(folder, write=False)
        finish = model = None
        if state_of(folder) in ("finished", "cross-validated"):
            report = show(results, folder.name)
            finish = finish_of(report)
            registration = registration_of(report, about)
            model = (folder / "model", registration) if registration is not None else None
        records = [*journal.records("baseline"), *journal.records()]
        refused = reconcile_search(settings, root, records, finish=finish, model=model, data=data_of(about))
        sentences += refused or [f"{folder.name}: MLflow has everything ({len(records)} runs)."]
    return sentences


def sync_fetched(results: str, name: str) -> list[str]:
    """Write a search that has ended elsewhere to the MLflow store of these results; nothing where it has a server.

    What failed is told, not raised: the search itself is here.
    """
    from tune_dml.workflows.results import search_folder, state_of
    from tune_dml.workflows.search_file import read_search_file

    folder = search_folder(results, name)
    ended = state_of(folder) in ("finished", "cross-validated")
    if not ended or read_search_file(folder).settings.tracking_uri is not None:
        return []
    try:
        return sync(results, name, None)
    except EnvironmentFault as fault:
        return [f"{fault} Later: {command_for('sync', folder)}"]


def tracked(settings: SearchSettings, tracking_uri: str | None) -> SearchSettings:
    """Settings out of ``search.yaml`` with ``tracking_uri``, or with the password of their own again.

    Raises:
        UsageError: it cannot be known.
    """
    uri = tracking_uri if tracking_uri is not None else settings.tracking_uri
    return settings if uri is None else replace(settings, tracking_uri=check_tracking_uri(with_password(uri)))


def _uri(results: str, tracking_uri: str | None) -> str:
    if tracking_uri is not None:
        return check_tracking_uri(tracking_uri)
    root: Path = results_folder(results)
    if not (root / "mlflow.db").is_file():
        raise ResultsError(f"{root} has no MLflow store yet: tune-dml search makes one, or give --tracking-uri.")
    return embedded_uri(root)
