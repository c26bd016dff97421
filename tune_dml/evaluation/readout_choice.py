"""Which read-out a configuration ends up with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tune_dml.config import TrialRecord
from tune_dml.evaluation.pooling import Pooled, pooled
from tune_dml.evaluation.standard_error import gains_more, row_gains
from tune_dml.models.readouts.readout_spec import tempered
from tune_dml.recipe import READOUTS
from tune_dml.training.scoring import row_log_loss, score

DEFAULT = "logistic"
#: The best single read-out of embeddings that training has shaped, on the test split: make bench BENCH="losses".
TRAINED = "centroid:euclidean"
#: Standard errors. The best of six that are equally good is ahead by 2.4 by luck once in 20 times, by one as a rule.
MARGIN = 2.5
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
    """The read-out that is right most often as a rule, unless another is clearly better here: :func:`best_readout`.

    Each row of the pooled out-of-fold predictions counts: by its log loss where the metric is ``log_loss``, else by
    whether it is right. Read-outs that are missing from a round are left out.

    Args:
        labels: Of the draw, int ``[draw]``.

    Raises:
        ResultsError: the record has no out-of-fold predictions of ``logistic``.
    """
    gains = {
        readout: row_gains(one, metric)
        for readout, one in _pooled(record, labels, latest).items()
        if readout == DEFAULT or np.isfinite(one.probabilities).all()
    }
    return best_readout(gains, metric, trained=record.params.get("epochs") != 0)


def best_readout(gains: Mapping[str, npt.NDArray[np.float64]], metric: str, *, trained: bool = True) -> str:
    """:data:`TRAINED` for an encoder that was ``trained``, else, or where the metric is ``log_loss``, :data:`DEFAULT`;
    but another one that gains more, by more than :data:`MARGIN` standard errors of the paired difference.

    Of each other read-out the setting that gains most is looked at, and of several that qualify, the one that does.

    Args:
        gains: By read-out, what each row gains: float64 ``[rows]``.
    """
    usual = TRAINED if trained and metric != "log_loss" and TRAINED in gains else DEFAULT
    means = {readout: float(own.mean()) for readout, own in gains.items()}
    families: dict[str, str] = {}
    for readout, value in means.items():
        family = readout.partition(":")[0]
        if readout != usual and (family not in families or value > means[families[family]]):
            families[family] = readout
    better = [r for r in families.values() if gains_more(gains[r], gains[usual], MARGIN)]
    # The first of equals: the sort is stable.
    return max([usual, *better], key=lambda readout: means[readout])


def _pooled(record: TrialRecord, labels: npt.ArrayLike, latest: bool) -> dict[str, Pooled]:
    return {
        readout: pooled(record, labels, readout, latest)
        for readout in READOUTS
        if readout == DEFAULT or all(readout in r.probabilities for r in record.rounds)
    }
