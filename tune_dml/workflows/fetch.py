"""Bring a search from where a copy of it is kept, into the results and into MLflow."""

from __future__ import annotations

from tune_dml.cluster.fetching import Fetched, fetch_search, listed
from tune_dml.workflows.sync import sync_fetched

__all__ = ["Fetched", "fetch", "listed"]


def fetch(source: str, name: str, results: str, on_head: str | None = None) -> tuple[Fetched, list[str]]:
    """Bring one search, and write it to the MLflow store of these results where it has ended.

    Returns:
        What is here now, and a sentence for each thing that MLflow was told.

    Raises:
        TuneDMLError: as :func:`tune_dml.cluster.fetching.fetch_search`.
    """
    fetched = fetch_search(source, name, results, on_head)
    return fetched, sync_fetched(results, name) if fetched.news else []
