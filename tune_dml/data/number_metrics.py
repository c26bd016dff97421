"""Spearman's and Pearson's correlation and the root mean squared error of numbers ``[n, 1]`` against numbers ``[n]``.

A correlation with what does not vary counts as 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tune_dml.data.metric import Metric, Outputs, Targets, Values

_Weights = npt.NDArray[np.float32]


def _standard(values: Values) -> Values:
    """With mean 0 and standard deviation 1; zeros where they do not vary."""
    centred = np.asarray(values - values.mean(), dtype=np.float64)
    scale = np.sqrt(np.square(centred).mean())
    # What is left of rounding is no variation.
    return np.zeros_like(centred) if scale <= 1e-12 * max(1.0, float(np.abs(values).max())) else centred / scale


def _products(one: Values, other: Values) -> Values:
    """Whose mean is Pearson's correlation: ``[n]``."""
    return _standard(one) * _standard(other)


def _ranks(values: Values) -> Values:
    """1, 2, ..., those of equal values averaged."""
    place, counts = np.unique(values, return_inverse=True, return_counts=True)[1:]
    middle: Values = np.cumsum(counts) - (counts - 1) / 2
    return middle[place]


def _weighted_pearson(one: Values, other: Values, weights: _Weights) -> Values:
    """Of samples in which each text is so often: ``[b]``. ``one`` and ``other`` are ``[n]``, or ``[b, n]``."""
    w = weights.astype(np.float64)
    total = w.sum(axis=1, keepdims=True)
    a, b = (values - (w * values).sum(axis=1, keepdims=True) / total for values in (one, other))
    spread = (w * a**2).sum(axis=1) * (w * b**2).sum(axis=1)
    together = (w * a * b).sum(axis=1)
    found: Values = np.divide(together, np.sqrt(spread), out=np.zeros_like(together), where=spread > 1e-24)
    return found


def _weighted_ranks(values: Values, weights: _Weights) -> Values:
    """Ranks within each sample, as :func:`_ranks` of its texts: ``[b, n]``."""
    distinct, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(distinct)))
    sizes = np.add.reduceat(weights.astype(np.float64)[:, order], starts, axis=1)
    middle = np.cumsum(sizes, axis=1) - (sizes - 1) / 2
    return np.asarray(middle[:, place], dtype=np.float64)


def _squared(outputs: Outputs, targets: Targets) -> Values:
    return np.asarray(np.square(outputs[:, 0] - targets), dtype=np.float64)


SPEARMAN = Metric(
    name="spearman",
    words="Spearman correlation",
    short="Spearman",
    of=lambda p, y: float(_products(_ranks(p[:, 0]), _ranks(y)).mean()),
    gains=lambda p, y: _products(_ranks(p[:, 0]), _ranks(y)),
    weighted=lambda p, y, w: _weighted_pearson(_weighted_ranks(p[:, 0], w), _weighted_ranks(y, w), w),
)
PEARSON = Metric(
    name="pearson",
    words="Pearson correlation",
    short="Pearson",
    of=lambda p, y: float(_products(p[:, 0], y).mean()),
    gains=lambda p, y: _products(p[:, 0], y),
    weighted=lambda p, y, w: _weighted_pearson(p[:, 0], y, w),
)
#: In the unit of the targets.
RMSE = Metric(
    name="rmse",
    words="root mean squared error",
    short="RMSE",
    of=lambda p, y: float(np.sqrt(_squared(p, y).mean())),
    gains=lambda p, y: -_squared(p, y),
    weighted=lambda p, y, w: np.sqrt((w.astype(np.float64) @ _squared(p, y)) / w.sum(axis=1)),
    lower_is_better=True,
)
