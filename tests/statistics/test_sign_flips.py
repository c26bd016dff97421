from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from tune_dml.statistics import sign_flip_p, smallest_p


def by_hand(values: list[float]) -> float:
    means = [sum(s * v for s, v in zip(signs, values, strict=True)) for signs in product((1, -1), repeat=len(values))]
    return sum(abs(mean) >= abs(sum(values)) - 1e-9 for mean in means) / len(means)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_it_goes_through_all_signs(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(20):
        # Rounded, so that there are ties.
        values = np.round(rng.normal(0.5, 1, n), 1).tolist()
        assert sign_flip_p(values) == pytest.approx(by_hand(values))


def test_it_is_scipys_permutation_test() -> None:
    values = np.random.default_rng(0).normal(0.7, 1, 10)
    theirs = stats.permutation_test(
        (values,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    assert sign_flip_p(values) == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize("n", [3, 5, 8, 16])
def test_all_of_one_sign_have_the_smallest_p(n: int) -> None:
    assert sign_flip_p(np.arange(1, n + 1)) == smallest_p(n) == 2 ** (1 - n)


def test_no_difference_is_no_evidence() -> None:
    assert sign_flip_p([0, 0, 0, 0]) == 1
    assert sign_flip_p([1, -1, 1, -1]) == 1


def test_many_differences_are_flipped_at_random() -> None:
    values = np.random.default_rng(1).normal(0.4, 1, 30)
    normal = 2 * stats.norm.sf(abs(values.sum()) / np.sqrt((values**2).sum()))
    assert sign_flip_p(values) == pytest.approx(normal, abs=0.01)
    assert sign_flip_p(np.ones(40)) <= 1e-4
    assert sign_flip_p(np.ones(40)) > 0
