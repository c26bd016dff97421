"""Pools of templates that are as unlike one another as can be (Zheng et al. 2022, arXiv 2206.02982)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

_TOKEN = re.compile(r"\{\w+\}|\[MASK\]|\w+|[^\w\s]")
#: Sets that are looked at one by one; where there are more, the best is approached by exchanges.
MOST_SETS = 200_000


def dissimilarity(one: str, other: str) -> float:
    """Of two templates, from 0 for equal ones to 1: the mean of two distances, each divided by its greatest value.

    Hamming's over tokens (words, marks, texts and the mask token; the shorter one padded), and Levenshtein's over
    characters.
    """
    from rapidfuzz.distance import Hamming, Levenshtein

    a, b = _TOKEN.findall(one), _TOKEN.findall(other)
    hamming = Hamming.normalized_distance(a, b, pad=True)
    return float(hamming + Levenshtein.normalized_distance(one, other)) / 2


def most_diverse(templates: Sequence[str], size: int) -> tuple[int, ...]:
    """The ``size`` templates of which two are on average most unlike: their positions, rising.

    Exact where there are at most :data:`MOST_SETS` sets of so many, the first of equally good ones; else the set that
    begins with the two most unlike, grows by what is most unlike all in it, and then exchanges one for another as long
    as that helps. One alone is the first.

    Raises:
        ValueError: there are not so many.
    """
    if not 1 <= size <= len(templates):
        raise ValueError(f"{size} of {len(templates)} templates")
    if size == 1:
        return (0,)
    distances = np.array([[dissimilarity(a, b) for b in templates] for a in templates])
    if comb(len(templates), size) <= MOST_SETS:
        return _best(distances, size)
    return _exchanged(distances, _grown(distances, size))


def mean_dissimilarity(templates: Sequence[str]) -> float:
    """Over all pairs; 0 for one template."""
    pairs = [dissimilarity(a, b) for a, b in combinations(templates, 2)]
    return float(np.mean(pairs)) if pairs else 0.0


def _best(distances: npt.NDArray[np.float64], size: int) -> tuple[int, ...]:
    sets = np.array(list(combinations(range(len(distances)), size)))
    sums = sum(distances[sets[:, i], sets[:, j]] for i, j in combinations(range(size), 2))
    # Rounding shall not decide between equal ones.
    return tuple(int(place) for place in sets[int(np.argmax(np.round(sums, 9)))])


def _grown(distances: npt.NDArray[np.float64], size: int) -> list[int]:
    found = [int(place) for place in np.unravel_index(int(np.argmax(distances)), distances.shape)]
    while len(found) < size:
        sums = distances[:, found].sum(axis=1)
        sums[found] = -1.0
        found.append(int(np.argmax(sums)))
    return found


def _exchanged(distances: npt.NDArray[np.float64], found: list[int]) -> tuple[int, ...]:
    while True:
        inside = distances[:, found].sum(axis=1)
        # What the sum gains if the one at a column's place goes and a row's comes.
        gains = inside[:, None] - distances[:, found] - inside[found][None, :]
        gains[found] = -1.0
        comes, goes = (int(place) for place in np.unravel_index(int(np.argmax(gains)), gains.shape))
        if gains[comes, goes] <= 1e-9:
            return tuple(sorted(found))
        found[goes] = comes
