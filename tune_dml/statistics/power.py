"""What a test of so many paired differences could have seen."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from tune_dml.statistics.corrected import ALPHA
from tune_dml.statistics.intervals import LEAST
from tune_dml.statistics.sign_flips import EXACT, sign_flip_ps, smallest_p

#: How often a difference that can be "seen" is found.
POWER = 0.8
_SAMPLES = 4000
_RESAMPLES, _BLOCK = 1000, 200
#: In standard deviations of single differences, denser where power rises.
_EFFECTS = np.concatenate([np.arange(0, 2, 0.05), np.arange(2, 5, 0.25), np.arange(5, 31, 1)])

_Floats = npt.NDArray[np.float64]


def can_be_tested(n: int, tests: int, alpha: float = ALPHA) -> bool:
    """Whether n differences can be significant at all, as one of so many tests corrected together (Holm)."""
    return smallest_p(n) * tests <= alpha


def draws_needed(tests: int, alpha: float = ALPHA) -> int:
    """The fewest differences with which :func:`can_be_tested` holds."""
    n = 2
    while not can_be_tested(n, tests, alpha):
        n += 1
    return n


def power(
    difference: float, spread: float, n: int, tests: int = 1, alpha: float = ALPHA, *, estimated: bool = False
) -> float:
    """How often n normal differences with this mean are found significant.

    By the sign-flip test at the level of the first of so many tests by Holm, ``alpha / tests``; where that test cannot
    be significant, by Student's at that level, if the studentised interval of 95% leaves 0 out too. By simulation;
    above 16 differences, by Student's test, which the sign-flip test is close to.

    Args:
        difference: Mean.
        spread: Standard deviation of single differences.
        estimated: Whether the spread is that of n differences, and not the true one: it is then as often too small as
            too large, and the power that it gives too large on average, which is corrected for.
    """
    if spread <= 0:
        return float(difference != 0)
    effects, powers = _curve(n, tests, alpha)
    return float(np.interp(abs(difference) / (spread * (_correction(n) if estimated else 1.0)), effects, powers))


def visible_difference(
    spread: float, n: int, tests: int = 1, alpha: float = ALPHA, *, estimated: bool = False
) -> float:
    """The least difference of means with a :func:`power` of 80%; infinite where none has it."""
    effects, powers = _curve(n, tests, alpha)
    enough = np.flatnonzero(powers >= POWER)
    if not len(enough):
        return float(np.inf) if spread > 0 else 0.0
    upper = int(enough[0])
    share = (POWER - powers[upper - 1]) / (powers[upper] - powers[upper - 1])
    effect = effects[upper - 1] + share * (effects[upper] - effects[upper - 1])
    return float(spread * (_correction(n) if estimated else 1.0) * effect)


def _correction(n: int) -> float:
    """What the mean of one over the spread of n normal differences is, times their true spread (of chi)."""
    if n < LEAST:
        return 1.0
    return float(np.sqrt((n - 1) / 2) * np.exp(special.gammaln((n - 2) / 2) - special.gammaln((n - 1) / 2)))


@lru_cache(maxsize=64)
def _curve(n: int, tests: int, alpha: float) -> tuple[_Floats, _Floats]:
    """Powers of effects, in standard deviations of single differences."""
    if n < LEAST:
        return _EFFECTS, np.zeros_like(_EFFECTS)
    if n > EXACT:
        return _EFFECTS, _students(_EFFECTS, n, alpha / tests)
    normal = np.random.default_rng(n).standard_normal((_SAMPLES, n))
    if not can_be_tested(n, tests, alpha):
        return _EFFECTS, _by_interval(normal, alpha / tests)
    found = [(sign_flip_ps(normal + effect) <= alpha / tests).mean() for effect in _EFFECTS]
    return _EFFECTS, np.maximum.accumulate(found)


def _by_interval(normal: _Floats, alpha: float) -> _Floats:
    """How often the studentised interval leaves 0 out and Student's test finds it, once an effect is added: the
    interval's quantiles do not depend on that."""
    n = normal.shape[1]
    bound = stats.t.ppf(1 - alpha / 2, n - 1) * normal.std(axis=1, ddof=1) / np.sqrt(n)
    means = normal.mean(axis=1)
    drawn = np.random.default_rng(0).integers(n, size=(_RESAMPLES, n))
    low, high = [], []
    for start in range(0, len(normal), _BLOCK):
        rows = normal[start : start + _BLOCK]
        samples = rows[:, drawn]
        errors = samples.std(axis=2, ddof=1) / np.sqrt(n)
        with np.errstate(divide="ignore", invalid="ignore"):
            ts = (samples.mean(axis=2) - rows.mean(axis=1, keepdims=True)) / np.where(errors > 1e-9, errors, np.nan)
        quantiles = np.nanquantile(ts, [0.025, 0.975], axis=1)
        error = rows.std(axis=1, ddof=1) / np.sqrt(n)
        low.append(rows.mean(axis=1) - quantiles[1] * error)
        high.append(rows.mean(axis=1) - quantiles[0] * error)
    lows, highs = np.concatenate(low), np.concatenate(high)
    found = [
        (((lows + effect > 0) | (highs + effect < 0)) & (np.abs(means + effect) > bound)).mean() for effect in _EFFECTS
    ]
    return np.maximum.accumulate(found)


def _students(effects: _Floats, n: int, alpha: float) -> _Floats:
    """Of Student's test, by the noncentral t distribution."""
    bound = stats.t.ppf(1 - alpha / 2, n - 1)
    shifts = effects * np.sqrt(n)
    found = stats.nct.sf(bound, n - 1, shifts) + stats.nct.cdf(-bound, n - 1, shifts)
    # Far out the distribution function cannot be computed, and is 1.
    return np.maximum.accumulate(np.where(np.isfinite(found), found, 1.0))
