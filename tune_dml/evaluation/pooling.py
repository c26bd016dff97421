"""Out-of-fold predictions of a trial, put together over its rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import TrialRecord
from tune_dml.errors import ResultsError


@dataclass(frozen=True)
class Pooled:
    """Predictions of rows that their model had not seen.

    Attributes:
        rows: Positions in the draw, int64 ``[n]``.
        probabilities: float64 ``[n, outputs]``.
        labels: What is right for each, as its kind has it.
    """

    rows: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    labels: npt.NDArray[Any]


def stacked(record: TrialRecord, labels: npt.ArrayLike, readout: str, latest: bool = False) -> Pooled:
    """One entry per round and row: a row that repeats scored twice is there twice, in the rounds' order.

    Args:
        labels: Targets of every position that a round's ``rows`` may name.
        latest: Rounds are parts of one schedule: only the last one counts.

    Raises:
        ResultsError: the record has no rounds, or a round without that read-out.
    """
    rounds = sorted(record.rounds, key=lambda r: r.number)
    rounds = rounds[-1:] if latest else rounds
    if not rounds or any(readout not in r.probabilities for r in rounds):
        raise ResultsError(f"{record.name} has no stored out-of-fold predictions of the read-out '{readout}'.")
    rows = np.concatenate([np.asarray(r.rows, dtype=np.int64) for r in rounds])
    probabilities = np.concatenate([np.asarray(r.probabilities[readout], dtype=np.float64) for r in rounds])
    return Pooled(rows, probabilities, np.asarray(labels)[rows])


def pooled(record: TrialRecord, labels: npt.ArrayLike, readout: str, latest: bool = False) -> Pooled:
    """One entry per row, sorted by position; the probabilities of rows that repeats scored several times are averaged.

    Arguments and errors as for :func:`stacked`.
    """
    entries = stacked(record, labels, readout, latest)
    rows, inverse = np.unique(entries.rows, return_inverse=True)
    sums = np.zeros((len(rows), entries.probabilities.shape[1]))
    np.add.at(sums, inverse, entries.probabilities)
    means = sums / np.bincount(inverse, minlength=len(rows))[:, None]
    return Pooled(rows, means, np.asarray(labels)[rows])
