"""Confirm a search that was run with ``--no-confirm``, or with more seeds than before."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tune_dml.cluster.keeping import kept, stored
from tune_dml.config import command_for
from tune_dml.driver.preparation import prepare_again
from tune_dml.errors import ResultsError, UsageError
from tune_dml.execution import ending_like_ctrl_c, stop_ray
from tune_dml.reporting.output import Output
from tune_dml.results.folders import search_folder, state_of
from tune_dml.results.search_file import read_search_file
from tune_dml.results.tracked import tracked

if TYPE_CHECKING:
    from tune_dml.driver.drive import Finished


def confirm(
    results: str,
    name: str,
    seeds: int | None,
    ensemble: bool,
    out: Output,
    *,
    tracking_uri: str | None = None,
    store: str | None = None,
    loss_plugins: tuple[str, ...] = (),
) -> Finished:
    """Retrain the winner and what it is compared with; runs that are known are not repeated.

    Args:
        seeds: How many; ``None`` keeps what the search was asked for.
        ensemble: Also score the average of the winner's seeds.
        tracking_uri: MLflow's, if it is to be another one, or has a password: that is not stored.
        store: Where the copy is kept, this time; ``none``: nowhere; ``None``: as the search was started.
        loss_plugins: Those of the search, named again.

    Raises:
        ResultsError: there is no such search, or none of its trials has a score.
    """
    begun = time.monotonic()
    if seeds is not None and seeds < 1:
        raise UsageError(f"--confirm-seeds is {seeds}; it must be 1 or more.")
    folder = search_folder(results, name)
    about = read_search_file(folder)
    settings = stored(tracked(about.settings, tracking_uri), store)
    about = replace(
        about,
        settings=replace(
            settings,
            confirm=True,
            confirm_seeds=settings.confirm_seeds if seeds is None else seeds,
            ensemble=settings.ensemble or ensemble,
        ),
    )
    with ending_like_ctrl_c():
        try:
            prepared = prepare_again(
                about, out, loss_plugins=loss_plugins, workers=state_of(folder) == "cross-validated"
            )
            from tune_dml.driver.drive import drive

            with kept(about.settings, folder, out):
                finished = drive(prepared, out, begun=begun, confirm_now=True, search_first=False)
                if finished.report.winner is None:
                    resume = command_for("resume", folder)
                    raise ResultsError(f"'{name}' has no trial with a score yet; go on with it: {resume}.")
                about.write(folder)
            return finished
        finally:
            stop_ray()
