"""What the winner will score on new texts: bootstrap bias correction of cross validation (BBC-CV).

Tsamardinos, Greasidou and Borboudakis, "Bootstrapping the out-of-sample predictions for efficient and accurate
cross-validation", Machine Learning 107, 2018. The selection is repeated on bootstrap samples of the rows, and each
time the winner is scored on the rows that the sample left out, so that no row both picks and judges. What remains is
the small loss from training on a part of the shots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tune_dml.config import METRICS, Scores, TrialRecord
from tune_dml.errors import ResultsError, UsageError, nearest
from tune_dml.evaluation.pooling import pooled, stacked
from tune_dml.evaluation.selection import competitors
from tune_dml.evaluation.standard_error import ROUNDING, lead_by_luck, row_gains
from tune_dml.training.scoring import TIE_WEIGHT, CorrectedEstimate, is_complete, row_log_loss

#: Entries of one block of bootstrap weights (float32): 16 MB.
_BLOCK = 4_000_000
_FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Predictions:
    """Of K configurations for the same N entries (rows, or rows times repeats)."""

    labels: npt.NDArray[np.int64]  # [N]
    predicted: npt.NDArray[np.int64]  # [N, K]
    hits: _FloatArray  # [N, K], 1 where right
    losses: _FloatArray  # [N, K], log losses
    gains: npt.NDArray[np.float64]  # [rows, K], what the standard error is taken of
    given: npt.NDArray[np.bool_]  # [K], of the space's own
    competitors: int
    classes: int


def bias_corrected(
    records: Iterable[TrialRecord],
    labels: npt.ArrayLike,
    metric: str = "accuracy",
    resamples: int = 1000,
    seed: int = 0,
    rounds_needed: int = 0,
    latest: bool = False,
    groups: npt.ArrayLike | None = None,
) -> CorrectedEstimate | None:
    """The bias-corrected estimate over the out-of-fold predictions of all finished trials (``logistic`` read-out).

    Args:
        records: Trials and baselines; only finished trials count.
        labels: Of the draw, int ``[draw]``.
        resamples: Bootstrap samples; those that leave no row out (with few rows) are not used.
        groups: Of the draw, ``[draw]``: rows of one group are resampled together.

    Returns:
        ``None`` if no trial is finished or there are fewer than two rows (or groups).

    Raises:
        UsageError: ``metric`` is unknown.
        ResultsError: the trials were not scored on the same rows.
    """
    if metric not in METRICS:
        raise UsageError(f"'{metric}' is not a metric: {nearest(metric, METRICS)}")
    records = list(records)
    finished = [r for r in records if r.kind == "trial" and is_complete(r, rounds_needed)]
    finished.sort(key=lambda r: r.number)
    if not finished:
        return None
    rows, predictions = _collect(finished, labels, metric, latest, competitors(records))
    units = rows if groups is None else np.asarray(groups)[rows]
    count, unit_of_entry = _number(units)
    first_entry = np.unique(rows, return_index=True)[1]
    samples = [
        _out_of_bag(predictions, in_bag, first_entry, metric)
        for in_bag in _bootstrap(count, unit_of_entry, resamples, np.random.default_rng(seed))
    ]
    values = np.concatenate(samples) if samples else np.empty((0, 3))
    if not len(values):
        return None
    names = ("accuracy", "macro_f1", "log_loss")
    low, high = np.percentile(values, [2.5, 97.5], axis=0)
    return CorrectedEstimate(
        metric=metric,
        scores=Scores(*(float(v) for v in values.mean(axis=0))),
        intervals={name: (float(low[i]), float(high[i])) for i, name in enumerate(names)},
        configurations=len(finished),
        rows=len(np.unique(rows)),
        resamples=len(values),
    )


def _collect(
    finished: list[TrialRecord], labels: npt.ArrayLike, metric: str, latest: bool, competitors: int
) -> tuple[npt.NDArray[np.int64], _Predictions]:
    entries = [stacked(r, labels, latest=latest) for r in finished]
    first = entries[0]
    for record, other in zip(finished, entries, strict=True):
        if not np.array_equal(other.rows, first.rows):
            raise ResultsError(f"{finished[0].name} and {record.name} were not scored on the same rows.")
    predicted = np.stack([e.probabilities.argmax(axis=1) for e in entries], axis=1).astype(np.int64)
    losses = np.stack([row_log_loss(e.probabilities, e.labels) for e in entries], axis=1)
    return first.rows, _Predictions(
        labels=first.labels,
        predicted=predicted,
        hits=(predicted == first.labels[:, None]).astype(np.float32),
        losses=losses.astype(np.float32),
        gains=np.stack([row_gains(pooled(r, labels, latest=latest), metric) for r in finished], axis=1),
        given=np.array([r.given for r in finished]),
        competitors=competitors,
        classes=first.probabilities.shape[1],
    )


def _number(units: npt.NDArray[np.generic]) -> tuple[int, npt.NDArray[np.intp]]:
    distinct, inverse = np.unique(units, return_inverse=True)
    return len(distinct), inverse


def _bootstrap(
    count: int, unit_of_entry: npt.NDArray[np.intp], resamples: int, rng: np.random.Generator
) -> Iterator[_FloatArray]:
    """Blocks ``[b, N]`` of how often each entry is in the bag, without samples that leave nothing out."""
    block = max(1, _BLOCK // max(len(unit_of_entry), count))
    for start in range(0, resamples, block):
        b = min(block, resamples - start)
        drawn = rng.integers(count, size=(b, count)) + np.arange(b)[:, None] * count
        counts = np.bincount(drawn.ravel(), minlength=b * count).reshape(b, count)
        counts = counts[(counts == 0).any(axis=1)]
        if len(counts):
            yield counts[:, unit_of_entry].astype(np.float32)


def _out_of_bag(
    predictions: _Predictions, in_bag: _FloatArray, first_entry: npt.NDArray[np.intp], metric: str
) -> npt.NDArray[np.float64]:
    """Accuracy, macro F1 and log loss ``[b, 3]`` on the rows left out, of what the rows in the bag picked."""
    leaders = _objectives(predictions, in_bag, metric).argmax(axis=1)
    picked = _with_ties(predictions, in_bag[:, first_entry].astype(np.float64), leaders)
    out = (in_bag == 0).astype(np.float32)
    sizes = out.sum(axis=1)
    samples = np.arange(len(out))
    macro_f1 = np.empty(len(out))
    for k in np.unique(picked):
        macro_f1[picked == k] = _macro_f1(predictions, int(k), out[picked == k])
    accuracy = (out @ predictions.hits)[samples, picked] / sizes
    log_loss = (out @ predictions.losses)[samples, picked] / sizes
    return np.stack([accuracy, macro_f1, log_loss], axis=1).astype(np.float64)


def _objectives(predictions: _Predictions, weights: _FloatArray, metric: str) -> npt.NDArray[np.float64]:
    """The search's own objective, ``[b, K]``, on weighted rows."""
    sizes = weights.sum(axis=1, keepdims=True)
    log_loss = ((weights @ predictions.losses) / sizes).astype(np.float64)
    result: npt.NDArray[np.float64] = -log_loss
    if metric == "log_loss":
        return result
    if metric == "macro_f1":
        configurations = range(predictions.predicted.shape[1])
        main = np.stack([_macro_f1(predictions, k, weights) for k in configurations], axis=1)
    else:
        main = ((weights @ predictions.hits) / sizes).astype(np.float64)
    result = main - TIE_WEIGHT * np.minimum(log_loss, 100.0)
    return result


