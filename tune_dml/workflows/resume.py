"""Go on with a search that was interrupted, killed, or ran out of time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.cluster.keeping import kept, stored
from tune_dml.driver.options import at_least
from tune_dml.driver.preparation import prepare_again
from tune_dml.errors import ResultsError
from tune_dml.execution import ending_like_ctrl_c, stop_ray
from tune_dml.reporting.output import Output
from tune_dml.results.folders import results_folder, search_folder, searches, state_of
from tune_dml.results.search_file import read_search_file
from tune_dml.results.tracked import tracked

if TYPE_CHECKING:
    from tune_dml.driver.drive import Finished


def resume(
    results: str,
    name: str | None,
    out: Output,
    *,
    concurrency: int | None = None,
    address: str | None = None,
    tracking_uri: str | None = None,
    store: str | None = None,
    loss_plugins: tuple[str, ...] = (),
) -> Finished:
    """Run what is missing of search ``name`` (``None``: the latest unfinished one).

    Finished trials count; trials that were RUNNING keep their number and parameters, are handed their known rounds and
    go on; ASHA's rungs are refilled. A search that lacks nothing is only shown, and its files are written again.

    Args:
        concurrency: Trials at a time, this time; ``None``: as many as the search was started with.
        address: The cluster to go on with, ``local`` for this machine; ``None``: where the search was started.
        tracking_uri: MLflow's, if it is to be another one, or has a password: that is not stored.
        store: Where the copy is kept, this time; ``none``: nowhere; ``None``: as the search was started.
        loss_plugins: Those of the search, named again.

    Raises:
        ResultsError: there is no such search, or nothing to resume.
        UsageError: ``concurrency`` is less than 1.
    """
    at_least("--concurrency", concurrency, 1)
    begun = time.monotonic()
    folder = search_folder(results, name) if name is not None else _latest_unfinished(results)
    about = read_search_file(folder)
    about = replace(about, settings=stored(tracked(about.settings, tracking_uri), store))
    if concurrency is not None:
        about = replace(about, settings=replace(about.settings, concurrency=concurrency, elastic=False))
    if address is not None:
        about = replace(about, settings=replace(about.settings, address=None if address == "local" else address))
    out.line(f"resuming {about.settings.name}")
    with ending_like_ctrl_c():
        try:
            prepared = prepare_again(about, out, loss_plugins=loss_plugins, workers=state_of(folder) == "interrupted")
            from tune_dml.driver.drive import drive

            with kept(about.settings, folder, out):
                return drive(prepared, out, begun=begun, confirm_now=about.settings.confirm)
        finally:
            stop_ray()


def _latest_unfinished(results: str) -> Path:
    root = results_folder(results)
    candidates = [f for f in searches(root) if state_of(f) in ("interrupted", "running")]
    if not candidates:
        raise ResultsError(f"There is no unfinished search in {root}.")
    return max(candidates, key=lambda f: f.stat().st_mtime)
