"""Shares a number out over classes or folds. Whole numbers throughout, so that no rounding decides a tie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def proportional(counts: Counts, total: int, low: Counts, high: Counts) -> Counts:
    """Shares ``total`` out in proportion to ``counts`` by largest remainder, within ``low`` and ``high``.

    ``low.sum() <= total <= high.sum()`` must hold. Ties go to the class that comes first.
    """
    whole = int(counts.sum())
    shares = np.clip(total * counts // whole, low, high)
    while (missing := total - int(shares.sum())) != 0:
        owed = total * counts - shares * whole
        if missing > 0:
            shares[np.where(shares < high, owed, np.iinfo(np.int64).min).argmax()] += 1
        else:
            shares[np.where(shares > low, owed, np.iinfo(np.int64).max).argmin()] -= 1
    return shares


def shuffled_by_class(labels: npt.NDArray[np.int64], classes: int, seed: Sequence[int]) -> list[npt.NDArray[np.int64]]:
    """Row positions of each class in a seeded order that does not depend on the rows of other classes."""
    return [
        np.random.default_rng([*seed, label]).permutation(np.flatnonzero(labels == label)).astype(np.int64)
        for label in range(classes)
    ]


def assign_groups(
    labels: npt.NDArray[np.int64], groups: Sequence[str], folds: int, seed: Sequence[int]
) -> npt.NDArray[np.int64]:
    """A fold for each row, rows of a group together: int64 ``[n]``, ``-1`` for rows that must never be held out.

    Greedy: the largest group first, each into the fold in which its classes are still rarest. A group whose
    absence would leave a class without any training row is never held out.
    """
    classes = int(labels.max()) + 1
    names = {name: i for i, name in enumerate(sorted(set(groups)))}
    member = np.array([names[name] for name in groups], dtype=np.int64)
    counts = np.zeros((len(names), classes), dtype=np.int64)
    np.add.at(counts, (member, labels), 1)
    total = counts.sum(axis=0)
    order = np.random.default_rng(list(seed)).permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    held = np.zeros((folds, classes), dtype=np.int64)
    fold_of = np.full(len(names), -1, dtype=np.int64)
    weight = 1.0 / np.maximum(total, 1)
    for group in order:
        after = held + counts[group]
        allowed = ~((after >= total) & (counts[group] > 0)).any(axis=1)
        if not allowed.any():
            continue
        crowding = (held * counts[group] * weight).sum(axis=1) + 1e-6 * held.sum(axis=1)
        fold = int(np.where(allowed, crowding, np.inf).argmin())
        held[fold] = after[fold]
        fold_of[group] = fold
    assigned: npt.NDArray[np.int64] = fold_of[member]
    return assigned
