"""Bringing MLflow up to date: after an outage, and with a search that has run elsewhere."""

from __future__ import annotations

from tune_dml.config import command_for
from tune_dml.driver.closing import best_scores, data_of, described, finish_of, registration_of
from tune_dml.errors import EnvironmentFault, ResultsError
from tune_dml.results.folders import results_folder, search_folder, searches, state_of
from tune_dml.results.search_file import read_search_file
from tune_dml.results.stored import stored_report
from tune_dml.results.tracked import tracked
from tune_dml.tracking import check_store, embedded_uri, follow, reconcile_search, tracking_uri_of
from tune_dml.tuning.journal import Journal


def sync(results: str, name: str | None, tracking_uri: str | None) -> list[str]:
    """Write to MLflow what it lacks of one search, or of all; a sentence for each.

    Raises:
        EnvironmentFault: MLflow cannot be reached or used; the message says what mends it.
    """
    from tune_dml.results.folders import search_folder, state_of
    from tune_dml.results.search_file import read_search_file

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
            report = stored_report(folder)
            finish = finish_of(report)
            registration = registration_of(report, about)
            model = (folder / "model", registration) if registration is not None and settings.save_model else None
        records = [*journal.records("baseline"), *journal.records()]
        curve = best_scores(records, settings.metric, about.rounds, about.by_schedule)
        refused = reconcile_search(settings, root, records, described(about), curve, finish, model, data_of(about))
        sentences += refused or [f"{folder.name}: MLflow has everything ({len(records)} runs)."]
    return sentences


def sync_fetched(results: str, name: str) -> list[str]:
    """Write a search that has ended elsewhere to the MLflow store of these results; nothing where it has a server.

    What failed is told, not raised: the search itself is here.
    """
    folder = search_folder(results, name)
    ended = state_of(folder) in ("finished", "cross-validated")
    if not ended or read_search_file(folder).settings.tracking_uri is not None:
        return []
    try:
        return sync(results, name, None)
    except EnvironmentFault as fault:
        return [f"{fault} Later: {command_for('sync', folder)}"]
