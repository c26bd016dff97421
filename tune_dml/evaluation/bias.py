"""What the winner will score on new texts: bootstrap bias correction of cross validation (BBC-CV).

Tsamardinos, Greasidou and Borboudakis, "Bootstrapping the out-of-sample predictions for efficient and accurate
cross-validation", Machine Learning 107, 2018. The selection is repeated on bootstrap samples of the rows, and each
time the winner is scored on the rows that the sample left out, so that no row both picks and judges. What remains is
the small loss from training on a part of the shots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import TrialRecord
from tune_dml.data import METRICS, Kind, Metric, metric_named
from tune_dml.errors import ResultsError
from tune_dml.evaluation.pooling import pooled, stacked
from tune_dml.evaluation.selection import competitors
from tune_dml.evaluation.standard_error import ROUNDING, lead_by_luck, row_gains
from tune_dml.training.scoring import TIE_WEIGHT, CorrectedEstimate, is_complete

#: Entries of one block of bootstrap weights (float32): 16 MB.
_BLOCK = 4_000_000
_FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Predictions:
    """Of K configurations for the same N entries (rows, or rows times repeats)."""

    outputs: list[npt.NDArray[np.float64]]  # K of [N, outputs]
    targets: npt.NDArray[Any]  # [N, ...]
    rows: Mapping[str, _FloatArray]  # [N, K], by metric, of those that are means over rows
    gains: npt.NDArray[np.float64]  # [rows, K], what the standard error is taken of
    given: npt.NDArray[np.bool_]  # [K], of the space's own
    encoders: tuple[str, ...]  # K
    competitors: Mapping[str, int]  # by encoder


def bias_corrected(
    records: Iterable[TrialRecord],
    labels: npt.ArrayLike,
    kind: Kind,
    metric: str,
    resamples: int = 1000,
    seed: int = 0,
    rounds_needed: int = 0,
    latest: bool = False,
    groups: npt.ArrayLike | None = None,
) -> CorrectedEstimate | None:
    """The bias-corrected estimate over the out-of-fold predictions of all finished trials, of the read-out that steers.

    Args:
        records: Trials and baselines; only finished trials count.
        labels: Targets of the draw, as ``kind`` has them.
        resamples: Bootstrap samples; those that leave no row out (with few rows) are not used.
        groups: Of the draw, ``[draw]``: rows of one group are resampled together.

    Returns:
        ``None`` if no trial is finished or there are fewer than two rows (or groups).

    Raises:
        UsageError: ``metric`` is unknown.
        ResultsError: the trials were not scored on the same rows.
    """
    metric_named(metric)
    records = list(records)
    finished = [r for r in records if r.kind == "trial" and is_complete(r, rounds_needed)]
    finished.sort(key=lambda r: r.number)
    if not finished:
        return None
    tried = {key: competitors(r for r in records if r.encoder == key) for key in {r.encoder for r in finished}}
    rows, predictions = _collect(finished, labels, kind, metric, latest, tried)
    units = rows if groups is None else np.asarray(groups)[rows]
    count, unit_of_entry = _number(units)
    first_entry = np.unique(rows, return_index=True)[1]
    samples = [
        _out_of_bag(predictions, in_bag, first_entry, kind, metric)
        for in_bag in _bootstrap(count, unit_of_entry, resamples, np.random.default_rng(seed))
    ]
    values = np.concatenate(samples) if samples else np.empty((0, len(kind.target.metrics)))
    if not len(values):
        return None
    names = [each.name for each in kind.target.metrics]
    low, high = np.percentile(values, [2.5, 97.5], axis=0)
    return CorrectedEstimate(
        metric=metric,
        scores={name: float(v) for name, v in zip(names, values.mean(axis=0), strict=True)},
        intervals={name: (float(low[i]), float(high[i])) for i, name in enumerate(names)},
        configurations=len(finished),
        rows=len(np.unique(rows)),
        resamples=len(values),
    )


def _collect(
    finished: list[TrialRecord],
    labels: npt.ArrayLike,
    kind: Kind,
    metric: str,
    latest: bool,
    competitors: Mapping[str, int],
) -> tuple[npt.NDArray[np.int64], _Predictions]:
    readout = kind.target.readout
    entries = [stacked(r, labels, readout, latest) for r in finished]
    first = entries[0]
    for record, other in zip(finished, entries, strict=True):
        if not np.array_equal(other.rows, first.rows):
            raise ResultsError(f"{finished[0].name} and {record.name} were not scored on the same rows.")
    means = {each.name: each.rows for each in kind.target.metrics if each.rows is not None}
    return first.rows, _Predictions(
        outputs=[e.probabilities for e in entries],
        targets=first.labels,
        rows={
            name: np.stack([rows(e.probabilities, e.labels) for e in entries], axis=1).astype(np.float32)
            for name, rows in means.items()
        },
        gains=np.stack([row_gains(pooled(r, labels, readout, latest), metric) for r in finished], axis=1),
        given=np.array([r.given for r in finished]),
        encoders=tuple(r.encoder for r in finished),
        competitors=competitors,
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
    predictions: _Predictions, in_bag: _FloatArray, first_entry: npt.NDArray[np.intp], kind: Kind, metric: str
) -> npt.NDArray[np.float64]:
    """Every metric ``[b, metrics]`` on the rows left out, of what the rows in the bag picked."""
    picked = _winners(predictions, _objectives(predictions, in_bag, metric), in_bag[:, first_entry].astype(np.float64))
    out = (in_bag == 0).astype(np.float32)
    columns = [_of_picked(predictions, each, out, picked) for each in kind.target.metrics]
    return np.stack(columns, axis=1).astype(np.float64)


def _of_picked(
    predictions: _Predictions, metric: Metric, weights: _FloatArray, picked: npt.NDArray[np.intp]
) -> npt.NDArray[np.floating[Any]]:
    """A metric of the configuration ``picked`` for each of the samples, ``[b]``."""
    if metric.weighted is None:
        sums = weights @ predictions.rows[metric.name]
        means: npt.NDArray[np.floating[Any]] = sums[np.arange(len(weights)), picked] / weights.sum(axis=1)
        return means
    values = np.empty(len(weights))
    for k in np.unique(picked):
        values[picked == k] = metric.weighted(predictions.outputs[k], predictions.targets, weights[picked == k])
    return values


def _of_all(predictions: _Predictions, metric: Metric, weights: _FloatArray) -> npt.NDArray[np.float64]:
    """A metric of every configuration, ``[b, K]``."""
    if metric.weighted is None:
        means = (weights @ predictions.rows[metric.name]) / weights.sum(axis=1, keepdims=True)
        return np.asarray(means, dtype=np.float64)
    return np.stack([metric.weighted(p, predictions.targets, weights) for p in predictions.outputs], axis=1)


def _objectives(predictions: _Predictions, weights: _FloatArray, metric: str) -> npt.NDArray[np.float64]:
    """The search's own objective, ``[b, K]``, on weighted rows."""
    about = metric_named(metric)
    main = _of_all(predictions, about, weights)
    result: npt.NDArray[np.float64] = -main if about.lower_is_better else main
    if about.ties is not None:
        result = result - TIE_WEIGHT * np.minimum(_of_all(predictions, METRICS[about.ties], weights), 100.0)
    return result


