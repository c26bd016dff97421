"""A cell whose arm is a linear probe: logistic regression on the untouched encoder's vectors, as searches have it."""

from __future__ import annotations

import time
from dataclasses import replace

from tune_dml.comparisons.cell_results import CellResult, digest_of_texts
from tune_dml.comparisons.comparison import Cell
from tune_dml.config import State, TrialRecord, size_of
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import UsageError
from tune_dml.evaluation import choose_readout
from tune_dml.reporting.output import Output
from tune_dml.training.scoring import score
from tune_dml.training.workload import baseline, run_confirm, run_rounds, single_thread


def run_probe(cell: Cell, request: SearchRequest, out: Output) -> CellResult:
    """Its read-out and C by cross validation on the draw's folds, then the test texts.

    Raises:
        UsageError: the task has no test texts.
    """
    begun = time.monotonic()
    # Of a probe that takes seconds, a line for the cell is enough.
    prepared = prepare_new(replace(request, name=None), replace(out, quiet=not out.verbose))
    about, workload, settings = prepared.about, prepared.workload, prepared.about.settings
    if prepared.test is None or prepared.test_labels is None:
        raise UsageError(f"The task '{cell.task_name}' has no test texts to compare arms on.")
    single_thread()
    config = baseline("probe", size_of(workload.encoder.body), about.max_length, settings.representation)
    rounds = tuple(run_rounds(workload, config))
    record = TrialRecord(0, "baseline", "probe", State.COMPLETE, config.to_dict(), rounds)
    kind = about.task_kind
    readout = choose_readout(record, about.heldout_labels(), kind, settings.metric, about.by_schedule)
    probabilities = run_confirm(workload, config, 0, prepared.test).probabilities["test"][readout]
    return CellResult.of(
        cell,
        settings.metric,
        [score(kind, probabilities, prepared.test_labels)[settings.metric]],
        winner=f"linear_probe, {readout}",
        seconds=time.monotonic() - begun,
        training_seconds=sum(item.seconds for item in rounds),
        rounds=len(rounds),
        trials=1,
        texts=digest_of_texts(about.hashes),
    )
