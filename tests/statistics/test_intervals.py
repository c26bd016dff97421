from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tune_dml.statistics import studentised_interval


def test_it_is_the_bootstrap_t() -> None:
    values = np.array([0.01, 0.04, -0.02, 0.05, 0.03, 0.02])
    rng = np.random.default_rng(3)
    error, ts = values.std(ddof=1) / 6**0.5, []
    for _ in range(40_000):
        drawn = rng.choice(values, 6)
        spread = drawn.std(ddof=1)
        if spread > 1e-9:
            ts.append((drawn.mean() - values.mean()) / (spread / 6**0.5))
    low, high = values.mean() - np.quantile(ts, [0.975, 0.025]) * error
    found = studentised_interval(values, resamples=40_000)
    assert found is not None
    assert found.low == pytest.approx(low, abs=0.003)
    assert found.high == pytest.approx(high, abs=0.003)
    assert found.low < values.mean() < found.high


def test_it_repeats_and_scales() -> None:
    values = [0.1, 0.2, 0.4, -0.1, 0.3]
    one, other = studentised_interval(values), studentised_interval([100 * v for v in values])
    assert one is not None
    assert one == studentised_interval(values)
    assert other == pytest.approx([100 * bound for bound in one])


def test_a_higher_level_is_wider() -> None:
    values = [0.1, 0.2, 0.4, -0.1, 0.3]
    usual, wide = studentised_interval(values), studentised_interval(values, level=0.99)
    assert usual is not None
    assert wide is not None
    assert wide.low < usual.low < usual.high < wide.high


@pytest.mark.parametrize("values", [[], [0.1], [0.1, 0.2], [0.1, 0.2, 0.4]])
def test_too_few_have_none(values: list[float]) -> None:
    assert studentised_interval(values) is None


def test_equal_differences_are_their_own_interval() -> None:
    assert studentised_interval([0.2] * 5) == pytest.approx((0.2, 0.2))


@pytest.mark.parametrize("values", [[0, 0, 0, 1], [0, 0, 0, 0, 0.02], [0, 0, 0, 0, 0, 0, 0, -0.01]])
def test_where_most_are_the_same_it_is_students(values: list[float]) -> None:
    found = studentised_interval(values)
    known = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert found == pytest.approx(known)
    assert found is not None
    # The bootstrap's would end at the mean: no sample lies beyond it that has a spread.
    assert found.low < 0 < np.abs(np.mean(values)) < max(np.abs(found))