def _with_ties(
    predictions: _Predictions, weights: npt.NDArray[np.float64], leaders: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """The search's own choice of the winner (:func:`tune_dml.evaluation.winner`), ``[b]``."""
    picked, gains = leaders.copy(), predictions.gains
    needed = lead_by_luck(predictions.competitors)
    for best in np.unique(leaders):
        mine = leaders == best
        n = weights[mine].sum(axis=1, keepdims=True)
        ahead = gains[:, best, None] - gains
        mean = weights[mine] @ ahead / n
        variance = np.maximum(weights[mine] @ ahead**2 / n - mean**2, 0.0) * n / (n - 1)
        tied = (mean <= needed * np.sqrt(variance / n) + ROUNDING) & predictions.given
        tied[:, best] = True
        picked[mine] = tied.argmax(axis=1)
    return picked


def _macro_f1(predictions: _Predictions, k: int, weights: _FloatArray) -> npt.NDArray[np.float64]:
    """Of configuration ``k`` over the full label set, ``[b]``."""
    classes = np.arange(predictions.classes)
    is_label = (predictions.labels[:, None] == classes).astype(np.float32)
    is_predicted = (predictions.predicted[:, k, None] == classes).astype(np.float32)
    hits = (weights @ (is_label * is_predicted)).astype(np.float64)
    support = (weights @ (is_label + is_predicted)).astype(np.float64)
    f1: npt.NDArray[np.float64] = np.divide(2.0 * hits, support, out=np.zeros_like(hits), where=support > 0)
    return np.asarray(f1.mean(axis=1), dtype=np.float64)
