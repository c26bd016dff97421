"""What the winner has over the first recipe, on the same seeds and texts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tune_dml.config import ConfirmRun
from tune_dml.data import METRICS
from tune_dml.evaluation import gain_over
from tune_dml.training.scoring import Gain

READOUTS = ("head", "logistic")


def runs(name: str, readout: str, labels: npt.NDArray[np.int64], rates: list[float], seed: int) -> list[ConfirmRun]:
    """Right on that share of the texts, drawn for each seed."""
    rng, found = np.random.default_rng(seed), []
    for number, rate in enumerate(rates):
        said = np.where(rng.uniform(size=len(labels)) < rate, labels, 1 - labels)
        found.append(ConfirmRun(name, number, {readout: np.eye(2, dtype=np.float32)[said]}, 1.0))
    return found


def gained(texts: int, rates: tuple[list[float], list[float]], seed: int, metric: str = "accuracy") -> Gain | None:
    labels = np.random.default_rng(seed).integers(2, size=texts)
    one, other = (
        runs(n, r, labels, rates[i], 2 * seed + i) for i, (n, r) in enumerate(zip("ab", READOUTS, strict=True))
    )
    return gain_over(one, other, READOUTS, labels, METRICS[metric], resamples=400)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_it_is_the_difference_of_the_means(metric: str) -> None:
    found = gained(300, ([0.9] * 3, [0.7] * 4), 0, metric)
    assert found is not None
    assert (found.over, found.metric, found.seeds) == ("b", metric, 3)
    assert found.mean == pytest.approx(0.2, abs=0.05)
    assert 0.1 < found.interval[0] < found.mean < found.interval[1] < 0.3


def test_lower_is_better_where_it_is() -> None:
    labels = np.array([0, 1] * 40)
    sure, unsure = (np.eye(2, dtype=np.float32)[labels] * (2 * p - 1) + 1 - p for p in (0.9, 0.6))
    one, other = [ConfirmRun("a", 0, {"head": sure}, 1.0)], [ConfirmRun("b", 0, {"logistic": unsure}, 1.0)]
    found = gain_over(one, other, READOUTS, labels, METRICS["log_loss"])
    assert found is not None
    assert found.mean == pytest.approx(np.log(0.9) - np.log(0.6), abs=1e-3)
    assert found.seeds == 1


def test_without_a_common_seed_there_is_none() -> None:
    labels = np.array([0, 1])
    p = np.eye(2, dtype=np.float32)
    failed = ConfirmRun("b", 0, {}, 1.0, reason="nan")
    assert gain_over([ConfirmRun("a", 0, {"head": p}, 1.0)], [failed], READOUTS, labels, METRICS["accuracy"]) is None


def test_its_interval_covers_the_truth() -> None:
    """Of seeds that differ by two points, and texts that are drawn anew."""
    covered, times = 0, 200
    for seed in range(times):
        rng = np.random.default_rng(1000 + seed)
        rates = tuple(list(0.8 + 0.02 * rng.normal(size=5)) for _ in range(2))
        found = gained(400, (rates[0], rates[1]), seed)
        assert found is not None
        covered += found.interval[0] <= 0 <= found.interval[1]
    assert covered >= 0.93 * times
