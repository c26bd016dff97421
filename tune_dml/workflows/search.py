"""The main job: find the recipe that works best, and confirm it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.cluster.keeping import kept
from tune_dml.driver.naming import name_taken
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.request import SearchRequest
from tune_dml.driver.turns import one_at_a_time
from tune_dml.errors import EnvironmentFault
from tune_dml.execution import ending_like_ctrl_c, stop_ray
from tune_dml.reporting.output import Output
from tune_dml.results.folders import results_folder
from tune_dml.workflows.plan import Plan, plan

if TYPE_CHECKING:
    from tune_dml.driver.drive import Finished

__all__ = ["Plan", "plan", "search", "start"]


def search(request: SearchRequest, out: Output) -> Finished:
    """Search, confirm, write results and a model.

    Raises:
        TuneDMLError: before anything is written if the request is wrong; after all is written if no trial gave a score.
    """
    begun = time.monotonic()
    with ending_like_ctrl_c():
        try:
            with one_at_a_time(out):
                try:
                    prepared = prepare_new(request, out, workers=True)
                    start(prepared, out)
                except KeyboardInterrupt:
                    out.line("Stopped before the search began: it has left nothing.")
                    raise
                from tune_dml.driver.drive import drive

            settings = prepared.about.settings
            with kept(settings, prepared.folder, out, new=True):
                return drive(prepared, out, begun=begun, confirm_now=settings.confirm)
        finally:
            stop_ray()


def start(prepared: Prepared, out: Output) -> None:
    """Make the search's folder with ``search.yaml`` in it."""
    settings = prepared.about.settings
    results_folder(settings.results, create=True)
    try:
        prepared.folder.mkdir(parents=True)
    except FileExistsError:
        raise name_taken(prepared.folder) from None
    except OSError as error:
        raise EnvironmentFault(f"{prepared.folder} cannot be made: {error.strerror}.") from None
    try:
        prepared.about.write(prepared.folder)
        _make_journal(prepared.folder)
    except BaseException:
        # Its name is free again.
        shutil.rmtree(prepared.folder, ignore_errors=True)
        raise
    per_class = ", ".join(f"{name} {n}" for name, n in prepared.about.per_class().items())
    out.line(f"task: {settings.task.task} ({prepared.about.source}); per class: {per_class}")
    out.line(f"protocol: {settings.protocol}")
    for note in prepared.about.notes:
        out.line(f"data: {note}")


def _make_journal(folder: Path) -> None:
    from tune_dml.tuning.journal import Journal

    Journal(folder).close()
