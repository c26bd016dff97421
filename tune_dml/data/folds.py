"""How a draw is split into training and held-out parts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tune_dml.config import VALIDATIONS, DrawSettings
from tune_dml.data.allocation import assign_groups, proportional, shuffled_by_class
from tune_dml.data.kind import Kind
from tune_dml.data.task import Split
from tune_dml.errors import DataError, nearest

_STREAM = 0xF01D
_HOLDOUT = 5  # one part in five
#: Rows that are held out at most: enough for a percentage point, and every round scores and stores them.
HOLDOUT_LIMIT = 2_000
REPEATS_LIMIT = 1_000


@dataclass(frozen=True, eq=False)
class Fold:
    """Positions to train on and to score, both sorted int64.

    ``train`` indexes the draw. So does ``heldout``, unless ``official``: then it indexes the task's validation split.
    """

    train: npt.NDArray[np.int64]
    heldout: npt.NDArray[np.int64]
    official: bool = False


def make_folds(drawn: Split, kind: Kind, settings: DrawSettings, official: Split | None) -> tuple[Fold, ...]:
    """The folds of a draw, the same for every trial: ``folds * repeats`` of them, repeat after repeat, for ``cv``.

    Every class keeps a row in the training part of every fold, so a class with a single row is never held out.
    Within one repeat no row is held out twice. Rows of a group stay together. What is not of
    classes has its strata for that.

    Args:
        official: The task's validation split, or ``None`` where it has none.

    Raises:
        DataError: fewer than 2 folds, more folds than texts (or groups) that can be held out, or no validation
            split for ``official``.
    """
    if settings.validation not in VALIDATIONS:
        raise DataError(f"--validation '{settings.validation}': {nearest(settings.validation, VALIDATIONS)}")
    if settings.draw < 0:
        raise DataError(f"--draw is {settings.draw}; a seed must be 0 or more.")
    if settings.validation == "official":
        if official is None or not len(official):
            raise DataError("This task has no validation split for --validation official; use cv or holdout.")
        rows = np.arange(len(drawn), dtype=np.int64)
        return (Fold(rows, np.arange(len(official), dtype=np.int64), official=True),)
    strata = kind.target.strata(drawn.labels)
    if settings.validation == "holdout":
        return (_holdout(drawn, strata, settings.draw),)
    if settings.folds < 2:
        raise DataError(f"--folds is {settings.folds}; cross validation needs 2 or more.")
    if not 1 <= settings.repeats <= REPEATS_LIMIT:
        raise DataError(f"--repeats is {settings.repeats}; it must be 1 to {REPEATS_LIMIT}.")
    if settings.folds > len(drawn):
        raise DataError(f"--folds {settings.folds} is more than the {len(drawn)} shots; ask for fewer folds.")
    folds: list[Fold] = []
    for repeat in range(settings.repeats):
        seed = (_STREAM, settings.draw, repeat)
        assigned = _assign(drawn, strata, settings.folds, seed)
        folds.extend(_fold(np.flatnonzero(assigned == k), len(drawn)) for k in range(settings.folds))
    if any(not len(fold.heldout) for fold in folds):
        unit = "texts" if drawn.groups is None else "groups of texts"
        raise DataError(
            f"{settings.folds} folds cannot be made of this draw: too few {unit} can be held out, because each class "
            "keeps at least one for training. Ask for fewer folds or more shots."
        )
    return tuple(folds)


def _fold(heldout: npt.NDArray[np.int64], rows: int) -> Fold:
    held = np.sort(heldout).astype(np.int64)
    return Fold(np.setdiff1d(np.arange(rows, dtype=np.int64), held), held)


def _assign(drawn: Split, strata: npt.NDArray[np.int64], folds: int, seed: tuple[int, ...]) -> npt.NDArray[np.int64]:
    if drawn.groups is not None:
        return assign_groups(strata, drawn.groups, folds, seed)
    assigned = np.full(len(drawn), -1, dtype=np.int64)
    start = 0
    for rows in shuffled_by_class(strata, int(strata.max()) + 1, seed):
        if len(rows) < 2:
            continue
        # Each class starts where the last one ended: the folds differ by one row at most.
        assigned[rows] = (start + np.arange(len(rows))) % folds
        start += len(rows)
    return assigned


def _holdout(drawn: Split, strata: npt.NDArray[np.int64], draw: int) -> Fold:
    seed = (_STREAM, draw, 0)
    if drawn.groups is not None:
        parts = max(_HOLDOUT, math.ceil(len(drawn) / HOLDOUT_LIMIT))
        heldout = np.flatnonzero(assign_groups(strata, drawn.groups, parts, seed) == 0)
    else:
        heldout = stratified_rows(strata, min(HOLDOUT_LIMIT, max(1, round(len(drawn) / _HOLDOUT))), seed)
    if not len(heldout):
        raise DataError("This draw is too small for --validation holdout; ask for more shots.")
    return _fold(heldout, len(drawn))


def stratified_rows(labels: npt.NDArray[np.int64], total: int, seed: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """About ``total`` row positions in proportion to the classes; one row of each class at least is left out."""
    classes = int(labels.max()) + 1
    counts = np.bincount(labels, minlength=classes).astype(np.int64)
    high = np.maximum(counts - 1, 0)
    shares = proportional(counts, min(total, int(high.sum())), np.zeros_like(counts), high)
    rows = shuffled_by_class(labels, classes, seed)
    return np.sort(np.concatenate([order[:share] for order, share in zip(rows, shares, strict=True)]))
