"""The searches of a results folder, and one of them as it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tune_dml.config import State
from tune_dml.data import KINDS
from tune_dml.errors import TuneDMLError
from tune_dml.evaluation import winner
from tune_dml.reporting import SearchReport
from tune_dml.results.assembly import assemble
from tune_dml.results.folders import results_folder, search_folder, searches, state_of
from tune_dml.results.search_file import read_search_file
from tune_dml.results.stored import stored_report, stored_test_labels
from tune_dml.training.scoring import mean_scores, summaries
from tune_dml.tuning.journal import Journal


@dataclass(frozen=True)
class SearchRow:
    """A line of ``tune-dml list``.

    Attributes:
        state: ``running``, ``interrupted``, ``cross-validated`` (without confirm), ``finished``, or ``damaged``.
        needs: Code of other packages, as ``package.module:NAME``, without which there are no scores.
    """

    name: str
    task: str
    shots: int
    encoder: str
    state: str
    trials_done: int
    trials: int
    cv_accuracy: float | None
    test_accuracy: float | None
    needs: tuple[str, ...] = ()


def list_searches(results: str) -> list[SearchRow]:
    """Every search of a results folder, oldest first; one that cannot be read says so and hides no other."""
    return [_row(folder) for folder in searches(results_folder(results))]


def show(results: str, name: str) -> SearchReport:
    """A search as it stands, from its files alone.

    Raises:
        ResultsError: there is no such search, or its files cannot be read.
    """
    return stored_report(search_folder(results, name))


def _row(folder: Path) -> SearchRow:
    state = state_of(folder)
    try:
        about = read_search_file(folder)
        settings, journal = about.settings, Journal(folder, write=False)
        trials = journal.records()
        row = SearchRow(
            name=folder.name,
            task=settings.task.task,
            shots=len(about.labels),
            encoder=", ".join(settings.encoder_names),
            state=state,
            trials_done=sum(r.state in (State.COMPLETE, State.PRUNED, State.FAIL) for r in trials),
            trials=settings.trials,
            cv_accuracy=None,
            test_accuracy=None,
        )
        if about.kind not in KINDS and settings.loss_plugins:
            return replace(row, needs=settings.loss_plugins)
        kind = about.task_kind
        best = winner(trials, about.heldout_labels(), kind, settings.metric, about.rounds, about.by_schedule)
        scores = mean_scores(best.rounds, about.by_schedule) if best is not None else None
        test = None
        if best is not None and state == "finished":
            report = assemble(about, folder, journal, stored_test_labels(folder), interrupted=False, seconds=0.0)
            seeds = report.confirmed.get(best.name)
            test = summaries(seeds)[kind.target.metric].mean if seeds else None
    except TuneDMLError:
        return SearchRow(folder.name, "?", 0, "?", "damaged" if state != "running" else state, 0, 0, None, None)
    return replace(row, cv_accuracy=scores[kind.target.metric] if scores else None, test_accuracy=test)
