from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tune_dml.statistics import can_be_tested, compare_paired, draws_needed, power, visible_difference

NAN = float("nan")


def test_differences_are_of_the_same_draws() -> None:
    scores = {"ce": [0.5, 0.6, 0.7, NAN, 0.3], "a": [0.6, NAN, 0.9, 0.9, NAN], "b": [0.4, 0.7, 0.7, 0.1, 0.4]}
    a, b = compare_paired(scores, "ce", 0.01)
    assert a.differences == pytest.approx((0.1, 0.2))
    assert b.differences == pytest.approx((-0.1, 0.1, 0.0, 0.1))
    assert (a.mean, a.spread) == pytest.approx((0.15, np.std([0.1, 0.2], ddof=1)))
    assert a.interval is None
    assert b.interval is not None


def test_lower_may_be_better() -> None:
    [row] = compare_paired({"ce": [1.0, 2.0], "a": [0.5, 1.0]}, "ce", 0.1, lower_is_better=True)
    assert row.differences == (0.5, 1.0)


def test_holm_is_over_the_arms_given() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(0, 1, 10)
    scores = {"ce": base, **{f"arm{i}": base + rng.normal(shift, 1, 10) for i, shift in enumerate((0, 1, 2))}}
    rows = compare_paired(scores, "ce", 0.01)
    ps = [row.p for row in rows]
    order, largest = sorted(range(3), key=lambda i: ps[i] or 0), 0.0
    for step, i in enumerate(order):
        largest = max(largest, min(1.0, (3 - step) * (ps[i] or 0)))
        assert rows[i].corrected_p == pytest.approx(largest)


@pytest.mark.parametrize(("draws", "arms", "tested"), [(5, 1, False), (6, 1, True), (8, 6, True), (8, 7, False)])
def test_no_p_where_none_could_be_significant(draws: int, arms: int, tested: bool) -> None:
    rng = np.random.default_rng(0)
    rows = compare_paired({f"a{i}": rng.normal(0, 1, draws) for i in range(arms + 1)}, "a0", 0.01)
    assert len(rows) == arms
    assert all((row.p is not None) == (row.corrected_p is not None) == tested for row in rows)
    assert all(row.visible is not None and row.visible > 0 for row in rows)
    assert can_be_tested(draws, arms) == tested
    assert can_be_tested(draws_needed(arms), arms)
    assert not can_be_tested(draws_needed(arms) - 1, arms)


def test_differences_of_few_draws_are_told_by_students_test_corrected() -> None:
    base = np.linspace(0.5, 0.7, 5)
    large = base + np.array([0.10, 0.12, 0.11, 0.13, 0.09])
    small = base + np.array([0.02, 0.05, 0.012, 0.04, 0.03])
    assert [row.told for row in compare_paired({"ce": base, "a": large, "b": small}, "ce", 0.01)] == [True, True]
    many = {f"x{i}": base + 0.01 * np.resize([1, -1], 5) for i in range(6)}
    a, b, *others = compare_paired({"ce": base, "a": large, "b": small, **many}, "ce", 0.01)
    assert (a.p, a.told, b.told) == (None, True, False)
    assert not any(row.told for row in others)
    [same] = compare_paired({"ce": base, "a": base + 0.1}, "ce", 0.01)
    assert (same.told, same.visible) == (False, None)


def test_probabilities_are_students() -> None:
    [row] = compare_paired({"ce": [0.0] * 4, "a": [0.01, 0.03, 0.02, 0.04]}, "ce", 0.01)
    spread = np.std([0.01, 0.03, 0.02, 0.04], ddof=1)
    assert row.better == pytest.approx(stats.t(3, 0.025, spread / 2).sf(0.01))
    assert row.worse == pytest.approx(stats.t(3, 0.025, spread / 2).cdf(-0.01))


def test_a_reference_alone_has_nobody_to_beat() -> None:
    assert compare_paired({"ce": [1.0, 2.0]}, "ce", 0.01) == []
    assert compare_paired({"ce": [1.0], "a": [NAN]}, "ce", 0.01) == []


@pytest.mark.parametrize(("n", "tests"), [(5, 2), (8, 2), (10, 6), (30, 3)])
def test_power_is_how_often_it_is_found(n: int, tests: int) -> None:
    assert power(0.0, 1.0, n, tests) <= 0.06
    assert power(9.0, 1.0, n, tests) > 0.95
    visible = visible_difference(2.0, n, tests)
    assert power(visible, 2.0, n, tests) == pytest.approx(0.8, abs=0.01)
    assert visible == pytest.approx(2 * visible_difference(1.0, n, tests))


def test_without_spread_everything_is_seen() -> None:
    assert power(0.1, 0.0, 5) == 1
    assert visible_difference(0.0, 5) == 0
    assert math.isfinite(visible_difference(1.0, 4, 5))
    assert visible_difference(1.0, 3, 5) == math.inf
