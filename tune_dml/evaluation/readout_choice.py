"""Which read-out a configuration ends up with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tune_dml.config import READOUTS, TrialRecord
from tune_dml.evaluation.pooling import Pooled, pooled
from tune_dml.evaluation.standard_error import clearly_better
from tune_dml.models.readouts.spec import tempered
from tune_dml.training.scoring import objective, row_log_loss, score

DEFAULT = "logistic"
#: A quarter to four, in steps of 1%: a few dozen predictions support no more.
TEMPERATURES = np.geomspace(0.25, 4.0, 281)


def choose_temperature(record: TrialRecord, labels: npt.ArrayLike, readout: str, latest: bool = False) -> float:
    """The temperature, to two digits, that gives pooled out-of-fold predictions of ``readout`` the least log loss."""
    found = pooled(record, labels, readout, latest)
    probabilities = found.probabilities.astype(np.float32)
    losses = [row_log_loss(tempered(probabilities, float(t)), found.labels).mean() for t in TEMPERATURES]
    return float(f"{TEMPERATURES[int(np.argmin(losses))]:.2g}")


def readout_accuracies(record: TrialRecord, labels: npt.ArrayLike, latest: bool = False) -> dict[str, float]:
    """Accuracy of each read-out that all rounds have, on the pooled out-of-fold predictions."""
    return {
        readout: score(one.probabilities, one.labels).accuracy
        for readout, one in _pooled(record, labels, latest).items()
        if np.isfinite(one.probabilities).all()
    }


def choose_readout(record: TrialRecord, labels: npt.ArrayLike, metric: str, latest: bool = False) -> str:
    """``logistic``, unless another read-out is better by more than one standard error.

    Of each read-out the setting with the best pooled objective is looked at, the usual one if it is as good as any.

    The difference is paired, row by row of the pooled out-of-fold predictions: of log losses where the metric is
    ``log_loss``, else of correctness. Of several that qualify, the one with the best pooled objective is taken.
    Read-outs that are missing from a round are left out.

    Args:
        labels: Of the draw, int ``[draw]``.

    Raises:
        ResultsError: the record has no out-of-fold predictions of ``logistic``.
    """
    found = _pooled(record, labels, latest)
    values = {
        readout: objective(score(one.probabilities, one.labels), metric)
        for readout, one in found.items()
        if readout == DEFAULT or np.isfinite(one.probabilities).all()
    }
    families: dict[str, str] = {}
    for readout, value in values.items():
        family = readout.partition(":")[0]
        if family not in families or value > values[families[family]]:
            families[family] = readout
    better = [r for r in families.values() if r != DEFAULT and clearly_better(found[r], found[DEFAULT], metric)]
    # The first of equals: the sort is stable.
    return max([DEFAULT, *better], key=lambda readout: values[readout])


def _pooled(record: TrialRecord, labels: npt.ArrayLike, latest: bool) -> dict[str, Pooled]:
    return {
        readout: pooled(record, labels, readout, latest)
        for readout in READOUTS
        if readout == DEFAULT or all(readout in r.probabilities for r in record.rounds)
    }
