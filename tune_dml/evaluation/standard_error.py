"""Whether one set of predictions is better than another by more than chance, in standard errors, paired by row."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tune_dml.data import metric_named
from tune_dml.evaluation.pooling import Pooled

#: A single row won is exactly one standard error, which is not more than one, whatever the rounding says.
ROUNDING = 1e-12


def lead_by_luck(candidates: int) -> float:
    """Standard errors by which the best of equally good candidates is expected to lead; one at least.

    The expected greatest of so many draws from the normal distribution, in the approximation of Blom, "Statistical
    Estimates and Transformed Beta-Variables", 1958: 1.2 of 5, 1.8 of 16, 2.4 of 64.
    """
    return max(1.0, NormalDist().inv_cdf((candidates - 0.375) / (candidates + 0.25)))


def clearly_better(one: Pooled, other: Pooled, metric: str, standard_errors: float = 1.0) -> bool:
    """Whether ``one`` gains more than ``other`` by more than so many standard errors of the mean difference.

    Both are of the same rows, in the same order. With fewer than two rows nothing is clear.
    """
    return gains_more(row_gains(one, metric), row_gains(other, metric), standard_errors)


def gains_more(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], standard_errors: float) -> bool:
    """:func:`clearly_better`, of what each row gains."""
    difference = one - other
    if len(difference) < 2:
        return False
    standard_error = float(difference.std(ddof=1)) / math.sqrt(len(difference))
    return float(difference.mean()) > standard_errors * standard_error + ROUNDING


def row_gains(predictions: Pooled, metric: str) -> npt.NDArray[np.float64]:
    """What each row adds to the mean, float64 ``[n]``; of a metric that is no mean over rows, to the nearest that is.

    Raises:
        UsageError: ``metric`` is unknown.
    """
    return metric_named(metric).gains(predictions.probabilities, predictions.labels)
