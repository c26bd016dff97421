"""Test scores of confirm runs, and the average of their predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from tune_dml.config import ConfirmRun, Probabilities, Scores
from tune_dml.data import Kind
from tune_dml.errors import ResultsError
from tune_dml.training.scoring import SeedScore, score


def confirm_scores(
    runs: Iterable[ConfirmRun], labels: npt.ArrayLike, kind: Kind, readouts: Mapping[str, str]
) -> dict[str, list[SeedScore]]:
    """By candidate name, the test scores of each seed that did not fail, in the order of the seeds.

    Args:
        labels: Targets of the test split, as ``kind`` has them.
        readouts: The read-out of each candidate; the one that steers where it names none.

    Raises:
        ResultsError: a run lacks the predictions of its read-out.
    """
    result: dict[str, list[SeedScore]] = {}
    for run in sorted(runs, key=lambda r: r.seed):
        if run.reason is None:
            probabilities = _of(run, readouts.get(run.candidate, kind.target.readout))
            result.setdefault(run.candidate, []).append(SeedScore(run.seed, score(kind, probabilities, labels)))
    return result


def ensemble(runs: Iterable[ConfirmRun], readout: str) -> Probabilities:
    """The mean of the probabilities over the seeds that did not fail: float32 ``[n_test, outputs]``.

    Raises:
        ResultsError: no run is left, or one lacks the read-out.
    """
    usable = [_of(run, readout) for run in sorted(runs, key=lambda r: r.seed) if run.reason is None]
    if not usable:
        raise ResultsError("There is no confirm run to average.")
    return np.asarray(np.stack(usable).mean(axis=0, dtype=np.float64), dtype=np.float32)


def ensemble_scores(runs: Iterable[ConfirmRun], labels: npt.ArrayLike, kind: Kind, readout: str) -> Scores:
    """Test scores of :func:`ensemble`."""
    return score(kind, ensemble(runs, readout), labels)


def _of(run: ConfirmRun, readout: str) -> Probabilities:
    if readout not in run.probabilities:
        raise ResultsError(f"Seed {run.seed} of {run.candidate} has no stored predictions of the read-out '{readout}'.")
    return run.probabilities[readout]
