"""Accuracy, macro F1 and log loss of class probabilities ``[n, classes]`` against classes ``[n]``, 0 to classes - 1.

The number of columns is the full label set; not every class has to occur.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tune_dml.data.metric import Metric, Outputs, Targets, Values

#: Probabilities below this count as this, so that one confident mistake cannot make a log loss infinite.
CLIP = 1e-7


def row_log_loss(probabilities: npt.ArrayLike, classes: npt.ArrayLike) -> Values:
    """Negative natural logarithm of each row's probability of its own class, clipped: ``[n]``."""
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(classes, dtype=np.int64)
    losses: Values = -np.log(np.clip(p[np.arange(len(y)), y], CLIP, 1.0))
    return losses


def _hits(probabilities: Outputs, classes: Targets) -> Values:
    hits: Values = (probabilities.argmax(axis=1) == classes).astype(np.float64)
    return hits


def _macro_f1(probabilities: Outputs, classes: Targets) -> float:
    """Averaged over the full label set; a class that neither occurs nor is predicted counts 0."""
    predicted, count = probabilities.argmax(axis=1), probabilities.shape[1]
    hits = np.bincount(classes[predicted == classes], minlength=count)
    support = np.bincount(classes, minlength=count) + np.bincount(predicted, minlength=count)
    return float(np.divide(2.0 * hits, support, out=np.zeros(count), where=support > 0).mean())


def _weighted_macro_f1(probabilities: Outputs, classes: Targets, weights: npt.NDArray[np.float32]) -> Values:
    every = np.arange(probabilities.shape[1])
    is_label = (classes[:, None] == every).astype(np.float32)
    is_predicted = (probabilities.argmax(axis=1)[:, None] == every).astype(np.float32)
    hits = (weights @ (is_label * is_predicted)).astype(np.float64)
    support = (weights @ (is_label + is_predicted)).astype(np.float64)
    f1: Values = np.divide(2.0 * hits, support, out=np.zeros_like(hits), where=support > 0)
    return np.asarray(f1.mean(axis=1), dtype=np.float64)


def _balanced_hits(probabilities: Outputs, classes: Targets) -> Values:
    """Of a mean over rows, the nearest to macro F1: the mean over classes of the share that is right. Rows of rare
    classes count for more."""
    hits, counts = _hits(probabilities, classes), np.bincount(classes)
    return hits * (len(hits) / (np.count_nonzero(counts) * counts[classes]))


ACCURACY = Metric(
    name="accuracy",
    words="accuracy",
    short="acc.",
    of=lambda p, y: float(_hits(p, y).mean()),
    gains=_hits,
    rows=_hits,
    ties="log_loss",
)
MACRO_F1 = Metric(
    name="macro_f1",
    words="macro F1",
    short="F1",
    of=_macro_f1,
    gains=_balanced_hits,
    weighted=_weighted_macro_f1,
    ties="log_loss",
)
#: In nats.
LOG_LOSS = Metric(
    name="log_loss",
    words="log loss",
    short="loss",
    of=lambda p, y: float(row_log_loss(p, y).mean()),
    gains=lambda p, y: -row_log_loss(p, y),
    rows=row_log_loss,
    lower_is_better=True,
)
