"""The exact test of paired differences: all ways in which their signs could have fallen."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

#: Up to so many differences all signs are gone through; above, so many at random.
EXACT = 16
_RANDOM = 1 << 16
#: What sums of the same numbers in another order may differ by.
_ROUNDING = 1e-9

Differences = npt.NDArray[np.float64]


def sign_flip_p(differences: npt.ArrayLike) -> float:
    """Two-sided p-value of the hypothesis that the differences are symmetric about 0.

    The share of all ways to give each difference a sign whose mean is at least as far from 0 as that of the signs seen
    (Fisher, "The Design of Experiments", 1935, section 21; Good, "Permutation, Parametric and Bootstrap Tests of
    Hypotheses", 2005, chapter 3). Nothing is assumed of their distribution but symmetry.

    Args:
        differences: Float ``[n]``, n at least 1. More than 16: of 65,536 random ways, the one seen among them.
    """
    values = np.asarray(differences, dtype=np.float64)
    return float(sign_flip_ps(values[None])[0])


def sign_flip_ps(differences: Differences) -> npt.NDArray[np.float64]:
    """:func:`sign_flip_p` of each row, ``[rows, n]`` to ``[rows]``."""
    seen = np.abs(differences.sum(axis=1))
    bound = seen - _ROUNDING * (1 + seen)
    far = np.abs(differences @ _signs(differences.shape[1])) >= bound[:, None]
    shares: npt.NDArray[np.float64] = far.mean(axis=1)
    return shares


def smallest_p(n: int) -> float:
    """The least p-value that n differences can have: all of one sign."""
    return 2.0 ** (1 - n) if n <= EXACT else 1 / _RANDOM


@lru_cache(maxsize=4)
def _signs(n: int) -> npt.NDArray[np.float64]:
    """``[n, ways]``; the first of each way is +1, since its mirror image is as far from 0."""
    if n <= EXACT:
        ways = np.arange(1 << (n - 1))[None] >> np.arange(n)[:, None] & 1
    else:
        ways = np.random.default_rng(0).integers(2, size=(n, _RANDOM))
        ways[:, 0] = 0
    return np.asarray(1 - 2 * ways, dtype=np.float64)
