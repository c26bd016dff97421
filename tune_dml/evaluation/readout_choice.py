"""Which read-out a configuration ends up with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tune_dml.config import READOUTS, TrialRecord
from tune_dml.evaluation.pooling import pooled
from tune_dml.evaluation.standard_error import clearly_better
from tune_dml.training.scoring import objective, score

DEFAULT = "logistic"


def choose_readout(record: TrialRecord, labels: npt.ArrayLike, metric: str, latest: bool = False) -> str:
    """``logistic``, unless another read-out is better by more than one standard error.

    The difference is paired, row by row of the pooled out-of-fold predictions: of log losses where the metric is
    ``log_loss``, else of correctness. Of several that qualify, the one with the best pooled objective is taken.
    Read-outs that are missing from a round are left out.

    Args:
        labels: Of the draw, int ``[draw]``.

    Raises:
        ResultsError: the record has no out-of-fold predictions of ``logistic``.
    """
    reference = pooled(record, labels, DEFAULT, latest)
    rounds = record.rounds
    best, best_objective = DEFAULT, objective(score(reference.probabilities, reference.labels), metric)
    for readout in READOUTS:
        if readout == DEFAULT or any(readout not in r.probabilities for r in rounds):
            continue
        other = pooled(record, labels, readout, latest)
        if not np.isfinite(other.probabilities).all() or not clearly_better(other, reference, metric):
            continue
        value = objective(score(other.probabilities, other.labels), metric)
        if value > best_objective:
            best, best_objective = readout, value
    return best
