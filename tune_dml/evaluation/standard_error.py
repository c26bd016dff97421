"""Whether one set of predictions is better than another by more than chance, in standard errors, paired by row."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tune_dml.evaluation.pooling import Pooled
from tune_dml.training.scoring import row_log_loss

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
    """What each row adds to the mean, float64 ``[n]``.

    ``log_loss``: minus the row's log loss. ``accuracy``: 1 where it is right. ``macro_f1`` is not a mean over rows; the
    nearest that is, is taken: the mean over classes of the share that is right (rows of rare classes count for more).
    """
    if metric == "log_loss":
        return -row_log_loss(predictions.probabilities, predictions.labels)
    right: npt.NDArray[np.bool_] = predictions.probabilities.argmax(axis=1) == predictions.labels
    gains = right.astype(np.float64)
    if metric == "macro_f1":
        counts = np.bincount(predictions.labels)
        gains *= len(right) / (np.count_nonzero(counts) * counts[predictions.labels])
    return gains
