"""Test scores of confirm runs, and the average of their predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from tune_dml.config import ConfirmRun, Probabilities, Scores
from tune_dml.errors import ResultsError
from tune_dml.training.scoring import SeedScore, score


def confirm_scores(
    runs: Iterable[ConfirmRun], labels: npt.ArrayLike, readouts: Mapping[str, str]
) -> dict[str, list[SeedScore]]:
    """By candidate name, the test scores of each seed that did not fail, in the order of the seeds.

    Args:
        labels: Of the test split, int ``[n_test]``.
        readouts: The read-out of each candidate; ``logistic`` where it names none.

    Raises:
        ResultsError: a run lacks the predictions of its read-out.
    """
    result: dict[str, list[SeedScore]] = {}
    for run in sorted(runs, key=lambda r: r.seed):
        if run.reason is None:
            probabilities = _of(run, readouts.get(run.candidate, "logistic"))
            result.setdefault(run.candidate, []).append(SeedScore(run.seed, score(probabilities, labels)))
    return result


def ensemble(runs: Iterable[ConfirmRun], readout: str = "logistic") -> Probabilities:
    """The mean of the class probabilities over the seeds that did not fail: float32 ``[n_test, classes]``.

    Raises:
        ResultsError: no run is left, or one lacks the read-out.
    """
    usable = [_of(run, readout) for run in sorted(runs, key=lambda r: r.seed) if run.reason is None]
    if not usable:
        raise ResultsError("There is no confirm run to average.")
    return np.asarray(np.stack(usable).mean(axis=0, dtype=np.float64), dtype=np.float32)


def ensemble_scores(runs: Iterable[ConfirmRun], labels: npt.ArrayLike, readout: str = "logistic") -> Scores:
    """Test scores of :func:`ensemble`."""
    return score(ensemble(runs, readout), labels)


def _of(run: ConfirmRun, readout: str) -> Probabilities:
    if readout not in run.probabilities:
        raise ResultsError(f"Seed {run.seed} of {run.candidate} has no stored predictions of the read-out '{readout}'.")
    return run.probabilities[readout]
