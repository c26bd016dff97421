"""Few-shot draws: which rows of the training pool are the labels there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tune_dml.config import DrawSettings
from tune_dml.data.allocation import proportional, shuffled_by_class
from tune_dml.data.kind import Kind
from tune_dml.data.task import Split
from tune_dml.errors import DataError

_STREAM = 0xD5A3


def draw_shots(task_train: Split, kind: Kind, settings: DrawSettings) -> npt.NDArray[np.int64]:
    """Row positions in the training pool, sorted.

    ``shots`` are shared out in proportion to the classes by largest remainder, with at least two of a class where the
    pool and the number allow, else one. Within a class the draw of more shots contains the draw of fewer. What is
    not of classes has its strata for that.

    Raises:
        DataError: more shots than the pool has, fewer than there are classes, both conventions at once, or a
            number below 1.
    """
    strata = kind.target.strata(task_train.labels)
    counts = np.bincount(strata).astype(np.int64)
    if settings.draw < 0:
        raise DataError(f"--draw is {settings.draw}; a seed must be 0 or more.")
    if settings.shots is not None and settings.shots_per_class is not None:
        raise DataError("--shots and --shots-per-class exclude each other; give one of them.")
    if settings.shots_per_class is not None and not kind.target.exclusive:
        raise DataError(f"--shots-per-class is for texts with one class each; of the kind {kind.name}, give --shots.")
    if settings.shots_per_class is not None:
        shares = _equal(counts, settings.shots_per_class)
    elif settings.shots is not None:
        shares = _shares(counts, settings.shots, kind.target.exclusive)
    else:
        return np.arange(len(task_train), dtype=np.int64)
    rows = shuffled_by_class(strata, len(counts), (_STREAM, settings.draw))
    return np.sort(np.concatenate([order[:share] for order, share in zip(rows, shares, strict=True)]))


def _shares(counts: npt.NDArray[np.int64], shots: int, exclusive: bool) -> npt.NDArray[np.int64]:
    if shots < len(counts):
        few = f"--shots {shots} is too few"
        if exclusive:
            raise DataError(f"{few} for {len(counts)} classes; each class needs one text at least.")
        raise DataError(f"{few}: give {len(counts)} or more, so that all labels are among them.")
    if shots > counts.sum():
        raise DataError(
            f"--shots {shots} is more than the {int(counts.sum())} training texts there are; "
            "ask for fewer, or for all of them with --shots full."
        )
    two = np.minimum(counts, 2)
    if two.sum() <= shots:
        return proportional(counts, shots, two, counts)
    return proportional(counts, shots, np.minimum(counts, 1), two)


def _equal(counts: npt.NDArray[np.int64], each: int) -> npt.NDArray[np.int64]:
    if each < 1:
        raise DataError(f"--shots-per-class is {each}; it must be 1 or more.")
    if each > counts.min():
        raise DataError(
            f"--shots-per-class {each} is more than the smallest class has: {int(counts.min())} training texts. "
            "Ask for that many at most, or for --shots N in proportion to the classes."
        )
    return np.full(len(counts), each, dtype=np.int64)
