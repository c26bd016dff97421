"""Micro F1 and binary log loss of probabilities ``[n, labels]`` against the labels that texts have: 0 or 1, alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tune_dml.data.class_metrics import CLIP
from tune_dml.data.metric import Metric, Outputs, Targets, Values

#: A text has the labels that are more likely than this. F1 is greatest at half of the F1 that can be had (Lipton et al.
#: 2014, arXiv 1402.1892), and with few shots that is 0.6 or 0.7. With 0.5, of 24 to 96 texts with 1.6 labels each (TREC
#: and BBC, joined; all-MiniLM-L6-v2) a third too few labels were predicted, and micro F1 was 2 to 16 points lower.
THRESHOLD = 1 / 3


def decided(probabilities: Outputs) -> npt.NDArray[np.int64]:
    """Which labels these probabilities stand for: 0 or 1, ``[n, labels]``."""
    return np.asarray(probabilities > THRESHOLD, dtype=np.int64)


def _row_log_loss(probabilities: Outputs, labels: Targets) -> Values:
    """The mean over labels of each row's binary cross entropy, clipped: ``[n]``."""
    own = np.where(labels > 0, probabilities, 1.0 - probabilities)
    return np.asarray(-np.log(np.clip(own, CLIP, 1.0)).mean(axis=1), dtype=np.float64)


def _weighted_f1(probabilities: Outputs, labels: Targets, weights: npt.NDArray[np.float32]) -> Values:
    """Of all rows and labels together; 0 where there is none, neither right nor predicted."""
    predicted = decided(probabilities)
    hits = weights @ (predicted * labels).sum(axis=1).astype(np.float32)
    support = weights @ (predicted + labels).sum(axis=1).astype(np.float32)
    return np.asarray(2.0 * hits / np.maximum(support, 1.0), dtype=np.float64)


def _row_f1(probabilities: Outputs, labels: Targets) -> Values:
    """Of a mean over rows, the nearest to micro F1: each row's own; 1 where there is nothing to find, nor found."""
    predicted = decided(probabilities)
    support = (predicted + labels).sum(axis=1)
    return np.where(support > 0, 2.0 * (predicted * labels).sum(axis=1) / np.maximum(support, 1), 1.0)


MICRO_F1 = Metric(
    name="micro_f1",
    words="micro F1",
    short="F1",
    of=lambda p, y: float(_weighted_f1(p, y, np.ones((1, len(y)), dtype=np.float32))[0]),
    gains=_row_f1,
    weighted=_weighted_f1,
    ties="binary_log_loss",
)
#: In nats, the mean over labels.
BINARY_LOG_LOSS = Metric(
    name="binary_log_loss",
    words="binary log loss",
    short="loss",
    of=lambda p, y: float(_row_log_loss(p, y).mean()),
    gains=lambda p, y: -_row_log_loss(p, y),
    rows=_row_log_loss,
    lower_is_better=True,
)
