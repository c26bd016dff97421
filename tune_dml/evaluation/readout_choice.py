"""Which read-out a configuration ends up with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tune_dml.config import TrialRecord
from tune_dml.data import METRICS, Kind, metric_named
from tune_dml.evaluation.pooling import Pooled, pooled
from tune_dml.evaluation.standard_error import gains_more, row_gains
from tune_dml.models.readouts import READOUT_SPECS
from tune_dml.training.scoring import score

#: Standard errors. The best of six that are equally good is ahead by 2.4 by luck once in 20 times, by one as a rule.
MARGIN = 2.5
#: A quarter to four, in steps of 1%: a few dozen predictions support no more.
TEMPERATURES = np.geomspace(0.25, 4.0, 281)


def choose_temperature(
    record: TrialRecord, labels: npt.ArrayLike, kind: Kind, readout: str, latest: bool = False
) -> float:
    """The temperature, to two digits, that gives pooled out-of-fold predictions of ``readout`` the least log loss; 1
    where it has none, or its kind no such loss."""
    tempered, ties = READOUT_SPECS[readout].tempered, METRICS[kind.target.metric].ties
    if tempered is None or ties is None:
        return 1.0
    found = pooled(record, labels, readout, latest)
    probabilities = found.probabilities.astype(np.float32)
    losses = [
        METRICS[ties].of(np.asarray(tempered(probabilities, float(t)), dtype=np.float64), found.labels)
        for t in TEMPERATURES
    ]
    return float(f"{TEMPERATURES[int(np.argmin(losses))]:.2g}")


def readout_scores(record: TrialRecord, labels: npt.ArrayLike, kind: Kind, latest: bool = False) -> dict[str, float]:
    """The kind's default metric of each read-out that all rounds have, on the pooled out-of-fold predictions."""
    return {
        readout: score(kind, one.probabilities, one.labels)[kind.target.metric]
        for readout, one in _pooled(record, labels, kind, latest).items()
        if np.isfinite(one.probabilities).all()
    }


def choose_readout(record: TrialRecord, labels: npt.ArrayLike, kind: Kind, metric: str, latest: bool = False) -> str:
    """The read-out that is right most often as a rule, unless another is clearly better here: :func:`best_readout`.

    Each row of the pooled out-of-fold predictions counts by what it adds to the metric. Read-outs that
    are missing from a round are left out.

    Args:
        labels: Targets of the draw, as ``kind`` has them.

    Raises:
        ResultsError: the record has no out-of-fold predictions of the read-out that steers.
    """
    gains = {
        readout: row_gains(one, metric)
        for readout, one in _pooled(record, labels, kind, latest).items()
        if readout == kind.target.readout or np.isfinite(one.probabilities).all()
    }
    return best_readout(gains, kind, metric, trained=record.params.get("epochs") != 0)


def best_readout(gains: Mapping[str, npt.NDArray[np.float64]], kind: Kind, metric: str, *, trained: bool = True) -> str:
    """The kind's own for an encoder that was ``trained``; else, or where the metric is one of how sure the model is,
    the one that steers; but another one that gains more, by more than :data:`MARGIN` standard errors of the paired
    difference.

    Of each other read-out the setting that gains most is looked at, and of several that qualify, the one that does.

    Args:
        gains: By read-out, what each row gains: float64 ``[rows]``.
    """
    own, decided = kind.target.trained_readout, metric_named(metric).ties is not None
    usual = own if trained and decided and own in gains else kind.target.readout
    means = {readout: float(each.mean()) for readout, each in gains.items()}
    families: dict[str, str] = {}
    for readout, value in means.items():
        family = readout.partition(":")[0]
        if readout != usual and (family not in families or value > means[families[family]]):
            families[family] = readout
    better = [r for r in families.values() if gains_more(gains[r], gains[usual], MARGIN)]
    # The first of equals: the sort is stable.
    return max([usual, *better], key=lambda readout: means[readout])


def _pooled(record: TrialRecord, labels: npt.ArrayLike, kind: Kind, latest: bool) -> dict[str, Pooled]:
    return {
        readout: pooled(record, labels, readout, latest)
        for readout in kind.target.readouts
        if readout == kind.target.readout or all(readout in r.probabilities for r in record.rounds)
    }
