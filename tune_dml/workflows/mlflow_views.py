"""What MLflow holds: the best configurations, and bringing it up to date after an outage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tune_dml.config import SearchSettings, command_for
from tune_dml.errors import EnvironmentFault, ResultsError
from tune_dml.tracking import (
    BestRow,
    best_per_task,
    check_store,
    check_tracking_uri,
    embedded_uri,
    follow,
    tracking_uri_of,
    with_password,
)
from tune_dml.workflows.options import results_folder


def best(
    results: str, tracking_uri: str | None, task: str | None, tell: Callable[[str], None] = lambda sentence: None
) -> list[BestRow]:
    """The best configuration per data set, out of MLflow.

    Args:
        tell: Gets a sentence where the results were moved.

    Raises:
        EnvironmentFault: MLflow cannot be used; the message says what mends it.
    """
    return best_per_task(store_uri(results, tracking_uri, tell), task)


def sync(results: str, name: str | None, tracking_uri: str | None) -> list[str]:
    """Write to MLflow what it lacks of one search, or of all; a sentence for each.

    Raises:
        EnvironmentFault: MLflow cannot be reached or used; the message says what mends it.
    """
    from tune_dml.tracking import reconcile_search
    from tune_dml.tuning.journal import Journal
    from tune_dml.workflows.closing import best_scores, data_of, described, finish_of, registration_of
    from tune_dml.workflows.results import search_folder, searches, show, state_of
    from tune_dml.workflows.search_file import read_search_file

    root = results_folder(results)
    folders = [search_folder(results, name)] if name is not None else searches(root)
    if not folders:
        raise ResultsError(f"There is no search in {root}.")
    sentences: list[str] = []
    checked = set[str]()
    for folder in folders:
        about = read_search_file(folder)
        settings = tracked(about.settings, tracking_uri)
        uri = tracking_uri_of(settings, root)
        if uri not in checked:
            check_store(uri, root)
            checked.add(uri)
        if uri == embedded_uri(root) and (sentence := follow(root)) is not None:
            sentences.append(sentence)
        journal = Journal(folder, write=False)
        finish = model = None
        state = state_of(folder)
        if state != "running":
            report = show(results, folder.name)
            finish = finish_of(report)
            registration = registration_of(report, about)
            model = (folder / "model", registration) if registration is not None else None
        records = [*journal.records("baseline"), *journal.records()]
        curve = best_scores(records, settings.metric, about.rounds, about.by_schedule)
        refused = reconcile_search(settings, root, records, described(about), curve, finish, model, data_of(about))
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


def store_uri(results: str, tracking_uri: str | None, tell: Callable[[str], None]) -> str:
    """Where MLflow keeps these results, looked at; ``tell`` and errors as for :func:`best`."""
    root: Path = results_folder(results)
    uri = embedded_uri(root) if tracking_uri is None else check_tracking_uri(tracking_uri, write=False)
    if tracking_uri is None and not (root / "mlflow.db").exists():
        raise ResultsError(f"{root} has no MLflow store yet: tune-dml search makes one, or give --tracking-uri.")
    check_store(uri, root, write=False)
    if uri == embedded_uri(root) and (sentence := follow(root)) is not None:
        tell(sentence)
    return uri
