"""What a search has bought: its winner against the recipe that its space begins with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import ConfirmRun
from tune_dml.data import Metric
from tune_dml.training.scoring import Gain

#: Of the bootstrap; texts times samples of a block of it.
RESAMPLES = 2_000
_BLOCK = 4_000_000
_Floats = npt.NDArray[np.float64]


def gain_over(
    runs: Iterable[ConfirmRun],
    others: Iterable[ConfirmRun],
    readouts: tuple[str, str],
    labels: npt.NDArray[Any],
    metric: Metric,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Gain | None:
    """The gain of what ``runs`` are of over what ``others`` are of, with a bootstrap interval.

    Seeds and texts are drawn with replacement at the same time, each text with all its seeds: runs of one text are as
    little independent as texts of one run (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1, 2007).

    Args:
        readouts: Of the one and of the other.
        labels: Targets of the test split.

    Returns:
        ``None`` if they have no seed in common.
    """
    mine, theirs = ({run.seed: run for run in some if run.reason is None} for some in (runs, others))
    seeds = sorted(set(mine) & set(theirs))
    if not seeds:
        return None
    pairs = [
        (mine[s].probabilities[readouts[0]].astype(np.float64), theirs[s].probabilities[readouts[1]].astype(np.float64))
        for s in seeds
    ]
    sign, rng = -1.0 if metric.lower_is_better else 1.0, np.random.default_rng(seed)
    mean = sign * float(np.mean([metric.of(one, labels) - metric.of(other, labels) for one, other in pairs]))
    found = []
    for weights in _bootstrap(len(labels), resamples, rng):
        by_seed = np.stack(
            [_of(metric, one, labels, weights) - _of(metric, other, labels, weights) for one, other in pairs]
        )
        chosen = rng.integers(len(seeds), size=(len(weights), len(seeds)))
        found.append(sign * np.take_along_axis(by_seed.T, chosen, axis=1).mean(axis=1))
    low, high = np.quantile(np.concatenate(found), [0.025, 0.975])
    return Gain(theirs[seeds[0]].candidate, metric.name, mean, (float(low), float(high)), len(seeds))


def _bootstrap(texts: int, resamples: int, rng: np.random.Generator) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks ``[b, texts]`` of how often each text is in the sample."""
    block = max(1, _BLOCK // texts)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        yield rng.multinomial(texts, np.full(texts, 1 / texts), size=size).astype(np.float32)


def _of(metric: Metric, outputs: _Floats, labels: npt.NDArray[Any], weights: npt.NDArray[np.float32]) -> _Floats:
    """The metric of each sample, ``[b]``."""
    if metric.rows is None:
        assert metric.weighted is not None
        return metric.weighted(outputs, labels, weights)
    return np.asarray(weights @ metric.rows(outputs, labels) / weights.sum(axis=1), dtype=np.float64)
