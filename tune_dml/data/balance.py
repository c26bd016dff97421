"""How evenly labels are spread over the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

#: Of the share that each of equally large classes would have: from so many times that on, the largest class counts as a
#: majority. Of two classes it then has three quarters of the texts.
_MAJORITY = 1.5


def majority_rate(counts: Sequence[int] | npt.NDArray[np.int64]) -> float:
    """The share of the most frequent class: the accuracy of always answering with it."""
    return float(np.max(counts)) / max(1, int(np.sum(counts)))


def has_majority(counts: Sequence[int] | npt.NDArray[np.int64]) -> bool:
    """Whether one class is so frequent that accuracy says little by itself.

    Args:
        counts: Labels of each class.
    """
    return majority_rate(counts) >= _MAJORITY / len(counts)


def majority_share(classes: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> float:
    """The share of ``others`` that are of the most frequent of ``classes``."""
    return float((others == np.bincount(classes).argmax()).mean())
