"""Whether one set of predictions is better than another by more than chance: one standard error, paired by row."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tune_dml.evaluation.pooling import Pooled
from tune_dml.training.scoring import row_log_loss

#: A single row won is exactly one standard error, which is not more than one, whatever the rounding says.
ROUNDING = 1e-12


def clearly_better(one: Pooled, other: Pooled, metric: str) -> bool:
    """Whether ``one`` gains more than ``other`` by more than the standard error of the mean difference.

    Both are of the same rows, in the same order. With fewer than two rows nothing is clear.
    """
    difference = row_gains(one, metric) - row_gains(other, metric)
    if len(difference) < 2:
        return False
    standard_error = float(difference.std(ddof=1)) / math.sqrt(len(difference))
    return float(difference.mean()) > standard_error + ROUNDING


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