def _winners(
    predictions: _Predictions, objectives: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """The search's own choice (:func:`tune_dml.evaluation.winner`), ``[b]``: the best of the encoders' winners."""
    names = np.array(predictions.encoders)
    winners = []
    for encoder in dict.fromkeys(predictions.encoders):
        its = names == encoder
        leaders = np.where(its, objectives, -np.inf).argmax(axis=1)
        winners.append(_with_ties(predictions, weights, leaders, its, predictions.competitors[encoder]))
    if len(winners) == 1:
        return winners[0]
    found, sample = np.stack(winners, axis=1), np.arange(len(objectives))
    chosen: npt.NDArray[np.intp] = found[sample, objectives[sample[:, None], found].argmax(axis=1)]
    return chosen


def _with_ties(
    predictions: _Predictions,
    weights: npt.NDArray[np.float64],
    leaders: npt.NDArray[np.intp],
    its: npt.NDArray[np.bool_],
    competitors: int,
) -> npt.NDArray[np.intp]:
    """The leaders, or the earliest of the encoder's ``given`` trials that they do not clearly beat."""
    picked, gains = leaders.copy(), predictions.gains
    needed = lead_by_luck(competitors)
    for best in np.unique(leaders):
        mine = leaders == best
        n = weights[mine].sum(axis=1, keepdims=True)
        ahead = gains[:, best, None] - gains
        mean = weights[mine] @ ahead / n
        variance = np.maximum(weights[mine] @ ahead**2 / n - mean**2, 0.0) * n / (n - 1)
        tied = (mean <= needed * np.sqrt(variance / n) + ROUNDING) & predictions.given & its
        tied[:, best] = True
        picked[mine] = tied.argmax(axis=1)
    return picked
